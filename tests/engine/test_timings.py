"""``adaudit audit --timings``."""

from __future__ import annotations

from collections.abc import Callable

from adaudit.cli.timings import Stopwatch, timing_lines
from adaudit.engine.model import Audit
from adaudit.schema import COMPUTED
from tests.engine.conftest import account


def test_every_rule_and_every_computed_and_loaded_table_is_timed_slowest_first(judged: Callable[..., Audit]) -> None:
    audit = judged(account(1))
    watch = Stopwatch()
    watch.lap("judged")
    *steps, last = list(timing_lines(audit, watch))
    assert last.endswith(" s  judged")
    seconds = [float(line.split()[0]) for line in steps]
    assert seconds == sorted(seconds, reverse=True)
    timed = {tuple(line.split()[2:]) for line in steps}
    assert {("rule", result.rule.id) for result in audit.results} <= timed
    assert {("derive", name) for name in COMPUTED} <= timed
    assert {("load", "users"), ("load", "coverage")} <= timed
