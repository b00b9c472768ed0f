"""Who holds several rights at once, be it through different groups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import IntEnum
from typing import Final, NamedTuple

from adaudit.derive.facts import Facts
from adaudit.derive.tokens import comes_with_logon
from adaudit.derive.well_known import AUTHENTICATED_USERS, EVERYONE


class _Breadth(IntEnum):
    """How much of the forest a set of trustees comprises beside its members."""

    MEMBERS = 0
    AUTHENTICATED = 1
    EVERYONE = 2


_SIDS: Final = {_Breadth.AUTHENTICATED: AUTHENTICATED_USERS, _Breadth.EVERYONE: EVERYONE}


class _Expanded(NamedTuple):
    """Trustees with their members at any depth, and whom they comprise though nobody listed them."""

    trustees: frozenset[int]
    members: frozenset[int]
    breadth: _Breadth


class Holders:
    """Trustees expanded to those who are in them, at any depth, implicit memberships included.

    A membership in a distribution group gives nothing: it is in no token. Cycles are followed once.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._memberships = facts.memberships
        self._distribution = {
            group for group, is_security in facts.rows("groups", "principal_id", "is_security") if is_security is False
        }
        self._wide = {
            breadth: [p.principal_id for p in facts.principals_by_sid.get(sid, ())] for breadth, sid in _SIDS.items()
        }
        self._known: dict[frozenset[int], _Expanded] = {}

    def of_all(self, *trustees: Collection[int]) -> list[int]:
        """The topmost identities that are in each of the sets of trustees, in order; one of those in a cycle.

        Whoever holds a right of every set is one of these or a member of one, and each of these is in every set. An
        identity that comes with the logon (Authenticated Users, Everyone) stands for all who get it.
        """
        sets = [self._expanded(frozenset(each)) for each in trustees]
        found: list[int] = []
        for candidate in sorted(self._candidates(sets)):
            above = self._above_within(candidate, sets)
            if not above or (above.isdisjoint(found) and self._comprises(candidate, above)):
                found.append(candidate)
        return found

    def _candidates(self, sets: Sequence[_Expanded]) -> set[int]:
        """Some identities that are in all sets, the topmost among them."""
        narrow = [each for each in sets if each.breadth is _Breadth.MEMBERS]
        if narrow:
            return self._first_met(min(narrow, key=lambda each: len(each.members)), sets)
        narrowest = min(sets, key=lambda each: each.breadth)
        elsewhere = (each for each in narrowest.members if not self._is_within(each, narrowest.breadth))
        return {*self._wide[narrowest.breadth], *(each for each in elsewhere if self._is_in(each, sets))}

    def _first_met(self, start: _Expanded, sets: Sequence[_Expanded]) -> set[int]:
        """Identities of all sets that a walk down from the trustees of one meets first."""
        met: set[int] = set()
        seen = set(start.trustees)
        waiting = list(seen)
        while waiting:
            each = waiting.pop()
            if self._is_in(each, sets):
                met.add(each)
            else:
                new = set(self._members_of(each)) - seen
                seen |= new
                waiting += new
        return met

    def _above_within(self, principal_id: int, sets: Sequence[_Expanded]) -> set[int]:
        """Identities of all sets that an identity is in, through such identities, itself excepted."""
        above: set[int] = set()
        waiting = [principal_id]
        while waiting:
            new = {each for each in self._groups_of(waiting.pop()) if self._is_in(each, sets)} - above
            above |= new
            waiting += new
        return above - {principal_id}

    def _comprises(self, principal_id: int, others: Iterable[int]) -> bool:
        """They are in it too, in a cycle."""
        own = [self._expand(frozenset((principal_id,)))]
        return all(self._is_in(each, own) for each in others)

    def _expanded(self, trustees: frozenset[int]) -> _Expanded:
        known = self._known.get(trustees)
        if known is None:
            known = self._known[trustees] = self._expand(trustees)
        return known

    def _expand(self, trustees: frozenset[int]) -> _Expanded:
        members = set(trustees)
        waiting = list(members)
        while waiting:
            new = set(self._members_of(waiting.pop())) - members
            members |= new
            waiting += new & self._memberships.groups
        breadths = (breadth for breadth, wide in self._wide.items() if not members.isdisjoint(wide))
        return _Expanded(trustees, frozenset(members), max(breadths, default=_Breadth.MEMBERS))

    def _members_of(self, group: int) -> list[int]:
        return [] if group in self._distribution else self._memberships.members_of(group)

    def _groups_of(self, member: int) -> Iterator[int]:
        yield from (group for group in self._memberships.groups_of(member) if group not in self._distribution)
        for breadth, wide in self._wide.items():
            if self._is_within(member, breadth):
                yield from wide

    def _is_in(self, principal_id: int, sets: Iterable[_Expanded]) -> bool:
        return all(principal_id in each.members or self._is_within(principal_id, each.breadth) for each in sets)

    def _is_within(self, principal_id: int, breadth: _Breadth) -> bool:
        """An identity comes with the logon of whoever bears this one."""
        return breadth is not _Breadth.MEMBERS and _SIDS[breadth] in comes_with_logon(
            self._facts.principals.get(principal_id)
        )
