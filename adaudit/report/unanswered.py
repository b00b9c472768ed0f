"""What was not assessed, by what it would take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from adaudit.engine.model import Audit, Result, Status
from adaudit.report.cards import Card
from adaudit.report.gaps import known_reason
from adaudit.report.texts import Texts
from adaudit.report.values import Format, clean


@dataclass(frozen=True)
class Reason:
    """Why facts are missing and how to obtain them, with the controls that have no answer first of all for it.

    ``tables``: the data that those controls lack."""

    id: str
    name: str
    why: str
    remedy: str
    tables: str
    count: str
    cards: tuple[Card, ...]


def reasons(audit: Audit, cards: dict[str, Card], texts: Texts) -> tuple[Reason, ...]:
    """Every reason met: those that leave most controls without an answer first, those that leave none last."""
    blocked: dict[str, list[Result]] = {}
    for result in audit.results:
        if result.status is Status.NOT_ASSESSED:
            blocked.setdefault(known_reason(_first_reason(result), texts), []).append(result)
    told = (gap for result in audit.results for gap in result.gaps)
    met = dict.fromkeys(known_reason(gap.reason, texts) for gap in (*told, *audit.coverage))
    found = (_reason(code, blocked.get(code, ()), cards, texts) for code in dict.fromkeys((*blocked, *met)))
    return tuple(sorted(found, key=lambda reason: -len(reason.cards)))


def _first_reason(result: Result) -> str:
    """The reason of the first gap that prevents an answer: the one to remove first."""
    return next((gap.reason for gap in result.gaps if gap.is_required or gap.levels), "")


def _reason(code: str, results: Sequence[Result], cards: dict[str, Card], texts: Texts) -> Reason:
    ordered = tuple(sorted((cards[r.rule.id] for r in results), key=lambda card: (card.priority or 9, card.id)))
    tables = Counter(
        table for r in results for table in {gap.table for gap in r.gaps if known_reason(gap.reason, texts) == code}
    )
    named = ", ".join(texts.label("tables", table) for table, _ in sorted(tables.items(), key=lambda t: (-t[1], t[0])))
    number = Format(texts).number(len(ordered))
    return Reason(
        code,
        name=texts(f"reasons.{code}.name"),
        why=texts(f"reasons.{code}.why"),
        remedy=texts(f"reasons.{code}.remedy"),
        tables=texts("not_assessed.tables", tables=clean(named)) if named else "",
        count=texts.count("not_assessed.controls", len(ordered), number) if ordered else "",
        cards=ordered,
    )
