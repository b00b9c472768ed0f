"""``import ldif``: dumps of ldapsearch, ldifde and ldbsearch to a snapshot."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from adaudit import __version__
from adaudit.errors import InputError
from adaudit.importers.ldb_values import LdbValues, has_text_values
from adaudit.importers.ldif_entries import LdifFile
from adaudit.importers.ldif_survey import FileFacts, Survey, rank, survey
from adaudit.importers.ranges import join_ranges, take_ranges
from adaudit.ingest.ingest import Ingest
from adaudit.ingest.names import dn_key
from adaudit.ingest.sources import COLUMNS_OF
from adaudit.schema.requests import CONSTRUCTED_ATTRIBUTES
from adaudit.snapshot import SourceFile, SourceInfo

_EVERYTHING: Final = {"*", "all"}
_EVERY_OBJECT: Final = {"objectclass=*", "objectguid=*", "distinguishedname=*"}
_CONSTRUCTED: Final = frozenset(name.lower() for name in CONSTRUCTED_ATTRIBUTES)
_ANY_OTHER: Final = "*"
_ON_EVERY_OBJECT: Final = "instancetype"
"""Set on every object and readable by any account; rules do not need it, so that who asks for it asks for all."""


@dataclass(frozen=True)
class LdifImport:
    """What was imported. ``differing``: DNs given several times with different values, of which the fullest was kept.

    ``incomplete_reason``: why the dump is known to be cut short; None when it is not.
    """

    path: Path
    objects: int
    differing: tuple[str, ...]
    referrals: tuple[str, ...]
    incomplete_reason: str | None


def import_ldif(
    paths: Sequence[Path], destination: Path, *, as_of: datetime | None = None, account: str | None = None
) -> LdifImport:
    """Make one snapshot of the LDIF files of one forest, whatever their order.

    ``as_of``: when the dumps were made (naive UTC), by default what the rootDSE says if it was dumped, else the
    newest whenChanged. ``account``: who made them. Raises InputError, with the file and line, for what is not a dump.
    """
    sources: dict[str, tuple[Path, SourceFile]] = {}
    for path in paths:
        source = _source_file(path)
        sources.setdefault(source.sha256, (path, source))
    files = [LdifFile(path) for path, _ in sources.values()]
    info = SourceInfo(
        kind="ldif",
        tool=f"adaudit {__version__}",
        account=account,
        files=tuple(source for _, source in sources.values()),
    )
    found = survey(files)
    with Ingest(destination, source=info) as ingest:
        unfinished = _add_entries(ingest, found)
        _tell_partitions(ingest, found)
        _tell_gaps(ingest, found)
        reasons = [f"{file.path.name}: {file.dump.truncated}" for file in files if file.dump.truncated] + unfinished
        incomplete_reason = _summed_up(reasons)
        ingest.seal(
            as_of=as_of or found.current_time,
            as_of_origin="option" if as_of else "source",
            account=account,
            incomplete_reason=incomplete_reason,
        )
        return LdifImport(
            path=destination,
            objects=ingest.count,
            differing=tuple(sorted(key for key, group in found.repeated.items() if len(group.versions) > 1)),
            referrals=tuple(sorted({url for file in files for url in file.dump.referrals})),
            incomplete_reason=incomplete_reason,
        )


def _source_file(path: Path) -> SourceFile:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return SourceFile(name=path.name, size=file.tell(), sha256=digest)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", place=str(path)) from error


def _add_entries(ingest: Ingest, found: Survey) -> list[str]:
    """Take every object once; returns what is missing at the end of ranges."""
    ldb_values = LdbValues()
    root_sid = _root_sid(found)
    unfinished_reasons = []
    taken: set[str] = set()
    for file in found.files:
        for entry in file.entries():
            key = dn_key(entry.dn)
            attributes = entry.attributes
            if not key or key in taken:
                continue
            ranges = take_ranges(attributes)
            group = found.repeated.get(key)
            if group is not None:
                if rank(attributes) != group.best:
                    continue
                taken.add(key)
                ranges = group.ranges
            for name in join_ranges(attributes, ranges):
                unfinished_reasons.append(f"{entry.dn}: the last values of {name} are missing")
                detail = f"{name} was given in part"
                ingest.note_attribute("truncated", "not_in_source", name, dn=entry.dn, detail=detail)
            if has_text_values(attributes):
                ldb_values.restore(attributes, _domain_sid(found, key) or root_sid, root_sid)
            ingest.add(entry.dn, attributes)
    return unfinished_reasons


def _domain_sid(found: Survey, key: str) -> str | None:
    """SID of the domain that a DN is in; that of CN=Configuration and of forest-wide DNS is found by name too."""
    while key and key not in found.domain_sids:
        key = key.partition(",")[2]
    return found.domain_sids.get(key)


def _root_sid(found: Survey) -> str | None:
    """SID of the forest root domain: the one that holds CN=Configuration, else the only one."""
    for key in found.heads | found.headless:
        if key.startswith("cn=configuration,"):
            return found.domain_sids.get(key.removeprefix("cn=configuration,"))
    return next(iter(found.domain_sids.values())) if len(found.domain_sids) == 1 else None


def _tell_partitions(ingest: Ingest, found: Survey) -> None:
    """A naming context whose head is in no file was dumped in part at best."""
    for dn in found.heads.values():
        ingest.partition(dn)
    for dn in found.headless.values():
        ingest.partition(dn)
        ingest.note("not_attempted", "not_in_source", dn=dn, detail="the head of this naming context is in no file")
    for key, dn in found.known.items():
        if key not in found.heads and key not in found.headless:
            ingest.partition(dn, collected=False)


def _tell_gaps(ingest: Ingest, found: Survey) -> None:
    if not found.has_descriptors:
        ingest.note("not_attempted", "no_descriptors", column="sd_id")
    for file, facts in found.files.items():
        dump = file.dump
        for dn in facts.partitions.values():
            if dump.truncated:
                ingest.note("truncated", "interrupted", dn=dn, detail=f"{file.path.name}: {dump.truncated}")
            for text in dump.filters:
                if text.strip("() ").lower() not in _EVERY_OBJECT:
                    ingest.note("not_attempted", "excluded", dn=dn, detail=f"{file.path.name}: filter {text}")
    whole = {dn_key(base) for file in found.files for base, scope in file.dump.bases if scope == "subtree"}
    unnamed = {key for file, facts in found.files.items() if not file.dump.bases for key in facts.partitions}
    for key, dn in found.heads.items():
        if key not in whole | unnamed:
            ingest.note("not_attempted", "excluded", dn=dn, detail="no search named in the files reads all of it")
    absent = set[str]().union(*(_attributes_not_asked_for(file, facts) for file, facts in found.files.items()))
    for name in sorted(absent):
        ingest.note_attribute("not_attempted", "not_in_source", name, detail="not asked for by the dump")


def _attributes_not_asked_for(file: LdifFile, facts: FileFacts) -> Set[str]:
    """Lower-case names of attributes whose absence from a file says nothing about the objects.

    The header of ldapsearch names what was asked for. Without it, a dump of which no entry has instanceType was
    made with a list of attributes. Attributes that the server computes only come when asked for by name. They go
    together in the command that the documentation gives: msDS-User-Account-Control-Computed, which every account
    then has, tells that msDS-ResultantPSO was asked for too, which an account without PSO does not have.
    """
    if not facts.entries:
        return set()
    seen = file.attribute_names
    requested = file.dump.requested
    asked_for = seen | (requested or set())
    has_everything = _ON_EVERY_OBJECT in seen if requested is None else bool(requested & _EVERYTHING)
    if not has_everything:
        return {*COLUMNS_OF, _ANY_OTHER} - asked_for - {"ntsecuritydescriptor"}
    if not facts.has_accounts or (requested is None and not seen.isdisjoint(_CONSTRUCTED)):
        return set()
    return _CONSTRUCTED - asked_for


def _summed_up(reasons: Sequence[str]) -> str | None:
    if not reasons:
        return None
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    return f"{reasons[0][:1000]}{more}"
