"""What a table declaration is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa


class Kind(StrEnum):
    """The logical type of a column; ``ARROW_TYPES`` gives the physical one."""

    ID = "id"  # row number in another table, 0-based
    INT = "int"
    FLAGS = "flags"  # unsigned bit field
    BOOL = "bool"
    REAL = "real"
    TEXT = "text"
    GUID = "guid"  # lower case, no braces
    SID = "sid"  # S-1-…
    DN = "dn"
    TIME = "time"  # naive UTC
    TICKS = "ticks"  # 64-bit integer as read (FILETIME or interval in 100 ns)
    BYTES = "bytes"
    TEXTS = "texts"


ARROW_TYPES: dict[Kind, pa.DataType] = {
    Kind.ID: pa.int32(),
    Kind.INT: pa.int64(),
    Kind.FLAGS: pa.int64(),
    Kind.BOOL: pa.bool_(),
    Kind.REAL: pa.float64(),
    Kind.TEXT: pa.string(),
    Kind.GUID: pa.string(),
    Kind.SID: pa.string(),
    Kind.DN: pa.string(),
    Kind.TIME: pa.timestamp("us"),
    Kind.TICKS: pa.int64(),
    Kind.BYTES: pa.binary(),
    Kind.TEXTS: pa.list_(pa.string()),
}


@dataclass(frozen=True)
class Column:
    """One column: its name, logical type, meaning, and the LDAP attribute it is decoded from.

    ``always``: a directory sets the attribute on every such object, so its absence in an
    answer means that it could not be read, never that it has no value.
    ``bit``: the column is true when ``source & bit`` is not zero.
    """

    name: str
    kind: Kind
    doc: str
    source: str = ""
    always: bool = False
    bit: int = 0


@dataclass(frozen=True)
class Table:
    """One table. ``computed_from`` names the tables a derived table was computed from.

    ``per_value``: one row per value of an attribute, so that a column that could not be read
    means rows that are missing; else one row per object, identity or fact.
    """

    name: str
    doc: str
    columns: tuple[Column, ...]
    computed_from: tuple[str, ...] = ()
    per_value: bool = False

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(names) != len(set(names)):
            raise ValueError(f"table {self.name} declares a column twice")

    @property
    def is_computed(self) -> bool:
        return bool(self.computed_from)

    def column(self, name: str) -> Column:
        """The column called ``name``; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name}.{name}")

    @property
    def arrow_schema(self) -> pa.Schema:
        return pa.schema([(c.name, ARROW_TYPES[c.kind]) for c in self.columns])


def filetime(stem: str, doc: str, source: str, *, always: bool = False) -> tuple[Column, Column]:
    """A FILETIME as two columns: the moment (null when never, zero or out of range) and the integer as read."""
    return (
        Column(f"{stem}_at", Kind.TIME, doc, source, always),
        Column(f"{stem}_raw", Kind.TICKS, f"{source} as read", source, always),
    )


def interval(stem: str, doc: str, source: str, *, always: bool = False) -> tuple[Column, Column]:
    """A negative 100 ns interval as two columns: days (null when unlimited) and the integer as read."""
    return (
        Column(f"{stem}_days", Kind.REAL, f"{doc}, in days; null when unlimited", source, always),
        Column(f"{stem}_raw", Kind.TICKS, f"{source} as read", source, always),
    )
