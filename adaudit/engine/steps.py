"""What would lift the level, one step at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from adaudit.engine.level import BEST, unanswered
from adaudit.engine.model import Kind, Result, Subject
from adaudit.engine.standing import ObjectToChange, Obstacle, OpenControl, Step


def steps_of(results: Sequence[Result], catalogue: Mapping[str, tuple[int, ...]]) -> tuple[Step, ...]:
    """The steps from level 1 to 2 and so on to 5, the empty ones included. Only vulnerabilities are in them.

    ``catalogue``: the thresholds of every vulnerability control. A row tells the lowest threshold that its subject
    breaks: once that is mended, the subject may appear at a later step.
    """
    judged = [result for result in results if result.rule.kind is Kind.VULNERABILITY]
    missing = unanswered(judged, catalogue)
    return tuple(
        Step(
            target=level + 1,
            obstacles=tuple(_obstacles(judged, level)),
            not_assessed=tuple(
                OpenControl(control, level, tuple(r.rule.id for r in judged if control in r.rule.controls))
                for control, thresholds in sorted(missing.items())
                if level in thresholds
            ),
        )
        for level in range(1, BEST)
    )


def _obstacles(results: Sequence[Result], level: int) -> Iterator[Obstacle]:
    """The fewest objects first."""
    found = []
    for result in results:
        objects = {
            thing.key: thing for subject in result.subjects if subject.level == level for thing in _named(subject)
        }
        if objects:
            found.append(Obstacle(result.rule.id, result.rule.controls, level, tuple(objects.values())))
    yield from sorted(found, key=lambda obstacle: (len(obstacle.objects), obstacle.rule_id))


def _named(subject: Subject) -> Iterator[ObjectToChange]:
    for thing in subject.items or (subject,):
        yield ObjectToChange(thing.key, thing.name or thing.dn or "", subject.accepted is not None)
