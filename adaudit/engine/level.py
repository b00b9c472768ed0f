"""The indicative level, in the way of ANSSI: one failing threshold of level N gives N."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from adaudit.engine.model import Kind, Level, Result, Status

BEST: Final = 5
"""ANSSI publishes no control of level 5: it means that nothing fails."""


def level_of(results: Iterable[Result], catalogue: Mapping[str, tuple[int, ...]]) -> Level:
    """The level that vulnerability rules give, and the level were all that is not assessed to fail.

    ``catalogue``: the thresholds of every vulnerability control, those that no rule answers
    included. A threshold above one that fails in the same rule changes nothing and needs no answer.
    """
    judged = [r for r in results if r.rule.kind is Kind.VULNERABILITY]
    failing = [r.level for r in judged if r.level is not None]
    answered: dict[str, set[int]] = {control: set() for control in catalogue}
    for result in judged:
        levels = _answered_levels(result)
        for control in result.rule.controls:
            answered.setdefault(control, set()).update(levels)
    missing = {
        control: thresholds
        for control, levels in catalogue.items()
        if (thresholds := [level for level in levels if level not in answered[control]])
    }
    lowest = min(failing, default=BEST)
    return Level(
        indicative=lowest if any(answered.values()) else None,
        at_worst=min(lowest, *(level for thresholds in missing.values() for level in thresholds), BEST),
        not_assessed=tuple(sorted(missing)),
    )


def _answered_levels(result: Result) -> set[int]:
    if result.status is Status.ERROR:
        return set()
    found = {level for level in range(1, BEST) if result.level is not None and level >= result.level}
    return found | (set(result.rule.levels) - set(result.unassessed_levels))
