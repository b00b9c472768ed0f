"""Missing facts in words: which ones, of which objects, why, and how to obtain them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from adaudit.engine.model import Gap, Result, Status
from adaudit.report.texts import Texts
from adaudit.report.values import clean
from adaudit.schema import TABLES

_ROWS = "*"


def fact(gap: Gap, texts: Texts) -> str:
    """The data and the attribute that are missing, as an administrator names them."""
    table = texts.label("tables", gap.table)
    if gap.column == _ROWS:
        return texts("not_assessed.whole_rows", table=table)
    return f"{table}{texts('colon')}{column_name(gap.table, gap.column, texts)}"


def column_name(table: str, column: str, texts: Texts) -> str:
    """The LDAP attribute that a column is decoded from, else the column in words where it has some."""
    columns = TABLES[table].columns if table in TABLES else ()
    return next((c.source for c in columns if c.name == column and c.source), texts.label("columns", column))


def known_reason(reason: str, texts: Texts) -> str:
    """The code of a reason that has a text."""
    return reason if reason in texts.section("reasons") else "unknown"


def alike(gaps: Iterable[Gap]) -> list[list[Gap]]:
    """Gaps of several facts with the same objects and reason, together, in the order of the first of each."""
    together: dict[tuple[object, ...], list[Gap]] = {}
    for gap in gaps:
        key = (gap.domain, gap.status, gap.reason, gap.count, gap.examples, gap.levels)
        together.setdefault(key, []).append(gap)
    return list(together.values())


def sentence(gaps: Sequence[Gap], texts: Texts) -> str:
    """Gaps that are alike, on one line."""
    gap = gaps[0]
    return texts(
        "not_assessed.gap",
        facts=", ".join(dict.fromkeys(fact(gap, texts) for gap in gaps)),
        domain=clean(gap.domain) or texts("not_assessed.everywhere"),
        status=texts.label("gap_status", gap.status),
        reason=texts(f"reasons.{known_reason(gap.reason, texts)}.name"),
    )


def outcome(result: Result, texts: Texts) -> str:
    """Why a result is not an answer, in a sentence; empty when it is one."""
    if result.status is Status.NOT_ASSESSED:
        missing = dict.fromkeys(fact(gap, texts) for gap in result.gaps if gap.is_required or gap.levels)
        return texts("outcome.gap", facts=", ".join(missing))
    if result.status is Status.ERROR:
        reason = result.reason if result.reason in texts.section("outcome") else "failed"
        return texts(f"outcome.{reason}", message=clean(result.message))
    return ""
