from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from adaudit.cli.main import run
from tests.engine.conftest import RULES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RULES, tmp_path / "rules"))


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_rules_test_counts_the_cases_that_pass(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "test", "--folder", str(folder)]) == 0
    assert capsys.readouterr().out == "4 rules, 12 cases, 0 failed\n"


def test_a_case_that_fails_is_named_with_what_differs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    replace(folder / "accounts" / "vuln_never_expires.cases.toml", "id = 7, level = 2", "id = 8, level = 2")
    assert run(["rules", "test", "--folder", str(folder), "vuln_never_expires"]) == 4
    out = capsys.readouterr().out
    assert "an enabled account whose password never expires fires" in out
    assert "missing 8 (level 2); unexpected 7 (level 2)" in out
    assert "1 rules, 3 cases, 1 failed" in out


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("users = [{ principal_id = 7, is_enabled = true", "staff = [{ principal_id = 7", "staff is not a table"),
        ("is_enabled = true", "is_awake = true", "users has no column is_awake"),
        ("principal_id = 7", 'principal_id = "7"', "a value does not fit its column"),
        ("is_enabled = true", 'is_enabled = "yes"', "a value does not fit its column"),
    ],
)
def test_a_case_that_does_not_fit_the_schema_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    replace(folder / "accounts" / "vuln_never_expires.cases.toml", old, new)
    assert run(["rules", "test", "--folder", str(folder)]) == 4
    assert message in capsys.readouterr().err


def test_a_parameter_that_a_case_gives_is_one_of_the_rule(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    replace(folder / "accounts" / "vuln_dormant.cases.toml", "most_percent", "some_percent")
    assert run(["rules", "test", "--folder", str(folder)]) == 4
    assert "some_percent is not a parameter of the rule" in capsys.readouterr().err


def test_one_rule_can_be_tested_while_another_is_broken(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "accounts" / "vuln_unanswered.toml").write_text("id = 3", encoding="utf-8")
    assert run(["rules", "test", "--folder", str(folder), "vuln_dormant"]) == 0
    assert run(["rules", "test", "--folder", str(folder)]) == 4


def test_a_rule_that_does_not_exist_is_a_usage_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "show", "--folder", str(folder), "vuln_nowhere"]) == 2
    assert "there is no rule vuln_nowhere" in capsys.readouterr().err


def test_lint_lists_every_error_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "lint", "--json", "--folder", str(folder)]) == 0
    assert json.loads(capsys.readouterr().out) == []
    replace(folder / "accounts" / "vuln_dormant.toml", "levels = [3]", "levels = [2]")
    assert run(["rules", "lint", "--json", "--folder", str(folder)]) == 4
    assert json.loads(capsys.readouterr().out) == [
        {"place": "accounts/vuln_dormant.toml:5", "message": "levels: 2 is not a level of its controls ([3])"}
    ]


def test_list_and_show_speak_the_language_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "list", "--json", "--lang", "en", "--folder", str(folder)]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(rule["id"], rule["title"]) for rule in listed][1] == ("vuln_dormant", "Too many dormant accounts")
    assert run(["rules", "show", "--folder", str(folder), "vuln_dormant"]) == 0
    assert "Trop de comptes dormants" in capsys.readouterr().out


def test_list_cuts_no_id_however_narrow_the_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert run(["rules", "list", "--folder", str(folder)]) == 0
    ids = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert ids == ["id", "info_accounts", "vuln_dormant", "vuln_never_expires", "vuln_placed"]


def test_a_rule_shown_as_json_holds_all_that_defines_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "show", "--json", "--folder", str(folder), "vuln_dormant"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["params"] == {"quiet_days": 365, "most_percent": 25}
    assert shown["detail"]["item"] == "principal"
    assert set(shown["prose"]) == {"fr", "en"}


def test_coverage_tells_each_control_of_each_framework_its_rule_and_how_far_it_answers(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    placed = folder / "accounts" / "vuln_placed.toml"
    assert coverage(folder, capsys) == {
        ("anssi", "vuln_never_expires"): ("vuln_never_expires", "answered", []),
        ("anssi", "vuln_dormant"): ("vuln_dormant", "answered", []),
        ("anssi", "vuln_placed"): ("vuln_placed", "answered", []),
        ("anssi", "vuln_unanswered"): (None, "none", []),
        ("anssi", "info_accounts"): ("info_accounts", "answered", []),
        ("mitre", "T1078.002"): ("vuln_never_expires", "answered", []),
    }
    replace(placed, "dn as example\n", "dn as example, 'dc_registry' as reason\n")
    assert coverage(folder, capsys)["anssi", "vuln_placed"] == ("vuln_placed", "partly", ["dc_registry"])
    replace(placed, "'dc_registry'", "'no_answer'")
    assert coverage(folder, capsys)["anssi", "vuln_placed"] == ("vuln_placed", "answered", ["no_answer"])
    replace(placed, "'no_answer'", "'dc_registry'")
    replace(
        placed, "sql = \"select object_id as subject, location from computers where operating_system = 'old'\"\n", ""
    )
    replace(placed, 'evidence = ["location"]\n', "")
    assert coverage(folder, capsys)["anssi", "vuln_placed"] == ("vuln_placed", "beyond", ["dc_registry"])


def test_coverage_as_a_table_ends_with_the_count_of_each_status(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["rules", "coverage", "--folder", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["framework", "control", "rule", "status", "reason"]
    assert lines[4].split() == ["anssi", "vuln_unanswered", "-", "none"]
    assert lines[-1] == "5 controls: 4 answered, 0 partly, 0 beyond, 1 none"


def coverage(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> dict[tuple[str, str], tuple[str | None, str, list[str]]]:
    assert run(["rules", "coverage", "--json", "--folder", str(folder)]) == 0
    rows = json.loads(capsys.readouterr().out)
    return {(row["framework"], row["id"]): (row["rule"], row["status"], row["reasons"]) for row in rows}
