"""What can leave a connection, how it is secured and how it says no: on a real directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ldap3.protocol.rfc4511 import LDAPMessage
from pyasn1.codec.ber import decoder

from adaudit.collect.authentication import Simple
from adaudit.collect.connection import ConnectionLost, ReadOnlyConnection
from adaudit.collect.endpoint import Endpoint, Security, trust
from adaudit.collect.messages import Scope, Search, decode_entry
from adaudit.collect.opening import Opening
from adaudit.errors import ConnectionFailed, UsageError

if TYPE_CHECKING:
    from tests.collect.conftest import Proxies
    from tests.testbed import Directory

pytestmark = pytest.mark.samba

LOOPBACK = "127.0.0.1"


def operations(sent: bytes) -> list[str]:
    """Names of the LDAP operations in what a client said in clear."""
    names = []
    while sent:
        message, sent = decoder.decode(sent, asn1Spec=LDAPMessage())
        names.append(message["protocolOp"].getName())
    return names


def endpoint(directory: Directory, **changes: object) -> Endpoint:
    return Endpoint(**{"host": directory.ip, "ca_file": Path(directory.ca_file), "timeout": 20.0} | changes)


def login(directory: Directory) -> Simple:
    return Simple(directory.auditor.user, directory.auditor.password)


def everything(directory: Directory) -> Search:
    return Search(directory.base_dn, Scope.SUBTREE, ("*",))


def test_nothing_but_bind_search_abandon_and_unbind_leaves_a_connection(
    samba_baseline: Directory, proxies: Proxies
) -> None:
    proxy = proxies(samba_baseline.ip, 389)
    connection = Endpoint(LOOPBACK, Security.PLAINTEXT, proxy.port).connect(login(samba_baseline))
    list(connection.search(everything(samba_baseline), page_size=50))
    pages = connection.search(everything(samba_baseline), page_size=50)
    next(pages)
    pages.close()
    connection.unbind()
    said = operations(proxy.said())
    assert said[0] == "bindRequest"
    assert said[-2:] == ["abandonRequest", "unbindRequest"]
    assert set(said[1:-2]) == {"searchRequest"}


def test_the_only_thing_said_before_start_tls_is_start_tls(samba_baseline: Directory, proxies: Proxies) -> None:
    proxy = proxies(samba_baseline.ip, 389)
    connection = Opening(LOOPBACK, proxy.port, timeout=20)
    with pytest.raises(ConnectionFailed, match="certificate is not for"):
        connection.start_tls(trust(Path(samba_baseline.ca_file)))
    message, rest = decoder.decode(proxy.said(), asn1Spec=LDAPMessage())
    assert str(message["protocolOp"]["extendedReq"]["requestName"]) == "1.3.6.1.4.1.1466.20037"
    assert rest[:1] == b"\x16"  # a TLS handshake record


def test_a_connection_offers_no_other_operation() -> None:
    offered = {name for name in vars(ReadOnlyConnection) if not name.startswith("_")}
    assert offered == {"search", "abandon", "unbind", "drop", "is_encrypted"}


@pytest.mark.parametrize("security", [Security.LDAPS, Security.START_TLS])
def test_a_secured_connection_reads_the_directory(samba_baseline: Directory, security: Security) -> None:
    connection = endpoint(samba_baseline, security=security).connect(login(samba_baseline))
    assert connection.is_encrypted
    page = next(connection.search(Search(samba_baseline.base_dn, Scope.BASE, ("distinguishedName",))))
    connection.unbind()
    assert [decode_entry(envelope)[0] for envelope in page.entries] == [samba_baseline.base_dn]


@pytest.mark.parametrize("security", [Security.LDAPS, Security.START_TLS])
def test_a_certificate_of_an_unknown_authority_is_refused_with_the_remedy(
    samba_baseline: Directory, security: Security
) -> None:
    with pytest.raises(ConnectionFailed, match=r"not trusted.*--ca-file"):
        endpoint(samba_baseline, security=security, ca_file=None).connect(login(samba_baseline))


@pytest.mark.parametrize(("security", "port"), [(Security.LDAPS, 636), (Security.START_TLS, 389)])
def test_a_certificate_for_another_host_is_refused(
    samba_baseline: Directory, proxies: Proxies, security: Security, port: int
) -> None:
    proxy = proxies(samba_baseline.ip, port)
    asked = endpoint(samba_baseline, host=LOOPBACK, port=proxy.port, security=security)
    with pytest.raises(ConnectionFailed, match="certificate is not for"):
        asked.connect(login(samba_baseline))
    assert samba_baseline.auditor.password.encode() not in proxy.said()


def test_a_plain_text_bind_is_refused_before_the_password_leaves(samba_baseline: Directory, proxies: Proxies) -> None:
    proxy = proxies(samba_baseline.ip, 389)
    connection = Opening(LOOPBACK, proxy.port, timeout=20)
    with pytest.raises(UsageError, match="plain text"):
        connection.bind(login(samba_baseline))
    connection.close()
    assert samba_baseline.auditor.password.encode() not in proxy.said()


def test_an_empty_password_is_never_sent(samba_baseline: Directory) -> None:
    with pytest.raises(UsageError, match="empty"):
        endpoint(samba_baseline).connect(Simple(samba_baseline.auditor.user, ""))


def test_a_wrong_password_is_tried_once(samba_baseline: Directory, proxies: Proxies) -> None:
    proxy = proxies(samba_baseline.ip, 389)
    with pytest.raises(ConnectionFailed, match="wrong user name or password") as refusal:
        Endpoint(LOOPBACK, Security.PLAINTEXT, proxy.port).connect(Simple(samba_baseline.auditor.user, "Wr0ng!secret"))
    assert "Wr0ng!secret" not in str(refusal.value)
    assert operations(proxy.said()) == ["bindRequest", "unbindRequest"]
    assert proxy.connections == 1


def test_nothing_listening_is_told_from_an_unknown_host(samba_baseline: Directory) -> None:
    with pytest.raises(ConnectionFailed, match="refused"):
        Endpoint(samba_baseline.ip, port=1).connect(Simple("a@b", "c"))
    for host in ("dc1.nowhere.invalid", "dc1..corp", "x" * 300):
        with pytest.raises(ConnectionFailed, match="unknown host"):
            Endpoint(host).connect(Simple("a@b", "c"))
    with pytest.raises(UsageError, match="not a URL"):
        Endpoint("ldaps://dc1.corp.test").connect(Simple("a@b", "c"))
    with pytest.raises(UsageError, match="without brackets"):
        Endpoint("[::1]").connect(Simple("a@b", "c"))


def test_a_server_that_says_nothing_is_not_waited_for_forever(samba_baseline: Directory, proxies: Proxies) -> None:
    proxy = proxies(samba_baseline.ip, 636, limit=0, then="hold")
    with pytest.raises(ConnectionFailed, match="no answer to the TLS handshake"):
        Endpoint(LOOPBACK, port=proxy.port, timeout=0.2).connect(login(samba_baseline))


def test_ldaps_on_a_plain_port_says_what_to_do(samba_baseline: Directory, proxies: Proxies) -> None:
    with pytest.raises(UsageError, match="--start-tls"):
        endpoint(samba_baseline, port=389).connect(login(samba_baseline))
    with pytest.raises(ConnectionFailed, match="--start-tls"):
        Endpoint(LOOPBACK, port=proxies(samba_baseline.ip, 389).port, timeout=0.5).connect(Simple("a@b", "c"))


def test_a_ca_file_without_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate here")
    with pytest.raises(UsageError, match=r"ca\.pem"):
        trust(tmp_path / "ca.pem")


def test_a_search_cut_off_by_the_network_is_told(samba_baseline: Directory, proxies: Proxies) -> None:
    proxy = proxies(samba_baseline.ip, 389, limit=60_000)
    connection = Endpoint(LOOPBACK, Security.PLAINTEXT, proxy.port).connect(login(samba_baseline))
    with pytest.raises(ConnectionLost):
        list(connection.search(everything(samba_baseline)))


def test_a_silent_server_is_told_after_the_timeout(samba_baseline: Directory, proxies: Proxies) -> None:
    proxy = proxies(samba_baseline.ip, 389, limit=60_000, then="hold")
    connection = Endpoint(LOOPBACK, Security.PLAINTEXT, proxy.port, timeout=2).connect(login(samba_baseline))
    with pytest.raises(ConnectionLost, match="no answer for 2 seconds"):
        list(connection.search(everything(samba_baseline)))


def test_small_pages_and_one_big_page_bring_the_same_objects(samba_baseline: Directory) -> None:
    connection = endpoint(samba_baseline).connect(login(samba_baseline))
    answers = []
    for page_size in (7, 1000):
        pages = list(connection.search(everything(samba_baseline), page_size=page_size))
        answers.append([decode_entry(envelope) for page in pages for envelope in page.entries])
    connection.unbind()
    assert len(answers[0]) > 200
    assert answers[0] == answers[1]


def test_searches_may_overlap(samba_baseline: Directory) -> None:
    connection = endpoint(samba_baseline).connect(login(samba_baseline))
    dns = []
    for page in connection.search(everything(samba_baseline), page_size=100):
        head = next(connection.search(Search(samba_baseline.base_dn, Scope.BASE, ("*",)), page_size=None))
        assert decode_entry(head.entries[0])[0] == samba_baseline.base_dn
        dns += [decode_entry(envelope)[0] for envelope in page.entries]
    connection.unbind()
    assert len(dns) == len(set(dns)) > 200
