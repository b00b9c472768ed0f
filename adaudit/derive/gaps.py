"""Rows of ``coverage`` that tell of something missing, by table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.facts import Facts


class Gap(NamedTuple):
    """A row of ``coverage``."""

    table_name: str | None
    column_name: str | None
    domain_id: int | None
    object_id: int | None
    dn: str | None
    status: str | None
    reason: str | None
    detail: str | None

    @property
    def is_wide(self) -> bool:
        """It concerns a whole domain, or the forest."""
        return self.object_id is None and self.dn is None


class Gaps:
    """The gaps of the collected tables."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._by_table: dict[str | None, list[Gap]] = {}
        for gap in (Gap(*row) for row in facts.rows("coverage", *Gap._fields)):
            if gap.status != "collected":
                self._by_table.setdefault(gap.table_name, []).append(gap)

    def of(self, table: str, *columns: str) -> Iterator[Gap]:
        """Gaps in some columns of a table, and in its rows."""
        return (gap for gap in self._by_table.get(table, ()) if gap.column_name in ("*", *columns))

    def wide(self, *tables: str) -> Iterator[Gap]:
        """Domains whose rows are missing from one of the tables."""
        return (gap for table in tables for gap in self.of(table) if gap.is_wide)

    def about(self, dn: str, tables: Iterable[str]) -> Gap | None:
        """What is told of an object that was never seen."""
        return next((gap for table in tables for gap in self._unseen.get((table, dn.lower()), ())), None)

    def as_lost_rows(self, gaps: Iterable[Gap]) -> Iterator[Gap]:
        """Those gaps, as hiding rows about objects that nobody can name: the DN is only where they would be found."""
        for gap in gaps:
            dn = gap.dn if gap.object_id is None else self._dn_of.get(gap.object_id)
            yield gap._replace(column_name="*", object_id=None, dn=dn)

    @cached_property
    def _unseen(self) -> dict[tuple[str | None, str], list[Gap]]:
        found: dict[tuple[str | None, str], list[Gap]] = {}
        for table, gaps in self._by_table.items():
            for gap in gaps:
                if gap.dn is not None:
                    found.setdefault((table, gap.dn.lower()), []).append(gap)
        return found

    @cached_property
    def _dn_of(self) -> dict[int, str]:
        concerned = {gap.object_id for gaps in self._by_table.values() for gap in gaps if gap.object_id is not None}
        objects = self._facts.table("objects")
        here = objects.filter(pc.is_in(objects["object_id"], pa.array(sorted(concerned), pa.int32())))
        return dict(Facts({"objects": here}).rows("objects", "object_id", "dn"))
