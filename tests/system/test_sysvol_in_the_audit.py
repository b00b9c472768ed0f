"""SYSVOL through the command line: collected unasked, left out on request, silent about passwords."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from adaudit.schema import COLLECTED
from adaudit.snapshot import open_snapshot
from tests.testbed import Directory

pytestmark = pytest.mark.samba


@dataclass(frozen=True)
class Collected:
    path: Path
    said: str


def collect(directory: Directory, destination: Path, *options: str) -> Collected:
    command = [sys.executable, "-m", "adaudit", "collect", "--server", directory.ip, "--user", directory.auditor.user]
    done = subprocess.run(
        [*command, "--ca-file", str(directory.ca_file), "-o", str(destination), *options],
        env={**os.environ, "ADAUDIT_PASSWORD": directory.auditor.password},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Collected(destination, done.stdout + done.stderr)


@pytest.fixture(scope="module")
def collected(samba_scenario: Directory, tmp_path_factory: pytest.TempPathFactory) -> Collected:
    return collect(samba_scenario, tmp_path_factory.mktemp("sysvol") / "chu.adsnap")


def test_no_planted_password_is_told_or_kept(collected: Collected, samba_scenario: Directory) -> None:
    in_the_directory = json.dumps(json.loads(samba_scenario.scenario.instructions)["objects"])
    planted = {secret for file in samba_scenario.scenario.planted for secret in file.secrets}
    secrets = {secret for secret in planted if secret not in in_the_directory} | {samba_scenario.auditor.password}
    assert len(secrets) >= 7
    log = subprocess.run(
        [sys.executable, "-m", "adaudit", "snapshot", "log", str(collected.path)], capture_output=True, check=True
    )
    held = [collected.said, log.stdout.decode()]
    with open_snapshot(collected.path) as snapshot:
        held += [str(snapshot.table(name).to_pylist()) for name in COLLECTED]
    assert {secret for secret in secrets for text in held if secret in text} == set()
    assert not any(secret.encode() in collected.path.read_bytes() for secret in secrets)


def test_sysvol_left_out_on_request_is_told_as_such(samba_scenario: Directory, tmp_path: Path) -> None:
    without = collect(samba_scenario, tmp_path / "without.adsnap", "--no-sysvol")
    with open_snapshot(without.path) as snapshot:
        assert snapshot.table("sysvol_files").num_rows == 0
        coverage = [row for row in snapshot.table("coverage").to_pylist() if row["table_name"] == "gpo_settings"]
    assert [(row["status"], row["reason"]) for row in coverage] == [("not_attempted", "excluded")]
