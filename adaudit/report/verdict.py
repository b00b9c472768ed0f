"""Figures that the page and the terminal both tell of an audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from adaudit.engine.model import Audit, Control, Kind, Result, Status

ANSSI: Final = "anssi"


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


def first_to_fix(audit: Audit) -> list[Result]:
    """Vulnerabilities found, from the lowest level to the highest, then from the fewest objects to the most."""
    found = [
        result
        for result in audit.results
        if result.status is Status.VIOLATIONS and result.rule.kind is Kind.VULNERABILITY
    ]
    return sorted(found, key=lambda r: (r.level or 9, objects_behind(r), r.rule.id))
