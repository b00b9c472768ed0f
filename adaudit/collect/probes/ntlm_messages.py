"""The NTLM messages (MS-NLMP 2.2.1) of those who hold no password: what a server tells to anyone who asks."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from adaudit.collect.ber import encode
from adaudit.collect.probes.line import Unanswered
from adaudit.decode.times import filetime

SIGNATURE: Final = b"NTLMSSP\0"

_NEGOTIATE: Final = 1
_CHALLENGE: Final = 2
_AUTHENTICATE: Final = 3
_UNICODE: Final = 0x1
_REQUEST_TARGET: Final = 0x4
_NTLM: Final = 0x200
_ANONYMOUS: Final = 0x800
_ALWAYS_SIGN: Final = 0x8000
_EXTENDED_SESSION_SECURITY: Final = 0x80000
_TARGET_INFO: Final = 0x800000
_VERSION: Final = 0x2000000
_FLAGS: Final = _UNICODE | _REQUEST_TARGET | _NTLM | _ALWAYS_SIGN | _EXTENDED_SESSION_SECURITY | _VERSION
_OUR_VERSION: Final = bytes((10, 0, 0, 0, 0, 0, 0, 15))

_MECHANISM: Final = bytes.fromhex("060a2b06010401823702020a")
"""1.3.6.1.4.1.311.2.2.10, NTLM as an OID in DER."""

_SPNEGO: Final = bytes.fromhex("06062b0601050502")
_TIMESTAMP: Final = 7
_NAMES: Final = {
    1: "netbios_computer",
    2: "netbios_domain",
    3: "dns_computer",
    4: "dns_domain",
    5: "dns_forest",
}
"""AV_PAIR ids of text (MS-NLMP 2.2.2.1)."""


@dataclass(frozen=True)
class Challenge:
    """A CHALLENGE_MESSAGE: ``names`` by the ids of ``_NAMES``, ``version`` as major.minor.build, ``time`` naive UTC."""

    flags: int
    names: dict[str, str] = field(default_factory=dict)
    version: str | None = None
    time: datetime | None = None


def negotiate() -> bytes:
    """A NEGOTIATE_MESSAGE in SPNEGO (RFC 4178 4.2.1), which asks for neither signing nor sealing."""
    message = struct.pack("<8sII8s8s", SIGNATURE, _NEGOTIATE, _FLAGS, bytes(8), bytes(8)) + _OUR_VERSION
    mechanisms = encode(0xA0, encode(0x30, _MECHANISM))
    token = encode(0xA0, encode(0x30, mechanisms + encode(0xA2, encode(0x04, message))))
    return encode(0x60, _SPNEGO + token)


def authenticate_as_nobody() -> bytes:
    """An AUTHENTICATE_MESSAGE of the anonymous user (MS-NLMP 3.2.5.1.2) in SPNEGO."""
    end = 72
    empty = struct.pack("<HHI", 0, 0, end)
    lm_response = struct.pack("<HHI", 1, 1, end)
    flags = struct.pack("<I", _FLAGS | _ANONYMOUS)
    fields = lm_response + empty * 5
    message = SIGNATURE + struct.pack("<I", _AUTHENTICATE) + fields + flags + _OUR_VERSION + b"\0"
    return encode(0xA1, encode(0x30, encode(0xA2, encode(0x04, message))))


def offers_ntlm(token: bytes) -> bool:
    """Whether the SPNEGO token by which a server opens names NTLM among its mechanisms."""
    return _MECHANISM in token


def read_challenge(token: bytes) -> Challenge:
    """The challenge that a SPNEGO or bare NTLM token holds. Raises Unanswered when it holds none."""
    message = token[token.find(SIGNATURE) :] if SIGNATURE in token else b""
    if len(message) < 48 or int.from_bytes(message[8:12], "little") != _CHALLENGE:
        raise Unanswered("no NTLM challenge in the answer")
    flags = int.from_bytes(message[20:24], "little")
    names, time = {}, None
    if flags & _TARGET_INFO:
        for number, value in _pairs(message):
            if number in _NAMES:
                names[_NAMES[number]] = value.decode("utf-16-le", "backslashreplace")
            elif number == _TIMESTAMP and len(value) == 8:
                time = filetime(int.from_bytes(value, "little"))
    version = None
    if flags & _VERSION and len(message) >= 56:
        version = "{}.{}.{}".format(*struct.unpack_from("<BBH", message, 48))
    return Challenge(flags, names, version, time)


def _pairs(message: bytes) -> list[tuple[int, bytes]]:
    """The AV_PAIRs of a challenge; Unanswered when one is cut short."""
    size, _, at = struct.unpack_from("<HHI", message, 40)
    end = min(at + size, len(message))
    pairs = []
    while at + 4 <= end:
        number, length = struct.unpack_from("<HH", message, at)
        at += 4 + length
        if at > end:
            raise Unanswered("an NTLM challenge cut short")
        pairs.append((number, message[at - length : at]))
    return pairs
