"""control_rights: what counts, on which class, and how directly."""

from __future__ import annotations

from typing import Any

import pytest

DOMAIN = "S-1-5-21-1-2-3"
HELPDESK, SYNC, REPLICATORS, SELF, EVERYONE, ALICE = range(6)
PRINCIPALS = [
    {"principal_id": HELPDESK, "sid": f"{DOMAIN}-1201", "rid": 1201, "type": "group"},
    {"principal_id": SYNC, "sid": f"{DOMAIN}-1202", "rid": 1202, "type": "group"},
    {"principal_id": REPLICATORS, "sid": f"{DOMAIN}-1203", "rid": 1203, "type": "group"},
    {"principal_id": SELF, "sid": "S-1-5-10", "rid": 10, "type": "well_known"},
    {"principal_id": EVERYONE, "sid": "S-1-1-0", "rid": 0, "type": "well_known"},
    {"principal_id": ALICE, "sid": f"{DOMAIN}-1104", "rid": 1104, "type": "user"},
]
SIDS = {row["principal_id"]: row["sid"] for row in PRINCIPALS}

CLASSES = {
    "user": ["top", "person", "organizationalPerson", "user"],
    "nurse": ["top", "person", "organizationalPerson", "user", "nurse"],
    "computer": ["top", "person", "organizationalPerson", "user", "computer"],
    "group": ["top", "group"],
    "container": ["top", "container"],
    "groupPolicyContainer": ["top", "container", "groupPolicyContainer"],
    "pKICertificateTemplate": ["top", "pKICertificateTemplate"],
    "domainDNS": ["top", "domain", "domainDNS"],
    "organizationalUnit": ["top", "organizationalUnit"],
    "dMD": ["top", "dMD"],
}

WRITE, CONTROL, SELF_WRITE, CREATE = 0x20, 0x100, 0x8, 0x1
MEMBER, MEMBERSHIP = "bf9679c0-0de6-11d0-a285-00aa003049e2", "bc0ac240-79a9-11d0-9020-00c04fc2d4cf"
RESET = "00299570-246d-11d0-a768-00aa006e0529"
ENROLL = "0e10c968-78fb-11d2-90d4-00c04f79dc55"
APPLY = "edacfd8f-ffb3-11d1-b41d-00a0c968f939"
RBCD = "3f78c3e5-f79a-46bd-a0b8-9d18116ddc79"
RESTRICTIONS = "4c164200-20c0-11d0-a768-00aa006e0529"
SCRIPT = "bf9679a8-0de6-11d0-a285-00aa003049e2"
MANAGED_BY = "0296c120-40da-11d1-a9c0-0000f80367c1"
COMPUTER_CLASS = "bf967a86-0de6-11d0-a285-00aa003049e2"
CHANGES, CHANGES_ALL = "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2", "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2"

Grant = tuple[int, int, str | None]


def forest(object_class: str, *grants: Grant, **tables: Any) -> dict[str, Any]:
    return {
        "principals": PRINCIPALS,
        "objects": [
            {"object_id": 0, "sd_id": 0, "object_class": object_class, "object_classes": CLASSES[object_class]}
        ],
        "security_descriptors": [{"sd_id": 0, "role": "object", "dacl_state": "present"}],
        "aces": [
            {
                "sd_id": 0,
                "position": position,
                "is_allow": True,
                "mask": mask,
                "object_type": guid,
                "trustee_id": trustee,
                "trustee_sid": SIDS[trustee],
            }
            for position, (trustee, mask, guid) in enumerate(grants)
        ],
        **tables,
    }


def levels(compute: Any, object_class: str, *grants: Grant, **tables: Any) -> dict[str | None, int]:
    """Level by name of what is granted."""
    rows = compute(**forest(object_class, *grants, **tables))["control_rights"]
    assert {row["object_class"] for row in rows} <= {object_class}
    return {row["target"]: row["level"] for row in rows}


@pytest.mark.parametrize(
    ("object_class", "mask", "guid", "expected"),
    [
        ("group", WRITE, MEMBER, {"member": 1}),
        ("group", SELF_WRITE, MEMBER, {"member": 1}),
        ("group", WRITE, MEMBERSHIP, {"Membership": 1}),
        ("user", WRITE, MEMBER, {}),
        ("user", WRITE, None, {None: 1}),
        ("user", CONTROL, None, {None: 1}),
        ("user", CONTROL, RESET, {"User-Force-Change-Password": 1}),
        ("nurse", CONTROL, RESET, {"User-Force-Change-Password": 1}),
        ("group", CONTROL, RESET, {}),
        ("user", WRITE, SCRIPT, {"scriptPath": 2}),
        ("computer", WRITE, SCRIPT, {}),
        ("computer", WRITE, RBCD, {"msDS-AllowedToActOnBehalfOfOtherIdentity": 1}),
        ("user", WRITE, RBCD, {"msDS-AllowedToActOnBehalfOfOtherIdentity": 2}),
        ("computer", WRITE, RESTRICTIONS, {"User-Account-Restrictions": 1}),
        ("user", WRITE, RESTRICTIONS, {"User-Account-Restrictions": 2}),
        ("computer", WRITE, MANAGED_BY, {}),
        ("pKICertificateTemplate", CONTROL, ENROLL, {}),
        ("pKICertificateTemplate", CONTROL, None, {}),
        ("groupPolicyContainer", CONTROL, APPLY, {}),
        ("groupPolicyContainer", WRITE, "f30e3bc1-9ff0-11d1-b603-0000f80367c1", {"gPCFileSysPath": 1}),
        ("organizationalUnit", WRITE, "f30e3bbe-9ff0-11d1-b603-0000f80367c1", {"gPLink": 2}),
        ("organizationalUnit", CREATE, COMPUTER_CLASS, {"computer": 2}),
        ("user", CREATE, None, {}),
        ("computer", WRITE, COMPUTER_CLASS, {COMPUTER_CLASS: 1}),
        ("user", WRITE, COMPUTER_CLASS, {}),
        ("computer", SELF_WRITE, COMPUTER_CLASS, {}),
    ],
)
def test_a_right_counts_on_the_classes_where_it_means_something(
    compute: Any, object_class: str, mask: int, guid: str | None, expected: dict[str | None, int]
) -> None:
    assert levels(compute, object_class, (HELPDESK, mask, guid)) == expected


def test_self_counts_on_groups_only_for_their_members(compute: Any) -> None:
    assert levels(compute, "user", (SELF, 0xF01FF, None)) == {}
    assert levels(compute, "group", (SELF, WRITE, MEMBER)) == {"member": 1}


def test_rights_on_adminsdholder_count_as_on_the_objects_it_protects(compute: Any) -> None:
    tables = forest("container", (HELPDESK, WRITE, MEMBER), (HELPDESK, CONTROL, RESET))
    assert compute(**tables)["control_rights"] == []
    tables["objects"][0]["dn"] = "cn=adminsdholder,CN=System,DC=corp,DC=test"
    found = compute(domains=[{"domain_id": 0, "dn": "DC=corp,DC=test"}], **tables)["control_rights"]
    assert {(row["target"], row["object_class"]) for row in found} == {
        ("member", "container"),
        ("User-Force-Change-Password", "container"),
    }


def test_the_manager_of_a_read_only_domain_controller_counts(compute: Any) -> None:
    rodc = [{"object_id": 0, "primary_group_rid": 521}]
    assert levels(compute, "computer", (HELPDESK, WRITE, MANAGED_BY), computers=rodc) == {"managedBy": 1}


def test_replicating_everything_needs_both_rights_in_the_same_hands(compute: Any) -> None:
    everything = "DS-Replication-Get-Changes-All"
    assert levels(compute, "domainDNS", (SYNC, CONTROL, CHANGES)) == {}
    assert levels(compute, "domainDNS", (SYNC, CONTROL, CHANGES_ALL)) == {}
    assert levels(compute, "domainDNS", (SYNC, CONTROL, CHANGES_ALL), (SYNC, CONTROL, CHANGES)) == {everything: 1}
    assert levels(compute, "domainDNS", (SYNC, CONTROL, CHANGES_ALL), (HELPDESK, CONTROL, CHANGES)) == {}
    assert levels(compute, "domainDNS", (SYNC, CONTROL, CHANGES_ALL), (EVERYONE, CONTROL, CHANGES)) == {everything: 1}
    assert levels(compute, "user", (SYNC, CONTROL, CHANGES_ALL), (SYNC, CONTROL, CHANGES)) == {}


def test_replicating_the_schema_brings_no_secret(compute: Any) -> None:
    assert levels(compute, "dMD", (SYNC, CONTROL, CHANGES_ALL), (SYNC, CONTROL, CHANGES)) == {}


def test_the_two_replication_rights_may_meet_in_a_member_of_two_groups(compute: Any) -> None:
    grants = ((SYNC, CONTROL, CHANGES_ALL), (REPLICATORS, CONTROL, CHANGES))
    shared = [{"member_id": ALICE, "group_id": SYNC}, {"member_id": ALICE, "group_id": REPLICATORS}]
    assert levels(compute, "domainDNS", *grants) == {}
    assert levels(compute, "domainDNS", *grants, memberships=shared) == {"DS-Replication-Get-Changes-All": 1}


def test_attributes_that_differ_per_forest_are_named_by_its_schema(compute: Any) -> None:
    laps = "aaaaaaaa-0000-4000-8000-000000000001"
    assert levels(compute, "computer", (HELPDESK, CONTROL, laps)) == {}
    schema = [{"name": "ms-Mcs-AdmPwd", "guid": laps}]
    assert levels(compute, "computer", (HELPDESK, CONTROL, laps), schema_attributes=schema) == {"ms-Mcs-AdmPwd": 1}


def test_a_property_set_is_what_this_schema_puts_in_it(compute: Any) -> None:
    own = "aaaaaaaa-0000-4000-8000-000000000002"
    moved = [{"name": "member", "guid": MEMBER, "property_set": own}]
    assert levels(compute, "group", (HELPDESK, WRITE, own), schema_attributes=moved) == {own: 1}
    assert levels(compute, "group", (HELPDESK, WRITE, MEMBERSHIP), schema_attributes=moved) == {}


@pytest.mark.parametrize(("object_class", "blocked"), [("computer", True), ("user", False)])
def test_dsheuristics_may_deny_owners_of_computers_their_implicit_right(
    compute: Any, object_class: str, blocked: bool
) -> None:
    tables = forest(object_class)
    tables["security_descriptors"][0] |= {"owner_id": ALICE, "owner_sid": SIDS[ALICE]}
    assert [row["right"] for row in compute(**tables)["control_rights"]] == ["owner"]
    heuristics = [{"ds_heuristics": "0" * 28 + "1"}]
    rows = compute(forests=heuristics, **tables)["control_rights"]
    assert [row["right"] for row in rows] == ([] if blocked else ["owner"])


def test_one_descriptor_is_judged_for_each_class_that_bears_it(compute: Any) -> None:
    tables = forest("group", (HELPDESK, WRITE, MEMBER))
    tables["objects"] += [
        {"object_id": 1, "sd_id": 0, "object_class": "user", "object_classes": CLASSES["user"]},
        {"object_id": 2, "sd_id": 0, "object_class": "group", "object_classes": CLASSES["group"]},
        {"object_id": 3, "sd_id": 0, "object_class": None},
    ]
    assert [row["object_class"] for row in compute(**tables)["control_rights"]] == ["group"]
