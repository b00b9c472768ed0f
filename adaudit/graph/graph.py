"""The attack graph: nodes, edges with their proofs, changes, as arrays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import coo_array, csr_array

from adaudit.graph.blocks import CHANGE_KINDS, NONE, Block, Changes, Ids, Texts, no_changes
from adaudit.graph.kinds import EDGE_KINDS, Difficulty
from adaudit.schema import TABLES

Mask = npt.NDArray[np.bool_]
Small = npt.NDArray[np.int32]

_FOLLOWED = np.array([kind.is_traversable for kind in EDGE_KINDS])


@dataclass(frozen=True)
class Graph:
    """Arrays of edges in no particular order; see the columns of the tables ``edges`` and ``changes``.

    ``kind`` is a code in ``EDGE_KINDS``, ``attribute`` and ``detail`` codes in ``texts``, ``change`` a row of
    ``changes``; ``NONE`` stands for none. ``count``: number of nodes.
    """

    count: int
    source: Small
    target: Small
    kind: npt.NDArray[np.int16]
    difficulty: npt.NDArray[np.int8]
    bearer: Small
    attribute: Small
    sd_id: Small
    position: Small
    detail: Small
    change: Small
    changes: Changes
    texts: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.source)

    @cached_property
    def is_traversable(self) -> Mask:
        """Edges that paths follow."""
        return _FOLLOWED[self.kind]

    @cached_property
    def outward(self) -> csr_array:
        """Row: node; columns: where a step leads from it, parallel edges one by one."""
        return step_matrix(self.count, self.source[self.is_traversable], self.target[self.is_traversable])

    @cached_property
    def inward(self) -> csr_array:
        """Row: node; columns: where a step to it comes from, parallel edges one by one."""
        return step_matrix(self.count, self.target[self.is_traversable], self.source[self.is_traversable])

    @cached_property
    def irremovable(self) -> Graph:
        """What is left when every change is made."""
        return self.keep(self.change == NONE)

    def keep(self, edges: Mask) -> Graph:
        """The same nodes and changes with some of the edges."""
        kept = {f.name: getattr(self, f.name) for f in fields(self)}
        for name in _EDGE_COLUMNS:
            kept[name] = kept[name][edges]
        return Graph(**kept)

    def without(self, changes: Iterable[int]) -> Graph:
        """What is left once these changes are made."""
        gone = np.isin(self.change, np.array(list(changes), np.int32))
        return self.keep(~gone)

    def edges_table(self) -> pa.Table:
        """The table ``edges``."""
        names = pa.array([kind.name for kind in EDGE_KINDS])
        levels = pa.array([level.name.lower() for level in Difficulty])
        columns = (
            _ids(self.source),
            _ids(self.target),
            names.take(pa.array(self.kind)),
            pa.array(self.is_traversable),
            levels.take(pa.array(self.difficulty)),
            _ids(self.bearer),
            self._text(self.attribute),
            _ids(self.sd_id),
            _numbers(self.position),
            self._text(self.detail),
            _ids(self.change),
        )
        return pa.table(list(columns), schema=TABLES["edges"].arrow_schema)

    def changes_table(self) -> pa.Table:
        """The table ``changes``."""
        changes = self.changes
        columns = (
            _ids(np.arange(len(changes))),
            pa.array(CHANGE_KINDS).take(pa.array(changes.kind)),
            _ids(changes.object_id),
            _ids(changes.principal_id),
            self._text(changes.attribute),
            _ids(changes.sd_id),
            _numbers(changes.position),
            self._text(changes.detail),
        )
        return pa.table(list(columns), schema=TABLES["changes"].arrow_schema)

    def _text(self, codes: npt.NDArray[np.integer]) -> pa.Array:
        return pa.array(self.texts, pa.string()).take(pa.array(codes, pa.int32(), mask=codes == NONE))


_EDGE_COLUMNS = (
    *("source", "target", "kind", "difficulty", "bearer"),
    *("attribute", "sd_id", "position", "detail", "change"),
)


def step_matrix(count: int, tails: Small, heads: Small, values: Small | None = None) -> csr_array:
    """Row: one of ``count`` nodes; columns: the heads of its steps, parallel ones one by one, in the order given.

    ``values``, by step, are of no use where none are given.
    """
    told = np.ones(len(tails), np.int8) if values is None else values
    matrix = coo_array((told, (tails, heads)), shape=(count, count))
    matrix.has_canonical_format = True  # else parallel steps would be added up
    return matrix.tocsr()


def assemble(count: int, blocks: Iterable[Block]) -> Graph:
    """One graph of ``count`` nodes from the blocks of all families.

    The same change told by two families is one. Edges from or to ``NONE``, or from a node to itself, are dropped.
    """
    texts = Texts()
    parts: list[Block] = []
    for block in blocks:
        codes = np.array([*(texts.code(text) for text in block.texts), NONE], np.int64)
        told = block.changes
        parts.append(
            Block(
                **{
                    **{name: getattr(block, name) for name in (*_EDGE_COLUMNS, "texts")},
                    "attribute": codes[block.attribute],
                    "detail": codes[block.detail],
                    "changes": Changes(
                        **{
                            **vars(told),
                            "attribute": codes[told.attribute],
                            "detail": codes[told.detail],
                        }
                    ),
                }
            )
        )
    changes, change_of = _distinct_changes([part.changes for part in parts])
    columns: dict[str, list[Ids]] = {name: [] for name in _EDGE_COLUMNS}
    for part, renumbered in zip(parts, change_of, strict=True):
        sound = (part.source >= 0) & (part.target >= 0) & (part.source != part.target)
        for name in _EDGE_COLUMNS:
            values = getattr(part, name)[sound]
            if name == "change":
                values = np.append(renumbered, NONE)[values]
            columns[name].append(values)
    empty = [np.zeros(0, np.int64)]
    types = {"kind": np.int16, "difficulty": np.int8}
    arrays = {
        name: np.concatenate(values or empty).astype(types.get(name, np.int32)) for name, values in columns.items()
    }
    return Graph(count=count, **arrays, changes=changes, texts=texts.known())


def _distinct_changes(parts: list[Changes]) -> tuple[Changes, list[Ids]]:
    """All changes once, and for each part the number that each of its changes gets."""
    if not parts:
        return no_changes(), []
    every = Changes(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Changes)})
    columns = [getattr(every, f.name) for f in fields(Changes)]
    order = np.lexsort(columns[::-1])
    is_new = np.zeros(len(order), bool)
    for column in columns:
        ordered = column[order]
        is_new[1:] |= ordered[1:] != ordered[:-1]
    is_new[:1] = True
    number: Ids = np.zeros(len(order), np.int64)
    number[order] = np.cumsum(is_new) - 1
    bounds = np.cumsum([0, *(len(part) for part in parts)])
    return every.take(order[is_new]), [number[start:end] for start, end in pairwise(bounds)]


def _ids(values: npt.NDArray[np.integer]) -> pa.Array:
    return pa.array(values, pa.int32(), mask=values == NONE)


def _numbers(values: npt.NDArray[np.integer]) -> pa.Array:
    return pa.array(values, pa.int64(), mask=values == NONE)
