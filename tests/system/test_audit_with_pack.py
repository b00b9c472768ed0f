"""``adaudit audit --rules``, with ``--timings``: from a pack to findings, and to an exit code when it fails."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from adaudit.cli.main import run
from adaudit.ingest.ingest import Ingest
from adaudit.snapshot import SourceInfo
from tests.engine.test_pack import PACK, RULE, change
from tests.ingest.conftest import BASE, CONFIGURATION, skeleton, text, user


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    """A small forest with one enabled account whose name says that no one answers for it."""
    path = tmp_path / "chu.adsnap"
    with Ingest(path, source=SourceInfo(kind="samples", tool="test")) as ingest:
        ingest.partition(BASE)
        ingest.partition(CONFIGURATION)
        for dn, attributes in (*skeleton(), user(20, "generique1", 1104, userAccountControl=text("512"))):
            ingest.add(dn, attributes)
        ingest.seal(as_of=None, as_of_origin="newest_change")
    return path


def test_an_audit_with_a_pack_tells_what_it_found_and_what_each_rule_took(
    snapshot: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit", str(snapshot), "--json", "--timings", "--rules", str(PACK)]) == 0
    printed = capsys.readouterr()
    found = {result["rule_id"]: result for result in json.loads(printed.out)["results"]}
    assert found["pack_generic_accounts"]["status"] == "violations"
    timed = {tuple(line.split()[2:]) for line in printed.err.splitlines()}
    assert {("rule", rule_id) for rule_id in found} <= timed
    assert {("derive", "tier0"), ("rules", "read"), ("judged",)} <= timed


def test_a_pack_whose_rule_fails_on_this_snapshot_ends_in_3_and_one_with_a_fault_in_4(
    snapshot: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = Path(shutil.copytree(PACK, tmp_path / "pack"))
    change(pack, "select principal_id as subject", "select dn::integer as subject")
    assert run(["audit", str(snapshot), "-o", str(tmp_path / "out"), "--rules", str(pack)]) == 3
    assert "pack_generic_accounts" in capsys.readouterr().err
    assert (tmp_path / "out" / "report.html").is_file()
    change(pack, "[en]", "[de]")
    assert run(["audit", str(snapshot), "-o", str(tmp_path / "none"), "--rules", str(pack)]) == 4
    assert f"{RULE}: en: missing" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
