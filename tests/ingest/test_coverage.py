from __future__ import annotations

import pytest

from tests.ingest.conftest import (
    BASE,
    CONFIGURATION,
    EVERYONE_READS,
    entry,
    gaps,
    group,
    rows,
    sid,
    skeleton,
    text,
    user,
)

CLOSED = "O:DAG:DAD:(A;;RPWP;;;DA)"
CONDITIONAL_READ = bytes.fromhex(
    "010004801400000020000000000000002c000000"  # header: owner, group, DACL
    "010100000000000512000000010100000000000512000000"  # Local System twice
    "0200240001000000"  # an ACL of one ACE
    "09001c0014000200" "01010000000000050b000000" "6172747800000000"
)  # fmt: skip
"""A callback ACE that lets Authenticated Users read, on a condition."""


def test_a_fact_that_was_read_has_no_gap(seal):
    assert gaps(seal([*skeleton(), user(10, "u", 1104)]), "users") == []


def test_an_absent_mandatory_attribute_was_not_readable(seal):
    snapshot = seal([*skeleton(), user(10, "u", 1104, userAccountControl=None)])
    assert ("is_enabled", "mandatory_missing", f"CN=u,CN=Users,{BASE}") in gaps(snapshot, "users")


def test_an_account_that_hides_its_primary_group_may_be_in_any_group(seal):
    assert gaps(seal([*skeleton(), user(10, "u", 1104)]), "memberships") == []
    hidden = seal([*skeleton(), user(10, "u", 1104), user(11, "v", 1105, primaryGroupID=None)])
    assert gaps(hidden, "memberships") == [("member_id", "mandatory_missing", None)]


def test_an_absent_optional_attribute_is_a_gap_only_when_the_account_may_not_read_it(seal):
    snapshot = seal([*skeleton(), user(10, "open", 1104), user(11, "closed", 1105, sddl=CLOSED)])
    told = gaps(snapshot, "users")
    assert ("admin_count", "no_read_right", f"CN=closed,CN=Users,{BASE}") in told
    assert not [gap for gap in told if gap[2] == f"CN=open,CN=Users,{BASE}"]


@pytest.mark.parametrize(
    "classes",
    [
        "msPKI-Enterprise-Oid",
        "person organizationalPerson user computer msDS-DelegatedManagedServiceAccount",
    ],
)
def test_a_link_that_leads_to_another_account_is_a_gap_where_the_account_may_not_read_it(seal, classes):
    dn = f"CN=lien,CN=Services,{CONFIGURATION}"

    def told(sddl: str) -> bool:
        return ("target_id", "no_read_right", dn) in gaps(
            seal([*skeleton(), entry(60, dn, classes, sddl=sddl)]), "links"
        )

    assert told(CLOSED)
    assert not told(EVERYONE_READS)


def test_the_rights_of_the_named_account_and_of_its_groups_count(seal):
    entries = [
        *skeleton(),
        user(10, "lecteur", 1104),
        group(20, "Admins du domaine", 512, member=text(f"CN=lecteur,CN=Users,{BASE}")),
        user(11, "closed", 1105, sddl=CLOSED),
    ]
    assert gaps(seal(entries, account="lecteur@chu.example"), "users") == []
    assert gaps(seal(entries, account="CHU\\lecteur"), "users") == []
    assert gaps(seal(entries, account="absent@chu.example"), "users") != []


def test_a_deny_ace_before_the_allow_hides_the_attribute(seal):
    sddl = "O:DAG:DAD:(OD;;RP;bf967918-0de6-11d0-a285-00aa003049e2;;AU)(A;;RPLC;;;AU)"
    attribute = entry(
        50,
        f"CN=Admin-Count,CN=Schema,{CONFIGURATION}",
        "attributeSchema",
        lDAPDisplayName=text("adminCount"),
        schemaIDGUID=[bytes.fromhex("187996bfe60dd011a28500aa003049e2")],
    )
    snapshot = seal([*skeleton(), attribute, user(10, "u", 1104, sddl=sddl)])
    assert [gap[:2] for gap in gaps(snapshot, "users")] == [("admin_count", "no_read_right")]


def test_an_object_without_readable_descriptor_is_told(seal):
    snapshot = seal([*skeleton(), user(10, "u", 1104, sddl="")])
    assert ("sd_id", "descriptor_unreadable", f"CN=u,CN=Users,{BASE}") in gaps(snapshot, "objects")


def test_a_dump_without_any_descriptor_is_told_by_its_source_alone(seal):
    bare = [(dn, {k: v for k, v in held.items() if k != "nTSecurityDescriptor"}) for dn, held in skeleton()]
    snapshot = seal(bare, notes=[{"status": "not_attempted", "reason": "no_descriptors", "column": "sd_id"}])
    assert [gap for gap in gaps(snapshot, "objects") if gap[0] == "sd_id"] == [("sd_id", "no_descriptors", None)]


def test_a_member_never_seen_is_a_gap_of_every_kind_of_principal(seal):
    hidden = f"CN=caché,OU=VIP,{BASE}"
    snapshot = seal([*skeleton(), group(20, "G", 1200, member=text(hidden))])
    for table in ("users", "computers", "groups"):
        assert ("*", "reference_unseen", hidden) in gaps(snapshot, table)
    assert [r["type"] for r in rows(snapshot, "principals") if r["dn"] == hidden] == ["unseen"]


def test_a_container_that_may_not_be_listed_is_told(seal):
    ou = f"OU=VIP,{BASE}"
    snapshot = seal([*skeleton(), entry(40, ou, "organizationalUnit", sddl="O:DAG:DAD:(A;;RPRC;;;AU)")])
    assert ("*", "container_hidden", ou) in gaps(snapshot, "users")


def test_an_object_of_unknown_class_may_be_an_account(seal):
    snapshot = seal([*skeleton(), (f"CN=muet,CN=Users,{BASE}", {"objectGUID": [b"m" * 16]})])
    assert ("*", "mandatory_missing", f"CN=muet,CN=Users,{BASE}") in gaps(snapshot, "users")


def test_another_domain_of_the_forest_was_not_attempted(seal):
    other = entry(
        60,
        f"CN=SUD,CN=Partitions,{CONFIGURATION}",
        "crossRef",
        nCName=text(f"DC=sud,{BASE}"),
        dnsRoot=text("sud.chu.example"),
        nETBIOSName=text("SUD"),
        systemFlags=text("3"),
    )
    snapshot = seal([*skeleton(), other])
    assert ("*", "other_domain", None) in gaps(snapshot, "users")
    assert [(r["dns_name"], r["is_collected"]) for r in rows(snapshot, "domains")] == [
        ("chu.example", True),
        ("sud.chu.example", False),
    ]


def test_a_partition_that_failed_makes_all_its_tables_incomplete(seal):
    note = {"status": "failed", "reason": "interrupted", "dn": CONFIGURATION, "detail": "link cut"}
    snapshot = seal(skeleton(), notes=[note], incomplete_reason="link cut")
    assert ("*", "interrupted", None) in gaps(snapshot, "certificate_templates")
    assert not snapshot.manifest.complete


def test_a_column_denied_on_every_object_of_a_domain_is_one_row(seal):
    users = [user(10 + n, f"u{n}", 1104 + n, pwdLastSet=None) for n in range(5)]
    told = [gap for gap in gaps(seal([*skeleton(), *users]), "users") if gap[0] == "password_last_set_at"]
    assert told == [("password_last_set_at", "mandatory_missing", None)]


def test_password_settings_are_hidden_from_an_ordinary_account(seal):
    assert ("*", "known_hidden", f"CN=Password Settings Container,CN=System,{BASE}") in gaps(
        seal(skeleton()), "password_policies"
    )


PSO = f"CN=PSO,CN=Password Settings Container,CN=System,{BASE}"
OU = f"OU=Soins,{BASE}"


@pytest.mark.parametrize(
    ("dn", "classes", "attribute", "value", "fact"),
    [
        (PSO, "msDS-PasswordSettings", "msDS_MinimumPasswordLength", b"?", ("password_policies", "minimum_length")),
        (OU, "organizationalUnit", "managedBy", b"CN=\xff", ("links", "target_dn")),
        (OU, "organizationalUnit", "cACertificate", b"", ("certificates", "sha256")),
        (OU, "organizationalUnit", "crossCertificatePair", b"?", ("certificates", "sha256")),
        (OU, "organizationalUnit", "shellContextMenu", b"\xff", ("display_specifier_menus", "value")),
        (OU, "organizationalUnit", "memberOf", b"\xff", ("memberships", "member_id")),
    ],
)
def test_a_value_that_cannot_be_read_is_told_where_it_is_missed(seal, dn, classes, attribute, value, fact):
    table, column = fact
    snapshot = seal([*skeleton(), entry(70, dn, classes, **{attribute: [value]})])
    assert (column, "malformed", dn) in gaps(snapshot, table) or rows(snapshot, table)[0].get("error")


def test_a_malformed_policy_of_the_domain_is_not_the_lack_of_one(seal):
    (dn, head), *others = skeleton()
    snapshot = seal([(dn, head | {"minPwdLength": text("douze")}), *others])
    assert ("minimum_length", "malformed", BASE) in gaps(snapshot, "password_policies")


def test_a_sid_that_cannot_be_read_is_a_gap_of_its_object_alone(seal):
    snapshot = seal([*skeleton(), user(10, "u", 1104, objectSid=[b"?"])])
    assert ("sid", "malformed", f"CN=u,CN=Users,{BASE}") in gaps(snapshot, "users")
    assert gaps(snapshot, "domains") == []


def without(name):
    """The skeleton, its head without one attribute."""
    (dn, head), *others = skeleton()
    return [(dn, {key: values for key, values in head.items() if key != name}), *others]


def test_without_any_descriptor_rights_are_not_known_whatever_the_source_says(seal):
    bare = [(dn, {k: v for k, v in held.items() if k != "nTSecurityDescriptor"}) for dn, held in skeleton()]
    assert ("sd_id", "no_descriptors", None) in gaps(seal(bare), "objects")


def test_a_primary_group_is_known_although_the_sid_of_the_domain_is_not(seal):
    snapshot = seal([*without("objectSid"), user(10, "u", 1104), group(20, "Admins", 513)])
    assert [r["origin"] for r in rows(snapshot, "memberships")] == ["primary_group"]
    assert ("sid", "mandatory_missing", BASE) in gaps(snapshot, "domains")


def test_a_right_given_on_a_condition_does_not_tell_absent_from_refused(seal):
    conditional = CONDITIONAL_READ
    held = user(10, "u", 1104, sddl="")[1] | {"nTSecurityDescriptor": [conditional]}
    snapshot = seal([*skeleton(), (f"CN=u,CN=Users,{BASE}", held)])
    assert ("admin_count", "no_read_right", f"CN=u,CN=Users,{BASE}") in gaps(snapshot, "users")


SUD = f"DC=sud,{BASE}"
SUD_SID = "S-1-5-21-4444-5555-6666"


def two_domains(*, sddl):
    """In the first domain Authenticated Users are in Pre-Windows 2000; each domain has a user with ``sddl``."""
    everyone = f"CN=S-1-5-11,CN=ForeignSecurityPrincipals,{BASE}"
    reader = entry(
        21,
        f"CN=Lecteurs,CN=Builtin,{BASE}",
        "group",
        objectSid=sid("S-1-5-32-554"),
        sAMAccountName=text("Lecteurs"),
        groupType=text("-2147483643"),
        member=text(everyone),
    )
    return [
        *skeleton(),
        entry(22, SUD, "domain domainDNS", objectSid=sid(SUD_SID), msDS_Behavior_Version=text("7")),
        entry(23, everyone, "foreignSecurityPrincipal", objectSid=sid("S-1-5-11")),
        reader,
        user(10, "nord", 1104, sddl=sddl),
        user(11, "sud", 1104, parent=f"CN=Users,{SUD}", objectSid=sid(f"{SUD_SID}-1104"), sddl=sddl),
    ]


def test_a_builtin_group_counts_in_its_own_domain_alone(seal):
    told = gaps(seal(two_domains(sddl="O:DAG:DAD:(A;;RPLCRC;;;RU)")), "users")
    assert {dn for column, _, dn in told if column == "admin_count"} == {f"CN=sud,CN=Users,{SUD}"}


def test_the_administrator_of_one_domain_is_not_that_of_another(seal):
    admins = group(24, "Admins du domaine", 512, member=text(f"CN=nord,CN=Users,{BASE}"))
    snapshot = seal([*two_domains(sddl=EVERYONE_READS), admins], account="nord@chu.example")
    hidden = {dn for _, reason, dn in gaps(snapshot, "password_policies") if reason == "known_hidden"}
    assert hidden == {f"CN=Password Settings Container,CN=System,{SUD}"}


def test_what_was_deleted_in_one_partition_says_nothing_of_another(seal):
    gone = entry(70, f"CN=x,CN=Deleted Objects,{CONFIGURATION}", "container", isDeleted=text("TRUE"))
    assert ("*", "known_hidden", f"CN=Deleted Objects,{BASE}") in gaps(seal([*skeleton(), gone]), "objects")


TEMPLATES = f"CN=Certificate Templates,CN=Public Key Services,CN=Services,{CONFIGURATION}"
NOT_LISTED = "O:DAG:DAD:(A;;RPRC;;;AU)"


@pytest.mark.parametrize(
    ("container", "table"),
    [
        (f"CN=System,{BASE}", "trusts"),
        (f"CN=System,{BASE}", "gpos"),
        (TEMPLATES, "certificate_templates"),
        (f"CN=Services,{CONFIGURATION}", "certificate_authorities"),
        (f"CN=DisplaySpecifiers,{CONFIGURATION}", "display_specifier_menus"),
    ],
)
def test_a_hidden_container_hides_what_is_kept_there(seal, container, table):
    snapshot = seal([*skeleton(), entry(40, container, "container", sddl=NOT_LISTED)])
    assert ("*", "container_hidden", container) in gaps(snapshot, table)


@pytest.mark.parametrize(
    ("dn", "table"), [(f"CN=sud,CN=System,{BASE}", "trusts"), (f"CN=T,{TEMPLATES}", "certificate_templates")]
)
def test_an_object_of_unknown_class_may_be_what_is_kept_beside_it(seal, dn, table):
    assert ("*", "mandatory_missing", dn) in gaps(seal([*skeleton(), (dn, {"objectGUID": [b"m" * 16]})]), table)


@pytest.mark.parametrize(
    ("said", "is_told"),
    [("[LDAP://cn={A},cn=policies;0]", False), (" ", False), ("[LDAP://cn={A},cn=pol", True), ("[rubbish]", True)],
)
def test_a_link_that_cannot_be_read_is_not_the_lack_of_one(seal, said, is_told):
    snapshot = seal([*skeleton(), entry(70, OU, "organizationalUnit", gPLink=text(said))])
    assert (("gpo_dn", "malformed", OU) in gaps(snapshot, "gpo_links")) is is_told


@pytest.mark.parametrize(("control", "refused"), [("83890176", 5), ("532480", 1)])
def test_the_lists_of_a_read_only_controller_may_have_been_refused(seal, control, refused):
    dn = f"CN=RODC,CN=Users,{BASE}"
    closed = user(10, "RODC", 1104, sddl=CLOSED, userAccountControl=text(control))
    closed[1]["objectClass"] = text("top", "person", "user", "computer")
    told = gaps(seal([*skeleton(), closed]), "links")
    assert told.count(("target_id", "no_read_right", dn)) == refused  # managedBy, of any computer, is one


@pytest.mark.parametrize(
    ("dn", "may_be_a_user"),
    [(f"CN=Deleted Objects,{BASE}", False), (f"CN=Deleted Objects,OU=Soins,{BASE}", True), (f"CN=x,{BASE}", True)],
)
def test_the_container_of_deleted_objects_is_no_account_of_unknown_class(seal, dn, may_be_a_user):
    told = gaps(seal([*skeleton(), (dn, {"objectGUID": [b"m" * 16]})]), "users")
    assert (("*", "mandatory_missing", dn) in told) is may_be_a_user


def test_a_published_template_never_seen_is_a_gap_of_templates(seal):
    services = f"CN=Public Key Services,CN=Services,{CONFIGURATION}"
    templates = f"CN=Certificate Templates,{services}"
    authority = entry(
        70,
        f"CN=CHU-CA,CN=Enrollment Services,{services}",
        "pKIEnrollmentService",
        certificateTemplates=text("Vu", "Cache"),
    )
    seen = entry(71, f"CN=vu,{templates}", "pKICertificateTemplate")
    told = gaps(seal([*skeleton(), authority, seen]), "certificate_templates")
    names = [name for _, reason, name in told if reason == "reference_unseen" and name is not None]
    assert f"CN=Cache,{templates}" in names
    assert not [name for name in names if name.lower().startswith("cn=vu,")]
