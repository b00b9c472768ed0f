"""control_paths: who reaches a privileged object, by which steps; computer_creators: who joined a computer."""

from __future__ import annotations

from typing import Any

import pytest

from adaudit.decode.sid import parse_sid

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
            {"member_id": PRIVILEGED_BOB, "group_id": ADMINS},
            {"member_id": ALICE, "group_id": HELPDESK},
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


def found(compute: Any, *grants: tuple[int, int, int, str | None], **more: Any) -> dict[int, tuple[int, list[str]]]:
    rows = compute(**forest(*grants, **more))["control_paths"]
    return {row["principal_id"]: (row["depth"], row["path"]) for row in rows}


def test_a_right_over_a_privileged_group_is_a_path_of_its_holder_and_of_its_members(compute: Any) -> None:
    right = f"write_dacl: {OBJECTS[ADMINS_OBJECT][0]}"
    assert found(compute, (ADMINS_OBJECT, HELPDESK, WRITE_DACL, None)) == {
        HELPDESK: (1, [right]),
        ALICE: (1, [f"member: {OBJECTS[HELPDESK_OBJECT][0]}", right]),
    }


def test_rights_follow_one_another(compute: Any) -> None:
    paths = found(compute, (ADMINS_OBJECT, ALICE, WRITE_DACL, None), (ALICE_OBJECT, BOB, CONTROL, RESET))
    assert paths[BOB] == (
        2,
        [
            f"control_access User-Force-Change-Password: {OBJECTS[ALICE_OBJECT][0]}",
            f"write_dacl: {OBJECTS[ADMINS_OBJECT][0]}",
        ],
    )


def test_the_shortest_way_is_told(compute: Any) -> None:
    paths = found(
        compute,
        (ADMINS_OBJECT, ALICE, WRITE_DACL, None),
        (ALICE_OBJECT, BOB, CONTROL, RESET),
        (HEAD, BOB, WRITE_DACL, None),
    )
    assert paths[BOB] == (1, ["write_dacl: DC=chu,DC=example"])


def test_a_membership_is_shorter_than_a_right_over_somebody_found_before(compute: Any) -> None:
    grants = ((ADMINS_OBJECT, HELPDESK, WRITE_DACL, None), (HELPDESK_OBJECT, ALICE, WRITE_DACL, None))
    assert found(compute, *grants)[ALICE][0] == 1
    members = [{"member_id": BOB, "group_id": HELPDESK}]
    grants = ((ADMINS_OBJECT, ALICE, WRITE_DACL, None), (ADMINS_OBJECT, HELPDESK, WRITE_DACL, None))
    assert found(compute, *grants, (ALICE_OBJECT, BOB, CONTROL, RESET), memberships=members)[BOB][0] == 1


@pytest.mark.parametrize(("protected", "expected"), [((), {BOB}), ((ROOT_BOB,), set())])
def test_a_container_counts_while_the_account_inherits_from_it(
    compute: Any, protected: tuple[int, ...], expected: set[int]
) -> None:
    assert found(compute, (UNIT, BOB, WRITE_DACL, None), protected=protected).keys() == expected


@pytest.mark.parametrize(("is_enabled", "expected"), [(True, {BOB}), (False, set())])
def test_a_policy_counts_where_it_applies_to_a_privileged_account(
    compute: Any, is_enabled: bool, expected: set[int]
) -> None:
    link = {"container_id": UNIT, "order": 1, "gpo_id": POLICY, "is_enabled": is_enabled, "is_enforced": False}
    tables = {
        "organizational_units": [{"object_id": UNIT, "domain_id": 0, "kind": "ou", "blocks_inheritance": False}],
        "gpos": [{"object_id": POLICY, "domain_id": 0}],
        "gpo_links": [link],
    }
    assert found(compute, (POLICY, BOB, WRITE_DACL, None), protected=(ROOT_BOB,), **tables).keys() == expected


def test_groups_that_hold_one_another_are_followed_once(compute: Any) -> None:
    members = [
        {"member_id": PRIVILEGED_BOB, "group_id": ADMINS},
        {"member_id": ALICE, "group_id": HELPDESK},
        {"member_id": HELPDESK, "group_id": HELPDESK},
    ]
    assert found(compute, (ADMINS_OBJECT, HELPDESK, WRITE_DACL, None), memberships=members).keys() == {HELPDESK, ALICE}


def test_the_privileged_and_those_who_reach_nothing_are_left_out(compute: Any) -> None:
    assert found(compute, (HEAD, PRIVILEGED_BOB, WRITE_DACL, None), (BOB_OBJECT, ALICE, CONTROL, RESET)) == {}


@pytest.mark.parametrize(("unread", "is_told"), [(UNIT, True), (BOB_OBJECT, False)])
def test_an_unread_descriptor_hides_a_path_where_it_stops_the_search(compute: Any, unread: int, is_told: bool) -> None:
    gap = {"table_name": "objects", "column_name": "sd_id", "status": "denied", "reason": "no_read_right"}
    rows = compute(**forest(coverage=[gap | {"object_id": unread}]))["coverage"]
    told = {(row["object_id"], row["dn"]) for row in rows if row["table_name"] == "control_paths"}
    assert ((None, OBJECTS[unread][0]) in told) == is_told


def test_a_member_or_a_policy_that_was_never_seen_may_hide_a_path(compute: Any) -> None:
    given = forest((ADMINS_OBJECT, HELPDESK, WRITE_DACL, None))
    given["principals"].append({"principal_id": 9, "type": "unseen", "dn": "CN=cache,DC=chu,DC=example"})
    given["memberships"].append({"member_id": 9, "group_id": HELPDESK})
    policy = "CN={2},CN=Policies,CN=System,DC=chu,DC=example"
    given["gpo_links"] = [{"container_id": HEAD, "order": 1, "gpo_dn": policy, "is_enabled": True}]
    told = {row["dn"] for row in compute(**given)["coverage"] if row["table_name"] == "control_paths"}
    assert {"CN=cache,DC=chu,DC=example", policy} <= told


def test_the_creator_of_a_computer_is_told_by_sid(compute: Any) -> None:
    rows = compute(
        principals=[{"principal_id": 7, "sid": f"{DOMAIN}-1104", "rid": 1104, "type": "user"}],
        attributes=[
            {"object_id": 3, "name": "mS-DS-CreatorSID", "position": 0, "bytes": parse_sid(f"{DOMAIN}-1104")},
            {"object_id": 4, "name": "ms-ds-creatorsid", "position": 0, "bytes": parse_sid(f"{DOMAIN}-1999")},
            {"object_id": 5, "name": "mS-DS-CreatorSID", "position": 0, "bytes": b"\x01\x05"},
            {"object_id": 6, "name": "objectVersion", "position": 0, "text": "1"},
        ],
    )["computer_creators"]
    assert [(row["object_id"], row["sid"], row["principal_id"]) for row in rows] == [
        (3, f"{DOMAIN}-1104", 7),
        (4, f"{DOMAIN}-1999", None),
    ]
