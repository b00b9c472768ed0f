"""Scores: what each finding costs, what is unknown as an interval, and that mending never lowers them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaudit.engine.model import Kind, Result, Severity, Status, Subject, SubjectKind
from adaudit.engine.score import scores_of, share_of
from adaudit.engine.standing import Score
from tests.report.audits import result, rule, subject

EXTRA = {"kind": Kind.EXTRA, "levels": ()}


def found(rule_id: str, *levels: int | None, **of_rule: Any) -> Result:
    """A rule that found one subject of each of these levels."""
    subjects = tuple(subject(n, f"u{n}", level=level) for n, level in enumerate(levels))
    of = rule(rule_id, rule_id, **{"levels": (1, 2, 3, 4), **of_rule})
    return result(of, subjects=subjects, level=min((n for n in levels if n is not None), default=None))


def points(*results: Result) -> float:
    return scores_of(results).overall.points


def test_nothing_found_is_100_and_each_half_of_points_halves_the_score() -> None:
    assert scores_of([result(rule("vuln_a", "A"), Status.COMPLIANT)]).overall.best == 100
    domains = [found(f"vuln_{n}", 2, subject=SubjectKind.DOMAIN) for n in range(10)]
    five = scores_of(domains[:5])
    assert five.families["privileged"].points == 50
    assert five.families["privileged"].best == pytest.approx(50)
    assert scores_of(domains).families["privileged"].best == pytest.approx(25)


def test_a_control_without_subject_changes_nothing() -> None:
    one = found("vuln_a", 1)
    others = [result(rule(f"vuln_{n}", "X", family=f), Status.COMPLIANT) for n, f in enumerate(("privileged", "adcs"))]
    assert scores_of([one, *others]).overall.best == scores_of([one]).overall.best
    assert scores_of([one, *others]).families["privileged"].best == scores_of([one]).families["privileged"].best


def test_the_lowest_threshold_decides_the_weight_and_warnings_weigh_as_one_below() -> None:
    assert [points(found("vuln_a", level)) for level in (1, 2, 3, 4)] == [15, 7.5, 3.75, 1.5]
    assert points(found("vuln_a", 3, 1)) > points(found("vuln_a", 1))
    warnings = [points(found("warning_a", level, kind=Kind.WARNING)) for level in (1, 2, 3, 4)]
    assert warnings == [7.5, 3.75, 1.5, 1.5]


def test_an_extra_weighs_as_its_severity() -> None:
    assert [points(found("ext_a", None, **EXTRA, severity=severity)) for severity in Severity] == [15, 7.5, 3.75, 1.5]


def test_an_information_costs_nothing_and_makes_no_family() -> None:
    listed = result(
        rule("info_a", "A", kind=Kind.INFORMATION, levels=(), family="trusts"),
        Status.INFORMATION,
        subjects=(subject(1, "x", level=None),),
    )
    scores = scores_of([listed, found("vuln_a", 1)])
    assert list(scores.families) == ["privileged"]
    assert [line.rule_id for line in scores.lines] == ["vuln_a"]


def test_the_number_of_objects_adds_at_most_a_quarter() -> None:
    shares = [share_of(n, SubjectKind.PRINCIPAL) for n in (0, 1, 10, 100, 100_000)]
    assert shares == [0, 0.75, 0.875, 1, 1]
    assert share_of(1, SubjectKind.FOREST) == 1


def test_rows_of_one_subject_are_one_object() -> None:
    twice = found("vuln_a", 1)
    twice = replace(twice, subjects=(*twice.subjects, replace(twice.subjects[0], evidence={"dn": "other"})))
    assert scores_of([twice]).lines[0].objects == 1


@pytest.mark.parametrize(
    ("status", "levels", "worst"),
    [
        (Status.NOT_ASSESSED, (1, 2), 20),
        (Status.NOT_ASSESSED, (2,), 10),
        (Status.ERROR, (), 20),
    ],
)
def test_what_is_unknown_is_an_interval_and_no_points(status: Status, levels: tuple[int, ...], worst: float) -> None:
    unknown = result(rule("vuln_a", "A", levels=(1, 2)), status, unassessed_levels=levels)
    overall = scores_of([unknown]).overall
    assert (overall.points, overall.open_points, overall.assessed) == (0, worst, 0)
    assert overall.best == 100
    assert overall.worst == pytest.approx(100 * 2 ** (-worst / 300))


def test_an_incomplete_finding_may_cost_up_to_the_worst_that_is_hidden() -> None:
    incomplete = replace(found("vuln_a", 2), incomplete=True, unassessed_levels=(1,))
    line = scores_of([incomplete]).lines[0]
    assert (line.points, line.open_points) == (7.5, 12.5)


def test_the_share_assessed_goes_by_weight() -> None:
    answered = [result(rule(f"vuln_{n}", "X"), Status.COMPLIANT) for n in range(3)]
    unknown = result(rule("vuln_x", "X"), Status.NOT_ASSESSED, unassessed_levels=(1,))
    warning = result(rule("warning_x", "X", kind=Kind.WARNING, levels=(1,)), Status.COMPLIANT)
    assert scores_of([*answered, unknown]).overall.assessed == 0.75
    assert scores_of([unknown, warning]).overall.assessed == pytest.approx(1 / 3)


def test_lines_add_up_to_the_points_and_say_what_mending_would_bring() -> None:
    results = [found("vuln_a", 1, 2), found("vuln_b", 3, family="adcs"), found("warning_c", 1, kind=Kind.WARNING)]
    scores = scores_of(results)
    assert sum(line.points for line in scores.lines) == pytest.approx(scores.overall.points)
    assert [line.rule_id for line in scores.lines] == ["vuln_a", "warning_c", "vuln_b"]
    first = scores.lines[0]
    mended = scores_of([result(results[0].rule, Status.COMPLIANT), *results[1:]])
    assert mended.overall.best - scores.overall.best == pytest.approx(first.global_gain)
    assert mended.families["privileged"].best - scores.families["privileged"].best == pytest.approx(first.family_gain)


@st.composite
def judged(draw: st.DrawFn, rule_id: str) -> Result:
    """A rule as judging leaves it: its level is the lowest of its subjects, its status follows from rows and gaps."""
    kind = draw(st.sampled_from([Kind.VULNERABILITY, Kind.WARNING, Kind.EXTRA]))
    levels = () if kind is Kind.EXTRA else tuple(sorted(draw(st.sets(st.integers(1, 4), min_size=1))))
    of = rule(
        rule_id,
        rule_id,
        kind=kind,
        levels=levels,
        severity=draw(st.sampled_from(list(Severity))) if kind is Kind.EXTRA else None,
        subject=draw(st.sampled_from(list(SubjectKind))),
        family=draw(st.sampled_from(["acl", "adcs"])),
    )
    rows = draw(st.lists(st.sampled_from(levels or (None,)), max_size=12))
    subjects = tuple(subject(n, f"u{n}", level=level) for n, level in enumerate(rows))
    missing = draw(st.booleans())
    unassessed = tuple(sorted(draw(st.sets(st.sampled_from(levels), min_size=1)))) if missing and levels else ()
    base = result(of, subjects=subjects, unassessed_levels=unassessed, incomplete=missing and bool(subjects))
    return standing(base, subjects, missing=missing)


def standing(of: Result, subjects: tuple[Subject, ...], *, missing: bool) -> Result:
    none = Status.NOT_ASSESSED if missing else Status.COMPLIANT
    return replace(
        of,
        subjects=subjects,
        status=Status.VIOLATIONS if subjects else none,
        incomplete=missing and bool(subjects),
        level=min((s.level for s in subjects if s.level is not None), default=None),
    )


@given(st.data())
def test_mending_a_subject_never_lowers_a_score(data: st.DataObject) -> None:
    before = [data.draw(judged(f"ext_{n}")) for n in range(data.draw(st.integers(1, 5)))]
    place = data.draw(st.integers(0, len(before) - 1))
    chosen = before[place]
    left = tuple(s for s in chosen.subjects if data.draw(st.booleans()))
    missing = chosen.incomplete or chosen.status is Status.NOT_ASSESSED
    after = [*before[:place], standing(chosen, left, missing=missing), *before[place + 1 :]]
    assert_no_lower(scores_of(before).overall, scores_of(after).overall)
    for family, score in scores_of(before).families.items():
        assert_no_lower(score, scores_of(after).families[family])


@given(st.data())
def test_an_answer_moves_the_interval_inwards(data: st.DataObject) -> None:
    """Whatever a missing fact turns out to be, the score was announced."""
    others = [data.draw(judged("ext_other"))]
    known = data.draw(judged("ext_x"))
    unknown = result(known.rule, Status.NOT_ASSESSED, unassessed_levels=known.rule.levels)
    announced, told = scores_of([*others, unknown]).overall, scores_of([*others, known]).overall
    assert announced.worst <= told.worst + 1e-9
    assert told.worst <= told.best <= announced.best + 1e-9


def assert_no_lower(before: Score, after: Score) -> None:
    assert after.best >= before.best - 1e-9
    assert after.worst >= before.worst - 1e-9
    assert 0 <= after.worst <= after.best <= 100
