"""Certificates: the server's, when it is refused and when it binds a log-on; the client's, when it is the log-on.

Samba and OpenSSL where they do it; else servers that answer as recorded or specified, Windows not being at hand.
"""

from __future__ import annotations

import hashlib
import re
import ssl
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from impacket.krb5.asn1 import AP_REQ, Authenticator
from impacket.krb5.ccache import CCache
from impacket.krb5.crypto import Key, _enctype_table
from impacket.ntlm import AV_PAIRS, NTLMSSP_AV_CHANNEL_BINDINGS, NTLMAuthChallengeResponse
from ldap3.protocol.rfc4511 import LDAPMessage
from pyasn1.codec.ber import decoder

from adaudit.collect.authentication import ClientCertificate, Kerberos, Ntlm, Simple
from adaudit.collect.endpoint import Endpoint, Security, trust
from adaudit.collect.failures import BindRefused, tls_failure
from adaudit.errors import ConnectionFailed, UsageError
from tests.collect import scripted_server as server

if TYPE_CHECKING:
    from tests.collect.conftest import Proxies
    from tests.testbed import Directory

TLS = [Security.LDAPS, Security.START_TLS]
PROTOCOL_VERSION = bytes.fromhex("15030300020246")
"""The alert of TLS that refuses every version that was offered (RFC 8446 section 6.2)."""

USER_SID = bytes.fromhex("010500000000000515000000010000000200000003000000e8030000")
ANONYMOUS_SID = bytes.fromhex("010100000000000507000000")


def operation(request: bytes) -> object:
    message, _ = decoder.decode(request, asn1Spec=LDAPMessage())
    return message["protocolOp"]


def bindings_hash(certificate: bytes, algorithm: str) -> bytes:
    """What NTLM and Kerberos send for this certificate: the MD5 of a gss_channel_bindings_struct with empty addresses
    (MS-NLMP 2.2.2.1, RFC 4121 section 4.1.1.2) whose data is that of RFC 5929 section 4."""
    data = b"tls-server-end-point:" + hashlib.new(algorithm, certificate).digest()
    return hashlib.md5(bytes(16) + struct.pack("<I", len(data)) + data).digest()


@pytest.mark.samba
@pytest.mark.parametrize("security", TLS)
def test_an_untrusted_certificate_is_shown_for_comparison(lenient: Directory, security: Security) -> None:
    pem = (lenient.folder / "tls/cert.pem").read_bytes()
    fingerprint = x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA256()).hex(":").upper()
    endpoint = Endpoint(lenient.host, security, timeout=20, address=lenient.ip)
    with pytest.raises(ConnectionFailed, match="not trusted") as caught:
        endpoint.connect(Simple("a@corp.test", "never sent"))
    for told in (fingerprint, f"subject CN={lenient.host}", "issuer CN=Testbed CA", "--ca-file"):
        assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.samba
@pytest.mark.parametrize("security", TLS)
def test_a_certificate_for_another_name_is_told_with_its_names(lenient: Directory, security: Security) -> None:
    endpoint = Endpoint("dc9.corp.test", security, ca_file=lenient.ca_file, timeout=20, address=lenient.ip)
    with pytest.raises(ConnectionFailed, match=f"not for dc9.corp.test but for {lenient.host}, {lenient.ip}:"):
        endpoint.connect(Simple("a@corp.test", "never sent"))


@pytest.mark.samba
def test_to_look_at_a_refused_certificate_nothing_is_said(lenient: Directory, proxies: Proxies) -> None:
    proxy = proxies(lenient.ip, 389)
    endpoint = Endpoint("localhost", Security.START_TLS, proxy.port, ca_file=lenient.ca_file, timeout=20)
    with pytest.raises(ConnectionFailed, match="certificate is not for localhost but for"):
        endpoint.connect(Simple("a@corp.test", "never sent"))
    assert proxy.connections == 2
    assert b"a@corp.test" not in proxy.said()


def test_the_authority_that_issued_the_certificate_is_enough(tmp_path: Path) -> None:
    """The certificate above which stands another that nobody gave to us."""
    theirs = issued_below_a_root(tmp_path)
    for authority in ("issuing.pem", "issuing.der", "root.pem"):
        with server.scripted([server.bound], server.serving(theirs)) as heard:
            endpoint = Endpoint(server.HOST, Security.LDAPS, heard.port, tmp_path / authority, 10, server.LOOPBACK)
            endpoint.connect(Simple("a@corp.test", "secret")).unbind()


def issued_below_a_root(folder: Path) -> Path:
    """A PEM file of a server whose certificate an authority below a root has issued; both authorities beside it."""
    issuer: tuple[x509.Name, ec.EllipticCurvePrivateKey] | None = None
    chain: list[x509.Certificate] = []
    for name in ("root", "issuing", server.HOST):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        authority, authority_key = issuer or (subject, key)
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(authority, subject, key.public_key(), 7, now, now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=name != server.HOST, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(authority_key, hashes.SHA256())
        )
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / f"{name}.der").write_bytes(certificate.public_bytes(serialization.Encoding.DER))
        chain.insert(0, certificate)
        issuer = subject, key
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    whole = folder / "server.pem"
    whole.write_bytes(b"".join(each.public_bytes(serialization.Encoding.PEM) for each in chain[:2]) + secret)
    return whole


@pytest.mark.parametrize("content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\n"])
def test_a_file_without_certificates_does_not_stand_for_those_of_the_system(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"ca\.pem: holds no certificate"):
        trust(path)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"", "may lack a certificate for its LDAP service; --sealed"),
        (PROTOCOL_VERSION, "no TLS 1.2 or later.*protocol version"),
        (b"0\x0c\x02\x01\x01a\x07\n\x01\x02\x04\x00\x04\x00", "no TLS on this port.*636"),
    ],
    ids=["closed", "old", "plain LDAP"],
)
def test_a_handshake_that_fails_is_told_with_its_cause(answer: bytes, told: str) -> None:
    with server.talking(lambda client, _: client.sendall(answer)) as port, pytest.raises(ConnectionFailed, match=told):
        Endpoint(server.LOOPBACK, Security.LDAPS, port, timeout=5).connect(Simple("a@corp.test", "secret"))


def test_whatever_a_certificate_says_of_itself_is_one_short_line(tmp_path: Path) -> None:
    sound = server.der(server.self_signed(tmp_path, server.HOST))
    of_version_4 = sound.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020103"))
    twice_named = sound.replace(bytes.fromhex("0603551d13"), bytes.fromhex("0603551d11"))
    for der in (of_version_4, twice_named):
        assert der != sound
        assert hashlib.sha256(der).digest().hex(":").upper() in untrusted(der)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "dc1")])
    now = datetime.now(UTC)
    many = x509.SubjectAlternativeName([x509.DNSName(f"dc{number}.corp.test") for number in range(900)])
    crowded = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 7, now, now + timedelta(days=1))
        .add_extension(many, critical=False)
        .sign(key, hashes.SHA256())
    )
    line = untrusted(crowded.public_bytes(serialization.Encoding.DER), verify_code=62)
    assert "dc0.corp.test, " in line
    assert ", 890 more" in line
    assert len(line) < 500


def untrusted(der: bytes, verify_code: int = 18) -> str:
    error = ssl.SSLCertVerificationError(1, "refused")
    error.verify_code, error.verify_message = verify_code, "refused"
    return str(tls_failure(error, server.HOST, "dc1:636", der))


@pytest.mark.parametrize("security", TLS)
def test_a_client_certificate_logs_on(security: Security, tmp_path: Path) -> None:
    """Over LDAPS by the handshake alone, after StartTLS by the mechanism EXTERNAL (MS-ADTS 5.1.1.2)."""
    ours = server.self_signed(tmp_path, "auditeur")
    theirs = server.self_signed(tmp_path, server.HOST)
    starts_tls = security is Security.START_TLS
    answer = server.bound if starts_tls else server.entry("tokenGroups", USER_SID)
    with server.scripted([answer], server.serving(theirs, clients=ours), starts_tls=starts_tls) as heard:
        endpoint = Endpoint(server.HOST, security, heard.port, theirs, 10, server.LOOPBACK)
        connection = endpoint.connect(ClientCertificate(ours))
        connection.unbind()
    assert heard.client_certificate == server.der(ours)
    asked = operation(heard.requests[0])
    if starts_tls:
        assert str(asked["bindRequest"]["authentication"]["sasl"]["mechanism"]) == "EXTERNAL"
        assert not bytes(asked["bindRequest"]["authentication"]["sasl"]["credentials"])
    else:
        assert asked.getName() == "searchRequest"
    assert operation(heard.requests[1]).getName() == "unbindRequest"


def test_a_certificate_that_is_mapped_to_nobody_is_no_log_on(tmp_path: Path) -> None:
    ours = server.self_signed(tmp_path, "auditeur")
    theirs = server.self_signed(tmp_path, server.HOST)
    answer = server.entry("tokenGroups", ANONYMOUS_SID)
    with server.scripted([answer], server.serving(theirs, clients=ours)) as heard:
        endpoint = Endpoint(server.HOST, Security.LDAPS, heard.port, theirs, 10, server.LOOPBACK)
        with pytest.raises(BindRefused, match="maps the certificate CN=auditeur to no account"):
            endpoint.connect(ClientCertificate(ours))


def test_a_client_certificate_without_a_key_that_can_be_used_is_refused(tmp_path: Path) -> None:
    whole = server.self_signed(tmp_path, "auditeur")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    loaded = serialization.load_pem_private_key(whole.read_bytes().partition(b"-----END CERTIFICATE-----\n")[2], None)
    certificate.write_bytes(whole.read_bytes().partition(b"-----BEGIN PRIVATE")[0])
    secret = serialization.BestAvailableEncryption(b"secret")
    key.write_bytes(loaded.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret))
    other = server.self_signed(tmp_path, "autre")
    for credentials, told in (
        (ClientCertificate(certificate), "certificate.pem"),
        (ClientCertificate(certificate, key), r"key\.pem.*encrypted"),
        (ClientCertificate(certificate, other), r"autre\.pem"),
        (ClientCertificate(tmp_path / "none.pem"), r"none\.pem"),
    ):
        with pytest.raises(UsageError, match=told):
            Endpoint(server.HOST, address=server.LOOPBACK).connect(credentials)


@pytest.mark.parametrize("security", TLS)
@pytest.mark.parametrize("algorithm", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()], ids=lambda each: each.name)
def test_ntlm_is_bound_to_the_certificate_of_the_server(
    security: Security, algorithm: hashes.HashAlgorithm, tmp_path: Path
) -> None:
    """By the hash of the certificate's own signature (RFC 5929 section 4.1)."""
    theirs = server.self_signed(tmp_path, server.HOST, algorithm)
    answers = [server.challenge(server.RECORDED_CHALLENGE), server.bound]
    starts_tls = security is Security.START_TLS
    with server.scripted(answers, server.serving(theirs), starts_tls=starts_tls) as heard:
        endpoint = Endpoint(server.HOST, security, heard.port, theirs, 10, server.LOOPBACK)
        endpoint.connect(Ntlm("CORP\\auditeur", "secret")).unbind()
    sasl = operation(heard.requests[1])["bindRequest"]["authentication"]["sasl"]
    message = NTLMAuthChallengeResponse(username="", password="")
    message.fromString(bytes(sasl["credentials"]))
    proof = 16  # NTLMv2_RESPONSE.Response, before the client's challenge with its pairs (MS-NLMP 2.2.2.8)
    pairs = AV_PAIRS(message["ntlm"][proof + 28 :])
    assert str(sasl["mechanism"]) == "GSS-SPNEGO"
    assert pairs[NTLMSSP_AV_CHANNEL_BINDINGS][1] == bindings_hash(server.der(theirs), algorithm.name)
    assert not message["flags"] & 0x30  # neither signing nor sealing inside TLS


@pytest.mark.samba
def test_kerberos_is_bound_to_the_certificate_of_the_server(lenient: Directory, tmp_path: Path) -> None:
    """As the ticket's own session key shows: the authenticator's checksum holds the hash (RFC 4121 section 4.1.1)."""
    from tests.testbed import kinit

    theirs = server.self_signed(tmp_path, server.HOST)
    kinit(lenient, lenient.auditor, tmp_path / "ccache")
    refuse = [lambda request: server.result(request, server.BIND_RESPONSE, 49)]
    with server.scripted(refuse, server.serving(theirs)) as heard:
        endpoint = Endpoint(server.HOST, Security.LDAPS, heard.port, theirs, 10, server.LOOPBACK)
        with pytest.raises(BindRefused):
            endpoint.connect(Kerberos(ccache=tmp_path / "ccache"))
    token = bytes(operation(heard.requests[0])["bindRequest"]["authentication"]["sasl"]["credentials"])
    request, _ = decoder.decode(token[re.search(rb"\x01\x00(?=\x6e)", token).end() :], asn1Spec=AP_REQ())
    ticket = CCache.loadFile(str(tmp_path / "ccache")).getCredential(f"ldap/{server.HOST}@CORP.TEST")
    key = Key(ticket["key"]["keytype"], ticket["key"]["keyvalue"])
    usage = 11  # the authenticator of an AP-REQ (RFC 4120 section 7.5.1)
    plain = _enctype_table[key.enctype].decrypt(key, usage, bytes(request["authenticator"]["cipher"]))
    authenticator, _ = decoder.decode(plain, asn1Spec=Authenticator())
    checksum = bytes(authenticator["cksum"]["checksum"])
    assert checksum[4:20] == bindings_hash(server.der(theirs), "sha256")
    flags = int.from_bytes(checksum[20:24], "little")
    assert flags & 0x30 == 0  # neither confidentiality nor integrity inside TLS
    assert flags & 0x02  # mutual authentication
