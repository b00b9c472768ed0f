"""Scores from 0 to 100, per family and for all: points are counted for what was found, never for what exists.

Each rule that finds something costs ``weight × share`` points. A family's score is halved by every ``FAMILY_HALF``
points, the global one by every ``GLOBAL_HALF``. ``docs/scores.md`` gives the reasons.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from adaudit.engine.model import Kind, Result, Rule, Severity, Status, SubjectKind
from adaudit.engine.standing import Score, ScoreLine, Scores

WEIGHTS: Final = {1: 20.0, 2: 10.0, 3: 5.0, 4: 2.0}
"""Points of a finding by its priority."""

LEAST: Final = max(WEIGHTS)

OF_SEVERITY: Final = {Severity.CRITICAL: 1, Severity.HIGH: 2, Severity.MEDIUM: 3, Severity.LOW: 4}

FAMILY_HALF: Final = 50.0
GLOBAL_HALF: Final = 300.0


@dataclass(frozen=True)
class _Cost:
    result: Result
    priority: int | None
    objects: int
    share: float
    points: float
    most: float

    @property
    def open_points(self) -> float:
        return self.most - self.points


def priority(rule: Rule, level: int | None = None) -> int | None:
    """Where a finding of this level stands from 1, the worst, to 4; without a level, the worst that the rule can find.

    The level of a vulnerability, the severity of an extra, one below the level of a warning, which ANSSI calls
    indicative. None for informations, which judge nothing.
    """
    if rule.severity is not None:
        return OF_SEVERITY[rule.severity]
    found = level if level is not None else min(rule.levels, default=None)
    if found is None or rule.kind is Kind.INFORMATION:
        return None
    return min(found + (rule.kind is Kind.WARNING), LEAST)


def scores_of(results: Iterable[Result]) -> Scores:
    """The scores, as the results stand: a subject that was accepted counts unless it was taken out."""
    costs = [_cost(result) for result in results if priority(result.rule)]
    families: dict[str, list[_Cost]] = {}
    for cost in costs:
        families.setdefault(cost.result.rule.family, []).append(cost)
    overall = _score(costs, GLOBAL_HALF)
    by_family = {family: _score(families[family], FAMILY_HALF) for family in sorted(families)}
    lines = [_line(cost, by_family[cost.result.rule.family], overall) for cost in costs if cost.most]
    return Scores(overall, by_family, tuple(sorted(lines, key=lambda x: (-x.points, -x.open_points, x.rule_id))))


def share_of(objects: int, subject: SubjectKind) -> float:
    """The part of a rule's weight that so many objects cost: three quarters for one, all from a hundred on.

    One way in is enough for an attacker, and mending ninety accounts of a hundred is still progress. A setting of a
    domain or of the forest is one thing that is right or wrong: it costs all.
    """
    if objects == 0:
        return 0.0
    if subject in (SubjectKind.DOMAIN, SubjectKind.FOREST):
        return 1.0
    return min(1.0, 0.75 + math.log10(objects) / 8)


def _cost(result: Result) -> _Cost:
    rule = result.rule
    found = result.status is Status.VIOLATIONS
    standing = priority(rule, result.level) if found else None
    objects = len({subject.key for subject in result.subjects}) if found else 0
    share = share_of(objects, rule.subject)
    points = share * _weight(standing)
    return _Cost(result, standing, objects, share, points, _weight(_worst(result)) if is_open(result) else points)


def _worst(result: Result) -> int | None:
    """The priority of the worst that what is unknown may hide."""
    if result.status is Status.ERROR or not result.unassessed_levels:
        return priority(result.rule)
    hidden = min(level for level in (*result.unassessed_levels, result.level) if level is not None)
    return priority(result.rule, hidden)


def is_open(result: Result) -> bool:
    """Whether something is unknown that may hide more."""
    return result.incomplete or result.status in (Status.NOT_ASSESSED, Status.ERROR)


def _weight(standing: int | None) -> float:
    return 0.0 if standing is None else WEIGHTS[standing]


def _score(costs: Sequence[_Cost], half: float) -> Score:
    points = math.fsum(cost.points for cost in costs)
    most = math.fsum(cost.most for cost in costs)
    weights = [(_weight(priority(cost.result.rule)), is_open(cost.result)) for cost in costs]
    total = math.fsum(weight for weight, _ in weights)
    answered = math.fsum(weight for weight, unknown in weights if not unknown)
    return Score(
        best=_halved(points, half),
        worst=_halved(most, half),
        assessed=answered / total if total else 0.0,
        points=points,
        open_points=most - points,
    )


def _halved(points: float, half: float) -> float:
    return float(100 * 2 ** (-points / half))


def _line(cost: _Cost, family: Score, overall: Score) -> ScoreLine:
    rule = cost.result.rule
    return ScoreLine(
        rule_id=rule.id,
        family=rule.family,
        priority=cost.priority,
        weight=_weight(cost.priority),
        objects=cost.objects,
        share=cost.share,
        points=cost.points,
        open_points=cost.open_points,
        family_gain=_halved(family.points - cost.points, FAMILY_HALF) - family.best,
        global_gain=_halved(overall.points - cost.points, GLOBAL_HALF) - overall.best,
    )
