"""Who holds a right over some objects, ACE by ACE, with the change that takes it away."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from adaudit.decode.flags import FULL_CONTROL, AccessMask
from adaudit.derive.effective import RIGHTS
from adaudit.derive.facts import Facts, Ids
from adaudit.derive.grants import NULL_DACL, OWNER, descriptor_grants
from adaudit.graph.blocks import CHANGE_CODE, NONE, Change, Changes, Edge
from adaudit.graph.holders import Held, Holders
from adaudit.graph.kinds import Difficulty
from adaudit.graph.origins import Origins
from adaudit.graph.tree import containers

CREATE: Final = int(AccessMask.DS_CREATE_CHILD)
READ: Final = int(AccessMask.DS_READ_PROPERTY)
WRITE: Final = int(AccessMask.DS_WRITE_PROPERTY)
USE: Final = int(AccessMask.DS_CONTROL_ACCESS)
"""The right to an extended right, and to what a confidential attribute holds."""

TAKE: Final = OWNER | NULL_DACL | int(AccessMask.WRITE_DAC | AccessMask.WRITE_OWNER)
"""What gives every right over an object."""

_NOBODY: Final = frozenset(("S-1-5-18", "S-1-5-10", "S-1-3-0", "S-1-3-1", "S-1-3-4"))
"""Local System, SELF, CREATOR OWNER, CREATOR GROUP, OWNER RIGHTS: their rights bring nobody anything new."""

Mask = npt.NDArray[np.bool_]


class Share(NamedTuple):
    """A right over an object and what gives it; ``position`` is ``NONE`` for an owner or a NULL DACL. ``right``: as in
    ``descriptor_rights``. ``change``: None for a NULL DACL, and where the origin of an inherited ACE was not found."""

    held: Held
    object_id: int
    sd_id: int
    position: int
    is_conditional: bool
    right: str
    change: Change | None

    def edge(self, kind: str, source: int, target: int, attribute: str, detail: str = "") -> Edge:
        """An edge that it proves and that its change removes, uncertain when its ACE bears a condition."""
        return Edge(
            *(kind, source, target, self.object_id, attribute, self.change, self.sd_id, self.position, detail),
            difficulty=Difficulty.UNCERTAIN if self.is_conditional else None,
        )


@dataclass(frozen=True)
class Shares:
    """The same as arrays of one length.

    ``principal``: who holds it. ``trustee``: whom the ACE names. ``row``: in the grants of descriptors. ``right``:
    place in ``RIGHTS``. ``at``,
    ``at_sd`` and ``at_position``: the explicit ACE to remove, on the object or on one above it. ``denied``: whom deny
    ACEs take the right from, by ``row``.
    """

    object_id: Ids
    principal: Ids
    trustee: Ids
    sd_id: Ids
    position: Ids
    row: Ids
    is_conditional: Mask
    right: Ids
    at: Ids
    at_sd: Ids
    at_position: Ids
    denied: dict[int, frozenset[int]]

    def __len__(self) -> int:
        return len(self.object_id)

    def __iter__(self) -> Iterator[Share]:
        columns = (self.object_id, self.sd_id, self.position, self.is_conditional)
        places = (self.right, self.trustee, self.at, self.at_sd, self.at_position)
        every = zip(*(values.tolist() for values in (self.principal, self.row, *columns, *places)), strict=True)
        for principal, row, object_id, sd, position, is_conditional, right, *place in every:
            held = Held(principal, self.denied.get(row, frozenset()))
            yield Share(held, object_id, sd, position, is_conditional, RIGHTS[right][0], _change(*place))

    def take(self, index: Ids | Mask) -> Shares:
        columns = {f.name: getattr(self, f.name)[index] for f in fields(self)[:-1]}
        return Shares(**columns, denied=self.denied)

    def changes(self) -> tuple[Ids, Changes]:
        """The row of the change of each share, ``NONE`` where there is none, and a change for each of the others."""
        some = self.at != NONE
        number = np.where(some, np.cumsum(some) - 1, NONE)
        kind = np.where(self.at_position == NONE, CHANGE_CODE["set_owner"], CHANGE_CODE["remove_ace"])
        sd = np.where(self.at_position == NONE, NONE, self.at_sd)
        none = np.full(int(some.sum()), NONE, np.int64)
        whom = self.trustee[some]
        return number, Changes(kind[some], self.at[some], whom, none, sd[some], self.at_position[some], none)


class Reader:
    """Reads shares from descriptors; an object whose descriptor was not read has none."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._grants = descriptor_grants(facts)
        self._holders = Holders(facts)
        ids = facts.ids("objects", "object_id")
        self._sd_of: Ids = np.full(int(ids.max(initial=NONE)) + 1, NONE, np.int64)
        self._sd_of[ids] = facts.ids("objects", "sd_id")
        nobody = [code for code, trustee in enumerate(self._grants.trustees) if trustee.sid in _NOBODY]
        self._is_somebody = (self._grants.principal != NONE) & ~np.isin(self._grants.trustee, nobody)

    @cached_property
    def _parents(self) -> Ids:
        return containers(self._facts)

    def shares(self, objects: Ids, bits: int, types: Collection[str] = (), *, is_named: bool = False) -> Shares:
        """By which ACEs somebody holds one of ``bits`` over each of the objects, in the order of objects and DACL.

        An ACE counts when it names one of ``types`` (GUIDs) or nothing; with ``is_named``, the former alone. ``OWNER``
        and ``NULL_DACL`` may be among the bits.
        """
        grants = self._grants
        codes = [code for code, guid in enumerate(grants.types) if guid in types or (guid is None and not is_named)]
        giving = self._is_somebody & (grants.mask & bits != 0) & np.isin(grants.object_type, codes)
        rows = np.nonzero(giving & np.isin(grants.sd, self._sd_of[objects]))[0]
        rows = rows[np.lexsort((grants.position[rows], grants.sd[rows]))]
        place, row = _joined(self._sd_of[objects], grants.sd[rows])
        row = rows[row]
        at, at_sd, at_position = self._removals(objects[place], row)
        return Shares(
            *(objects[place], grants.principal[row], grants.principal[row], grants.sd[row], grants.position[row], row),
            *(grants.is_conditional[row], _strongest(grants.mask[row], bits), at, at_sd, at_position),
            denied=self._denied(rows, bits, codes),
        )

    def held_alone(self, shares: Shares) -> Shares:
        """The same with those who keep the right in place of groups some of whose members are denied it."""
        is_split = np.isin(shares.row, list(shares.denied))
        kept = {row: self._holders.of_all([held]) for row, held in _splits(shares.take(is_split))}
        counts = np.ones(len(shares), np.int64)
        counts[is_split] = [len(kept[row]) for row in shares.row[is_split].tolist()]
        spread = shares.take(np.repeat(np.arange(len(shares)), counts))
        principal = spread.principal.copy()
        principal[np.isin(spread.row, list(shares.denied))] = [
            each for row in shares.row[is_split].tolist() for each in kept[row]
        ]
        return Shares(**{**vars(spread), "principal": principal})

    def _denied(self, rows: Ids, bits: int, codes: list[int]) -> dict[int, frozenset[int]]:
        """Whom deny ACEs take the right of a grant from, by its row."""
        denials = self._grants.denials
        meets = np.isin(denials.grant, rows) & (denials.mask & bits != 0) & np.isin(denials.object_type, [0, *codes])
        found: dict[int, set[int]] = {}
        for row, principal in zip(denials.grant[meets].tolist(), denials.principal[meets].tolist(), strict=True):
            if principal != NONE:
                found.setdefault(row, set()).add(principal)
        return {row: frozenset(principals) for row, principals in found.items()}

    def _removals(self, objects: Ids, rows: Ids) -> tuple[Ids, Ids, Ids]:
        """The explicit ACE that gives each grant to each object: the object that bears it, its descriptor, the position
        there. ``NONE`` for what an inherited ACE whose origin was not found gives, and for a NULL DACL."""
        grants = self._grants
        at, sd, position = objects.copy(), grants.sd[rows].copy(), grants.position[rows].copy()
        at[grants.mask[rows] & NULL_DACL != 0] = NONE
        inherited = np.nonzero(grants.is_inherited[rows])[0]
        if len(inherited):
            origins = Origins(self._facts, np.unique(sd[inherited]), self._parents, np.zeros(0, np.int64))
            aces = origins.ace(sd[inherited], position[inherited])
            at[inherited], position[inherited] = origins.above(aces, self._parents[objects[inherited]])
            sd[inherited] = np.where(at[inherited] == NONE, NONE, self._sd_of[at[inherited]])
        return at, sd, position


def _joined(sds: Ids, sorted_sds: Ids) -> tuple[Ids, Ids]:
    """Each place of ``sds`` with each row of ``sorted_sds`` that has the same descriptor."""
    first = np.searchsorted(sorted_sds, sds, side="left")
    counts = np.where(sds == NONE, 0, np.searchsorted(sorted_sds, sds, side="right") - first)
    place = np.repeat(np.arange(len(sds)), counts)
    row = np.arange(len(place)) + np.repeat(first - np.cumsum(counts) + counts, counts)
    return place, row


def _strongest(masks: Ids, bits: int) -> Ids:
    """The place in ``RIGHTS`` of the strongest right in each mask among ``bits``, full control first."""
    found: Ids = np.full(len(masks), len(RIGHTS) - 1, np.int64)
    for place, (name, bit) in reversed(list(enumerate(RIGHTS))):
        given = masks & FULL_CONTROL == FULL_CONTROL if name == "full_control" else masks & bits & bit != 0
        found[given] = place
    return found


def _splits(shares: Shares) -> Iterator[tuple[int, Held]]:
    for row, principal in dict(zip(shares.row.tolist(), shares.principal.tolist(), strict=True)).items():
        yield row, Held(principal, shares.denied[row])


def _change(trustee: int, at: int, at_sd: int, at_position: int) -> Change | None:
    if at == NONE:
        return None
    if at_position == NONE:
        return Change("set_owner", at, trustee)
    return Change("remove_ace", at, trustee, sd_id=at_sd, position=at_position)
