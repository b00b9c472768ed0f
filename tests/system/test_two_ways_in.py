"""One directory collected by adaudit and dumped with ldapsearch gives the same tables and the same findings.

SYSVOL, which no dump holds, is left out; what ``coverage`` says of it differs in the reason.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from adaudit.engine import audit, load_rules
from adaudit.engine.model import Audit, Gap, Result, Status
from adaudit.importers.ldif import import_ldif
from adaudit.ingest.files import FILE_TABLES
from adaudit.schema import COLLECTED
from adaudit.snapshot import Snapshot, open_snapshot
from tests.collect.comparison import missing
from tests.system.found import findings
from tests.testbed import Directory

pytestmark = pytest.mark.samba

LOGON_TRACES = {"last_logon_at", "last_logon_raw", "logon_count"}
"""What the server itself writes when an account binds."""

WITHOUT_SYSVOL = {"excluded", "not_in_source"}
"""The reasons that tell it: left out on request, and not held by a dump."""


def collected(directory: Directory, folder: Path) -> Snapshot:
    destination = folder / "collected.adsnap"
    command = [sys.executable, "-m", "adaudit", "collect", "--server", directory.ip, "--user", directory.auditor.user]
    subprocess.run(
        [*command, "--ca-file", str(directory.ca_file), "-o", str(destination), "--no-sysvol"],
        env={"ADAUDIT_PASSWORD": directory.auditor.password},
        check=True,
    )
    return open_snapshot(destination)


def dumped(directory: Directory, folder: Path) -> Snapshot:
    destination = folder / "dumped.adsnap"
    files = [*directory.ldapsearch_dump(folder), *directory.ldapsearch_heads(folder)]
    import_ldif(files, destination, account=directory.auditor.user)
    return open_snapshot(destination)


@pytest.fixture(scope="module")
def both(samba_scenario: Directory, tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Snapshot]:
    folder = tmp_path_factory.mktemp("two-ways")
    return collected(samba_scenario, folder), dumped(samba_scenario, folder)


@pytest.mark.parametrize("name", sorted(COLLECTED))
def test_both_ways_give_the_same_table(both: tuple[Snapshot, Snapshot], name: str) -> None:
    columns = [column.name for column in COLLECTED[name].columns if column.name not in LOGON_TRACES]
    first, second = (
        [row for row in snapshot.table(name, columns).to_pylist() if row.get("table_name") not in FILE_TABLES]
        for snapshot in both
    )
    assert missing(first, second) == []
    assert first == second


@pytest.fixture(scope="module")
def judged(both: tuple[Snapshot, Snapshot]) -> tuple[Audit, Audit]:
    book = load_rules()
    return audit(both[0], book), audit(both[1], book)


def test_both_ways_give_the_same_findings(judged: tuple[Audit, Audit]) -> None:
    first, second = (
        {each.rule.id: (each.status, each.incomplete, gaps(each), each.subjects) for each in one.results}
        for one in judged
    )
    assert first == second


def gaps(result: Result) -> list[Gap]:
    """With one reason for what SYSVOL would have told."""
    return [replace(gap, reason="sysvol") if gap.reason in WITHOUT_SYSVOL else gap for gap in result.gaps]


def test_without_sysvol_nothing_is_missed_but_by_the_rules_that_say_they_lack_it(
    judged: tuple[Audit, Audit], samba_scenario: Directory
) -> None:
    found, expected = findings(judged[1]), samba_scenario.scenario.expected
    assert found - expected == set()
    lacking = {each.rule.id: each.status for each in judged[1].results if lacks_sysvol(each)}
    assert {each.rule for each in expected - found} - lacking.keys() == set()
    assert Status.COMPLIANT not in lacking.values()


def lacks_sysvol(result: Result) -> bool:
    return any(gap.reason in WITHOUT_SYSVOL and gap.is_required for gap in result.gaps)
