"""What the elements of SharpHound's files tell of sessions, local groups and user rights (versions 4, 5 and 6)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from adaudit.errors import InputError
from adaudit.visible import visible

GROUP_RIDS: Final = frozenset((544, 551, 555, 562, 580))
"""Administrators, Backup Operators, Remote Desktop Users, Distributed COM Users, Remote Management Users."""

REMOTE_LOGON: Final = "SeRemoteInteractiveLogonRight"
SESSIONS, LOCAL_GROUPS = "sessions", "observed_local_groups"

_SESSION_FIELDS: Final = {
    "sessions": "sessions",
    "privilegedsessions": "privileged_sessions",
    "registrysessions": "registry_sessions",
}
_LEGACY_GROUPS: Final = {"localadmins": 544, "remotedesktopusers": 555, "dcomusers": 562, "psremoteusers": 580}
"""Fields of version 4, one for each group."""

_SID: Final = re.compile(r"(?:([A-Z0-9._-]{1,255})-)?(S-1-\d{1,15}(?:-\d{1,10}){0,15})", re.ASCII)
_MAX_REASON: Final = 200


class Sid(NamedTuple):
    """``domain``: DNS name in upper case, which a well-known SID bears before it."""

    sid: str
    domain: str | None


class Session(NamedTuple):
    computer: Sid
    user: Sid
    logon_type: int | None
    origin: str


class LocalMember(NamedTuple):
    """``group_rid`` of a group, or ``user_right``."""

    computer: Sid
    group_rid: int | None
    user_right: str | None
    member: Sid


@dataclass
class Observations:
    """``asked``: by table and computer, None once it answered, else why it did not. ``unusable``: identities that are
    no SID."""

    sessions: set[Session] = field(default_factory=set)
    members: set[LocalMember] = field(default_factory=set)
    asked: dict[tuple[str, str], str | None] = field(default_factory=dict)
    unusable: int = 0

    @property
    def computers(self) -> set[Sid]:
        """Those of which anything is told."""
        told = {each.computer for each in self.sessions} | {each.computer for each in self.members}
        return told | {Sid(computer, None) for _, computer in self.asked}

    def add(self, other: Observations) -> None:
        self.sessions |= other.sessions
        self.members |= other.members
        self.unusable += other.unusable
        for (table, computer), failure in other.asked.items():
            self.answer(table, computer, failure)

    def answer(self, table: str, computer: str, failure: str | None) -> None:
        """A computer that answered once has answered."""
        known = self.asked.get((table, computer), failure)
        self.asked[table, computer] = None if known is None or failure is None else known

    def sid(self, value: object) -> Sid | None:
        found = _SID.fullmatch(value.upper()) if isinstance(value, str) else None
        if found is None:
            self.unusable += 1
            return None
        return Sid(found[2], found[1])


def of_computer(element: Mapping[str, Any], found: Observations) -> None:
    """An element of a ``computers`` file."""
    computer = found.sid(element.get("objectidentifier"))
    if computer is None:
        return
    status = _object(element, "status")
    unreachable = _reason(status.get("error"), "not reachable") if status.get("connectable") is False else None
    for name, origin in _SESSION_FIELDS.items():
        for result in _results(element.get(name), name, SESSIONS, computer, found, unreachable):
            _session(result, origin, found, computer)
    for group in _objects(element, "localgroups"):
        _group(group, found, computer, unreachable)
    for name, rid in _LEGACY_GROUPS.items():
        for result in _results(element.get(name), name, LOCAL_GROUPS, computer, found, unreachable):
            _member(result, found, computer, rid, None)
    for right in _objects(element, "userrights"):
        if str(right.get("privilege")).lower() == REMOTE_LOGON.lower():
            for result in _results(right, "userrights", LOCAL_GROUPS, computer, found, unreachable):
                _member(result, found, computer, None, REMOTE_LOGON)


def of_session(element: Mapping[str, Any], found: Observations) -> None:
    """An element of a ``sessions`` file."""
    computer = _session(element, "file", found, None)
    if computer is not None:
        found.answer(SESSIONS, computer.sid, None)


def of_local_group(element: Mapping[str, Any], found: Observations) -> None:
    """An element of a ``localgroups`` file: its identifier is that of the computer and a RID."""
    _group(element, found, None, None)


def _group(group: Mapping[str, Any], found: Observations, computer: Sid | None, unreachable: str | None) -> None:
    identifier = found.sid(group.get("objectidentifier"))
    if identifier is None:
        return
    above, _, last = identifier.sid.rpartition("-")
    computer = computer or Sid(above, None)
    rid = int(last)
    for result in _results(group, "localgroups", LOCAL_GROUPS, computer, found, unreachable):
        if rid in GROUP_RIDS:
            _member(result, found, computer, rid, None)


def _member(result: Mapping[str, Any], found: Observations, computer: Sid, rid: int | None, right: str | None) -> None:
    member = found.sid(result.get("objectidentifier"))
    if member is not None:
        found.members.add(LocalMember(computer, rid, right, member))


def _session(result: Mapping[str, Any], origin: str, found: Observations, computer: Sid | None) -> Sid | None:
    """``computer``: where the session was, when the result does not tell."""
    user, told = found.sid(result.get("usersid")), result.get("computersid")
    computer = found.sid(told) if told is not None or computer is None else computer
    if user is None or computer is None:
        return None
    type_ = result.get("logontype")
    logon_type = type_ if type(type_) is int and 0 <= type_ < 256 else None
    found.sessions.add(Session(computer, user, logon_type, origin))
    return computer


def _results(
    value: object, name: str, table: str, computer: Sid, found: Observations, unreachable: str | None
) -> Iterator[Mapping[str, Any]]:
    """Results of one question to a computer, once it is known whether it answered."""
    if value is None:
        return
    answer = _mapping(value, name)
    results = list(_objects(answer, "results"))
    if answer.get("collected") is True or results:
        found.answer(table, computer.sid, None)
    elif answer.get("failurereason") or unreachable:
        found.answer(table, computer.sid, unreachable or _reason(answer.get("failurereason"), "failed"))
    yield from results


def _reason(value: object, otherwise: str) -> str:
    return visible(value[:_MAX_REASON]) if isinstance(value, str) and value else otherwise


def _object(element: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = element.get(name)
    return {} if value is None else _mapping(value, name)


def _objects(element: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    value = element.get(name)
    if value is not None and not isinstance(value, list):
        raise InputError(f"{name}: a list is expected")
    return (_mapping(each, name) for each in value or ())


def _mapping(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{name}: an object is expected")
    return value
