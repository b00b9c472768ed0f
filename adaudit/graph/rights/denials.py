"""Who keeps a right that a deny ACE takes from some of its holders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Final

import numpy as np

from adaudit.derive.facts import Facts, Ids
from adaudit.derive.tokens import Tokens
from adaudit.derive.well_known import AUTHENTICATED_USERS, EVERYONE
from adaudit.graph.directory.identities import identities_that_log_on
from adaudit.graph.rights.powers import Powers, Proofs, joined, ranges

MOST_PARTS: Final = 1_000_000
"""Edges from members of a group in place of edges from the group; beyond, the group keeps its edge."""

_WHOLE, _LENT, _APART = range(3)

Denied = frozenset[int]
"""Identities that deny ACEs name: whoever is one of them, or in one, is denied."""


class Keepers:
    """Finds the parts of a group that nothing is denied to."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._tokens = Tokens(facts)
        principals = facts.principals_by_sid
        self._everybody = {p.principal_id for sid in (EVERYONE, AUTHENTICATED_USERS) for p in principals.get(sid, ())}
        self.of = cache(self._of)
        self._hit = cache(self._those_hit)
        self._below = cache(self._those_below)
        self._accounts = cache(self._all_accounts)

    def _of(self, holder: int, denied: tuple[Denied, ...]) -> tuple[int, ...] | None:
        """Identities in ``holder`` that keep something; None when all of it does.

        ``denied`` has one set for each thing that the right lets its holder do: denied is who is in all of these. A
        nested group of which nobody is denied is told as one; of another, its members are. Everyone and Authenticated
        Users are told as the accounts that can log on.
        """
        if not self._concerns(holder, denied):
            return None
        kept: list[int] = []
        seen = {holder}
        waiting = [holder]
        while waiting:
            each = waiting.pop()
            if self._is_denied(each, denied):
                continue
            members = self._members(each) if self._concerns(each, denied) else ()
            if members:
                waiting += [member for member in members if member not in seen]
                seen.update(members)
            else:
                kept.append(each)
        return None if kept == [holder] else tuple(sorted(kept))

    def _is_denied(self, principal: int, denied: tuple[Denied, ...]) -> bool:
        """Whoever bears the identity is denied."""
        token = self._tokens.of(principal)
        return all(not token.isdisjoint(each) for each in denied)

    def _concerns(self, principal: int, denied: tuple[Denied, ...]) -> bool:
        """The identity, or one in it, may be denied."""
        hit, below = self._hit(denied), self._below(frozenset((principal,)))
        return hit is None or below is None or not hit.isdisjoint(below)

    def _those_hit(self, denied: tuple[Denied, ...]) -> frozenset[int] | None:
        """Identities that are in all of these sets; None for everybody."""
        limits = [below for each in denied if (below := self._below(each)) is not None]
        return frozenset.intersection(*limits) if limits else None

    def _those_below(self, principals: frozenset[int]) -> frozenset[int] | None:
        """The identities and those in them; None for everybody."""
        found = self._facts.memberships.closure(principals)
        return frozenset(found) if found.isdisjoint(self._everybody) else None

    def _members(self, group: int) -> Iterable[int]:
        return self._accounts() if group in self._everybody else self._facts.memberships.members_of(group)

    def _all_accounts(self) -> tuple[int, ...]:
        return tuple(sorted(identities_that_log_on(self._facts)))


class Split:
    """Takes apart what is allowed to a group and denied to some of its members.

    Who could yet join such a group is not told of: its edge is gone, and those of today's members stand for it.
    """

    def __init__(self, powers: Powers, keepers: Keepers) -> None:
        self._powers = powers
        self._keepers = keepers
        self._left = MOST_PARTS

    def apart(self, proofs: Proofs) -> Proofs:
        """The proofs; in place of a group of which some are denied the right, those in it who keep it."""
        denials = self._powers.denials
        rows = self._powers.row[proofs.grant]
        first, last = (np.searchsorted(denials.grant, rows, side=side) for side in ("left", "right"))
        concerned = np.nonzero(first < last)[0]
        pairs = proofs.grant[concerned] * len(self._powers.told) + proofs.power[concerned]
        _, examples, pair = np.unique(pairs, return_index=True, return_inverse=True)
        kept = [self._kept(proofs, n, range(first[n], last[n])) for n in concerned[examples].tolist()]
        fate = np.array([self._fate(k, n) for k, n in zip(kept, np.bincount(pair).tolist(), strict=True)], np.int64)
        proofs.is_lent[concerned] = fate[pair] == _LENT
        taken_apart = concerned[fate[pair] == _APART]
        whole = np.ones(len(proofs), bool)
        whole[taken_apart] = False
        return joined(proofs.take(whole), self._parts(proofs.take(taken_apart), pair[fate[pair] == _APART], kept))

    def _kept(self, proofs: Proofs, proof: int, denials: range) -> tuple[int, ...] | None:
        """Who in the holder of a proof keeps something; None when all of it does."""
        told, power = self._powers.denials, int(proofs.power[proof])
        types, kinds = self._powers.grants.types, self._powers.kinds[power]
        spread = self._powers.judge.spread
        denied = {
            frozenset(
                int(told.principal[n])
                for n in denials
                if told.mask[n] & bit and (not name or spread(types[told.object_type[n]], bit, name, kinds))
            )
            for bit, name in self._powers.told[power].abilities
        }
        if not denied or frozenset() in denied:
            return None
        return self._keepers.of(int(proofs.principal[proof]), tuple(sorted(denied, key=sorted)))

    def _fate(self, kept: tuple[int, ...] | None, proofs: int) -> int:
        """What becomes of as many proofs that keep the same."""
        if kept is None:
            return _WHOLE
        if len(kept) * proofs > self._left:
            return _LENT
        self._left -= len(kept) * proofs
        return _APART

    def _parts(self, proofs: Proofs, pair: Ids, kept: Sequence[tuple[int, ...] | None]) -> Proofs:
        """Each proof once for each of those who keep what it gives."""
        counts = np.array([len(each or ()) for each in kept], np.int64)
        starts = np.cumsum(counts) - counts
        every = np.array([member for each in kept for member in each or ()], np.int64)
        proof, within = ranges(counts[pair])
        parts = proofs.take(proof)
        return replace(parts, principal=every[starts[pair][proof] + within], is_part=np.ones(len(proof), bool))
