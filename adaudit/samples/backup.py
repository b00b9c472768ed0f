"""When a domain was last backed up, as the replication metadata of its head tell."""

from __future__ import annotations

from struct import pack
from typing import Final

from adaudit.samples.times import filetime_ago

_DSA_SIGNATURE: Final = 0x0002004A
"""What each backup rewrites: 1.2.840.113556.1.2.74, its prefix numbered 2 in every forest (MS-DRSR, ATTRTYP)."""

_TICKS: Final = 10_000_000


def backup_metadata(days: float) -> bytes:
    """``replPropertyMetaData`` (MS-ADA3) of a head backed up ``days`` before the collection, with that property alone:
    a header of 16 bytes, then 48 for the property, its time in seconds since 1601."""
    return pack("<QQ", 1, 1) + pack("<IIQ16sQQ", _DSA_SIGNATURE, 1, filetime_ago(days) // _TICKS, bytes(16), 1, 1)
