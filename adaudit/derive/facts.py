"""The tables that computations read, with the indexes that several of them share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adaudit.derive.membership import Memberships
from adaudit.schema import TABLES

Ids = npt.NDArray[np.int64]

ACCOUNT_TABLES = ("users", "computers", "managed_service_accounts")
"""Tables of accounts, each with ``object_id`` and ``principal_id``."""

_ROWS_AT_ONCE: Final = 1 << 16
"""Rows that are Python objects at the same time: these take ten times what their table does."""


class Principal(NamedTuple):
    """A row of ``principals``."""

    principal_id: int
    sid: str | None
    rid: int | None
    domain_id: int | None
    object_id: int | None
    type: str | None
    name: str | None
    dn: str | None


class Domain(NamedTuple):
    """A row of ``domains``. ``sid``: when the domain was not collected, what a trust within the forest tells."""

    domain_id: int
    dn: str | None
    dns_name: str | None
    netbios_name: str | None
    sid: str | None
    is_root: bool
    is_collected: bool
    object_id: int | None


class Facts:
    """Collected tables, and those computed so far.

    A missing table is empty, a missing column null.
    """

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        self._tables = dict(tables)
        self._cuts: set[str] = set()

    def add(self, name: str, table: pa.Table) -> None:
        """Make a computed table available to the next computations."""
        self._tables[name] = table

    def cut(self, name: str) -> None:
        """Note that a computed table lacks rows, because there are more than are computed."""
        self._cuts.add(name)

    @property
    def cuts(self) -> frozenset[str]:
        """Computed tables that lack rows for that reason, those that are computed from them not included."""
        return frozenset(self._cuts)

    def table(self, name: str) -> pa.Table:
        """The table under its declared schema."""
        schema = TABLES[name].arrow_schema
        given = self._tables.get(name)
        if given is None:
            return schema.empty_table()
        if given.schema.equals(schema):
            return given
        columns = [
            given[field.name].cast(field.type)
            if field.name in given.column_names
            else pa.nulls(given.num_rows, field.type)
            for field in schema
        ]
        return pa.table(columns, schema=schema)

    def rows(self, name: str, *columns: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a table, reduced to some columns."""
        for batch in self.table(name).select(columns).to_batches(_ROWS_AT_ONCE):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

    def ids(self, name: str, column: str) -> Ids:
        """An integer column as an array, -1 standing for null."""
        return ids_of(self.table(name)[column])

    @cached_property
    def principals(self) -> dict[int, Principal]:
        """Identities by id."""
        rows = self.rows("principals", *Principal._fields)
        return {row[0]: Principal(*row) for row in rows if row[0] is not None}

    @cached_property
    def principals_by_sid(self) -> dict[str, list[Principal]]:
        """Identities by SID; a BUILTIN one is there once per domain."""
        found: dict[str, list[Principal]] = {}
        for principal in self.principals.values():
            if principal.sid is not None:
                found.setdefault(principal.sid, []).append(principal)
        return found

    @cached_property
    def principal_of_object(self) -> dict[int, int]:
        """Identity that an object bears."""
        return {p.object_id: p.principal_id for p in self.principals.values() if p.object_id is not None}

    def objects_of(self, principals: Iterable[int]) -> set[int]:
        """Objects that bear these identities."""
        found = (self.principals[each].object_id for each in principals if each in self.principals)
        return {object_id for object_id in found if object_id is not None}

    def accounts(self) -> Iterator[int]:
        """Objects of accounts of every kind."""
        return (object_id for table in ACCOUNT_TABLES for (object_id,) in self.rows(table, "object_id"))

    @cached_property
    def domains(self) -> tuple[Domain, ...]:
        """Domains of the forest."""
        trusted = {
            dns.lower(): sid
            for dns, sid, within in self.rows("trusts", "partner_dns", "partner_sid", "is_within_forest")
            if within and dns and sid
        }
        return tuple(
            row._replace(sid=row.sid or trusted.get((row.dns_name or "").lower()))
            for row in (Domain(*values) for values in self.rows("domains", *Domain._fields))
        )

    @cached_property
    def memberships(self) -> Memberships:
        """Who is a direct member of what."""
        groups = {p.principal_id for p in self.principals.values() if p.type == "group"}
        return Memberships(self.ids("memberships", "member_id"), self.ids("memberships", "group_id"), groups)


def ids_of(column: pa.ChunkedArray) -> Ids:
    """An integer column as an array, -1 standing for null."""
    values: Ids = column.cast(pa.int64()).fill_null(-1).to_numpy()
    return values


def distinct(values: Ids) -> tuple[Ids, Ids]:
    """The distinct values in the order in which they come, and which of them each is; faster than sorting them."""
    encoded = pa.array(values).dictionary_encode()
    return encoded.dictionary.to_numpy(), encoded.indices.to_numpy().astype(np.int64)


def in_order(rows: Iterable[Sequence[Any]], *columns: int) -> list[Sequence[Any]]:
    """Rows in the order of some of their columns, by place; null comes first."""
    return sorted(rows, key=lambda row: [(row[column] is not None, row[column]) for column in columns])


def build(name: str, rows: Iterable[Sequence[Any]]) -> pa.Table:
    """A declared table from rows in the order of its columns."""
    schema = TABLES[name].arrow_schema
    waiting = iter(rows)
    parts = []
    while some := list(islice(waiting, _ROWS_AT_ONCE)):
        columns = zip(*some, strict=True)
        arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
        parts.append(pa.record_batch(arrays, schema=schema))
    return pa.Table.from_batches(parts, schema)
