"""findings.json: format 1, its schema, and what it never shows."""

from __future__ import annotations

import copy
import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from adaudit.engine.model import Audit, Language, Level
from adaudit.report.writing import findings_json
from adaudit.visible import visible, visible_json
from tests.report.audits import accepted_audit, full_audit, hostile_audit, make_audit, result, rule, subject

SCHEMA = json.loads(files("adaudit.report").joinpath("findings.schema.json").read_text(encoding="utf-8"))


def document(audit: Audit, language: Language = "fr") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(findings_json(audit, language))
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    return found


def test_the_schema_is_itself_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("make", [full_audit, hostile_audit, make_audit])
def test_every_audit_fits_the_schema(make: Any, language: Language) -> None:
    assert document(make(), language)["format"] == 1


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("format",), 2),
        (("snapshot", "as_of"), "22/11/2026"),
        (("level", "indicative"), 6),
        (("results", 0, "status"), "ok"),
        (("results", 0, "subjects", 0, "key"), "CN=admin1"),
        (("results", 0, "gaps", 0, "status"), "collected"),
    ],
)
def test_the_schema_refuses_what_format_1_does_not_allow(path: tuple[str | int, ...], wrong: object) -> None:
    broken = copy.deepcopy(document(full_audit()))
    *above, last = path
    place: Any = broken
    for step in above:
        place = place[step]
    place[last] = wrong
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(broken)


def test_the_keys_promised_are_there() -> None:
    found = document(full_audit())
    assert {"format", "tool", "snapshot", "level", "results"} <= found.keys()
    assert {"sha256", "as_of", "domains"} <= found["snapshot"].keys()
    assert found["snapshot"]["as_of"] == "2026-11-22T14:05:00Z"
    assert found["snapshot"]["domains"][0].items() >= {"dns": "chu.example", "sid": "S-1-5-21-1111-2222-3333"}.items()
    first = found["results"][0]
    assert first["rule_id"] == "vuln_dont_expire_priv"
    promised = "kind controls status incomplete level examined reason gaps subjects"
    assert set(promised.split()) <= first.keys()
    promised = "key type domain guid dn sid name level accepted evidence"
    assert set(promised.split()) <= first["subjects"][0].keys()
    assert first["subjects"][0]["accepted"] is None
    assert {"table", "column", "domain", "status", "reason", "count", "examples"} <= first["gaps"][0].keys()


def test_all_subjects_and_items_are_there_however_many() -> None:
    many = tuple(subject(n, f"u{n}") for n in range(20_000))
    found = document(make_audit(result(rule("vuln_x", "X"), level=1, subjects=many)))
    assert len(found["results"][0]["subjects"]) == 20_000
    assert len(document(full_audit())["results"][2]["subjects"][0]["items"]) == 30


def test_a_level_that_could_not_be_told_is_null() -> None:
    assert document(make_audit(level=Level(None, 1, ())))["level"]["indicative"] is None


def test_the_reason_is_a_sentence_in_the_language_asked_for() -> None:
    french = [r["reason"] for r in document(full_audit(), "fr")["results"]]
    english = [r["reason"] for r in document(full_audit(), "en")["results"]]
    assert "Des faits nécessaires manquent : Comptes d'utilisateurs : pwdLastSet" in french[5]
    assert "Facts that are needed are missing" in english[5]
    assert french[0] == ""


def test_json_made_visible_means_the_same() -> None:
    told = {"\x9b31m": ["a\u202eb", "\U000e0041", "l’hôpital\u00a0: é", "\x1b[2J\n", "\ufeff\ud800"]}
    text = visible_json(json.dumps(told, ensure_ascii=False, indent=1))
    assert json.loads(text) == told
    assert [line for line in text.splitlines() if visible(line) != line] == []
    assert "l’hôpital\u00a0: é" in text


def test_no_hidden_character_reaches_a_terminal_that_shows_the_file() -> None:
    shown = findings_json(hostile_audit(), "fr").splitlines()
    assert [line for line in shown if visible(line) != line] == []
    assert any(r"facture\u202efdp.exe" in line for line in shown)


def test_hostile_names_are_kept_as_they_are_for_machines() -> None:
    found = document(hostile_audit())
    assert found["results"][0]["subjects"][5]["name"] == "facture\u202efdp.exe"


def test_an_accepted_subject_says_why_who_and_until_when() -> None:
    first, second = accepted_audit(expired=False), accepted_audit(expired=True)
    told = {"reason": "automate mdp: ******", "accepted_by": "RSSI", "place": "exceptions.toml:2"}
    told["until"] = "2026-12-31"
    assert document(first)["results"][0]["subjects"][0]["accepted"] == told
    assert document(first)["exceptions"][0]["state"] == "in_force"
    assert document(second)["results"][0]["subjects"][0]["accepted"] is None
    assert document(second)["results"][0]["subjects"][0]["expired_exception"] == told | {"until": "2026-11-21"}
    assert document(first)["level"]["with_exceptions"]["indicative"] == 5
    assert document(first)["scores"]["with_exceptions"]["overall"]["best"] == 100
    assert document(full_audit())["level"]["with_exceptions"] is None


def test_every_object_to_change_is_there_for_each_step() -> None:
    steps = document(full_audit())["level"]["steps"]
    assert [(step["target"], [(c["rule_id"], c["count"]) for c in step["controls"]]) for step in steps] == [
        (2, [("vuln_dont_expire_priv", 3), ("vuln_user_accounts_dormant", 30)]),
        (3, [("vuln_permissions_dc", 1)]),
        (4, []),
        (5, []),
    ]
    assert len(steps[0]["controls"][1]["objects"]) == 30
    assert {control["control"] for control in steps[0]["not_assessed"]} == {"vuln_owner", "vuln_spn_priv"}
