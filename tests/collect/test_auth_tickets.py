"""Kerberos tickets for others than LDAP, and what stays behind of credentials."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import krb5
import pytest
import spnego
from impacket.smbconnection import SMBConnection

from adaudit.collect.authentication import ClientCertificate, Credentials, Kerberos, Ntlm, Simple
from adaudit.collect.endpoint import Endpoint
from adaudit.collect.failures import BindRefused
from adaudit.collect.kerberos import identified, login, service_ticket
from adaudit.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.testbed import Directory


@pytest.mark.samba
@pytest.mark.parametrize("source", ["password", "ccache", "keytab"])
def test_a_service_ticket_opens_an_smb_session(lenient: Directory, source: str, tmp_path: Path) -> None:
    from tests.testbed import kinit, write_keytab

    account = lenient.auditor
    kinit(lenient, account, tmp_path / "ccache")
    write_keytab(lenient, account, tmp_path / "keytab")
    credentials = {
        "password": Kerberos(account.user, account.password),
        "ccache": Kerberos(ccache=tmp_path / "ccache"),
        "keytab": Kerberos(keytab=tmp_path / "keytab"),
    }[source]
    ticket = service_ticket(credentials, "cifs", lenient.host)
    assert (ticket.user, ticket.realm) == ("auditeur", "CORP.TEST")
    session = SMBConnection(lenient.host, lenient.ip)
    session.kerberosLogin(ticket.user, "", ticket.realm, TGS=ticket.ticket, useCache=False)
    assert "sysvol" in [share["shi1_netname"].rstrip("\0") for share in session.listShares()]
    session.close()


@pytest.mark.samba
def test_a_service_that_nobody_registered_is_named(lenient: Directory) -> None:
    account = Kerberos(lenient.auditor.user, lenient.auditor.password)
    with pytest.raises(BindRefused, match=r"knows no service cifs/dc7\.corp\.test"):
        service_ticket(account, "cifs", "dc7.corp.test")
    with pytest.raises(BindRefused, match="wrong password"):
        service_ticket(Kerberos("alternatif@corp.test", "Wr0ng!secret"), "cifs", lenient.host)


@pytest.mark.samba
@pytest.mark.parametrize("method", [Simple, Ntlm, Kerberos])
def test_no_password_and_no_ticket_is_held_after_the_log_on(
    lenient: Directory, method: Callable[[str, str], Credentials]
) -> None:
    credentials = method(lenient.auditor.user, lenient.auditor.password)
    endpoint = Endpoint(lenient.host, ca_file=lenient.ca_file, timeout=20, address=lenient.ip)
    before = len(list(krb5.cccol_iter(krb5.init_context())))
    connection = endpoint.connect(credentials)
    assert len(list(krb5.cccol_iter(krb5.init_context()))) == before
    assert lenient.auditor.password in map(values_of, reachable(credentials))
    assert not any(lenient.auditor.password in values_of(each) for each in reachable(connection))
    connection.unbind()


def reachable(root: object) -> list[object]:
    """What can be reached from ``root`` without passing through modules and classes."""
    found: dict[int, object] = {}
    waiting = [root]
    while waiting:
        each = waiting.pop()
        if id(each) not in found and not isinstance(each, type | type(gc)):
            found[id(each)] = each
            waiting += gc.get_referents(each)
    return list(found.values())


def values_of(each: object) -> str:
    if isinstance(each, bytes | bytearray):
        return each.decode(errors="replace")
    return each if isinstance(each, str) else ""


def test_no_secret_is_shown_by_credentials() -> None:
    secret = "Secret-2026!"
    for credentials in (Simple("a@b", secret), Ntlm("a@b", secret), Kerberos("a@b", secret)):
        assert secret not in repr(credentials)
        assert credentials.name == "a@b"


def test_credentials_that_mean_something_else_cannot_be_made(tmp_path: Path) -> None:
    """An empty password asks for an anonymous session."""
    for method in (Simple, Ntlm, Kerberos):
        with pytest.raises(UsageError, match="password is empty"):
            method("a@b", "")
        with pytest.raises(UsageError, match="name of the account is empty"):
            method("", "secret")
    with pytest.raises(UsageError, match="takes one"):
        Kerberos("a@b", "secret", ccache=tmp_path)
    with pytest.raises(UsageError, match=r"certificate\.pem"):
        _ = ClientCertificate(tmp_path / "certificate.pem").name


def test_without_the_extra_kerberos_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "adaudit.collect.tickets", raising=False)
    monkeypatch.delattr("adaudit.collect.tickets", raising=False)
    monkeypatch.setitem(sys.modules, "krb5", None)
    with pytest.raises(UsageError, match=r"pip install 'adaudit\[kerberos\]'"):
        service_ticket(Kerberos("a@b", "secret"), "cifs", "dc1.corp.test")
    with pytest.raises(UsageError, match=r"pip install 'adaudit\[kerberos\]'"):
        identified(Kerberos("a@b", "secret"))


def test_windows_takes_the_logged_on_user_or_a_password(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What SSPI is asked for; that it answers is untested."""
    monkeypatch.setattr("adaudit.collect.kerberos._WINDOWS", True)
    with login(Kerberos(), "dc1.corp.test") as credential:
        assert credential == spnego.CredentialCache(None)
    with login(Kerberos("a@b", "secret"), "dc1.corp.test") as credential:
        assert credential == spnego.Password("a@b", "secret")
    for refused in (Kerberos(ccache=tmp_path), Kerberos(keytab=tmp_path)):
        with pytest.raises(UsageError, match="no ccache and no keytab"), login(refused, "dc1.corp.test"):
            pass
    with pytest.raises(UsageError, match="give a user and a password"):
        service_ticket(Kerberos(), "cifs", "dc1.corp.test")
