"""A snapshot as a collection of BloodHound: each field from the table that tells it, and nothing made up."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from adaudit.errors import IncompleteError, UsageError
from adaudit.graph.analysis import Analysis
from adaudit.graph.bloodhound import archive, export_bloodhound
from adaudit.report.masking import mask
from tests.graph.bloodhound_forest import AS_OF, FULL, Forest, one
from tests.graph.bloodhound_format import check
from tests.graph.bloodhound_reader import files, objects
from tests.graph.small_forest import DOMAIN_SID, HEAD


@pytest.fixture
def zipped(tmp_path: Path) -> Path:
    return tmp_path / "collection.zip"


def test_every_file_is_as_the_format_has_it_and_named_by_date_and_type_alone(zipped: Path) -> None:
    forest = Forest()
    forest.add(f"OU=../../Étage 1,{HEAD}", "organizationalUnit")
    forest.add(f"CN=a,OU=../../Étage 1,{HEAD}", "user", rid=1101, sam_account_name='é"\\\n\x00\u202e😀../..')
    forest.add(f"CN=pc,{HEAD}", "computer", rid=1102, sam_account_name="PC$")
    forest.export(zipped)
    for name, content in files(zipped):
        check(content)
        assert name == f"20260304050608_{content['meta']['type']}.json"
    assert one(zipped, "users", "")["Properties"]["samaccountname"] == 'é"\\\n\x00\u202e😀../..'


def test_a_collection_depends_on_the_snapshot_alone(tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        forest = Forest()
        forest.add(f"CN=a,{HEAD}", "user", rid=1101, sam_account_name="a")
        forest.export(tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archived:
        assert {info.date_time for info in archived.infolist()} == {AS_OF.timetuple()[:6]}


def test_well_known_identities_are_of_their_domain_and_are_there_as_groups_once_referred_to(zipped: Path) -> None:
    forest = Forest()
    anyone = forest.identity("S-1-5-11", name="Authenticated Users")
    forest.identity("S-1-1-0", name="Everyone")
    sd = forest.descriptor({"trustee_id": anyone, "mask": FULL})
    builtin = forest.add(f"CN=Administrators,{HEAD}", "group", sid="S-1-5-32-544", sam_account_name="Administrators")
    forest.rows["objects"][builtin]["sd_id"] = sd
    forest.row("memberships", member_id=anyone, group_id=forest.principal(builtin), origin="member")
    forest.export(zipped)
    found = {each["ObjectIdentifier"]: each for each in objects(zipped)["groups"]}
    assert found.keys() == {"CORP.TEST-S-1-5-32-544", "CORP.TEST-S-1-5-11"}
    assert found["CORP.TEST-S-1-5-11"]["Properties"]["name"] == "AUTHENTICATED USERS@CORP.TEST"
    members = found["CORP.TEST-S-1-5-32-544"]["Members"]
    assert members == [{"ObjectIdentifier": "CORP.TEST-S-1-5-11", "ObjectType": "Group"}]


def test_members_of_another_forest_keep_their_sid_and_those_known_by_dn_alone_are_counted(zipped: Path) -> None:
    forest = Forest()
    group = forest.add(f"CN=group,{HEAD}", "group", rid=1102, sam_account_name="group")
    foreign = forest.identity("S-1-5-21-7-8-9-1104")
    forest.rows["principals"][-1]["type"] = "foreign"
    unseen = forest.identity("S-1-5-21-0-0-0-1")
    forest.rows["principals"][-1] |= {"sid": None, "rid": None, "type": "unseen", "dn": f"CN=unseen,{HEAD}"}
    for member in (foreign, unseen):
        forest.row("memberships", member_id=member, group_id=forest.principal(group), origin="member")
    assert forest.export(zipped).unnamed == 1
    assert one(zipped, "groups", "GROUP")["Members"] == [
        {"ObjectIdentifier": "S-1-5-21-7-8-9-1104", "ObjectType": "Base"}
    ]


def test_what_was_not_read_is_null_never_healthy(zipped: Path) -> None:
    forest = Forest()
    forest.add(f"CN=a,{HEAD}", "user", rid=1101, sam_account_name="a", is_enabled=None, sd=None)
    forest.row("coverage", table_name="users", column_name="admin_count", domain_id=0, status="denied")
    forest.row("coverage", table_name="spns", column_name="*", domain_id=0, status="denied")
    forest.row("coverage", table_name="users", column_name="*", domain_id=0, status="denied")
    forest.export(zipped)
    user = one(zipped, "users", "A@")
    assert user["Aces"] is None
    assert "IsACLProtected" not in user
    assert user["UnconstrainedDelegation"] is None
    told = user["Properties"]
    assert told["lastlogontimestamp"] == -1  # other users were not seen; of this one all else was
    unread = ("enabled", "admincount", "hasspn", "serviceprincipalnames", "dontreqpreauth", "sensitive", "pwdlastset")
    assert {name: told[name] for name in unread} == dict.fromkeys(unread)


def test_what_was_read_as_absent_is_told_as_absent(zipped: Path) -> None:
    forest = Forest()
    forest.add(
        f"CN=a,{HEAD}", "user", rid=1101, sam_account_name="a", password_last_set_raw=0, supported_encryption_types=0x1C
    )
    forest.export(zipped)
    told = one(zipped, "users", "A@")["Properties"]
    assert (told["admincount"], told["hasspn"], told["serviceprincipalnames"]) == (False, False, [])
    assert (told["pwdlastset"], told["lastlogontimestamp"]) == (0, -1)
    encryption = ["RC4-HMAC-MD5", "AES128-CTS-HMAC-SHA1-96", "AES256-CTS-HMAC-SHA1-96"]
    assert told["supportedencryptiontypes"] == encryption


def test_an_account_tells_its_delegations_history_and_secrets(zipped: Path) -> None:
    forest = Forest()
    server = {"sam_account_name": "SRV$", "dns_host_name": "srv.corp.test", "trusted_for_delegation": True}
    computer = forest.add(f"CN=srv,{HEAD}", "computer", rid=1102, **server)
    spn = "MSSQLSvc/srv.corp.test:1450"
    user = forest.add(f"CN=a,{HEAD}", "user", rid=1101, sam_account_name="a", primary_group_rid=513)
    known = {"object_id": user, "principal_id": forest.principal(user)}
    forest.row("spns", **known, spn=spn, service_class="mssqlsvc", host="srv.corp.test", port="1450")
    target = {"kind": "constrained", "spn": "cifs/srv.corp.test", "service_class": "cifs", "host": "srv.corp.test"}
    forest.row("delegations", **known, **target, protocol_transition=True)
    forest.row("delegations", object_id=computer, kind="rbcd", principal_id=forest.principal(user), target_id=computer)
    old = forest.identity("S-1-5-21-7-8-9-512")
    forest.row("sid_history", **known, sid="S-1-5-21-7-8-9-512", source_id=old)
    forest.export(zipped)
    told = one(zipped, "users", "A@")
    server_sid, user_sid = f"{DOMAIN_SID}-1102", f"{DOMAIN_SID}-1101"
    assert told["PrimaryGroupSID"] == f"{DOMAIN_SID}-513"
    assert told["SPNTargets"] == [{"ComputerSID": server_sid, "Port": 1450, "Service": "SQLAdmin"}]
    assert told["AllowedToDelegate"] == [{"ObjectIdentifier": server_sid, "ObjectType": "Computer"}]
    assert [each["ObjectIdentifier"] for each in told["HasSIDHistory"]] == ["S-1-5-21-7-8-9-512"]
    assert told["Properties"]["allowedtodelegate"] == ["cifs/srv.corp.test"]
    on_server = one(zipped, "computers", "SRV")
    assert on_server["AllowedToAct"] == [{"ObjectIdentifier": user_sid, "ObjectType": "User"}]
    assert on_server["UnconstrainedDelegation"]


def test_units_tell_what_lies_in_them_their_links_and_the_local_groups_that_policies_fill(zipped: Path) -> None:
    forest = Forest()
    unit = forest.add(f"OU=unit,{HEAD}", "organizationalUnit")
    inner = forest.add(f"CN=inner,OU=unit,{HEAD}")
    forest.add(f"CN=pc,CN=inner,OU=unit,{HEAD}", "computer", rid=1102, sam_account_name="PC$")
    who = forest.principal(forest.add(f"CN=who,{HEAD}", "user", rid=1101, sam_account_name="who"))
    gpo = forest.add(f"CN=gpo,{HEAD}", "groupPolicyContainer", display_name="Postes")
    forest.link(unit, gpo, is_enforced=True)
    given = {"group_sid": "S-1-5-32-544", "sid": f"{DOMAIN_SID}-1101", "principal_id": who, "gpo_id": gpo}
    facts = forest.facts(
        policy_scopes=[{"container_id": inner, "scope_id": unit}],
        local_group_members=[{"scope_id": unit, **given}],
    )
    export_bloodhound(facts, Analysis(facts).graph, zipped, as_of=AS_OF, mask=mask)
    told = one(zipped, "ous", "UNIT")
    assert told["Links"] == [{"GUID": f"00000000-0000-0000-0000-{gpo:012x}", "IsEnforced": True}]
    assert [child["ObjectType"] for child in told["ChildObjects"]] == ["Container"]
    assert told["GPOChanges"] == {
        "LocalAdmins": [{"ObjectIdentifier": f"{DOMAIN_SID}-1101", "ObjectType": "User"}],
        "RemoteDesktopUsers": [],
        "DcomUsers": [],
        "PSRemoteUsers": [],
        "AffectedComputers": [{"ObjectIdentifier": f"{DOMAIN_SID}-1102", "ObjectType": "Computer"}],
    }
    assert one(zipped, "computers", "PC")["ContainedBy"]["ObjectType"] == "Container"


def test_what_was_observed_on_computers_goes_along_and_nothing_is_told_of_the_others(zipped: Path) -> None:
    forest = Forest()
    who = forest.principal(forest.add(f"CN=who,{HEAD}", "user", rid=1101, sam_account_name="who"))
    seen = forest.principal(forest.add(f"CN=seen,{HEAD}", "computer", rid=1102, sam_account_name="SEEN$"))
    forest.add(f"CN=other,{HEAD}", "computer", rid=1103, sam_account_name="OTHER$")
    user, computer = f"{DOMAIN_SID}-1101", f"{DOMAIN_SID}-1102"
    forest.row("sessions", computer_id=seen, user_id=who, user_sid=user, logon_type=2, origin="privileged_sessions")
    member = {"computer_id": seen, "member_id": who, "member_sid": user}
    forest.row("observed_local_groups", **member, group_rid=544)
    forest.row("observed_local_groups", **{**member, "member_id": None, "member_sid": f"{computer}-500"}, group_rid=544)
    forest.row("observed_local_groups", **member, user_right="SeRemoteInteractiveLogonRight")
    forest.export(zipped)
    for _, content in files(zipped):
        check(content)
    told, other = one(zipped, "computers", "SEEN"), one(zipped, "computers", "OTHER")
    session = {"UserSID": user, "ComputerSID": computer, "LogonType": 2}
    assert told["PrivilegedSessions"] == {"Collected": True, "FailureReason": None, "Results": [session]}
    assert told["Sessions"] == {"Collected": False, "FailureReason": None, "Results": []}
    (group,) = told["LocalGroups"]
    assert (group["ObjectIdentifier"], group["Name"]) == (f"{computer}-544", "ADMINISTRATORS@SEEN.CORP.TEST")
    assert group["Results"] == [
        {"ObjectIdentifier": user, "ObjectType": "User"},
        {"ObjectIdentifier": f"{computer}-500", "ObjectType": "Base"},
    ]
    assert [right["Results"] for right in told["UserRights"]] == [[{"ObjectIdentifier": user, "ObjectType": "User"}]]
    assert (other["LocalGroups"], other["UserRights"]) == ([], [])
    assert not other["PrivilegedSessions"]["Collected"]


@pytest.mark.parametrize(
    ("flags", "direction", "expected"),
    [
        (0x8, 3, ("Forest", "Bidirectional", True, False)),
        (0x48, 2, ("Forest", "Outbound", False, False)),
        (0x0, 1, ("External", "Inbound", False, False)),
        (0x4, 1, ("External", "Inbound", True, False)),
        (0x808, 3, ("Forest", "Bidirectional", True, True)),
        (0x20, 3, ("ParentChild", "Bidirectional", False, True)),
    ],
)
def test_a_trust_is_told_by_its_attributes(
    zipped: Path, flags: int, direction: int, expected: tuple[str, str, bool, bool]
) -> None:
    forest = Forest()
    trust = forest.add(f"CN=trust,{HEAD}", "trustedDomain")
    bits = {
        "is_quarantined": 0x4,
        "is_forest_transitive": 0x8,
        "is_within_forest": 0x20,
        "is_treated_as_external": 0x40,
        "allows_tgt_delegation": 0x800,
        "is_non_transitive": 0x1,
    }
    forest.row(
        "trusts",
        object_id=trust,
        domain_id=0,
        partner_dns="child.corp.test",
        partner_sid="S-1-5-21-7-8-9",
        direction=direction,
        trust_type=2,
        trust_attributes=flags,
        **{name: bool(flags & bit) for name, bit in bits.items()},
    )
    forest.export(zipped)
    (told,) = one(zipped, "domains", "CORP")["Trusts"]
    found = (told["TrustType"], told["TrustDirection"], told["SidFilteringEnabled"], told["TGTDelegationEnabled"])
    assert found == expected


def test_a_template_has_every_boolean_and_null_where_its_flags_were_not_read(zipped: Path) -> None:
    forest = Forest()
    for name, flag in (("read", 0x1), ("hidden", None)):
        template = forest.add(f"CN={name},{HEAD}", "pKICertificateTemplate")
        given = {"name": name, "schema_version": 2, "name_flag": flag, "enrollment_flag": 0x2, "ekus": ["1.2.3"]}
        forest.row("certificate_templates", object_id=template, **given)
        if flag is None:
            hidden = {"table_name": "certificate_templates", "column_name": "name_flag", "status": "denied"}
            forest.row("coverage", object_id=template, domain_id=0, **hidden)
    forest.export(zipped)
    read, hidden = (one(zipped, "certtemplates", name)["Properties"] for name in ("READ", "HIDDEN"))
    assert read["enrolleesuppliessubject"] is True
    assert read["subjectaltrequireupn"] is False
    assert read["requiresmanagerapproval"] is True
    assert read["certificatenameflag"] == "ENROLLEE_SUPPLIES_SUBJECT"
    assert read["authenticationenabled"] is True  # no application policy: any purpose
    assert hidden["enrolleesuppliessubject"] is None
    assert hidden["requiresmanagerapproval"] is True


def test_passwords_that_people_write_in_descriptions_are_masked(zipped: Path) -> None:
    forest = Forest()
    forest.add(f"CN=a,{HEAD}", "user", rid=1101, sam_account_name="a")
    forest.rows["objects"][-1]["description"] = "compte labo, mdp : Azerty123!"
    forest.export(zipped)
    with zipfile.ZipFile(zipped) as archived:
        assert not any(b"Azerty123" in archived.read(name) for name in archived.namelist())


def test_ids_that_lead_nowhere_are_taken_for_what_was_not_read(zipped: Path) -> None:
    forest = Forest()
    forest.add(f"CN=a,{HEAD}", "user", rid=1101, sam_account_name="a", sd=77, reader_sd_id=None)
    forest.rows["objects"][-1] |= {"parent_id": 99, "domain_id": 7}
    forest.rows["users"][-1] |= {"domain_id": 7}
    forest.row("memberships", member_id=55, group_id=66, origin="member")
    forest.row("sid_history", object_id=88, sid="S-1-5-21-7-8-9-1", source_id=44)
    forest.export(zipped)
    user = one(zipped, "users", "A@")
    assert (user["Aces"], user["ContainedBy"], user["PrimaryGroupSID"]) == (None, None, None)


def test_deleted_objects_are_left_out(zipped: Path) -> None:
    forest = Forest()
    forest.add(f"CN=gone,{HEAD}", "user", rid=1101, sam_account_name="gone", is_deleted=True)
    assert forest.export(zipped).objects["users"] == 0


def test_a_large_type_is_split_into_files_that_count_their_own(zipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "OBJECTS_PER_FILE", 2)
    forest = Forest()
    for rid in range(1101, 1106):
        forest.add(f"CN={rid},{HEAD}", "user", rid=rid, sam_account_name=str(rid))
    assert forest.export(zipped).objects["users"] == 5
    parts = {name: content["meta"]["count"] for name, content in files(zipped) if content["meta"]["type"] == "users"}
    assert parts == {
        "20260304050608_users.json": 2,
        "20260304050608_users_01.json": 2,
        "20260304050608_users_02.json": 1,
    }


def test_an_existing_file_is_replaced_on_request_only(zipped: Path) -> None:
    zipped.write_bytes(b"mine")
    with pytest.raises(UsageError, match="exists already"):
        Forest().export(zipped)
    assert zipped.read_bytes() == b"mine"
    Forest().export(zipped, overwrite=True)
    assert zipfile.is_zipfile(zipped)


def test_nothing_is_left_of_an_export_that_fails(zipped: Path) -> None:
    def fail(type_: str) -> None:
        if type_ == "groups":
            raise OSError(28, "No space left on device")

    with pytest.raises(IncompleteError, match="No space left"):
        Forest().export(zipped, progress=fail)
    assert list(zipped.parent.iterdir()) == []


def test_edges_that_bloodhound_lacks_are_counted_by_kind(zipped: Path) -> None:
    forest = Forest()
    forest.add(f"OU=unit,{HEAD}", "organizationalUnit")
    forest.add(f"CN=a,OU=unit,{HEAD}", "user", rid=1101, sam_account_name="a")
    lacking = forest.export(zipped).lacking
    assert lacking["GPOAppliesTo"] == 1
    assert "MemberOf" not in lacking


def json_files(path: Path) -> Iterator[str]:
    with zipfile.ZipFile(path) as archived:
        yield from (archived.read(name).decode("ascii") for name in archived.namelist())


def test_the_files_are_ascii_with_data_first_and_meta_last(zipped: Path) -> None:
    forest = Forest()
    forest.add(f"CN=é,{HEAD}", "user", rid=1101, sam_account_name="é\u2028")
    forest.export(zipped)
    assert all(list(json.loads(text)) == ["data", "meta"] for text in json_files(zipped))
