"""Names and domains that a forest trust claims: msDS-TrustForestTrustInfo (MS-ADTS 6.1.6.9.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from adaudit.decode.errors import DecodeError
from adaudit.decode.reader import Reader
from adaudit.decode.sid import format_sid

_TOP_LEVEL_NAME, _EXCLUSION, _DOMAIN = 0, 1, 2
_KINDS = {_TOP_LEVEL_NAME: "top_level_name", _EXCLUSION: "exclusion", _DOMAIN: "domain"}


@dataclass(frozen=True, slots=True)
class TrustName:
    """One record. ``kind`` is top_level_name, exclusion, domain or the number of another type, whose data is not read.

    ``flags`` other than 0 disable it, in whole or in part. A record with an ``error`` holds what was read before it.
    """

    kind: str | None = None
    name: str | None = None
    netbios_name: str | None = None
    sid: str | None = None
    flags: int | None = None
    error: str | None = None


def parse_forest_trust(data: bytes) -> tuple[TrustName, ...]:
    """The records, in their order. Never raises: a malformed end makes a last record that has only an ``error``."""
    reader = Reader(data)
    names: list[TrustName] = []
    try:
        version = reader.number(4, "version")
        if version != 1:
            return (TrustName(error=f"forest trust information version {version}, not 1, at offset 0"),)
        for position in range(reader.number(4, "record count")):
            size = reader.number(4, f"length of record {position}")
            names.append(_read_record(reader.part(size, f"record {position}")))
    except DecodeError as error:
        names.append(TrustName(error=str(error)))
    return tuple(names)


def _read_record(reader: Reader) -> TrustName:
    record = TrustName()
    try:
        flags = reader.number(4, "flags")
        reader.take(8, "timestamp")
        kind = reader.number(1, "record type")
        record = TrustName(kind=_KINDS.get(kind, str(kind)), flags=flags)
        if kind in (_TOP_LEVEL_NAME, _EXCLUSION):
            record = replace(record, name=_text(reader, "name"))
        elif kind == _DOMAIN:
            record = replace(record, sid=_sid(reader))
            record = replace(record, name=_text(reader, "DNS name"))
            record = replace(record, netbios_name=_text(reader, "NetBIOS name"))
    except DecodeError as error:
        return replace(record, error=str(error))
    return record


def _sid(reader: Reader) -> str:
    data = reader.counted("SID")
    try:
        return format_sid(data)
    except DecodeError as error:
        raise DecodeError(error.message, reader.offset - len(data) + (error.offset or 0)) from error


def _text(reader: Reader, what: str) -> str:
    data = reader.counted(what)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise DecodeError(f"{what} is not UTF-8", reader.offset - len(data) + error.start) from error
