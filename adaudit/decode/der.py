"""The little of DER (X.690) that certificates and keys need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from adaudit.decode.errors import DecodeError

INTEGER = 0x02
BIT_STRING = 0x03
OBJECT_IDENTIFIER = 0x06
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30

_LONGEST_OID = 64


class Element(NamedTuple):
    """One element: its tag octet and where its content starts and ends in ``data``, the whole value."""

    data: bytes
    tag: int
    start: int
    end: int

    @property
    def content(self) -> bytes:
        return self.data[self.start : self.end]

    def children(self) -> tuple[Element, ...]:
        """The elements inside. Raises DecodeError when they do not fill this one."""
        found = []
        offset = self.start
        while offset < self.end:
            element = _read(self.data, offset, self.end)
            found.append(element)
            offset = element.end
        return tuple(found)

    def expect(self, tag: int, what: str) -> Element:
        """Itself. Raises DecodeError when the tag is another."""
        if self.tag != tag:
            raise DecodeError(f"{what} expected, not DER tag 0x{self.tag:02x}", self.start)
        return self

    def oid(self) -> str:
        """Dotted text of an OBJECT IDENTIFIER. Raises DecodeError when it is none."""
        content = self.expect(OBJECT_IDENTIFIER, "object identifier").content
        if not content or content[-1] & 0x80 or len(content) > _LONGEST_OID:
            raise DecodeError("malformed object identifier", self.start)
        arcs, value = [], 0
        for octet in content:
            value = value << 7 | octet & 0x7F
            if not octet & 0x80:
                arcs.append(value)
                value = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))

    def unsigned(self, what: str) -> int:
        """An INTEGER, its first bit taken for a digit: some encoders forget the leading zero of a modulus."""
        content = self.expect(INTEGER, what).content
        if not content:
            raise DecodeError(f"{what} is empty", self.start)
        return int.from_bytes(content, "big")


def parse_der(data: bytes) -> Element:
    """The element that ``data`` is. Raises DecodeError when it is none, or when bytes follow it."""
    element = _read(data, 0, len(data))
    if element.end != len(data):
        raise DecodeError(f"{len(data) - element.end} bytes after the DER value", element.end)
    return element


def at(elements: Sequence[Element], index: int, parent: Element, what: str) -> Element:
    """``elements[index]``. Raises DecodeError, at the end of their parent, when there are not so many."""
    if index >= len(elements):
        raise DecodeError(f"{what} missing", parent.end)
    return elements[index]


def _read(data: bytes, offset: int, end: int) -> Element:
    if end < offset + 2:
        raise DecodeError("DER value cut short", offset)
    tag, size = data[offset], data[offset + 1]
    start = offset + 2
    if tag & 0x1F == 0x1F:
        raise DecodeError("DER tag of several octets", offset)
    if size >= 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4 or end < start + count:
            raise DecodeError("malformed DER length", offset + 1)
        size = int.from_bytes(data[start : start + count], "big")
        start += count
    if end < start + size:
        raise DecodeError(f"DER value of {size} bytes cut short", offset)
    return Element(data, tag, start, start + size)
