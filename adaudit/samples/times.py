"""Moments before the collection, as a directory writes them."""

from __future__ import annotations

from datetime import datetime, timedelta

from adaudit.samples.profile import AS_OF

_FILETIME_EPOCH = datetime(1601, 1, 1)
NEVER = 0x7FFF_FFFF_FFFF_FFFF


def filetime_ago(days: float) -> int:
    """The FILETIME (MS-DTYP 2.3.3) of ``days`` before the collection."""
    return (AS_OF - timedelta(days=days) - _FILETIME_EPOCH) // timedelta(microseconds=1) * 10


def generalized_ago(days: float) -> bytes:
    """The generalized time of ``days`` before the collection."""
    return (AS_OF - timedelta(days=days)).strftime("%Y%m%d%H%M%S.0Z").encode()
