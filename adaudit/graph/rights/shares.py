"""Who holds a right over some objects, ACE by ACE, with the change that takes it away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields, replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from adaudit.decode.flags import FULL_CONTROL, AccessMask
from adaudit.derive.effective import RIGHTS
from adaudit.derive.facts import Facts, Ids
from adaudit.derive.grants import NULL_DACL, OWNER, descriptor_grants
from adaudit.derive.well_known import SELF
from adaudit.graph.blocks import CHANGE_KINDS, NONE, Block, Change, Changes, Edge, block
from adaudit.graph.kinds import Difficulty
from adaudit.graph.nodes import Nodes
from adaudit.graph.rights.capabilities import TAKING, Judge
from adaudit.graph.rights.changes import RightsChanges
from adaudit.graph.rights.denials import MOST_PARTS
from adaudit.graph.rights.holders import Held, Holders
from adaudit.graph.rights.powers import ranges

CREATE: Final = int(AccessMask.DS_CREATE_CHILD)
READ: Final = int(AccessMask.DS_READ_PROPERTY)
WRITE: Final = int(AccessMask.DS_WRITE_PROPERTY)
USE: Final = int(AccessMask.DS_CONTROL_ACCESS)
"""The right to an extended right, and to what a confidential attribute holds."""

TAKE: Final = OWNER | NULL_DACL | int(AccessMask.WRITE_DAC | AccessMask.WRITE_OWNER)
"""What gives every right over an object."""

_NOBODY: Final = frozenset(("S-1-5-18", SELF, "S-1-3-0", "S-1-3-1", "S-1-3-4"))
"""Local System, SELF, CREATOR OWNER, CREATOR GROUP, OWNER RIGHTS: their rights bring nobody anything new."""

Mask = npt.NDArray[np.bool_]


class Share(NamedTuple):
    """A right over an object and what gives it; ``position`` is ``NONE`` for an owner or a NULL DACL. ``right``: as in
    ``descriptor_rights``."""

    held: Held
    object_id: int
    sd_id: int
    position: int
    right: str
    is_conditional: bool
    change: Change

    def edge(self, kind: str, source: int, target: int, attribute: str, detail: str = "") -> Edge:
        """An edge that it proves and that its change removes, uncertain when its ACE bears a condition."""
        return Edge(
            *(kind, source, target, self.object_id, attribute, self.change, self.sd_id, self.position, detail),
            difficulty=Difficulty.UNCERTAIN if self.is_conditional else None,
        )


@dataclass(frozen=True)
class Shares:
    """The same as arrays of one length.

    ``principal``: who holds it. ``row``: in ``descriptor_grants``. ``right``: place in ``RIGHTS``. ``change``: row of
    ``changes``, which are coded in ``texts``. ``denied``: whom deny ACEs take the right from, by ``row``.
    """

    object_id: Ids
    principal: Ids
    sd_id: Ids
    position: Ids
    row: Ids
    right: Ids
    is_conditional: Mask
    change: Ids
    changes: Changes
    texts: tuple[str, ...]
    denied: dict[int, frozenset[int]]

    def __len__(self) -> int:
        return len(self.object_id)

    def __iter__(self) -> Iterator[Share]:
        told = [*self.texts, ""]
        every = zip(*(getattr(self.changes, f.name).tolist() for f in fields(Changes)), strict=True)
        changes = [
            Change(CHANGE_KINDS[kind], at, whom, told[attribute], sd, position, told[detail])
            for kind, at, whom, attribute, sd, position, detail in every
        ]
        columns = (self.principal, self.row, self.object_id, self.sd_id, self.position, self.right)
        rows = zip(*(values.tolist() for values in (*columns, self.is_conditional, self.change)), strict=True)
        for principal, row, object_id, sd, position, right, is_conditional, change in rows:
            held = Held(principal, self.denied.get(row, frozenset()))
            yield Share(held, object_id, sd, position, RIGHTS[right][0], is_conditional, changes[change])

    def take(self, index: Ids | Mask) -> Shares:
        """Some of the rows."""
        return Shares(**{**vars(self), **{name: getattr(self, name)[index] for name in _ROW_COLUMNS}})

    def block(
        self, kind: str, nodes: Nodes, target: Ids, attribute: str, difficulty: Difficulty | None = None
    ) -> Block:
        """An edge from the holder of each; ``difficulty``: when it is not that of the kind."""
        source = nodes.of_principals(self.principal)
        told = block(
            *(kind, source, target),
            bearer=self.object_id,
            attribute=attribute,
            change=self.change,
            changes=self.changes,
            texts=self.texts,
        )
        usual = told.difficulty if difficulty is None else int(difficulty)
        doubted = np.where(self.is_conditional, int(Difficulty.UNCERTAIN), usual)
        return replace(told, sd_id=self.sd_id, position=self.position, difficulty=doubted)


_ROW_COLUMNS: Final = ("object_id", "principal", "sd_id", "position", "row", "right", "is_conditional", "change")


class Reader:
    """Reads shares from the descriptors of some ``objects``; one whose descriptor was not read has none.

    ``of_themselves``: what SELF holds, which each object has over itself, in place of what all others do.
    """

    def __init__(self, facts: Facts, objects: Ids, *, of_themselves: bool = False) -> None:
        self._grants = descriptor_grants(facts)
        self._holders = Holders(facts)
        ids = facts.ids("objects", "object_id")
        self._sd_of: Ids = np.full(int(max(ids.max(initial=NONE), objects.max(initial=NONE))) + 1, NONE, np.int64)
        self._sd_of[ids[ids >= 0]] = facts.ids("objects", "sd_id")[ids >= 0]
        sds = np.unique(self._sd_of[objects])
        self._changes = RightsChanges(facts, sds, self._grants, Judge(facts), untyped=TAKING)
        is_asked = np.array(
            [trustee.sid == SELF if of_themselves else trustee.sid not in _NOBODY for trustee in self._grants.trustees],
            bool,
        )
        is_read = np.isin(self._grants.sd, sds) & (self._grants.principal != NONE)
        rows = np.nonzero(is_read & is_asked[self._grants.trustee])[0]
        self._rows: Ids = rows[np.lexsort((self._grants.position[rows], self._grants.sd[rows]))]

    def shares(self, objects: Ids, bits: int, types: Collection[str] = (), *, is_named: bool = False) -> Shares:
        """By which ACEs somebody holds one of ``bits`` over each of the objects, in the order of objects and DACL.

        An ACE counts when it names one of ``types`` (GUIDs) or nothing; with ``is_named``, the former alone. ``OWNER``
        and ``NULL_DACL`` may be among the bits.
        """
        grants = self._grants
        codes = [code for code, guid in enumerate(grants.types) if guid in types or (guid is None and not is_named)]
        is_giving = (grants.mask[self._rows] & bits != 0) & np.isin(grants.object_type[self._rows], codes)
        rows = self._rows[is_giving]
        sds = self._sd_of[objects]
        first = np.searchsorted(grants.sd[rows], sds, side="left")
        counts = np.searchsorted(grants.sd[rows], sds, side="right") - first
        place, within = ranges(np.where(sds == NONE, 0, counts))
        row = rows[first[place] + within]
        change, changes = self._changes.of(row, objects[place], np.zeros(len(row), bool))
        return Shares(
            *(objects[place], grants.principal[row], grants.sd[row], grants.position[row], row),
            *(_strongest(grants.mask[row], bits), grants.is_conditional[row], change, changes, self._changes.texts),
            denied=self._denied(rows, bits, codes),
        )

    def held_alone(self, shares: Shares) -> Shares:
        """The same, with those who keep the right in place of a group some of whose members are denied it; the change
        then concerns the object alone, as another may deny it to others. Beyond ``MOST_PARTS`` the group stays."""
        is_split = np.isin(shares.row, list(shares.denied))
        if not is_split.any():
            return shares
        split = shares.take(is_split)
        kept, left = {}, MOST_PARTS
        holders = dict(zip(split.row.tolist(), split.principal.tolist(), strict=True))
        for row, objects in Counter(split.row.tolist()).items():
            keeping = self._holders.of_all([Held(holders[row], shares.denied[row])])
            kept[row] = keeping if len(keeping) * objects <= left else [holders[row]]
            left -= len(kept[row]) * objects
        place, within = ranges(np.array([len(kept[row]) for row in split.row.tolist()], np.int64))
        parts = split.take(place)
        principals = [kept[row][n] for row, n in zip(parts.row.tolist(), within.tolist(), strict=True)]
        change, changes = self._changes.of(parts.row, parts.object_id, np.ones(len(parts), bool))
        parts = replace(parts, principal=np.array(principals, np.int64), change=change + len(shares.changes))
        whole = shares.take(~is_split)
        rows = {name: np.concatenate((getattr(whole, name), getattr(parts, name))) for name in _ROW_COLUMNS}
        both = Changes(
            *(np.concatenate((getattr(shares.changes, f.name), getattr(changes, f.name))) for f in fields(Changes))
        )
        return Shares(**{**vars(shares), **rows, "changes": both})

    def _denied(self, rows: Ids, bits: int, codes: list[int]) -> dict[int, frozenset[int]]:
        """Whom deny ACEs take the right of a grant from, by its row."""
        denials = self._grants.denials
        meets = (denials.mask & bits != 0) & np.isin(denials.object_type, [0, *codes]) & np.isin(denials.grant, rows)
        found: dict[int, set[int]] = {}
        for row, principal in zip(denials.grant[meets].tolist(), denials.principal[meets].tolist(), strict=True):
            if principal != NONE:
                found.setdefault(row, set()).add(principal)
        return {row: frozenset(principals) for row, principals in found.items()}


def _strongest(masks: Ids, bits: int) -> Ids:
    """The place in ``RIGHTS`` of the strongest right in each mask among ``bits``, full control first."""
    found: Ids = np.full(len(masks), len(RIGHTS) - 1, np.int64)
    for place, (name, bit) in reversed(list(enumerate(RIGHTS))):
        given = masks & FULL_CONTROL == FULL_CONTROL if name == "full_control" else masks & bits & bit != 0
        found[given] = place
    return found
