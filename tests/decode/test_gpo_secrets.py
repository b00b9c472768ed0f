"""Passwords in scripts and command lines: none passes, and what is none stays readable."""

from __future__ import annotations

import time
from base64 import b64encode

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
    "net use Z: //srv/dav {} /user:adm",
    r"net use Z: \\srv\my share {} /user:adm",
    "rasdial vpn adm {} /domain:x",
    "bitsadmin /setcredentials tache SERVER BASIC adm {}",
    "slmgr.vbs poste adm {} /dli",
    "cscript prncnfg.vbs -u adm -w {}",
    r"logman create counter x -u CORP\adm {}",
    "manage-bde -unlock C: -rp {}",
    "setx DB_PASSWORD {} /m",
    "cscript adsutil.vbs SET W3SVC/WAMUserPass {}",
    "smbclient -Uadm%{} //srv/share",
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
    'objNetwork.MapNetworkDrive "Z:", "\\\\srv\\share", , "user", "{}"',
    'RunAs("adm", "CORP", "{}", 0, "cmd")',
    'setx MDP "{}"',
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
@settings(max_examples=15)
@given(secret=password(LETTERS + SIGNS))
def test_no_password_passes_among_the_words_of_a_command(form: str, secret: str) -> None:
    assert_hidden(form, secret)


@pytest.mark.parametrize("form", QUOTED)
@settings(max_examples=15)
@given(secret=password(LETTERS + SIGNS + " "))
def test_no_password_passes_in_quotes(form: str, secret: str) -> None:
    assert_hidden(form, secret)


@pytest.mark.parametrize("form", TO_THE_END)
@settings(max_examples=15)
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
        "rem mot de passe oublié",
        "' mot de passe oublié : voir avec le support",
        "$pwd = (Get-Location).Path",
        "ConvertTo-SecureString $inconnu -AsPlainText -Force",
        "token = GetToken()",
        "strPassword = objArgs(0)",
        "strPassword = WScript.Arguments(0)",
        "sPassword = GetPassword(sUser)",
        'password = os.environ["PW"]',
        "password = getpass.getpass()",
        "http://chu.example:8080/x@y",
        'if not "%mdp%"=="" echo',
        "passage=3",
        "user account name",
        "sqlplus /nolog",
        r"sqlplus @c:\scripts/x.sql",
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
    for encoding in ("cp1252", "utf-8", "utf-16", "utf-16-le", "utf-16-be"):
        assert decode_script(script.encode(encoding)).settings == (
            Setting("script_secret", "3", "net use", rf"net use Z: \\srv\p {MASK} /user:CORP\svc", "", True),
            Setting("script_secret", "4", "assignment", f"set PWD_SQL={MASK}", "", True),
        )


@pytest.mark.parametrize(
    "text",
    [
        "<AutoLogon><Password><Value>Ωmega9</Value><PlainText>true</PlainText></Password></AutoLogon>",
        "<AdministratorPassword>\n  <Value>Ωmega9</Value>\n</AdministratorPassword>",
        '<setting name="pwd" serializeAs="String"><value>Ωmega9</value></setting>',
        '<entry key="password">Ωmega9</entry>',
        "<Password>Ωmega9",
        '<add\n  value="Ωmega9"\n  key="SqlPassword"\n/>',
        '[GuiUnattended]\nAdminPassword="Ωmega9"',
        '"DefaultPassword"=hex(1):a9,03,\\\n  6d,00',
        "password 51:b:Ωmega9",
        "sqlplus scott/Ωmega9@base @x.sql",
        'exp userid="scott/Ωmega9@base" file=x',
        "conn scott/Ωmega9@base",
        "jdbc:oracle:thin:scott/Ωmega9@srv:1521:base",
        "echo Ωmega9| runas /user:adm cmd",
        "echo Ωmega9 | net use Z: \\\\srv\\share",
        "open ftp.chu.example\nuser labo Ωmega9\nput x\nbye",
        "open ftp.chu.example 21\nlabo\nΩmega9\nbin\nput x",
        "user labo\nΩmega9\nput x",
        "labo\nΩmega9\ncd depot\nput x",
        "echo open ftp.chu.example>f.txt\necho labo>>f.txt\necho Ωmega9>>f.txt\nftp -s:f.txt",
        "@echo user labo Ωmega9 >> f.txt\nftp -n -s:f.txt ftp.chu.example",
        ">>f.txt echo quote PASS Ωmega9\nftp -s:f.txt",
    ],
)
def test_no_password_passes_where_its_place_alone_tells_it(text: str) -> None:
    masked, found = mask_secrets(text)
    assert found
    assert not set("Ωω9") & set(masked) - {"9"}
    assert "mega9" not in masked
    assert "a9,03" not in masked


@pytest.mark.parametrize(
    "announcement",
    [
        "set PASSWORD=",
        'password="',
        "net user secours ",
        "<Password>",
        '$password = @"\n',
        '<add value="',
        "setup.exe /p:",
    ],
)
def test_of_a_value_too_long_to_be_followed_nothing_is_shown(announcement: str) -> None:
    named = '" name="password"' if "value=" in announcement else ""
    masked, found = mask_secrets(
        f"curl -u adm:x https://chu.example/ /u:a /password:y {announcement}{'Ω' * 20_000}{named}"
    )
    assert len(found) >= 1
    assert "Ω" not in masked


def test_a_password_behind_many_blanks_does_not_pass() -> None:
    assert "Ω" not in mask_secrets(f"set PASSWORD={' ' * 500}Ωmega")[0]


def encoded(command: str) -> str:
    return b64encode(command.encode("utf-16-le")).decode()


def test_an_encoded_command_is_hidden_when_it_holds_a_secret_or_cannot_be_decoded() -> None:
    shown = f"powershell -NoProfile -EncodedCommand {encoded('Get-Process | Out-File x.txt')}"
    assert mask_secrets(shown) == (shown, [])
    for hidden in (encoded(r"net use Z: \\srv\share Ωmega9 /user:adm"), "A" * 19, encoded("x" * 9000)):
        command = f"powershell -nop -enc {hidden}"
        assert mask_secrets(command) == (f"powershell -nop -enc {MASK}", [(1, "encoded command")])


@pytest.mark.parametrize(
    "unit",
    [
        "echo ", 'psexec,"a"+', "psexec -p '", "net use ", "a://b:", "<password>", 'name="password" ', "password=",
        "open a\n", "user a ", "sqlplus ", "-enc aaaaaaaaaaaaaaaa", "setx pass ", "reg add ", '@"\n', "$pass=", "|net",
    ],
)  # fmt: skip
def test_a_hostile_line_takes_no_more_than_its_length(unit: str) -> None:
    start = time.process_time()
    mask_secrets(unit * (300_000 // len(unit)))
    assert time.process_time() - start < 5


def test_a_script_in_two_encodings_is_read_in_both() -> None:
    script = b"@echo off\r\n" * 400 + "set MDP=Été\r\n".encode("utf-16-le")
    assert [setting.value for setting in decode_script(script).settings] == [f"set MDP={MASK}"]


def test_a_text_with_too_many_places_to_look_at_is_masked_as_a_whole() -> None:
    assert mask_secrets("net use " * 6000) == (MASK, [(1, "too many to tell")])


@settings(max_examples=200)
@given(st.text(alphabet="pasword=:\"'`/-@ \n<>&$%net user\\^()|;", max_size=200))
def test_masking_keeps_lines_and_finds_nothing_more_the_second_time(text: str) -> None:
    masked, found = mask_secrets(text)
    assert masked.count("\n") == text.count("\n")
    assert bool(found) == (masked != text)
