"""Passwords in scripts and command lines: none passes, and what is none stays readable."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adaudit.decode.group_policy import MASK, Setting, decode_script
from adaudit.decode.group_policy.secrets import mask_arguments, mask_secrets

BARE = [
    r"net use Z: \\srv\share {} /user:CORP\svc",
    r"net use Z: \\srv\share /user:CORP\svc {} /persistent:no",
    r"C:\Windows\System32\net.exe use * \\srv\share {}",
    r"net use %DRIVE% %SHARE% {} /user:CORP\svc",
    r"net user secours {} /add",
    r"NET1 USER /add secours {}",
    r"psexec \\host -u CORP\adm -p {} cmd /c dir",
    r"schtasks /create /tn t /tr c:\t.exe /ru CORP\svc /rp {} /f",
    r"tasklist /s host /u adm /p {}",
    "curl -u svc:{} https://chu.example/",
    "curl -s --user svc:{} https://chu.example/",
    "sqlcmd -S srv -U sa -P {} -i x.sql",
    "osql -S srv -U sa -P{} -i x.sql",
    "mysqldump -u root -p{} base",
    "plink -ssh adm@host -pw {} ls",
    "smbclient //srv/share -U adm%{}",
    "ldifde -i -f x.ldf -b adm CORP {}",
    "netdom join poste /domain:CORP /userd:adm /passwordd:{}",
    "autologon.exe adm CORP {}",
    r".\deploy.ps1 -User x -Password {} -Force",
    r".\deploy.ps1 --admin-password={} --force",
    "setup.exe /user:adm /p:{} /quiet",
    r"cmdkey /add:srv /user:adm /pass:{}",
    "wmic /node:h /user:adm /password:{} process list",
    r"reg add HKLM\Winlogon /v DefaultPassword /t REG_SZ /d {} /f",
    "Set-ItemProperty HKLM:\\x -Name DefaultPassword -Value {}",
    "ConvertTo-SecureString -String {} -AsPlainText -Force",
    'CreateObject("WScript.Shell").Run "net use Z: \\\\srv\\share {} /user:CORP\\svc", 0',
    'Start-Process psexec -ArgumentList "\\\\h -u adm -p {} cmd"',
    "Start-Process net -ArgumentList 'use','Z:','\\\\srv\\share','{}'",
    "<Password><Value>{}</Value><PlainText>true</PlainText></Password>",
]
"""A password without space or quote stands in the braces."""

QUOTED = [
    r'net use Z: \\srv\share "{}" /user:CORP\svc',
    r'psexec \\host -u CORP\adm -p "{}" cmd',
    '"c:\\outils\\psexec.exe" \\\\h -u a -p "{}"',
    r'schtasks /create /tn t /tr "c:\t.exe -x" /ru CORP\svc /rp "{}"',
    'ConvertTo-SecureString "{}" -AsPlainText -Force',
    'ConvertTo-SecureString -AsPlainText -Force "{}"',
    '$s = "{}" | ConvertTo-SecureString -AsPlainText -Force',
    '$AdminPassword = "{}"',
    'strPassword = "{}" \' commentaire',
    "$pwd = '{}'",
    "password = 'x' + '{}'",
    'Const PWD = "{}"',
    '{"login": "svc", "password": "{}"}',
    '<User userName="adm" cpassword="{}"/>',
    '<Attribute name="PWD" value="{}"/>',
    '<Attribute value="{}" name="PWD"/>',
    '"DefaultPassword"="{}"',
    'objNetwork.MapNetworkDrive "Z:", "\\\\srv\\share", False, "user", "{}"',
    'Set d = dso.OpenDSObject("LDAP://x", "CORP\\adm", "{}", 1)',
    'objUser.SetPassword "{}"',
    '([adsi]"WinNT://x/adm").Invoke("SetPassword", "{}")',
    '$c = New-Object System.Net.NetworkCredential("adm", "{}", "CORP")',
    'WshShell.RegWrite "HKLM\\Winlogon\\DefaultPassword", "{}", "REG_SZ"',
    "objReg.SetStringValue HKLM, strKey, 'DefaultPassword', '{}'",
    'connectionString="Server=x;User Id=sa;Password={}"',
    'CreateObject("WScript.Shell").Run "net use Z: \\\\srv\\share ""{}"" /user:CORP\\svc", 0',
    '$password = @"\n{}\n"@',
]
"""A password without quote stands in the braces."""

TO_THE_END = [
    "set PASSWORD={}",
    'set "MDP_SAUVEGARDE={}"',
    "password={}",
    "Mot de passe du compte labo : {}",
    "Data Source=srv;User ID=sa;Pwd={}",
    "sc config svc obj= CORP\\svc password= {}",
]
"""A password with anything but a line end stands in the braces."""

LETTERS = "ΑΒΓΔΘΛΞΠΣΦΨΩжцчшщюя0123456789"
SIGNS = "!#@*+-_.:,?~^%&=/\\$"
"""Letters that the forms do not have, so that a run of four can only come from the password."""


def password(alphabet: str) -> st.SearchStrategy[str]:
    """Anything but what no shell takes for a text: a variable, a switch, a redirection."""
    middle = st.text(alphabet, max_size=20)
    return st.builds("{}{}{}".format, st.sampled_from("ΑΒΓΔΘΛ"), middle, st.sampled_from("ΞΠΣΦΨΩ"))


def assert_hidden(form: str, secret: str) -> None:
    text = form.replace("{}", secret)
    masked, found = mask_secrets(text)
    assert found, text
    assert MASK in masked
    for start in range(max(1, len(secret) - 3)):
        run = secret[start : start + 4]
        assert run not in masked or run in form + MASK, (run, masked)
    assert not set(masked) & set("ΑΒΓΔΘΛΞΠΣΦΨΩжцчшщюя"), masked
    assert masked.count("\n") == text.count("\n")
    assert mask_secrets(masked)[0] == masked


@pytest.mark.parametrize("form", BARE)
@settings(max_examples=15, deadline=None)
@given(secret=password(LETTERS + SIGNS))
def test_no_password_passes_among_the_words_of_a_command(form: str, secret: str) -> None:
    assert_hidden(form, secret)


@pytest.mark.parametrize("form", QUOTED)
@settings(max_examples=15, deadline=None)
@given(secret=password(LETTERS + SIGNS + " "))
def test_no_password_passes_in_quotes(form: str, secret: str) -> None:
    assert_hidden(form, secret)


@pytest.mark.parametrize("form", TO_THE_END)
@settings(max_examples=15, deadline=None)
@given(secret=password(LETTERS + SIGNS + " '\"`;|"))
def test_no_password_passes_at_the_end_of_a_line(form: str, secret: str) -> None:
    assert_hidden(form, secret)


@pytest.mark.parametrize("form", [*BARE, *QUOTED, *TO_THE_END])
def test_masks_do_not_tell_how_long_a_password_is(form: str) -> None:
    short, long = (mask_secrets(form.replace("{}", secret))[0] for secret in ("Ω", "ΩΨ" * 40))
    assert short == long


@pytest.mark.parametrize(
    ("command", "kept"),
    [
        (r"net use Z: \\srv\share Ωmega9 /user:CORP\svc", rf"net use Z: \\srv\share {MASK} /user:CORP\svc"),
        (r"psexec \\h -u CORP\adm -p Ωmega9 cmd", rf"psexec \\h -u CORP\adm -p {MASK} cmd"),
        ("curl -u svc:Ωmega9 https://chu.example/", f"curl -u svc:{MASK} https://chu.example/"),
        ("https://svc:Ωmega9@chu.example/x", f"https://svc:{MASK}@chu.example/x"),
        ('<User cpassword="Ω" userName="adm"/>', f'<User cpassword="{MASK}" userName="adm"/>'),
        ("-----BEGIN RSA PRIVATE KEY-----\nΩ\n-----END", f"-----BEGIN RSA PRIVATE KEY-----{MASK}\n\n-----END"),
    ],
)
def test_the_account_and_the_rest_of_the_command_stay(command: str, kept: str) -> None:
    assert mask_secrets(command)[0] == kept


@pytest.mark.parametrize(
    "text",
    [
        r"net use Z: /delete",
        r"net use Z: \\srv\share /persistent:no",
        r"net use Z: \\srv\share %PASS% /user:CORP\svc",
        r"net use Z: \\srv\share * /user:CORP\svc",
        "net user secours * /domain",
        "net user secours /active:yes",
        "net start spooler",
        '$password = Read-Host "Mot de passe : " -AsSecureString',
        "$password = $args[0]",
        '$secret = Get-Content x\n.\\deploy.ps1 -Password $secret -User "x"',
        'set /p PASSWORD="Mot de passe : "',
        "PasswordComplexity = 1",
        "MinimumPasswordLength = 8",
        '<Properties cpassword="" userName="x"/>',
        '<Power requireWakePwd="YES"/>',
        '<assembly publicKeyToken="31bf3856ad364e35"/>',
        "powershell -ExecutionPolicy Bypass -File x.ps1",
        '"LimitBlankPasswordUse"=dword:00000001',
        "schtasks /create /tn t /tr c:\\t.exe /ru SYSTEM",
        "curl -u %USER% x",
        'password = ""',
        "passwordless = 3",
    ],
)
def test_what_is_no_password_is_left_alone(text: str) -> None:
    assert mask_secrets(text) == (text, [])


def test_saved_credentials_are_told_although_nothing_is_masked() -> None:
    text = r"runas /user:CORP\adm /savecred cmd.exe"
    assert mask_secrets(text) == (text, [(1, "runas /savecred")])


def test_the_command_tells_which_of_its_arguments_is_a_password() -> None:
    assert mask_arguments("psexec.exe", "-u a -p Ωmega9 cmd") == f"-u a -p {MASK} cmd"
    assert mask_arguments("netstat.exe", "-a -p TCP") == "-a -p TCP"


def test_a_script_is_told_by_the_lines_that_hold_a_secret() -> None:
    script = "@echo off\r\nrem lecteurs\r\n  net use Z: \\\\srv\\p Été2024! /user:CORP\\svc\r\nset PWD_SQL=x y\r\n"
    for encoding in ("cp1252", "utf-8", "utf-16"):
        assert decode_script(script.encode(encoding)).settings == (
            Setting("script_secret", "3", "net use", rf"net use Z: \\srv\p {MASK} /user:CORP\svc", "", True),
            Setting("script_secret", "4", "assignment", f"set PWD_SQL={MASK}", "", True),
        )


def test_a_text_with_too_many_places_to_look_at_is_masked_as_a_whole() -> None:
    assert mask_secrets("net use " * 6000) == (MASK, [(1, "too many to tell")])


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="pasword=:\"'`/-@ \n<>&$%net user\\^()|;", max_size=200))
def test_masking_keeps_lines_and_finds_nothing_more_the_second_time(text: str) -> None:
    masked, found = mask_secrets(text)
    assert masked.count("\n") == text.count("\n")
    assert bool(found) == (masked != text)
