"""``adaudit collect`` as a user meets it: options, passwords, exit codes, what it prints."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from adaudit.cli.collect import command
from adaudit.cli.main import run
from adaudit.snapshot import open_snapshot

if TYPE_CHECKING:
    from tests.testbed import Directory

NOBODY = ["collect", "--server", "127.0.0.1", "--port", "1", "--user", "a@chu.example"]
"""A server where nothing listens: what is refused before connecting does not end in exit code 5."""


@pytest.fixture(autouse=True)
def _no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ADAUDIT_PASSWORD", raising=False)


def arguments(directory: Directory, output: Path) -> list[str]:
    asked = ["collect", "--server", directory.ip, "--ca-file", str(directory.ca_file)]
    return [*asked, "--user", directory.auditor.user, "-o", str(output)]


@pytest.mark.samba
def test_a_collection_says_what_it_did_and_what_comes_next(
    samba_baseline: Directory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ADAUDIT_PASSWORD", samba_baseline.auditor.password)
    output = tmp_path / "x.adsnap"
    assert run([*arguments(samba_baseline, output), "--start-tls"]) == 0
    printed = capsys.readouterr()
    with open_snapshot(output) as snapshot:
        objects = snapshot.manifest.tables["objects"].rows
    assert f"{objects:,} objects read" in printed.out
    assert f"adaudit audit {output}" in printed.out
    assert printed.err == ""


@pytest.mark.samba
def test_the_json_summary_is_all_of_stdout(
    samba_baseline: Directory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "password").write_text(f"{samba_baseline.auditor.password}\r\n")
    asked = [*arguments(samba_baseline, tmp_path / "x.adsnap"), "--password-file", str(tmp_path / "password")]
    assert run([*asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["complete"] is True
    assert told["objects"] > 3000
    assert told["coverage"]["denied"] > 0


@pytest.mark.samba
def test_refused_facts_change_the_exit_code_only_when_strict(
    samba_baseline: Directory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADAUDIT_PASSWORD", samba_baseline.auditor.password)
    asked = arguments(samba_baseline, tmp_path / "x.adsnap")
    assert run(asked) == 0
    assert run([*asked, "--overwrite", "--strict"]) == 3
    with open_snapshot(tmp_path / "x.adsnap") as snapshot:
        assert snapshot.manifest.complete is True


@pytest.mark.samba
def test_a_wrong_password_ends_in_5_and_is_not_repeated_to_the_screen(
    samba_baseline: Directory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ADAUDIT_PASSWORD", "Wr0ng!secret")
    assert run(arguments(samba_baseline, tmp_path / "x.adsnap")) == 5
    printed = capsys.readouterr()
    assert "wrong user name or password" in printed.err
    assert printed.err.count("\n") == 1
    assert "Wr0ng!secret" not in printed.out + printed.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.samba
def test_progress_is_drawn_on_a_terminal(samba_baseline: Directory, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "ADAUDIT_PASSWORD": samba_baseline.auditor.password, "NO_COLOR": "1", "TERM": "xterm"}
    process = subprocess.Popen(
        [sys.executable, "-c", "from adaudit.cli import main; main()", *arguments(samba_baseline, tmp_path / "x")],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    drawn = b""
    try:
        while read := os.read(ours, 65536):
            drawn += read
    except OSError:  # Linux tells the end of a terminal this way
        pass
    process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == 0
    assert b"objects" in drawn
    assert samba_baseline.base_dn.encode() in drawn
    assert b"\x1b[3" not in drawn  # no colour


def test_an_existing_snapshot_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "x.adsnap"
    output.write_text("precious")
    assert run([*NOBODY, "-o", str(output)]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert output.read_text() == "precious"


def test_the_earlier_collection_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "x.adsnap"
    output.write_text("precious")
    same = tmp_path / ".." / tmp_path.name / "x.adsnap"
    assert run([*NOBODY, "-o", str(output), "--since", str(same), "--overwrite"]) == 2
    assert "another name" in capsys.readouterr().err
    assert output.read_text() == "precious"


def test_a_missing_folder_is_told_before_connecting(tmp_path: Path) -> None:
    assert run([*NOBODY, "-o", str(tmp_path / "nowhere" / "x.adsnap")]) == 2


def test_start_tls_and_plain_text_exclude_each_other(tmp_path: Path) -> None:
    assert run([*NOBODY, "--start-tls", "--allow-plaintext", "-o", str(tmp_path / "x.adsnap")]) == 2


def test_without_password_nor_terminal_the_command_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        assert run([*NOBODY, "-o", str(tmp_path / "x.adsnap")]) == 2
    assert "ADAUDIT_PASSWORD" in capsys.readouterr().err


def test_a_password_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    asked = [*NOBODY, "-o", str(tmp_path / "x.adsnap")]
    assert run([*asked, "--password-file", str(tmp_path / "missing")]) == 2


def test_no_server_ends_in_5(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADAUDIT_PASSWORD", "secret")
    assert run([*NOBODY, "-o", str(tmp_path / "x.adsnap")]) == 5


def test_no_option_takes_a_password() -> None:
    assert [option for each in command.params for option in each.opts if "pass" in option] == ["--password-file"]


def test_the_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["collect", "--help"]) == 0
    assert "Example: adaudit collect --server" in capsys.readouterr().out
