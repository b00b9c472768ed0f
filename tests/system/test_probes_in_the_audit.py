"""Probes of an unmodified domain through the command line: what the rules that rest on them make of its answers."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from adaudit.engine import audit, load_rules
from adaudit.engine.model import Audit, Status
from adaudit.snapshot import open_snapshot
from tests.testbed import Directory

pytestmark = pytest.mark.samba

ANSWERED = {
    "ext_dc_ldap_signing": Status.VIOLATIONS,
    "ext_dc_ldaps_channel_binding": Status.VIOLATIONS,
    "ext_dc_ldaps_tls_old": Status.VIOLATIONS,
    "ext_dc_webclient": Status.COMPLIANT,
    "ext_smb2_signing_disabled": Status.COMPLIANT,
    "ext_smb2_signing_not_required": Status.COMPLIANT,
    "ext_smbv1_dc": Status.COMPLIANT,
}
BEYOND = {
    "ext_dc_coerce_rpc": "no_answer",
    "ext_dc_not_updated": "installed_updates",
    "ext_dc_print_spooler": "no_answer",
    "ext_null_session": "not_probed",
}
"""Samba opens every pipe, whether or not a service stands behind it, and does not tell its updates."""


@pytest.fixture(scope="module")
def probed(samba_baseline: Directory, tmp_path_factory: pytest.TempPathFactory) -> Audit:
    destination = tmp_path_factory.mktemp("probed") / "probed.adsnap"
    account = samba_baseline.auditor
    command = [sys.executable, "-m", "adaudit", "collect", "--server", samba_baseline.ip, "--user", account.user]
    subprocess.run(
        [*command, "--ca-file", str(samba_baseline.ca_file), "-o", str(destination), "--probes", "--accept-probes"],
        env={**os.environ, "ADAUDIT_PASSWORD": account.password},
        check=True,
    )
    with open_snapshot(destination) as snapshot:
        return audit(snapshot, load_rules(only=[*ANSWERED, *BEYOND]))


def test_each_answer_of_the_controller_ends_as_the_verdict_it_deserves(probed: Audit) -> None:
    verdicts = {each.rule.id: (each.status, each.incomplete) for each in probed.results if each.rule.id in ANSWERED}
    assert verdicts == {rule: (status, False) for rule, status in ANSWERED.items()}


def test_an_answer_that_proves_nothing_is_neither_healthy_nor_weak(probed: Audit) -> None:
    rest = [each for each in probed.results if each.rule.id in BEYOND]
    assert {each.status for each in rest} == {Status.NOT_ASSESSED}
    assert {each.rule.id: {gap.reason for gap in each.gaps if gap.is_required} for each in rest} == {
        rule: {reason} for rule, reason in BEYOND.items()
    }
