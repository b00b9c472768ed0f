"""Attribute values, as bytes, to what a column holds. Each converter raises ValueError for a value it cannot read."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from adaudit.decode.flags import unsigned32
from adaudit.decode.guid import format_guid
from adaudit.decode.sid import format_sid
from adaudit.decode.times import generalized_time
from adaudit.schema import Kind

Convert = Callable[[list[bytes]], Any]

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SHORT_INTEGER = re.compile(rb"0|-?[1-9][0-9]{0,17}")
_DAY_IN_TICKS = 864_000_000_000


def to_text(values: list[bytes]) -> str:
    return values[0].decode()


def to_texts(values: list[bytes]) -> list[str]:
    """All values, sorted: the directory gives them in no order."""
    return sorted(value.decode() for value in values)


def to_classes(values: list[bytes]) -> list[str]:
    """objectClass, whose order from top to the most specific matters."""
    return [value.decode() for value in values]


def to_int(values: list[bytes]) -> int:
    number = int(values[0])
    if not -(2**63) <= number < 2**63:
        raise ValueError("an integer beyond 64 bits")
    return number


def to_flags(values: list[bytes]) -> int:
    return unsigned32(to_int(values))


def to_bool(values: list[bytes]) -> bool:
    if values[0] == b"TRUE":
        return True
    if values[0] == b"FALSE":
        return False
    raise ValueError("neither TRUE nor FALSE")


def to_sid(values: list[bytes]) -> str:
    return format_sid(values[0])


def to_guid(values: list[bytes]) -> str:
    return format_guid(values[0])


def to_time(values: list[bytes]) -> datetime:
    moment = generalized_time(values[0])
    if moment is None:
        raise ValueError("not a generalized time")
    return moment


def to_period_days(values: list[bytes]) -> float:
    """A template's validity: a negative little-endian 64-bit count of 100 ns (MS-CRTD 2.13)."""
    if len(values[0]) != 8:
        raise ValueError("a period is 8 bytes long")
    return -int.from_bytes(values[0], "little", signed=True) / _DAY_IN_TICKS


def readable_text(value: bytes) -> str | None:
    """``value`` as text when it is UTF-8 without control characters but line ends and tabs, else None."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None
    if text.isprintable() or not _CONTROL.search(text):
        return text
    return None


def to_plain_integer(values: list[bytes]) -> str:
    """An integer as it was given; ValueError unless that is its only decimal form."""
    value = values[0]
    if len(values) > 1 or (not _SHORT_INTEGER.fullmatch(value) and b"%d" % to_int(values) != value):
        raise ValueError("not one plain integer")
    return value.decode()


CONVERTERS: dict[Kind, Convert] = {
    Kind.INT: to_int,
    Kind.FLAGS: to_flags,
    Kind.BOOL: to_bool,
    Kind.TEXT: to_text,
    Kind.GUID: to_guid,
    Kind.SID: to_sid,
    Kind.DN: to_text,
    Kind.TIME: to_time,
    Kind.TICKS: to_int,
    Kind.REAL: to_period_days,
    Kind.TEXTS: to_texts,
}
"""How the staged value of an attribute is read, by the kind under which it is staged."""

TAKES_SEVERAL = frozenset((to_texts, to_classes))
"""Converters that take all values; the others take one."""
