"""The whole line on real directories: what an audit finds is what was planted, nothing more and nothing less."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from adaudit.engine import RuleBook, audit, load_rules
from adaudit.engine.model import Audit, Status
from adaudit.snapshot import open_snapshot
from tests.system.found import findings
from tests.testbed import Directory

pytestmark = pytest.mark.samba


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return load_rules()


def collected(directory: Directory, destination: Path, book: RuleBook, *options: str) -> Audit:
    """As an ordinary account collects it, SYSVOL included."""
    command = [sys.executable, "-m", "adaudit", "collect", "--server", directory.ip, "--user", directory.auditor.user]
    subprocess.run(
        [*command, "--ca-file", str(directory.ca_file), "-o", str(destination), *options],
        env={**os.environ, "ADAUDIT_PASSWORD": directory.auditor.password},
        check=True,
    )
    with open_snapshot(destination) as snapshot:
        return audit(snapshot, book)


@pytest.fixture(scope="module")
def hospital(samba_scenario: Directory, book: RuleBook, tmp_path_factory: pytest.TempPathFactory) -> Audit:
    return collected(samba_scenario, tmp_path_factory.mktemp("hospital") / "collected.adsnap", book)


@pytest.fixture(scope="module")
def unmodified(samba_baseline: Directory, book: RuleBook, tmp_path_factory: pytest.TempPathFactory) -> Audit:
    return collected(samba_baseline, tmp_path_factory.mktemp("unmodified") / "collected.adsnap", book)


def statuses(judged: Audit, status: Status) -> set[str]:
    return {result.rule.id for result in judged.results if result.status is status}


def test_every_planted_weakness_is_found_and_nothing_else(hospital: Audit, samba_scenario: Directory) -> None:
    found, expected = findings(hospital), samba_scenario.scenario.expected
    assert expected - found == set(), "planted and not found"
    assert found - expected == set(), "found and not planted"


def test_healthy_objects_beside_the_weak_ones_stay_quiet(hospital: Audit, samba_scenario: Directory) -> None:
    subjects = {(each.rule, each.subject) for each in findings(hospital)}
    assert subjects & samba_scenario.scenario.clean == set()


def test_an_unmodified_domain_shows_only_what_samba_is_known_to_lack(
    unmodified: Audit, samba_baseline: Directory
) -> None:
    assert findings(unmodified) == samba_baseline.scenario.expected


def test_what_the_ordinary_account_cannot_see_is_not_taken_for_healthy(unmodified: Audit) -> None:
    hidden = {"vuln_permissions_dpapi", "vuln_permissions_gmsa_keys", "vuln_permissions_msdns"}
    assert hidden <= statuses(unmodified, Status.NOT_ASSESSED)


def test_a_denied_attribute_of_a_privileged_account_makes_the_answer_incomplete(hospital: Audit) -> None:
    [result] = [each for each in hospital.results if each.rule.id == "vuln_dont_expire_priv"]
    assert result.incomplete
    assert any("Gaëlle Perrot (adm)" in dn for gap in result.gaps if gap.is_required for dn in gap.examples)


@pytest.mark.parametrize("name", ["hospital", "unmodified"])
def test_no_rule_ends_in_an_error(name: str, request: pytest.FixtureRequest) -> None:
    judged: Audit = request.getfixturevalue(name)
    assert [(each.rule.id, each.message) for each in judged.results if each.status is Status.ERROR] == []
