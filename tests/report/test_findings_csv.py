"""findings.csv: safe and complete in a spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest

from adaudit.engine.model import Audit
from adaudit.report.sheet import COLUMNS, sheet
from adaudit.report.texts import Texts
from tests.report.audits import accepted_audit, full_audit, hostile_audit, make_audit, result, rule, subject


def table(audit: Audit) -> list[dict[str, str]]:
    text = sheet(audit, Texts("fr"))
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";"))


def test_each_subject_has_one_row() -> None:
    audit = full_audit()
    rows = table(audit)
    assert [row["key"] for row in rows] == [s.key for r in audit.results for s in r.subjects]
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["evidence"] == (
        "Nom distinctif : CN=admin1,OU=Comptes,DC=chu,DC=example | Activé : oui | "
        "Mot de passe changé le : 05/03/2019 14:05 UTC"
    )


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", " =", "\n@", "＝", "＋1", "＠x"])
def test_a_formula_is_made_text(start: str) -> None:
    row = table(make_audit(result(rule("vuln_x", "X"), subjects=(subject(1, f"{start}cmd|' /C calc'!A0"),))))[0]
    assert row["name"][0] in "'\\"


def test_a_row_is_one_line_whatever_names_hold() -> None:
    hostile = (subject(1, 'a"\r\nb;c\x00\u2028d'), *hostile_audit().results[0].subjects)
    text = sheet(make_audit(result(rule("vuln_x", "X"), subjects=hostile)), Texts("fr"))
    assert text.count("\n") == text.count("\r\n") == 1 + len(hostile)
    assert len(text.splitlines()) == 1 + len(hostile)


def test_a_cell_too_long_for_a_spreadsheet_says_where_the_rest_is() -> None:
    long = subject(1, "x", evidence={"spns": [f"HTTP/{n}" for n in range(9000)]})
    row = table(make_audit(result(rule("vuln_x", "X", evidence=("spns",)), subjects=(long,))))[0]
    assert len(row["evidence"]) < 32_767
    assert row["evidence"].endswith("… (findings.json)")


def test_an_exception_is_told_beside_its_finding() -> None:
    columns = ("exception", "accepted_by", "accepted_until", "accepted_reason")
    rows = [table(accepted_audit(expired=expired))[0] for expired in (False, True)]
    assert [[row[column] for column in columns] for row in rows] == [
        ["in_force", "RSSI", "2026-12-31", "automate mdp: ******"],
        ["expired", "RSSI", "2026-11-21", "automate mdp: ******"],
    ]
