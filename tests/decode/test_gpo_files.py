"""Files of policies. Registry.pol and GptTmpl.inf are written by Samba's code, which is not ours."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adaudit.decode.group_policy import MASK, Decoded, Setting, decode_policy_file, decode_script
from tests.testbed.requirements import SYSTEM_PYTHON

SECEDIT = r"MACHINE\Microsoft\Windows NT\SecEdit\GptTmpl.inf"
GROUPS = r"Machine\Preferences\Groups\Groups.xml"


def by_samba(what: str, content: object) -> bytes:
    script = Path(__file__).with_name("samba_policy_files.py")
    told = subprocess.run([SYSTEM_PYTHON, script, what], input=json.dumps(content).encode(), capture_output=True)
    assert told.returncode == 0, told.stderr.decode()
    return told.stdout


def decoded(path: str, content: bytes) -> Decoded:
    result = decode_policy_file(path, content)
    assert result is not None
    return result


def shown(result: Decoded) -> list[tuple[str, str, str]]:
    assert result.errors == ()
    return [(setting.section, setting.name, setting.value) for setting in result.settings]


def test_every_type_of_registry_value_that_samba_writes_is_read() -> None:
    key = r"Software\Policies\Santé\AU"
    content = by_samba(
        "registry_policy",
        [
            [key, "Texte", 1, "à l'hôpital"],
            [key, "Expand", 2, r"%SystemRoot%\x"],
            [key, "Number", 4, 4294967295],
            [key, "Big", 5, 1],
            [key, "Long", 11, 2**40],
            [key, "Bytes", 3, ["00ff5d00"]],
            [key, "Several", 7, ["one\0two;[x]\0\0".encode("utf-16-le").hex()]],
            [key, "**del.Old", 1, " "],
            [key, "**delvals.", 1, " "],
        ],
    )
    result = decoded("USER\\Registry.pol", content)
    assert shown(result) == [
        (key, "Texte", "à l'hôpital"),
        (key, "Expand", r"%SystemRoot%\x"),
        (key, "Number", "4294967295"),
        (key, "Big", "1"),
        (key, "Long", str(2**40)),
        (key, "Bytes", "00ff5d00"),
        (key, "Several", "one\ntwo;[x]"),
        (key, "**del.Old", " "),
        (key, "**delvals.", " "),
    ]
    assert [setting.value_type for setting in result.settings[:4]] == [
        "REG_SZ",
        "REG_EXPAND_SZ",
        "REG_DWORD",
        "REG_DWORD_BIG_ENDIAN",
    ]
    assert not any(setting.is_secret for setting in result.settings)


def test_passwords_among_registry_values_are_masked() -> None:
    content = by_samba(
        "registry_policy",
        [
            ["K\\Winlogon", "DefaultPassword", 1, "Hopital2024"],
            ["K\\TightVNC", "Password", 3, ["d7a514d8c556aade"]],
            ["K\\Run", "Lecteur", 1, r"net use Z: \\srv\p Hopital2024 /user:CORP\svc"],
            ["K", "MinimumPasswordLength", 4, 8],
            ["K", "DisablePasswordChange", 4, 1],
            ["K", "**del.DefaultPassword", 1, " "],
        ],
    )
    result = decoded("Machine\\registry.pol", content)
    assert [(setting.value, setting.is_secret) for setting in result.settings] == [
        (MASK, True),
        (MASK, True),
        (rf"net use Z: \\srv\p {MASK} /user:CORP\svc", True),
        ("8", False),
        ("1", False),
        (" ", False),
    ]


def test_what_precedes_a_damaged_record_is_kept_with_the_place_of_the_damage() -> None:
    content = by_samba("registry_policy", [["K", "A", 4, 1], ["K", "B", 4, 2]])
    for end in range(len(content) - 1, len(content) // 2 + 8, -1):
        result = decoded("User\\Registry.pol", content[:end])
        assert [setting.name for setting in result.settings] == ["A"]
        (error,) = result.errors
        assert "at offset" in error


def test_a_template_that_samba_writes_is_read_section_by_section() -> None:
    content = by_samba(
        "security_template",
        {
            "System Access": [["MinimumPasswordLength", "8"], ["NewAdministratorName", '"Gérant"']],
            "Kerberos Policy": [["MaxTicketAge", "10"]],
            "Registry Values": [
                r"MACHINE\System\CurrentControlSet\Control\Lsa\LmCompatibilityLevel=4,5",
                r'MACHINE\Software\Winlogon\LegalNoticeText=7,Accès réservé","au personnel,Ligne 2',
                r'MACHINE\Software\NetworkProvider\HardenedPaths\\\*\SYSVOL=1,"RequireMutualAuthentication=1"',
                r'MACHINE\Software\Winlogon\DefaultPassword=1,"Hopital2024"',
            ],
            "Privilege Rights": [["SeDebugPrivilege", ["*S-1-5-32-544", r"CORP\outils"]], ["SeTcbPrivilege", [""]]],
            "Group Membership": [[["*S-1-5-32-544", "Members"], ["*S-1-5-21-1-2-3-512", "x"]]],
            "File Security": [[r"%SystemRoot%\repair", "2", "D:PAR(A;OICI;FA;;;BA)"]],
            "Service General Setting": [["Spooler", "4", "D:(A;;GA;;;SY)"]],
        },
    )
    result = decoded(SECEDIT, content)
    assert sorted(shown(result)) == sorted(
        [
            ("System Access", "MinimumPasswordLength", "8"),
            ("System Access", "NewAdministratorName", "Gérant"),
            ("Kerberos Policy", "MaxTicketAge", "10"),
            ("Registry Values", r"MACHINE\System\CurrentControlSet\Control\Lsa\LmCompatibilityLevel", "5"),
            ("Registry Values", r"MACHINE\Software\Winlogon\LegalNoticeText", "Accès réservé,au personnel\nLigne 2"),
            (
                "Registry Values",
                r"MACHINE\Software\NetworkProvider\HardenedPaths\\\*\SYSVOL",
                "RequireMutualAuthentication=1",
            ),
            ("Registry Values", r"MACHINE\Software\Winlogon\DefaultPassword", MASK),
            ("Privilege Rights", "SeDebugPrivilege", r"S-1-5-32-544,CORP\outils"),
            ("Privilege Rights", "SeTcbPrivilege", ""),
            ("Group Membership", "S-1-5-32-544__Members", "S-1-5-21-1-2-3-512,x"),
            ("File Security", r"%SystemRoot%\repair", "2,D:PAR(A;OICI;FA;;;BA)"),
            ("Service General Setting", "Spooler", "4,D:(A;;GA;;;SY)"),
        ]
    )
    types = {setting.name.rpartition("\\")[2]: setting.value_type for setting in result.settings}
    assert (types["LmCompatibilityLevel"], types["LegalNoticeText"]) == ("REG_DWORD", "REG_MULTI_SZ")


TEMPLATE = "[Unicode]\r\nUnicode=yes\r\n[system access]\r\nNewGuestName = Invité\r\n; comment\r\nnonsense\r\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "utf-8", "cp1252"])
def test_a_template_is_read_whatever_its_encoding(encoding: str) -> None:
    result = decoded(SECEDIT, TEMPLATE.encode(encoding))
    assert [(s.section, s.name, s.value) for s in result.settings] == [("System Access", "NewGuestName", "Invité")]
    assert result.errors == ("line 6: neither a section nor name=value",)


def test_audit_policy_is_known_by_guid_in_any_language() -> None:
    content = (
        "Nom de l'ordinateur,Cible,Sous-catégorie,GUID,Inclusion,Exclusion,Valeur\r\n"
        ',System,"Validation, identification",{0CCE923F-69AE-11D9-BED3-505054503030},Succès et échec,,3\r\n'
        ",,Option:CrashOnAuditFail,,Désactivé,,0\r\n"
        "trop,court\r\n"
    )
    result = decoded(r"Machine\Microsoft\Windows NT\Audit\audit.csv", content.encode("utf-8-sig"))
    assert [(s.section, s.name, s.value) for s in result.settings] == [
        ("Validation, identification", "0cce923f-69ae-11d9-bed3-505054503030", "3"),
        ("", "Option:CrashOnAuditFail", "0"),
    ]
    assert result.errors == ("line 4: 2 columns, not 7",)


def test_scripts_come_in_the_order_in_which_they_run_with_their_parameters_masked() -> None:
    content = (
        "\r\n[Logon]\r\n10CmdLine=last.vbs\r\n10Parameters=\r\n0CmdLine=net.exe\r\n"
        "0Parameters=use Z: \\\\srv\\p Hopital2024 /user:CORP\\svc\r\n2Parameters=lost\r\n"
    )
    result = decoded(r"User\Scripts\scripts.ini", content.encode("utf-16"))
    assert [(s.kind, s.section, s.name, s.value, s.is_secret) for s in result.settings] == [
        ("script", "Logon", "net.exe", rf"use Z: \\srv\p {MASK} /user:CORP\svc", True),
        ("script", "Logon", "", "lost", False),
        ("script", "Logon", "last.vbs", "", False),
    ]
    assert result.errors == ("script 2: parameters without a command",)


def test_a_local_account_preference_keeps_its_account_and_loses_its_password() -> None:
    content = """<?xml version="1.0" encoding="utf-8"?>
<Groups clsid="{3125E937-EB16-4b4c-9934-544FC6D24D26}" disabled="1">
  <User clsid="{DF5F1855}" name="Administrateur (intégré)" image="2" changed="2012-07-05" uid="{1}">
    <Properties action="U" newName="adm" CPASSWORD="j1Uyj3Vx8TY9LtLZil2uAuZkFQA" userName="Administrateur"/>
    <Filters><FilterOs bool="AND" not="0" class="NT" version="WIN7"/></Filters>
  </User>
  <User name="sans"><Properties action="U" cpassword="" userName="sans"/></User>
</Groups>"""
    result = decoded(GROUPS, content.encode())
    assert Setting("preference", "Groups/User[1]/Properties[1]", "CPASSWORD", MASK, "", True) in result.settings
    rows = shown(result)
    assert ("Groups", "disabled", "1") in rows
    assert ("Groups/User[1]", "name", "Administrateur (intégré)") in rows
    assert ("Groups/User[1]/Properties[1]", "userName", "Administrateur") in rows
    assert ("Groups/User[1]/Properties[1]", "action", "U") in rows
    assert ("Groups/User[1]/Filters[1]/FilterOs[1]", "version", "WIN7") in rows
    assert ("Groups/User[2]/Properties[1]", "cpassword", "") in rows
    assert [s.section for s in result.settings if s.is_secret] == ["Groups/User[1]/Properties[1]"]


def test_a_scheduled_task_tells_what_it_runs_and_as_whom() -> None:
    content = r"""<ScheduledTasks><TaskV2 name="Password reset">
<Properties action="R" runAs="CORP\svc" logonType="Password"><Task version="1.2">
<Principals><Principal id="Author"><UserId>CORP\svc</UserId><RunLevel>HighestAvailable</RunLevel>
</Principal></Principals>
<Actions><Exec><Command>psexec.exe</Command><Arguments>\\h -u adm -p Hopital2024 x</Arguments></Exec></Actions>
</Task></Properties></TaskV2></ScheduledTasks>"""
    result = decoded(r"Machine\Preferences\ScheduledTasks\ScheduledTasks.xml", content.encode())
    task = "ScheduledTasks/TaskV2[1]/Properties[1]/Task[1]"
    rows = shown(result)
    assert {setting.kind for setting in result.settings} == {"scheduled_task"}
    assert (f"{task}/Principals[1]/Principal[1]", "UserId", r"CORP\svc") in rows
    assert (f"{task}/Actions[1]/Exec[1]", "Command", "psexec.exe") in rows
    assert (f"{task}/Actions[1]/Exec[1]", "Arguments", rf"\\h -u adm -p {MASK} x") in rows
    assert [setting.name for setting in result.settings if setting.is_secret] == ["Arguments"]


@pytest.mark.parametrize(
    "item",
    [
        '<Registry name="x"><Properties key="K" name="DefaultPassword" type="REG_SZ" value="{}"/></Registry>',
        '<Registry name="x"><Properties name="Password"><Values><Value>{}</Value></Values></Properties></Registry>',
        '<DataSource><Properties><Attributes><Attribute name="PWD" value="{}"/></Attributes></Properties></DataSource>',
        '<Ini><Properties section="s" property="mot_de_passe" value="{}"/></Ini>',
        "<Unattend><AdministratorPassword><Value>{}</Value></AdministratorPassword></Unattend>",
        '<Shortcut><Properties targetPath="C:\\psexec.exe" arguments="\\\\h -p {} cmd"/></Shortcut>',
        "<Item><x:cpassword xmlns:x='u'>{}</x:cpassword></Item>",
        '<Item x:cPassword="{}" xmlns:x="u"/>',
    ],
)
def test_a_password_is_masked_wherever_it_stands_in_a_preference(item: str) -> None:
    result = decoded(GROUPS, f"<All>{item.replace('{}', 'Hopital2024')}</All>".encode())
    assert result.errors == ()
    assert [s.is_secret for s in result.settings if MASK in s.value] == [True]
    assert "Hopital" not in repr(result)


@pytest.mark.parametrize(
    "declaration",
    ['<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>', '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'],
)
def test_a_document_type_is_refused(declaration: str) -> None:
    result = decoded(GROUPS, f"{declaration}<Groups><User name='&a;'/></Groups>".encode())
    assert result == Decoded((), ("line 1: a document type, which no policy has",))


def test_what_precedes_broken_xml_is_kept() -> None:
    result = decoded(GROUPS, b'<Groups><User name="a"/>\n<User name="b"')
    assert [setting.value for setting in result.settings] == ["a"]
    assert result.errors[0].startswith("line 2: ")


def test_elements_without_end_are_refused() -> None:
    result = decoded(GROUPS, b"<a>" * 1000)
    assert result.errors == ("line 1: elements nested deeper than 64",)
    result = decoded(GROUPS, b"<a>" + b"<b/>" * 200_000)
    assert result.errors == ("line 1: more than 100000 elements",)


def test_files_without_settings_are_told_apart_from_files_without_decoder() -> None:
    assert decode_policy_file("Machine\\comment.cmtx", b"<x/>") == Decoded()
    assert decode_policy_file("Machine\\x.dat", b"") is None
    assert shown(decoded("Machine\\Applications\\{1}.aas", b"\0")) == [("", "{1}.aas", "")]
    assert shown(decoded("gpt.ini", b"[General]\r\nVersion=65537\r\n")) == [("General", "Version", "65537")]
    assert (
        decoded(r"User\Documents & Settings\fdeploy.ini", b"[Folder_Redirection]\na=b").settings[0].kind
        == "redirection"
    )


@pytest.mark.parametrize("line", ["a" + " " * 300_000 + "b", "a=" * 300_000, '"a",' * 100_000, "=" * 300_000 + "4"])
@pytest.mark.parametrize("section", ["Registry Values", "File Security"])
def test_a_long_line_without_sense_costs_no_more_than_its_length(section: str, line: str) -> None:
    start = time.process_time()
    result = decoded(SECEDIT, f"[{section}]\n{line}".encode())
    assert time.process_time() - start < 5
    assert len(result.errors) == 1


PATHS = [SECEDIT, GROUPS, "GPT.INI", "User\\Registry.pol", r"M\Audit\audit.csv", r"M\Scripts\scripts.ini"]
STARTS = [b"", b"\xff\xfe", b"PReg\x01\0\0\0", b"<a b='", b'a,b\n"', b"[Registry Values]\n", b"PReg\x01\0\0\0[\0"]


@settings(max_examples=300)
@given(st.sampled_from(PATHS), st.sampled_from(STARTS), st.binary(max_size=300))
def test_nothing_in_a_file_raises(path: str, start: bytes, content: bytes) -> None:
    for result in (decode_policy_file(path, start + content), decode_script(start + content)):
        assert isinstance(result, Decoded)
        for setting in result.settings:
            f"{setting.section}{setting.name}{setting.value}".encode()
