"""Names of well-known identities are those of the reader's Windows; names of the directory are left alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adaudit.decode.well_known import WELL_KNOWN
from adaudit.engine.model import Audit, Evidence, Language
from adaudit.report.document import findings
from adaudit.report.html import render
from adaudit.report.identities import Identities
from adaudit.report.page import build_page
from adaudit.report.sheet import sheet
from adaudit.report.steps import Steps
from adaudit.report.texts import Texts
from tests.report.audits import DOMAIN_SID, make_audit, result, rule, subject
from tests.report.outlooks import make_outlook, thing

FRENCH, ENGLISH = Texts("fr"), Texts("en")


def test_every_well_known_identity_has_a_name_in_both_languages_and_the_english_one_is_that_of_the_tables() -> None:
    assert dict(ENGLISH.section("identities")) == dict(WELL_KNOWN)
    assert FRENCH.section("identities").keys() == WELL_KNOWN.keys()


@pytest.mark.parametrize("sid", WELL_KNOWN)
def test_a_name_of_the_tables_is_replaced_by_that_of_its_sid(sid: str) -> None:
    english, french = WELL_KNOWN[sid], FRENCH.section("identities")[sid]
    assert Identities(FRENCH).name(english, f"sid:{sid}") == french
    assert Identities(ENGLISH).name(english, f"sid:{sid}") == english


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Everyone", f"sid:{DOMAIN_SID}-1500"),
        ("Everyone", "guid:00000000-0000-0000-0000-000000000001"),
        ("Everyone", "sid:S-1-5-11"),
        ("Backup Operators", "guid:00000000-0000-0000-0000-000000000551"),
        ("Sicherungs-Operatoren", "sid:S-1-5-32-551"),
        ("Astreinte", "sid:S-1-5-32-551"),
        ("", "unknown"),
    ],
)
def test_a_name_that_the_directory_gave_is_shown_as_it_is(name: str, key: str) -> None:
    assert Identities(FRENCH).name(name, key) == name


@pytest.mark.parametrize(
    ("record", "french"),
    [
        ({"trustee": "Everyone", "sid": "S-1-1-0"}, {"trustee": "Tout le monde", "sid": "S-1-1-0"}),
        ({"owner": "Local System", "owner_sid": "S-1-5-18"}, {"owner": "Système", "owner_sid": "S-1-5-18"}),
        ({"trustee": "Everyone", "sid": f"{DOMAIN_SID}-1500"}, None),
        ({"trustee": "Everyone", "sid": None}, None),
        ({"name": "Backup Operators", "sid": "S-1-5-32-551"}, None),
        (
            {"rights": [{"trustee": "Self", "sid": "S-1-5-10"}]},
            {"rights": [{"trustee": "Soi-même (SELF)", "sid": "S-1-5-10"}]},
        ),
        ({"trustees": ["Everyone", "Astreinte"]}, {"trustees": ["Tout le monde", "Astreinte"]}),
        ({"owner": "Everyone"}, {"owner": "Tout le monde"}),
        ({"owner": "Proxy"}, None),
        ({"display_name": "Everyone"}, None),
        ({"level": 1, "owner": None}, None),
    ],
)
def test_evidence_is_told_by_the_sid_beside_a_name_else_only_where_nothing_else_bears_it(
    record: dict[str, Evidence], french: dict[str, Evidence] | None
) -> None:
    alone = {"Everyone"}
    assert Identities(FRENCH, alone).evidence(record) == (record if french is None else french)
    assert Identities(ENGLISH, alone).evidence(record) == record


def test_a_builtin_group_that_no_domain_names_is_told_in_the_language_of_the_reader() -> None:
    record: dict[str, Evidence] = {"trustee": "Power Users", "sid": "S-1-5-32-547"}
    shown = Identities(FRENCH, {"Power Users"}).evidence(record)
    assert shown["trustee"] == "Utilisateurs avec pouvoir"


def audited(**changes: Any) -> Audit:
    known: dict[str, Any] = {"key": "sid:S-1-1-0", "guid": None, "dn": None, "sid": "S-1-1-0", "type": "well_known"}
    everyone = subject(1, "Everyone", evidence={}, **known)
    namesake = subject(2, "Authenticated Users", evidence={"owner": "Local System", "trustees": ["Network"]})
    found = result(rule("vuln_x", "X", evidence=("owner", "trustees")), level=1, subjects=(everyone, namesake))
    return make_audit(found, well_known_names=frozenset({"Local System"}), **changes)


@pytest.mark.parametrize(
    ("language", "shown", "hidden"),
    [
        ("fr", ("Tout le monde", "Système"), ("Everyone", "Local System")),
        ("en", ("Everyone", "Local System"), ("Tout le monde",)),
    ],
)
def test_page_and_sheet_name_them_in_their_language(
    language: Language, shown: tuple[str, ...], hidden: tuple[str, ...]
) -> None:
    audit, texts = audited(), Texts(language)
    for written in (render(build_page(audit, texts), texts), sheet(audit, texts)):
        assert all(name in written for name in (*shown, "Authenticated Users", "Network"))
        assert not any(name in written for name in hidden)


def test_the_file_for_scripts_names_them_alike_in_every_language() -> None:
    french, english = (findings(audited(), texts)["results"][0]["subjects"] for texts in (FRENCH, ENGLISH))
    assert french == english
    assert {found["name"] for found in french} == {"Everyone", "Authenticated Users"}


def test_the_graph_names_them_in_the_language_of_the_reader() -> None:
    everyone = thing(1, "Everyone", "well_known", key="sid:S-1-1-0", sid="S-1-1-0", dn=None)
    namesake = thing(2, "Everyone", "group")
    assert Steps((), {}, FRENCH).named(everyone).name == "Tout le monde"
    assert Steps((), {}, FRENCH).named(namesake).name == "Everyone"
    assert Steps((), {}, ENGLISH).named(everyone).name == "Everyone"


def test_paths_and_picture_of_the_page_name_them_too() -> None:
    seen = make_outlook()
    renamed = {"Utilisateurs authentifiés": "Authenticated Users"}
    paths = tuple(
        replace(path, nodes=tuple(replace(node, name=renamed.get(node.name, node.name)) for node in path.nodes))
        for path in seen.everyone_like
    )
    assert any(node.name == "Authenticated Users" for path in paths for node in path.nodes)
    page = build_page(audited(outlook=replace(seen, everyone_like=paths)), FRENCH)
    assert page.outlook is not None
    assert page.outlook.everyone.shown[0].start.name == "Utilisateurs authentifiés"
