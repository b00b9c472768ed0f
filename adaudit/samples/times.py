"""Moments before the collection, as a directory writes them."""

from __future__ import annotations

from datetime import timedelta

from adaudit.decode.times import to_filetime
from adaudit.samples.profile import AS_OF

NEVER = 0x7FFF_FFFF_FFFF_FFFF


def filetime_ago(days: float) -> int:
    """The FILETIME (MS-DTYP 2.3.3) of ``days`` before the collection."""
    return to_filetime(AS_OF - timedelta(days=days))


def generalized_ago(days: float) -> bytes:
    """The generalized time of ``days`` before the collection."""
    return (AS_OF - timedelta(days=days)).strftime("%Y%m%d%H%M%S.0Z").encode()
