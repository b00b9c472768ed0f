"""The little of BER (X.690) that LDAP uses: definite lengths and tags of one byte (RFC 4511 section 5.1)."""

from __future__ import annotations

from adaudit.errors import ConnectionFailed

INTEGER = 0x02
OCTET_STRING = 0x04
ENUMERATED = 0x0A
SEQUENCE = 0x30
SET = 0x31

LONG_FORM = 0x80
"""A first length byte from here on says how many length bytes follow."""


class MalformedAnswer(ConnectionFailed):
    """The server sent bytes that are not the LDAP message expected there."""

    def __init__(self, fault: str, *, place: str = "") -> None:
        super().__init__(f"the server's answer is not sound LDAP: {fault}", place=place)


def encode(tag: int, content: bytes) -> bytes:
    """One element: tag, definite length in its shortest form, content."""
    size = len(content)
    if size < LONG_FORM:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, LONG_FORM | len(length))) + length + content


def encode_integer(value: int, tag: int = INTEGER) -> bytes:
    """An INTEGER or, with another tag, what is encoded like one."""
    return encode(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def encode_boolean(value: bool) -> bytes:
    return b"\x01\x01\xff" if value else b"\x01\x01\x00"


def long_length(data: bytes, at: int, first: int) -> tuple[int, int]:
    """The length whose first byte was ``first`` (0x80 or more) and goes on at ``at``, and the offset after it.

    Raises MalformedAnswer for the indefinite form and for lengths of more than four bytes. A length cut short by
    the end of ``data`` comes out smaller: callers compare where an element ends with where its parent ends.
    """
    count = first & 0x7F
    if not 1 <= count <= 4:
        raise MalformedAnswer(f"length of {count} bytes at byte {at - 1}")
    return int.from_bytes(data[at : at + count], "big"), at + count


def element(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Tag, start and end of the content of the element at ``at``, which must lie within ``end``."""
    if at + 2 > end:
        raise MalformedAnswer(f"cut short at byte {at}")
    tag, size = data[at], data[at + 1]
    at += 2
    if size >= LONG_FORM:
        size, at = long_length(data, at, size)
    if at + size > end:
        raise MalformedAnswer(f"element of {size} bytes at byte {at} exceeds the one that holds it")
    return tag, at, at + size


def expect(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Start and end of the content of the element at ``at``; MalformedAnswer unless it bears ``tag``."""
    found, start, stop = element(data, at, end)
    if found != tag:
        raise MalformedAnswer(f"tag 0x{found:02x} instead of 0x{tag:02x} at byte {at}")
    return start, stop


def read_integer(data: bytes, at: int, end: int, tag: int = INTEGER) -> tuple[int, int]:
    """The integer at ``at`` and the offset after it; at most eight bytes."""
    start, stop = expect(data, at, end, tag)
    if not 1 <= stop - start <= 8:
        raise MalformedAnswer(f"integer of {stop - start} bytes at byte {at}")
    return int.from_bytes(data[start:stop], "big", signed=True), stop


def read_octets(data: bytes, at: int, end: int, tag: int = OCTET_STRING) -> tuple[bytes, int]:
    """The octet string at ``at`` and the offset after it."""
    start, stop = expect(data, at, end, tag)
    return data[start:stop], stop
