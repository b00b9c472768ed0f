"""Scores as the page shows them: one line per family, and what each rule costs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from adaudit.engine.model import Audit, Result, Status
from adaudit.engine.score import FAMILY_HALF, GLOBAL_HALF
from adaudit.engine.standing import Score, ScoreLine
from adaudit.report.cards import Card
from adaudit.report.texts import Texts
from adaudit.report.values import Format


@dataclass(frozen=True)
class ScoreView:
    """Rounded down, so that 100 is nothing found. ``shown``: one number, or both when something is unknown."""

    best: int
    worst: int
    shown: str
    assessed: str
    points: str


@dataclass(frozen=True)
class CostLine:
    """``sum``: the sum that gives the points; ``gain``: what mending would add to the family's score."""

    card: Card
    sum: str
    points: str
    gain: str


@dataclass(frozen=True)
class FamilyView:
    id: str
    name: str
    score: ScoreView
    excepted: ScoreView | None
    found: tuple[str, ...]
    compliant: str
    not_assessed: str
    costs: tuple[CostLine, ...]
    open_rules: str


@dataclass(frozen=True)
class ScoresView:
    overall: ScoreView
    excepted: ScoreView | None
    formula: str
    families: tuple[FamilyView, ...]


class ScoresBuilder:
    def __init__(self, audit: Audit, cards: dict[str, Card], texts: Texts) -> None:
        self._audit = audit
        self._cards = cards
        self._texts = texts
        self._format = Format(texts)

    def scores(self) -> ScoresView:
        audit = self._audit
        families = [self._family(family, score) for family, score in audit.scores.families.items()]
        number = self._format.number
        return ScoresView(
            overall=self._score(audit.scores.overall),
            excepted=self._score(audit.excepted.scores.overall) if audit.excepted else None,
            formula=self._texts("scores.formula", family=number(int(FAMILY_HALF)), overall=number(int(GLOBAL_HALF))),
            families=tuple(sorted(families, key=lambda f: (f.score.best, f.score.worst, f.name))),
        )

    def _score(self, score: Score) -> ScoreView:
        best, worst = math.floor(score.best), math.floor(score.worst)
        return ScoreView(
            best,
            worst,
            shown=self._texts("scores.interval", worst=worst, best=best) if worst < best else str(best),
            assessed=self._format.percent(math.floor(score.assessed * 100) / 100),
            points=self._format.number(round(score.points, 1)),
        )

    def _family(self, family: str, score: Score) -> FamilyView:
        texts, number = self._texts, self._format.number
        results = [result for result in self._audit.results if result.rule.family == family]
        lines = [line for line in self._audit.scores.lines if line.family == family]
        statuses = Counter(result.status for result in results)
        unknown = sum(bool(line.open_points) for line in lines)
        excepted = self._audit.excepted
        return FamilyView(
            id=family,
            name=texts.label("family", family),
            score=self._score(score),
            excepted=self._score(excepted.scores.families[family]) if excepted else None,
            found=tuple(number(n) if n else "" for n in self._found(results)),
            compliant=number(statuses[Status.COMPLIANT]),
            not_assessed=number(statuses[Status.NOT_ASSESSED] + statuses[Status.ERROR]),
            costs=tuple(self._cost(line) for line in lines if line.points),
            open_rules=texts.count("scores.open_rules", unknown, number(unknown)) if unknown else "",
        )

    def _found(self, results: Iterable[Result]) -> Iterable[int]:
        """Findings of each priority."""
        found = Counter(self._cards[r.rule.id].priority for r in results if r.status is Status.VIOLATIONS)
        return (found[n] for n in range(1, 5))

    def _cost(self, line: ScoreLine) -> CostLine:
        number = self._format.number
        share = self._format.percent(line.share)
        return CostLine(
            card=self._cards[line.rule_id],
            sum=self._texts("scores.sum", weight=number(line.weight), share=share),
            points=number(round(line.points, 1)),
            gain=f"+{number(round(line.family_gain, 1))}",
        )
