"""What was not read counts for paths where it may hide one, and only there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest

from adaudit.derive import derived
from adaudit.derive.facts import Facts
from adaudit.graph.analysis import Analysis
from adaudit.graph.coverage import missing_by_fact
from adaudit.graph.questions import Questions
from adaudit.schema import TABLES

Rows = Sequence[dict[str, Any]]
DOMAIN = "S-1-5-21-1-2-3"
ADMINS, HELPDESK, NURSES = 10, 11, 12


def object_row(object_id: int, name: str, **more: Any) -> dict[str, Any]:
    return {
        "object_id": object_id,
        "dn": f"CN={name},DC=chu,DC=example",
        "domain_id": 0,
        "object_class": "group",
    } | more


def group(object_id: int, rid: int) -> dict[str, Any]:
    return {
        "principal_id": object_id,
        "object_id": object_id,
        "sid": f"{DOMAIN}-{rid}",
        "rid": rid,
        "domain_id": 0,
        "type": "group",
    }


FOREST: dict[str, Rows] = {
    "domains": [{"domain_id": 0, "dn": "DC=chu,DC=example", "sid": DOMAIN, "is_collected": True, "is_root": True}],
    "objects": [object_row(ADMINS, "Admins"), object_row(HELPDESK, "Assistance"), object_row(NURSES, "Soignants")],
    "principals": [group(ADMINS, 512), group(HELPDESK, 1200), group(NURSES, 1201)],
    "groups": [{"object_id": n, "principal_id": n} for n in (ADMINS, HELPDESK, NURSES)],
    "security_descriptors": [
        {"sd_id": 0, "role": "object", "owner_id": ADMINS, "owner_sid": f"{DOMAIN}-512", "dacl_state": "present"}
    ],
    "memberships": [{"member_id": HELPDESK, "group_id": ADMINS, "origin": "member"}],
}


def analysed(**more: Rows) -> Analysis:
    given = FOREST | more
    facts = Facts({name: pa.Table.from_pylist(list(rows), TABLES[name].arrow_schema) for name, rows in given.items()})
    for _ in derived(facts):
        pass
    return Analysis(facts)


def gap(table: str, column: str = "*", **more: Any) -> dict[str, Any]:
    told = {"table_name": table, "column_name": column, "domain_id": 0, "status": "denied", "reason": "no_read_right"}
    return told | more


def tables_missing(analysis: Analysis) -> set[str]:
    rows = dict(analysis.tables())["coverage"].to_pylist()
    return {row["table_name"] for row in rows} & {"edges", "changes", "exposure", "choke_points"}


@pytest.mark.parametrize(
    ("target", "missing"),
    [("tier0", {}), ("Admins", {}), ("Soignants", {"objects.sd_id": 1}), (None, {"objects.sd_id": 1})],
)
def test_what_hides_a_path_is_told_of_the_target_that_is_asked_about(
    target: str | None, missing: dict[str, int]
) -> None:
    identities = [
        row | {"name": name} for row, name in zip(FOREST["principals"], ("Admins", "Aide", "Soignants"), strict=True)
    ]
    analysis = analysed(principals=identities, coverage=[gap("objects", "sd_id", object_id=NURSES)])
    assert Questions(analysis).missing(target) == missing


def test_a_forest_that_was_read_whole_hides_no_path() -> None:
    analysis = analysed(coverage=[gap("logons", status="not_attempted")])
    assert analysis.hiding_paths == []
    assert tables_missing(analysis) == set()


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("objects", "sd_id"),
        ("memberships", "member_id"),
        ("delegations", "target_id"),
        ("gpo_links", "gpo_dn"),
        ("users", "script_path"),
        ("computers", "laps_expires_raw"),
    ],
)
def test_what_hides_edges_into_a_group_counts_where_the_group_leads_to_tier_0(table: str, column: str) -> None:
    near = analysed(coverage=[gap(table, column, object_id=HELPDESK)])
    assert missing_by_fact(near.hiding_paths) == {f"{table}.{column}": 1}
    assert tables_missing(near) == {"edges", "changes", "exposure", "choke_points"}
    far = analysed(coverage=[gap(table, column, object_id=NURSES)])
    assert far.hiding_paths == []
    assert tables_missing(far) == {"edges", "changes"}


def test_the_rows_of_paths_name_no_object_but_the_place() -> None:
    analysis = analysed(coverage=[gap("objects", "sd_id", object_id=HELPDESK)])
    rows = [r for r in dict(analysis.tables())["coverage"].to_pylist() if r["table_name"] == "exposure"]
    assert [(r["column_name"], r["object_id"], r["dn"], r["reason"]) for r in rows] == [
        ("*", None, "CN=Assistance,DC=chu,DC=example", "no_read_right")
    ]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("delegations", "spn"),
        ("sid_history", "sid"),
        ("users", "user_account_control"),
        ("computers", "dns_host_name"),
        ("spns", "spn"),
        ("directory_servers", "computer_id"),
    ],
)
def test_where_an_account_leads_may_be_anywhere(table: str, column: str) -> None:
    analysis = analysed(coverage=[gap(table, column, object_id=NURSES)])
    assert missing_by_fact(analysis.hiding_paths) == {f"{table}.{column}": 1}


@pytest.mark.parametrize(
    ("detail", "missing"),
    [("configuration", {"objects": 1}), ("forest_dns", {}), ("DC=DomainDnsZones,DC=chu,DC=example", {})],
)
def test_naming_contexts_of_dns_hide_no_path(detail: str, missing: dict[str, int]) -> None:
    zones = {"partition_id": 0, "dn": "DC=DomainDnsZones,DC=chu,DC=example", "kind": "domain_dns"}
    left_out = gap("objects", status="not_attempted", reason="not_in_source", detail=detail)
    assert missing_by_fact(analysed(partitions=[zones], coverage=[left_out]).hiding_paths) == missing


@pytest.mark.parametrize(("is_rodc", "missing"), [(True, {"links.target_id": 1}), (False, {})])
def test_whom_a_read_only_controller_refers_to_counts(is_rodc: bool, missing: dict[str, int]) -> None:
    analysis = analysed(
        objects=[*FOREST["objects"], object_row(30, "BRANCHE", object_class="computer")],
        computers=[{"object_id": 30, "domain_id": 0, "is_rodc_account": is_rodc, "is_server_account": not is_rodc}],
        coverage=[gap("links", "target_id", object_id=30, detail="managedBy")],
    )
    assert missing_by_fact(analysis.hiding_paths) == missing


@pytest.mark.parametrize("table", ["objects", "gpo_links", "gpo_settings", "trusts", "certificate_templates", "aces"])
def test_tables_missing_as_a_whole_count(table: str) -> None:
    assert missing_by_fact(analysed(coverage=[gap(table)]).hiding_paths) == {table: 1}


def test_a_computed_table_that_was_cut_hides_paths() -> None:
    cut = gap("applied_gpos", domain_id=None, status="truncated", reason="too_many", detail="applied_gpos")
    analysis = analysed(coverage=[cut])
    assert missing_by_fact(analysis.hiding_paths) == {"applied_gpos": 1}
    assert tables_missing(analysis) == {"edges", "changes", "exposure", "choke_points"}
    of_links = analysed(coverage=[gap("applied_gpos", object_id=HELPDESK)])
    assert of_links.hiding_paths == []


def test_a_domain_that_was_not_read_counts() -> None:
    other = {"domain_id": 1, "dn": "DC=b,DC=example", "sid": "S-1-5-21-4-5-6", "is_collected": False}
    analysis = analysed(domains=[*FOREST["domains"], other])
    assert missing_by_fact(analysis.hiding_paths) == {"domains": 1}


@pytest.mark.parametrize(("above", "missing"), [(ADMINS, {"objects": 1}), (NURSES, {})])
def test_a_member_that_was_never_seen_counts_where_it_leads_to_tier_0(above: int, missing: dict[str, int]) -> None:
    ghost = {"principal_id": 20, "type": "unseen", "dn": "CN=Fantôme,OU=Caché,DC=chu,DC=example"}
    analysis = analysed(
        principals=[*FOREST["principals"], ghost],
        memberships=[{"member_id": 20, "group_id": above, "origin": "member"}],
    )
    assert {k: n for k, n in missing_by_fact(analysis.hiding_paths).items() if k == "objects"} == missing


def test_a_container_known_to_be_hidden_is_no_trust_and_another_object_may_be_one() -> None:
    container, other = (f"CN={name},CN=System,DC=chu,DC=example" for name in ("Password Settings Container", "x"))
    unknown = [gap("trusts", reason="mandatory_missing", dn=dn) for dn in (container, other)]
    hidden = gap("password_policies", reason="known_hidden", dn=container)
    assert [found.dn for found in analysed(coverage=[hidden, *unknown]).hiding_paths] == [other]


def test_hidden_objects_to_which_nothing_refers_do_not_count() -> None:
    hidden = gap("objects", reason="known_hidden", dn="CN=Password Settings Container,CN=System,DC=chu,DC=example")
    assert analysed(coverage=[hidden]).hiding_paths == []
