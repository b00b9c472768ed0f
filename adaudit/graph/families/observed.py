"""What a SharpHound archive observed: sessions, and members of local groups of computers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from adaudit.derive.facts import Facts
from adaudit.graph.blocks import NONE, Block, Edge, Ids, block, block_of
from adaudit.graph.nodes import Nodes
from adaudit.graph.rights.holders import Held, Holders

_KINDS: Final = {544: "AdminTo", 551: "CanBackup", 562: "ExecuteDCOM", 580: "CanPSRemote"}
"""What a local group of a computer lets its members do there, by RID; Remote Desktop Users apart."""

_REMOTE_DESKTOP: Final = 555
_USERS: Final = 545


def observed(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """HasSession, AdminTo, CanBackup, ExecuteDCOM, CanPSRemote and CanRDP. No change of the directory removes them.

    An identity that the snapshot does not know, or a local account, has no node and gives no edge.
    """
    computer, user = (nodes.of_principals(facts.ids("sessions", column)) for column in ("computer_id", "user_id"))
    yield _edges("HasSession", computer, user, nodes.object_id[computer], "logon session")
    columns = ("computer_id", "member_id", "group_rid")
    computer, member, rid = (facts.ids("observed_local_groups", column) for column in columns)
    target, source = nodes.of_principals(computer), nodes.of_principals(member)
    for group, kind in _KINDS.items():
        here = rid == group
        yield _edges(kind, source[here], target[here], nodes.object_id[target[here]], "local group", group)
    yield block_of(_remote_desktop(facts, nodes))


def _edges(kind: str, source: Ids, target: Ids, bearer: Ids, attribute: str, group: int | None = None) -> Block:
    """Each pair once: a session seen in several ways is one. ``group``: RID of the local group."""
    known = (source != NONE) & (target != NONE)
    pairs = np.unique(np.stack((source[known], target[known], bearer[known])), axis=1)
    detail = "" if group is None else f"S-1-5-32-{group}"
    return block(kind, pairs[0], pairs[1], bearer=pairs[2], attribute=attribute, detail=detail)


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
        both = sorted(group)
        if computer in allowed and computer not in whole:
            rights = ([Held(each) for each in sorted(some)] for some in (group, allowed[computer]))
            both = holders.of_all(*rights) if allowed[computer] else []
        target = nodes.of_principal(computer)
        bearer = int(nodes.object_id[target])
        detail = f"S-1-5-32-{_REMOTE_DESKTOP}"
        for each in both:
            yield Edge("CanRDP", nodes.of_principal(each), target, bearer, "local group", detail=detail)
