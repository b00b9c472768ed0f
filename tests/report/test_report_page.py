"""What the page says and never says, read as text."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from adaudit.engine.model import Audit, Detail, Kind, Language, Level, PowerShell, Status, SubjectKind
from adaudit.report.evidence import MOST_ROWS
from adaudit.report.html import render
from adaudit.report.page import build_page
from adaudit.report.sheet import sheet
from adaudit.report.texts import Texts
from adaudit.report.writing import findings_json
from tests.report.audits import accepted_audit, full_audit, gap, hostile_audit, make_audit, result, rule, subject


class Reader(HTMLParser):
    """Text in order, with the elements and addresses met."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(audit: Audit, language: Language = "fr") -> Reader:
    texts = Texts(language)
    return Reader(render(build_page(audit, texts), texts))


def test_the_page_follows_the_readers_order() -> None:
    text = read(full_audit()).text
    headings = [
        "Niveau indicatif",
        "Score global",
        "De la plus haute priorité",
        "Pour passer au niveau 2 : 2 contrôles, 33 objets",
        "Sans effet sur le niveau, et aussi graves",
        "La suite : 2 constats",
        "Contrôles en défaut, par nature",
        "Un second regard",
        "Priorité 1 – critique",
        "Priorité 2 – élevée",
        "Priorité 4 – faible",
        "À titre d'information",
        "Un fait qui manque n'est jamais tenu pour sain",
        "Règles en erreur",
        "Ce qui a manqué à d'autres endroits",
        "Contrôles de la liste ANSSI absents de cette version",
        "Aucun objet en défaut, et tous les faits",
        "Tout ce que la collecte n'a pas pu lire",
        "Au moins un objet enfreint",
    ]
    places = [text.index(heading) for heading in headings]
    assert places == sorted(places)


def test_the_level_is_indicative_and_says_what_it_rests_on() -> None:
    text = read(make_audit(result(rule("vuln_x", "X"), Status.COMPLIANT), level=Level(5, 2, ("vuln_krbtgt",)))).text
    assert "Au pire : 2" in text
    assert "Ce n'est pas le niveau officiel du service ADS." in text
    assert "Sur les 2 points de vulnérabilité de la liste ANSSI, cette version en évalue 1 ; 1 ont reçu" in text
    assert "vuln_krbtgt" in text


def test_no_level_is_told_when_none_could_be_judged() -> None:
    text = read(make_audit(level=Level(None, 1, ()))).text
    assert "ni bon ni mauvais niveau ne peut être annoncé" in text


def test_a_finding_shows_its_proof_its_fix_and_its_references() -> None:
    reader = read(full_audit())
    for expected in (
        "admin1 utilisateur CN=admin1, OU=Comptes, DC=chu, DC=example oui 05/03/2019 14:05 UTC",
        "Exploitation S-1-5-21-1111-2222-3333-2001 modifier les autorisations",
        "Derrière le nombre, pour chu.example : 30 lignes",
        "vacataire30",
        "Retirer le droit, un jour de semaine.",
        "Get-ADUser -Filter 'Enabled -eq $true'",
        "Âge maximal du mot de passe (jours) : 1\u202f095",
        "MITRE ATT&CK T1558",
    ):
        assert " ".join(expected.split()) in reader.text
    links = [value for name, value in reader.attributes if name == "href" and not value.startswith("#")]
    assert "https://attack.mitre.org/techniques/T1558/" in links
    assert all(link.startswith("https://") or link == "data:," for link in links)


def test_what_lifts_the_level_comes_first_then_what_is_as_grave_then_the_rest() -> None:
    first = build_page(full_audit(), Texts("fr")).first
    assert first.lift is not None
    assert [change.card.id for change in first.lift.controls] == ["vuln_dont_expire_priv", "vuln_user_accounts_dormant"]
    assert (first.lift.controls[1].names, first.lift.controls[1].more) == (
        ("vacataire1", "vacataire2", "vacataire3"),
        "et 27 de plus",
    )
    assert [open_one.control for open_one in first.lift.not_assessed] == ["vuln_owner", "vuln_spn_priv"]
    assert [card.id for card in first.urgent] == ["ext_shadow_credentials"]
    assert [card.id for card in first.then] == ["vuln_permissions_dc", "warning_spn"]


def test_a_warning_as_grave_as_the_level_comes_with_what_is_as_grave() -> None:
    audit = full_audit()
    results = tuple(
        replace(each, level=1, subjects=tuple(replace(one, level=1) for one in each.subjects))
        if each.rule.id == "warning_spn"
        else each
        for each in audit.results
    )
    second_level = replace(audit, results=results, level=replace(audit.level, indicative=2))
    first = build_page(second_level, Texts("fr")).first
    assert {card.id for card in first.urgent} == {"ext_shadow_credentials", "warning_spn"}


def test_at_equal_rank_findings_go_by_kind_then_by_number_of_objects() -> None:
    page = build_page(full_audit(), Texts("fr"))
    assert [[card.id for kind in group.kinds for card in kind.cards] for group in page.groups] == [
        ["vuln_dont_expire_priv", "vuln_user_accounts_dormant", "ext_shadow_credentials"],
        ["vuln_permissions_dc"],
        ["warning_spn"],
    ]


def test_what_is_mild_or_only_a_warning_is_folded_below_its_title() -> None:
    cards = [
        card for group in build_page(full_audit(), Texts("fr")).groups for kind in group.kinds for card in kind.cards
    ]
    assert [card.id for card in cards if card.is_folded] == ["warning_spn"]


def test_the_scores_are_explained_line_by_line() -> None:
    page = build_page(full_audit(), Texts("fr"))
    privileged = next(family for family in page.scores.families if family.id == "privileged")
    assert [(cost.card.id, cost.sum, cost.points) for cost in privileged.costs] == [
        ("vuln_dont_expire_priv", "20 × 81\u00a0%", "16,2"),
        ("ext_shadow_credentials", "20 × 75\u00a0%", "15"),
    ]
    assert privileged.score.points == "31,2"
    assert "20 × 81" in read(full_audit()).text


def test_the_totals_of_the_summary_are_those_of_the_families() -> None:
    unread = result(rule("info_x", "X", kind=Kind.INFORMATION), Status.NOT_ASSESSED, gaps=(gap(),))
    told = result(rule("info_y", "Y", kind=Kind.INFORMATION), Status.INFORMATION)
    page = build_page(make_audit(*full_audit().results, unread, told), Texts("fr"))
    *_, compliant, not_assessed, in_error = (0 if n == "–" else int(n) for n in page.summary[-1].numbers)
    assert page.summary[-2].label == "Sans priorité"
    assert page.summary[-2].numbers[-2] == "1"
    assert compliant == sum(int(family.compliant) for family in page.scores.families)
    assert not_assessed + in_error == sum(int(family.not_assessed) for family in page.scores.families)


def test_what_was_not_assessed_is_grouped_by_what_it_would_take() -> None:
    blocked = [
        result(rule(f"vuln_{n}", "X"), Status.NOT_ASSESSED, gaps=(gap(reason=reason),))
        for n, reason in enumerate(("probe_off", "confidential", "probe_off"))
    ]
    found = build_page(make_audit(*blocked), Texts("fr")).reasons
    assert [(reason.id, [card.id for card in reason.cards]) for reason in found if reason.cards] == [
        ("probe_off", ["vuln_0", "vuln_2"]),
        ("confidential", ["vuln_1"]),
    ]


def test_an_accepted_finding_stays_in_sight_apart_from_what_is_to_fix() -> None:
    audit = accepted_audit(expired=False)
    page, text = build_page(audit, Texts("fr")), read(audit).text
    assert page.groups == ()
    assert [card.id for card in page.accepted] == ["vuln_x"]
    assert page.first.lift is not None
    assert page.first.lift.controls[0].note == "1 accepté"
    assert page.level == 1
    assert "Avec les exceptions acceptées : 5, au pire 5 ; avec les exceptions : 100." in text
    assert "Accepté jusqu'au 31/12/2026 par RSSI : automate mdp: ******" in text
    assert "1 exception ne correspond à rien" in text
    assert "sans objet : règle inconnue" in text


def test_an_expired_exception_is_a_finding_again_and_is_told() -> None:
    audit = accepted_audit(expired=True)
    page, text = build_page(audit, Texts("fr")), read(audit).text
    assert [card.id for group in page.groups for kind in group.kinds for card in kind.cards] == ["vuln_x"]
    assert page.accepted == ()
    assert "1 exception est expirée : le constat est revenu." in text
    assert "Exception expirée le 21/11/2026" in text


def test_a_powershell_text_is_shown_escaped_and_said_never_to_be_run() -> None:
    shown = PowerShell("Set-ADUser '<b>x</b>' -WhatIf", "Set-ADUser 'y' -WhatIf")
    reader = read(make_audit(result(rule("vuln_x", "X", powershell=shown), level=1, subjects=(subject(1, "x"),))))
    assert "Montré, jamais exécuté par adaudit." in reader.text
    assert shown.apply in reader.text
    assert "b" not in reader.elements[reader.elements.index("pre") :]


def test_a_gap_says_which_fact_why_and_how_to_obtain_it() -> None:
    text = read(full_audit()).text
    assert "Comptes d'utilisateurs : pwdLastSet – chu.example : refusé, lecture refusée" in text
    assert "Ajouter sur ces objets un droit de lecture de la propriété" in text
    assert "CN=Labo, OU=Comptes" in text


def test_facts_missing_of_the_same_objects_are_told_once() -> None:
    gaps = tuple(gap(table=table, column="*", reason="container_hidden") for table in ("users", "groups"))
    text = read(make_audit(result(rule("vuln_x", "X"), Status.NOT_ASSESSED, reason="gap", gaps=gaps))).text
    assert "Comptes d'utilisateurs (objets entiers), Groupes (objets entiers) – chu.example" in text


def test_a_collection_that_is_not_complete_is_told_at_the_top() -> None:
    audit = replace(full_audit(), is_complete=False, incomplete_reason="connexion perdue")
    text = read(audit).text
    assert text.index("La collecte n'est pas complète : connexion perdue.") < text.index("Niveau indicatif")


def test_english_is_english() -> None:
    reader = read(full_audit(), "en")
    assert ("lang", "en") in reader.attributes
    assert "Indicative level" in reader.text
    assert "2019-03-05 14:05 UTC" in reader.text
    assert "(EN)" in reader.text


def test_a_hostile_audit_adds_no_element() -> None:
    reader = read(hostile_audit())
    assert reader.elements.count("script") == 1
    assert reader.elements.count("style") == 1
    assert {"img", "b", "iframe", "object"} & set(reader.elements) <= {"b"}
    assert reader.elements.count("b") == 5  # the figures of the scale
    assert not [name for name, _ in reader.attributes if name.startswith("on") or name == "style"]
    assert "{{7*7}}{% raw %}" in reader.text
    assert "facture\\u202efdp.exe" in reader.text


def test_the_policy_allows_nothing_but_our_own_style_and_script() -> None:
    reader = read(full_audit())
    policy = next(value for name, value in reader.attributes if name == "content" and "default-src" in value)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_a_long_list_is_cut_in_sight_and_says_where_the_rest_is() -> None:
    many = tuple(subject(n, f"u{n:05}") for n in range(20_000))
    html = render(build_page(make_audit(result(rule("vuln_x", "X"), level=1, subjects=many)), Texts("fr")), Texts("fr"))
    text = Reader(html).text
    assert len(html) < 1_000_000
    assert f"Seuls les {MOST_ROWS} premiers sont affichés sur 20 000. La liste" in text
    assert "findings.csv, findings.json" in text
    assert f"u{MOST_ROWS - 1:05}" in text
    assert f"u{MOST_ROWS:05}" not in text


@pytest.mark.parametrize("domains", [1, 3])
def test_rows_behind_numbers_share_the_room_of_a_finding(domains: int) -> None:
    number = full_audit().results[2].subjects[0].items[0]
    items = tuple(replace(number, key=f"guid:{n}") for n in range(400))
    found = tuple(subject(n, f"d{n}", type="domain", items=items) for n in range(domains))
    of = rule("vuln_x", "X", detail=Detail("", SubjectKind.OBJECT, ("dn",)))
    page = build_page(make_audit(result(of, level=1, subjects=found)), Texts("fr"))
    tables = page.groups[0].kinds[0].cards[0].proofs[1:]
    assert sum(len(table.rows) + len(table.folded) for table in tables) == min(400 * domains, MOST_ROWS)
    assert len(tables) == domains
    assert all(bool(table.capped) == (len(table.rows) + len(table.folded) < 400) for table in tables)


SECRET = "Hopital2024!"


@pytest.mark.parametrize("place", ["name", "dn", "evidence", "nested", "item", "message", "gap", "account", "forest"])
def test_a_password_is_masked_wherever_a_directory_puts_it(place: str) -> None:
    told = f"compte labo mdp: {SECRET}"
    number = replace(full_audit().results[2].subjects[0].items[0], name=told, dn=told, evidence={"dn": told})
    changes = {
        "name": {"name": told},
        "dn": {"dn": f"CN={told},DC=chu", "key": f"dn:cn={told},dc=chu"},
        "evidence": {"evidence": {"description": told, "values": [told], "dn": told}},
        "nested": {"evidence": {"rights": [{"trustee": told}]}},
        "item": {"items": (number,)},
    }.get(place, {})
    detail = Detail("", SubjectKind.OBJECT, ("dn",))
    of = rule("vuln_x", "X", evidence=("description", "values", "rights"), detail=detail)
    audit = make_audit(
        result(of, level=1, subjects=(subject(1, **({"name": "labo"} | changes)),)),
        result(rule("vuln_y", "Y"), Status.ERROR, reason="failed", message=told if place == "message" else ""),
        result(
            rule("vuln_z", "Z"),
            Status.NOT_ASSESSED,
            gaps=(gap(examples=(told,), domain=told) if place == "gap" else gap(),),
        ),
        forest=told if place == "forest" else "chu.example",
    )
    if place == "account":
        audit = replace(audit, source=audit.source.model_copy(update={"account": told}))
    texts = Texts("fr")
    for output in (render(build_page(audit, texts), texts), findings_json(audit, "fr"), sheet(audit, texts)):
        assert SECRET not in output
    assert "******" in findings_json(audit, "fr")
