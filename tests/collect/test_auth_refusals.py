"""Each reason why a log-on fails has its line, with the remedy; and what failed is not tried again."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from adaudit.collect.authentication import Credentials, Kerberos, Ntlm, Simple
from adaudit.collect.endpoint import Endpoint, Security
from adaudit.collect.failures import BindRefused
from adaudit.collect.kerberos import identified
from adaudit.collect.refusals import bind_failure
from adaudit.errors import AdauditError, ConnectionFailed, UsageError

if TYPE_CHECKING:
    from tests.collect.conftest import Proxies
    from tests.testbed import Directory

Method = Callable[[str, str], Credentials]
METHODS: dict[str, Method] = {"simple": Simple, "ntlm": Ntlm, "kerberos": Kerberos}
WRONG = "Wr0ng!secret"
COUNTED = "alternatif"
"""The account whose failures are counted."""


def endpoint(directory: Directory, **changes: object) -> Endpoint:
    settings = {"host": directory.host, "ca_file": directory.ca_file, "timeout": 20.0, "address": directory.ip}
    return Endpoint(**settings | changes)


def refusal(directory: Directory, credentials: Credentials, **changes: object) -> AdauditError:
    with pytest.raises(AdauditError) as caught:
        endpoint(directory, **changes).connect(credentials)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.samba
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("desactive", "is disabled"),
        ("verrouille", "is locked out|disabled, locked out or expired"),
        ("expire", "account has expired|disabled, locked out or expired"),
        ("perime", "password (of perime@corp.test )?has expired"),
        ("provisoire", "must be changed first"),
        ("personne", "wrong user name or password|no account personne@corp.test in the realm CORP.TEST"),
    ],
)
def test_an_account_that_may_not_log_on_is_told_why(lenient: Directory, method: Method, name: str, reason: str) -> None:
    error = refusal(lenient, method(f"{name}@corp.test", lenient.auditor.password))
    assert isinstance(error, BindRefused)
    assert re.search(reason, error.message)
    assert lenient.auditor.password not in str(error)


@pytest.mark.samba
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_wrong_password_is_tried_once_and_counted_once(lenient: Directory, proxies: Proxies, method: Method) -> None:
    proxy = proxies(lenient.ip, 389)
    before = failures(lenient)
    user = f"CORP\\{COUNTED}" if method is Ntlm else f"{COUNTED}@corp.test"
    error = refusal(lenient, method(user, WRONG), security=Security.PLAINTEXT, port=proxy.port, address="127.0.0.1")
    assert isinstance(error, BindRefused)
    assert "wrong" in error.message
    assert WRONG not in repr(error)
    assert failures(lenient) == before + 1
    assert proxy.connections == 1
    assert proxy.said().count(b"GSS-SPNEGO") == (2 if method is Ntlm else 0)


def failures(directory: Directory) -> int:
    answer = directory.ldapsearch("-b", directory.base_dn, f"(sAMAccountName={COUNTED})", "badPwdCount")
    return int(re.search(r"^badPwdCount: (\d+)$", answer, re.MULTILINE)[1])


@pytest.mark.samba
@pytest.mark.parametrize("transport", ["TCP", "UDP"])
def test_a_wrong_password_goes_to_one_of_several_kdcs(
    lenient: Directory, transport: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = f"kdc = {lenient.ip}\n"
    config = lenient.krb5_conf.read_text().replace(one, one * 2 + f"master_kdc = {lenient.ip}\n")
    assert "master_kdc" in config
    if transport == "UDP":
        config = config.replace("udp_preference_limit = 1\n", "")
    (tmp_path / "krb5.conf").write_text(config)
    monkeypatch.setenv("KRB5_CONFIG", str(tmp_path / "krb5.conf"))
    before = failures(lenient)
    assert isinstance(refusal(lenient, Kerberos(f"{COUNTED}@corp.test", WRONG)), BindRefused)
    assert failures(lenient) == before + 1


@pytest.mark.samba
def test_the_name_of_a_user_need_not_be_in_the_domain_of_the_controller(lenient: Directory) -> None:
    for method in METHODS.values():
        account = method("camille.alternatif@chu.example", lenient.auditor.password)
        endpoint(lenient).connect(account).unbind()


@pytest.mark.samba
def test_the_same_credentials_log_on_again(lenient: Directory) -> None:
    for method in METHODS.values():
        account = method(lenient.auditor.user, lenient.auditor.password)
        for _ in range(2):
            endpoint(lenient).connect(account).unbind()


@pytest.mark.samba
@pytest.mark.parametrize(
    ("user", "host", "reason"),
    [
        ("auditeur@corp.test", "dc1.ailleurs.example", "no KDC of the realm AILLEURS.EXAMPLE is known.*krb5.conf"),
        ("auditeur@corp.test", "dc2.corp.test", "knows no service ldap/dc2.corp.test.*--server"),
        ("auditeur@corp.test", "127.0.0.1", "--server the name of the domain controller"),
        ("CORP\\auditeur", "dc1.corp.test", "name@domain"),
    ],
)
def test_kerberos_names_what_it_does_not_find(lenient: Directory, user: str, host: str, reason: str) -> None:
    account = Kerberos(user, lenient.auditor.password)
    assert re.search(reason, str(refusal(lenient, account, host=host, security=Security.SEALED)))


@pytest.mark.samba
def test_a_kdc_that_does_not_answer_is_told_apart_from_a_refusal(
    lenient: Directory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = lenient.krb5_conf.read_text().replace(lenient.ip, "127.0.0.1:1")
    (tmp_path / "krb5.conf").write_text(config)
    monkeypatch.setenv("KRB5_CONFIG", str(tmp_path / "krb5.conf"))
    error = refusal(lenient, Kerberos(lenient.auditor.user, lenient.auditor.password))
    assert "no KDC of the realm CORP.TEST answers" in str(error)
    assert not isinstance(error, BindRefused)


@pytest.mark.samba
def test_clocks_too_far_apart_are_told_with_both_times(lenient: Directory, tmp_path: Path) -> None:
    from tests.testbed import kinit

    ccache = tmp_path / "ccache"
    kinit(lenient, lenient.auditor, ccache)
    ccache.write_bytes(with_clock_offset(ccache.read_bytes(), 3600))
    error = refusal(lenient, Kerberos(ccache=ccache))
    here, there = re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(error))
    assert here[:13] <= there[:13]
    assert "the clocks differ" in str(error)


def with_clock_offset(ccache: bytes, seconds: int) -> bytes:
    """The cache as a machine whose clock is that much behind the KDC's keeps it (MIT's file format 4, tag 1)."""
    version, length = struct.unpack_from("!HH", ccache)
    assert version == 0x0504
    return struct.pack("!HHHHii", version, 12, 1, 8, seconds, 0) + ccache[4 + length :]


@pytest.mark.samba
def test_an_expired_ticket_is_told_with_its_end(lenient: Directory, tmp_path: Path) -> None:
    from tests.testbed import kinit

    kinit(lenient, lenient.auditor, tmp_path / "ccache")
    content = (tmp_path / "ccache").read_bytes()
    ends = [at for at in range(len(content) - 12) if is_lifetime(content, at)]
    for at in ends:
        content = content[: at + 8] + struct.pack("!I", 1_600_000_000) + content[at + 12 :]
    (tmp_path / "ccache").write_bytes(content)
    error = refusal(lenient, Kerberos(ccache=tmp_path / "ccache"))
    assert isinstance(error, BindRefused)
    assert "the tickets of auditeur@CORP.TEST expired at 2020-09-13T12:26:40+00:00: run kinit" in str(error)


def is_lifetime(content: bytes, at: int) -> bool:
    """Whether four times of a ticket of ten hours begin there: authtime, starttime, endtime."""
    authenticated, begins, ends = struct.unpack_from("!III", content, at)
    return authenticated == begins > 1_600_000_000 and ends - begins == 36_000


@pytest.mark.parametrize("content", [None, b"", b"no cache, no keytab"], ids=["missing", "empty", "of another kind"])
def test_a_cache_or_keytab_that_cannot_be_read_is_named(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KRB5_CONFIG", str(tmp_path / "none"))
    path = tmp_path / "secrets"
    if content is not None:
        path.write_bytes(content)
    for account in (Kerberos(ccache=path), Kerberos(keytab=path)):
        with pytest.raises(UsageError, match=re.escape(str(path))):
            identified(account)


@pytest.mark.samba
def test_tickets_and_keys_of_somebody_else_are_refused(lenient: Directory, tmp_path: Path) -> None:
    from tests.testbed import kinit, write_keytab

    kinit(lenient, lenient.auditor, tmp_path / "ccache")
    write_keytab(lenient, lenient.auditor, tmp_path / "keytab")
    cached, keyed = Kerberos(ccache=tmp_path / "ccache"), Kerberos(keytab=tmp_path / "keytab")
    assert identified(cached).name == identified(keyed).name == "auditeur@CORP.TEST"
    endpoint(lenient).connect(identified(cached)).unbind()
    endpoint(lenient).connect(identified(keyed)).unbind()
    other = "autre@corp.test"
    assert "auditeur@CORP.TEST, not of autre" in str(refusal(lenient, Kerberos(other, ccache=tmp_path / "ccache")))
    assert "only of auditeur@CORP.TEST" in str(refusal(lenient, Kerberos(other, keytab=tmp_path / "keytab")))


@pytest.mark.samba
def test_without_a_source_the_tickets_at_hand_are_used(
    lenient: Directory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.testbed import kinit

    assert "run kinit" in str(refusal(lenient, Kerberos()))
    kinit(lenient, lenient.auditor, tmp_path / "ccache")
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path}/ccache")
    endpoint(lenient).connect(Kerberos()).unbind()
    assert identified(Kerberos()).name == "auditeur@CORP.TEST"


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("52e", "wrong user name or password"),
        ("418", "takes no NTLM.*--auth kerberos"),
        ("52f", "Protected User.*--auth kerberos"),
        ("775", "locked out"),
        ("80090346", "channel binding.*name the domain controller itself"),
        ("80090302", "takes no NTLM.*--auth kerberos"),
        ("8009030E", "takes no NTLM.*--auth kerberos"),
        ("57", "error 57"),
    ],
)
def test_the_numbers_of_windows_are_put_into_words(number: str, reason: str) -> None:
    """In a message of the form that Windows gives it; the numbers are those of MS-ERREF."""
    message = f"80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data {number}, v4563"
    assert re.search(reason, bind_failure(49, message, "auditeur", "dc1:636").message)


@pytest.mark.parametrize(
    ("account", "is_bare"), [("auditeur", True), ("auditeur@chu.example", False), ("CHU\\a", False)]
)
def test_a_bare_name_that_is_refused_is_to_be_tried_with_its_domain(account: str, is_bare: bool) -> None:
    message = "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 52e, v4563"
    assert ("with its domain" in bind_failure(49, message, account, "dc1:636").message) is is_bare


def test_a_busy_server_is_not_a_refusal() -> None:
    assert type(bind_failure(51, "busy", "auditeur", "dc1:636")) is ConnectionFailed
    assert "--sealed" in bind_failure(8, "00002028: LdapErr: DSID-0C090259", "auditeur", "dc1:389").message
