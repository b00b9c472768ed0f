"""Registry.pol (MS-GPREG 2.2.1): administrative templates, as registry values."""

from __future__ import annotations

from typing import Final

from adaudit.decode.errors import DecodeError
from adaudit.decode.group_policy.builder import Builder
from adaudit.decode.group_policy.registry_types import NUMBERS, data_text, type_name
from adaudit.decode.group_policy.secret_names import names_secret
from adaudit.decode.reader import Reader

_SIGNATURE: Final = b"PReg"
_VERSION: Final = 1


def read_registry_policy(content: bytes, builder: Builder) -> None:
    """Each record: ``section`` the key, ``name`` the value's name, as read.

    Instructions (``**del.Name``, ``**delvals.``, ``**DeleteValues``, ``**DeleteKeys``, ``**soft.Name``) are settings
    of that name. DecodeError at a damaged record: the next one cannot be found.
    """
    reader = Reader(content)
    if reader.take(4, "signature") != _SIGNATURE:
        raise DecodeError("not a registry policy file", 0)
    version = reader.number(4, "version")
    if version != _VERSION:
        raise DecodeError(f"registry policy version {version}, not {_VERSION}", 4)
    while reader.left:
        _read_record(reader, builder)


def _read_record(reader: Reader, builder: Builder) -> None:
    start = reader.offset
    _sign(reader, "[")
    key = _text(reader, "key")
    _sign(reader, ";")
    name = _text(reader, "value name")
    _sign(reader, ";")
    value_type = type_name(reader.number(4, "type"))
    _sign(reader, ";")
    size = reader.number(4, "size")
    _sign(reader, ";")
    data = reader.take(size, "data")
    _sign(reader, "]")
    value = data_text(value_type, data)
    is_damaged = value_type in NUMBERS and size != NUMBERS[value_type]
    if is_damaged:
        builder.fail(f"{value_type} of {size} bytes at offset {start}")
    builder.add(key, name, value, value_type, is_secret=is_damaged and names_secret(name, value, ""))


def _sign(reader: Reader, sign: str) -> None:
    offset = reader.offset
    if reader.take(2, f"'{sign}'") != sign.encode("utf-16-le"):
        raise DecodeError(f"no '{sign}' where one is due", offset)


def _text(reader: Reader, what: str) -> str:
    """Characters up to a null one, which is read too."""
    end = reader.offset
    while True:
        end = reader.data.find(b"\0\0", end, reader.end)
        if end < 0:
            raise DecodeError(f"{what} without end", reader.offset)
        if (end - reader.offset) % 2 == 0:
            break
        end += 1
    text = reader.take(end - reader.offset, what).decode("utf-16-le", "replace")
    reader.take(2, f"end of {what}")
    return text
