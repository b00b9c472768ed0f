"""Nesting, privileged groups, their members, and identities whose rights are accepted."""

from __future__ import annotations

from typing import Any

import networkx as nx
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from adaudit.derive import derive
from adaudit.schema import TABLES

DOMAIN = "S-1-5-21-1-2-3"
CHILD = "S-1-5-21-4-5-6"


def identity(principal_id: int, sid: str | None, type_: str, **more: Any) -> dict[str, Any]:
    rid = None if sid is None else int(sid.rsplit("-", 1)[1])
    return {"principal_id": principal_id, "sid": sid, "rid": rid, "type": type_, "domain_id": 0} | more


def member(member_id: int, group_id: int, origin: str = "member") -> dict[str, Any]:
    return {"member_id": member_id, "group_id": group_id, "origin": origin}


ROOT = {"domain_id": 0, "dn": "DC=corp,DC=test", "sid": DOMAIN, "is_root": True, "is_collected": True}


@given(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=25))
def test_nesting_is_the_closure_of_memberships_at_the_least_depth(edges: set[tuple[int, int]]) -> None:
    tables = {
        "principals": pa.Table.from_pylist(
            [identity(n, f"{DOMAIN}-{1000 + n}", "group") for n in range(10)], TABLES["principals"].arrow_schema
        ),
        "memberships": pa.Table.from_pylist([member(*edge) for edge in edges], TABLES["memberships"].arrow_schema),
    }
    rows = derive(tables)["nested_groups"].to_pylist()
    graph = nx.DiGraph(edges)
    depths = dict(nx.all_pairs_shortest_path_length(graph))
    expected = {(a, b): depth for a, found in depths.items() for b, depth in found.items() if a != b}
    assert {(row["group_id"], row["ancestor_id"]): row["depth"] for row in rows} == expected
    assert len(rows) == len(expected)


def test_privileged_groups_go_by_sid_whatever_their_names(compute: Any) -> None:
    found = compute(
        domains=[ROOT, {"domain_id": 1, "dn": "DC=b,DC=test", "sid": CHILD, "is_root": False, "is_collected": True}],
        principals=[
            identity(0, f"{DOMAIN}-512", "group", name="Admins du domaine", object_id=9),
            identity(1, f"{CHILD}-519", "group", name="Enterprise Admins", domain_id=1),
            identity(2, f"{DOMAIN}-519", "dangling"),
            identity(3, "S-1-5-32-544", "group", domain_id=0),
            identity(4, "S-1-5-32-544", "group", domain_id=1),
            identity(5, f"{DOMAIN}-1512", "group", name="Domain Admins"),
        ],
    )["privileged_groups"]
    assert [(row["principal_id"], row["domain_id"], row["rid"], row["object_id"]) for row in found] == [
        (0, 0, 512, 9),
        (2, 0, 519, None),
        (3, 0, 544, None),
        (4, 1, 544, None),
    ]


def test_the_root_that_was_not_read_is_known_from_the_trust(compute: Any) -> None:
    found = compute(
        domains=[
            {"domain_id": 0, "dns_name": "corp.test", "is_root": True, "is_collected": False},
            {"domain_id": 1, "dns_name": "b.corp.test", "sid": CHILD, "is_root": False, "is_collected": True},
        ],
        trusts=[{"partner_dns": "CORP.test", "partner_sid": DOMAIN, "is_within_forest": True}],
        principals=[identity(0, f"{DOMAIN}-519", "foreign", domain_id=None)],
    )["privileged_groups"]
    assert [(row["sid"], row["domain_id"]) for row in found] == [(f"{DOMAIN}-519", 0)]


def test_members_are_found_through_cycles_and_by_primary_group(compute: Any) -> None:
    found = compute(
        domains=[ROOT],
        principals=[
            identity(0, f"{DOMAIN}-512", "group"),
            identity(1, f"{DOMAIN}-1201", "group"),
            identity(2, f"{DOMAIN}-1104", "user", object_id=20),
            identity(3, f"{DOMAIN}-1105", "user", object_id=30),
            identity(4, "S-1-5-21-7-7-7-1104", "foreign", domain_id=None),
            identity(5, None, "unseen", dn="CN=Ghost,DC=corp,DC=test"),
        ],
        memberships=[
            member(1, 0),
            member(0, 1),
            member(2, 1),
            member(3, 0, "primary_group"),
            member(2, 0, "member_of"),
            member(4, 1),
            member(5, 1),
        ],
    )["privileged_accounts"]
    assert [(row["principal_id"], row["object_id"], row["depth"], row["via_id"]) for row in found] == [
        (2, 20, 1, 0),
        (3, 30, 1, 0),
        (4, None, 2, 1),
        (5, None, 2, 1),
    ]


def accepted(compute: Any, **tables: Any) -> dict[int, str]:
    return {row["principal_id"]: row["reason"] for row in compute(domains=[ROOT], **tables)["privileged_principals"]}


def test_identities_that_stand_for_everybody_are_never_accepted(compute: Any) -> None:
    found = accepted(
        compute,
        principals=[
            identity(0, f"{DOMAIN}-512", "group"),
            identity(1, f"{DOMAIN}-513", "group"),
            identity(2, "S-1-5-11", "well_known", domain_id=None),
            identity(3, "S-1-5-18", "well_known", domain_id=None),
            identity(4, "S-1-5-10", "well_known", domain_id=None),
            identity(5, f"{DOMAIN}-521", "group"),
            identity(6, f"{DOMAIN}-502", "user"),
            identity(7, "S-1-5-21-7-7-7-500", "foreign", domain_id=None),
        ],
        memberships=[member(1, 0), member(2, 0)],
    )
    assert found == {0: "privileged_group", 3: "system", 6: "system"}


ADMINS, HELPDESK, BOSS, TWIN, TEAM, NEST, STRAY = range(7)


def protected_forest(twin_aces: list[dict[str, Any]], **descriptor: Any) -> dict[str, Any]:
    """BOSS is in ADMINS; TWIN bears descriptor 1; TEAM holds BOSS, NEST holds TEAM, both under descriptor 2."""
    full = {"type": 0, "is_allow": True, "flags": 0, "mask": 0xF01FF, "trustee_id": ADMINS}
    plain = {"role": "object", "dacl_state": "present", "owner_id": ADMINS, "is_dacl_protected": True}
    return {
        "principals": [
            identity(ADMINS, f"{DOMAIN}-512", "group"),
            identity(HELPDESK, f"{DOMAIN}-1201", "group"),
            identity(BOSS, f"{DOMAIN}-1104", "user", object_id=10),
            identity(TWIN, f"{DOMAIN}-1105", "user", object_id=11),
            identity(TEAM, f"{DOMAIN}-1202", "group", object_id=12),
            identity(NEST, f"{DOMAIN}-1203", "group", object_id=13),
        ],
        "users": [{"object_id": 11, "principal_id": TWIN, "domain_id": 0}],
        "groups": [
            {"object_id": 12, "principal_id": TEAM, "domain_id": 0},
            {"object_id": 13, "principal_id": NEST, "domain_id": 0},
        ],
        "memberships": [member(BOSS, ADMINS), member(BOSS, TEAM), member(TEAM, NEST)],
        "objects": [
            {"object_id": 1, "dn": "CN=AdminSDHolder,CN=System,DC=corp,DC=test", "sd_id": 0},
            {"object_id": 11, "dn": "CN=Twin,DC=corp,DC=test", "sd_id": 1},
            {"object_id": 12, "dn": "CN=Team,DC=corp,DC=test", "sd_id": 2},
            {"object_id": 13, "dn": "CN=Nest,DC=corp,DC=test", "sd_id": 2},
        ],
        "security_descriptors": [
            {"sd_id": 0, **plain},
            {"sd_id": 1, **plain, **descriptor},
            {"sd_id": 2, **plain},
        ],
        "aces": [
            {"sd_id": 0, "position": 0, **full},
            *({"sd_id": 1, "position": n, **full, **ace} for n, ace in enumerate(twin_aces)),
            {"sd_id": 2, "position": 0, **full},
        ],
    }


def test_an_account_protected_like_adminsdholder_is_accepted_with_harmless_aces(compute: Any) -> None:
    send_to = {"type": 5, "mask": 0x100, "object_type": "ab721a55-1e2f-11d0-9819-00aa0040529b", "trustee_id": HELPDESK}
    to_self = {"mask": 0x100, "trustee_id": 99, "trustee_sid": "S-1-5-10"}
    found = accepted(compute, **protected_forest([{}, send_to, to_self]))
    assert found[TWIN] == "protected_like_adminsdholder"


def test_one_more_ace_an_open_dacl_or_an_ordinary_owner_is_not_protected(compute: Any) -> None:
    assert TWIN not in accepted(compute, **protected_forest([{}, {"trustee_id": HELPDESK}]))
    assert TWIN not in accepted(compute, **protected_forest([{}], is_dacl_protected=False))
    assert TWIN not in accepted(compute, **protected_forest([{}], owner_id=HELPDESK))
    assert TWIN not in accepted(compute, **protected_forest([{}], dacl_state="null"))


def test_a_protected_group_is_accepted_for_its_members_and_without_nested_groups(compute: Any) -> None:
    forest = protected_forest([{}])
    assert accepted(compute, **forest)[TEAM] == "protected_like_adminsdholder"
    assert NEST not in accepted(compute, **forest)
    forest["principals"].append(identity(STRAY, f"{DOMAIN}-1106", "user"))
    forest["memberships"].append(member(STRAY, TEAM))
    assert TEAM not in accepted(compute, **forest)


def test_a_protected_group_that_could_not_be_listed_is_not_accepted(compute: Any) -> None:
    forest = protected_forest([{}])
    gap = {"table_name": "memberships", "column_name": "member_id", "status": "denied", "reason": "no_read_right"}
    forest["coverage"] = [{**gap, "object_id": 11}]
    assert TEAM in accepted(compute, **forest)
    forest["coverage"] = [{**gap, "object_id": 12}]
    assert TEAM not in accepted(compute, **forest)
