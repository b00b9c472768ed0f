from __future__ import annotations

import random
from datetime import datetime
from pathlib import Path

import pytest

from adaudit.decode.sddl import from_sddl
from adaudit.errors import InputError
from adaudit.ingest.ingest import Ingest
from adaudit.snapshot import SourceInfo
from tests.ingest.conftest import BASE, CONFIGURATION, DOMAIN_SID, entry, gaps, group, rows, sid, skeleton, text, user

RBCD = from_sddl(f"O:BAD:(A;;CCDCLC;;;{DOMAIN_SID}-1104)", DOMAIN_SID)


def test_bits_of_user_account_control_become_columns(seal):
    snapshot = seal([*skeleton(), user(10, "a.morel", 1104, userAccountControl=text(str(0x400000 | 0x10000 | 0x202)))])
    row = rows(snapshot, "users")[0]
    assert (row["is_enabled"], row["preauth_not_required"], row["password_never_expires"]) == (False, True, True)
    assert row["trusted_for_delegation"] is False
    assert (row["rid"], row["sid"]) == (1104, f"{DOMAIN_SID}-1104")


@pytest.mark.parametrize("raw", ["0", "-1", "9223372036854775807", "2650467743990000001"])
def test_a_filetime_that_is_no_moment_is_null_and_keeps_its_integer(seal, raw):
    row = rows(seal([*skeleton(), user(10, "u", 1104, pwdLastSet=text(raw))]), "users")[0]
    assert row["password_last_set_at"] is None
    assert row["password_last_set_raw"] == int(raw)


def test_a_filetime_is_a_moment_in_utc(seal):
    row = rows(seal([*skeleton(), user(10, "u", 1104, pwdLastSet=text("116444736000000010"))]), "users")[0]
    assert row["password_last_set_at"] == datetime(1970, 1, 1, 0, 0, 0, 1)


def test_the_maximum_password_age_is_in_days(seal):
    row = rows(seal(skeleton()), "password_policies")[0]
    assert (row["kind"], row["maximum_age_days"], row["minimum_length"]) == ("domain", 42.0, 12)


def test_ids_and_tables_do_not_depend_on_the_order_of_reading(seal):
    entries = [
        *skeleton(),
        group(20, "Lecteurs", 1200, member=text(f"CN=u2,CN=Users,{BASE}", f"CN=u1,CN=Users,{BASE}")),
        user(11, "u1", 1104, servicePrincipalName=text("HTTP/b", "HTTP/a")),
        user(10, "u2", 1103),
    ]
    first = seal(list(entries))
    tables = {name: first.table(name) for name in first.manifest.tables}
    random.Random(7).shuffle(entries)
    second = seal(entries)
    for name, table in tables.items():
        assert second.table(name).equals(table), name


def test_membership_comes_from_member_primary_group_and_back_link(seal):
    snapshot = seal(
        [
            *skeleton(),
            group(20, "Lecteurs", 1200, member=text(f"CN=u1,CN=Users,{BASE}".upper())),
            group(21, "Utilisateurs du domaine", 513),
            group(22, "Cachés", 1201),
            user(10, "u1", 1104, memberOf=text(f"CN=Lecteurs,CN=Users,{BASE}", f"CN=Cachés,CN=Users,{BASE}")),
        ]
    )
    names = {row["principal_id"]: row["name"] for row in rows(snapshot, "principals")}
    found = {(names[r["member_id"]], names[r["group_id"]], r["origin"]) for r in rows(snapshot, "memberships")}
    assert found == {
        ("u1", "Lecteurs", "member"),
        ("u1", "Utilisateurs du domaine", "primary_group"),
        ("u1", "Cachés", "member_of"),
    }


def test_members_of_what_is_no_identity_are_links(seal):
    shadow = f"CN=Ombre,CN=Shadow Principal Configuration,CN=Services,{CONFIGURATION}"
    member = f"CN=u1,CN=Users,{BASE}"
    snapshot = seal(
        [
            *skeleton(),
            user(10, "u1", 1104),
            group(20, "Lecteurs", 1200, member=text(member)),
            entry(30, shadow, "msDS-ShadowPrincipal", member=text(member)),
        ]
    )
    names = {row["object_id"]: row["name"] for row in rows(snapshot, "objects")}
    found = [
        (names[row["object_id"]], row["target_dn"]) for row in rows(snapshot, "links") if row["attribute"] == "member"
    ]
    assert found == [("Ombre", member)]


def test_a_foreign_principal_stands_for_the_account_of_the_forest_that_bears_its_sid(seal):
    snapshot = seal(
        [
            *skeleton(),
            user(10, "u1", 1104),
            entry(30, f"CN=S-1,CN=ForeignSecurityPrincipals,{BASE}", "foreignSecurityPrincipal", objectSid=sid(1104)),
            entry(31, f"CN=S-2,CN=ForeignSecurityPrincipals,{BASE}", "foreignSecurityPrincipal",
                  objectSid=sid("S-1-5-21-9-9-9-1500")),
            group(20, "G", 1200, member=text(f"CN=S-1,CN=ForeignSecurityPrincipals,{BASE}",
                                              f"CN=S-2,CN=ForeignSecurityPrincipals,{BASE}")),
        ]
    )  # fmt: skip
    principals = {row["principal_id"]: row for row in rows(snapshot, "principals")}
    members = sorted((principals[r["member_id"]]["type"], principals[r["member_id"]]["sid"])
                     for r in rows(snapshot, "memberships") if r["origin"] == "member")  # fmt: skip
    assert members == [("foreign", "S-1-5-21-9-9-9-1500"), ("user", f"{DOMAIN_SID}-1104")]


def test_a_sid_of_the_domain_that_nobody_bears_is_dangling(seal):
    sddl = f"O:DAG:DAD:(A;;RP;;;{DOMAIN_SID}-4242)(A;;RP;;;S-1-5-21-7-7-7-1000)"
    types = {r["sid"]: r["type"] for r in rows(seal([*skeleton(), user(10, "u", 1104, sddl=sddl)]), "principals")}
    assert types[f"{DOMAIN_SID}-4242"] == "dangling"
    assert types["S-1-5-21-7-7-7-1000"] == "foreign"


def test_equal_descriptors_are_stored_once_with_their_aces(seal):
    snapshot = seal([*skeleton(), user(10, "u1", 1104), user(11, "u2", 1105)])
    assert len(rows(snapshot, "security_descriptors")) == 1
    ace = rows(snapshot, "aces")[0]
    assert (ace["trustee_sid"], ace["is_allow"], ace["mask"]) == ("S-1-5-11", True, 0x20094)


def test_the_last_gpo_of_gplink_wins_and_options_are_read(seal):
    link = f"[LDAP://cn={{A}},cn=policies,cn=system,{BASE};0][LDAP://cn={{B}},cn=policies,cn=system,{BASE};3]"
    snapshot = seal([*skeleton(), entry(40, f"OU=Soins,{BASE}", "organizationalUnit", gPLink=text(link))])
    found = [(r["order"], r["gpo_dn"][3:6], r["is_enabled"], r["is_enforced"]) for r in rows(snapshot, "gpo_links")]
    assert found == [(1, "{B}", False, True), (2, "{A}", True, False)]


def test_nothing_is_dropped_but_secrets(seal):
    snapshot = seal(
        [
            *skeleton(),
            user(
                10,
                "u",
                1104,
                info=text("étage 3"),
                jpegPhoto=[b"\xff\xd8\x00"],
                thumbnailPhoto=[b"key of AD FS"],
                unixUserPassword=text("s3cret"),
            ),
        ]
    )
    kept = {r["name"]: (r["text"], r["bytes"]) for r in rows(snapshot, "attributes")}
    assert kept["info"] == ("étage 3", None)
    assert kept["jpegPhoto"] == (None, b"\xff\xd8\x00")
    assert {r["attribute"] for r in rows(snapshot, "secrets")} == {"thumbnailPhoto", "unixUserPassword"}
    written = Path(snapshot.path).read_bytes()
    assert b"s3cret" not in written
    assert b"key of AD FS" not in written


def test_a_value_that_cannot_be_read_is_kept_and_told(seal):
    snapshot = seal([*skeleton(), user(10, "u", 1104, userAccountControl=text("many"))])
    assert rows(snapshot, "users")[0]["is_enabled"] is None
    assert [r["text"] for r in rows(snapshot, "attributes") if r["name"] == "userAccountControl"] == ["many"]
    told = {(r["column_name"], r["status"]) for r in rows(snapshot, "coverage") if r["reason"] == "malformed"}
    assert ("is_enabled", "failed") in told


def test_a_deleted_object_feeds_no_typed_table(seal):
    snapshot = seal([*skeleton(), user(10, "u", 1104, isDeleted=text("TRUE"))])
    assert rows(snapshot, "users") == []
    assert [r["is_deleted"] for r in rows(snapshot, "objects") if r["dn"].startswith("CN=u,")] == [True]


@pytest.mark.parametrize("said", ["FALSE", "maybe"])
def test_only_an_object_said_to_be_deleted_leaves_its_table(seal, said):
    snapshot = seal([*skeleton(), user(10, "u", 1104, isDeleted=text(said))])
    assert [r["rid"] for r in rows(snapshot, "users")] == [1104]


def test_attributes_are_known_in_any_case(seal):
    dn, held = user(10, "u", 1104)
    snapshot = seal([*skeleton(), (dn, {name.upper(): values for name, values in held.items()})])
    assert [(r["rid"], r["is_enabled"]) for r in rows(snapshot, "users")] == [(1104, True)]


def test_several_values_where_one_is_expected_are_not_known(seal):
    snapshot = seal(
        [*skeleton(), user(10, "u", 1104, userAccountControl=text("512", "514"), description=text("un", "deux"))]
    )
    assert rows(snapshot, "users")[0]["is_enabled"] is None
    assert ("is_enabled", "malformed", f"CN=u,CN=Users,{BASE}") in gaps(snapshot, "users")
    assert not [gap for gap in gaps(snapshot, "objects") if gap[0] == "description"]


def test_an_option_hides_neither_a_secret_nor_a_gap(seal):
    held = {"unixUserPassword;x-old": text("s3cret"), "member;x-old": text(f"CN=v,{BASE}")}
    snapshot = seal([*skeleton(), group(20, "G", 1200, **held)])
    assert b"s3cret" not in Path(snapshot.path).read_bytes()
    assert [r["attribute"] for r in rows(snapshot, "secrets")] == ["unixUserPassword"]
    assert ("member_id", "malformed", f"CN=G,CN=Users,{BASE}") in gaps(snapshot, "memberships")


def test_the_same_object_read_twice_is_kept_once(seal):
    snapshot = seal([*skeleton(), user(10, "u", 1104), user(10, "u", 1104, description=text("fuller"))])
    assert [r["description"] for r in rows(snapshot, "objects") if r["dn"].startswith("CN=u,")] == ["fuller"]


def test_an_spn_is_split(seal):
    snapshot = seal(
        [*skeleton(), user(10, "u", 1104, servicePrincipalName=text("MSSQLSvc/Db1.chu.example:1433/X", "odd"))]
    )
    found = {(r["service_class"], r["host"], r["port"], r["service_name"]) for r in rows(snapshot, "spns")}
    assert found == {("mssqlsvc", "db1.chu.example", "1433", "x"), ("odd", None, None, None)}


def test_a_constrained_delegation_and_an_rbcd_descriptor_are_delegations(seal):
    snapshot = seal(
        [
            *skeleton(),
            user(10, "svc", 1104, msDS_AllowedToDelegateTo=text("cifs/srv1.chu.example"),
                 userAccountControl=text(str(0x1000200))),
            user(11, "cible", 1105,
                 msDS_AllowedToActOnBehalfOfOtherIdentity=[RBCD]),
        ]
    )  # fmt: skip
    names = {row["principal_id"]: row["name"] for row in rows(snapshot, "principals")}
    found = {
        (r["kind"], names[r["principal_id"]], r["host"], r["protocol_transition"])
        for r in rows(snapshot, "delegations")
    }
    assert found == {("constrained", "svc", "srv1.chu.example", True), ("rbcd", "svc", None, None)}


def test_the_newest_change_is_as_of_when_the_source_has_none(seal):
    assert seal(skeleton()).manifest.as_of == datetime(2026, 3, 1, 12)


def test_nothing_taken_is_an_error_and_leaves_nothing(tmp_path):
    with pytest.raises(InputError), Ingest(tmp_path / "x.adsnap", source=SourceInfo(kind="ldif", tool="t")) as ingest:
        ingest.seal(as_of=None, as_of_origin="newest_change")
    assert list(tmp_path.iterdir()) == []


def test_hostile_names_pass_through_unchanged(seal):
    name = "<script>alert(1)</script>\u202e=cmd|'"
    snapshot = seal([*skeleton(), user(10, "x", 1104, displayName=text(name), sAMAccountName=text(name))])
    assert rows(snapshot, "users")[0]["sam_account_name"] == name


def test_a_malformed_descriptor_is_kept_and_told(seal):
    broken = entry(70, f"CN=cassé,{BASE}", "container", sddl="", nTSecurityDescriptor=[b"\x01\x00\x04\x80"])
    snapshot = seal([*skeleton(), broken])
    assert [r["raw"] for r in rows(snapshot, "security_descriptors") if r["error"]] == [b"\x01\x00\x04\x80"]
    told = [r for r in rows(snapshot, "coverage") if (r["column_name"], r["reason"]) == ("sd_id", "malformed")]
    assert len(told) == 1


def test_a_member_never_seen_is_one_whatever_its_letters(seal):
    member = f"CN=\u039f\u0394\u039f\u03a3,OU=\u0130,{BASE}"
    snapshot = seal([*skeleton(), group(20, "G", 1200, member=text(member))])
    assert len(rows(snapshot, "memberships")) == 1


def test_two_objects_of_one_name_are_one_head(seal):
    snapshot = seal([*skeleton(), entry(99, BASE, "domain domainDNS", objectSid=sid(DOMAIN_SID))])
    assert len(rows(snapshot, "domains")) == 1


def test_a_folder_whose_name_looks_like_a_pattern_is_a_folder(tmp_path):
    folder = tmp_path / "we[ir]d 'name'"
    folder.mkdir()
    with Ingest(folder / "x.adsnap", source=SourceInfo(kind="ldif", tool="t")) as ingest:
        for dn, attributes in skeleton():
            ingest.add(dn, attributes)
        ingest.seal(as_of=None, as_of_origin="newest_change")
    assert [path.name for path in folder.iterdir()] == ["x.adsnap"]


def test_files_of_two_forests_do_not_make_one_snapshot(tmp_path):
    with Ingest(tmp_path / "x.adsnap", source=SourceInfo(kind="ldif", tool="t")) as ingest:
        for dn, attributes in skeleton():
            ingest.add(dn, attributes)
        ingest.partition("CN=Configuration,DC=chu,DC=example")
        ingest.partition("CN=Configuration,DC=autre,DC=example")
        with pytest.raises(InputError, match="of two forests"):
            ingest.seal(as_of=None, as_of_origin="newest_change")
    assert list(tmp_path.iterdir()) == []
