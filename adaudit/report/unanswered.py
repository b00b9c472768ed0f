"""What was not assessed, by what it would take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from adaudit.engine.model import Audit, Result, Status
from adaudit.report.cards import Card
from adaudit.report.gaps import known_reason
from adaudit.report.texts import Texts
from adaudit.report.values import Format


@dataclass(frozen=True)
class Reason:
    """Why facts are missing and how to obtain them, with the controls that have no answer first of all for it."""

    id: str
    name: str
    why: str
    remedy: str
    count: str
    cards: tuple[Card, ...]


def reasons(audit: Audit, cards: dict[str, Card], texts: Texts) -> tuple[Reason, ...]:
    """Every reason met: those that leave most controls without an answer first, those that leave none last."""
    blocked: dict[str, list[Card]] = {}
    for result in audit.results:
        if result.status is Status.NOT_ASSESSED:
            blocked.setdefault(known_reason(_first_reason(result), texts), []).append(cards[result.rule.id])
    told = (gap for result in audit.results for gap in result.gaps)
    met = dict.fromkeys(known_reason(gap.reason, texts) for gap in (*told, *audit.coverage))
    found = (_reason(code, blocked.get(code, ()), texts) for code in dict.fromkeys((*blocked, *met)))
    return tuple(sorted(found, key=lambda reason: -len(reason.cards)))


def _first_reason(result: Result) -> str:
    """The reason of the first gap that prevents an answer: the one to remove first."""
    return next((gap.reason for gap in result.gaps if gap.is_required or gap.levels), "")


def _reason(code: str, cards: Iterable[Card], texts: Texts) -> Reason:
    ordered = tuple(sorted(cards, key=lambda card: (card.rank or 9, card.id)))
    number = Format(texts).number(len(ordered))
    return Reason(
        code,
        name=texts(f"reasons.{code}.name"),
        why=texts(f"reasons.{code}.why"),
        remedy=texts(f"reasons.{code}.remedy"),
        count=texts.count("not_assessed.controls", len(ordered), number) if ordered else "",
        cards=ordered,
    )
