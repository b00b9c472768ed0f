"""Values as BloodHound writes them; None, null in JSON, stands for what was not read."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import IntFlag
from typing import Final

NEVER: Final = 0
NOT_SET: Final = -1
_FOREVER: Final = -(1 << 63)
_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_PERIODS: Final = (("year", 365), ("month", 30), ("week", 7), ("day", 1))


def unix(moment: datetime | None) -> int | None:
    """Seconds since 1970 of a naive UTC time."""
    return None if moment is None else int(moment.replace(tzinfo=UTC).timestamp())


def filetime(moment: datetime | None, raw: int | None, *, is_known: bool) -> int | None:
    """Seconds since 1970 of a FILETIME; ``NEVER`` when it tells no moment, ``NOT_SET`` when there certainly is none."""
    if moment is not None:
        return unix(moment)
    if raw is not None:
        return NEVER
    return NOT_SET if is_known else None


def upper(text: str | None) -> str | None:
    return None if text is None else text.upper()


def named(value: int | None, flags: type[IntFlag]) -> str | None:
    """Names of the bits that are set, in the order of the bits; ``NONE`` for none."""
    if value is None:
        return None
    return ", ".join(str(flag.name) for flag in flags if value & flag) or "NONE"


def bit(value: int | None, mask: int) -> bool | None:
    return None if value is None else bool(value & mask)


def span(raw: int | None) -> str | None:
    """A negative interval of 100 ns in words: ``42 days``, ``1 day 12 hours``, ``Forever``."""
    if raw is None:
        return None
    if raw == _FOREVER:
        return "Forever"
    left, words = abs(raw) // 10_000_000, []
    for unit, seconds in _UNITS:
        count, left = divmod(left, seconds)
        if count:
            words.append(_counted(count, unit))
    return " ".join(words) or "None"


def period(days: float | None) -> str | None:
    """Validity of certificates in the largest whole unit, as the console of templates shows it: ``2 years``."""
    if days is None:
        return None
    for unit, size in _PERIODS:
        if days >= size and days % size == 0:
            return _counted(int(days // size), unit)
    return _counted(round(days * 24), "hour")


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
