"""Which grants make which edges over which targets, as arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from adaudit.decode.flags import FULL_CONTROL
from adaudit.derive.facts import Facts, Ids, distinct
from adaudit.derive.grants import Grants, descriptor_grants
from adaudit.graph.blocks import NONE, Texts
from adaudit.graph.rights.capabilities import TAKING, TAKING_ALL, Judge, Power
from adaudit.graph.rights.targets import Targets

Mask = npt.NDArray[np.bool_]

_NOBODY: Final = frozenset(("S-1-5-10", "S-1-5-18", "S-1-3-0", "S-1-3-1"))
"""SELF, Local System, CREATOR OWNER and CREATOR GROUP: nobody that an attacker can be before the object is his."""


@dataclass(frozen=True)
class Proofs:
    """What becomes edges. ``grant``: row of the grants of ``Powers``; ``target``: row of the targets; ``power``: row of
    ``Powers.told``; ``principal``: who holds it, the trustee or a member of it; ``is_part``: a member; ``is_lent``: the
    right is denied to some in the trustee."""

    grant: Ids
    target: Ids
    power: Ids
    principal: Ids
    is_part: Mask
    is_lent: Mask

    def __len__(self) -> int:
        return len(self.grant)

    def take(self, index: Ids | Mask) -> Proofs:
        return Proofs(**{f.name: getattr(self, f.name)[index] for f in fields(self)})


class Powers:
    """``grants``: those that can make an edge, in the order of descriptors. ``row``: of each in ``descriptor_grants``.
    ``told``: every power of a mask and object type over a set of kinds, with ``kinds`` and, as arrays, ``kind`` and
    ``attribute`` (code in ``texts``)."""

    def __init__(self, facts: Facts, targets: Targets) -> None:
        every = descriptor_grants(facts)
        row = _counting(every)
        grants = every.take(row)
        self.denials = every.denials
        self.judge = Judge(facts)
        self._targets = targets
        self.told: list[Power] = []
        self.kinds: list[frozenset[str]] = []
        self._first, subject = self._judged(grants)
        counts = np.diff(self._first).reshape(int(subject.max(initial=NONE)) + 1, len(targets.kinds))
        told: Ids = counts.sum(axis=1)
        is_useful = told[subject] > 0
        self.row, self.grants, self._subject = row[is_useful], grants.take(is_useful), subject[is_useful]
        texts = Texts()
        self.kind: Ids = np.array([power.kind for power in self.told], np.int64)
        self.attribute: Ids = np.array([texts.code(power.attribute) for power in self.told], np.int64)
        self.is_over_settings: Mask = np.array([power.is_over_settings for power in self.told], bool)
        self.texts = texts.known()

    def proofs(self, at_once: int) -> Iterator[Proofs]:
        """Every grant with every target and power, some ``at_once`` at a time."""
        sds = self._targets.sd
        first = np.searchsorted(self.grants.sd, sds, side="left")
        counts = np.searchsorted(self.grants.sd, sds, side="right") - first
        ends = np.cumsum(counts)
        done = 0
        while done < len(sds):
            before = int(ends[done - 1]) if done else 0
            upto = max(done + 1, int(np.searchsorted(ends, before + at_once, side="right")))
            target, within = ranges(counts[done:upto])
            yield self._of(first[done:upto][target] + within, target + done)
            done = upto

    def _of(self, grant: Ids, target: Ids) -> Proofs:
        subject = self._subject[grant] * len(self._targets.kinds) + self._targets.kind[target]
        first = self._first[subject]
        proof, within = ranges(self._first[subject + 1] - first)
        grant = grant[proof]
        nothing = np.zeros(len(proof), bool)
        return Proofs(
            grant, target[proof], first[proof] + within, self.grants.principal[grant], nothing, nothing.copy()
        )

    def _judged(self, grants: Grants) -> tuple[Ids, Ids]:
        """Where the powers of each subject (mask and object type) over each set of kinds start; the subject of each
        grant."""
        is_full = grants.mask & FULL_CONTROL == FULL_CONTROL
        masks = np.where(is_full, FULL_CONTROL, grants.mask & TAKING)
        subjects, subject = distinct(masks * len(grants.types) + grants.object_type)
        first = [0]
        for each in subjects.tolist():
            mask, type_ = divmod(each, len(grants.types))
            for kinds in self._targets.kinds:
                self.told += self.judge.powers(mask, grants.types[type_], kinds)
                self.kinds += [kinds] * (len(self.told) - len(self.kinds))
                first.append(len(self.told))
        return np.array(first, np.int64), subject


def _counting(grants: Grants) -> Ids:
    """Grants that can make an edge, in the order of descriptors."""
    is_nobody = np.array([trustee.sid in _NOBODY for trustee in grants.trustees], bool)
    bits = np.where(grants.object_type == 0, TAKING_ALL, TAKING)
    rows = np.nonzero(((grants.mask & bits) != 0) & ~is_nobody[grants.trustee] & (grants.principal != NONE))[0]
    return rows[np.argsort(grants.sd[rows], kind="stable")]


def ranges(counts: Ids) -> tuple[Ids, Ids]:
    """For each place as many rows as its count tells: the place, and the number within it."""
    place = np.repeat(np.arange(len(counts)), counts)
    return place, np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)


def joined(first: Proofs, second: Proofs) -> Proofs:
    """The proofs of both."""
    return Proofs(**{f.name: np.concatenate((getattr(first, f.name), getattr(second, f.name))) for f in fields(Proofs)})
