"""The report opens with who can reach tier 0 and what stops it; each claim leads to the descriptor that proves it."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from importlib.resources import files
from itertools import pairwise
from typing import Any

import pytest

from adaudit.engine.model import Language
from adaudit.graph.answers.picture import picture
from adaudit.graph.answers.told import Change, Drawn, EntryPoint, Evidence, Outlook, Path, Plan, PlanStep, Step, Thing
from adaudit.graph.blocks import CHANGE_KINDS
from adaudit.graph.kinds import EDGE_KINDS, NOT_MODELLED, Difficulty
from adaudit.report.html import CYTOSCAPE, render
from adaudit.report.outlook import exposure_told
from adaudit.report.page import build_page
from adaudit.report.picture import LOOKS
from adaudit.report.texts import Texts
from tests.report.audits import full_audit, make_audit
from tests.report.outlooks import CHANGES, PATHS, SUPPORT, chain, healthy_outlook, hostile_outlook, make_outlook, thing
from tests.report.test_report_page import Reader

PUBLISHED = "081591ab735b2b6a3b31a3c60f8f3a3e2fee8c92939e0c7820ad1208571b6cd8"
"""SHA-256 of dist/cytoscape.min.js in the package cytoscape 3.34.4 of the npm registry."""


def html(outlook: Outlook, language: Language = "fr") -> str:
    texts = Texts(language)
    return render(build_page(replace(full_audit(), outlook=outlook), texts), texts)


def opening(outlook: Outlook, language: Language = "fr") -> str:
    page = build_page(make_audit(outlook=outlook), Texts(language))
    assert page.outlook is not None
    return "".join(part.text for part in page.outlook.opening).replace("\u202f", " ")


@pytest.mark.parametrize(
    ("exposed", "missing", "told"),
    [
        (1, {}, "1 compte sur 242 peut atteindre le Tier 0"),
        (0, {}, "Aucun des 242 comptes n'a de chemin connu vers le Tier 0."),
        (
            *(0, {"aces": 3}),
            "Aucun chemin vers le Tier 0 n'a été trouvé pour les 242 comptes, mais tout n'a pas pu être lu : "
            "il peut en exister.",
        ),
        (9, {"aces": 3}, "Au moins 9 comptes sur 242 peuvent atteindre le Tier 0"),
        (242, {"aces": 3}, "242 comptes sur 242 peuvent atteindre le Tier 0"),
    ],
)
def test_a_terminal_says_at_least_where_something_may_hide_more(
    exposed: int, missing: dict[str, int], told: str
) -> None:
    assert exposure_told(exposed, 242, missing, Texts("fr")).replace("\u202f", " ").replace("\xa0", " ") == told


def test_where_nobody_was_found_no_number_is_called_a_minimum() -> None:
    assert "Ce nombre est un minimum" not in html(healthy_outlook(missing={"aces": 12}))


def plan(*left: int) -> Plan:
    return Plan(
        tuple(PlanStep(CHANGES[0], 1, each, 1, ()) for each in left), len(left), True, left[-1] if left else 0, {}
    )


@pytest.mark.parametrize(
    ("changes", "french", "english"),
    [
        (
            {"missing": {}},
            "9 012 comptes sur 9 420 peuvent atteindre le Tier 0 ; ces 3 changements ramènent ce nombre à 2.",
            "9,012 of 9,420 accounts can reach tier 0; these 3 changes bring that number to 2.",
        ),
        (
            {"missing": {}, "exposed": {"user": 1}, "plan": plan(0)},
            "1 compte sur 9 420 peut atteindre le Tier 0 ; ce changement ramène ce nombre à 0.",
            "1 of 9,420 accounts can reach tier 0; this change brings that number to 0.",
        ),
        (
            {"exposed": {"user": 9420}, "plan": plan(0)},
            "9 420 comptes sur 9 420 peuvent atteindre le Tier 0 ; ce changement ramène à 0 ceux dont un chemin est "
            "connu.",
            "9,420 of 9,420 accounts can reach tier 0; this change brings those with a known path to 0.",
        ),
        (
            {"exposed": {"user": 2}, "plan": plan(1, 0)},
            "Au moins 2 comptes sur 9 420 peuvent atteindre le Tier 0 ; ces 2 changements ramènent à 0 ceux dont un "
            "chemin est connu.",
            "At least 2 of 9,420 accounts can reach tier 0; these 2 changes bring those with a known path to 0.",
        ),
        (
            {"exposed": {"user": 2}, "plan": plan()},
            "Au moins 2 comptes sur 9 420 peuvent atteindre le Tier 0 ; aucun changement ne l'empêche.",
            "At least 2 of 9,420 accounts can reach tier 0; no change prevents it.",
        ),
        (
            {"missing": {}, "exposed": {}, "plan": plan()},
            "Aucun des 9 420 comptes n'a de chemin connu vers le Tier 0.",
            "None of the 9,420 accounts has a known path to tier 0.",
        ),
        (
            {"exposed": {}, "plan": plan()},
            "Aucun chemin vers le Tier 0 n'a été trouvé pour les 9 420 comptes, mais tout n'a pas pu être lu : "
            "il peut en exister.",
            "No path to tier 0 was found for the 9,420 accounts, but not everything could be read: there may be some.",
        ),
        (
            {"accounts": 1, "missing": {}, "exposed": {}, "plan": plan()},
            "Le seul compte lu n'a pas de chemin connu vers le Tier 0.",
            "The only account read has no known path to tier 0.",
        ),
        (
            {"accounts": 0, "exposed": {}, "plan": plan()},
            "Aucun compte actif hors du Tier 0 n'a été lu : rien ne peut être dit de l'exposition.",
            "No enabled account outside tier 0 was read: nothing can be said of exposure.",
        ),
    ],
)
def test_the_sentence_says_the_numbers_in_the_words_that_fit(
    changes: dict[str, Any], french: str, english: str
) -> None:
    assert opening(make_outlook(**changes)) == french
    assert opening(make_outlook(**changes), "en") == english


def test_many_entry_points_do_not_bury_the_plan() -> None:
    page = html(make_outlook(entry_points=tuple(EntryPoint(f"host-{n}", None, (), None) for n in range(1000))))
    assert page.index("host-9<") < page.index("Voir les 990 points d&#39;entrée suivants") < page.index("host-10<")


def test_the_sentence_comes_before_the_level_and_entry_points_before_the_rest() -> None:
    text = Reader(html(make_outlook())).text
    order = [
        "peuvent atteindre le Tier 0",
        "15 faits n'ont pas pu être lus",
        "www.chu.example – atteint le Tier 0 en 3 étapes",
        "chu-pacs.chu.example – aucun chemin connu",
        "imprimante.chu.example – introuvable dans l'annuaire",
        "web – ambigu : CHU\\WEB01$, CHU\\WEB02$",
        "N'importe qui, ou presque, atteint le Tier 0",
        "À faire, dans cet ordre",
        "Aucun plan de moins de 2 changements",
        "2 comptes gardent un chemin qu'aucun changement simple ne retire",
        "Niveau indicatif",
        "Le graphique",
        "Chemins principaux",
        "Ce qui n'a pas pu être lu",
        "Relais d'authentification NTLM",
        "Pourquoi c'est un risque",
    ]
    places = [text.index(each) for each in order]
    assert places == sorted(places)


def test_nobody_reached_is_told_without_plan_nor_picture() -> None:
    page = html(healthy_outlook())
    text = Reader(page).text
    assert "Aucun des 9 420 comptes n'a de chemin connu" in text
    assert "Rien à retirer : aucun chemin connu." in text
    assert "À faire, dans cet ordre" not in text
    assert "Cytoscape Consortium" not in page


def test_an_audit_without_graph_says_nothing_of_it() -> None:
    texts = Texts("fr")
    page = render(build_page(full_audit(), texts), texts)
    assert "Tier 0 ;" not in page
    assert 'id="attack-paths"' not in page


def test_every_step_leads_to_one_proof_and_every_address_of_the_page_exists() -> None:
    reader = Reader(html(make_outlook()))
    ids = [value for name, value in reader.attributes if name == "id"]
    addresses = {value[1:] for name, value in reader.attributes if name == "href" and value.startswith("#")}
    assert len(ids) == len(set(ids))
    assert addresses - set(ids) == set()
    assert {"distances", "plan", "plan-3", "unread"} <= addresses
    told = {(step, a.key) for path in PATHS for step, a in zip(path.edges, path.nodes, strict=False)}
    assert len([each for each in ids if each.startswith("proof-")]) >= len(told)


def test_a_proof_shows_the_descriptor_and_the_change_that_removes_it() -> None:
    page = build_page(make_audit(outlook=make_outlook()), Texts("fr"))
    assert page.outlook is not None
    proofs = {(proof.source.name, proof.kind): proof for proof in page.outlook.proofs}
    reset = dict(proofs["Support informatique", "ForceChangePassword"].facts)
    assert reset["DN"] == "CN=svc-sauvegarde,OU=Comptes,DC=chu,DC=example"
    assert reset["SID"].endswith("-1203")
    assert reset["ACE (SDDL)"].startswith("(OA;;CR;00299570-")
    assert reset["Héritage"] == "posée sur l'objet même"
    inherited = dict(proofs["CHU-WEB01", "WriteDacl"].facts)
    assert inherited["Héritage"] == "héritée de Serveurs métier – OU=Serveurs,DC=chu,DC=example"
    assert inherited["Place dans la DACL"] == "rang 3, à partir de 0"
    owned = proofs["Support informatique", "Owns"]
    assert dict(owned.facts)["Propriétaire"].endswith("-1201")
    assert (owned.change, owned.rank) == ("", None)
    planned = proofs["svc-sauvegarde", "DCSync"]
    assert (planned.change, planned.rank) == ("Retirer de « chu.example » l'ACE de « svc-sauvegarde »", 2)
    spare = proofs["a.petit", "GenericWrite"]
    assert (bool(spare.change), spare.rank) == (True, None)


def test_a_right_is_told_in_words_and_as_the_tables_name_it() -> None:
    change = replace(CHANGES[0], attribute="write_dacl")
    page = build_page(
        make_audit(outlook=make_outlook(plan=Plan((PlanStep(change, 1, 0, 1, ()),), 1, True, 0, {}))), Texts("fr")
    )
    assert page.outlook is not None
    told = dict(page.outlook.plan[0].entry)["Attribut, droit ou réglage"]
    assert told == "modifier les autorisations (write_dacl)"


def test_an_inherited_ace_whose_origin_is_unknown_says_so() -> None:
    way = PATHS[3]
    evidence = way.edges[0].evidence
    assert evidence.ace is not None
    lost = replace(way.edges[0], evidence=replace(evidence, ace=replace(evidence.ace, origin=None)))
    text = Reader(html(make_outlook(paths=(replace(way, edges=(lost, *way.edges[1:])),)))).text
    assert "héritée d'un objet au-dessus, qui n'a pas été retrouvé" in text


def test_a_long_list_of_paths_is_cut_and_says_so() -> None:
    many = tuple(chain(thing(5000 + n, f"u{n}", "user"), SUPPORT, thing(512, "Admins", "group")) for n in range(100))
    text = Reader(html(make_outlook(paths=many))).text
    assert "Voir les 34 autres chemins" in text
    assert "et 60 de plus, qui ne sont pas affichés" in text


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_kind_change_difficulty_shape_and_reason_has_its_words(language: Language) -> None:
    texts = Texts(language)
    for kind in EDGE_KINDS:
        assert {"verb", "why", "fix"} == texts.section(f"edges.{kind.name}").keys(), kind.name
        assert all(texts.section(f"edges.{kind.name}").values())
    for change in CHANGE_KINDS:
        assert {"do", "how"} == texts.section(f"changes.{change}").keys() - {"do_for_all"}, change
    assert texts.section("edges").keys() == {kind.name for kind in EDGE_KINDS}
    assert texts.section("changes").keys() == set(CHANGE_KINDS)
    assert texts.section("difficulty").keys() == {level.name.lower() for level in Difficulty}
    assert texts.section("looks").keys() == {look.name for look in LOOKS}
    assert texts.section("not_modelled").keys() == NOT_MODELLED.keys()


@pytest.mark.parametrize("kind", CHANGE_KINDS)
def test_a_change_names_its_object_and_without_principal_it_is_still_an_order(kind: str) -> None:
    change = Change(0, kind, thing(1, "Cible", "group"), None, "attribut", "valeur", None)
    outlook = make_outlook(plan=Plan((PlanStep(change, 1, 0, 1, ()),), 1, True, 0, {}))
    page = build_page(make_audit(outlook=outlook), Texts("fr"))
    assert page.outlook is not None
    assert "« Cible »" in page.outlook.plan[0].told
    assert "{" not in page.outlook.plan[0].told
    assert {"attribut", "valeur"} <= set(dict(page.outlook.plan[0].entry).values())


def test_hostile_names_add_no_element_and_the_data_of_the_picture_is_inert() -> None:
    page = html(hostile_outlook())
    reader = Reader(page)
    assert reader.elements.count("script") == 4
    assert reader.elements.count("img") == 1
    assert not [name for name, _ in reader.attributes if name.startswith("on") or name == "style"]
    data = page.partition('id="picture-data">')[2].partition("</script>")[0]
    assert not set("<>&\u2028\u202e") & set(data)
    assert json.loads(data)["nodes"][0]["label"].startswith("<script>")
    assert "\u202e" not in page
    assert page.count("long,") < 6000
    assert len(page) < 900_000


def test_the_policy_names_each_script_by_its_hash_and_allows_nothing_else() -> None:
    page = html(make_outlook())
    policy = next(v for n, v in Reader(page).attributes if n == "content" and "default-src" in v).split("; ")
    assert policy[0] == "default-src 'none'"
    allowed = next(each for each in policy if each.startswith("script-src ")).split()[1:]
    scripts = [part.partition("</script>")[0] for part in page.split("<script>")[1:]]
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert allowed == [f"'sha256-{digest}'" for digest in digests]
    assert len(allowed) == 3
    assert "unsafe" not in " ".join(policy)


def test_the_library_is_the_published_file_with_its_licence_beside_it() -> None:
    library = files("adaudit.report").joinpath(CYTOSCAPE)
    licence = files("adaudit.report").joinpath(CYTOSCAPE.rpartition("/")[0], "LICENSE")
    assert hashlib.sha256(library.read_bytes()).hexdigest() == PUBLISHED
    assert "Permission is hereby granted" in licence.read_text(encoding="utf-8")
    assert library.read_text(encoding="utf-8") in html(make_outlook())


def svg(outlook: Outlook) -> str:
    address = next(v for n, v in Reader(html(outlook)).attributes if n == "src")
    kind, _, data = address.partition(",")
    assert kind == "data:image/svg+xml;base64"
    return base64.b64decode(data).decode()


def test_the_figure_is_the_same_each_time_and_asks_for_nothing() -> None:
    drawn = svg(make_outlook())
    assert drawn == svg(make_outlook())
    assert "chu.example" in drawn
    root = ET.fromstring(drawn)
    links = [v for element in root.iter() for name, v in element.attrib.items() if name.endswith("href")]
    assert all(link.startswith("#") for link in links)
    assert "@import" not in drawn
    assert "<script" not in drawn


def test_the_figure_shows_hostile_names_as_plain_text() -> None:
    texts = [element.text for element in ET.fromstring(svg(hostile_outlook())).iter() if element.text]
    assert "$x^$" in texts
    assert any(text.startswith("<script>") for text in texts)


SECRET = "Hopital2024!"


def test_a_password_is_masked_wherever_the_graph_tells_it() -> None:
    told = f"compte labo mdp: {SECRET}"
    source, target = (Thing(f"sid:{n}", f"{n} {told}", told, told, f"CN={told}", None) for n in (1, 2))
    edge = Step(source.key, target.key, "AddMember", "direct", Evidence(target, told, told, None, None), 1)
    way = Path((source, target), (edge,))
    change = Change(1, "remove_gpo_link", source, target, told, told, None)
    page = html(
        make_outlook(
            paths=(way,),
            everyone_like=(way,),
            changes=(change,),
            plan=Plan((PlanStep(change, 1, 0, 1, (edge,)),), 1, True, 0, {}),
            drawn=picture((way,), {}),
            missing={told: 1},
        )
    )
    assert SECRET not in page
    assert "******" in page
    drawn = next(v for n, v in Reader(page).attributes if n == "src").partition(",")[2]
    assert SECRET not in base64.b64decode(drawn).decode()


def test_a_thousand_drawn_nodes_make_a_page_of_bounded_size() -> None:
    things = [thing(n, f"compte{n}", "user") for n in range(1000)]
    edges = tuple(chain(a, b).edges[0] for a, b in pairwise(things))
    places = {each.key: (n / 999, (n % 31) / 31) for n, each in enumerate(things)}
    drawn = Drawn(tuple(things), places, edges, frozenset({things[-1].key}), {}, {}, 12_000)
    page = html(make_outlook(drawn=drawn))
    assert "12 000 objets de plus ne sont pas dessinés" in Reader(page).text
    assert len(page) < 6_000_000


def test_matplotlib_is_loaded_only_to_draw() -> None:
    code = "import sys, adaudit.cli, adaudit.report; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
