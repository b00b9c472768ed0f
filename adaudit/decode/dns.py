"""DNS records and zone properties as the directory stores them (MS-DNSP 2.3.1 and 2.3.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address

from adaudit.decode.errors import DecodeError
from adaudit.decode.reader import Reader
from adaudit.decode.times import filetime

ZONE_TYPE = 0x1
ZONE_ALLOW_UPDATE = 0x2
ZONE_AGING_STATE = 0x40
"""Ids of zone properties (MS-DNSP 2.3.2.1.1)."""

_TYPES = {
    0: "TOMBSTONE",
    1: "A",
    2: "NS",
    5: "CNAME",
    6: "SOA",
    12: "PTR",
    15: "MX",
    16: "TXT",
    28: "AAAA",
    33: "SRV",
}
_NAME_SPECIAL = '."\\'
_TXT_SPECIAL = '"\\'


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """One record. ``type`` is its name, or its number in decimal. ``data`` is in presentation form, in hexadecimal for
    types not listed here, and for a TOMBSTONE the moment of the deletion. ``is_static``: it does not age."""

    type: str | None = None
    ttl: int | None = None
    data: str | None = None
    is_static: bool | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class DnsProperty:
    """One property of a zone: ``value`` is the number it holds, None when it is not a number of 1 to 8 bytes."""

    id: int | None = None
    value: int | None = None
    error: str | None = None


def parse_dns_record(value: bytes) -> DnsRecord:
    """Read a dnsRecord value. Never raises: ``error`` says what is malformed and at which offset."""
    reader = Reader(value)
    try:
        size = reader.number(2, "data length")
        kind = reader.number(2, "record type")
        reader.take(8, "version, rank, flags and serial")
        ttl = int.from_bytes(reader.take(4, "TTL"), "big")
        reader.take(4, "reserved field")
        stamp = reader.number(4, "timestamp")
    except DecodeError as error:
        return DnsRecord(error=str(error))
    record = DnsRecord(_TYPES.get(kind, str(kind)), ttl, None, stamp == 0)
    if reader.left != size:
        return replace(record, error=f"{reader.left} bytes of data where {size} are announced at offset 0")
    try:
        record = replace(record, data=_READERS.get(kind, _hexadecimal)(reader))
    except DecodeError as error:
        return replace(record, error=str(error))
    if reader.left:
        return replace(record, error=f"{reader.left} bytes after the data at offset {reader.offset}")
    return record


def parse_dns_property(value: bytes) -> DnsProperty:
    """Read a dNSProperty value. Never raises: ``error`` says what is malformed and at which offset."""
    reader = Reader(value)
    try:
        size = reader.number(4, "data length")
        reader.take(12, "name length, flag and version")
        kind = reader.number(4, "property id")
    except DecodeError as error:
        return DnsProperty(error=str(error))
    try:
        data = reader.take(size, "property data")
    except DecodeError as error:
        return DnsProperty(kind, error=str(error))
    return DnsProperty(kind, int.from_bytes(data, "little") if 0 < size <= 8 else None)


def _name(reader: Reader) -> str:
    """A DNS_COUNT_NAME (MS-DNSP 2.2.2.2.2), with a final dot."""
    size = reader.number(1, "name length")
    count = reader.number(1, "label count")
    end = reader.offset + size
    labels = [_escaped(reader.take(reader.number(1, "label length"), "label"), _NAME_SPECIAL) for _ in range(count)]
    if reader.number(1, "end of name") or reader.offset != end:
        raise DecodeError("name and its length disagree", reader.offset)
    return ".".join(labels) + "."


def _escaped(data: bytes, special: str) -> str:
    """Text with ``special`` and unprintable characters escaped (RFC 1035 5.1); well-formed UTF-8 is kept."""
    text = data.decode("utf-8", "surrogateescape")
    return "".join(_escaped_character(character, special) for character in text)


def _escaped_character(character: str, special: str) -> str:
    if character in special:
        return f"\\{character}"
    if character.isprintable():
        return character
    return "".join(f"\\{byte:03d}" for byte in character.encode("utf-8", "surrogateescape"))


def _big_endian(reader: Reader, size: int, what: str) -> int:
    return int.from_bytes(reader.take(size, what), "big")


def _mx(reader: Reader) -> str:
    return f"{_big_endian(reader, 2, 'preference')} {_name(reader)}"


def _srv(reader: Reader) -> str:
    numbers = [str(_big_endian(reader, 2, what)) for what in ("priority", "weight", "port")]
    return " ".join([*numbers, _name(reader)])


def _soa(reader: Reader) -> str:
    numbers = [str(_big_endian(reader, 4, what)) for what in ("serial", "refresh", "retry", "expire", "minimum TTL")]
    return " ".join([_name(reader), _name(reader), *numbers])


def _txt(reader: Reader) -> str:
    strings = []
    while reader.left:
        data = reader.take(reader.number(1, "string length"), "string")
        strings.append(f'"{_escaped(data, _TXT_SPECIAL)}"')
    return " ".join(strings)


def _tombstone(reader: Reader) -> str | None:
    moment = filetime(reader.number(8, "time of deletion"))
    return f"{moment.isoformat()}Z" if moment else None


def _hexadecimal(reader: Reader) -> str:
    return reader.take(reader.left, "data").hex()


_READERS: dict[int, Callable[[Reader], str | None]] = {
    0: _tombstone,
    1: lambda reader: str(IPv4Address(reader.take(4, "address"))),
    2: _name,
    5: _name,
    6: _soa,
    12: _name,
    15: _mx,
    16: _txt,
    28: lambda reader: str(IPv6Address(reader.take(16, "address"))),
    33: _srv,
}
