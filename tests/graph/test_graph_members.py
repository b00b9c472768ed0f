"""Memberships: explicit, primary, implicit, and those that give nothing."""

from __future__ import annotations

from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adaudit.graph.families.members import implicit_members, members
from adaudit.graph.families.special_identities import special_identities
from tests.graph.small_forest import DOMAIN_SID, HEAD, SmallForest, pairs

EVERYONE, ANONYMOUS, AUTHENTICATED, CONTROLLERS = "S-1-1-0", "S-1-5-7", "S-1-5-11", "S-1-5-9"
ANA, PC1, GUEST = f"CN=Ana,{HEAD}", f"CN=PC1,{HEAD}", f"CN=Guest,{HEAD}"
STAFF, ADMINS, USERS = f"CN=Staff,{HEAD}", f"CN=Domain Admins,{HEAD}", f"CN=Domain Users,{HEAD}"
PARTNER = "S-1-5-21-9-9-9"
OPEN, SELECTIVE = 0, 0x10
LSA = r"system\currentcontrolset\control\lsa\everyoneincludesanonymous"


@pytest.fixture
def forest() -> SmallForest:
    forest = SmallForest()
    for sid in (EVERYONE, ANONYMOUS, AUTHENTICATED, CONTROLLERS):
        forest.identity(sid)
    forest.add(ANA, "user", rid=1104)
    for dn, rid in ((STAFF, 1105), (ADMINS, 512), (USERS, 513)):
        forest.add(dn, "group", rid=rid, is_security=True)
    return forest


def trust(forest: SmallForest, attributes: int, *, is_outbound: bool = True) -> None:
    trust = forest.add(f"CN=partner.test,{HEAD}", "trustedDomain")
    flags = {"is_outbound": is_outbound, "is_cross_organization": bool(attributes & SELECTIVE)}
    forest.row("trusts", object_id=trust, partner_sid=PARTNER, trust_attributes=attributes, trust_type=2, **flags)


def test_a_member_is_told_with_the_change_that_removes_it(forest: SmallForest) -> None:
    forest.join(ANA, STAFF)
    (edge,) = forest.edges(members)
    assert (edge.kind, edge.source, edge.target, edge.difficulty) == ("MemberOf", ANA, STAFF, "direct")
    assert (edge.bearer, edge.attribute) == (STAFF, "member")
    assert edge.change == ("remove_member", STAFF, f"{DOMAIN_SID}-1104", None, None)


def test_what_only_the_back_link_shows_is_removed_from_the_group_as_well(forest: SmallForest) -> None:
    forest.join(ANA, STAFF, "member_of")
    (edge,) = forest.edges(members)
    assert (edge.bearer, edge.attribute) == (ANA, "memberOf")
    assert edge.change == ("remove_member", STAFF, f"{DOMAIN_SID}-1104", None, None)


@pytest.mark.parametrize(
    ("object_class", "rid", "flags", "group"),
    [
        ("user", 1120, {}, 513),
        ("user", 501, {}, 514),
        ("computer", 1120, {}, 515),
        ("computer", 1120, {"is_server_account": True}, 516),
        ("computer", 1120, {"is_rodc_account": True}, 521),
        ("msDS-GroupManagedServiceAccount", 1120, {}, 515),
    ],
)
def test_the_default_primary_group_cannot_be_removed(
    object_class: str, rid: int, flags: dict[str, Any], group: int
) -> None:
    forest = SmallForest()
    forest.add(PC1, object_class, rid=rid, **flags)
    forest.add(STAFF, "group", rid=group, is_security=True)
    forest.join(PC1, STAFF, "primary_group")
    (edge,) = forest.edges(members)
    assert (edge.kind, edge.target, edge.attribute, edge.change) == ("MemberOf", STAFF, "primaryGroupID", None)


@pytest.mark.parametrize(("object_class", "group"), [("user", 512), ("user", 515), ("computer", 516)])
def test_a_chosen_primary_group_can_be_changed(object_class: str, group: int) -> None:
    forest = SmallForest()
    forest.add(PC1, object_class, rid=1120)
    forest.add(STAFF, "group", rid=group, is_security=True)
    forest.join(PC1, STAFF, "primary_group")
    (edge,) = forest.edges(members)
    assert edge.change == ("change_primary_group", PC1, f"{DOMAIN_SID}-{group}", None, None)


def test_a_distribution_group_gives_nothing(forest: SmallForest) -> None:
    forest.add(f"CN=Mailing,{HEAD}", "group", rid=1130, is_security=False)
    forest.add(f"CN=Unread,{HEAD}", "group", rid=1131, is_security=None)
    forest.join(ANA, f"CN=Mailing,{HEAD}")
    forest.join(ANA, f"CN=Unread,{HEAD}")
    assert pairs(forest.edges(members), "MemberOf") == {(ANA, f"CN=Unread,{HEAD}")}


def test_dangling_and_unseen_members_are_kept(forest: SmallForest) -> None:
    gone = f"{DOMAIN_SID}-9999"
    forest.identity(gone)
    forest.join(gone, STAFF)
    forest.row("principals", principal_id=len(forest.rows["principals"]), type="unseen", dn="CN=Hidden", sid=None)
    forest.join("CN=Hidden", STAFF)
    forest.row("memberships", member_id=None, group_id=None, origin="member")
    forest.row("memberships", member_id=10**6, group_id=10**6, origin="primary_group")
    assert {source for source, _ in pairs(forest.edges(members), "MemberOf")} == {gone, ""}


def test_a_group_without_object_has_no_change(forest: SmallForest) -> None:
    forest.identity(f"{DOMAIN_SID}-9999")
    forest.join(ANA, f"{DOMAIN_SID}-9999", "member_of")
    (edge,) = forest.edges(members)
    assert (edge.target, edge.change) == (f"{DOMAIN_SID}-9999", None)


def test_whoever_can_log_on_is_in_authenticated_users(forest: SmallForest) -> None:
    forest.add(PC1, "computer", rid=1120)
    forest.add(f"CN=Unread,{HEAD}", "user", rid=1121, is_enabled=None)
    forest.add(f"CN=Gone,{HEAD}", "user", rid=1122, is_enabled=False)
    edges = forest.edges(implicit_members)
    assert pairs(edges, "MemberOf") == {
        (ANA, AUTHENTICATED),
        (PC1, AUTHENTICATED),
        (f"CN=Unread,{HEAD}", AUTHENTICATED),
        (AUTHENTICATED, EVERYONE),
    }
    assert {edge.change for edge in edges} == {None}


def test_a_disabled_account_keeps_its_memberships(forest: SmallForest) -> None:
    forest.add(f"CN=Gone,{HEAD}", "user", rid=1122, is_enabled=False)
    forest.join(f"CN=Gone,{HEAD}", ADMINS)
    assert pairs(forest.edges(members), "MemberOf") == {(f"CN=Gone,{HEAD}", ADMINS)}


def test_accounts_are_in_everyone_when_nothing_refers_to_authenticated_users() -> None:
    forest = SmallForest()
    forest.identity(EVERYONE)
    forest.add(ANA, "user", rid=1104)
    assert pairs(forest.edges(implicit_members), "MemberOf") == {(ANA, EVERYONE)}


def test_guest_is_in_everyone_alone_and_stands_for_everybody_while_enabled(forest: SmallForest) -> None:
    forest.add(GUEST, "user", rid=501)
    assert {target for source, target in pairs(forest.edges(implicit_members), "MemberOf") if source == GUEST} == {
        EVERYONE
    }
    (edge,) = forest.edges(special_identities)
    assert (edge.source, edge.target, edge.difficulty) == (EVERYONE, GUEST, "uncertain")
    assert edge.change == ("disable_account", GUEST, None, None, None)


def test_a_disabled_guest_is_nobody(forest: SmallForest) -> None:
    forest.add(GUEST, "user", rid=501, is_enabled=False)
    assert GUEST not in {source for source, _ in pairs(forest.edges(implicit_members), "MemberOf")}
    assert forest.edges(special_identities) == []


def test_anonymous_stands_alone(forest: SmallForest) -> None:
    assert ANONYMOUS not in {edge.source for edge in forest.edges(implicit_members)}


@pytest.mark.parametrize(("scope", "number", "found"), [(1, 1, {(ANONYMOUS, EVERYONE)}), (1, 0, set()), (2, 1, set())])
def test_anonymous_is_in_everyone_where_a_policy_of_controllers_says_so(
    scope: int, number: int, found: set[tuple[str, str]]
) -> None:
    forest = SmallForest()
    forest.identity(EVERYONE)
    forest.identity(ANONYMOUS)
    place = forest.add(f"OU=Domain Controllers,{HEAD}", "organizationalUnit")
    forest.add(f"CN=DC1,OU=Domain Controllers,{HEAD}", "computer", rid=1120, is_server_account=True, is_enabled=False)
    policy = forest.add(f"CN={{1}},{HEAD}", "groupPolicyContainer")
    value = {"scope_id": scope, "side": "computer", "path": LSA, "number": number, "gpo_id": policy}
    edges = forest.edges(
        implicit_members,
        registry_in_force=[value | {"is_conditional": False}],
        policy_scopes=[{"container_id": place, "scope_id": 1}],
    )
    assert pairs(edges, "MemberOf") == found
    assert [edge.change for edge in edges] == [
        ("remove_policy_setting", f"CN={{1}},{HEAD}", ANONYMOUS, LSA, None) for _ in found
    ]


def test_controllers_have_the_identity_of_controllers_and_read_only_ones_theirs(forest: SmallForest) -> None:
    enterprise = f"CN=Enterprise Read-only,{HEAD}"
    forest.add(enterprise, "group", rid=498, is_security=True)
    forest.add(f"CN=DC1,{HEAD}", "computer", rid=1120, is_server_account=True)
    forest.add(f"CN=RODC1,{HEAD}", "computer", rid=1121, is_rodc_account=True)
    edges = pairs(forest.edges(implicit_members), "MemberOf")
    assert {(source, target) for source, target in edges if target in (CONTROLLERS, enterprise)} == {
        (f"CN=DC1,{HEAD}", CONTROLLERS),
        (f"CN=RODC1,{HEAD}", enterprise),
    }


@pytest.mark.parametrize("attributes", [None, OPEN])
def test_a_foreign_identity_is_in_authenticated_users(forest: SmallForest, attributes: int | None) -> None:
    forest.foreign(f"{PARTNER}-1105")
    forest.join(f"{PARTNER}-1105", ADMINS)
    if attributes is not None:
        trust(forest, attributes)
    assert (f"{PARTNER}-1105", AUTHENTICATED) in pairs(forest.edges(implicit_members), "MemberOf")
    assert pairs(forest.edges(members), "MemberOf") == {(f"{PARTNER}-1105", ADMINS)}


def test_selective_authentication_keeps_foreign_identities_out(forest: SmallForest) -> None:
    forest.foreign(f"{PARTNER}-1105")
    forest.join(f"{PARTNER}-1105", ADMINS)
    trust(forest, SELECTIVE)
    assert f"{PARTNER}-1105" not in {edge.source for edge in forest.edges(implicit_members)}
    edges = forest.edges(members)
    assert pairs(edges, "MemberOf") == set()
    assert pairs(edges, "SelectiveMemberOf") == {(f"{PARTNER}-1105", ADMINS)}


def test_selective_authentication_counts_for_every_domain_of_the_partner(forest: SmallForest) -> None:
    trust(forest, SELECTIVE)
    forest.row("trust_names", object_id=len(forest.rows["objects"]) - 1, sid="S-1-5-21-8-8-8")
    forest.foreign("S-1-5-21-8-8-8-1105")
    forest.join("S-1-5-21-8-8-8-1105", ADMINS)
    assert pairs(forest.edges(members), "MemberOf") == set()


def test_an_inbound_trust_lets_nobody_log_on_here(forest: SmallForest) -> None:
    forest.foreign(f"{PARTNER}-1105")
    trust(forest, OPEN, is_outbound=False)
    assert f"{PARTNER}-1105" not in {edge.source for edge in forest.edges(implicit_members)}


def test_authenticated_users_can_have_the_special_identities_that_are_referred_to(forest: SmallForest) -> None:
    for sid in ("S-1-5-2", "S-1-5-64-10", "S-1-18-4", "S-1-5-4"):
        forest.identity(sid)
    told = {(edge.source, edge.target, edge.difficulty) for edge in forest.edges(special_identities)}
    assert told == {
        (AUTHENTICATED, "S-1-5-2", "direct"),
        (AUTHENTICATED, "S-1-5-64-10", "direct"),
        (AUTHENTICATED, "S-1-18-4", "uncertain"),
    }


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20))
@settings(max_examples=30)
def test_nesting_is_followed_to_any_depth_cycles_included(nesting: list[tuple[int, int]]) -> None:
    forest = SmallForest()
    groups = [f"CN=G{number},{HEAD}" for number in range(8)]
    for number, dn in enumerate(groups):
        forest.add(dn, "group", rid=1200 + number, is_security=True)
    for inner, outer in dict.fromkeys(nesting):
        forest.join(groups[inner], groups[outer])
    steps = nx.DiGraph(list(pairs(forest.edges(members), "MemberOf")))
    steps.add_nodes_from(groups)
    above = forest.facts().memberships.above
    expected = {dn: {forest.rows["principals"][p]["dn"] for p in above(forest.principal(dn))} for dn in groups}
    assert {dn: nx.descendants(steps, dn) for dn in groups} == expected


def test_an_empty_snapshot_has_no_members() -> None:
    forest = SmallForest()
    forest.rows = {}
    assert forest.edges(members) == forest.edges(implicit_members) == forest.edges(special_identities) == []
