"""One directory collected by adaudit and dumped with ldapsearch gives the same tables and the same findings.

SYSVOL, which no dump holds, is left out; what ``coverage`` says of it differs in the reason.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from adaudit.engine import audit, load_rules
from adaudit.importers import import_ldif
from adaudit.ingest.files import FILE_TABLES
from adaudit.schema import COLLECTED
from adaudit.snapshot import Snapshot, open_snapshot
from tests.collect.comparison import missing
from tests.testbed import Directory

pytestmark = pytest.mark.samba

LOGON_TRACES = {"last_logon_at", "last_logon_raw", "logon_count"}
"""What the server itself writes when an account binds."""


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
    import_ldif(directory.ldapsearch_dump(folder), destination, account=directory.auditor.user)
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


def test_both_ways_give_the_same_findings(both: tuple[Snapshot, Snapshot]) -> None:
    book = load_rules()
    first, second = (
        {result.rule.id: (result.status, result.incomplete, result.gaps, result.subjects) for result in judged.results}
        for judged in (audit(snapshot, book) for snapshot in both)
    )
    assert first == second
