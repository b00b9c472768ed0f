"""Domain controllers: what they are, what read-only ones hold, who manages them and their DNS."""

from __future__ import annotations

from typing import Any

import pytest

from adaudit.graph.families.controllers import controllers
from adaudit.graph.families.dns_servers import dns_servers
from adaudit.graph.families.read_only_controllers import read_only_controllers
from tests.graph.small_forest import DOMAIN_SID, HEAD, SmallForest, pairs

DC1, RODC, ANA, BOB, CARL = (f"CN={name},{HEAD}" for name in ("DC1", "RODC", "Ana", "Bob", "Carl"))
ALLOWED, DENIED, NESTED = (f"CN={name},{HEAD}" for name in ("Allowed", "Denied", "Nested"))
MICROSOFT_DNS = f"CN=MicrosoftDNS,CN=System,{HEAD}"
STORED = 7
WRITE_PROPERTY, READ_PROPERTY, FULL = 0x20, 0x10, 0xF01FF
WRITABLE: dict[str, Any] = {"is_server_account": True}


def with_site(forest: SmallForest, *controllers: int) -> SmallForest:
    """Servers in CN=Sites for some controllers: without any, sites count as not read."""
    for number in controllers:
        forest.add(f"CN=Server{number},{HEAD}", "server", computer_id=number)
    return forest


@pytest.mark.parametrize("flags", [WRITABLE, {"primary_group_rid": 516}])
def test_a_writable_controller_is_its_domain(flags: dict[str, Any]) -> None:
    forest = SmallForest()
    with_site(forest, forest.add(DC1, "computer", rid=1001, **flags))
    (edge,) = forest.edges(controllers)
    assert (edge.kind, edge.source, edge.target, edge.change) == ("DCFor", DC1, HEAD, None)


@pytest.mark.parametrize(
    "flags",
    [{"is_rodc_account": True}, {"primary_group_rid": 521}, {**WRITABLE, "is_enabled": False}, {}],
)
def test_read_only_and_disabled_controllers_are_not(flags: dict[str, Any]) -> None:
    forest = SmallForest()
    with_site(forest, forest.add(DC1, "computer", rid=1001, **flags))
    assert forest.edges(controllers) == []


def test_what_has_no_server_where_others_have_one_is_no_controller() -> None:
    forest = SmallForest()
    with_site(forest, forest.add(DC1, "computer", rid=1001, **WRITABLE))
    forest.add(f"CN=Ghost,{HEAD}", "computer", rid=1002, **WRITABLE)
    assert pairs(forest.edges(controllers), "DCFor") == {(DC1, HEAD)}


@pytest.fixture
def branch() -> SmallForest:
    """A read-only controller that may ask for the passwords of ALLOWED, which holds NESTED, but not of DENIED."""
    forest = SmallForest()
    rodc = forest.add(RODC, "computer", rid=1001, is_rodc_account=True, primary_group_rid=521)
    with_site(forest, rodc)
    for dn, rid in ((ANA, 1104), (BOB, 1105), (CARL, 1106)):
        forest.add(dn, "user", rid=rid)
    for dn, rid, attribute in (
        (ALLOWED, 571, "msDS-RevealOnDemandGroup"),
        (DENIED, 572, "msDS-NeverRevealGroup"),
        (NESTED, 1107, None),
    ):
        group = forest.add(dn, "group", rid=rid, is_security=True)
        if attribute:
            forest.row("links", object_id=rodc, attribute=attribute, target_id=group)
    forest.join(NESTED, ALLOWED)
    forest.join(ALLOWED, NESTED)
    return forest


def object_of(forest: SmallForest, dn: str) -> int:
    found: int = next(o["object_id"] for o in forest.rows["objects"] if o["dn"] == dn)
    return found


def test_a_read_only_controller_may_ask_for_who_is_allowed_and_not_denied(branch: SmallForest) -> None:
    branch.join(ANA, NESTED)
    branch.join(BOB, ALLOWED)
    branch.join(BOB, DENIED)
    edges = branch.edges(read_only_controllers)
    assert pairs(edges, "RodcCachePassword") == {(RODC, ANA)}
    assert edges[0].change == ("restrict_password_caching", RODC, None, "msDS-RevealOnDemandGroup", None)
    assert edges[0].difficulty == "prerequisite"


def test_one_change_takes_every_allowed_password_away(branch: SmallForest) -> None:
    branch.join(ANA, ALLOWED)
    branch.join(CARL, ALLOWED)
    edges = branch.edges(read_only_controllers)
    assert pairs(edges, "RodcCachePassword") == {(RODC, ANA), (RODC, CARL)}
    assert len({edge.change for edge in edges}) == 1


def test_authenticated_users_allowed_are_all_accounts_but_those_denied(branch: SmallForest) -> None:
    branch.identity("S-1-5-11")
    branch.join("S-1-5-11", ALLOWED)
    branch.join(BOB, DENIED)
    assert pairs(branch.edges(read_only_controllers), "RodcCachePassword") == {(RODC, ANA), (RODC, CARL)}


def test_a_password_that_was_sent_stays_there_though_denied_since(branch: SmallForest) -> None:
    branch.join(BOB, DENIED)
    for _ in range(2):
        branch.row(
            "links", object_id=object_of(branch, RODC), attribute="msDS-RevealedUsers", target_id=object_of(branch, BOB)
        )
    (edge,) = branch.edges(read_only_controllers)
    assert (edge.source, edge.target, edge.difficulty) == (RODC, BOB, "direct")
    assert edge.change == (
        "restrict_password_caching",
        RODC,
        f"{DOMAIN_SID}-1105",
        "msDS-NeverRevealGroup",
        None,
    )


def test_who_manages_a_read_only_controller_administers_it(branch: SmallForest) -> None:
    branch.row("links", object_id=object_of(branch, RODC), attribute="managedBy", target_id=object_of(branch, ANA))
    branch.row("links", object_id=object_of(branch, BOB), attribute="managedBy", target_id=object_of(branch, ANA))
    (edge,) = branch.edges(read_only_controllers)
    assert (edge.kind, edge.source, edge.target) == ("RodcManagedBy", ANA, RODC)
    assert edge.change == ("clear_managed_by", RODC, f"{DOMAIN_SID}-1104", None, None)


@pytest.fixture
def dns() -> SmallForest:
    forest = SmallForest()
    with_site(
        forest,
        forest.add(DC1, "computer", rid=1001, **WRITABLE),
        forest.add(RODC, "computer", rid=1002, is_rodc_account=True),
    )
    forest.add(ANA, "user", rid=1104)
    return forest


def test_dns_administrators_are_led_to_writable_controllers(dns: SmallForest) -> None:
    dns.add(f"CN=Admins DNS,{HEAD}", "group", rid=1101, sam_account_name="DnsAdmins")
    dns.add(f"CN=DnsAdmins,{HEAD}", "group", rid=1102, sam_account_name="Others")
    edges = dns.edges(dns_servers)
    assert pairs(edges, "DnsAdminsToDC") == {(f"CN=Admins DNS,{HEAD}", DC1)}
    assert edges[0].change is None


def allow(forest: SmallForest, sd: int, name: str, mask: int, **columns: Any) -> None:
    """A descriptor with one ACE."""
    forest.row("security_descriptors", sd_id=sd, role="object", domain_id=0, dacl_state="present")
    trustee = forest.principal(name)
    sid = forest.rows["principals"][trustee]["sid"]
    ace = {"sd_id": sd, "position": 0, "type": 0, "is_allow": True, "flags": 0, "is_inherit_only": False, "mask": mask}
    forest.row("aces", **ace | columns, trustee_id=trustee, trustee_sid=sid)


@pytest.mark.parametrize(
    ("place", "mask", "columns", "right"),
    [
        (MICROSOFT_DNS, WRITE_PROPERTY, {}, "write_property"),
        (MICROSOFT_DNS, FULL, {}, "full_control"),
        (MICROSOFT_DNS, READ_PROPERTY, {}, None),
        (MICROSOFT_DNS, FULL, {"is_inherit_only": True}, None),
        (MICROSOFT_DNS, WRITE_PROPERTY, {"object_type": "bf967a06-0de6-11d0-a285-00aa003049e2"}, None),
        (f"DC=corp.test,{MICROSOFT_DNS}", FULL, {}, None),
    ],
)
def test_whoever_may_write_the_settings_of_dns_servers_is_led_there_too(
    dns: SmallForest, place: str, mask: int, columns: dict[str, Any], right: str | None
) -> None:
    allow(dns, STORED, ANA, mask, **columns)
    dns.add(place, "container", sd=STORED)
    expected = [(ANA, DC1, right, ("remove_ace", place, f"{DOMAIN_SID}-1104", right, None))] if right else []
    assert [(e.source, e.target, e.attribute, e.change) for e in dns.edges(dns_servers) if e.change] == expected


def test_a_right_that_these_settings_inherit_is_removed_where_it_comes_from(dns: SmallForest) -> None:
    system = MICROSOFT_DNS.partition(",")[2]
    allow(dns, STORED, ANA, FULL, flags=0x2)
    allow(dns, STORED + 1, ANA, FULL, flags=0x12, is_inherited=True)
    dns.add(system, "container", sd=STORED)
    dns.add(MICROSOFT_DNS, "container", sd=STORED + 1)
    (edge,) = (each for each in dns.edges(dns_servers) if each.source == ANA)
    assert (edge.bearer, edge.change) == (
        MICROSOFT_DNS,
        ("remove_ace", system, f"{DOMAIN_SID}-1104", "full_control", None),
    )


def test_privileged_identities_need_no_dns(dns: SmallForest) -> None:
    admins = f"CN=Domain Admins,{HEAD}"
    dns.add(admins, "group", rid=512, is_security=True)
    allow(dns, STORED, admins, FULL)
    dns.add(MICROSOFT_DNS, "container", sd=STORED)
    assert [edge for edge in dns.edges(dns_servers) if edge.source == admins] == []


def test_control_of_the_settings_of_dns_servers_by_what_they_lie_in_leads_there_too(dns: SmallForest) -> None:
    dns.add(MICROSOFT_DNS, "container")
    (edge,) = dns.edges(dns_servers)
    assert (edge.source, edge.target, edge.change) == (MICROSOFT_DNS, DC1, None)
