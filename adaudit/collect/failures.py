"""Why a connection could not be made, and what to do about it: one line each."""

from __future__ import annotations

import re
import ssl
from typing import Final

from adaudit.errors import ConnectionFailed

_HOSTNAME_MISMATCH: Final = 62
_IP_ADDRESS_MISMATCH: Final = 64
_CERTIFICATE_EXPIRED: Final = 10
"""OpenSSL's X509_V_ERR_* numbers."""

_INVALID_CREDENTIALS: Final = 49
_STRONGER_AUTH_REQUIRED: Final = 8

_BIND_REASONS: Final = {
    "525": "no such account",
    "52e": "wrong user name or password",
    "530": "this account may not log on at this time",
    "531": "this account may not log on from this machine",
    "532": "the password has expired",
    "533": "the account is disabled",
    "701": "the account has expired",
    "773": "the password must be changed first",
    "775": "the account is locked out",
}
"""The ``data`` field of AD's answer to a refused bind: a Windows error number in hexadecimal (MS-ERREF 2.2)."""


class BindRefused(ConnectionFailed):
    """The server answered the bind and said no: these credentials must not be tried again, there or elsewhere."""


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


def tls_failure(error: OSError, host: str, place: str) -> ConnectionFailed:
    """The failure of a TLS handshake."""
    if isinstance(error, TimeoutError):
        return ConnectionFailed("no answer to the TLS handshake: LDAPS is on 636, on 389 use --start-tls", place=place)
    if not isinstance(error, ssl.SSLCertVerificationError):
        return ConnectionFailed(
            f"no TLS on this port ({error.strerror or error}): LDAPS is on 636, on 389 use --start-tls", place=place
        )
    if error.verify_code in (_HOSTNAME_MISMATCH, _IP_ADDRESS_MISMATCH):
        return ConnectionFailed(
            f"the certificate is not for {host}: give --server the name that the certificate bears", place=place
        )
    if error.verify_code == _CERTIFICATE_EXPIRED:
        return ConnectionFailed("the server's certificate has expired: renew it", place=place)
    return ConnectionFailed(
        f"the server's certificate is not trusted ({error.verify_message}): "
        "give the certificate of the authority that issued it with --ca-file",
        place=place,
    )


def bind_failure(code: int, message: str, user: str, place: str) -> BindRefused:
    """The refusal of a simple bind."""
    if code == _STRONGER_AUTH_REQUIRED:
        return BindRefused("the server refuses a plain-text bind: leave out --allow-plaintext", place=place)
    if code != _INVALID_CREDENTIALS:
        return BindRefused(f"the bind of {user} is refused, result code {code}: {message}", place=place)
    found = re.search(r"\bdata ([0-9a-f]{3})\b", message)
    reason = _BIND_REASONS.get(found[1], "") if found else ""
    return BindRefused(f"the bind of {user} is refused: {reason or 'wrong user name or password'}", place=place)
