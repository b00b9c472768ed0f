"""Figures that the page and the terminal both tell of an audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from adaudit.engine.model import Audit, Control, Kind, Result, Status
from adaudit.engine.score import priority

ANSSI: Final = "anssi"

ORDER_OF_KINDS: Final = (Kind.VULNERABILITY, Kind.EXTRA, Kind.WARNING)
"""At equal priority: what moves the level, what is as dangerous, what ANSSI only warns of."""

_NO_PRIORITY: Final = 9
"""Where results without a priority sort."""


@dataclass(frozen=True)
class Figures:
    """``catalogue``: the vulnerability controls of ANSSI's list; ``implemented``: those that a rule answers;
    ``answered``: those with a full answer in this audit."""

    catalogue: tuple[Control, ...]
    implemented: int
    answered: int

    @property
    def total(self) -> int:
        return len(self.catalogue)


def figures(audit: Audit) -> Figures:
    catalogue = tuple(
        control
        for controls in audit.controls.values()
        for control in controls
        if control.framework == ANSSI and control.id.startswith("vuln_")
    )
    judged = {c for result in audit.results if result.rule.kind is Kind.VULNERABILITY for c in result.rule.controls}
    open_ones = set(audit.level.not_assessed)
    return Figures(
        catalogue,
        implemented=sum(control.id in judged for control in catalogue),
        answered=sum(control.id not in open_ones for control in catalogue),
    )


def objects_behind(result: Result) -> int:
    """How many objects there are to look at: those behind the number where the subject is a domain or the forest."""
    return sum(len(subject.items) or 1 for subject in result.subjects)


def accepted_subjects(result: Result) -> int:
    """How many distinct subjects of a finding an exception in force accepts."""
    return len({subject.key for subject in result.subjects if subject.accepted})


def is_accepted(result: Result) -> bool:
    """Whether it is a finding of which nothing is left to mend, all of it being accepted."""
    return bool(result.subjects) and all(subject.accepted for subject in result.subjects)


def to_fix(audit: Audit) -> list[Result]:
    """What was found and is not accepted, in the order of Monday morning: the highest priority first; at equal
    priority vulnerabilities, then extras, then warnings; then the fewest objects."""
    found = [r for r in audit.results if r.status is Status.VIOLATIONS and not is_accepted(r)]
    return sorted(found, key=urgency)


def urgency(result: Result) -> tuple[int, int, int, str]:
    rule = result.rule
    kind = ORDER_OF_KINDS.index(rule.kind)
    return priority(rule, result.level) or _NO_PRIORITY, kind, objects_behind(result), rule.id
