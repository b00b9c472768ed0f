"""Rows of a table by the object that they are about, without a Python object for each row that is not asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.facts import Facts, Ids
from adaudit.derive.gaps import Gaps
from adaudit.schema import TABLES

BATCH: Final = 4096

Row = dict[str, Any]


class Grouped:
    """Rows of a table by one of its columns of ids, in their order."""

    def __init__(self, table: pa.Table, key: str, columns: Sequence[str]) -> None:
        keys: Ids = table[key].cast(pa.int64()).fill_null(-1).to_numpy()
        order = np.argsort(keys, kind="stable")
        self._keys = keys[order]
        self._rows = table.select(list(columns)).take(pa.array(order))

    def of(self, id_: int) -> list[Row]:
        start, end = np.searchsorted(self._keys, [id_, id_ + 1])
        rows: list[Row] = self._rows.slice(start, end - start).to_pylist() if end > start else []
        return rows


class Attributes:
    """Attributes without a typed column: some of them, by object."""

    def __init__(self, facts: Facts, names: Sequence[str]) -> None:
        table = facts.table("attributes")
        wanted = table.filter(pc.is_in(table["name"], pa.array(names)))
        self._rows = Grouped(wanted, "object_id", ("name", "text", "bytes"))

    def texts(self, object_id: int, name: str) -> list[str]:
        return [row["text"] for row in self._rows.of(object_id) if row["name"] == name and row["text"] is not None]

    def text(self, object_id: int, name: str) -> str | None:
        return next(iter(self.texts(object_id, name)), None)

    def number(self, object_id: int, name: str) -> int | None:
        text = self.text(object_id, name)
        return int(text) if text is not None and text.removeprefix("-").isdecimal() else None

    def octets(self, object_id: int, name: str) -> bytes | None:
        return next((row["bytes"] for row in self._rows.of(object_id) if row["name"] == name), None)


class Rows:
    """Rows of tables about objects, each with what ``objects`` tells of it under the names of that table."""

    _COLUMNS = (
        "object_id",
        "dn",
        "name",
        "domain_id",
        "parent_id",
        "created_at",
        "description",
        "display_name",
        "sd_id",
    )

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._objects = facts.table("objects").select(self._COLUMNS)
        ids = facts.ids("objects", "object_id")
        self._places: Ids = np.full(int(ids.max(initial=-1)) + 1, -1, np.int64)
        self._places[ids] = np.arange(len(ids))

    def of_table(self, table: str, columns: Sequence[str] = ()) -> Iterator[Row]:
        """Rows of a table in the order of objects, a bounded number at a time; those of unknown objects left out."""
        rows = self._facts.table(table).select(list(dict.fromkeys(("object_id", *columns))))
        rows = rows.filter(rows["object_id"].is_valid()).sort_by("object_id")
        for start in range(0, rows.num_rows, BATCH):
            yield from self._joined(rows.slice(start, BATCH))

    def of_objects(self, object_ids: Sequence[int]) -> Iterator[Row]:
        """What ``objects`` tells of some of them."""
        for start in range(0, len(object_ids), BATCH):
            ids = pa.array(object_ids[start : start + BATCH], pa.int32())
            yield from self._joined(pa.table({"object_id": ids}))

    def _joined(self, rows: pa.Table) -> Iterator[Row]:
        ids = rows["object_id"].to_numpy()
        known = (ids >= 0) & (ids < len(self._places))
        places = (
            np.where(known, self._places[np.where(known, ids, 0)], -1) if len(self._places) else np.full(len(ids), -1)
        )
        found = self._objects.take(pa.array(places[places >= 0])).to_pylist()
        told = rows.filter(pa.array(places >= 0)).to_pylist()
        return ({**row, **shared} for row, shared in zip(told, found, strict=True))


class Absence:
    """Whether a value that is absent was read as absent, or not read."""

    def __init__(self, facts: Facts) -> None:
        self._gaps = Gaps(facts)
        self._known: dict[tuple[str, str], tuple[set[int], set[int | None]]] = {}

    def is_known(self, table: str, column: str, row: Row) -> bool:
        """``row``: with ``object_id`` and ``domain_id``."""
        objects, domains = self._of(table, column)
        return row["object_id"] not in objects and row["domain_id"] not in domains and None not in domains

    def _of(self, table: str, column: str) -> tuple[set[int], set[int | None]]:
        found = self._known.get((table, column))
        if found is None:
            hides_values = TABLES[table].per_value
            gaps = [
                gap
                for gap in self._gaps.of(table, column)
                if gap.column_name == column or gap.object_id is not None or hides_values
            ]
            objects = {gap.object_id for gap in gaps if gap.object_id is not None}
            found = self._known[table, column] = (objects, {gap.domain_id for gap in gaps if gap.is_wide})
        return found
