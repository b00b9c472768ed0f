"""What a SharpHound archive observed: sessions, and members of local groups of computers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from adaudit.derive.facts import Facts
from adaudit.graph.blocks import CHANGE_CODE, NONE, Block, Change, Changes, Edge, Ids, block, block_of
from adaudit.graph.nodes import Nodes
from adaudit.graph.rights.holders import Held, Holders

_KINDS: Final = {544: "AdminTo", 551: "CanBackup", 562: "ExecuteDCOM", 580: "CanPSRemote"}
"""What a local group of a computer lets its members do there, by RID; Remote Desktop Users apart."""

_REMOTE_DESKTOP: Final = 555
_USERS: Final = 545


def observed(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """HasSession, which no change removes, AdminTo, CanBackup, ExecuteDCOM, CanPSRemote and CanRDP.

    An identity that the snapshot does not know, or a local account, has no node and gives no edge.
    """
    computer, user = (nodes.of_principals(facts.ids("sessions", column)) for column in ("computer_id", "user_id"))
    session = _pairs(computer, user)
    yield block("HasSession", *session, bearer=nodes.object_id[session[0]], attribute="logon session")
    columns = ("computer_id", "member_id", "group_rid")
    computer, member, rid = (facts.ids("observed_local_groups", column) for column in columns)
    target, source = nodes.of_principals(computer), nodes.of_principals(member)
    for group, kind in _KINDS.items():
        here = rid == group
        yield _members(nodes, kind, f"S-1-5-32-{group}", *_pairs(source[here], target[here]))
    yield block_of(_remote_desktop(facts, nodes))


def _pairs(source: Ids, target: Ids) -> tuple[Ids, Ids]:
    """Each pair of known nodes once: a session seen in several ways is one."""
    known = (source != NONE) & (target != NONE)
    source, target = np.unique(np.stack((source[known], target[known])), axis=1)
    return source, target


def _members(nodes: Nodes, kind: str, group: str, source: Ids, target: Ids) -> Block:
    """Members of a local group, each with the change that takes it out. ``group``: its SID."""
    computer = nodes.object_id[target]
    here = np.flatnonzero(computer != NONE)
    change = np.full(len(target), NONE, np.int64)
    change[here] = np.arange(len(here))
    code, none = np.full(len(here), CHANGE_CODE["remove_local_member"], np.int64), np.full(len(here), NONE, np.int64)
    changes = Changes(code, computer[here], nodes.principal_id[source[here]], np.zeros_like(here), none, none, none)
    shown = {"attribute": "local group", "detail": group}
    return block(kind, source, target, bearer=computer, **shown, change=change, changes=changes, texts=(group,))


def _remote_desktop(facts: Facts, nodes: Nodes) -> Iterator[Edge]:
    """CanRDP takes the group and, where the computer told who holds it, the right to log on through Remote Desktop.

    The right is given to the local group as a rule: then it is its members'. So it is when local Users have it, of
    which every account of the domain is one.
    """
    holders = Holders(facts)
    members: dict[int, set[int]] = {}
    allowed: dict[int, set[int]] = {}
    whole: set[int] = set()
    columns = ("computer_id", "computer_sid", "group_rid", "user_right", "member_sid", "member_id")
    for computer, domain, rid, right, sid, member in facts.rows("observed_local_groups", *columns):
        if computer is None:
            continue
        if rid == _REMOTE_DESKTOP and member is not None:
            members.setdefault(computer, set()).add(member)
        elif right is not None:
            allowed.setdefault(computer, set())
            if member is not None:
                allowed[computer].add(member)
            if sid in {f"{above}-{local}" for above in ("S-1-5-32", domain) for local in (_REMOTE_DESKTOP, _USERS)}:
                whole.add(computer)
    for computer, group in sorted(members.items()):
        target = nodes.of_principal(computer)
        bearer = int(nodes.object_id[target])
        detail = f"S-1-5-32-{_REMOTE_DESKTOP}"
        for member in sorted(group):
            both = [member]
            if computer in allowed and computer not in whole:
                right = [Held(each) for each in sorted(allowed[computer])]
                both = holders.of_all([Held(member)], right) if right else []
            change = None if bearer == NONE else Change("remove_local_member", bearer, member, detail)
            for each in both:
                yield Edge("CanRDP", nodes.of_principal(each), target, bearer, "local group", change, detail=detail)
