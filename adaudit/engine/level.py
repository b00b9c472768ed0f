"""The indicative level, in the way of ANSSI: one failing threshold of level N gives N."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from adaudit.engine.model import Kind, Level, Result, Status

BEST: Final = 5
"""ANSSI publishes no control of level 5: it means that nothing fails."""


def level_of(results: Iterable[Result], catalogue: Mapping[str, tuple[int, ...]]) -> Level:
    """The level that vulnerability rules give, and the level were all that is not assessed to fail.

    ``catalogue``: the thresholds of every vulnerability control, those that no rule answers included.
    """
    judged = [r for r in results if r.rule.kind is Kind.VULNERABILITY]
    missing = unanswered(judged, catalogue)
    lowest = min((r.level for r in judged if r.level is not None), default=BEST)
    return Level(
        indicative=lowest if any(_answered_levels(r) for r in judged) else None,
        at_worst=min(lowest, *(level for thresholds in missing.values() for level in thresholds), BEST),
        not_assessed=tuple(sorted(missing)),
    )


def unanswered(judged: Iterable[Result], catalogue: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """For each control without a full answer, the thresholds that may fail unseen.

    A threshold above one that fails in the same rule changes nothing and needs no answer.
    """
    answered: dict[str, set[int]] = {control: set() for control in catalogue}
    for result in judged:
        levels = _answered_levels(result)
        for control in result.rule.controls:
            answered.setdefault(control, set()).update(levels)
    return {
        control: thresholds
        for control, levels in catalogue.items()
        if (thresholds := tuple(level for level in levels if level not in answered[control]))
    }


def _answered_levels(result: Result) -> set[int]:
    if result.status is Status.ERROR:
        return set()
    found = {level for level in range(1, BEST) if result.level is not None and level >= result.level}
    return found | (set(result.rule.levels) - set(result.unassessed_levels))
