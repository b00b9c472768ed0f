"""Search filters (RFC 4511 section 4.5.1.7): the few that a collection sends, encoded and in their text form."""

from __future__ import annotations

from dataclasses import dataclass

from adaudit.collect import ber
from adaudit.collect.ber import encode

_AND, _OR, _EQUALS, _AT_LEAST, _AT_MOST, _PRESENT = 0xA0, 0xA1, 0xA3, 0xA5, 0xA6, 0x87
_SPECIAL = frozenset(b"*()\\\0")


@dataclass(frozen=True)
class Present:
    """Objects on which ``attribute`` has a value that the account may see."""

    attribute: str

    def encoded(self) -> bytes:
        return encode(_PRESENT, self.attribute.encode())

    def __str__(self) -> str:
        return f"({self.attribute}=*)"


@dataclass(frozen=True)
class Equals:
    attribute: str
    value: bytes

    def encoded(self) -> bytes:
        return _comparison(_EQUALS, self.attribute, self.value)

    def __str__(self) -> str:
        return f"({self.attribute}={_escaped(self.value)})"


@dataclass(frozen=True)
class AtLeast:
    attribute: str
    value: int

    def encoded(self) -> bytes:
        return _comparison(_AT_LEAST, self.attribute, b"%d" % self.value)

    def __str__(self) -> str:
        return f"({self.attribute}>={self.value})"


@dataclass(frozen=True)
class AtMost:
    attribute: str
    value: int

    def encoded(self) -> bytes:
        return _comparison(_AT_MOST, self.attribute, b"%d" % self.value)

    def __str__(self) -> str:
        return f"({self.attribute}<={self.value})"


@dataclass(frozen=True)
class And:
    parts: tuple[Filter, ...]

    def encoded(self) -> bytes:
        return encode(_AND, b"".join(part.encoded() for part in self.parts))

    def __str__(self) -> str:
        return f"(&{''.join(map(str, self.parts))})"


@dataclass(frozen=True)
class Or:
    parts: tuple[Filter, ...]

    def encoded(self) -> bytes:
        return encode(_OR, b"".join(part.encoded() for part in self.parts))

    def __str__(self) -> str:
        return f"(|{''.join(map(str, self.parts))})"


Filter = Present | Equals | AtLeast | AtMost | And | Or
"""``str`` of one is its text form (RFC 4515)."""

EVERY_OBJECT = Present("objectClass")


def _comparison(tag: int, attribute: str, value: bytes) -> bytes:
    return encode(tag, encode(ber.OCTET_STRING, attribute.encode()) + encode(ber.OCTET_STRING, value))


def _escaped(value: bytes) -> str:
    """Bytes that are not plain text stand as ``\\xx`` (RFC 4515 section 3)."""
    return "".join(chr(byte) if 0x20 < byte < 0x7F and byte not in _SPECIAL else f"\\{byte:02x}" for byte in value)
