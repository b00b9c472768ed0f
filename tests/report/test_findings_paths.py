"""The part ``paths`` of findings.json."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from typing import Any

import jsonschema

from adaudit.graph.answers.told import (
    Ace,
    Change,
    ChokePoint,
    Drawn,
    EntryPoint,
    Evidence,
    Outlook,
    Path,
    Plan,
    PlanStep,
    Step,
    Thing,
)
from adaudit.report.writing import findings_json
from tests.report.audits import make_audit

SCHEMA = json.loads(files("adaudit.report").joinpath("findings.schema.json").read_text(encoding="utf-8"))

NURSE = Thing("sid:S-1-5-21-1-2-3-1104", "infirmière mdp: Soleil2024!", "user", "chu.example", None, None)
ADMINS = Thing("guid:00000000-0000-0000-0000-000000000001", "Admins du domaine", "group", "chu.example", None, None)
ACE = Ace(3, "(A;;GA;;;S-1-5-21-1-2-3-1104)", False, None)
STEP = Step(NURSE.key, ADMINS.key, "GenericAll", "direct", Evidence(ADMINS, "GenericAll", "", ACE, None), 7)
CHANGE = Change(7, "remove_ace", ADMINS, NURSE, "GenericAll", "", ACE)
PATH = Path((NURSE, ADMINS), (STEP,))
OUTLOOK = Outlook(
    accounts=12,
    exposed={"user": 2, "computer": 1},
    distances={1: 2, 4: 1},
    everyone_like=(),
    foreign=(),
    tier0=9,
    plan=Plan((PlanStep(CHANGE, 2, 1, 1, (STEP,)),), 1, True, 1, {"MemberOf": 3}),
    choke_points=(ChokePoint(None, CHANGE, 2, True), ChokePoint(ADMINS, None, 3, False)),
    paths=(PATH,),
    entry_points=(EntryPoint("vpn", NURSE, (), PATH), EntryPoint("absent", None, ("vpn1", "vpn2"), None)),
    drawn=Drawn((), {}, (), frozenset(), {}, {}, 0),
    changes=(CHANGE,),
    missing={"objects.sd_id": 4},
    not_modelled={"relay": ("CoerceAndRelayNTLMToSMB",)},
    uncertain={"HasSPN": 5},
)


def paths_of(outlook: Outlook | None) -> Any:
    document = json.loads(findings_json(replace(make_audit(), outlook=outlook), "fr"))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return document["paths"]


def test_an_audit_without_graph_says_null() -> None:
    assert paths_of(None) is None


def test_numbers_plan_and_paths_are_told() -> None:
    told = paths_of(OUTLOOK)
    assert told["exposed"] == {"total": 3, "user": 2, "computer": 1}
    assert told["distances"] == {"1": 2, "4": 1}
    (step,) = told["plan"]["steps"]
    assert (step["number"], step["change"], step["gain"], step["left"]) == (7, "remove_ace", 2, 1)
    assert step["object"]["name"] == "Admins du domaine"
    (path,) = told["shortest"]
    assert path["length"] == 1
    assert path["edges"][0]["change"] == step["number"]
    assert [point["candidates"] for point in told["entry_points"]] == [[], ["vpn1", "vpn2"]]


def test_a_password_in_a_name_is_masked() -> None:
    assert "Soleil2024" not in json.dumps(paths_of(OUTLOOK))
