"""Paths through certificate services."""

from __future__ import annotations

from typing import Any

import pytest

from adaudit.graph.families.certificates import certificates
from adaudit.graph.families.rights import rights
from adaudit.graph.graph import assemble
from adaudit.graph.nodes import Nodes
from tests.graph.small_descriptors import guard, sid
from tests.graph.small_forest import HEAD, SmallForest, Told, pairs
from tests.graph.small_pki import (
    AGENT,
    AUTHORITY,
    CLIENT,
    ENROLL,
    HOST,
    SERVER,
    SERVICES,
    SUPPLIES_SUBJECT,
    certify,
    install,
    publish,
)

ANA, SOINS, LABO = f"CN=Ana,{HEAD}", f"CN=Soins,{HEAD}", f"CN=Labo,{HEAD}"
EVERYBODY = f"D:(OA;;CR;{ENROLL};;AU)"
NAME_FLAG, ENROLLMENT_FLAG = "ea1dddc4-60ff-416e-8cc0-17cee534bce7", "d15ef7d8-f226-46db-ae79-b34e560bd12c"
APPROVAL, SAN_DNS = 0x2, 0x08000000
POLICY = "1.3.6.1.4.1.311.21.8.1.400"


@pytest.fixture
def forest() -> SmallForest:
    forest = SmallForest()
    forest.add(ANA, "user", rid=1104)
    for number, dn in enumerate((SOINS, LABO)):
        forest.add(dn, "group", rid=1110 + number)
    return forest


def told(forest: SmallForest, kind: str) -> list[Told]:
    return [edge for edge in forest.edges(certificates) if edge.kind == kind]


def test_whoever_enrols_under_any_name_is_anybody(forest: SmallForest) -> None:
    install(forest)
    template = publish(forest, "Libre", EVERYBODY, name_flag=SUPPLIES_SUBJECT)
    (edge,) = told(forest, "ADCSESC1")
    assert (edge.source, edge.target, edge.difficulty) == ("S-1-5-11", HEAD, "direct")
    assert (edge.bearer, edge.attribute, edge.detail) == (template, "msPKI-Certificate-Name-Flag", "AC Emettrice")
    assert edge.change == ("change_template", template, None, "ENROLLEE_SUPPLIES_SUBJECT", None)


@pytest.mark.parametrize(
    "columns",
    [
        {"name_flag": 0},
        {"name_flag": SUPPLIES_SUBJECT, "enrollment_flag": APPROVAL},
        {"name_flag": SUPPLIES_SUBJECT, "ra_signature": 1},
        {"name_flag": SUPPLIES_SUBJECT, "ekus": [SERVER]},
        {"name_flag": SUPPLIES_SUBJECT, "application_policies": [SERVER]},
        {"name_flag": SUPPLIES_SUBJECT, "is_published": False},
    ],
    ids=["name from the directory", "approval", "signature", "server", "application policy", "not published"],
)
def test_a_sound_template_leads_nowhere(forest: SmallForest, columns: dict[str, Any]) -> None:
    install(forest)
    publish(forest, "Sain", EVERYBODY, **columns)
    assert {edge.kind for edge in forest.edges(certificates)} == {"GoldenCert"}


@pytest.mark.parametrize(
    "columns",
    [{"name_flag": 0x10000}, {"ekus": [], "name_flag": 1}, {"ra_signature": 1, "name_flag": 1, "schema_version": 1}],
)
def test_an_alternative_name_or_no_usage_or_a_signature_of_version_1_makes_no_difference(
    forest: SmallForest, columns: dict[str, Any]
) -> None:
    install(forest)
    publish(forest, "Libre", EVERYBODY, **columns)
    assert pairs(forest.edges(certificates), "ADCSESC1") == {("S-1-5-11", HEAD)}


def test_a_version_1_template_that_opens_no_session_is_uncertain(forest: SmallForest) -> None:
    install(forest)
    publish(forest, "Serveur", EVERYBODY, name_flag=SUPPLIES_SUBJECT, schema_version=1, ekus=[SERVER])
    assert [edge.difficulty for edge in told(forest, "ADCSESC1")] == ["uncertain"]


def test_enrolment_takes_a_right_on_the_template_and_on_the_authority(forest: SmallForest) -> None:
    install(forest, f"D:(OA;;CR;{ENROLL};;{sid(1111)})")
    publish(forest, "Libre", f"D:(OA;;CR;{ENROLL};;{sid(1110)})", name_flag=SUPPLIES_SUBJECT)
    assert told(forest, "ADCSESC1") == []
    for group in (SOINS, LABO):
        forest.join(ANA, group)
    assert pairs(forest.edges(certificates), "ADCSESC1") == {(ANA, HEAD)}


def test_whoever_is_denied_enrolment_gets_no_certificate(forest: SmallForest) -> None:
    install(forest)
    forest.join(ANA, SOINS)
    aces = f"(OD;;CR;{ENROLL};;{sid(1110)})(OA;;CR;{ENROLL};;{sid(1104)})(OA;;CR;{ENROLL};;{sid(1111)})"
    publish(forest, "Libre", "D:" + aces, name_flag=SUPPLIES_SUBJECT)
    assert pairs(forest.edges(certificates), "ADCSESC1") == {(LABO, HEAD)}


def test_whoever_is_denied_what_authenticated_users_are_allowed_gets_no_certificate(forest: SmallForest) -> None:
    bob = f"CN=Bob,{HEAD}"
    forest.add(bob, "user", rid=1105)
    forest.join(ANA, SOINS)
    install(forest)
    publish(forest, "Libre", f"D:(OD;;CR;{ENROLL};;{sid(1110)})(OA;;CR;{ENROLL};;AU)", name_flag=SUPPLIES_SUBJECT)
    assert pairs(forest.edges(certificates), "ADCSESC1") == {(bob, HEAD), (HOST, HEAD)}


def test_an_authority_that_controllers_do_not_accept_leads_nowhere(forest: SmallForest) -> None:
    install(forest)
    forest.rows["certificates"] = [row for row in forest.rows["certificates"] if row["store"] != "ntauth"]
    certify(forest, f"CN=NTAuthCertificates,{SERVICES}", "ntauth", "CN=Autre", "CN=Racine")
    publish(forest, "Libre", EVERYBODY, name_flag=SUPPLIES_SUBJECT)
    assert forest.edges(certificates) == []


@pytest.mark.parametrize("missing", ["enrollment", "ntauth", "root", "host"])
def test_an_authority_of_which_something_was_not_read_is_uncertain(forest: SmallForest, missing: str) -> None:
    install(forest)
    publish(forest, "Libre", EVERYBODY, name_flag=SUPPLIES_SUBJECT)
    forest.rows["certificates"] = [row for row in forest.rows["certificates"] if row["store"] != missing]
    if missing == "host":
        forest.rows["computers"] = []
    assert [edge.difficulty for edge in told(forest, "ADCSESC1")] == ["uncertain"]


def test_certificates_that_issue_one_another_are_followed_once(forest: SmallForest) -> None:
    install(forest)
    forest.rows["certificates"] = [row for row in forest.rows["certificates"] if row["store"] != "root"]
    certify(forest, f"CN=Racine,{SERVICES}", "aia", "CN=Racine", "CN=Emettrice")
    assert [edge.difficulty for edge in told(forest, "GoldenCert")] == ["uncertain"]


def test_the_host_of_an_authority_signs_for_anybody(forest: SmallForest) -> None:
    install(forest)
    (edge,) = forest.edges(certificates)
    assert (edge.kind, edge.source, edge.target, edge.change) == ("GoldenCert", HOST, HEAD, None)
    assert (edge.bearer, edge.difficulty) == (AUTHORITY, "direct")


def test_an_agent_asks_in_the_name_of_anybody(forest: SmallForest) -> None:
    install(forest)
    agent = publish(forest, "Agent", f"D:(OA;;CR;{ENROLL};;{sid(1110)})", ekus=[AGENT])
    assert told(forest, "ADCSESC3") == []
    publish(forest, "Session", EVERYBODY, schema_version=1)
    (edge,) = told(forest, "ADCSESC3")
    assert (edge.source, edge.target, edge.bearer, edge.detail) == (SOINS, HEAD, agent, "Session")
    assert edge.change == ("change_template", agent, None, "PEND_ALL_REQUESTS", None)


@pytest.mark.parametrize(
    ("columns", "opens"),
    [
        ({"ra_signature": 1, "ra_application_policies": [AGENT]}, True),
        ({"ra_signature": 2, "ra_application_policies": [AGENT]}, False),
        ({"ra_signature": 1, "ra_application_policies": [CLIENT]}, False),
        ({"ra_signature": 0}, False),
        ({"schema_version": 1, "ekus": [SERVER]}, False),
        ({"schema_version": 1, "enrollment_flag": APPROVAL}, False),
    ],
)
def test_an_agent_needs_a_template_that_takes_its_signature(
    forest: SmallForest, columns: dict[str, Any], opens: bool
) -> None:
    install(forest)
    publish(forest, "Agent", f"D:(OA;;CR;{ENROLL};;{sid(1110)})", ekus=[AGENT])
    publish(forest, "Session", EVERYBODY, **columns)
    assert bool(told(forest, "ADCSESC3")) == opens


def test_a_certificate_for_any_purpose_makes_an_agent(forest: SmallForest) -> None:
    install(forest)
    publish(forest, "Tout", f"D:(OA;;CR;{ENROLL};;{sid(1110)})", ekus=["2.5.29.37.0"])
    publish(forest, "Session", EVERYBODY, schema_version=1)
    assert (SOINS, HEAD) in pairs(forest.edges(certificates), "ADCSESC3")


@pytest.mark.parametrize("rights", ["WD", "WO", "GA"])
def test_control_of_a_published_template_gives_the_domain(forest: SmallForest, rights: str) -> None:
    install(forest)
    template = publish(forest, "Imprimante", f"D:(A;;{rights};;;{sid(1110)})", ekus=[SERVER])
    (edge,) = told(forest, "ADCSESC4")
    assert (edge.source, edge.target, edge.bearer) == (SOINS, HEAD, template)
    assert edge.change is not None
    assert edge.change[:3] == ("remove_ace", template, sid(1110))


def test_a_right_over_a_template_is_removed_once_for_all_that_it_gives(forest: SmallForest) -> None:
    install(forest)
    publish(forest, "Imprimante", f"D:(A;;WD;;;{sid(1110)})", ekus=[SERVER])
    facts = forest.facts()
    nodes = Nodes(facts)
    graph = assemble(nodes.count, (block for family in (rights, certificates) for block in family(facts, nodes)))
    told = [edge for edge in graph.edges_table().to_pylist() if edge["kind"] in ("WriteDacl", "ADCSESC4")]
    assert len({edge["kind"] for edge in told}) == 2
    assert len({edge["change_id"] for edge in told}) == 1


def test_the_owner_of_a_published_template_has_the_domain(forest: SmallForest) -> None:
    install(forest)
    template = publish(forest, "Imprimante", f"O:{sid(1104)}D:", ekus=[SERVER])
    (edge,) = told(forest, "ADCSESC4")
    assert (edge.source, edge.attribute, edge.change) == (
        *(ANA, "owner"),
        ("set_owner", template, sid(1104), "owner", None),
    )


def test_control_of_a_template_is_of_no_use_without_an_authority(forest: SmallForest) -> None:
    install(forest, f"D:(OA;;CR;{ENROLL};;{sid(1111)})")
    publish(forest, "Imprimante", f"D:(A;;WD;;;{sid(1110)})", ekus=[SERVER])
    assert told(forest, "ADCSESC4") == []


@pytest.mark.parametrize(
    ("ace", "columns", "is_enough"),
    [
        ("(A;;WP;;;{0})", {"ekus": [SERVER]}, True),
        (f"(OA;;WP;{NAME_FLAG};;{{0}})", {}, True),
        (f"(OA;;WP;{NAME_FLAG};;{{0}})", {"enrollment_flag": APPROVAL}, False),
        (f"(OA;;WP;{NAME_FLAG};;{{0}})", {"ekus": [SERVER]}, False),
        (f"(OA;;WP;{ENROLLMENT_FLAG};;{{0}})", {"enrollment_flag": APPROVAL, "name_flag": 1}, True),
        (f"(OA;;WP;{ENROLLMENT_FLAG};;{{0}})", {"enrollment_flag": APPROVAL}, False),
    ],
)
def test_writing_a_flag_counts_where_it_makes_the_template_weak(
    forest: SmallForest, ace: str, columns: dict[str, Any], is_enough: bool
) -> None:
    install(forest)
    publish(forest, "Modele", EVERYBODY + ace.format(sid(1110)), **columns)
    assert (pairs(forest.edges(certificates), "ADCSESC4") == {(SOINS, HEAD)}) == is_enough


def test_writing_a_template_without_a_right_to_enrol_gives_nothing(forest: SmallForest) -> None:
    install(forest)
    publish(forest, "Modele", f"D:(A;;WP;;;{sid(1110)})")
    assert told(forest, "ADCSESC4") == []


def issuance_policy(forest: SmallForest, group: str) -> str:
    dn = f"CN=400,{SERVICES}"
    policy = forest.add(dn, "msPKI-Enterprise-Oid")
    target = next(row["object_id"] for row in forest.rows["objects"] if row["dn"] == group)
    forest.row("links", object_id=policy, attribute="msDS-OIDToGroupLink", target_dn=group, target_id=target)
    forest.row("attributes", object_id=policy, name="msPKI-Cert-Template-OID", text=POLICY)
    return dn


def test_a_certificate_may_count_as_membership(forest: SmallForest) -> None:
    install(forest)
    policy = issuance_policy(forest, LABO)
    publish(forest, "Bloc", f"D:(OA;;CR;{ENROLL};;{sid(1110)})", certificate_policies=[POLICY])
    publish(forest, "Autre", EVERYBODY, certificate_policies=["1.2.3"])
    (edge,) = told(forest, "ADCSESC13")
    assert (edge.source, edge.target, edge.detail) == (SOINS, LABO, POLICY)
    assert edge.change == ("remove_group_link", policy, None, None, None)


def test_no_user_enrols_where_the_directory_has_to_give_a_host_name(forest: SmallForest) -> None:
    install(forest)
    issuance_policy(forest, LABO)
    aces = "".join(f"(OA;;CR;{ENROLL};;{who})" for who in (sid(1104), sid(1110)))
    publish(forest, "Bloc", "D:" + aces, certificate_policies=[POLICY], name_flag=SAN_DNS)
    assert [(edge.source, edge.difficulty) for edge in told(forest, "ADCSESC13")] == [(SOINS, "prerequisite")]


def test_what_was_not_read_or_seen_raises_nothing(forest: SmallForest) -> None:
    install(forest)
    forest.row("published_templates", ca_id=None, template_name="Perdu", template_id=None)
    unread = publish(forest, "Illisible", EVERYBODY, name_flag=SUPPLIES_SUBJECT, schema_version=None, ekus=None)
    next(row for row in forest.rows["objects"] if row["dn"] == unread)["sd_id"] = None
    assert {edge.kind for edge in forest.edges(certificates)} == {"GoldenCert"}


def test_an_authority_open_to_all_by_a_null_dacl_enrols_everybody(forest: SmallForest) -> None:
    install(forest)
    sd_id = guard(forest, AUTHORITY, "D:")
    forest.rows["security_descriptors"][sd_id]["dacl_state"] = "null"
    publish(forest, "Libre", f"D:(OA;;CR;{ENROLL};;{sid(1104)})", name_flag=SUPPLIES_SUBJECT)
    forest.identity("S-1-1-0")
    assert pairs(forest.edges(certificates), "ADCSESC1") == {(ANA, HEAD)}
