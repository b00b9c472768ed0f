from __future__ import annotations

import csv
import json
import os
import stat
from pathlib import Path
from typing import get_args

import duckdb
import pyarrow.parquet as pq
import pytest

from adaudit.cli.main import run
from adaudit.schema import COLLECTED
from adaudit.snapshot import SnapshotWriter, SourceInfo, open_snapshot
from adaudit.snapshot.export import ExportForm
from tests.snapshot.material import HEADER, contents_of, rows, with_table

FORMS = get_args(ExportForm)


def adaudit(*arguments: object) -> int:
    return run(["snapshot", *map(str, arguments)])


def test_info_as_json_has_what_scripts_rely_on(sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert adaudit("info", sealed, "--json") == 0
    info = json.loads(capsys.readouterr().out)
    assert info["tables"]["objects"] == 2
    assert info["tables"].keys() == COLLECTED.keys()
    assert info["as_of"] == "2026-11-01T08:30:00Z"
    assert info["complete"] is True
    assert info["source"]["server"] == "dc1.corp.test"
    assert info["domains"] == [{"dns": "corp.test", "sid": "S-1-5-21-1-2-3", "is_collected": True}]
    assert info["coverage"] == [
        {"status": "denied", "reason": "no_read_right", "table": "objects", "column": "sd_id", "count": 2}
    ]


def test_info_in_text_names_the_domain_and_what_was_not_read(sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert adaudit("info", sealed) == 0
    shown = capsys.readouterr().out
    assert "corp.test S-1-5-21-1-2-3" in shown
    assert "objects.sd_id  denied, no_read_right" in shown


def test_info_tells_a_source_without_server_nor_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with SnapshotWriter(tmp_path / "x.adsnap") as writer:
        source = SourceInfo(kind="samples", tool="adaudit 0.1.0", account="svc-audit@corp.test")
        writer.seal(HEADER.model_copy(update={"source": source}))
    assert adaudit("info", tmp_path / "x.adsnap") == 0
    assert "Source    samples, read as svc-audit@corp.test\n" in capsys.readouterr().out


def test_control_characters_of_a_hostile_name_never_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with SnapshotWriter(tmp_path / "x.adsnap") as writer:
        writer.write_table("domains", rows("domains", {"dns_name": "evil\x1b[2J\u202e\nComplete  yes", "domain_id": 0}))
        writer.seal(HEADER)
    assert adaudit("info", tmp_path / "x.adsnap") == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert shown.count("\nComplete") == 1


def test_verify_says_that_hashes_match(sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert adaudit("verify", sealed) == 0
    shown = capsys.readouterr().out
    assert f"the hashes of {len(COLLECTED)} tables match" in shown
    with open_snapshot(sealed) as snapshot:
        assert snapshot.sha256 in shown


@pytest.mark.parametrize("command", ["info", "verify", "export --to csv -o out"])
def test_an_altered_snapshot_ends_every_command_with_code_4(
    sealed: Path, command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sealed.parent)
    whole = bytearray(sealed.read_bytes())
    whole[len(whole) // 2] ^= 1
    sealed.write_bytes(whole)
    name, *options = command.split()
    assert adaudit(name, sealed, *options) == 4
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "was altered" in captured.err
    assert list(sealed.parent.iterdir()) == [sealed]


def test_export_to_parquet_gives_the_files_that_were_hashed(sealed: Path, tmp_path: Path) -> None:
    assert adaudit("export", sealed, "--to", "parquet", "-o", tmp_path / "out") == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "manifest.json",
        *(f"{n}.parquet" for n in COLLECTED),
    }
    assert pq.read_table(tmp_path / "out" / "objects.parquet")["dn"].to_pylist()[1] == "CN=Zoé,DC=corp,DC=test"


def test_export_to_csv_writes_lists_as_json_bytes_as_hexadecimal_and_no_formula(sealed: Path, tmp_path: Path) -> None:
    assert adaudit("export", sealed, "--to", "csv", "-o", tmp_path / "out") == 0
    with (tmp_path / "out" / "objects.csv").open(encoding="utf-8", newline="") as file:
        head, zoe = csv.DictReader(file)
    assert json.loads(head["object_classes"]) == ["top", "domainDNS"]
    assert zoe["description"] == "'=cmd|' /C calc'!A0"
    with (tmp_path / "out" / "attributes.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.DictReader(file))["bytes"] == "00ff"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1", "\n=1", "  =1"])
def test_every_way_to_begin_a_formula_is_neutralised(tmp_path: Path, text: str) -> None:
    with SnapshotWriter(tmp_path / "x.adsnap") as writer:
        writer.write_table(
            "schema_attributes", rows("schema_attributes", {"link_id": -1, "name": text}, {"name": "Saint-Malo = mer"})
        )
        writer.seal(HEADER)
    assert adaudit("export", tmp_path / "x.adsnap", "--to", "csv", "-o", tmp_path / "out") == 0
    with (tmp_path / "out" / "schema_attributes.csv").open(encoding="utf-8", newline="") as file:
        hostile, harmless = csv.DictReader(file)
    assert hostile["name"] == "'" + text
    assert hostile["link_id"] == "-1"
    assert harmless["name"] == "Saint-Malo = mer"


def test_export_to_duckdb_gives_documented_tables(sealed: Path, tmp_path: Path) -> None:
    assert adaudit("export", sealed, "--to", "duckdb", "-o", tmp_path / "out.duckdb") == 0
    with duckdb.connect(str(tmp_path / "out.duckdb"), read_only=True) as database:
        assert database.sql("select dn from objects order by object_id").fetchall()[0] == ("DC=corp,DC=test",)
        comments = dict(database.sql("select table_name, comment from duckdb_tables()").fetchall())
        assert json.loads(database.sql("select json from manifest").fetchall()[0][0])["as_of"] == "2026-11-01T08:30:00Z"
    assert comments["objects"] == COLLECTED["objects"].doc
    assert COLLECTED.keys() <= comments.keys()


@pytest.mark.parametrize("form", FORMS)
def test_an_export_is_not_overwritten_unless_asked(
    sealed: Path, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("export", sealed, "--to", form, "-o", tmp_path / "out")
    assert adaudit(*arguments) == 0
    assert adaudit(*arguments) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert adaudit(*arguments, "--overwrite") == 0
    assert {path.name for path in tmp_path.iterdir()} == {"corp.adsnap", "out"}


def test_a_folder_with_other_files_is_never_replaced(sealed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.odt").write_text("precious")
    for form in FORMS:
        assert adaudit("export", sealed, "--to", form, "-o", out, "--overwrite") == 2
    assert (out / "thesis.odt").read_text() == "precious"


@pytest.mark.parametrize("form", ["csv", "duckdb"])
def test_a_table_that_cannot_be_decoded_leaves_no_export(sealed: Path, tmp_path: Path, form: str) -> None:
    damaged = bytearray(contents_of(sealed)["objects.parquet"])
    damaged[4:200] = bytes(196)
    with_table(sealed, "objects", bytes(damaged), 2)
    assert adaudit("export", sealed, "--to", form, "-o", tmp_path / "out") == 4
    assert list(tmp_path.iterdir()) == [sealed]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps permissions in ACLs")
@pytest.mark.parametrize("form", FORMS)
def test_only_the_owner_may_read_an_export(sealed: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / "out"
    assert adaudit("export", sealed, "--to", form, "-o", out) == 0
    files = list(out.iterdir()) if out.is_dir() else [out]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(out.stat().st_mode) == (0o700 if out.is_dir() else 0o600)


@pytest.mark.parametrize("command", [[], ["info"], ["verify"], ["export"]])
def test_help_shows_an_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert adaudit(*command, "--help") == 0
    assert "Example: adaudit snapshot" in capsys.readouterr().out
