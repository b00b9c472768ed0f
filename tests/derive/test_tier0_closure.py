"""What decides about tier 0 by its place: containers, policies, server objects."""

from __future__ import annotations

from typing import Any

HOSPITAL = "S-1-5-21-1-2-3"
CHILD = "S-1-5-21-4-5-6"
DOMAINS = [
    {"domain_id": 0, "dn": "DC=chu,DC=example", "sid": HOSPITAL, "is_root": True, "object_id": 0},
    {"domain_id": 1, "dn": "DC=site-b,DC=chu,DC=example", "sid": CHILD, "is_root": False, "object_id": 1},
]


def thing(object_id: int, parent_id: int | None, rdn: str, **more: Any) -> dict[str, Any]:
    return {"object_id": object_id, "parent_id": parent_id, "domain_id": 0, "dn": f"{rdn},DC=chu,DC=example"} | more


def identity(object_id: int, rid: int, sid: str = HOSPITAL, kind: str = "user") -> dict[str, Any]:
    return {"principal_id": object_id, "object_id": object_id, "sid": f"{sid}-{rid}", "rid": rid, "type": kind}


def closure(compute: Any, **tables: Any) -> dict[int, str]:
    rows = compute(**{"domains": DOMAINS, **tables})["tier0"]
    found = {row["object_id"]: row["reason"] for row in rows if row["layer"] == "closure"}
    assert all(row["principal_id"] is None for row in rows if row["layer"] == "closure")
    return found


def test_every_container_above_a_member_is_told_with_what_it_holds_and_the_domain_is_core(compute: Any) -> None:
    found = closure(
        compute,
        objects=[
            thing(0, None, "DC=x"),
            thing(10, 0, "OU=Équipe informatique"),
            thing(11, 10, "OU=Administrateurs,OU=Équipe informatique"),
            thing(12, 11, "CN=Admins du domaine,OU=Administrateurs,OU=Équipe informatique"),
            thing(13, 0, "OU=Soins"),
            thing(14, 13, "CN=infirmière,OU=Soins"),
        ],
        principals=[identity(12, 512, kind="group"), identity(14, 1104)],
    )
    assert found == {
        10: "holds OU=Administrateurs,OU=Équipe informatique,DC=chu,DC=example",
        11: "holds CN=Admins du domaine,OU=Administrateurs,OU=Équipe informatique,DC=chu,DC=example",
    }


def test_a_member_of_an_administrators_group_brings_its_container(compute: Any) -> None:
    found = closure(
        compute,
        objects=[thing(13, 0, "OU=Soins"), thing(14, 13, "CN=infirmière,OU=Soins"), thing(12, None, "CN=Admins")],
        principals=[identity(12, 512, kind="group"), identity(14, 1104)],
        memberships=[{"member_id": 14, "group_id": 12}],
    )
    assert found == {13: "holds CN=infirmière,OU=Soins,DC=chu,DC=example"}


def test_policies_that_apply_to_controllers_are_told_and_those_of_others_are_not(compute: Any) -> None:
    found = closure(
        compute,
        objects=[
            thing(0, None, "DC=x"),
            thing(20, 0, "OU=Domain Controllers"),
            thing(21, 20, "CN=DC1,OU=Domain Controllers"),
            thing(22, 0, "OU=Postes"),
            thing(23, 22, "CN=PC1,OU=Postes"),
            thing(30, 31, "CN={A},CN=Policies"),
            thing(31, 0, "CN=Policies"),
            thing(32, 31, "CN={B},CN=Policies"),
            thing(33, 31, "CN={C},CN=Policies"),
        ],
        computers=[
            {"object_id": 21, "principal_id": 21, "domain_id": 0, "primary_group_rid": 516},
            {"object_id": 23, "principal_id": 23, "domain_id": 0, "primary_group_rid": 515},
        ],
        organizational_units=[{"object_id": 20, "kind": "ou"}, {"object_id": 22, "kind": "ou"}],
        gpo_links=[
            {"container_id": 20, "gpo_id": 30, "order": 1, "is_enabled": True},
            {"container_id": 20, "gpo_id": 33, "order": 2, "is_enabled": False},
            {"container_id": 22, "gpo_id": 32, "order": 1, "is_enabled": True},
        ],
    )
    assert found[30] == "applies to OU=Domain Controllers,DC=chu,DC=example"
    assert found[31] == "holds CN={A},CN=Policies,DC=chu,DC=example"
    assert found.keys() == {20, 30, 31}


def test_the_server_of_a_controller_and_the_policies_of_its_site_are_told(compute: Any) -> None:
    found = closure(
        compute,
        objects=[
            thing(40, None, "CN=Siège,CN=Sites"),
            thing(41, 40, "CN=Servers,CN=Siège,CN=Sites"),
            thing(42, 41, "CN=DC1,CN=Servers,CN=Siège,CN=Sites"),
            thing(43, 41, "CN=RETIRE,CN=Servers,CN=Siège,CN=Sites"),
            thing(30, None, "CN={A},CN=Policies"),
        ],
        directory_servers=[
            {"object_id": 42, "site_id": 40, "settings_class": "nTDSDSA", "computer_id": 21},
            {"object_id": 43, "site_id": 40, "settings_class": None},
        ],
        gpo_links=[{"container_id": 40, "gpo_id": 30, "order": 1, "is_enabled": True}],
    )
    assert found == {
        30: "applies to CN=Siège,CN=Sites,DC=chu,DC=example",
        40: "holds CN=Servers,CN=Siège,CN=Sites,DC=chu,DC=example",
        41: "holds CN=DC1,CN=Servers,CN=Siège,CN=Sites,DC=chu,DC=example",
        42: "server object of a domain controller",
    }


def test_each_domain_ends_at_its_own_head(compute: Any) -> None:
    found = closure(
        compute,
        objects=[
            thing(0, None, "DC=x"),
            thing(1, 50, "DC=site-b"),
            thing(50, 0, "OU=Au-dessus"),
            thing(51, 1, "CN=Users,DC=site-b"),
            thing(52, 51, "CN=Administrateur,CN=Users,DC=site-b"),
        ],
        principals=[identity(52, 500, CHILD)],
    )
    assert found.keys() == {51}


def test_containers_that_hold_one_another_end(compute: Any) -> None:
    found = closure(
        compute,
        objects=[thing(60, 61, "OU=A"), thing(61, 60, "OU=B"), thing(62, 60, "CN=Administrateur")],
        principals=[identity(62, 500)],
    )
    assert found.keys() == {60, 61}
