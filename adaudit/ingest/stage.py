"""Rows on their way to a table: kept a few thousand at a time, then spilled to private Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

ROWS_IN_MEMORY = 8192


class Stage:
    """One staged table. ``append`` takes a tuple in the order of ``schema``; call ``flush_if_full`` between objects.

    ``parts``: the files that hold its rows, the last one still being written until ``end_part``.
    """

    def __init__(self, folder: Path, name: str, schema: pa.Schema) -> None:
        self.name = name
        self.schema = schema
        self.parts: list[Path] = []
        self.rows: list[tuple[Any, ...]] = []
        self.append = self.rows.append
        self._folder = folder
        self._writer: pq.ParquetWriter | None = None

    def flush_if_full(self) -> None:
        if len(self.rows) >= ROWS_IN_MEMORY:
            self._flush()

    def end_part(self) -> None:
        """Write what is held in memory and end the file, so that it can be read; later rows begin another one."""
        if self.rows or not self.parts:
            self._flush()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def abandon(self) -> None:
        """Let go of the file without writing what is left."""
        self.rows.clear()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def extend(self, rows: pa.Table) -> None:
        """Take many rows at once; their columns are those of ``schema``."""
        self._flush()
        if self._writer is not None:
            self._writer.write_table(rows)

    def _flush(self) -> None:
        if self._writer is None:
            self.parts.append(self._folder / f"{self.name}.{len(self.parts)}.parquet")
            self._writer = pq.ParquetWriter(self.parts[-1], self.schema, compression="lz4", use_dictionary=False)
        if self.rows:
            columns = zip(*self.rows, strict=True)
            arrays = [_array(column, field.type) for column, field in zip(columns, self.schema, strict=True)]
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=self.schema))
            self.rows.clear()


def _array(column: tuple[Any, ...], kind: pa.DataType) -> pa.Array:
    """``column`` as Arrow; most attributes of most objects are absent, which is told faster than converted."""
    if column.count(None) == len(column):
        return pa.nulls(len(column), kind)
    return pa.array(column, kind)
