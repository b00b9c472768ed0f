"""Trusts within the forest, and what partners of other forests can do."""

from __future__ import annotations

from typing import Any

import pytest

from adaudit.graph.families.trusts import trusts
from tests.graph.small_forest import HEAD, SmallForest, Told, pairs

PARTNER, ACCOUNT = f"CN=partner.test,CN=System,{HEAD}", f"CN=PARTNER$,CN=Users,{HEAD}"
CHILD = "DC=child,DC=corp,DC=test"
BOTH: dict[str, Any] = {"is_outbound": True, "is_inbound": True}
TOLD = "CrossForestTrust"


def told(forest: SmallForest | None = None, **flags: Any) -> list[Told]:
    forest = SmallForest() if forest is None else forest
    trust = forest.add(PARTNER, "trustedDomain")
    known = {"partner_dns": "partner.test", "partner_netbios": "PARTNER", "trust_type": 2, "trust_attributes": 0}
    forest.row("trusts", object_id=trust, domain_id=0, **(known | flags))
    return forest.edges(trusts)


def followed(**flags: Any) -> set[tuple[str, str, str, str]]:
    return {(e.kind, e.source, e.target, e.difficulty) for e in told(**flags) if e.kind != TOLD}


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        ({"is_outbound": True, "is_inbound": False}, {(HEAD, PARTNER)}),
        ({"is_outbound": False, "is_inbound": True}, {(PARTNER, HEAD)}),
        (BOTH, {(HEAD, PARTNER), (PARTNER, HEAD)}),
    ],
)
def test_a_trust_with_another_forest_is_told_from_who_trusts_to_who_is_trusted(
    direction: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    assert pairs(told(**direction), TOLD) == expected


@pytest.mark.parametrize(
    ("flags", "difficulty"),
    [
        ({}, "direct"),
        ({"is_forest_transitive": True, "is_treated_as_external": True}, "uncertain"),
        ({"trust_attributes": None}, "uncertain"),
    ],
)
def test_a_partner_that_nothing_filters_can_take_the_domain(flags: dict[str, Any], difficulty: str) -> None:
    assert followed(is_outbound=True, is_inbound=False, **flags) == {("SpoofSIDHistory", PARTNER, HEAD, difficulty)}


@pytest.mark.parametrize(
    "flags",
    [
        {"is_quarantined": True},
        {"is_forest_transitive": True},
        {"is_forest_transitive": True, "is_treated_as_external": True, "is_quarantined": True},
        {"is_outbound": False},
        {"trust_type": 3},
    ],
)
def test_a_partner_that_is_filtered_or_not_trusted_cannot(flags: dict[str, Any]) -> None:
    assert followed(**{"is_outbound": True, "is_inbound": False} | flags) == set()


def test_filtering_removes_what_the_partner_can_do() -> None:
    edge = next(e for e in told(is_outbound=True, is_inbound=False) if e.kind == "SpoofSIDHistory")
    assert (edge.bearer, edge.attribute) == (PARTNER, "trustAttributes")
    assert edge.change == ("filter_sids", PARTNER, None, None, None)


def test_a_partner_that_receives_our_tickets_can_take_the_domain() -> None:
    edges = told(is_inbound=True, is_outbound=False, allows_tgt_delegation=True)
    (edge,) = [e for e in edges if e.kind == "AbuseTGTDelegation"]
    assert (edge.source, edge.target, edge.difficulty) == (PARTNER, HEAD, "prerequisite")
    assert edge.change == ("forbid_tgt_delegation", PARTNER, None, None, None)


@pytest.mark.parametrize(
    "flags",
    [
        {"allows_tgt_delegation": False},
        {"allows_tgt_delegation": True, "forbids_tgt_delegation": True},
        {"allows_tgt_delegation": True, "is_quarantined": True},
        {"allows_tgt_delegation": True, "is_inbound": False},
    ],
)
def test_a_partner_that_does_not_receive_them_cannot(flags: dict[str, Any]) -> None:
    assert pairs(told(**{"is_inbound": True, "is_outbound": False} | flags), "AbuseTGTDelegation") == set()


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({}, {(PARTNER, ACCOUNT)}),
        ({"is_enabled": False}, set()),
        ({"is_trust_account": False}, set()),
        ({"sam_account_name": "OTHER$"}, set()),
    ],
)
def test_who_trusts_us_holds_the_keys_of_its_trust_account(
    flags: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    forest = SmallForest()
    known: dict[str, Any] = {"sam_account_name": "Partner$", "is_trust_account": True}
    forest.add(ACCOUNT, "user", rid=1120, **(known | flags))
    assert pairs(told(forest, is_inbound=True, is_outbound=False), "HasTrustKeys") == expected


def test_domains_of_the_forest_reach_one_another() -> None:
    forest = SmallForest()
    head = forest.add(CHILD, "domainDNS", sid="S-1-5-21-4-5-6")
    forest.row("domains", domain_id=1, dn=CHILD, dns_name="child.corp.test", object_id=head)
    edges = told(forest, partner_dns="Child.corp.test", is_within_forest=True, **BOTH)
    assert {(e.kind, e.source, e.target) for e in edges} == {
        ("SameForestTrust", HEAD, CHILD),
        ("SameForestTrust", CHILD, HEAD),
    }
    assert {(e.bearer, e.change) for e in edges} == {(PARTNER, None)}


@pytest.mark.parametrize("is_known", [True, False])
def test_a_domain_of_the_forest_that_was_not_read_has_no_step(is_known: bool) -> None:
    forest = SmallForest()
    if is_known:
        forest.row("domains", domain_id=1, dn=CHILD, dns_name="child.corp.test", object_id=None)
    assert told(forest, partner_dns="child.corp.test", is_within_forest=True, **BOTH) == []


def test_trees_of_one_forest_made_by_windows_2000_are_no_other_forest() -> None:
    assert told(trust_attributes=0x400000, **BOTH) == []
