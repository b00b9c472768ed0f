"""Where to connect and how the connection is secured."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from adaudit.collect.connection import ReadOnlyConnection
from adaudit.errors import UsageError


class Security(StrEnum):
    LDAPS = "ldaps"
    START_TLS = "start_tls"
    PLAINTEXT = "plaintext"


DEFAULT_PORTS = {Security.LDAPS: 636, Security.START_TLS: 389, Security.PLAINTEXT: 389}
CLEAR_PORTS = (389, 3268)
"""LDAP and global catalogue ports that speak no TLS from the start."""


@dataclass(frozen=True)
class Endpoint:
    """A server. ``ca_file``: PEM or DER certificates to trust instead of the system's; ``timeout`` in seconds."""

    host: str
    security: Security = Security.LDAPS
    port: int | None = None
    ca_file: Path | None = None
    timeout: float = 60.0

    def connect(self, user: str, password: str) -> ReadOnlyConnection:
        """A bound connection, over TLS with certificate and host name checked unless ``security`` is PLAINTEXT.

        Raises UsageError for what should not be tried, ConnectionFailed when the server cannot be reached, trusted
        or refuses; the password is tried once.
        """
        if "://" in self.host:
            raise UsageError("a host name is expected, not a URL", place=self.host)
        port = self.port or DEFAULT_PORTS[self.security]
        if self.security is Security.LDAPS and port in CLEAR_PORTS:
            raise UsageError(f"port {port} does not speak LDAPS: add --start-tls, or leave out --port")
        tls = None if self.security is Security.PLAINTEXT else trust(self.ca_file)
        at_once = tls if self.security is Security.LDAPS else None
        connection = ReadOnlyConnection(self.host, port, timeout=self.timeout, tls=at_once)
        if tls is not None and at_once is None:
            connection.start_tls(tls)
        connection.bind(user, password, allow_plaintext=self.security is Security.PLAINTEXT)
        return connection


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """Trust the certificates of ``ca_file`` (PEM or DER), or of the system. Raises UsageError when it has none."""
    if ca_file is None:
        return ssl.create_default_context()
    try:
        content = ca_file.read_bytes()
        if b"-----BEGIN" in content:
            return ssl.create_default_context(cafile=str(ca_file))
        return ssl.create_default_context(cadata=content)
    except OSError as error:
        raise UsageError(f"holds no certificate that can be read ({error})", place=str(ca_file)) from error
