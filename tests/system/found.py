"""What an audit found, in the terms of a scenario."""

from __future__ import annotations

from adaudit.engine.model import Audit, Status
from tests.testbed import Expectation


def findings(judged: Audit) -> set[Expectation]:
    return {
        Expectation(result.rule.id, subject.dn or "", subject.level or 0)
        for result in judged.results
        for subject in result.subjects
        if result.status is Status.VIOLATIONS
    }
