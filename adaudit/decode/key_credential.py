"""Key credentials: msDS-KeyCredentialLink (MS-ADTS 2.2.20)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from struct import unpack_from
from typing import NamedTuple

from adaudit.decode.errors import DecodeError
from adaudit.decode.guid import format_guid
from adaudit.decode.public_key import parse_public_key
from adaudit.decode.reader import Reader
from adaudit.decode.roca import has_roca_fingerprint
from adaudit.decode.times import filetime

_VERSION = 0x200
_KEY_MATERIAL, _KEY_USAGE, _KEY_SOURCE, _DEVICE_ID, _CREATION_TIME = 3, 4, 5, 6, 9
_SIZES = {_KEY_USAGE: 1, _KEY_SOURCE: 1, _DEVICE_ID: 16, _CREATION_TIME: 8}

_NGC = 0x01
_USAGES = {_NGC: "ngc", 0x07: "fido", 0x08: "fek"}
_SOURCES = {0: "ad", 1: "azure_ad"}

_YEAR_1_TO_1601 = 504_911_232_000_000_000
_TICKS = 0x3FFFFFFFFFFFFFFF

_DN_BINARY = re.compile(rb"B:([0-9]{1,10}):([0-9A-Fa-f]*):(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class KeyCredential:
    """One key that logs its holder on. ``error`` says what could not be read, and at which offset."""

    usage: str | None = None
    source: str | None = None
    device_id: str | None = None
    created_at: datetime | None = None
    key_bits: int | None = None
    is_roca: bool | None = None
    error: str | None = None


class _Key(NamedTuple):
    bits: int | None = None
    is_roca: bool | None = None


def split_dn_binary(value: bytes) -> tuple[str, bytes]:
    """The DN and the bytes of an Object(DN-Binary) value, ``B:<hex digits>:<hex>:<dn>`` (MS-ADTS 3.1.1.2.2.2).

    Raises DecodeError when the value is not one.
    """
    match = _DN_BINARY.fullmatch(value)
    if match is None:
        raise DecodeError("not a DN with binary: B:<length>:<hexadecimal>:<dn> expected")
    if int(match[1]) != len(match[2]) or len(match[2]) % 2:
        raise DecodeError(f"{len(match[2])} hexadecimal digits where {int(match[1])} are announced", match.start(2))
    try:
        dn = match[3].decode()
    except UnicodeDecodeError as error:
        raise DecodeError("the DN is not UTF-8", match.start(3) + error.start) from error
    return dn, bytes.fromhex(match[2].decode())


def parse_key_credential(blob: bytes) -> KeyCredential:
    """Read a KEYCREDENTIALLINK_BLOB. Never raises: what is malformed is told in ``error``, the rest is kept.

    ``usage`` and ``source`` out of the specification are numbers in hexadecimal; ``device_id`` is None when it is all
    zeros. ``key_bits`` and ``is_roca`` are those of an RSA key.
    """
    values: dict[int, bytes] = {}
    errors: list[str] = []
    try:
        _read_entries(Reader(blob), values)
    except DecodeError as error:
        errors.append(str(error))
    usage = _number(values.get(_KEY_USAGE))
    source = _number(values.get(_KEY_SOURCE))
    device = values.get(_DEVICE_ID)
    key = _Key()
    if usage == _NGC and _KEY_MATERIAL in values:
        try:
            key = _read_key(values[_KEY_MATERIAL])
        except DecodeError as error:
            errors.append(f"key material: {error}")
    return KeyCredential(
        usage=None if usage is None else _USAGES.get(usage, f"0x{usage:02x}"),
        source=None if source is None else _SOURCES.get(source, f"0x{source:02x}"),
        device_id=format_guid(device) if device and any(device) else None,
        created_at=_moment(values.get(_CREATION_TIME), source),
        key_bits=key.bits,
        is_roca=key.is_roca,
        error="; ".join(errors) or None,
    )


def _read_entries(reader: Reader, values: dict[int, bytes]) -> None:
    version = reader.number(4, "version")
    if version != _VERSION:
        raise DecodeError(f"key credential version 0x{version:x}, not 0x{_VERSION:x}", 0)
    while reader.left:
        start = reader.offset
        size = reader.number(2, "entry length")
        kind = reader.number(1, "entry identifier")
        value = reader.take(size, f"entry {kind}")
        if _SIZES.get(kind, size) != size:
            raise DecodeError(f"entry {kind} of {size} bytes, not {_SIZES[kind]}", start)
        values[kind] = value
    if _KEY_USAGE not in values or _KEY_MATERIAL not in values:
        raise DecodeError("key usage or key material missing")


def _number(value: bytes | None) -> int | None:
    return None if value is None else value[0]


def _moment(value: bytes | None, source: int | None) -> datetime | None:
    """Keys of Azure AD bear .NET's time, ticks since the year 1 below two bits of kind; others a FILETIME."""
    if value is None:
        return None
    raw = int.from_bytes(value, "little")
    return filetime((raw & _TICKS) - _YEAR_1_TO_1601 if source == 1 else raw)


def _read_key(material: bytes) -> _Key:
    """An NGC key: a BCRYPT_RSAKEY_BLOB, or a SubjectPublicKeyInfo in DER."""
    if material.startswith(b"RSA1"):
        if len(material) < 24:
            raise DecodeError("RSA key header cut short", 0)
        exponent_size, modulus_size = unpack_from("<II", material, 8)
        reader = Reader(material, 24)
        reader.take(exponent_size, "RSA exponent")
        modulus = int.from_bytes(reader.take(modulus_size, "RSA modulus"), "big")
        return _Key(modulus.bit_length(), has_roca_fingerprint(modulus))
    if material.startswith(b"\x30"):
        key = parse_public_key(material)
        if key.error:
            raise DecodeError(key.error)
        return _Key(key.bits, key.is_roca) if key.type == "rsa" else _Key()
    raise DecodeError("neither a BCRYPT RSA key nor DER", 0)
