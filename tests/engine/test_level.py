"""The level, on results made by judging: what fails, what is not assessed, what no rule answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from adaudit.engine.model import Audit
from tests.engine.conftest import account, gap

Judge = Callable[..., Audit]
RECENT = {"last_logon_timestamp_at": datetime(2026, 10, 1)}
FOREVER = {"password_never_expires": True, **RECENT}


def test_nothing_fails_and_what_no_rule_answers_counts_at_worst(judged: Judge) -> None:
    level = judged(account(1, **RECENT)).level
    assert (level.indicative, level.at_worst, level.not_assessed) == (5, 4, ("vuln_unanswered",))


def test_the_lowest_failing_threshold_is_the_level(judged: Judge) -> None:
    assert judged(account(1, **FOREVER)).level.indicative == 2
    assert judged(account(1, **FOREVER), account(2, **FOREVER, admin_count=1)).level.indicative == 1


def test_a_control_that_is_not_assessed_counts_at_worst_only(judged: Judge) -> None:
    level = judged(account(1, **RECENT), gap("users", "last_logon_timestamp_at")).level
    assert (level.indicative, level.at_worst) == (5, 3)
    assert level.not_assessed == ("vuln_dormant", "vuln_unanswered")


def test_one_threshold_that_is_not_assessed_counts_at_worst(judged: Judge) -> None:
    level = judged(account(1, **FOREVER), gap("users", "admin_count")).level
    assert (level.indicative, level.at_worst) == (2, 1)
    assert "vuln_never_expires" in level.not_assessed


def test_a_gap_above_a_threshold_that_fails_changes_nothing(judged: Judge) -> None:
    level = judged(account(1, **FOREVER, admin_count=1), gap("users", "is_enabled")).level
    assert (level.indicative, level.at_worst) == (1, 1)
    assert "vuln_never_expires" not in level.not_assessed


def test_there_is_no_level_when_nothing_was_assessed(judged: Judge) -> None:
    level = judged(gap("users", "*"), gap("computers", "*")).level
    assert (level.indicative, level.at_worst) == (None, 1)
