"""When a domain was last backed up, as the replication metadata of its head tell."""

from __future__ import annotations

from struct import pack
from typing import Final

from adaudit.samples.times import filetime_ago

_DSA_SIGNATURE: Final = 0x0002004A
"""What each backup rewrites: 1.2.840.113556.1.2.74 behind the usual prefix 2 (MS-DRSR 5.16.4)."""

_TICKS: Final = 10_000_000


def backup_metadata(days: float) -> bytes:
    """``replPropertyMetaData`` (PROPERTY_META_DATA_VECTOR_V1_EXT, MS-DRSR 5.163) of a head backed up ``days`` before
    the collection, with that property alone."""
    return pack("<QQ", 1, 1) + pack("<IIQ16sQQ", _DSA_SIGNATURE, 1, filetime_ago(days) // _TICKS, bytes(16), 1, 1)
