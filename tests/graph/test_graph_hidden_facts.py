"""A fact that was not read and that may make an edge is told where that edge would lead to tier 0."""

from __future__ import annotations

from typing import Any

import pytest

from adaudit.graph.analysis import Analysis
from adaudit.graph.coverage import missing_by_fact
from tests.graph.small_descriptors import guard, sid
from tests.graph.small_forest import HEAD, SmallForest
from tests.graph.small_pki import AUTHORITY, ENROLL, HOST, SUPPLIES_SUBJECT, install, publish

ANA, SUPPORT, LABO = (f"CN={name},{HEAD}" for name in ("Ana", "Support", "Labo"))
UNIT, RODC, POLICY = f"OU=Soins,{HEAD}", f"CN=RODC1,{HEAD}", f"CN=Carte,{HEAD}"
DMSA, SYNCHRONISER = f"CN=dmsa,{HEAD}", f"CN=MSOL_0123,{HEAD}"
GET_CHANGES = "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2"
NO_EXTENSION, SAN_UPN = 0x80000, 0x02000000
TO_SUPPORT = f"D:(OA;;CR;{ENROLL};;{sid(1110)})"


@pytest.fixture
def forest() -> SmallForest:
    """An authority; a user, two groups, a read-only controller, an issuance policy, a dMSA and Entra Connect's user."""
    forest = SmallForest()
    install(forest)
    forest.add(UNIT, "organizationalUnit")
    forest.add(ANA, "user", rid=1104)
    forest.add(SUPPORT, "group", rid=1110)
    forest.add(LABO, "group", rid=1111)
    forest.add(RODC, "computer", rid=1120, is_rodc_account=True, operating_system="Windows Server 2019")
    forest.add(POLICY, "msPKI-Enterprise-Oid")
    forest.add(DMSA, "msDS-GroupManagedServiceAccount", rid=1121, kind="dmsa")
    forest.add(SYNCHRONISER, "user", rid=1122, sam_account_name="MSOL_0123")
    forest.add(f"CN=Autre,{HEAD}", "user", rid=1123, sam_account_name="autre")
    return forest


def object_of(forest: SmallForest, dn: str) -> int:
    found: int = next(row["object_id"] for row in forest.rows["objects"] if row["dn"] == dn)
    return found


def missing(forest: SmallForest, *gaps: dict[str, Any], **computed: list[dict[str, Any]]) -> dict[str, int]:
    told = {"column_name": "*", "domain_id": 0, "status": "denied", "reason": "no_read_right"}
    facts = forest.facts(coverage=[told | gap for gap in gaps], **computed)
    return missing_by_fact(Analysis(facts).hiding_paths)


def unread(forest: SmallForest, dn: str, table: str, column: str, **more: Any) -> dict[str, int]:
    return missing(forest, {"table_name": table, "column_name": column, "object_id": object_of(forest, dn)} | more)


@pytest.mark.parametrize(
    "column",
    [
        *("schema_version", "name_flag", "enrollment_flag", "ra_signature", "ra_application_policies"),
        *("ekus", "application_policies", "certificate_policies"),
    ],
)
@pytest.mark.parametrize("is_published", [True, False])
def test_a_setting_of_a_template_counts_where_an_authority_publishes_it(
    forest: SmallForest, column: str, is_published: bool
) -> None:
    dn = publish(forest, "Carte", TO_SUPPORT, is_published=is_published)
    expected = {f"certificate_templates.{column}": 1} if is_published else {}
    assert unread(forest, dn, "certificate_templates", column) == expected


@pytest.mark.parametrize(
    ("dn", "table", "column", "detail"),
    [
        (AUTHORITY, "published_templates", "template_name", "certificateTemplates"),
        (AUTHORITY, "certificate_authorities", "dns_host_name", None),
        (AUTHORITY, "objects", "sd_id", None),
        (RODC, "links", "target_dn", None),
        (RODC, "links", "target_id", "managedBy"),
        (POLICY, "links", "target_dn", None),
        (POLICY, "links", "target_id", "msDS-OIDToGroupLink"),
        (POLICY, "certificate_templates", "oid", None),
        (POLICY, "attributes", "text", "msPKI-Cert-Template-OID"),
        (DMSA, "links", "target_dn", "--exclude msDS-ManagedAccountPrecededByLink"),
        (DMSA, "managed_service_accounts", "delegated_state", None),
        (ANA, "users", "sam_account_name", None),
        (SUPPORT, "groups", "sid", None),
        (HEAD, "domains", "sid", None),
        (UNIT, "schema_attributes", "property_set", None),
    ],
)
def test_what_leads_to_the_domain_or_anywhere_counts(
    forest: SmallForest, dn: str, table: str, column: str, detail: str | None
) -> None:
    publish(forest, "Carte", TO_SUPPORT)
    assert unread(forest, dn, table, column, detail=detail) == {f"{table}.{column}": 1}


@pytest.mark.parametrize(
    ("dn", "table", "column", "detail"),
    [
        (ANA, "links", "target_dn", None),
        (RODC, "links", "target_id", "msDS-KrbTgtLink"),
        (POLICY, "links", "target_id", "managedBy"),
        (SUPPORT, "attributes", "text", None),
        (ANA, "objects", "description", None),
        (HOST, "certificate_templates", "oid", None),
        (LABO, "memberships", "member_id", None),
        (ANA, "objects", "sd_id", None),
    ],
)
def test_what_the_graph_does_not_follow_from_there_does_not_count(
    forest: SmallForest, dn: str, table: str, column: str, detail: str | None
) -> None:
    publish(forest, "Carte", TO_SUPPORT)
    assert unread(forest, dn, table, column, detail=detail) == {}


def test_the_host_of_entra_connect_counts_where_its_account_leads_to_tier_0(forest: SmallForest) -> None:
    described = ("objects", "description")
    assert unread(forest, SYNCHRONISER, *described) == {"objects.description": 1}, "it is of tier 0 itself"
    assert unread(forest, f"CN=Autre,{HEAD}", *described) == {}


@pytest.mark.parametrize(("column", "rows"), [("target_dn", 1), ("value", 0)])
def test_a_host_of_service_accounts_counts_where_one_of_these_leads_to_tier_0(
    forest: SmallForest, column: str, rows: int
) -> None:
    gap = {"table_name": "links", "column_name": column, "object_id": object_of(forest, HOST)}
    assert missing(forest, gap) == {}
    guard(forest, HEAD, f"D:(A;;GA;;;{sid(1121)})")
    assert missing(forest, gap) == ({f"links.{column}": rows} if rows else {})


@pytest.mark.parametrize(("flag", "expected"), [(NO_EXTENSION, {"objects.sd_id": 1}), (0, {})])
def test_who_may_rename_an_account_counts_where_its_name_opens_a_session(
    forest: SmallForest, flag: int, expected: dict[str, int]
) -> None:
    publish(forest, "Ancien", f"D:(OA;;CR;{ENROLL};;AU)", enrollment_flag=flag, name_flag=SAN_UPN)
    assert unread(forest, ANA, "objects", "sd_id") == expected


def test_only_accounts_that_may_enrol_are_of_use_to_whoever_renames_them(forest: SmallForest) -> None:
    publish(forest, "Ancien", TO_SUPPORT, enrollment_flag=NO_EXTENSION, name_flag=SAN_UPN)
    assert unread(forest, ANA, "objects", "sd_id") == {}
    forest.join(ANA, SUPPORT)
    assert unread(forest, ANA, "objects", "sd_id") == {"objects.sd_id": 1}


@pytest.mark.parametrize(
    ("system", "expected"), [("Windows Server 2025", {"objects.sd_id": 1}), ("Windows Server 2019", {})]
)
def test_who_may_write_a_succession_counts_where_a_controller_accepts_it(
    forest: SmallForest, system: str, expected: dict[str, int]
) -> None:
    forest.add(f"CN=DC1,{HEAD}", "computer", rid=1000, operating_system=system, is_server_account=True)
    assert unread(forest, DMSA, "objects", "sd_id") == expected


def test_members_of_a_group_that_holds_half_of_a_replication_count(forest: SmallForest) -> None:
    guard(forest, HEAD, f"D:(OA;;CR;{GET_CHANGES};;{sid(1110)})")
    assert unread(forest, SUPPORT, "memberships", "member_id") == {"memberships.member_id": 1}
    assert unread(forest, LABO, "memberships", "member_id") == {}
    forest.join(LABO, SUPPORT)
    assert unread(forest, LABO, "memberships", "member_id") == {"memberships.member_id": 1}


@pytest.mark.parametrize(("flag", "expected"), [(SUPPLIES_SUBJECT, {"memberships.member_id": 1}), (0, {})])
def test_members_of_a_group_that_enrols_with_an_authority_count_where_a_template_is_of_use(
    forest: SmallForest, flag: int, expected: dict[str, int]
) -> None:
    guard(forest, AUTHORITY, TO_SUPPORT)
    publish(forest, "Carte", f"D:(OA;;CR;{ENROLL};;{sid(1111)})", name_flag=flag)
    assert unread(forest, SUPPORT, "memberships", "member_id") == expected


@pytest.mark.parametrize(
    ("dn", "reason", "expected"),
    [
        (UNIT, "server_error", {"objects": 1}),
        (UNIT, "container_hidden", {"objects": 1}),
        (f"CN=Perdu,{HEAD}", "malformed", {"objects": 1}),
        (f"CN=Sites,CN=Configuration,{HEAD}", "server_error", {"objects": 1}),
        (f"CN=Services,CN=Configuration,{HEAD}", "server_error", {"objects": 1}),
        (f"CN=Site,CN=Sites,CN=Configuration,{HEAD}", "server_error", {"objects": 1}),
        (f"CN=Exchange,CN=Configuration,{HEAD}", "server_error", {}),
        (f"CN=Zone,DC=DomainDnsZones,{HEAD}", "server_error", {}),
        (f"CN=WMI,CN=System,{HEAD}", "container_hidden", {}),
        (f"CN=Secrets,{HEAD}", "known_hidden", {}),
        (f"CN=Ailleurs,{HEAD}", "reference_unseen", {}),
        ("OU=X,DC=autre,DC=test", "server_error", {}),
    ],
)
def test_an_object_or_container_that_could_not_be_read_counts_where_accounts_may_be(
    forest: SmallForest, dn: str, reason: str, expected: dict[str, int]
) -> None:
    for prefix, kind in (("", "domain"), ("CN=Configuration,", "configuration"), ("DC=DomainDnsZones,", "domain_dns")):
        forest.row("partitions", dn=prefix + HEAD, kind=kind)
    assert missing(forest, {"table_name": "objects", "dn": dn, "reason": reason}) == expected


@pytest.mark.parametrize(("reason", "expected"), [("no_read_right", {"gpo_settings": 1}), ("reference_unseen", {})])
def test_a_file_of_an_unlinked_policy_that_was_not_read_may_hold_a_password(
    forest: SmallForest, reason: str, expected: dict[str, int]
) -> None:
    forest.add(f"CN={{1}},{HEAD}", "groupPolicyContainer")
    assert unread(forest, f"CN={{1}},{HEAD}", "gpo_settings", "*", reason=reason) == expected


@pytest.mark.parametrize("table", ["users", "computers", "managed_service_accounts"])
def test_a_stored_descriptor_counts_by_either_name_where_its_bearer_leads_on(forest: SmallForest, table: str) -> None:
    assert unread(forest, ANA, table, "rbcd_sd_id") == {}
    guard(forest, HEAD, f"D:(A;;GA;;;{sid(1104)})")
    assert unread(forest, ANA, table, "rbcd_sd_id") == {f"{table}.rbcd_sd_id": 1}


@pytest.mark.parametrize("column", ["partner_dns", "partner_netbios"])
def test_the_name_of_a_partner_counts(forest: SmallForest, column: str) -> None:
    assert unread(forest, UNIT, "trusts", column) == {f"trusts.{column}": 1}


def test_the_host_of_an_authority_that_was_never_seen_counts(forest: SmallForest) -> None:
    assert missing(forest) == {}
    forest.rows["certificate_authorities"][0]["dns_host_name"] = "srv-cache.corp.test"
    assert missing(forest) == {"computers": 1}
    forest.rows["certificates"][1] |= {"subject": "CN=Autre", "sha1": "of another"}
    assert missing(forest) == {}, "controllers do not accept what this authority signs"


@pytest.mark.parametrize(("is_collected", "expected"), [(True, {"objects": 1}), (False, {})])
def test_an_adminsdholder_that_was_not_seen_counts_where_its_domain_was_read(
    forest: SmallForest, is_collected: bool, expected: dict[str, int]
) -> None:
    forest.row("partitions", dn=HEAD, kind="domain", is_collected=is_collected)
    assert missing(forest) == expected
    forest.add(f"CN=System,{HEAD}")
    forest.add(f"CN=AdminSDHolder,CN=System,{HEAD}")
    assert missing(forest) == {}
