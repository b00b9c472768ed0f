"""Rows of tables removed and values replaced, each time in a new table in place of the old one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class Edits:
    """Tables by name, with what was done to them. Rows are chosen by the values of columns, all of which must match."""

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        self.tables = dict(tables)

    def put(self, name: str, table: pa.Table | None) -> bool:
        """Replace a table by another; False when there is none."""
        if table is not None:
            self.tables[name] = table
        return table is not None

    def drop(self, name: str, **match: Any) -> bool:
        """Remove the rows that match; False when none does."""
        table = self.tables[name]
        found = _matching(table, match)
        self.tables[name] = table.filter(pc.invert(found))
        return bool(pc.any(found).as_py())

    def set(self, name: str, match: Mapping[str, Any], **values: Any) -> bool:
        """Set columns of the rows that match; False when none does."""
        table = self.tables[name]
        found = _matching(table, match)
        for column, value in values.items():
            place = table.column_names.index(column)
            kind = table.schema.field(column).type
            table = table.set_column(place, column, pc.if_else(found, pa.scalar(value, kind), table[column]))
        self.tables[name] = table
        return bool(pc.any(found).as_py())

    def set_bits(self, name: str, object_id: int, column: str, *, on: int = 0, off: int = 0) -> bool:
        """Set and clear bits of a column of one object; False when it is not there."""
        table = self.tables[name]
        given = dict(zip(table["object_id"].to_pylist(), table[column].to_pylist(), strict=True))
        if object_id not in given:
            return False
        return self.set(name, {"object_id": object_id}, **{column: ((given[object_id] or 0) | on) & ~off})


def _matching(table: pa.Table, match: Mapping[str, Any]) -> pa.ChunkedArray:
    found: pa.ChunkedArray = pa.chunked_array([np.ones(table.num_rows, bool)])
    for column, value in match.items():
        found = pc.and_(found, pc.equal(table[column], value).fill_null(False))
    return found
