"""Which right over which object makes which edge, and which makes none."""

from __future__ import annotations

import pytest

from adaudit.derive.facts import Facts
from adaudit.graph.families.rights import rights
from adaudit.graph.kinds import CODE_OF, EDGE_KINDS
from adaudit.graph.nodes import Nodes
from tests.graph.small_forest import HEAD, SmallForest, Told
from tests.graph.small_rights import (
    CHANGE_PASSWORD,
    CONTROL,
    CREATE,
    DELETE,
    FULL,
    GENERIC_ALL,
    GP_LINK,
    INHERIT_ONLY,
    KEY,
    MEMBER,
    MEMBERSHIP,
    READ,
    RESET,
    SELF,
    VALIDATED_COMPUTER,
    WRITE,
    WRITE_DAC,
    WRITE_OWNER,
    Given,
    descriptor,
)

ALICE = f"CN=alice,{HEAD}"
TARGET = f"CN=cible,{HEAD}"
GENERIC_WRITE = 0x40000000
GMSA = "msDS-GroupManagedServiceAccount"
CHAINS = {
    "inetOrgPerson": ["top", "person", "organizationalPerson", "user", "inetOrgPerson"],
    "computer": ["top", "person", "organizationalPerson", "user", "computer"],
    GMSA: ["top", "person", "organizationalPerson", "user", "computer", GMSA],
}
"""Classes of which a class is made, where that matters."""

SPN, ALT = "f3a64788-5306-11d1-a9c5-0000f80367c1", "00fbf30c-91fe-11d1-aebc-0000f80367c1"
UPN, UAC = "28630ebb-41d5-11d1-a9c1-0000f80367c1", "bf967a68-0de6-11d0-a285-00aa003049e2"
SCRIPT, PROFILE = "bf9679a8-0de6-11d0-a285-00aa003049e2", "bf967a05-0de6-11d0-a285-00aa003049e2"
RBCD, DELEGATE = "3f78c3e5-f79a-46bd-a0b8-9d18116ddc79", "800d94d7-b7a1-42a1-b14d-7cae1423d07f"
PUBLIC, RESTRICTIONS = "e48d0154-bcf8-11d1-8702-00c04fb96050", "4c164200-20c0-11d0-a768-00aa006e0529"
LOGON, DNS_HOST = "5f202010-79a5-11d0-9020-00c04fc2d4cf", "72e39547-7b18-11d1-adef-00c04fd8d5cd"
GMSA_READERS, FILE_SYS_PATH = "888eedd6-ce04-df40-b462-b8a50e41ba38", "f30e3bc1-9ff0-11d1-b603-0000f80367c1"
NAME_FLAG, ENROLMENT_FLAG = "ea1dddc4-60ff-416e-8cc0-17cee534bce7", "d15ef7d8-f226-46db-ae79-b34e560bd12c"
MIGRATE, INBOUND = "ba33815a-4f93-4c76-87f3-57574bff8109", "e2a36dc9-ae17-47c3-b58b-be34c55ba633"
DMSA_CLASS, GROUP_CLASS = "0feb936f-47b3-49f2-9386-1dedc2c23765", "bf967a9c-0de6-11d0-a285-00aa003049e2"
OID_LINK, CA_CERTIFICATE = "f9c9a57c-3941-438d-bebf-0edaf2aca187", "bf967932-0de6-11d0-a285-00aa003049e2"


def told(object_class: str, *aces: Given, owner: str | None = None, state: str = "present") -> list[Told]:
    """Edges over one object of a class, which bears these ACEs."""
    forest = SmallForest()
    forest.add(ALICE, "user", rid=1101)
    for sid in ("S-1-1-0", "S-1-5-10", "S-1-5-18", "S-1-3-0"):
        forest.identity(sid)
    sd = descriptor(forest, *aces, owner=owner, state=state)
    forest.add(TARGET, object_class, rid=1300, sd=sd)
    forest.rows["objects"][-1]["object_classes"] = CHAINS.get(object_class, [object_class])
    return [edge for edge in forest.edges(rights) if edge.bearer == TARGET]


def kinds(object_class: str, mask: int, object_type: str | None = None) -> set[str]:
    return {edge.kind for edge in told(object_class, Given(ALICE, mask, object_type))}


@pytest.mark.parametrize(
    ("object_class", "mask", "object_type", "expected"),
    [
        ("user", GENERIC_ALL, None, {"GenericAll"}),
        ("group", FULL, None, {"GenericAll"}),
        ("user", WRITE_DAC, None, {"WriteDacl"}),
        ("computer", WRITE_OWNER, None, {"WriteOwner"}),
        ("user", GENERIC_WRITE, None, {"GenericWrite"}),
        ("group", WRITE | SELF, None, {"GenericWrite"}),
        ("group", WRITE, GROUP_CLASS, {"GenericWrite"}),
        ("user", CONTROL, None, {"AllExtendedRights"}),
        ("computer", CONTROL, None, {"ForceChangePassword"}),
        ("domainDNS", CONTROL, None, set()),
        ("user", CONTROL, RESET, {"ForceChangePassword"}),
        ("inetOrgPerson", CONTROL, RESET, {"ForceChangePassword"}),
        ("computer", CONTROL, RESET, {"ForceChangePassword"}),
        (GMSA, CONTROL, RESET, set()),
        ("group", CONTROL, RESET, set()),
        ("user", CONTROL, CHANGE_PASSWORD, set()),
        ("group", WRITE, MEMBER, {"AddMember"}),
        ("group", WRITE, MEMBERSHIP, {"AddMember"}),
        ("user", WRITE, MEMBER, set()),
        ("group", SELF, MEMBER, {"AddSelf"}),
        ("group", SELF, None, {"AddSelf"}),
        ("group", WRITE | SELF, MEMBER, {"AddMember"}),
        ("user", WRITE, SPN, {"WriteSPN"}),
        ("computer", SELF, SPN, {"WriteValidatedSPN"}),
        ("user", WRITE, KEY, {"AddKeyCredentialLink"}),
        ("computer", WRITE, VALIDATED_COMPUTER, {"AddKeyCredentialLink"}),
        ("computer", SELF, VALIDATED_COMPUTER, set()),
        ("computer", WRITE, RBCD, {"AddAllowedToAct"}),
        ("user", WRITE, RBCD, set()),
        ("computer", WRITE, RESTRICTIONS, {"WriteAccountRestrictions", "WriteUserAccountControl"}),
        ("user", WRITE, RESTRICTIONS, {"WriteUserAccountControl"}),
        ("user", WRITE, UAC, {"WriteUserAccountControl"}),
        ("user", WRITE, ALT, {"WriteAltSecurityIdentities"}),
        ("computer", WRITE, PUBLIC, {"WritePublicInformation", "WriteUPN", "WriteAllowedToDelegateTo"}),
        ("user", WRITE, UPN, {"WriteUPN"}),
        ("user", WRITE, DELEGATE, {"WriteAllowedToDelegateTo"}),
        ("user", WRITE, LOGON, {"WriteScriptPath", "WriteProfilePath"}),
        ("user", WRITE, SCRIPT, {"WriteScriptPath"}),
        ("computer", WRITE, PROFILE, set()),
        ("computer", WRITE, DNS_HOST, {"WriteDNSHostName"}),
        ("computer", SELF, DNS_HOST, {"WriteDNSHostName"}),
        (GMSA, WRITE, GMSA_READERS, {"WriteMsDSGroupMSAMembership"}),
        ("groupPolicyContainer", WRITE, FILE_SYS_PATH, {"WriteGPCFileSysPath"}),
        ("groupPolicyContainer", WRITE, None, {"GenericWrite"}),
        ("pKICertificateTemplate", WRITE, NAME_FLAG, {"WritePKINameFlag"}),
        ("pKICertificateTemplate", WRITE, ENROLMENT_FLAG, {"WritePKIEnrollmentFlag"}),
        ("pKICertificateTemplate", WRITE, None, {"GenericWrite"}),
        ("pKICertificateTemplate", CONTROL, None, set()),
        ("pKIEnrollmentService", WRITE, CA_CERTIFICATE, {"GenericWrite"}),
        ("msPKI-Enterprise-Oid", WRITE, OID_LINK, {"GenericWrite"}),
        ("organizationalUnit", CREATE, DMSA_CLASS, {"CreateChildDMSA"}),
        ("organizationalUnit", CREATE, None, {"CreateChildDMSA"}),
        ("organizationalUnit", CREATE, GROUP_CLASS, set()),
        ("user", READ | DELETE | 0x1 | 0x2 | 0x40, None, set()),
        ("trustedDomain", FULL, None, set()),
        ("dnsNode", FULL, None, set()),
        ("container", FULL, None, set()),
    ],
)
def test_a_right_makes_these_edges(object_class: str, mask: int, object_type: str | None, expected: set[str]) -> None:
    assert kinds(object_class, mask, object_type) == expected


def test_an_ace_that_is_only_inherited_gives_nothing_on_the_object_that_bears_it() -> None:
    assert told("user", Given(ALICE, FULL, flags=INHERIT_ONLY)) == []


@pytest.mark.parametrize("nobody", ["S-1-5-10", "S-1-5-18", "S-1-3-0"])
def test_identities_that_nobody_is_before_he_has_the_object_are_no_source(nobody: str) -> None:
    assert told("group", Given(nobody, FULL)) == []


def test_a_null_dacl_is_open_to_everyone_and_an_empty_one_to_nobody() -> None:
    [edge] = told("user", state="null")
    assert (edge.kind, edge.source, edge.change) == (
        "NullDacl",
        "S-1-1-0",
        ("remove_ace", TARGET, "S-1-1-0", "null_dacl", None),
    )
    assert told("user", state="empty") == []


def test_a_conditional_ace_is_followed_as_uncertain() -> None:
    [edge] = told("user", Given(ALICE, FULL, is_conditional=True))
    assert edge.difficulty == "uncertain"


def test_two_aces_for_the_same_right_are_two_edges() -> None:
    assert len(told("user", Given(ALICE, FULL), Given(ALICE, FULL))) == 2


def test_a_deny_before_takes_the_right_and_a_deny_after_does_not() -> None:
    deny = Given(ALICE, WRITE_DAC, allow=False)
    assert told("user", deny, Given(ALICE, WRITE_DAC)) == []
    assert len(told("user", Given(ALICE, WRITE_DAC), deny)) == 1


def test_a_deleted_object_is_no_target() -> None:
    forest = SmallForest()
    forest.add(ALICE, "user", rid=1101)
    forest.add(TARGET, "user", rid=1300, sd=descriptor(forest, Given(ALICE, FULL)), is_deleted=True)
    assert forest.edges(rights) == []


def test_a_container_is_a_target_when_a_target_lies_below_it() -> None:
    forest = SmallForest()
    forest.add(ALICE, "user", rid=1101)
    sd = descriptor(forest, Given(ALICE, FULL))
    forest.add(f"CN=vide,{HEAD}", sd=sd)
    forest.add(f"CN=plein,{HEAD}", sd=sd)
    forest.add(f"CN=dedans,CN=plein,{HEAD}", sd=sd)
    forest.add(f"CN=bob,CN=dedans,CN=plein,{HEAD}", "user", rid=1102)
    assert {edge.target for edge in forest.edges(rights)} == {f"CN=plein,{HEAD}", f"CN=dedans,CN=plein,{HEAD}"}


def test_all_extended_rights_over_the_head_of_a_domain_lead_to_the_domain_and_of_a_dns_partition_nowhere() -> None:
    forest = SmallForest()
    forest.add(ALICE, "user", rid=1101)
    sd = descriptor(forest, Given(ALICE, CONTROL))
    forest.rows["objects"][0]["sd_id"] = sd
    forest.add(f"DC=DomainDnsZones,{HEAD}", "domainDNS", sd=sd, partition=1)
    assert [(edge.kind, edge.target) for edge in forest.edges(rights)] == [("AllExtendedRights", HEAD)]


@pytest.mark.parametrize(
    ("mask", "object_type", "kind"), [(WRITE, GP_LINK, "WriteGPLink"), (WRITE, None, "GenericWrite")]
)
def test_a_right_to_link_policies_leads_to_the_settings_below_and_not_to_the_container(
    mask: int, object_type: str | None, kind: str
) -> None:
    forest = SmallForest()
    forest.add(ALICE, "user", rid=1101)
    above, below = f"OU=Soins,{HEAD}", f"OU=Urgences,OU=Soins,{HEAD}"
    forest.add(above, "organizationalUnit", sd=descriptor(forest, Given(ALICE, mask, object_type)))
    forest.add(below, "organizationalUnit")
    forest.add(f"CN=bob,{above}", "user", rid=1102)
    forest.add(f"CN=carol,{below}", "user", rid=1103)
    edges = forest.edges(rights)
    assert {(edge.kind, edge.target) for edge in edges} == {
        (kind, f"settings of {above}"),
        (kind, f"settings of {below}"),
    }
    assert len({edge.change for edge in edges}) == 1


def test_a_schema_without_delegated_managed_service_accounts_lets_nobody_create_one() -> None:
    forest = SmallForest()
    forest.add(ALICE, "user", rid=1101)
    forest.row("schema_classes", name="user", guid="bf967aba-0de6-11d0-a285-00aa003049e2")
    forest.add(f"OU=Soins,{HEAD}", "organizationalUnit", sd=descriptor(forest, Given(ALICE, CREATE)))
    assert forest.edges(rights) == []


def test_property_sets_are_those_of_the_schema_that_was_read() -> None:
    forest = SmallForest()
    forest.add(ALICE, "user", rid=1101)
    forest.row("schema_attributes", name="servicePrincipalName", guid=SPN, property_set=LOGON)
    sd = descriptor(forest, Given(ALICE, WRITE, LOGON))
    forest.add(TARGET, "user", rid=1300, sd=sd)
    assert "WritePublicInformation" in {edge.kind for edge in forest.edges(rights)}


def test_only_what_is_named_traversable_is_followed() -> None:
    kinds = {edge.kind for edge in told("user", Given(ALICE, WRITE, UAC), Given(ALICE, WRITE, UPN))}
    assert not any(EDGE_KINDS[CODE_OF[kind]].is_traversable for kind in kinds)


def test_a_snapshot_without_targets_or_without_anything_has_no_edges() -> None:
    empty = Facts({})
    assert list(rights(empty, Nodes(empty))) == []
    forest = SmallForest()
    forest.add(ALICE, "contact", sid="S-1-5-21-1-2-3-1101", sd=descriptor(forest))
    forest.rows["objects"][0]["sd_id"] = None
    forest.rows["objects"][1]["sd_id"] = descriptor(forest, Given(ALICE, FULL))
    assert forest.edges(rights) == []


def test_trustees_without_object_are_sources() -> None:
    forest = SmallForest()
    forest.foreign("S-1-5-21-7-7-7-1000")
    sd = descriptor(forest, Given("S-1-5-21-7-7-7-1000", FULL))
    forest.add(TARGET, "user", rid=1300, sd=sd)
    assert [edge.source for edge in forest.edges(rights)] == ["S-1-5-21-7-7-7-1000"]
