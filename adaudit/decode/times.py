"""Moments and durations as the directory stores them; moments are naive UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1601, 1, 1)
_LATEST = (datetime.max - _EPOCH) // timedelta(microseconds=1) * 10 + 9
_TAIL = re.compile(rb"(?:[.,]([0-9]+))?(?:Z|([+-])([0-9]{2})([0-9]{2})?)")


def filetime(raw: int) -> datetime | None:
    """The moment of a FILETIME (100 ns since 1601, MS-DTYP 2.3.3), to the microsecond.

    None when there is no moment in it: 0, -1, 0x7FFFFFFFFFFFFFFF ("never"), negatives, past the year 9999.
    """
    if 0 < raw <= _LATEST:
        return _EPOCH + timedelta(microseconds=raw // 10)
    return None


def to_filetime(moment: datetime) -> int:
    """The FILETIME of a moment; a naive one is UTC."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return (moment - _EPOCH) // timedelta(microseconds=1) * 10


def generalized_time(value: bytes) -> datetime | None:
    """The moment of a GeneralizedTime, ``YYYYMMDDHHMMSS[.f](Z|±HH[MM])`` (RFC 4517 3.3.13); None when malformed."""
    digits = value[:14]
    if not digits.isdigit() or len(digits) != 14:
        return None
    try:
        moment = datetime(
            int(digits[:4]), int(digits[4:6]), int(digits[6:8]), int(digits[8:10]), int(digits[10:12]), int(digits[12:])
        )
    except ValueError:
        return None
    tail = value[14:]
    return moment if tail in (b".0Z", b"Z") else _shifted(moment, tail)


def _shifted(moment: datetime, tail: bytes) -> datetime | None:
    match = _TAIL.fullmatch(tail)
    if match is None:
        return None
    fraction, sign, hours, minutes = match.groups()
    if sign and (int(hours) > 23 or int(minutes or 0) > 59):
        return None
    shift = timedelta(microseconds=int((fraction or b"0")[:6].ljust(6, b"0")))
    if sign:
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
        shift += offset if sign == b"-" else -offset
    try:
        return moment + shift
    except OverflowError:
        return None
