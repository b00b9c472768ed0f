"""An audit of a sample finds what was planted in it, nothing more and nothing less."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from adaudit.engine import audit, load_rules
from adaudit.engine.model import Audit, Status
from adaudit.samples import Truth, generate, read_truth
from adaudit.samples.declared import Expectation
from adaudit.snapshot import open_snapshot
from tests.samples.conftest import COMMITTED

TOLD_IN_PART = {"info_privileged_members_recent_changes"}
"""No directory tells an ordinary account when a member was added."""


@cache
def judged(folder: Path, hospital: str) -> tuple[Audit, Truth]:
    with open_snapshot(folder / f"{hospital}.adsnap") as snapshot:
        return audit(snapshot, load_rules()), read_truth(folder / f"{hospital}.truth.toml")


def findings(result: Audit) -> set[Expectation]:
    return {
        Expectation(each.rule.id, subject.dn or "", subject.level or 0)
        for each in result.results
        for subject in each.subjects
        if each.status is Status.VIOLATIONS
    }


def assert_as_told(found: Audit, truth: Truth) -> set[tuple[str, int]]:
    """What is found beside what was declared, as rules and levels."""
    told = findings(found)
    assert set(truth.weaknesses) - told == set(), "declared and not found"
    of_population = {(each.rule, each.level) for each in told - set(truth.weaknesses)}
    not_assessed = {each.rule.id for each in found.results if each.status is Status.NOT_ASSESSED}
    assert not_assessed - TOLD_IN_PART == set(truth.not_assessed)
    assert found.level.indicative == truth.indicative_level
    return of_population


def test_the_findings_at_every_level_are_those_that_were_planted(hospital: str) -> None:
    found, truth = judged(COMMITTED, hospital)
    assert assert_as_told(found, truth) == set(truth.population.items())


def test_no_rule_errs_or_answers_in_part_on_a_sample(hospital: str) -> None:
    found, _ = judged(COMMITTED, hospital)
    assert [(each.rule.id, each.message) for each in found.results if each.status is Status.ERROR] == []
    assert {each.rule.id for each in found.results if each.incomplete} <= TOLD_IN_PART


def test_groups_behind_a_finding_are_told_by_name(hospital: str) -> None:
    found, _ = judged(COMMITTED, hospital)
    groups = [
        (each.rule.id, group)
        for each in found.results
        for subject in each.subjects
        for group in subject.evidence.get("groups") or ()
    ]
    assert groups
    assert [(rule, group) for rule, group in groups if isinstance(group, str) and group.startswith("S-1-")] == []


def test_other_people_in_another_number_have_the_same_weaknesses(hospital: str, tmp_path: Path) -> None:
    generate(hospital, tmp_path, seed=1, accounts=600)
    found, truth = judged(tmp_path, hospital)
    of_population = assert_as_told(found, truth)
    vulnerabilities = {(rule, level) for rule, level in of_population if rule.startswith("vuln_")}
    assert vulnerabilities <= set(truth.population.items()), "extras depend on how many people there are"
    assert truth.weaknesses == read_truth(COMMITTED / f"{hospital}.truth.toml").weaknesses


@pytest.mark.parametrize(("hospital", "level"), [("chu-valmorand", 1), ("ch-brasselune", 2), ("hl-troisormes", 4)])
def test_the_three_hospitals_stand_at_different_levels(hospital: str, level: int) -> None:
    assert read_truth(COMMITTED / f"{hospital}.truth.toml").indicative_level == level


def test_the_poorly_kept_hospital_breaks_most_of_the_rules() -> None:
    broken = {each.rule for each in read_truth(COMMITTED / "chu-valmorand.truth.toml").weaknesses}
    assert len(broken) >= 25
