"""Options that say which server, who reads it, how that is proved and protected."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from adaudit.cli.access import Access, access_options
from adaudit.cli.main import run
from adaudit.collect.authentication import ClientCertificate, Kerberos, Ntlm, Simple
from adaudit.collect.endpoint import Endpoint, Security
from adaudit.errors import UsageError

SERVER = ["--server", "dc1.chu.example"]
USER = ["--user", "auditeur@chu.example"]


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADAUDIT_PASSWORD", "from the variable")


def access(*options: str) -> Access:
    """What a command receives for these options."""

    @click.command()
    @access_options
    def command(*, access: Access) -> Access:
        return access

    told = CliRunner().invoke(command, list(options), standalone_mode=False)
    if told.exception is not None:
        raise told.exception
    received: Access = told.return_value
    return received


def test_by_default_a_simple_bind_goes_over_ldaps() -> None:
    asked = access(*SERVER, *USER)
    assert asked.endpoint == Endpoint("dc1.chu.example", Security.LDAPS, None, None, 60.0)
    assert asked.credentials() == Simple("auditeur@chu.example", "from the variable")


@pytest.mark.parametrize(
    ("options", "security"),
    [
        (["--start-tls"], Security.START_TLS),
        (["--sealed", "--auth", "ntlm"], Security.SEALED),
        (["--allow-plaintext"], Security.PLAINTEXT),
    ],
)
def test_an_option_chooses_the_protection(options: list[str], security: Security) -> None:
    assert access(*SERVER, *USER, *options).endpoint.security is security


def test_another_server_is_reached_in_the_same_way(tmp_path: Path) -> None:
    asked = access(*USER, "--ca-file", str(tmp_path), "--port", "3269", "--timeout", "5")
    expected = Endpoint("dc2.chu.example", Security.LDAPS, 3269, tmp_path, 5.0, "192.0.2.7")
    assert asked.endpoint_of("dc2.chu.example", "192.0.2.7") == expected
    with pytest.raises(UsageError, match="--server"):
        _ = asked.endpoint


def test_each_method_takes_what_it_needs() -> None:
    assert access(*USER, "--auth", "ntlm").credentials() == Ntlm("auditeur@chu.example", "from the variable")
    asked = access(*USER, "--auth", "kerberos")
    assert asked.credentials() == Kerberos("auditeur@chu.example", "from the variable")
    asked = access(*USER, "--ccache", "tickets")
    assert asked.credentials() == Kerberos("auditeur@chu.example", ccache=Path("tickets"))
    asked = access(*USER, "--keytab", "keys")
    assert asked.credentials() == Kerberos("auditeur@chu.example", keytab=Path("keys"))
    asked = access("--client-cert", "c.pem", "--client-key", "k.pem")
    assert asked.credentials() == ClientCertificate(Path("c.pem"), Path("k.pem"))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--start-tls", "--sealed"], "exclude each other"),
        (["--start-tls", "--allow-plaintext"], "exclude each other"),
        ([*USER, "--sealed"], "--sealed needs --auth ntlm or --auth kerberos"),
        (["--auth", "simple", "--ccache", "x"], "--ccache has no meaning with --auth simple"),
        (["--auth", "ntlm", "--keytab", "x"], "--keytab has no meaning with --auth ntlm"),
        (["--ccache", "x", "--keytab", "y"], "exclude each other"),
        (["--keytab", "y", "--password-file", "z"], "--password-file has no meaning"),
        (["--auth", "ntlm", "--client-cert", "x"], "--client-cert has no meaning with --auth ntlm"),
        (["--auth", "kerberos", "--client-key", "x"], "--client-key has no meaning"),
        (["--client-cert", "x", *USER], "--user has no meaning with --auth certificate"),
        (["--client-cert", "x", "--allow-plaintext"], "needs TLS"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options: list[str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        access(*options)


@pytest.mark.parametrize(("auth", "is_same"), [("ntlm", False), ("simple", False), ("kerberos", True)])
def test_a_bare_name_is_another_account_in_another_domain(auth: str, is_same: bool) -> None:
    assert access("--auth", auth, "--user", "auditeur").names_domain is is_same
    for name in ("auditeur@chu.example", "CHU\\auditeur"):
        assert access("--auth", auth, "--user", name).names_domain


def test_through_a_forest_no_bare_name_is_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["collect", "--server", "dc1", "--forest", "--auth", "ntlm", "--user", "auditeur"]
    assert run([*asked, "-o", str(tmp_path / "x.adsnap")]) == 2
    assert "with --forest give --user its domain" in capsys.readouterr().err


def test_what_is_missing_is_named() -> None:
    for options, told in (([], "--user"), (["--auth", "ntlm"], "--user"), (["--auth", "certificate"], "--client-cert")):
        with pytest.raises(UsageError, match=told):
            access(*options).credentials()


def test_the_password_comes_from_the_file_before_the_variable(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("from the file\r\n")
    asked = access(*USER, "--password-file", str(tmp_path / "password"))
    assert asked.credentials() == Simple("auditeur@chu.example", "from the file")


def test_nothing_of_a_password_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_bytes(b"pass\xe9word")
    with pytest.raises(UsageError, match="holds no text in UTF-8") as caught:
        access(*USER, "--password-file", str(path)).credentials()
    assert "e9" not in str(caught.value).removeprefix(str(path))


def test_without_variable_file_or_terminal_there_is_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ADAUDIT_PASSWORD")
    asked = access(*USER)
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        with pytest.raises(UsageError, match="ADAUDIT_PASSWORD"):
            asked.credentials()


def test_no_option_takes_a_password() -> None:
    @access_options
    def command(*, access: Access) -> None:
        raise AssertionError(access)

    names = [option for parameter in command.__click_params__ for option in parameter.opts]
    assert [name for name in names if "pass" in name] == ["--password-file"]
