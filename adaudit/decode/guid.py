"""GUIDs as the directory stores them (MS-DTYP 2.3.4.2)."""

from __future__ import annotations

import re
from struct import Struct

from adaudit.decode.errors import DecodeError

_LAYOUT = Struct("<IHH")
_TEXT = re.compile(
    r"(\{)?([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})(?(1)\})", re.IGNORECASE | re.ASCII
)


def format_guid(data: bytes) -> str:
    """The text of a 16-byte little-endian GUID, lower case, no braces. Raises DecodeError on another length."""
    if len(data) != 16:
        raise DecodeError(f"GUID of {len(data)} bytes, not 16")
    first, second, third = _LAYOUT.unpack_from(data)
    return f"{first:08x}-{second:04x}-{third:04x}-{data[8:10].hex()}-{data[10:].hex()}"


def parse_guid(text: str) -> bytes:
    """The 16 little-endian bytes of a GUID's text, braces or not. Raises DecodeError when it is not a GUID."""
    match = _TEXT.fullmatch(text)
    if match is None:
        raise DecodeError("not a GUID")
    _, first, second, third, fourth, node = match.groups()
    return _LAYOUT.pack(int(first, 16), int(second, 16), int(third, 16)) + bytes.fromhex(fourth + node)
