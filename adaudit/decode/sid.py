"""Security identifiers (MS-DTYP 2.4.2)."""

from __future__ import annotations

import re
from functools import lru_cache
from struct import Struct

from adaudit.decode.errors import DecodeError
from adaudit.decode.well_known import WELL_KNOWN

__all__ = ["WELL_KNOWN", "domain_sid", "format_sid", "is_builtin", "parse_sid", "rid", "sid_size"]

MAX_SUB_AUTHORITIES = 15

_LAYOUTS = tuple(Struct(f"<{count}I") for count in range(MAX_SUB_AUTHORITIES + 1))
_DECIMAL = tuple("S-1-%d" + "-%d" * count for count in range(MAX_SUB_AUTHORITIES + 1))
_HEXADECIMAL = tuple("S-1-0x%012x" + "-%d" * count for count in range(MAX_SUB_AUTHORITIES + 1))
_TEXT = re.compile(r"S-1-(0x[0-9a-f]{1,12}|[0-9]{1,15})((?:-[0-9]{1,10}){0,15})", re.IGNORECASE | re.ASCII)
_LAST = re.compile(r"S-1-[0-9a-fx]+(?:-[0-9]+)*-([0-9]{1,10})", re.ASCII)
_DOMAIN = re.compile(r"(S-1-5-21-[0-9]+-[0-9]+-[0-9]+)(?:-[0-9]+)?", re.ASCII)


def sid_size(data: bytes, offset: int = 0) -> int:
    """Bytes that the SID at ``offset`` takes, by its own count. Raises DecodeError when ``data`` has none there."""
    if len(data) < offset + 8:
        raise DecodeError("SID cut short", offset)
    if data[offset] != 1:
        raise DecodeError(f"SID revision {data[offset]}, not 1", offset)
    count = data[offset + 1]
    if count > MAX_SUB_AUTHORITIES:
        raise DecodeError(f"SID of {count} sub-authorities, more than {MAX_SUB_AUTHORITIES}", offset + 1)
    size = 8 + 4 * count
    if len(data) < offset + size:
        raise DecodeError(f"SID cut short: {size} bytes announced, {len(data) - offset} left", offset)
    return size


@lru_cache(maxsize=32768)
def format_sid(data: bytes) -> str:
    """The text of a binary SID, ``S-1-…``, the authority in hexadecimal from 2**32 on (MS-DTYP 2.4.2.1).

    Raises DecodeError unless ``data`` is one SID, whole and without anything after it.
    """
    size = sid_size(data)
    if len(data) != size:
        raise DecodeError(f"{len(data) - size} bytes after the SID", size)
    count = data[1]
    authority = int.from_bytes(data[2:8], "big")
    template = _DECIMAL[count] if authority < 2**32 else _HEXADECIMAL[count]
    return template % (authority, *_LAYOUTS[count].unpack_from(data, 8))


def parse_sid(text: str) -> bytes:
    """The binary form of ``S-1-…``. Raises DecodeError when ``text`` is not a SID."""
    match = _TEXT.fullmatch(text)
    if match is None:
        raise DecodeError("not a SID of the form S-1-…")
    authority = int(match[1], 16) if match[1][:2] in ("0x", "0X") else int(match[1])
    if authority >= 2**48:
        raise DecodeError("SID authority above 48 bits", match.start(1))
    sub_authorities = [int(part) for part in match[2].split("-")[1:]]
    if any(part >= 2**32 for part in sub_authorities):
        raise DecodeError("SID sub-authority above 32 bits", match.start(2))
    count = len(sub_authorities)
    return bytes((1, count)) + authority.to_bytes(6, "big") + _LAYOUTS[count].pack(*sub_authorities)


def rid(sid: str) -> int | None:
    """The last sub-authority of a SID's text; None when it has none or is not a SID."""
    match = _LAST.fullmatch(sid)
    return int(match[1]) if match else None


def domain_sid(sid: str) -> str | None:
    """``S-1-5-21-a-b-c`` for that SID and for the accounts under it; None for any other, well-known ones included."""
    if sid in WELL_KNOWN:
        return None
    match = _DOMAIN.fullmatch(sid)
    return match[1] if match else None


def is_builtin(sid: str) -> bool:
    """The SID is of the BUILTIN domain, S-1-5-32: every domain has its own."""
    return sid == "S-1-5-32" or sid.startswith("S-1-5-32-")
