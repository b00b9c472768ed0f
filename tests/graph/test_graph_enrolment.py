"""What certificate services are made of, told and not followed."""

from __future__ import annotations

import pytest

from adaudit.graph.families.enrolment import enrolment
from tests.graph.small_descriptors import guard, sid
from tests.graph.small_forest import HEAD, SmallForest, pairs
from tests.graph.small_pki import AUTHORITY, ENROLL, HOST, SERVICES, install, publish

ANA, GROUP = f"CN=Ana,{HEAD}", f"CN=Bloc,{HEAD}"
AUTO_ENROLL = "a05b8cc2-17bc-4802-a710-e7c15ab866a2"


@pytest.fixture
def forest() -> SmallForest:
    forest = SmallForest()
    forest.add(ANA, "user", rid=1104)
    forest.add(GROUP, "group", rid=1110)
    install(forest)
    return forest


def test_rights_to_enrol_are_told_of_templates_and_authorities(forest: SmallForest) -> None:
    who = sid(1104)
    template = publish(forest, "Poste", f"D:(OA;;CR;{ENROLL};;{who})(OA;;CR;{AUTO_ENROLL};;{who})")
    edges = forest.edges(enrolment)
    assert pairs(edges, "Enroll") == {(ANA, template), ("S-1-5-11", AUTHORITY)}
    assert pairs(edges, "AutoEnroll") == {(ANA, template)}
    told = next(edge for edge in edges if edge.kind == "AutoEnroll")
    assert (told.attribute, told.change and told.change[:3]) == (
        *("Certificate-AutoEnrollment",),
        ("remove_ace", template, who),
    )


@pytest.mark.parametrize("ace", ["(A;;GA;;;{0})", "(A;;CR;;;{0})", "(OA;IOCI;CR;{1};;{0})", "(OA;;RP;{1};;{0})"])
def test_a_right_that_no_ace_names_is_not_told_by_that_name(forest: SmallForest, ace: str) -> None:
    publish(forest, "Poste", "D:" + ace.format(sid(1104), ENROLL))
    assert pairs(forest.edges(enrolment), "Enroll") == {("S-1-5-11", AUTHORITY)}


def test_a_denied_right_is_not_told(forest: SmallForest) -> None:
    guard(forest, AUTHORITY, f"D:(OD;;CR;{ENROLL};;{sid(1104)})(OA;;CR;{ENROLL};;{sid(1104)})")
    assert not pairs(forest.edges(enrolment), "Enroll")


@pytest.mark.parametrize(("most", "told"), [(1, {HOST}), (0, {"S-1-5-11"})])
def test_those_who_keep_a_right_stand_for_authenticated_users_unless_they_are_too_many(
    forest: SmallForest, monkeypatch: pytest.MonkeyPatch, most: int, told: set[str]
) -> None:
    monkeypatch.setattr("adaudit.graph.rights.shares.MOST_PARTS", most)
    guard(forest, AUTHORITY, f"D:(OD;;CR;{ENROLL};;{sid(1104)})(OA;;CR;{ENROLL};;AU)")
    assert pairs(forest.edges(enrolment), "Enroll") == {(source, AUTHORITY) for source in told}


def test_a_template_is_published_by_an_authority_on_a_host(forest: SmallForest) -> None:
    template = publish(forest, "Poste", "D:")
    edges = forest.edges(enrolment)
    assert pairs(edges, "PublishedTo") == {(template, AUTHORITY)}
    assert pairs(edges, "HostsCAService") == {(HOST, AUTHORITY)}


def test_an_authority_whose_host_was_not_seen_has_none(forest: SmallForest) -> None:
    forest.rows["computers"] = []
    assert not pairs(forest.edges(enrolment), "HostsCAService")


@pytest.mark.parametrize("is_seen", [True, False])
def test_a_policy_is_linked_to_the_group_that_was_seen(forest: SmallForest, is_seen: bool) -> None:
    policy = f"CN=400,{SERVICES}"
    object_id = forest.add(policy, "msPKI-Enterprise-Oid")
    target = {"target_dn": GROUP, "target_id": 2 if is_seen else None}
    forest.row("links", object_id=object_id, attribute="msds-oidtogrouplink", **target)
    edges = [edge for edge in forest.edges(enrolment) if edge.kind == "OIDGroupLink"]
    assert [(edge.source, edge.target) for edge in edges] == ([(policy, GROUP)] if is_seen else [])
    assert all(edge.change == ("remove_group_link", policy, None, None, None) for edge in edges)
