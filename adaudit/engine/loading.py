"""What an audit loads of a snapshot, and how long that takes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pyarrow as pa

from adaudit.derive import derived
from adaudit.derive.facts import Facts
from adaudit.engine.book import Reading, RuleBook
from adaudit.engine.check import facts_of, rows_of
from adaudit.engine.model import Timing
from adaudit.graph.answers.told import Outlook
from adaudit.graph.site_tier0 import AS_FOUND, SiteTier0
from adaudit.schema import TABLES

_ALWAYS: Final = {
    "coverage": tuple(c.name for c in TABLES["coverage"].columns),
    "objects": ("object_id", "guid", "dn", "name", "object_class", "domain_id"),
    "principals": ("principal_id", "object_id", "domain_id", "sid", "type", "name", "dn"),
    "domains": ("domain_id", "object_id", "dn", "dns_name", "sid", "is_root", "is_collected"),
    "forests": ("dns_name",),
    "partitions": ("dn", "kind"),
    "users": ("object_id", "principal_id"),
    "computers": ("object_id", "principal_id"),
    "managed_service_accounts": ("object_id", "principal_id"),
    "groups": ("object_id", "principal_id"),
    "gpos": ("object_id", "display_name"),
}
"""Columns that naming subjects and placing gaps takes, whatever the rules."""


class Loading:
    """The tables and ``columns`` that are read, of collected ``tables`` and computed ones.

    ``timings`` grows as they are asked for; ``outlook`` is there once the first was taken.
    """

    def __init__(
        self,
        tables: Mapping[str, pa.Table],
        *columns: Mapping[str, list[str]],
        tier0: SiteTier0 = AS_FOUND,
        entry_points: Sequence[str] = (),
    ) -> None:
        self.timings: list[Timing] = []
        self.outlook: Outlook | None = None
        self._tables = tables
        self._tier0 = tier0
        self._entry_points = entry_points
        self._columns: dict[str, list[str]] = {}
        for name, wanted in (item for part in columns for item in part.items()):
            self._columns[name] = list(dict.fromkeys((*self._columns.get(name, ()), *wanted)))

    def tables(self) -> Iterator[tuple[str, pa.Table]]:
        """Each table, reduced to its columns that are read. Whoever takes them is timed with the loading."""
        from adaudit.graph.analysis import Analysis  # needs scipy
        from adaudit.graph.answers.outlook import outlook_of

        start = time.perf_counter()
        facts = Facts(self._tables)
        for name, _ in derived(facts):
            start = self._lap("derive", name, start)
        analysis = Analysis(facts, self._tier0)
        for name, table in analysis.tables():
            facts.add(name, table)
            start = self._lap("derive", name, start)
        self.outlook = outlook_of(analysis, self._entry_points)
        start = self._lap("derive", "outlook", start)
        del analysis
        for name, columns in self._columns.items():
            if name in TABLES:
                yield name, facts.table(name).select(columns)
            start = self._lap("load", name, start)

    def _lap(self, step: str, name: str, start: float) -> float:
        now = time.perf_counter()
        self.timings.append(Timing(step, name, now - start))
        return now


def columns_read(book: RuleBook) -> dict[str, list[str]]:
    """For each base table, the columns that rules and the engine read, in the order of the schema."""
    read: dict[str, set[str]] = {name: set(columns) for name, columns in _ALWAYS.items()}
    for reading in book.readings.values():
        for name, column in _columns_of(reading, book):
            read.setdefault(name, set()).add(column)
    return {
        name: [c.name for c in TABLES[name].columns if c.name in columns] or [TABLES[name].columns[0].name]
        for name, columns in read.items()
    }


def _columns_of(reading: Reading, book: RuleBook) -> Iterator[tuple[str, str]]:
    for name, columns in reading.columns.items():
        if name in book.catalogues:
            continue
        yield from rows_of(name, book.views)
        for column in columns:
            yield from facts_of(name, column, book.views)
