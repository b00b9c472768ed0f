"""Who holds several rights at once, be it through different groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from functools import cached_property
from typing import Final, NamedTuple

from adaudit.derive.facts import Facts
from adaudit.derive.tokens import comes_with_logon
from adaudit.derive.well_known import AUTHENTICATED_USERS, EVERYONE
from adaudit.graph.directory.identities import identities_that_log_on

MOST_APART: Final = 200_000
"""Identities told one by one in place of Authenticated Users or Everyone."""


class Held(NamedTuple):
    """A right that a trustee holds, ``without`` those from whom a deny ACE takes it."""

    trustee: int
    without: frozenset[int] = frozenset()


class _Breadth(IntEnum):
    """How much of the forest a set of trustees comprises beside its members."""

    MEMBERS = 0
    AUTHENTICATED = 1
    EVERYONE = 2


_SIDS: Final = {_Breadth.AUTHENTICATED: AUTHENTICATED_USERS, _Breadth.EVERYONE: EVERYONE}


class _Expanded(NamedTuple):
    """Identities with their members at any depth, and whom they comprise though nobody listed them."""

    members: frozenset[int]
    breadth: _Breadth


class _Part(NamedTuple):
    """Trustees of a right from whom the same identities are left out."""

    trustees: frozenset[int]
    holders: _Expanded
    without: _Expanded | None


_Rights = Sequence[Sequence[_Part]]
"""Each right as the parts that give it."""


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
        self._left = MOST_APART

    def of_all(self, *rights: Iterable[Held]) -> list[int]:
        """The topmost identities that hold every right, in order; one of those in a cycle.

        Whoever holds every right is one of these or a member of one. A group some of whose members are denied a right
        is told by the others in it; so are Authenticated Users and Everyone, by those who can log on, until
        ``MOST_APART`` are told: then whole, unless all of them are denied.
        """
        asked = [self._parts(right) for right in rights]
        apart = self._apart(asked)
        if apart is not None:
            return apart
        found: list[int] = []
        candidates = self._candidates(asked)
        for candidate in sorted(candidates):
            above = (self._above_within(candidate, asked) & candidates) - self._beside(candidate)
            if not above or (above.isdisjoint(found) and self._comprises(candidate, above)):
                found.append(candidate)
        return found

    def comprised(self, identities: frozenset[int]) -> frozenset[int] | None:
        """The identities and those in them, at any depth; None for all who log on."""
        expanded = self._expanded(identities)
        return expanded.members if expanded.breadth is _Breadth.MEMBERS else None

    def _parts(self, right: Iterable[Held]) -> list[_Part]:
        trustees: dict[frozenset[int], set[int]] = {}
        for held in right:
            trustees.setdefault(held.without, set()).add(held.trustee)
        return [
            _Part(frozenset(some), self._expanded(frozenset(some)), self._expanded(without) if without else None)
            for without, some in trustees.items()
        ]

    def _narrowest(self, rights: _Rights) -> tuple[_Breadth, Sequence[_Part]]:
        """The breadth of the right that the fewest hold, and that right."""
        breadths = [max((part.holders.breadth for part in parts), default=_Breadth.MEMBERS) for parts in rights]
        narrowest = min(breadths)
        chosen = min(
            (parts for parts, breadth in zip(rights, breadths, strict=True) if breadth is narrowest),
            key=lambda parts: sum(len(part.holders.members) for part in parts),
        )
        return narrowest, chosen

    def _apart(self, rights: _Rights) -> list[int] | None:
        """Those who hold every right, one by one, where all who log on would but for deny ACEs that hit some of them;
        None elsewhere, and for too many. Authenticated Users stay whole when it is others that Everyone lacks."""
        narrowest, _ = self._narrowest(rights)
        if narrowest is _Breadth.MEMBERS or self._is_whole(narrowest, rights):
            return None
        everyone_is_apart = narrowest is _Breadth.EVERYONE and self._is_whole(_Breadth.AUTHENTICATED, rights)
        whole = self._wide[_Breadth.AUTHENTICATED] if everyone_is_apart else []
        listed = {each for parts in rights for each in _listed(parts)} - self._memberships.groups
        others = {
            each
            for each in listed.union(self._who_log_on).difference(*self._wide.values())
            if not (whole and self._is_within(each, _Breadth.AUTHENTICATED))
        }
        if len(others) > self._left:
            return None
        kept = sorted({each for each in others if self._holds(each, rights)}.union(whole))
        self._left -= len(kept)
        return kept

    def _is_whole(self, breadth: _Breadth, rights: _Rights) -> bool:
        """Each right is given to all of that breadth, by a part that deny ACEs take from nobody who logs on."""
        return all(any(part.holders.breadth >= breadth and not self._hits(part, breadth) for part in p) for p in rights)

    def _hits(self, part: _Part, breadth: _Breadth) -> bool:
        """Somebody of that breadth who can log on is left out."""
        if part.without is None:
            return False
        if part.without.breadth is not _Breadth.MEMBERS:
            return any(
                self._is_within(each, breadth) and self._is_within(each, part.without.breadth)
                for each in self._who_log_on
            )
        return any(self._is_within(each, breadth) for each in part.without.members & self._who_log_on)

    @cached_property
    def _who_log_on(self) -> frozenset[int]:
        return identities_that_log_on(self._facts)

    def _candidates(self, rights: _Rights) -> set[int]:
        """Some identities that hold every right, the topmost among them."""
        narrowest, chosen = self._narrowest(rights)
        if narrowest is _Breadth.MEMBERS:
            return self._first_met({trustee for part in chosen for trustee in part.trustees}, rights)
        wide = {breadth for breadth, some in self._wide.items() if any(self._holds(each, rights) for each in some)}
        asked = (chosen,) if narrowest in wide else rights
        listed = {each for parts in asked for each in _listed(parts)}
        elsewhere = {each for each in listed if not any(self._is_within(each, breadth) for breadth in wide)}
        return {
            each for each in elsewhere.union(*(self._wide[breadth] for breadth in wide)) if self._holds(each, rights)
        }

    def _first_met(self, trustees: set[int], rights: _Rights) -> set[int]:
        """Holders of every right that a walk down from the trustees meets first."""
        met: set[int] = set()
        seen = set(trustees)
        waiting = list(seen)
        while waiting:
            each = waiting.pop()
            if self._holds(each, rights):
                met.add(each)
            else:
                new = set(self._members_of(each)) - seen
                seen |= new
                waiting += new
        return met

    def _above_within(self, principal_id: int, rights: _Rights) -> set[int]:
        """Holders of every right that an identity is in, through such holders, itself excepted."""
        above: set[int] = set()
        waiting = [principal_id]
        while waiting:
            new = {each for each in self._groups_of(waiting.pop()) if self._holds(each, rights)} - above
            above |= new
            waiting += new
        return above - {principal_id}

    def _beside(self, principal_id: int) -> set[int]:
        """Authenticated Users and Everyone where they do not comprise an identity, though they do a group it is in."""
        return {
            each for breadth, wide in self._wide.items() if not self._is_within(principal_id, breadth) for each in wide
        }

    def _comprises(self, principal_id: int, others: Iterable[int]) -> bool:
        """They are in it too, in a cycle."""
        own = self._expand(frozenset((principal_id,)))
        return all(self._is_in(each, own) for each in others)

    def _expanded(self, principals: frozenset[int]) -> _Expanded:
        known = self._known.get(principals)
        if known is None:
            known = self._known[principals] = self._expand(principals)
        return known

    def _expand(self, principals: frozenset[int]) -> _Expanded:
        members = set(principals)
        waiting = list(members)
        while waiting:
            new = set(self._members_of(waiting.pop())) - members
            members |= new
            waiting += new & self._memberships.groups
        breadths = (breadth for breadth, wide in self._wide.items() if not members.isdisjoint(wide))
        return _Expanded(frozenset(members), max(breadths, default=_Breadth.MEMBERS))

    def _members_of(self, group: int) -> list[int]:
        return [] if group in self._distribution else self._memberships.members_of(group)

    def _groups_of(self, member: int) -> Iterator[int]:
        yield from (group for group in self._memberships.groups_of(member) if group not in self._distribution)
        for breadth, wide in self._wide.items():
            if self._is_within(member, breadth):
                yield from wide

    def _holds(self, principal_id: int, rights: _Rights) -> bool:
        return all(
            any(self._is_in(principal_id, part.holders) and not self._is_denied(principal_id, part) for part in parts)
            for parts in rights
        )

    def _is_denied(self, principal_id: int, part: _Part) -> bool:
        """It is left out of the right, or somebody in it is."""
        if part.without is None:
            return False
        own = self._expand(frozenset((principal_id,)))
        if own.breadth is not _Breadth.MEMBERS:
            return self._is_in(principal_id, part.without)
        return not own.members.isdisjoint(part.without.members) or any(
            self._is_within(each, part.without.breadth) for each in own.members
        )

    def _is_in(self, principal_id: int, some: _Expanded) -> bool:
        return principal_id in some.members or self._is_within(principal_id, some.breadth)

    def _is_within(self, principal_id: int, breadth: _Breadth) -> bool:
        """An identity comes with the logon of whoever bears this one."""
        principal = self._facts.principals.get(principal_id)
        return breadth is not _Breadth.MEMBERS and _SIDS[breadth] in comes_with_logon(principal)


def _listed(parts: Iterable[_Part]) -> Iterator[int]:
    """Identities that hold a right by name or by membership, whoever is denied it."""
    for part in parts:
        yield from part.holders.members
