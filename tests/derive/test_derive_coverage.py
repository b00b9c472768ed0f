"""What is told to be missing from the computed tables, and what is not."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from adaudit.derive import derive
from adaudit.schema import ARROW_TYPES, COLLECTED, DERIVED, Column, Kind

DOMAIN = "S-1-5-21-1-2-3"
ROOT = {"domain_id": 0, "dn": "DC=corp,DC=test", "sid": DOMAIN, "is_root": True, "is_collected": True, "object_id": 0}
GROUP_SIDS = [f"S-1-5-32-{rid}" for rid in (544, 548, 549, 550, 551)] + [
    f"{DOMAIN}-{rid}" for rid in (512, 516, 518, 519)
]
GROUPS = [
    {"principal_id": n, "sid": sid, "rid": int(sid[-3:]), "type": "group", "domain_id": 0, "object_id": 100 + n}
    for n, sid in enumerate(GROUP_SIDS)
]
ADMINS, NESTED, OTHER, GHOST = 5, 20, 21, 22
MORE = [
    {"principal_id": NESTED, "sid": f"{DOMAIN}-1201", "rid": 1201, "type": "group", "domain_id": 0, "object_id": 120},
    {"principal_id": OTHER, "sid": f"{DOMAIN}-1202", "rid": 1202, "type": "group", "domain_id": 0, "object_id": 121},
]
OBJECTS = [
    {"object_id": 120, "dn": "CN=Nested,DC=corp,DC=test", "domain_id": 0},
    {"object_id": 121, "dn": "CN=Other,DC=corp,DC=test", "domain_id": 0},
]
COMPLETE = {
    "domains": [ROOT],
    "principals": [*GROUPS, *MORE],
    "objects": OBJECTS,
    "memberships": [{"member_id": NESTED, "group_id": ADMINS}],
}


def gap(table: str, column: str = "*", **more: Any) -> dict[str, Any]:
    return {
        "table_name": table,
        "column_name": column,
        "domain_id": 0,
        "status": "denied",
        "reason": "no_read_right",
    } | more


def gaps_in(compute: Any, table: str, *given_rows: dict[str, Any], **tables: Any) -> list[dict[str, Any]]:
    rows = compute(**{**COMPLETE, **tables}, coverage=given_rows)["coverage"]
    assert rows[: len(given_rows)] == [dict.fromkeys(rows[0], None) | row for row in given_rows] if rows else True
    return [row for row in rows[len(given_rows) :] if row["table_name"] == table]


def test_a_complete_forest_has_no_gap(compute: Any) -> None:
    assert compute(**COMPLETE)["coverage"] == []


def test_unreadable_members_of_a_nested_group_hide_privileged_accounts(compute: Any) -> None:
    (row,) = gaps_in(compute, "privileged_accounts", gap("memberships", "member_id", object_id=120))
    assert (row["object_id"], row["dn"], row["reason"]) == (None, "CN=Nested,DC=corp,DC=test", "no_read_right")


def test_unreadable_members_of_another_group_hide_no_privileged_account(compute: Any) -> None:
    given_row = gap("memberships", "member_id", object_id=121)
    assert gaps_in(compute, "privileged_accounts", given_row) == []
    (row,) = gaps_in(compute, "nested_groups", given_row)
    assert row["object_id"] == 121


def test_a_member_never_seen_is_told_with_the_reason_of_its_source(compute: Any) -> None:
    ghost = {"principal_id": GHOST, "type": "unseen", "dn": "CN=Ghost,OU=Hidden,DC=corp,DC=test", "domain_id": 0}
    tables = {
        "principals": [*GROUPS, *MORE, ghost],
        "memberships": [*COMPLETE["memberships"], {"member_id": GHOST, "group_id": NESTED}],
    }
    told = gap("users", dn="cn=ghost,OU=Hidden,DC=corp,DC=test", status="truncated", reason="interrupted")
    (row,) = gaps_in(compute, "privileged_accounts", told, **tables)
    assert (row["dn"], row["status"], row["reason"]) == (ghost["dn"], "truncated", "interrupted")
    (row,) = gaps_in(compute, "privileged_accounts", **tables)
    assert (row["status"], row["reason"]) == ("denied", "reference_unseen")


def test_a_member_of_another_forest_is_known_without_its_object(compute: Any) -> None:
    dn = "CN=S-1-5-21-9-9-9-1105,CN=ForeignSecurityPrincipals,DC=corp,DC=test"
    foreign = {"principal_id": GHOST, "type": "foreign", "sid": "S-1-5-21-9-9-9-1105", "rid": 1105, "dn": dn}
    everyone = {"principal_id": GHOST + 1, "type": "well_known", "sid": "S-1-1-0"}
    members = [{"member_id": who, "group_id": ADMINS} for who in (GHOST, GHOST + 1)]
    tables = COMPLETE | {"principals": [*COMPLETE["principals"], foreign, everyone], "memberships": members}
    rows = compute(**tables)["coverage"]
    assert [(r["table_name"], r["column_name"], r["reason"], r["dn"]) for r in rows] == [
        ("privileged_accounts", "object_id", "other_domain", dn)
    ]


def test_a_privileged_group_never_seen_is_a_gap_but_for_those_that_may_not_exist(compute: Any) -> None:
    without = [row for row in GROUPS if row["sid"] != "S-1-5-32-551"]
    (row,) = gaps_in(compute, "privileged_groups", principals=[*without, *MORE])
    assert (row["domain_id"], row["detail"], row["status"]) == (0, "S-1-5-32-551", "denied")
    key_admins = {"principal_id": 30, "sid": f"{DOMAIN}-526", "rid": 526, "type": "dangling", "domain_id": 0}
    (row,) = gaps_in(compute, "privileged_groups", principals=[*GROUPS, *MORE, key_admins])
    assert row["detail"] == f"{DOMAIN}-526"


def test_a_domain_not_collected_is_a_gap_of_what_is_privileged(compute: Any) -> None:
    child = {"domain_id": 1, "dn": "DC=b,DC=corp,DC=test", "is_root": False, "is_collected": False}
    for table in ("privileged_groups", "privileged_accounts"):
        (row,) = gaps_in(compute, table, domains=[ROOT, child])
        assert (row["domain_id"], row["status"], row["reason"]) == (1, "not_attempted", "other_domain")


def test_an_unread_descriptor_stays_with_its_object(compute: Any) -> None:
    told = gap("objects", "sd_id", object_id=121, reason="descriptor_unreadable")
    for table in ("descriptor_rights", "control_rights"):
        (row,) = gaps_in(compute, table, told)
        assert (row["object_id"], row["reason"]) == (121, "descriptor_unreadable")
    assert gaps_in(compute, "control_rights", gap("objects", "description", object_id=121)) == []


def test_a_computer_without_any_readable_sign_may_be_a_domain_controller(compute: Any) -> None:
    told = [gap("computers", column, object_id=121) for column in ("primary_group_rid", "user_account_control")]
    unknown = [{"object_id": 121, "domain_id": 0}]
    (row,) = gaps_in(compute, "domain_controllers", *told, computers=unknown)
    assert (row["object_id"], row["dn"]) == (None, "CN=Other,DC=corp,DC=test")
    known = [{"object_id": 121, "domain_id": 0, "primary_group_rid": 515}]
    assert gaps_in(compute, "domain_controllers", told[1], computers=known) == []


def test_a_server_whose_account_was_not_seen_is_a_gap(compute: Any) -> None:
    (row,) = gaps_in(
        compute, "domain_controllers", directory_servers=[{"object_id": 90, "name": "DC9", "settings_class": "nTDSDSA"}]
    )
    assert (row["detail"], row["reason"]) == ("DC9", "reference_unseen")


def test_spns_matter_to_delegations_that_lead_nowhere(compute: Any) -> None:
    told = gap("spns", "spn", object_id=121)
    assert gaps_in(compute, "delegation_targets", told) == []
    nowhere = [{"object_id": 120, "kind": "constrained", "spn": "http/lost", "service_class": "http", "host": "lost"}]
    (row,) = gaps_in(compute, "delegation_targets", told, delegations=nowhere)
    assert row["dn"] == "CN=Other,DC=corp,DC=test"


def test_unread_links_hide_gpos_below_their_container(compute: Any) -> None:
    (row,) = gaps_in(compute, "applied_gpos", gap("gpo_links", "gpo_id", object_id=121))
    assert (row["column_name"], row["object_id"]) == ("*", 121)


def test_an_ou_below_something_never_seen_is_told(compute: Any) -> None:
    ou = [{"object_id": 121, "domain_id": 0, "kind": "ou"}]
    (row,) = gaps_in(compute, "applied_gpos", organizational_units=ou)
    assert (row["dn"], row["reason"]) == ("CN=Other,DC=corp,DC=test", "reference_unseen")


VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.ID: st.integers(0, 4),
    Kind.INT: st.integers(0, 600),
    Kind.FLAGS: st.sampled_from((0, 0x20, 0xF01FF, 0x80000000, 0xFFFFFFFF)),
    Kind.BOOL: st.booleans(),
    Kind.TEXT: st.sampled_from(("", "group", "user", "object", "null", "constrained", "denied", "aces", "ou", "é")),
    Kind.SID: st.sampled_from(("S-1-1-0", "S-1-3-4", "S-1-5-32-544", DOMAIN, f"{DOMAIN}-512", "")),
    Kind.GUID: st.sampled_from(("", "00000000-0000-0000-0000-000000000000", "bf9679c0-0de6-11d0-a285-00aa003049e2")),
    Kind.DN: st.sampled_from(("", "DC=corp", "CN=AdminSDHolder,CN=System,DC=corp", "OU=Domain Controllers,DC=corp")),
    Kind.TEXTS: st.lists(st.sampled_from(("top", "user", "computer")), max_size=2),
}


def value_of(column: Column) -> st.SearchStrategy[Any]:
    return st.none() | VALUES.get(column.kind, st.none())


def any_table(name: str) -> st.SearchStrategy[pa.Table]:
    columns = COLLECTED[name].columns
    row = st.fixed_dictionaries({c.name: value_of(c) for c in columns if c.kind in VALUES})
    schema = pa.schema([(c.name, ARROW_TYPES[c.kind]) for c in columns])
    return st.lists(row, max_size=4).map(lambda rows: pa.Table.from_pylist(rows, schema))


@settings(max_examples=100)
@given(st.fixed_dictionaries({}, optional={name: any_table(name) for name in COLLECTED}))
def test_tables_full_of_nulls_and_nonsense_still_give_every_table(tables: dict[str, pa.Table]) -> None:
    computed = derive(tables)
    assert set(computed) == {*DERIVED, "coverage"}
    for name, table in computed.items():
        assert table.schema == (DERIVED | COLLECTED)[name].arrow_schema
        table.validate(full=True)
