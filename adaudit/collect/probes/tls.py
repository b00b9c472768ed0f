"""What a server's TLS is made of: its certificate, whom it is trusted by, and the versions it accepts."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final

from cryptography import x509

from adaudit.collect.probes.ldap_line import LdapLine
from adaudit.collect.probes.line import Line, LineLost, NotAttempted, Unanswered
from adaudit.collect.probes.model import Fact, Means, fact, facts
from adaudit.decode.certificate import parse_certificate

VERSIONS: Final = {
    "ssl_3_0": ssl.TLSVersion.SSLv3,
    "tls_1_0": ssl.TLSVersion.TLSv1,
    "tls_1_1": ssl.TLSVersion.TLSv1_1,
    "tls_1_2": ssl.TLSVersion.TLSv1_2,
    "tls_1_3": ssl.TLSVersion.TLSv1_3,
}

_EVERY_CIPHER: Final = "ALL:@SECLEVEL=0"
"""What old servers offer must be offered too: the question is what they accept, not what is good."""

_LEGACY_SERVER_CONNECT: Final = 0x4
"""SSL_OP_LEGACY_SERVER_CONNECT: servers without RFC 5746; Python names it from 3.12 on."""

_REFUSALS: Final = frozenset(
    {
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "TLSV1_ALERT_INSUFFICIENT_SECURITY",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "UNSUPPORTED_PROTOCOL",
    }
)
"""OpenSSL's names for a server that refuses a version or its ciphers, or that answers with another version."""

_MOST_NAMES: Final = 100

_NO_NAMES: Final = (
    ValueError,
    x509.InvalidVersion,
    x509.ExtensionNotFound,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


def secure_unchecked(line: Line) -> ssl.SSLSocket:
    """TLS with whatever certificate: nothing secret is sent over it. Raises Unanswered."""
    try:
        return line.secure(_unchecked())
    except ssl.SSLError as error:
        raise Unanswered(f"no TLS: {error.reason or error}") from error


def ldaps_certificate(line: Line, _means: Means) -> Iterator[Fact]:
    """A handshake that accepts any certificate, to read it."""
    yield from _certificate_facts(secure_unchecked(line))


def start_tls(line: Line, _means: Means) -> Iterator[Fact]:
    """StartTLS on the LDAP port, then the same handshake."""
    result = LdapLine(line).start_tls()
    yield fact("offered", result.is_success)
    if result.is_success:
        yield from _certificate_facts(secure_unchecked(line))
    else:
        yield "result", str(result)


def ldaps_trust(line: Line, means: Means) -> Iterator[Fact]:
    """A handshake that checks chain and name, as the collection does."""
    try:
        line.secure(means.trust)
    except ssl.SSLCertVerificationError as error:
        yield from (fact("trusted", False), ("reason", error.verify_message))
    except ssl.SSLError as error:
        raise Unanswered(f"no TLS: {error.reason or error}") from error
    else:
        yield fact("trusted", True)


@dataclass(frozen=True)
class TlsVersion:
    """A handshake that offers one version and every cipher."""

    version: ssl.TLSVersion

    def __call__(self, line: Line, _means: Means) -> Iterator[Fact]:
        try:
            secured = line.secure(_offering(self.version))
        except LineLost as error:
            yield from (fact("accepted", False), ("refusal", error.message))
        except ssl.SSLError as error:
            if error.reason not in _REFUSALS:
                raise Unanswered(f"no TLS: {error.reason or error}") from error
            yield from (fact("accepted", False), ("refusal", error.reason))
        else:
            yield fact("accepted", True)
            yield from _cipher(secured)


def _unchecked() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.options |= _LEGACY_SERVER_CONNECT
    context.set_ciphers(_EVERY_CIPHER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    return context


def _offering(version: ssl.TLSVersion) -> ssl.SSLContext:
    """A context of one version. Raises NotAttempted where the OpenSSL of this machine does not speak it."""
    available = {
        ssl.TLSVersion.SSLv3: ssl.HAS_SSLv3,
        ssl.TLSVersion.TLSv1: ssl.HAS_TLSv1,
        ssl.TLSVersion.TLSv1_1: ssl.HAS_TLSv1_1,
        ssl.TLSVersion.TLSv1_2: ssl.HAS_TLSv1_2,
        ssl.TLSVersion.TLSv1_3: ssl.HAS_TLSv1_3,
    }
    if not available[version]:
        raise NotAttempted(f"the OpenSSL of this machine does not speak {version.name}")
    context = _unchecked()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    return context


def _certificate_facts(secured: ssl.SSLSocket) -> Iterator[Fact]:
    yield from _cipher(secured)
    der = secured.getpeercert(binary_form=True)
    if der is None:
        raise Unanswered("the server showed no certificate")
    yield from facts(asdict(parse_certificate(der)))
    yield from (("dns_name", name) for name in _dns_names(der))


def _dns_names(der: bytes) -> list[str]:
    """The names that the certificate is for (RFC 5280 4.2.1.6); none when they cannot be read."""
    try:
        extensions = x509.load_der_x509_certificate(der).extensions
        alternatives = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except _NO_NAMES:
        return []
    return alternatives.get_values_for_type(x509.DNSName)[:_MOST_NAMES]


def _cipher(secured: ssl.SSLSocket) -> Iterator[Fact]:
    name, _, bits = secured.cipher() or (None, None, None)
    yield from facts({"version": secured.version(), "cipher": name, "cipher_bits": bits})
