"""What group policy does to computers, accounts and files, in tables of a few rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from adaudit.decode.group_policy import decode_policy_file
from tests.derive.conftest import Rows

Compute = Callable[..., dict[str, list[dict[str, Any]]]]
SID = "S-1-5-21-1-2-3"
HEAD, OU, CONTROLLERS = 0, 1, 2
DOMAIN = {
    "domain_id": 0,
    "dn": "DC=corp,DC=test",
    "dns_name": "corp.test",
    "netbios_name": "CORP",
    "sid": SID,
    "is_root": True,
    "is_collected": True,
    "object_id": HEAD,
}


def forest(compute: Compute, settings: Rows = (), **tables: Rows) -> dict[str, list[dict[str, Any]]]:
    """A head with GPO 10 and an OU with GPO 11; ``settings`` are rows of gpo_settings."""
    given: dict[str, Rows] = {
        "domains": [DOMAIN],
        "objects": [
            {"object_id": HEAD, "domain_id": 0, "dn": "DC=corp,DC=test"},
            {"object_id": OU, "parent_id": HEAD, "domain_id": 0, "dn": "OU=Postes,DC=corp,DC=test"},
            {
                "object_id": CONTROLLERS,
                "parent_id": HEAD,
                "domain_id": 0,
                "dn": "OU=Domain Controllers,DC=corp,DC=test",
            },
            *({"object_id": 20 + n, "parent_id": OU, "domain_id": 0} for n in range(5)),
            {"object_id": 30, "parent_id": CONTROLLERS, "domain_id": 0},
        ],
        "organizational_units": [
            {"object_id": HEAD, "domain_id": 0, "kind": "domain"},
            {"object_id": OU, "domain_id": 0, "kind": "ou"},
            {"object_id": CONTROLLERS, "domain_id": 0, "kind": "ou"},
        ],
        "gpos": [{"object_id": gpo, "domain_id": 0} for gpo in (10, 11)],
        "gpo_links": [
            {"container_id": HEAD, "order": 1, "gpo_id": 10, "is_enabled": True},
            {"container_id": OU, "order": 1, "gpo_id": 11, "is_enabled": True},
        ],
        "gpo_settings": [{"position": n, "domain_id": 0, "is_secret": False} | row for n, row in enumerate(settings)],
    }
    return compute(**(given | tables))


def in_registry(found: dict[str, list[dict[str, Any]]], scope: int = OU) -> dict[str, tuple[Any, ...]]:
    rows = (row for row in found["registry_in_force"] if row["scope_id"] == scope)
    return {row["path"]: (row["value"], row["number"], row["source"], row["gpo_id"]) for row in rows}


def registry(gpo: int, section: str, name: str, value: str) -> dict[str, Any]:
    place = {"gpo_id": gpo, "side": "computer", "file": "Machine\\Registry.pol", "kind": "registry"}
    return place | {"section": section, "name": name, "value": value, "value_type": "REG_DWORD"}


def template(gpo: int, section: str, name: str, value: str) -> dict[str, Any]:
    place = {"gpo_id": gpo, "side": "computer", "file": "Machine\\GptTmpl.inf", "kind": "security_template"}
    return place | {"section": section, "name": name, "value": value}


def preference(gpo: int, file: str, path: str, **attributes: str) -> list[dict[str, Any]]:
    place = {"gpo_id": gpo, "side": "computer", "file": f"Machine\\Preferences\\{file}", "kind": "preference"}
    return [place | {"section": path, "name": name, "value": value} for name, value in attributes.items()]


def value_of_registry(gpo: int, item: int, **more: str) -> list[dict[str, Any]]:
    given = {"action": "U", "hive": "HKEY_LOCAL_MACHINE", "key": "K", "name": "V", "type": "REG_DWORD"}
    path = f"RegistrySettings/Registry[{item}]/Properties[1]"
    return preference(gpo, "Registry\\Registry.xml", path, **(given | more))


def test_a_security_template_writes_after_registry_pol_and_a_preference_after_both(compute: Compute) -> None:
    settings = [
        registry(11, "K", "V", "1"),
        template(10, "Registry Values", "MACHINE\\k\\v", "2"),
        registry(11, "K", "W", "5"),
    ]
    assert in_registry(forest(compute, settings)) == {
        "k\\v": ("2", 2, "security_template", 10),
        "k\\w": ("5", 5, "registry", 11),
    }
    found = forest(compute, [*settings, *value_of_registry(10, 1, value="00000010")])
    assert in_registry(found)["k\\v"] == ("16", 16, "preference", 10)


def test_of_two_preferences_the_one_of_the_nearer_policy_stays(compute: Compute) -> None:
    settings = [*value_of_registry(11, 1, value="00000001"), *value_of_registry(10, 1, value="00000002")]
    assert in_registry(forest(compute, settings))["k\\v"] == ("1", 1, "preference", 11)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"action": "D"}, {}),
        ({"action": "C"}, {"k\\v": ("1", 1, "registry", 10)}),
        ({"hive": "HKEY_CURRENT_USER"}, {"k\\v": ("1", 1, "registry", 10)}),
        ({"type": "REG_SZ", "value": "text"}, {"k\\v": ("text", None, "preference", 11)}),
    ],
)
def test_a_preference_does_what_its_action_says(
    compute: Compute, more: dict[str, str], expected: dict[str, Any]
) -> None:
    given = {"value": "00000002"} | more
    assert in_registry(forest(compute, [registry(10, "K", "V", "1"), *value_of_registry(11, 1, **given)])) == expected


def test_a_disabled_preference_does_nothing_and_a_targeted_one_is_conditional(compute: Compute) -> None:
    item = "RegistrySettings/Registry[1]"
    off = preference(11, "Registry\\Registry.xml", item, disabled="1")
    assert in_registry(forest(compute, [*value_of_registry(11, 1, value="00000002"), *off])) == {}
    targeted = preference(11, "Registry\\Registry.xml", f"{item}/Filters[1]/FilterOs[1]", type="NE")
    (row,) = (
        row
        for row in forest(compute, [*value_of_registry(11, 1, value="00000002"), *targeted])["registry_in_force"]
        if row["scope_id"] == OU
    )
    assert (row["number"], row["is_conditional"]) == (2, True)


def test_a_value_that_registry_pol_deletes_is_not_in_force(compute: Compute) -> None:
    assert in_registry(forest(compute, [registry(10, "K", "V", "1"), registry(11, "K", "**del.V", " ")])) == {}
    assert in_registry(forest(compute, [registry(11, "K", "**soft.V", "3")]))["k\\v"][1] == 3


PRINCIPALS: Rows = [
    {"principal_id": 1, "sid": "S-1-1-0", "type": "well_known", "name": "Everyone"},
    {"principal_id": 2, "sid": "S-1-5-32-544", "domain_id": 0, "type": "group", "name": "Administrateurs"},
    {
        "principal_id": 3,
        "sid": f"{SID}-513",
        "rid": 513,
        "domain_id": 0,
        "type": "group",
        "name": "Utilisateurs du domaine",
    },
    {"principal_id": 4, "sid": f"{SID}-1104", "rid": 1104, "domain_id": 0, "type": "group", "name": "GRP-Support"},
]


@pytest.mark.parametrize(
    ("text", "sid", "principal", "is_anyone"),
    [
        (f"{SID}-513", f"{SID}-513", 3, True),
        ("CORP\\Utilisateurs du domaine", f"{SID}-513", 3, True),
        ("corp.test\\grp-support", f"{SID}-1104", 4, False),
        ("GRP-Support", f"{SID}-1104", 4, False),
        ("Tout le monde", "S-1-1-0", 1, True),
        ("BUILTIN\\Utilisateurs", "S-1-5-32-545", None, True),
        ("Administrateurs", "S-1-5-32-544", 2, False),
        ("S-1-5-21-9-9-9-513", "S-1-5-21-9-9-9-513", None, True),
        ("CORP\\Tout le monde", None, None, False),
        ("Inconnus", None, None, False),
    ],
)
def test_a_trustee_is_found_by_sid_by_name_and_by_the_french_name_of_a_well_known_one(
    compute: Compute, text: str, sid: str | None, principal: int | None, is_anyone: bool
) -> None:
    settings = [template(11, "Privilege Rights", "SeDebugPrivilege", text)]
    (row,) = (r for r in forest(compute, settings, principals=PRINCIPALS)["user_rights"] if r["scope_id"] == OU)
    assert (row["right"], row["trustee"], row["gpo_id"]) == ("SeDebugPrivilege", text, 11)
    assert (row["sid"], row["principal_id"], row["is_anyone"]) == (sid, principal, is_anyone)


def test_a_right_of_several_gives_a_row_each_and_a_right_of_nobody_none(compute: Compute) -> None:
    lines = [("SeBackupPrivilege", "S-1-1-0,S-1-5-32-544"), ("SeTcbPrivilege", "")]
    settings = [template(11, "Privilege Rights", *line) for line in lines]
    rows = [r for r in forest(compute, settings, principals=PRINCIPALS)["user_rights"] if r["scope_id"] == OU]
    assert [(r["right"], r["sid"]) for r in rows] == [
        ("SeBackupPrivilege", "S-1-1-0"),
        ("SeBackupPrivilege", "S-1-5-32-544"),
    ]


def test_members_of_local_groups_come_from_restricted_groups_and_from_preferences(compute: Compute) -> None:
    path = "Groups/Group[1]/Properties[1]"
    members = f"{path}/Members[1]"
    settings = [
        template(11, "Group Membership", "S-1-5-32-544__Members", f"{SID}-1104,S-1-1-0"),
        template(11, "Group Membership", f"{SID}-513__Memberof", "S-1-5-32-555"),
        *preference(11, "Groups\\Groups.xml", path, action="U", groupName="Administrateurs (intégré)"),
        *preference(11, "Groups\\Groups.xml", f"{members}/Member[1]", action="ADD", name="CORP\\GRP-Support"),
        *preference(11, "Groups\\Groups.xml", f"{members}/Member[2]", action="REMOVE", name="Tout le monde"),
    ]
    rows = forest(compute, settings, principals=PRINCIPALS)["local_group_members"]
    assert [(r["group_sid"], r["sid"], r["is_anyone"], r["origin"]) for r in rows if r["scope_id"] == OU] == [
        ("S-1-5-32-544", f"{SID}-1104", False, "restricted_group"),
        ("S-1-5-32-544", "S-1-1-0", True, "restricted_group"),
        ("S-1-5-32-555", f"{SID}-513", True, "restricted_group"),
        ("S-1-5-32-544", f"{SID}-1104", False, "preference"),
    ]


GROUPS_XML = """<?xml version="1.0" encoding="utf-8"?>
<Groups clsid="{3125E937-EB16-4b4c-9934-544FC6D24D26}">
  <Group clsid="{6D4A79E4-529C-4481-ABD0-F5BD7EA93BA7}" name="Bureau" image="2" uid="{1}">
    <Properties action="U" newName="" deleteAllUsers="0" groupSid="S-1-5-32-555" groupName="Remote Desktop Users">
      <Members><Member name="CORP\\Utilisateurs du domaine" action="ADD" sid="S-1-5-21-1-2-3-513"/></Members>
    </Properties>
    <Filters><FilterRunOnce hidden="1" not="0" bool="AND" id="{2}" comment=""/></Filters>
  </Group>
  <Group clsid="{6D4A79E4-529C-4481-ABD0-F5BD7EA93BA7}" name="Ancien" disabled="1" uid="{3}">
    <Properties action="U" groupSid="S-1-5-32-544" groupName="Administrators">
      <Members><Member name="Tout le monde" action="ADD" sid="S-1-1-0"/></Members>
    </Properties>
  </Group>
</Groups>
"""
REGISTRY_XML = """<?xml version="1.0" encoding="utf-8"?>
<RegistrySettings clsid="{A3CCFC41-DFDB-43a5-8D26-0FE8B954DA51}">
  <Registry clsid="{9CD4B2F4-923D-47f5-A062-E897DD1DAD50}" name="NoLMHash" status="NoLMHash" uid="{1}">
    <Properties action="U" displayDecimal="0" default="0" hive="HKEY_LOCAL_MACHINE"
      key="SYSTEM\\CurrentControlSet\\Control\\Lsa" name="NoLMHash" type="REG_DWORD" value="00000001"/>
  </Registry>
</RegistrySettings>
"""


@pytest.mark.parametrize("text", [GROUPS_XML, REGISTRY_XML], ids=["groups", "registry"])
def test_files_as_the_editor_writes_them_are_understood(compute: Compute, text: str) -> None:
    file = "Machine\\Preferences\\" + ("Groups\\Groups.xml" if text is GROUPS_XML else "Registry\\Registry.xml")
    decoded = decode_policy_file(file, text.encode())
    assert decoded is not None
    assert decoded.errors == ()
    place = {"gpo_id": 11, "side": "computer", "file": file}
    settings = [
        place | {"kind": s.kind, "section": s.section, "name": s.name, "value": s.value} for s in decoded.settings
    ]
    found = forest(compute, settings, principals=PRINCIPALS)
    members = [r for r in found["local_group_members"] if r["scope_id"] == OU]
    told = [(r["group_sid"], r["sid"], r["is_anyone"], r["is_conditional"]) for r in members]
    if text is GROUPS_XML:
        assert told == [("S-1-5-32-555", f"{SID}-513", True, True)]
    else:
        path = "system\\currentcontrolset\\control\\lsa\\nolmhash"
        assert in_registry(found) == {path: ("1", 1, "preference", 11)}


def test_computers_are_counted_by_role_without_disabled_and_foreign_systems(compute: Compute) -> None:
    computers = [
        {"object_id": 20, "is_enabled": True, "operating_system": "Windows 11 Entreprise"},
        {"object_id": 21, "is_enabled": None, "operating_system": "Windows Server 2022 Standard"},
        {"object_id": 22, "is_enabled": True},
        {"object_id": 23, "is_enabled": True, "operating_system": "Linux"},
        {"object_id": 24, "is_enabled": False, "operating_system": "Windows 11 Entreprise"},
        {"object_id": 30, "is_enabled": True, "primary_group_rid": 516},
    ]
    found = forest(compute, computers=computers)["policy_targets"]
    assert [(row["container_id"], row["role"], row["computers"]) for row in found] == [
        (OU, "server", 1),
        (OU, "unknown", 1),
        (OU, "workstation", 1),
        (CONTROLLERS, "controller", 1),
    ]


def test_a_container_is_read_when_every_policy_that_applies_to_it_was(compute: Compute) -> None:
    computers = [{"object_id": 20, "is_enabled": True}, {"object_id": 30, "is_enabled": True, "primary_group_rid": 516}]
    gap = {"table_name": "gpo_settings", "column_name": "*", "domain_id": 0, "status": "denied"}

    def read(**tables: Rows) -> list[bool]:
        return [row["is_read"] for row in forest(compute, computers=computers, **tables)["policy_targets"]]

    assert read() == [True, True]
    assert read(coverage=[gap | {"object_id": 11}]) == [False, True]
    assert read(coverage=[gap]) == [False, False]
    assert read(coverage=[gap | {"column_name": "is_secret"}]) == [True, True]
    unseen = {"container_id": CONTROLLERS, "order": 1, "gpo_dn": "CN={12}", "is_enabled": True}
    assert read(gpo_links=[unseen]) == [True, False]


def path_of(compute: Compute, row: dict[str, Any]) -> list[tuple[str | None, str | None]]:
    place = {"domain_id": 0, "gpo_id": 10, "policy": "{10}", "side": "computer"}
    found = forest(compute, [place | row])["policy_paths"]
    return [(each["host"], each["path"]) for each in found]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("pose.cmd", "", [(None, "corp.test\\policies\\{10}\\machine\\scripts\\startup\\pose.cmd")]),
        ("\\\\corp.test\\SysVol\\corp.test\\scripts\\a.cmd", "", [("corp.test", "corp.test\\scripts\\a.cmd")]),
        ("\\\\DC1\\netlogon\\a b.cmd", "", [("dc1", "corp.test\\scripts\\a")]),
        ("%LOGONSERVER%\\netlogon\\a.cmd", "", [("%logonserver%", "corp.test\\scripts\\a.cmd")]),
        ("\\\\srv.autre.example\\netlogon\\a.cmd", "", [("srv.autre.example", None)]),
        ("C:\\Windows\\x.exe", '-f "\\\\srv1\\pose finale\\a.ps1"', [("srv1", None)]),
        ("C:\\Windows\\x.exe", "/q", []),
    ],
)
def test_a_script_is_found_where_its_command_line_says(
    compute: Compute, name: str, value: str, expected: list[tuple[str | None, str | None]]
) -> None:
    assert path_of(compute, {"kind": "script", "section": "Startup", "name": name, "value": value}) == expected


def test_copied_files_run_keys_and_tasks_are_paths_too(compute: Compute) -> None:
    file = {"kind": "preference", "section": "Files/File[1]/Properties[1]", "name": "fromPath"}
    assert path_of(compute, file | {"value": "\\\\srv1\\logiciels métier\\a.exe"}) == [("srv1", None)]
    run = {"kind": "registry", "section": "Software\\Microsoft\\Windows\\CurrentVersion\\Run", "name": "Outil"}
    assert path_of(compute, run | {"value": "\\\\srv2\\outils\\b.exe /q"}) == [("srv2", None)]
    task = {"kind": "scheduled_task", "section": "T/Exec[1]", "name": "Arguments", "value": "\\\\srv3\\x\\c.ps1"}
    assert path_of(compute, task) == [("srv3", None)]


def test_a_logon_script_of_an_account_is_below_netlogon(compute: Compute) -> None:
    users = [
        {"object_id": 50, "domain_id": 0, "script_path": "soins/ouverture.cmd"},
        {"object_id": 51, "domain_id": 0, "script_path": "\\\\srv.autre.example\\pose\\a.cmd"},
        {"object_id": 52, "domain_id": 0},
    ]
    found = forest(compute, users=users)["policy_paths"]
    assert [(row["account_id"], row["host"], row["path"]) for row in found] == [
        (50, None, "corp.test\\scripts\\soins\\ouverture.cmd"),
        (51, "srv.autre.example", None),
    ]


def test_a_package_to_install_belongs_to_the_policy_above_its_object(compute: Compute) -> None:
    objects = [
        {"object_id": 10, "domain_id": 0},
        {"object_id": 60, "parent_id": 10, "domain_id": 0},
        {"object_id": 61, "parent_id": 60, "domain_id": 0},
        {"object_id": 62, "parent_id": 61, "domain_id": 0},
        {"object_id": 63, "parent_id": 62, "domain_id": 0},
    ]
    package = {"object_id": 63, "name": "msiFileList", "position": 0, "text": "0:\\\\srv1\\logiciels\\dictée 2.msi"}
    found = forest(compute, objects=objects, attributes=[package, package | {"name": "msiScriptPath"}])["policy_paths"]
    assert [(row["gpo_id"], row["usage"], row["host"]) for row in found] == [(10, "software", "srv1")]


def file_rights_of(compute: Compute, *aces: dict[str, Any], owner: int = 2) -> list[tuple[str, str]]:
    descriptor = {"sd_id": 1, "role": "file", "domain_id": 0, "dacl_state": "present"}
    found = compute(
        domains=[DOMAIN],
        principals=PRINCIPALS,
        security_descriptors=[descriptor | {"owner_id": owner, "owner_sid": "S-1-5-32-544"}],
        aces=[{"sd_id": 1, "position": n, "flags": 0} | ace for n, ace in enumerate(aces)],
    )["file_rights"]
    return [(row["trustee_sid"], row["right"]) for row in found if row["right"] != "owner"]


def ace(mask: int, sid: str = "S-1-1-0", trustee: int = 1, *, is_allow: bool = True) -> dict[str, Any]:
    return {"mask": mask, "is_allow": is_allow, "trustee_sid": sid, "trustee_id": trustee, "is_inherit_only": False}


def test_rights_to_change_a_file_are_told_and_those_to_read_it_are_not(compute: Compute) -> None:
    assert file_rights_of(compute, ace(0x1200A9)) == []
    assert file_rights_of(compute, ace(0x1301BF)) == [
        ("S-1-1-0", "write"),
        ("S-1-1-0", "append"),
        ("S-1-1-0", "delete"),
    ]
    assert file_rights_of(compute, ace(0x1F01FF)) == [("S-1-1-0", "full_control")]
    assert file_rights_of(compute, ace(0x10000000)) == [("S-1-1-0", "full_control")]
    assert file_rights_of(compute, ace(0x40000000)) == [("S-1-1-0", "write"), ("S-1-1-0", "append")]


def test_a_deny_before_takes_away_and_an_ace_for_what_is_below_gives_nothing_here(compute: Compute) -> None:
    assert file_rights_of(compute, ace(0x2, is_allow=False), ace(0x6)) == [("S-1-1-0", "append")]
    assert file_rights_of(compute, ace(0x1F01FF) | {"is_inherit_only": True}) == []


def test_files_that_were_not_read_are_a_gap_of_what_is_computed_from_them(compute: Compute) -> None:
    gap = {"table_name": "gpo_settings", "column_name": "*", "domain_id": 0, "status": "denied", "reason": "no_session"}
    found = forest(compute, coverage=[gap])["coverage"]
    told = {row["table_name"] for row in found}
    assert {"registry_in_force", "user_rights", "local_group_members", "policy_paths"} <= told
    assert "policy_targets" not in told
    unread = {"table_name": "sysvol_files", "column_name": "sd_id", "object_id": 10, "status": "denied", "domain_id": 0}
    (row,) = (row for row in forest(compute, coverage=[unread])["coverage"] if row["table_name"] == "file_rights")
    assert (row["object_id"], row["column_name"]) == (10, "*")
