"""Where to connect and how the connection is secured."""

from __future__ import annotations

import ssl
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from adaudit.collect.authentication import ClientCertificate, Credentials, Simple
from adaudit.errors import UsageError

if TYPE_CHECKING:
    from adaudit.collect.connection import ReadOnlyConnection


class Security(StrEnum):
    """How what travels is protected; SEALED: signed and encrypted by NTLM or Kerberos, without TLS."""

    LDAPS = "ldaps"
    START_TLS = "start_tls"
    SEALED = "sealed"
    PLAINTEXT = "plaintext"

    @property
    def has_tls(self) -> bool:
        return self in (Security.LDAPS, Security.START_TLS)


DEFAULT_PORTS = {Security.LDAPS: 636, Security.START_TLS: 389, Security.SEALED: 389, Security.PLAINTEXT: 389}
CLEAR_PORTS = (389, 3268)
"""LDAP and global catalogue ports that speak no TLS from the start."""


@dataclass(frozen=True)
class Endpoint:
    """A server. ``host`` is the name that its certificate and its service bear; ``address`` is where to connect when
    the name server is not to be asked. ``ca_file``: PEM or DER certificates to trust instead of the system's;
    ``timeout`` in seconds."""

    host: str
    security: Security = Security.LDAPS
    port: int | None = None
    ca_file: Path | None = None
    timeout: float = 60.0
    address: str | None = None

    def connect(self, credentials: Credentials) -> ReadOnlyConnection:
        """A bound connection; over TLS the certificate and the host name are checked.

        May be called again with the same credentials. Raises UsageError for what should not be tried,
        ConnectionFailed when the server cannot be reached, trusted or refuses; a password is tried once.
        """
        from adaudit.collect.opening import Opening  # needs ldap3

        port = self.port or DEFAULT_PORTS[self.security]
        self._check(credentials, port)
        tls = self._tls(credentials) if self.security.has_tls else None
        opening = Opening(self.host, port, timeout=self.timeout, address=self.address)
        with ExitStack() as on_failure:
            on_failure.callback(opening.close)
            if tls is not None and self.security is Security.START_TLS:
                opening.start_tls(tls)
            elif tls is not None:
                opening.secure(tls)
            connection = opening.bind(
                credentials,
                seal=self.security is Security.SEALED,
                allow_plaintext=self.security is Security.PLAINTEXT,
            )
            on_failure.pop_all()
            return connection

    def _check(self, credentials: Credentials, port: int) -> None:
        if "://" in self.host:
            raise UsageError("a host name is expected, not a URL", place=self.host)
        if self.host.startswith("["):
            raise UsageError("an IPv6 address is given without brackets", place=self.host)
        if self.security is Security.LDAPS and port in CLEAR_PORTS:
            raise UsageError(f"port {port} does not speak LDAPS: add --start-tls, or leave out --port")
        if self.security is Security.SEALED and isinstance(credentials, Simple):
            raise UsageError("a simple bind cannot be sealed: use NTLM or Kerberos, or TLS")
        if isinstance(credentials, ClientCertificate) and not self.security.has_tls:
            raise UsageError("a client certificate needs TLS")

    def _tls(self, credentials: Credentials) -> ssl.SSLContext:
        tls = trust(self.ca_file)
        if isinstance(credentials, ClientCertificate):
            present(tls, credentials)
        return tls


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """Trust the certificates of ``ca_file`` (PEM or DER), or of the system. Raises UsageError when it has none."""
    if ca_file is None:
        return ssl.create_default_context()
    try:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        content = ca_file.read_bytes()
        if b"-----BEGIN" in content:
            tls.load_verify_locations(cafile=ca_file)
        else:
            tls.load_verify_locations(cadata=content)
    except (OSError, ValueError) as error:
        raise UsageError(f"holds no certificate that can be read ({error})", place=str(ca_file)) from error
    tls.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # an issuing authority is enough, without the root above it
    return tls


def present(tls: ssl.SSLContext, credentials: ClientCertificate) -> None:
    """Show this certificate to a server that asks for one. Raises UsageError when it cannot be used."""

    def refuse() -> str:
        raise UsageError("the key is encrypted: decrypt it, openssl pkey does", place=str(key))

    key = credentials.key or credentials.certificate
    try:
        tls.load_cert_chain(credentials.certificate, credentials.key, password=refuse)
    except OSError as error:
        raise UsageError(f"no certificate with its key in PEM ({error})", place=str(key)) from error
