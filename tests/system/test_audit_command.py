"""``adaudit audit`` from a snapshot file to a report, with its exit codes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from adaudit.cli import audit as audit_command
from adaudit.cli.main import run
from adaudit.engine import load_rules
from adaudit.engine.model import Audit, Kind, Severity, Status
from adaudit.engine.standing import Acceptance
from adaudit.ingest.ingest import Ingest
from adaudit.snapshot import SourceInfo
from tests.ingest.conftest import BASE, CONFIGURATION, group, skeleton, text, user
from tests.report.audits import full_audit, make_audit, result, rule, subject

SECRET = "Hopital2024!"
OLD = text("116444736000000000")
EXCEPTION = """
[[exception]]
rule = "vuln_dont_expire_priv"
subject = "sid:S-1-5-21-1111-2222-3333-1104"
reason = "automate remplacé en mars"
accepted_by = "RSSI"
until = 2999-12-31
"""
HIDDEN_NAME = "Pirate\u202egnp.exe"


@pytest.fixture(autouse=True)
def rules_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_command, "load_rules", _load_rules)


_load_rules = cache(load_rules)


@pytest.fixture
def snapshot(tmp_path: Path) -> Callable[..., Path]:
    """A small forest in which a Domain Admin's password never expires and is written in its name."""

    def seal(**options: Any) -> Path:
        path = tmp_path / "chu.adsnap"
        name = f"{HIDDEN_NAME} mdp: {SECRET}"
        admin = user(20, name, 1104, userAccountControl=text("66048"), pwdLastSet=OLD)
        with Ingest(path, source=SourceInfo(kind="samples", tool="test")) as ingest:
            ingest.partition(BASE)
            ingest.partition(CONFIGURATION)
            for dn, attributes in (*skeleton(), admin, group(21, "Domain Admins", 512, member=text(admin[0]))):
                ingest.add(dn, attributes)
            for note in options.pop("notes", ()):
                ingest.note(**note)
            ingest.seal(as_of=None, as_of_origin="newest_change", **options)
        return path

    return seal


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch, snapshot: Callable[..., Path]) -> Callable[[Audit], list[str]]:
    """Make the engine give that audit; what comes back is the start of the command."""

    def give(audit: Audit) -> list[str]:
        monkeypatch.setattr(audit_command, "audit", lambda *_, **__: audit)
        path = snapshot()
        return ["audit", str(path), "-o", str(path.parent / "out")]

    return give


def test_a_snapshot_becomes_a_report(
    snapshot: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = snapshot()
    assert run(["audit", str(path), "-o", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr()
    assert "Niveau indicatif : 1 sur 5" in printed.out
    assert "À corriger d'abord" in printed.out
    assert str(tmp_path / "out" / "report.html") in printed.out
    assert printed.err == ""
    found = json.loads((tmp_path / "out" / "findings.json").read_text(encoding="utf-8"))
    schema = Path(audit_command.__file__).parent.parent / "report" / "findings.schema.json"
    jsonschema.validate(found, json.loads(schema.read_text(encoding="utf-8")))
    rule_found = next(r for r in found["results"] if r["rule_id"] == "vuln_dont_expire_priv")
    assert (rule_found["status"], rule_found["level"]) == ("violations", 1)
    assert rule_found["subjects"][0]["sid"] == "S-1-5-21-1111-2222-3333-1104"
    for name in ("report.html", "findings.json", "findings.csv"):
        content = (tmp_path / "out" / name).read_text(encoding="utf-8")
        assert SECRET not in content
        assert "******" in content


def test_json_prints_the_findings_alone(
    snapshot: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = snapshot()
    assert run(["audit", str(path), "--json"]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed)["format"] == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["chu.adsnap"]
    assert run(["audit", str(path), "--json", "-o", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out == printed == (tmp_path / "out" / "findings.json").read_text(encoding="utf-8")


def test_english_on_request(snapshot: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", str(snapshot()), "-o", str(tmp_path / "out"), "--lang", "en"]) == 0
    assert "Indicative level: 1 out of 5" in capsys.readouterr().out
    assert '<html lang="en">' in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_fail_on_is_about_findings_of_that_level_or_worse(judged: Callable[[Audit], list[str]]) -> None:
    of_level_2 = result(rule("vuln_x", "X", levels=(2,)), level=2, subjects=(subject(1, "x", level=2),))
    command = judged(make_audit(of_level_2, result(rule("vuln_y", "Y"), Status.COMPLIANT)))
    assert [run([*command, "--fail-on", str(level)]) for level in (1, 2, 3)] == [0, 1, 1]
    assert run(command) == 0


def test_fail_on_counts_the_severity_of_extras_as_a_level(judged: Callable[[Audit], list[str]]) -> None:
    high = rule("ext_x", "X", kind=Kind.EXTRA, levels=(), severity=Severity.HIGH)
    command = judged(make_audit(result(high, subjects=(subject(1, "x", level=None),))))
    assert [run([*command, "--fail-on", str(level)]) for level in (1, 2)] == [0, 1]


def test_fail_on_leaves_out_what_is_accepted_and_not_what_has_expired(judged: Callable[[Audit], list[str]]) -> None:
    entry = Acceptance("vuln_x", "sid:S-1-1-0", "why", "who", date(2027, 1, 1), "x.toml:1")
    codes = []
    for changes in ({"accepted": entry}, {"expired": entry}):
        found = result(rule("vuln_x", "X"), level=1, subjects=(subject(1, "x", **changes),))
        codes.append(run([*judged(make_audit(found)), "--fail-on", "1"]))
    assert codes == [0, 1]


def test_an_accepted_finding_is_told_as_accepted_and_both_levels_are(
    snapshot: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = EXCEPTION + EXCEPTION.replace("-1104", "-9999") + EXCEPTION.replace("vuln_dont_expire_priv", "vuln_gone")
    (tmp_path / "exceptions.toml").write_text(entries, encoding="utf-8")
    options = ["--exceptions", str(tmp_path / "exceptions.toml")]
    assert run(["audit", str(snapshot()), "-o", str(tmp_path / "out"), *options]) == 0
    printed = capsys.readouterr().out
    assert "Niveau indicatif : 1 sur 5" in printed
    assert "Avec les exceptions : niveau" in printed
    assert "Exceptions en vigueur : 1, expirées : 0, sans objet : 2" in printed
    assert "exceptions.toml:9 : vuln_dont_expire_priv" in printed
    found = json.loads((tmp_path / "out" / "findings.json").read_text(encoding="utf-8"))
    rule_found = next(r for r in found["results"] if r["rule_id"] == "vuln_dont_expire_priv")
    assert (rule_found["status"], rule_found["level"]) == ("violations", 1)
    assert rule_found["subjects"][0]["accepted"]["accepted_by"] == "RSSI"
    assert [use["state"] for use in found["exceptions"]] == ["in_force", "not_assessed", "no_rule"]
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Accepté jusqu&#39;au 31/12/2999 par RSSI : automate remplacé en mars" in page
    assert "automate remplacé en mars" in (tmp_path / "out" / "findings.csv").read_text(encoding="utf-8")


def test_exceptions_that_cannot_be_used_are_4_and_nothing_is_written(
    snapshot: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "exceptions.toml").write_text(EXCEPTION.replace("sid:S-1", "S-1"), encoding="utf-8")
    options = ["--exceptions", str(tmp_path / "exceptions.toml")]
    assert run(["audit", str(snapshot()), "-o", str(tmp_path / "out"), *options]) == 4
    assert "exceptions.toml:4: exception.0.subject" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_rule_in_error_is_3_even_with_fail_on(
    judged: Callable[[Audit], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    command = judged(full_audit())
    assert run(command) == 3
    assert run([*command, "--fail-on", "1"]) == 3
    printed = capsys.readouterr()
    assert "1 règle en erreur : vuln_owner" in printed.err
    assert "Niveau indicatif" in printed.out
    assert Path(command[-1], "report.html").exists()


def test_facts_denied_are_3_only_when_strict(judged: Callable[[Audit], list[str]]) -> None:
    command = judged(make_audit(result(rule("vuln_x", "X"), Status.COMPLIANT)))
    assert run(command) == 0
    assert run([*command, "--strict"]) == 3


def test_strict_accepts_what_was_merely_not_attempted(judged: Callable[[Audit], list[str]]) -> None:
    audit = make_audit(result(rule("vuln_x", "X"), Status.COMPLIANT))
    gaps = tuple(replace(gap, status="not_attempted") for gap in audit.coverage)
    assert run([*judged(replace(audit, coverage=gaps)), "--strict"]) == 0


def test_an_interrupted_collection_is_3_and_still_reported(
    snapshot: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = snapshot(incomplete_reason="interrupted")
    assert run(["audit", str(path), "-o", str(tmp_path / "out"), "--fail-on", "1"]) == 3
    assert "la collecte est incomplète : interrupted" in capsys.readouterr().err
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "collecte interrompue ou tronquée" in page


def test_a_file_that_is_no_snapshot_is_4_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.adsnap").write_bytes(b"PK\x03\x04 nothing")
    assert run(["audit", str(tmp_path / "x.adsnap"), "-o", str(tmp_path / "out")]) == 4
    assert not (tmp_path / "out").exists()


def test_a_file_in_the_place_of_the_folder_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("kept", encoding="utf-8")
    (tmp_path / "x.adsnap").write_bytes(b"PK\x03\x04 nothing")
    assert run(["audit", str(tmp_path / "x.adsnap"), "-o", str(tmp_path / "out")]) == 2
    assert (tmp_path / "out").read_text(encoding="utf-8") == "kept"


@pytest.mark.parametrize("wrong", [[], ["-o", "out", "--fail-on", "0"], ["-o", "out", "--lang", "de"]])
def test_a_wrong_command_is_2(snapshot: Callable[..., Path], wrong: list[str]) -> None:
    assert run(["audit", str(snapshot()), *wrong]) == 2


def test_the_terminal_shows_hidden_characters_and_no_password(
    judged: Callable[[Audit], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    hidden, secret = "chu\x1b[2J\u202e", f"mdp: {SECRET}"
    run(judged(make_audit(forest=hidden, is_complete=False, incomplete_reason=f"{hidden}\n{secret}")))
    run(judged(make_audit(forest=secret, is_complete=False, incomplete_reason=hidden)))
    printed = capsys.readouterr()
    for output in (printed.out, printed.err):
        assert "\x1b" not in output
        assert "\\x1b[2J\\u202e" in output
        assert SECRET not in output


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
@pytest.mark.parametrize(("variables", "is_coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_for_terminals_and_no_color_is_respected(
    snapshot: Callable[..., Path], tmp_path: Path, variables: dict[str, str], is_coloured: bool
) -> None:
    command = [sys.executable, "-c", "from adaudit.cli import main; main()"]
    arguments = ["audit", str(snapshot()), "-o", str(tmp_path / "out")]
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm-256color"} | variables
    theirs, ours = pty.openpty()
    done = subprocess.Popen([*command, *arguments], stdout=ours, stderr=subprocess.PIPE, env=environment)
    os.close(ours)
    shown = b""
    try:
        while chunk := os.read(theirs, 65536):
            shown += chunk
    except OSError:  # Linux: the other end was closed
        pass
    os.close(theirs)
    assert done.wait() == 0
    assert b"Niveau indicatif" in shown
    assert (b"\x1b[1;31m" in shown) == is_coloured


def test_the_help_gives_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "--help"]) == 0
    assert "Example: adaudit audit chu.adsnap -o out" in capsys.readouterr().out
