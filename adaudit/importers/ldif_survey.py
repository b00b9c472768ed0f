"""First reading of LDIF files: what is where, before any object is taken."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from adaudit.decode.errors import DecodeError
from adaudit.decode.sid import format_sid
from adaudit.decode.times import generalized_time
from adaudit.errors import InputError
from adaudit.importers.ldif_entries import Entry, LdifFile
from adaudit.importers.ranges import Ranges, take_ranges
from adaudit.ingest.names import dn_key

MAX_POOLED_BYTES: Final = 512 << 20
"""Ranged values of objects given several times, held together in memory."""

_HEAD_CLASSES: Final = {b"domainDNS", b"configuration", b"dMD"}
_IS_HEAD: Final = 0x1  # instanceType, MS-ADTS 2.2.9
_IN_FOREST: Final = 0x1  # systemFlags of a crossRef: FLAG_CR_NTDS_NC
Rank = tuple[int, bytes]


@dataclass
class FileFacts:
    """What one file holds. ``partitions``: DN key → DN of the naming contexts of its entries."""

    partitions: dict[str, str] = field(default_factory=dict)
    entries: int = 0
    has_accounts: bool = False


@dataclass
class Repeated:
    """An object given more than once: the fullest version, and all ranges that its versions bring."""

    best: Rank = (0, b"")
    versions: set[bytes] = field(default_factory=set)
    ranges: Ranges = field(default_factory=dict)


@dataclass
class Survey:
    """What all files hold together; naming contexts by DN key."""

    files: dict[LdifFile, FileFacts] = field(default_factory=dict)
    heads: dict[str, str] = field(default_factory=dict)
    headless: dict[str, str] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    domain_sids: dict[str, str] = field(default_factory=dict)
    times: list[datetime] = field(default_factory=list)
    has_descriptors: bool = False
    repeated: dict[str, Repeated] = field(default_factory=dict)

    @property
    def current_time(self) -> datetime | None:
        """``currentTime`` of the rootDSE; the earliest when several were given."""
        return min(self.times, default=None)


def survey(files: Sequence[LdifFile]) -> Survey:
    """Read every file once, twice when objects are repeated. Raises InputError as ``LdifFile.entries`` does."""
    found = Survey()
    seen: set[int] = set()
    repeated: set[int] = set()
    for file in files:
        facts = found.files[file] = FileFacts()
        for entry in file.entries():
            if not entry.dn:
                _read_root(found, entry)
                continue
            key = dn_key(entry.dn)
            (repeated if hash(key) in seen else seen).add(hash(key))
            facts.entries += 1
            _read_entry(found, facts, entry, key)
    known_heads = found.heads.keys()
    for facts in found.files.values():
        found.headless |= {key: dn for key, dn in facts.partitions.items() if key not in known_heads}
    if repeated:
        _compare_repeated(found, files, repeated)
    return found


def naming_context(dn: str) -> str:
    """The naming context that ``dn`` is in, judged by its last components; empty when there is none."""
    parts = dn.split(",")
    first = len(parts)
    while first and parts[first - 1][:3].lower() == "dc=":
        first -= 1
    if first == len(parts):
        return ""
    if first and parts[first - 1].lower() == "cn=configuration":
        first -= 1
        if first and parts[first - 1].lower() == "cn=schema":
            first -= 1
    return ",".join(parts[first:])


def _read_root(found: Survey, entry: Entry) -> None:
    for value in entry.attributes.get("currentTime", []):
        moment = generalized_time(value)
        if moment is not None:
            found.times.append(moment)
    for value in entry.attributes.get("namingContexts", []):
        dn = value.decode("utf-8", "replace")
        found.known[dn_key(dn)] = dn


def _read_entry(found: Survey, facts: FileFacts, entry: Entry, key: str) -> None:
    attributes = entry.attributes
    context = naming_context(entry.dn)
    if context:
        facts.partitions.setdefault(dn_key(context), context)
    classes = attributes.get("objectClass", [])
    facts.has_accounts = facts.has_accounts or b"user" in classes
    found.has_descriptors = found.has_descriptors or "nTSecurityDescriptor" in attributes
    if b"crossRef" in classes and _number(attributes, "systemFlags") & _IN_FOREST:
        for value in attributes.get("nCName", []):
            dn = value.decode("utf-8", "replace")
            found.known[dn_key(dn)] = dn
    elif not _HEAD_CLASSES.isdisjoint(classes) and _number(attributes, "instanceType", _IS_HEAD) & _IS_HEAD:
        found.heads[key] = entry.dn
        if "objectSid" in attributes:
            found.domain_sids[key] = _sid_text(attributes["objectSid"][0])


def _number(attributes: dict[str, list[bytes]], name: str, default: int = 0) -> int:
    values = attributes.get(name)
    if not values:
        return default
    try:
        return int(values[0])
    except ValueError:
        return default


def _sid_text(value: bytes) -> str:
    try:
        return value.decode("ascii") if value.startswith(b"S-1-") else format_sid(value)
    except (DecodeError, UnicodeDecodeError):
        return ""


def _compare_repeated(found: Survey, files: Sequence[LdifFile], repeated: set[int]) -> None:
    pooled = 0
    for file in files:
        for entry in file.entries():
            key = dn_key(entry.dn)
            if not key or hash(key) not in repeated:
                continue
            group = found.repeated.setdefault(key, Repeated())
            ranges = take_ranges(entry.attributes)
            pooled += sum(len(value) for _, values in ranges.values() for value in values)
            if pooled > MAX_POOLED_BYTES:
                raise InputError("too many values in ranges", place=f"{file.path}:{entry.line}")
            group.ranges |= ranges
            version = rank(entry.attributes)
            group.best = max(group.best, version)
            if "objectClass" in entry.attributes:
                group.versions.add(version[1])


def rank(attributes: dict[str, list[bytes]]) -> Rank:
    """How full an object is, its ranged attributes aside; equal for equal contents only, whatever their order."""
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(attributes):
        for part in (name.encode(), *sorted(attributes[name])):
            digest.update(len(part).to_bytes(4, "little") + part)
    return sum(map(len, attributes.values())), digest.digest()
