"""Who can be a managed service account: readers of its password, hosts, and successors of other accounts."""

from __future__ import annotations

import pytest

from adaudit.graph.families.service_accounts import service_accounts
from tests.graph.small_forest import DOMAIN_SID, HEAD, SmallForest, pairs

PC1, ANA, SERVICE = f"CN=PC1,{HEAD}", f"CN=Ana,{HEAD}", f"CN=Svc,{HEAD}"
STORED = 7
READ_PROPERTY, CREATE_CHILD, FULL = 0x10, 0x1, 0xF01FF


@pytest.fixture
def forest() -> SmallForest:
    forest = SmallForest()
    forest.add(PC1, "computer", rid=1110)
    forest.add(ANA, "user", rid=1104)
    return forest


def service(forest: SmallForest, *aces: tuple[bool, int, str], state: str = "present") -> None:
    """A group managed service account: whether each ACE allows, its mask and trustee."""
    forest.row("security_descriptors", sd_id=STORED, role="gmsa", domain_id=0, dacl_state=state)
    for position, (is_allow, mask, name) in enumerate(aces):
        trustee = {"trustee_id": forest.principal(name), "trustee_sid": name}
        place = {"sd_id": STORED, "position": position, "type": int(not is_allow), "is_allow": is_allow}
        forest.row("aces", **place, mask=mask, is_inherit_only=False, **trustee)
    forest.add(SERVICE, "msDS-GroupManagedServiceAccount", rid=1120, reader_sd_id=STORED)


@pytest.mark.parametrize(
    ("mask", "difficulty"), [(READ_PROPERTY, "direct"), (FULL, "direct"), (CREATE_CHILD, "uncertain")]
)
def test_a_trustee_reads_the_password(forest: SmallForest, mask: int, difficulty: str) -> None:
    service(forest, (True, mask, PC1))
    (edge,) = forest.edges(service_accounts)
    assert (edge.kind, edge.source, edge.target, edge.difficulty) == ("ReadGMSAPassword", PC1, SERVICE, difficulty)
    assert (edge.bearer, edge.attribute) == (SERVICE, "msDS-GroupMSAMembership")
    assert edge.change == ("remove_password_reader", SERVICE, f"{DOMAIN_SID}-1110", None, None)


def test_whoever_is_denied_first_does_not(forest: SmallForest) -> None:
    service(forest, (False, FULL, PC1), (True, FULL, PC1), (True, FULL, ANA))
    assert pairs(forest.edges(service_accounts), "ReadGMSAPassword") == {(ANA, SERVICE)}


def test_whoever_is_denied_to_read_the_property_alone_does_not(forest: SmallForest) -> None:
    service(forest, (False, READ_PROPERTY, PC1), (True, FULL, PC1), (True, FULL, ANA))
    assert pairs(forest.edges(service_accounts), "ReadGMSAPassword") == {(ANA, SERVICE)}


def test_an_account_whose_readers_were_not_read_has_none(forest: SmallForest) -> None:
    forest.add(SERVICE, "msDS-GroupManagedServiceAccount", rid=1120)
    assert forest.edges(service_accounts) == []


@pytest.mark.parametrize("is_forward", [True, False])
def test_the_host_of_a_service_account_holds_its_password(forest: SmallForest, is_forward: bool) -> None:
    account = forest.add(SERVICE, "msDS-GroupManagedServiceAccount", rid=1120, kind="smsa")
    ends = {"object_id": 1, "target_id": account} if is_forward else {"object_id": account, "target_id": 1}
    forest.row("links", attribute="msDS-HostServiceAccount" + ("" if is_forward else "BL"), **ends)
    (edge,) = forest.edges(service_accounts)
    assert (edge.kind, edge.source, edge.target) == ("DumpSMSAPassword", PC1, SERVICE)
    assert edge.change == ("remove_host_service_account", SERVICE, f"{DOMAIN_SID}-1110", None, None)


def test_a_link_to_what_is_no_service_account_gives_nothing(forest: SmallForest) -> None:
    forest.row("links", object_id=1, attribute="msDS-HostServiceAccount", target_id=2)
    forest.row("links", object_id=1, attribute="msDS-HostServiceAccount", target_id=None)
    assert forest.edges(service_accounts) == []


@pytest.mark.parametrize(
    ("state", "is_agreed", "difficulty"), [(2, True, "direct"), (2, False, "uncertain"), (1, True, None)]
)
def test_a_migrated_successor_stands_for_the_account_it_precedes(
    forest: SmallForest, state: int, is_agreed: bool, difficulty: str | None
) -> None:
    account = forest.add(SERVICE, "msDS-GroupManagedServiceAccount", rid=1120, kind="dmsa", delegated_state=state)
    forest.row("links", object_id=account, attribute="msDS-ManagedAccountPrecededByLink", target_id=2)
    if is_agreed:
        forest.row("links", object_id=2, attribute="msDS-SupersededManagedAccountLink", target_id=account)
    change = ("remove_succession", SERVICE, f"{DOMAIN_SID}-1104", None, None)
    expected = [] if difficulty is None else [("CanUseBadSuccessor", SERVICE, ANA, difficulty, change)]
    edges = forest.edges(service_accounts)
    assert [(e.kind, e.source, e.target, e.difficulty, e.change) for e in edges] == expected
