"""Why a collection is incomplete, in few words."""

from __future__ import annotations

from adaudit.collect.collector import told_briefly


def test_reasons_that_do_not_fit_are_counted_and_none_is_cut_in_the_middle() -> None:
    problems = [f"dc{number}.chu.example:636: unknown" for number in range(100)]
    told = told_briefly(problems) or ""
    *shown, more = told.split("; ")
    assert len(told) < 600
    assert shown == problems[: len(shown)]
    assert more == f"and {100 - len(shown)} more"


def test_few_reasons_are_told_whole_and_none_is_none() -> None:
    assert told_briefly(["cut", "slow"]) == "cut; slow"
    assert told_briefly([]) is None


def test_one_endless_reason_is_cut_visibly() -> None:
    told = told_briefly(["x" * 100_000, "cut"]) or ""
    assert len(told) < 600
    assert told.endswith("…; and 1 more")
