"""Who reaches tier 0, by which steps, from the tables of a snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from adaudit.derive import derived
from adaudit.derive.facts import Facts
from adaudit.graph.analysis import Analysis
from adaudit.graph.kinds import EDGE_KINDS
from adaudit.graph.paths.search import way_from
from adaudit.schema import TABLES

DOMAIN = "S-1-5-21-1-2-3"
ADMINS, HELPDESK, ALICE, BOB, PRIVILEGED_BOB = range(5)
WRITE_DACL, CONTROL = 0x40000, 0x100
RESET = "00299570-246d-11d0-a768-00aa006e0529"
CHAINS = {
    "user": ["top", "person", "organizationalPerson", "user"],
    "group": ["top", "group"],
    "organizationalUnit": ["top", "organizationalUnit"],
    "domainDNS": ["top", "domain", "domainDNS"],
    "groupPolicyContainer": ["top", "container", "groupPolicyContainer"],
}
HEAD, UNIT, ADMINS_OBJECT, HELPDESK_OBJECT, ALICE_OBJECT, BOB_OBJECT, POLICY, ROOT_BOB = range(8)
OBJECTS = {
    HEAD: ("DC=chu,DC=example", "domainDNS", None),
    UNIT: ("OU=Admins,DC=chu,DC=example", "organizationalUnit", HEAD),
    ADMINS_OBJECT: ("CN=Admins du domaine,CN=Users,DC=chu,DC=example", "group", None),
    HELPDESK_OBJECT: ("CN=Support,DC=chu,DC=example", "group", None),
    ALICE_OBJECT: ("CN=Alice,DC=chu,DC=example", "user", None),
    BOB_OBJECT: ("CN=Bob,DC=chu,DC=example", "user", None),
    POLICY: ("CN={1},CN=Policies,CN=System,DC=chu,DC=example", "groupPolicyContainer", None),
    ROOT_BOB: ("CN=Admin Bob,OU=Admins,DC=chu,DC=example", "user", UNIT),
}
IDENTITIES = (
    (ADMINS, 512, "group", ADMINS_OBJECT),
    (HELPDESK, 1201, "group", HELPDESK_OBJECT),
    (ALICE, 1202, "user", ALICE_OBJECT),
    (BOB, 1203, "user", BOB_OBJECT),
    (PRIVILEGED_BOB, 1204, "user", ROOT_BOB),
)


def forest(*grants: tuple[int, int, int, str | None], protected: tuple[int, ...] = (), **tables: Any) -> dict[str, Any]:
    """Grants of a right to an identity on an object; each object has a descriptor of its own number."""
    return {
        "domains": [
            {
                "domain_id": 0,
                "dn": "DC=chu,DC=example",
                "sid": DOMAIN,
                "is_root": True,
                "is_collected": True,
                "object_id": 0,
            }
        ],
        "objects": [
            {
                "object_id": number,
                "domain_id": 0,
                "dn": dn,
                "object_class": kind,
                "object_classes": CHAINS[kind],
                "parent_id": parent,
                "sd_id": number,
            }
            for number, (dn, kind, parent) in OBJECTS.items()
        ],
        "principals": [
            {
                "principal_id": principal,
                "sid": f"{DOMAIN}-{rid}",
                "rid": rid,
                "domain_id": 0,
                "type": kind,
                "object_id": object_id,
                "name": str(rid),
            }
            for principal, rid, kind, object_id in IDENTITIES
        ],
        "groups": [
            {"object_id": object_id, "principal_id": principal, "domain_id": 0, "rid": rid}
            for principal, rid, kind, object_id in IDENTITIES
            if kind == "group"
        ],
        "users": [
            {"object_id": object_id, "principal_id": principal, "domain_id": 0}
            for principal, _, kind, object_id in IDENTITIES
            if kind == "user"
        ],
        "memberships": [
            {"member_id": PRIVILEGED_BOB, "group_id": ADMINS, "origin": "member"},
            {"member_id": ALICE, "group_id": HELPDESK, "origin": "member"},
        ],
        "security_descriptors": [
            {
                "sd_id": number,
                "role": "object",
                "domain_id": 0,
                "dacl_state": "present",
                "is_dacl_protected": number in protected,
            }
            for number in OBJECTS
        ],
        "aces": [
            {
                "sd_id": number,
                "position": position,
                "is_allow": True,
                "mask": mask,
                "object_type": guid,
                "trustee_id": trustee,
                "trustee_sid": f"{DOMAIN}-{next(rid for p, rid, *_ in IDENTITIES if p == trustee)}",
            }
            for position, (number, trustee, mask, guid) in enumerate(sorted(grants, key=lambda g: g[0]))
        ],
        **tables,
    }


def analysed(given: dict[str, Sequence[dict[str, Any]]]) -> Analysis:
    facts = Facts({name: pa.Table.from_pylist(list(rows), TABLES[name].arrow_schema) for name, rows in given.items()})
    for _ in derived(facts):
        pass
    return Analysis(facts)


def found(*grants: tuple[int, int, int, str | None], **more: Any) -> dict[int, list[str]]:
    """By identity that reaches tier 0, the kinds of the steps of its shortest path."""
    analysis = analysed(forest(*grants, **more))
    paths = {}
    for principal in analysis.facts.principals:
        node = analysis.nodes.of_principal(principal)
        if analysis.reaching.is_reached[node] and not np.isin(node, analysis.goals):
            edges = way_from(analysis.reaching, node).edges
            paths[principal] = [EDGE_KINDS[kind].name for kind in analysis.graph.kind[edges]]
    return paths


def test_a_right_over_an_administration_group_is_a_path_of_its_holder_and_of_its_members() -> None:
    assert found((ADMINS_OBJECT, HELPDESK, WRITE_DACL, None)) == {
        HELPDESK: ["WriteDacl"],
        ALICE: ["MemberOf", "WriteDacl"],
    }


def test_rights_follow_one_another() -> None:
    paths = found((ADMINS_OBJECT, ALICE, WRITE_DACL, None), (ALICE_OBJECT, BOB, CONTROL, RESET))
    assert paths[BOB] == ["ForceChangePassword", "WriteDacl"]


def test_the_shortest_way_is_told() -> None:
    grants = ((ADMINS_OBJECT, ALICE, WRITE_DACL, None), (ALICE_OBJECT, BOB, CONTROL, RESET))
    assert found(*grants, (HEAD, BOB, WRITE_DACL, None))[BOB] == ["WriteDacl"]


@pytest.mark.parametrize(("protected", "expected"), [((), {BOB}), ((ROOT_BOB,), set())])
def test_a_container_counts_while_the_account_inherits_from_it(protected: tuple[int, ...], expected: set[int]) -> None:
    assert found((UNIT, BOB, WRITE_DACL, None), protected=protected).keys() == expected


@pytest.mark.parametrize(("is_enabled", "expected"), [(True, {BOB}), (False, set())])
def test_a_policy_counts_where_it_applies_to_an_administrator(is_enabled: bool, expected: set[int]) -> None:
    link = {"container_id": UNIT, "order": 1, "gpo_id": POLICY, "is_enabled": is_enabled, "is_enforced": False}
    tables = {
        "organizational_units": [{"object_id": UNIT, "domain_id": 0, "kind": "ou", "blocks_inheritance": False}],
        "gpos": [{"object_id": POLICY, "domain_id": 0, "user_enabled": True, "computer_enabled": True}],
        "gpo_links": [link],
    }
    assert found((POLICY, BOB, WRITE_DACL, None), protected=(ROOT_BOB,), **tables).keys() == expected


def test_groups_that_hold_one_another_are_followed_once() -> None:
    members = [
        {"member_id": PRIVILEGED_BOB, "group_id": ADMINS, "origin": "member"},
        {"member_id": ALICE, "group_id": HELPDESK, "origin": "member"},
        {"member_id": HELPDESK, "group_id": HELPDESK, "origin": "member"},
    ]
    assert found((ADMINS_OBJECT, HELPDESK, WRITE_DACL, None), memberships=members).keys() == {HELPDESK, ALICE}


def test_tier_0_and_those_who_reach_nothing_are_left_out() -> None:
    assert found((HEAD, PRIVILEGED_BOB, WRITE_DACL, None), (BOB_OBJECT, ALICE, CONTROL, RESET)) == {}


def test_a_member_of_an_everyone_like_member_is_no_administrator_by_right() -> None:
    everyone = {"principal_id": 9, "sid": f"{DOMAIN}-513", "rid": 513, "domain_id": 0, "type": "group"}
    given = forest()
    given["principals"].append(everyone)
    given["memberships"] += [
        {"member_id": 9, "group_id": ADMINS, "origin": "member"},
        {"member_id": BOB, "group_id": 9, "origin": "member"},
    ]
    analysis = analysed(given)
    goals = set(analysis.goals.tolist())
    assert analysis.nodes.of_principal(PRIVILEGED_BOB) in goals
    assert {analysis.nodes.of_principal(principal) for principal in (9, BOB)}.isdisjoint(goals)
    exposure = dict(analysis.tables())["exposure"].to_pylist()
    told = {(row["principal_id"], row["kind"], row["distance"], row["first_kind"]) for row in exposure}
    assert {(9, "everyone_like", 1, "MemberOf"), (BOB, "user", 2, "MemberOf")} <= told


@pytest.mark.parametrize(("unread", "is_told"), [(UNIT, True), (BOB_OBJECT, False)])
def test_an_unread_descriptor_hides_a_path_where_it_stops_the_search(unread: int, is_told: bool) -> None:
    gap = {"table_name": "objects", "column_name": "sd_id", "status": "denied", "reason": "no_read_right"}
    rows = dict(analysed(forest(coverage=[gap | {"object_id": unread}])).tables())["coverage"].to_pylist()
    told = {(row["object_id"], row["dn"]) for row in rows if row["table_name"] == "exposure"}
    assert ((None, OBJECTS[unread][0]) in told) == is_told


def test_a_member_or_a_policy_that_was_never_seen_may_hide_a_path() -> None:
    given = forest((ADMINS_OBJECT, HELPDESK, WRITE_DACL, None))
    given["principals"].append({"principal_id": 9, "type": "unseen", "dn": "CN=cache,DC=chu,DC=example"})
    given["memberships"].append({"member_id": 9, "group_id": HELPDESK, "origin": "member"})
    policy = "CN={2},CN=Policies,CN=System,DC=chu,DC=example"
    given["gpo_links"] = [{"container_id": HEAD, "order": 1, "gpo_dn": policy, "is_enabled": True}]
    rows = dict(analysed(given).tables())["coverage"].to_pylist()
    told = {row["dn"] for row in rows if row["table_name"] == "exposure"}
    assert {"CN=cache,DC=chu,DC=example", policy} <= told
