"""Exceptions as the page shows them: every entry, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from adaudit.engine.model import Audit
from adaudit.engine.standing import AcceptanceState, AcceptanceUse
from adaudit.report.cards import Card
from adaudit.report.identities import Identities
from adaudit.report.texts import Texts
from adaudit.report.values import Format, clean

EXPIRED: Final = (AcceptanceState.EXPIRED,)
UNMATCHED: Final = (AcceptanceState.NO_RULE, AcceptanceState.NOT_ASSESSED, AcceptanceState.NOT_FOUND)
_ORDER: Final = (*EXPIRED, *UNMATCHED, AcceptanceState.IN_FORCE)


@dataclass(frozen=True)
class ExceptionLine:
    """``card``: the result of the rule, when there is such a rule. ``subjects``: the names it stands for."""

    rule: str
    card: Card | None
    subject: str
    names: tuple[str, ...]
    reason: str
    accepted_by: str
    until: str
    state: str
    is_in_force: bool


def exception_lines(audit: Audit, cards: dict[str, Card], texts: Texts) -> tuple[ExceptionLine, ...]:
    """Those that need a decision first: expired, then matching nothing, then in force."""
    names = _names(audit, Identities(texts))
    uses = sorted(audit.exceptions, key=lambda use: (_ORDER.index(use.state), use.acceptance.until))
    return tuple(_line(use, names.get(use.acceptance.place, {}), cards, texts) for use in uses)


def _names(audit: Audit, identities: Identities) -> dict[str, dict[str, str]]:
    """The names of the subjects of each entry, by the place of the entry and by key."""
    found: dict[str, dict[str, str]] = {}
    for result in audit.results:
        for subject in result.subjects:
            for acceptance in (subject.accepted, subject.expired):
                if acceptance:
                    shown = identities.name(subject.name, subject.key)
                    found.setdefault(acceptance.place, {})[subject.key] = shown
    return found


def _line(use: AcceptanceUse, names: dict[str, str], cards: dict[str, Card], texts: Texts) -> ExceptionLine:
    acceptance = use.acceptance
    return ExceptionLine(
        rule=acceptance.rule,
        card=cards.get(acceptance.rule),
        subject=clean(acceptance.subject),
        names=tuple(map(clean, names.values())),
        reason=clean(acceptance.reason),
        accepted_by=clean(acceptance.accepted_by),
        until=Format(texts).day(acceptance.until),
        state=texts(f"exceptions.state.{use.state.value}"),
        is_in_force=use.state is AcceptanceState.IN_FORCE,
    )
