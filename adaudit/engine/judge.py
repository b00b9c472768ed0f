"""Run one rule and say what its rows and its gaps amount to."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import duckdb

from adaudit.engine.book import Reading
from adaudit.engine.check import bound
from adaudit.engine.database import Answer, Database, Scope, TimedOut
from adaudit.engine.gaps import EXAMPLES, gaps_of
from adaudit.engine.missing import Lack
from adaudit.engine.model import Beyond, Evidence, Gap, Kind, Rule, Status

SECONDS: Final = 120.0
"""Time that one statement of a rule may take."""


@dataclass(frozen=True)
class Row:
    """A violation, or a fact of an information rule, by the id of its subject."""

    subject: int | None
    level: int | None
    evidence: dict[str, Evidence]


@dataclass(frozen=True)
class ItemRow:
    """A row behind a number."""

    subject: int | None
    item: int | None
    evidence: dict[str, Evidence]


@dataclass(frozen=True)
class Verdict:
    """What one rule found, before its subjects are named."""

    status: Status
    rows: tuple[Row, ...] = ()
    items: tuple[ItemRow, ...] = ()
    examined: int | None = None
    gaps: tuple[Gap, ...] = ()
    unassessed_levels: tuple[int, ...] = ()
    reason: str = ""
    message: str = ""
    seconds: float = 0.0

    @property
    def incomplete(self) -> bool:
        """Something is missing that may hide more."""
        return bool(self.rows) and any(gap.is_required or gap.levels for gap in self.gaps)

    @property
    def level(self) -> int | None:
        return min((row.level for row in self.rows if row.level is not None), default=None)


_NOT_RECOGNISED: Final = "not_recognised"
_REASONS: Final = (_NOT_RECOGNISED, "not_in_source", *Beyond)
_STATUS_OF: Final = {_NOT_RECOGNISED: "failed", Beyond.KNOWN_HIDDEN.value: "denied"}


class RowError(Exception):
    """A row breaks the rule's own declaration."""


def judge(
    database: Database,
    lacks: Sequence[Lack],
    rule: Rule,
    reading: Reading,
    as_of: datetime,
    *,
    seconds: float = SECONDS,
) -> Verdict:
    """Run a rule. A fault of its SQL, or too long a run, ends in ``Status.ERROR`` for this rule alone.

    ``lacks``: what ``lay_out`` tells of the database.
    """
    start = time.perf_counter()
    try:
        with database.scope(reading.columns) as scope:
            verdict = _judge(scope, lacks, rule, reading, bound(rule, as_of), seconds)
    except TimedOut:
        verdict = Verdict(Status.ERROR, reason="timeout", message=f"not finished after {seconds:g} s")
    except (duckdb.Error, RowError) as error:
        verdict = Verdict(Status.ERROR, reason="failed", message=" ".join(str(error).split()))
    return replace(verdict, seconds=time.perf_counter() - start)


def _judge(
    scope: Scope,
    lacks: Sequence[Lack],
    rule: Rule,
    reading: Reading,
    parameters: Mapping[str, object],
    seconds: float,
) -> Verdict:
    rows = _rows(rule, scope.select(rule.sql, parameters, seconds=seconds)) if rule.sql else ()
    items: tuple[ItemRow, ...] = ()
    if rule.detail and rows:
        items = _items(rule.detail.evidence, scope.select(rule.detail.sql, parameters, seconds=seconds))
    examined = None
    if rule.population:
        scope.keep("examined", rule.population, parameters, seconds=seconds)
        examined = int(scope.select("select count(distinct subject) from examined", {}).rows[0][0])
    gaps = gaps_of(scope, lacks, reading, rule.subject if rule.population else None, rule.places)
    if rule.unknown:
        gaps = (*_unrecognised(scope.select(rule.unknown, parameters, seconds=seconds)), *gaps)
    if any(gap.is_required for gap in gaps):
        unassessed = rule.levels
    else:
        unassessed = tuple(n for n in rule.levels if any(n in gap.levels for gap in gaps))
    is_open = any(gap.is_required or gap.levels for gap in gaps)
    if rule.kind is Kind.INFORMATION and (rows or not is_open):
        status = Status.INFORMATION
    elif rows:
        status = Status.VIOLATIONS
    else:
        status = Status.NOT_ASSESSED if is_open else Status.COMPLIANT
    reason = "gap" if status is Status.NOT_ASSESSED else ""
    return Verdict(status, rows, items, examined, gaps, unassessed, reason)


def _rows(rule: Rule, answer: Answer) -> tuple[Row, ...]:
    rows = []
    for values in _named(answer):
        level = values.get("level", rule.levels[0] if len(rule.levels) == 1 else None)
        if rule.levels and level not in rule.levels:
            raise RowError(f"a row has level {level}, which the rule does not declare")
        rows.append(Row(values["subject"], level, {name: evidence(values[name]) for name in rule.evidence}))
    return tuple(rows)


def _unrecognised(answer: Answer) -> Iterator[Gap]:
    """Subjects that cannot be judged by what was read, as gaps grouped by fact (``table.column``) and reason."""
    examples: dict[tuple[str, str], list[str]] = {}
    for values in _named(answer):
        reason = values.get("reason", _NOT_RECOGNISED)
        if reason not in _REASONS:
            raise RowError(f"a row of unknown has the reason {reason}, which is none of {', '.join(_REASONS)}")
        examples.setdefault((str(values["fact"]), reason), []).append(str(values["example"]))
    for (fact, reason), found in sorted(examples.items()):
        table, _, column = fact.partition(".")
        status = _STATUS_OF.get(reason, "not_attempted")
        yield Gap(table, column or "*", "", status, reason, len(found), tuple(sorted(found)[:EXAMPLES]), True, ())


def _items(names: Sequence[str], answer: Answer) -> tuple[ItemRow, ...]:
    return tuple(
        ItemRow(values["subject"], values["item"], {name: evidence(values[name]) for name in names})
        for values in _named(answer)
    )


def _named(answer: Answer) -> Iterator[dict[str, Any]]:
    return (dict(zip(answer.columns, row, strict=True)) for row in answer.rows)


def evidence(value: object) -> Evidence:
    """A value of DuckDB as JSON knows it: moments in ISO 8601 with ``Z``, durations in days, bytes in hexadecimal."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case datetime():
            return value.isoformat(timespec="seconds") + "Z"
        case date():
            return value.isoformat()
        case timedelta():
            return value / timedelta(days=1)
        case Decimal():
            return float(value)
        case bytes():
            return value.hex()
        case list() | tuple():
            return [evidence(item) for item in value]
        case dict():
            return {str(key): evidence(item) for key, item in value.items()}
        case _:
            return str(value)
