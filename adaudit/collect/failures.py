"""Why a connection could not be made, and what to do about it: one line each."""

from __future__ import annotations

import ssl
from typing import Final

from adaudit.errors import ConnectionFailed

_HOSTNAME_MISMATCH: Final = 62
_IP_ADDRESS_MISMATCH: Final = 64
_CERTIFICATE_EXPIRED: Final = 10
"""OpenSSL's X509_V_ERR_* numbers."""

_NOTHING_IN_COMMON: Final = frozenset(
    {
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "TLSV1_ALERT_INSUFFICIENT_SECURITY",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "UNSUPPORTED_PROTOCOL",
        "DH_KEY_TOO_SMALL",
    }
)
"""OpenSSL's names for a handshake that fails for want of a version or cipher that both sides take."""


class BindRefused(ConnectionFailed):
    """The server, or a KDC, said no: these credentials must not be tried again, there or elsewhere."""


def open_failure(error: Exception, host: str, port: int, timeout: float) -> ConnectionFailed:
    """The failure of ldap3 to open a connection; it merges the socket's error into the class of its own."""
    place = f"{host}:{port}"
    attempts = error.args[1] if len(error.args) > 1 and isinstance(error.args[1], list) else [(error, None)]
    causes = [cause for cause, _ in attempts]
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return ConnectionFailed("connection refused: is this a domain controller, and is the port right?", place=place)
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return ConnectionFailed(f"no answer in {timeout:g} seconds: is a firewall in between?", place=place)
    if isinstance(error, UnicodeError) or "invalid server address" in str(error):
        return ConnectionFailed(f"unknown host {host}: check the name and the name server", place=place)
    return ConnectionFailed(f"cannot connect: {causes[-1]}", place=place)


def tls_failure(error: OSError, host: str, place: str, certificate: bytes | None = None) -> ConnectionFailed:
    """The failure of a TLS handshake; ``certificate`` is the one that the server presented, in DER, if it is known."""
    if isinstance(error, TimeoutError):
        return ConnectionFailed("no answer to the TLS handshake: LDAPS is on 636, on 389 use --start-tls", place=place)
    if not isinstance(error, ssl.SSLCertVerificationError):
        return ConnectionFailed(_without_tls(error), place=place)
    from adaudit.collect.presented import Presented  # needs cryptography, which no connection that is trusted does

    shown = Presented.of(certificate)
    if error.verify_code in (_HOSTNAME_MISMATCH, _IP_ADDRESS_MISMATCH):
        return ConnectionFailed(
            f"the certificate is not for {host}{shown.names}: give --server the name that the certificate bears",
            place=place,
        )
    if error.verify_code == _CERTIFICATE_EXPIRED:
        return ConnectionFailed(f"the server's certificate has expired{shown.identity}: renew it", place=place)
    return ConnectionFailed(
        f"the server's certificate is not trusted ({error.verify_message}){shown.identity}: if the administrator "
        "confirms this fingerprint, give the certificate of the authority that issued it with --ca-file",
        place=place,
    )


def _without_tls(error: OSError) -> str:
    if isinstance(error, ssl.SSLEOFError | ConnectionError):
        return (
            "the server ended the TLS handshake: it may lack a certificate for its LDAP service; "
            "--sealed, with NTLM or Kerberos, needs none"
        )
    reason = getattr(error, "reason", None)
    if reason in _NOTHING_IN_COMMON:
        told = reason.lower().replace("_", " ")
        return f"the server speaks no TLS 1.2 or later with a cipher that is allowed here ({told}): bring it up to date"
    return f"no TLS on this port ({error.strerror or error}): LDAPS is on 636, on 389 use --start-tls"
