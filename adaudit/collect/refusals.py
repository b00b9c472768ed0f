"""Why an account was refused, and what to do about it: one line each."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from adaudit.collect.failures import BindRefused
from adaudit.errors import ConnectionFailed

if TYPE_CHECKING:
    from spnego.exceptions import SpnegoError

_STRONGER_AUTH_REQUIRED: Final = 8
_AUTH_METHOD_NOT_SUPPORTED: Final = 7
_INVALID_CREDENTIALS: Final = 49
_BUSY: Final = 51
_UNAVAILABLE: Final = 52
"""Result codes of RFC 4511 section 4.1.9."""

_WRONG_LOGON: Final = "wrong user name or password"
_NTLM_OFF: Final = "the server takes no NTLM from this account or from here: use --auth kerberos, or simple over TLS"

_DEMANDS_SIGNING: Final = (
    "the server demands signing: use --auth ntlm or kerberos with --sealed, or a simple bind over LDAPS"
)

_BIND_REASONS: Final = {
    "418": _NTLM_OFF,
    "490": _WRONG_LOGON,
    "525": "no such account",
    "52e": _WRONG_LOGON,
    "52f": "a restriction of the account forbids this way to log on: a Protected User needs --auth kerberos",
    "530": "this account may not log on at this time",
    "531": "this account may not log on from this machine",
    "532": "the password has expired",
    "533": "the account is disabled",
    "569": "this account may not log on to a domain controller over the network",
    "701": "the account has expired",
    "773": "the password must be changed first",
    "775": "the account is locked out",
    "791": _NTLM_OFF,
    "80090302": _NTLM_OFF,
    "8009030e": _NTLM_OFF,
    "80090346": "the channel binding does not match: something between here and the server ends its TLS, "
    "a proxy or load balancer; name the domain controller itself",
}
"""The ``data`` field of AD's answer to a refused bind: an error number in hexadecimal (MS-ERREF 2.1 and 2.2)."""

_PROTOCOL_ERRORS: Final = -1765328384
"""What MIT's library adds to the error numbers of RFC 4120 section 7.5.9; its own begin at 128."""

_CLOCK_SKEW: Final = 37
_NO_SUCH_SERVICE: Final = 7

_KERBEROS_REASONS: Final = {
    1: "the account {account} has expired",
    6: "no account {account} in the realm {realm}: check the name, and that {host} is of its forest",
    12: "a policy forbids {account} to log on now or from here",
    14: "the KDC shares no encryption type with this machine: {text}",
    18: "the account {account} is disabled, locked out or expired",
    23: "the password of {account} has expired, or must be changed first",
    24: "wrong password of {account}, or the keytab holds an older one",
    25: "the KDC asks for another proof than a password, such as a smart card",
    31: "the key of {account} is not the right one: make the keytab again",
    32: "the tickets have expired: run kinit",
    68: "{account} is not of the realm {realm}: give name@domain, and a server of that domain",
    154: "no KDC of the realm {realm} is known: let the name server be the domain's, or name a kdc in krb5.conf",
    156: "no KDC of the realm {realm} answers: is port 88 open from here?",
    181: "the keytab has no key of {account} that the KDC accepts",
    224: "the realm is not known: give --server a full name, or default_realm in krb5.conf",
}
"""By error number less ``_PROTOCOL_ERRORS``."""
_NO_ANSWER: Final = (154, 156)
"""Those that say nothing of the account: it may be tried again."""


class ClockSkew(BindRefused):
    """The clocks of this machine and of the KDC are too far apart for Kerberos."""

    def __init__(self, *, server_time: datetime | None = None, place: str = "") -> None:
        """``server_time`` is naive UTC, when the server could be asked for it."""
        here = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        there = f", the server {server_time.isoformat()}Z" if server_time else ""
        super().__init__(
            f"the clocks differ by more than Kerberos allows (5 minutes): this machine says {here.isoformat()}Z"
            f"{there}; set the clock right, or run kinit again",
            place=place,
        )


def bind_failure(code: int, message: str, account: str, place: str) -> ConnectionFailed:
    """The refusal of a bind; ``message`` is the server's diagnostic."""
    if code == _STRONGER_AUTH_REQUIRED:
        return BindRefused(f"{_DEMANDS_SIGNING} ({message})", place=place)
    if code == _AUTH_METHOD_NOT_SUPPORTED:
        return BindRefused(f"the server does not know this way to authenticate: {message}", place=place)
    if code in (_BUSY, _UNAVAILABLE):
        return ConnectionFailed(f"the server takes no bind now: {message}", place=place)
    if code != _INVALID_CREDENTIALS:
        return BindRefused(f"the bind of {account} is refused, result code {code}: {message}", place=place)
    found = re.search(r"\bdata ([0-9a-f]{2,8})\b", message, re.IGNORECASE)
    number = found[1].lower() if found else ""
    reason = _BIND_REASONS.get(number) or (f"error {number}" if number else _WRONG_LOGON)
    if reason == _WRONG_LOGON and not any(mark in account for mark in "@\\="):
        reason += "; try it with its domain, name@domain or DOMAIN\\name"
    return BindRefused(f"the bind of {account} is refused: {reason}", place=place)


def kerberos_failure(
    code: int, text: str, *, account: str = "", realm: str = "", host: str = "", service: str = ""
) -> ConnectionFailed:
    """The failure of MIT's library, whose number is ``code`` and whose words are ``text``."""
    number = code - _PROTOCOL_ERRORS
    if number == _CLOCK_SKEW:
        return ClockSkew(place=host)
    if number == _NO_SUCH_SERVICE and service:
        message = f"the KDC knows no service {service}: give --server the name under which the controller is registered"
    elif number in _KERBEROS_REASONS:
        message = _KERBEROS_REASONS[number].format(account=account, realm=realm, host=host, text=text)
    else:
        message = f"Kerberos failed: {text}"
    return (ConnectionFailed if number in _NO_ANSWER else BindRefused)(message, place=host)


def gss_failure(error: SpnegoError, service: str, host: str) -> ConnectionFailed:
    """The failure of an exchange of tokens with ``service``."""
    minor = getattr(error.base_error, "min_code", None)
    if minor is None:
        return BindRefused(f"the exchange with {service} failed: {error.message}", place=host)
    code = minor - (1 << 32) if minor >= 1 << 31 else minor
    return kerberos_failure(code, " ".join(str(error.base_error).split()), service=service, host=host)
