"""Rights on computers: what policies in force give to whom, and what groups of a domain are on its controllers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from adaudit.derive.facts import Facts
from adaudit.derive.tokens import Tokens
from adaudit.derive.well_known import ANONYMOUS, AUTHENTICATED_USERS, EVERYONE
from adaudit.graph.blocks import NONE, Block, Change, Edge, Ids, block_of, fanned
from adaudit.graph.directory.identities import node_of_sid
from adaudit.graph.directory.scoped_computers import ScopedComputers
from adaudit.graph.kinds import Difficulty
from adaudit.graph.nodes import Nodes

_ADMINISTRATORS, _USERS, _REMOTE_DESKTOP = "S-1-5-32-544", "S-1-5-32-545", "S-1-5-32-555"

_GROUPS: Final = {
    _ADMINISTRATORS: "AdminTo",
    "S-1-5-32-551": "CanBackup",
    _REMOTE_DESKTOP: "CanRDP",
    "S-1-5-32-562": "ExecuteDCOM",
    "S-1-5-32-580": "CanPSRemote",
}
"""What a local group of a computer lets its members do there."""

_BACKUP: Final = frozenset(("sebackupprivilege", "serestoreprivilege"))
_PRIVILEGES: Final = _BACKUP | {
    "seassignprimarytokenprivilege",
    "secreatetokenprivilege",
    "sedebugprivilege",
    "seimpersonateprivilege",
    "seloaddriverprivilege",
    "semanagevolumeprivilege",
    "setakeownershipprivilege",
    "setcbprivilege",
    "setrustedcredmanaccessprivilege",
}
"""Rights that make whoever holds them master of the computer, lower case."""

_REMOTE_LOGON: Final = "seremoteinteractivelogonright"

_CONSOLE_LOGON: Final = "seinteractivelogonright"
_CONSOLE_BY_DEFAULT: Final = frozenset(f"S-1-5-32-{rid}" for rid in (544, 548, 549, 550, 551))
"""Who may log on to a domain controller where no policy says: Administrators and the operators."""

_LOGGED_ON: Final = frozenset(("S-1-5-2", "S-1-5-4", "S-1-5-15"))
"""Network, Interactive, This Organization: whoever is logged on."""

_OF_THE_FOREST: Final = frozenset((EVERYONE, AUTHENTICATED_USERS, ANONYMOUS, "S-1-5-9"))
"""Well-known identities that accounts of a directory bear; the others are services and sessions of one computer."""


class _Row(NamedTuple):
    """What a policy in force says. ``setting``: section and name; ``what``: SID of the local group, or right."""

    scope: int
    setting: str
    what: str
    trustee: str
    sid: str
    principal_id: int | None
    is_anyone: bool
    gpo_id: int | None
    is_conditional: bool


def local_rights(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """AdminTo, CanBackup, CanRDP, CanPSRemote, ExecuteDCOM and LocalPrivileges; MemberOf, where a policy fills groups
    of domain controllers, which are those of the domain.

    On other computers BUILTIN identities are local groups: the members that the same policies give them count, and
    Users stands for all. Names that were not recognised, and local accounts, give nothing. A privilege on a controller
    takes a logon there: without that right it is uncertain, and for identities that stand for everybody it is nothing.
    """
    rights = _Rights(facts, nodes)
    for edge, targets in rights.on_members().items():
        yield fanned(edge, nodes.of_objects(np.concatenate(targets)))
    yield block_of((*rights.on_controllers(), *rights.by_default()))


class _Rights:
    def __init__(self, facts: Facts, nodes: Nodes) -> None:
        self._nodes = nodes
        self._computers = ScopedComputers(facts)
        self._tokens = Tokens(facts)
        self._principals = facts.principals
        self._anyone = node_of_sid(facts, nodes, AUTHENTICATED_USERS)
        self._in_domain = {(p.sid, p.domain_id): p for p in facts.principals.values() if p.sid}
        self._groups = list(_groups(facts))
        self._rights = list(_rights(facts))
        self._holders: dict[tuple[int, str], set[str]] = {}
        for row in self._rights:
            self._holders.setdefault((row.scope, row.what), set()).add(row.sid)

    def on_members(self) -> dict[Edge, list[Ids]]:
        """Edges without their target, each with the computers that it leads to."""
        found: dict[Edge, list[Ids]] = {}
        for row, edge in (*self._by_groups(), *self._by_privileges()):
            computers = self._computers.members_of(row.scope)
            if edge.source != NONE and len(computers):
                found.setdefault(edge, []).append(computers)
        return found

    def on_controllers(self) -> Iterator[Edge]:
        """What policies add to the groups of a domain, and the rights they give on its controllers."""
        for row in self._groups:
            for domain in {c.domain_id for c in self._computers.controllers_of(row.scope) if c.is_writable}:
                group = self._in_domain.get((row.what, domain))
                if group is not None:
                    target = self._nodes.of_principal(group.principal_id)
                    yield self._edge("MemberOf", row, domain)._replace(target=target)
        for row in self._rights:
            kind = self._kind(row)
            for controller in self._computers.controllers_of(row.scope):
                target = self._nodes.of_object(controller.object_id)
                edge = self._edge(kind or "CanRDP", row, controller.domain_id)._replace(target=target)
                if kind is not None and self._logs_on(row):
                    yield edge
                elif kind is not None and not row.is_anyone:
                    yield edge._replace(difficulty=Difficulty.UNCERTAIN)
                elif row.what == _REMOTE_LOGON and self._may_connect(edge.source):
                    yield edge

    def by_default(self) -> Iterator[Edge]:
        """Groups of a domain that are the local groups of its controllers; who may log on by Remote Desktop, a policy
        says."""
        for controller in self._computers.controllers:
            for sid, kind in _GROUPS.items():
                group = self._in_domain.get((sid, controller.domain_id))
                if group is not None and kind != "CanRDP":
                    ends = self._nodes.of_principal(group.principal_id), self._nodes.of_object(controller.object_id)
                    bearer = NONE if group.object_id is None else group.object_id
                    yield Edge(kind, *ends, bearer, "objectSid", detail=sid)

    def _by_groups(self) -> Iterator[tuple[_Row, Edge]]:
        for row in self._groups:
            kind = _GROUPS.get(row.what)
            if kind is not None and (kind != "CanRDP" or self._may_log_on(row)):
                yield row, self._edge(kind, row, None)

    def _by_privileges(self) -> Iterator[tuple[_Row, Edge]]:
        """Rights of identities of the directory, and of local groups other than Administrators by their members."""
        local: dict[tuple[int, str], list[_Row]] = {}
        for row in self._groups:
            local.setdefault((row.scope, row.what), []).append(row)
        for row in self._rights:
            kind = self._kind(row)
            if kind is not None:
                yield row, self._edge(kind, row, None)
                for member in local.get((row.scope, row.sid), ()):
                    yield row, self._edge(kind, member, None)._replace(attribute=row.setting)

    def _kind(self, row: _Row) -> str | None:
        """Both rights of backup, or one that alone is enough; None for a right that gives no power, or none that
        Administrators lack."""
        if row.what not in _PRIVILEGES or row.sid == _ADMINISTRATORS:
            return None
        has_both = all(row.sid in self._holders.get((row.scope, right), ()) for right in _BACKUP)
        return "CanBackup" if row.what in _BACKUP and has_both else "LocalPrivileges"

    def _source(self, row: _Row, domain: int | None) -> int:
        """The node that holds a right: on a controller of ``domain``, or on another computer when that is None."""
        if row.sid in _LOGGED_ON or (domain is None and row.sid == _USERS):
            return self._anyone
        if row.sid.startswith("S-1-5-32-"):
            group = None if domain is None else self._in_domain.get((row.sid, domain))
            return NONE if group is None else self._nodes.of_principal(group.principal_id)
        is_of_the_forest = row.sid.startswith("S-1-5-21-") or row.sid in _OF_THE_FOREST
        return self._nodes.of_principal(row.principal_id) if is_of_the_forest else NONE

    def _may_log_on(self, row: _Row) -> bool:
        """A member of the local Remote Desktop Users also has the right, where policies say who has it."""
        holders = self._holders.get((row.scope, _REMOTE_LOGON))
        return holders is None or not holders.isdisjoint({_REMOTE_DESKTOP, _USERS, *self._sids(row)})

    def _logs_on(self, row: _Row) -> bool:
        """Whoever holds the right may log on to the controllers of the scope."""
        console = self._holders.get((row.scope, _CONSOLE_LOGON), _CONSOLE_BY_DEFAULT)
        holders = console | self._holders.get((row.scope, _REMOTE_LOGON), set())
        return not holders.isdisjoint(self._sids(row))

    def _may_connect(self, source: int) -> bool:
        """An identity that is or is in Remote Desktop Users, as the right alone does not let one connect."""
        return source != NONE and _REMOTE_DESKTOP in self._carried(int(self._nodes.principal_id[source]))

    def _sids(self, row: _Row) -> set[str]:
        return {row.sid} if row.principal_id is None else {row.sid, *self._carried(row.principal_id)}

    def _carried(self, principal_id: int) -> set[str]:
        """SIDs in every token of an identity."""
        found = (self._principals.get(each) for each in self._tokens.of(principal_id))
        return {principal.sid for principal in found if principal is not None and principal.sid is not None}

    def _edge(self, kind: str, row: _Row, domain: int | None) -> Edge:
        """An edge that still lacks its target, with the setting that removes it.

        The change names the identity that the trustee stands for, so that its edges have one source.
        """
        source = self._source(row, domain)
        whom = NONE if source == NONE else int(self._nodes.principal_id[source])
        bearer = NONE if row.gpo_id is None else row.gpo_id
        change = Change("remove_policy_setting", bearer, whom, row.setting, detail=row.trustee)
        difficulty = Difficulty.UNCERTAIN if row.is_conditional else None
        return Edge(kind, source, NONE, bearer, row.setting, change, detail=row.trustee, difficulty=difficulty)


def _groups(facts: Facts) -> Iterator[_Row]:
    group = ("scope_id", "origin", "group_name", "group_sid")
    columns = (*group, "trustee", "sid", "principal_id", "is_anyone", "gpo_id", "is_conditional")
    for scope, origin, name, group_sid, trustee, *member in facts.rows("local_group_members", *columns):
        section = "Group Membership" if origin == "restricted_group" else "Groups.xml"
        yield from _row(scope, f"{section}/{name}", group_sid, trustee, *member)


def _rights(facts: Facts) -> Iterator[_Row]:
    columns = ("scope_id", "right", "trustee", "sid", "principal_id", "is_anyone", "gpo_id", "has_wmi_filter")
    for scope, right, trustee, *holder in facts.rows("user_rights", *columns):
        yield from _row(scope, f"Privilege Rights/{right}", (right or "").lower(), trustee, *holder)


def _row(
    scope: int,
    setting: str,
    what: str | None,
    trustee: str | None,
    sid: str | None,
    principal_id: int | None,
    is_anyone: bool | None,
    gpo_id: int | None,
    is_conditional: bool | None,
) -> Iterator[_Row]:
    """The row, unless a name in it was not recognised."""
    if what is not None and sid is not None:
        known = (principal_id, bool(is_anyone), gpo_id, bool(is_conditional))
        yield _Row(scope, setting, what, trustee or "", sid, *known)
