"""Domain controllers, tier 0, delegation targets and applied GPOs."""

from __future__ import annotations

from typing import Any

import pytest

DOMAIN = "S-1-5-21-1-2-3"
ROOT = {
    "domain_id": 0,
    "dn": "DC=corp,DC=test",
    "dns_name": "corp.test",
    "netbios_name": "CORP",
    "sid": DOMAIN,
    "is_root": True,
    "is_collected": True,
    "object_id": 0,
}


def computer(object_id: int, **more: Any) -> dict[str, Any]:
    return {"object_id": object_id, "principal_id": object_id, "domain_id": 0} | more


@pytest.mark.parametrize(
    ("account", "is_rodc"),
    [
        ({"primary_group_rid": 516}, False),
        ({"primary_group_rid": 521}, True),
        ({"is_server_account": True}, False),
        ({"is_rodc_account": True}, True),
        ({"dn": "CN=DC1,ou=DOMAIN CONTROLLERS,DC=corp,DC=test"}, False),
    ],
)
def test_one_sign_is_enough_for_a_domain_controller(compute: Any, account: dict[str, Any], is_rodc: bool) -> None:
    (row,) = compute(domains=[ROOT], computers=[computer(5, **account), computer(6, primary_group_rid=515)])[
        "domain_controllers"
    ]
    assert (row["object_id"], row["is_rodc"]) == (5, is_rodc)


def test_a_server_object_makes_a_domain_controller_and_its_absence_a_pseudo_one(compute: Any) -> None:
    found = compute(
        domains=[ROOT],
        computers=[
            computer(5, dns_host_name="RO.corp.test", dn="CN=RO,CN=Computers,DC=corp,DC=test"),
            computer(6, primary_group_rid=521, sam_account_name="AzureADKerberos$"),
        ],
        directory_servers=[{"object_id": 90, "computer_id": 5, "settings_class": "nTDSDSARO"}],
    )["domain_controllers"]
    assert [(r["object_id"], r["is_rodc"], r["is_pseudo"], r["server_id"], r["dns_host_name"]) for r in found] == [
        (5, True, False, 90, "ro.corp.test"),
        (6, True, True, None, None),
    ]


def test_an_ou_of_the_same_name_elsewhere_makes_no_domain_controller(compute: Any) -> None:
    dn = "CN=PC1,OU=Domain Controllers,OU=Site B,DC=corp,DC=test"
    assert compute(domains=[ROOT], computers=[computer(5, dn=dn)])["domain_controllers"] == []


def test_tier_0_holds_groups_their_members_and_objects_without_sid(compute: Any) -> None:
    found = compute(
        domains=[ROOT],
        principals=[
            {"principal_id": 1, "sid": f"{DOMAIN}-512", "rid": 512, "type": "group", "object_id": 11},
            {"principal_id": 2, "sid": f"{DOMAIN}-1104", "rid": 1104, "type": "user", "object_id": 12},
            {"principal_id": 3, "sid": f"{DOMAIN}-1101", "rid": 1101, "type": "group", "name": "DnsAdmins"},
            {"principal_id": 4, "sid": f"{DOMAIN}-1102", "rid": 1102, "type": "group", "name": "Comptabilité"},
        ],
        memberships=[{"member_id": 2, "group_id": 1}],
        objects=[
            {"object_id": 20, "dn": "CN=AdminSDHolder,CN=System,DC=corp,DC=test", "object_class": "container"},
            {"object_id": 21, "dn": "CN=CA,CN=Enrollment Services", "object_class": "pKIEnrollmentService"},
        ],
        certificate_authorities=[{"object_id": 21, "dns_host_name": "ca.corp.test"}],
        computers=[computer(30, dns_host_name="CA.corp.test"), computer(31, dns_host_name="web.corp.test")],
    )["tier0"]
    assert {(r["principal_id"], r["object_id"], r["layer"], r["reason"]) for r in found} == {
        (None, 0, "core", "domainDNS"),
        (1, 11, "core", "RID 512"),
        (2, 12, "member", "RID 512"),
        (3, None, "extended", "DnsAdmins"),
        (None, 20, "core", "AdminSDHolder"),
        (None, 21, "extended", "pKIEnrollmentService"),
        (30, 30, "extended", "host of a certification authority"),
    }


def targets(compute: Any, spn: str) -> set[tuple[int | None, str | None]]:
    service, _, host = spn.lower().partition("/")
    found = compute(
        domains=[ROOT],
        principals=[{"principal_id": 70, "sid": f"{DOMAIN}-502", "rid": 502, "type": "user", "object_id": 7}],
        users=[{"object_id": 1, "domain_id": 0}],
        computers=[
            computer(5, sam_account_name="DC1$", dns_host_name="dc1.corp.test"),
            computer(6, sam_account_name="SQL1$"),
        ],
        spns=[
            {
                "object_id": 8,
                "spn": "MSSQLSvc/sql1.corp.test:1433",
                "service_class": "mssqlsvc",
                "host": "sql1.corp.test",
            },
            {"object_id": 5, "spn": "HOST/alias.corp.test", "service_class": "host", "host": "alias.corp.test"},
        ],
        delegations=[
            {
                "object_id": 1,
                "kind": "constrained",
                "spn": spn,
                "service_class": service,
                "host": host.partition(":")[0],
                "protocol_transition": True,
            },
            {"object_id": 2, "kind": "unconstrained"},
        ],
    )["delegation_targets"]
    assert {(row["object_id"], row["spn"], row["protocol_transition"]) for row in found} == {(1, spn, True)}
    return {(row["target_id"], row["match"]) for row in found}


@pytest.mark.parametrize(
    ("spn", "expected"),
    [
        ("mssqlsvc/SQL1.corp.test:1433", (8, "spn")),
        ("cifs/dc1.corp.test", (5, "host")),
        ("ldap/DC1", (5, "host")),
        ("cifs/alias.corp.test", (5, "host")),
        ("cifs/sql1.corp.test", (6, "host")),
        ("cifs/sql1.elsewhere.test", (None, None)),
        ("krbtgt/CORP.TEST", (7, "krbtgt")),
        ("krbtgt/corp", (7, "krbtgt")),
    ],
)
def test_a_delegation_reaches_the_bearer_of_its_spn_or_the_host_it_names(
    compute: Any, spn: str, expected: tuple[int | None, str | None]
) -> None:
    assert targets(compute, spn) == {expected}


HEAD, SITES, WARD, USERS_CN, SHARED, ACCOUNT = 0, 1, 2, 3, 4, 5


def policies(compute: Any, links: list[tuple[int, int, int]], **flags: Any) -> dict[int, list[int]]:
    """GPOs by container, in order of precedence. ``links``: container, order, GPO; WARD is in SITES, in HEAD."""
    found = compute(
        domains=[ROOT],
        objects=[
            {"object_id": HEAD, "parent_id": None, "domain_id": 0},
            {"object_id": SITES, "parent_id": HEAD, "domain_id": 0},
            {"object_id": WARD, "parent_id": SITES, "domain_id": 0},
            {"object_id": USERS_CN, "parent_id": HEAD, "domain_id": 0},
            {"object_id": SHARED, "parent_id": WARD, "domain_id": 0},
            {"object_id": ACCOUNT, "parent_id": USERS_CN, "domain_id": 0},
            {"object_id": 6, "parent_id": SHARED, "domain_id": 0},
        ],
        users=[{"object_id": ACCOUNT}, {"object_id": 6}],
        organizational_units=[
            {"object_id": HEAD, "domain_id": 0, "kind": "domain"},
            {"object_id": SITES, "domain_id": 0, "kind": "ou"},
            {"object_id": WARD, "domain_id": 0, "kind": "ou", "blocks_inheritance": flags.get("blocked", False)},
        ],
        gpo_links=[
            {
                "container_id": container,
                "order": order,
                "gpo_id": gpo,
                "is_enabled": gpo not in flags.get("disabled", ()),
                "is_enforced": gpo in flags.get("enforced", ()),
            }
            for container, order, gpo in links
        ],
    )["applied_gpos"]
    by_container: dict[int, list[int]] = {}
    for row in sorted(found, key=lambda row: (row["container_id"], row["rank"])):
        by_container.setdefault(row["container_id"], []).append(row["gpo_id"])
    return by_container


LINKS = [(HEAD, 1, 100), (HEAD, 2, 101), (SITES, 1, 110), (WARD, 1, 120), (WARD, 2, 121)]


def test_the_nearest_container_wins_and_plain_containers_take_what_is_above(compute: Any) -> None:
    found = policies(compute, LINKS)
    assert found[WARD] == [120, 121, 110, 100, 101]
    assert found[SHARED] == found[WARD]
    assert found[USERS_CN] == found[HEAD] == [100, 101]


def test_blocked_inheritance_stops_all_but_enforced_links(compute: Any) -> None:
    found = policies(compute, LINKS, blocked=True, enforced=(101, 110))
    assert found[WARD] == [101, 110, 120, 121]
    assert found[SITES] == [101, 110, 100]


def test_disabled_links_apply_nowhere(compute: Any) -> None:
    assert policies(compute, LINKS, disabled=(120, 110))[WARD] == [121, 100, 101]
