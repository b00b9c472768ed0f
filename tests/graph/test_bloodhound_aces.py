"""ACEs as BloodHound reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from adaudit.decode.flags import AccessMask
from tests.graph.bloodhound_forest import FULL, Forest, one, rights
from tests.graph.small_forest import DOMAIN_SID, HEAD

RESET = "00299570-246d-11d0-a768-00aa006e0529"
MEMBER = "bf9679c0-0de6-11d0-a285-00aa003049e2"
PUBLIC_INFORMATION = "e48d0154-bcf8-11d1-8702-00c04fb96050"
KEY_CREDENTIAL = "5b47d60f-6090-40b2-9f37-2a4de88f3063"


@pytest.fixture
def zipped(tmp_path: Path) -> Path:
    return tmp_path / "collection.zip"


def test_what_an_ace_gives_is_told_by_the_type_of_the_object(zipped: Path) -> None:
    forest = Forest()
    who = forest.principal(forest.add(f"CN=who,{HEAD}", "user", rid=1101, sam_account_name="who"))
    write = int(AccessMask.DS_WRITE_PROPERTY)
    aces = (
        {"trustee_id": who, "mask": int(AccessMask.DS_CONTROL_ACCESS), "object_type": RESET},
        {"trustee_id": who, "mask": write, "object_type": KEY_CREDENTIAL, "is_inherited": True},
        {"trustee_id": who, "mask": write, "object_type": PUBLIC_INFORMATION},
        {"trustee_id": who, "mask": write, "object_type": MEMBER},
        {"trustee_id": who, "mask": int(AccessMask.WRITE_DAC | AccessMask.DS_READ_PROPERTY)},
    )
    for name, class_ in (("user", "user"), ("pc", "computer"), ("group", "group"), ("unit", "organizationalUnit")):
        rid = None if class_ == "organizationalUnit" else len(name) + 2000
        account = {} if rid is None else {"rid": rid, "sam_account_name": name}
        forest.add(f"CN={name},{HEAD}", class_, sd=forest.descriptor(*aces), **account)
    forest.export(zipped)
    sid = f"{DOMAIN_SID}-1101"
    on_account = {
        (sid, "ForceChangePassword", False),
        (sid, "AddKeyCredentialLink", True),
        (sid, "WritePublicInformation", False),
        (sid, "WriteDacl", False),
    }
    assert rights(zipped, "users", "USER") == on_account
    assert rights(zipped, "computers", "PC") == on_account
    assert rights(zipped, "groups", "GROUP") == {(sid, "AddMember", False), (sid, "WriteDacl", False)}
    assert rights(zipped, "ous", "UNIT") == {(sid, "WriteDacl", False)}


@pytest.mark.parametrize(
    ("mask_", "object_type", "expected"),
    [
        (FULL, None, {"GenericAll"}),
        (0x10000000, None, {"GenericAll"}),
        (0x40000000, None, {"GenericWrite"}),
        (FULL, MEMBER, {"AddMember"}),
        (int(AccessMask.DS_SELF), None, {"AddSelf"}),
        (int(AccessMask.DS_SELF), MEMBER, {"AddSelf"}),
        (int(AccessMask.DS_SELF), RESET, set()),
        (int(AccessMask.WRITE_OWNER), None, {"WriteOwner"}),
        (int(AccessMask.WRITE_OWNER), MEMBER, set()),
        (int(AccessMask.DS_READ_PROPERTY), None, set()),
        (0, None, set()),
    ],
)
def test_a_mask_counts_with_its_generic_bits_and_its_object_type(
    zipped: Path, mask_: int, object_type: str | None, expected: set[str]
) -> None:
    forest = Forest()
    who = forest.principal(forest.add(f"CN=who,{HEAD}", "user", rid=1101, sam_account_name="who"))
    sd = forest.descriptor({"trustee_id": who, "mask": mask_, "object_type": object_type})
    forest.add(f"CN=group,{HEAD}", "group", rid=1102, sam_account_name="group", sd=sd)
    forest.export(zipped)
    assert {right for _, right, _ in rights(zipped, "groups", "GROUP")} == expected


def test_the_owner_is_told_and_rights_of_nobody_else_are_dropped(zipped: Path) -> None:
    forest = Forest()
    who = forest.principal(forest.add(f"CN=who,{HEAD}", "user", rid=1101, sam_account_name="who"))
    itself = forest.add(f"CN=group,{HEAD}", "group", rid=1102, sam_account_name="group")
    given = [forest.principal(itself), *(forest.identity(sid) for sid in ("S-1-5-10", "S-1-5-18", "S-1-3-0"))]
    inherit_only = {"trustee_id": who, "mask": FULL, "is_inherit_only": True}
    sd = forest.descriptor(*({"trustee_id": each, "mask": FULL} for each in given), inherit_only, owner=who)
    forest.rows["objects"][itself]["sd_id"] = sd
    forest.export(zipped)
    assert rights(zipped, "groups", "GROUP") == {(f"{DOMAIN_SID}-1101", "Owns", False)}


def test_deny_aces_are_left_out_and_counted(zipped: Path) -> None:
    forest = Forest()
    who = forest.principal(forest.add(f"CN=who,{HEAD}", "user", rid=1101, sam_account_name="who"))
    deny = {"trustee_id": who, "mask": FULL, "is_allow": False}
    sd = forest.descriptor(deny, {**deny, "is_inherit_only": True}, {"trustee_id": who, "mask": FULL})
    for rid in (1102, 1103):
        forest.add(f"CN={rid},{HEAD}", "group", rid=rid, sam_account_name=str(rid), sd=sd)
    assert forest.export(zipped).denied == 2
    assert rights(zipped, "groups", "1102") == {(f"{DOMAIN_SID}-1101", "GenericAll", False)}


def test_owner_rights_are_told_so_that_bloodhound_can_weigh_them(zipped: Path) -> None:
    forest = Forest()
    owner_rights = forest.identity("S-1-3-4")
    sd = forest.descriptor({"trustee_id": owner_rights, "mask": int(AccessMask.WRITE_DAC), "is_inherited": True})
    forest.add(f"CN=group,{HEAD}", "group", rid=1102, sam_account_name="group", sd=sd)
    forest.export(zipped)
    group = one(zipped, "groups", "GROUP")
    (ace,) = group["Aces"]
    assert ace["PrincipalSID"] == "CORP.TEST-S-1-3-4"
    assert ace["IsPermissionForOwnerRightsSid"]
    assert ace["IsInheritedPermissionForOwnerRightsSid"]
    assert group["Properties"]["doesanyacegrantownerrights"]
    assert group["Properties"]["doesanyinheritedacegrantownerrights"]


@pytest.mark.parametrize(
    ("expires", "is_hidden", "has_laps", "expected"),
    [
        (132537600000000000, False, True, "AllExtendedRights"),
        (None, False, False, "ForceChangePassword"),
        (None, True, None, "AllExtendedRights"),
    ],
)
def test_extended_rights_on_a_computer_count_by_its_laps(
    zipped: Path, expires: int | None, is_hidden: bool, has_laps: bool | None, expected: str
) -> None:
    forest = Forest()
    who = forest.principal(forest.add(f"CN=who,{HEAD}", "user", rid=1101, sam_account_name="who"))
    sd = forest.descriptor({"trustee_id": who, "mask": int(AccessMask.DS_CONTROL_ACCESS)})
    forest.add(f"CN=pc,{HEAD}", "computer", rid=1102, sam_account_name="PC$", sd=sd, windows_laps_expires_raw=expires)
    if is_hidden:
        hidden = {"table_name": "computers", "column_name": "windows_laps_expires_at", "status": "denied"}
        forest.row("coverage", domain_id=0, **hidden)
    forest.export(zipped)
    computer = one(zipped, "computers", "PC")
    assert computer["Properties"]["name"] == "PC.CORP.TEST"
    assert computer["Properties"]["haslaps"] is has_laps
    assert [ace["RightName"] for ace in computer["Aces"]] == [expected]


def test_readers_of_a_managed_password_are_told_as_aces(zipped: Path) -> None:
    forest = Forest()
    who = forest.principal(forest.add(f"CN=who,{HEAD}", "computer", rid=1101, sam_account_name="WHO$"))
    readers = forest.descriptor({"trustee_id": who, "mask": FULL})
    forest.rows["security_descriptors"][readers]["role"] = "gmsa"
    account = {"sam_account_name": "svc$", "reader_sd_id": readers, "sd": forest.descriptor()}
    forest.add(f"CN=svc,{HEAD}", "msDS-GroupManagedServiceAccount", rid=1102, **account)
    forest.export(zipped)
    assert rights(zipped, "users", "SVC$") == {(f"{DOMAIN_SID}-1101", "ReadGMSAPassword", False)}
    assert one(zipped, "users", "SVC$")["Properties"]["gmsa"]
