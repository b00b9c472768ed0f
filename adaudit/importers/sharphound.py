"""``import sharphound``: sessions and local groups of a SharpHound archive, added to a snapshot."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from adaudit.errors import InputError, UsageError
from adaudit.importers.json_stream import JsonStream
from adaudit.importers.sharphound_archive import CollectionFile, collection_files
from adaudit.importers.sharphound_records import (
    LOCAL_GROUPS,
    SESSIONS,
    Observations,
    Sid,
    of_computer,
    of_local_group,
    of_session,
)
from adaudit.schema import COLLECTED, OBSERVED, STORED
from adaudit.snapshot import ManifestHeader, Snapshot, SnapshotWriter, SourceFile, open_snapshot

VERSIONS: Final = (4, 5, 6)

_READERS: Final[Mapping[str, Callable[[Mapping[str, Any], Observations], None]]] = {
    "computers": of_computer,
    "sessions": of_session,
    "localgroups": of_local_group,
}
_OTHER_TYPES: Final = frozenset(
    ("users", "groups", "domains", "ous", "gpos", "containers", "deleted", "azure", "sites", "siteservers")
) | {"sitesubnets", "aiacas", "rootcas", "enterprisecas", "ntauthstores", "certtemplates", "issuancepolicies"}


@dataclass(frozen=True)
class SharpHoundImport:
    """What was imported. ``answered``, ``failed``: computers of the snapshot that told something, or were asked in
    vain. ``sessions``, ``members``: rows that the snapshot has now. ``unknown``: SIDs in them that no object or
    identity of the snapshot bears; ``unusable``: identities of the archive that are no SID, left out."""

    path: Path
    answered: int
    failed: int
    sessions: int
    members: int
    unknown: int
    unusable: int


def import_sharphound(archive: Path, into: Path, destination: Path) -> SharpHoundImport:
    """Write the snapshot ``into`` again with what ``archive``, a ZIP or one of its JSON files, observed.

    Every other table keeps its bytes; ``coverage`` says which computers were asked. What the snapshot had observed
    before stays. Raises InputError, with the place, for what is not such an archive or snapshot, and for an archive of
    another forest.
    """
    if destination.exists() and destination.resolve() == into.resolve():
        raise UsageError("a sealed snapshot is not changed: give the new one another name", place=str(destination))
    source = _source_file(archive)
    found = read_observations(archive)
    with open_snapshot(into) as snapshot, SnapshotWriter(destination) as writer:
        identities = _Identities(snapshot)
        if found.computers and not any(identities.of(computer) is not None for computer in found.computers):
            raise InputError(f"none of its computers is in {into}: it is of another forest", place=str(archive))
        tables = {
            SESSIONS: _sessions(snapshot, found, identities),
            LOCAL_GROUPS: _members(snapshot, found, identities),
        }
        for name, table in tables.items():
            writer.write_table(name, table)
        answers = _answers(snapshot, found, identities)
        writer.write_table("coverage", _coverage(snapshot, answers, identities))
        for name in COLLECTED.keys() - {"coverage"}:
            with writer.table_path(name).open("wb") as file:
                shutil.copyfileobj(snapshot.parquet_file(name), file)
        writer.seal(_header(snapshot, source), _log(snapshot, writer))
    outcomes = [{key: failure for key, failure in answers.items() if key[0] == table} for table in tables]
    asked = {computer for outcome in outcomes for _, computer in outcome}
    answered = {computer for outcome in outcomes for (_, computer), failure in outcome.items() if failure is None}
    return SharpHoundImport(
        path=destination,
        answered=len(answered),
        failed=len(asked - answered),
        sessions=tables[SESSIONS].num_rows,
        members=tables[LOCAL_GROUPS].num_rows,
        unknown=_unknown(tables),
        unusable=found.unusable,
    )


def read_observations(archive: Path) -> Observations:
    """What the files of an archive tell, each by the type that its ``meta`` gives, which comes last.

    Some collectors leave ``meta.count`` at 0; one that announces more than there is tells of a file that was cut.
    Raises InputError with the file, and the element where there is one.
    """
    found = Observations()
    types = set()
    for file in collection_files(archive):
        type_, observed = _read(file)
        types.add(type_)
        if observed is not None:
            found.add(observed)
    if types.isdisjoint(_READERS):
        raise InputError("holds no file of computers, sessions or local groups", place=str(archive))
    return found


def _read(file: CollectionFile) -> tuple[str, Observations | None]:
    """The type of a file, and what it tells when it is one of those that are read."""
    place = file.place
    stream = JsonStream(file, place)
    by_type = {type_: Observations() for type_ in _READERS}
    for element in stream.elements():
        if not isinstance(element, dict):
            raise InputError("an object is expected", place=f"{place}, element {stream.count}")
        try:
            _read_element(element, by_type)
        except InputError as error:
            raise InputError(error.message, place=f"{place}, element {stream.count}") from error
    type_, version, count = (stream.meta.get(key) for key in ("type", "version", "count"))
    if type_ not in _READERS and type_ not in _OTHER_TYPES:
        raise InputError("meta.type is not one of SharpHound's", place=place)
    if type_ in _READERS and version not in VERSIONS:
        raise InputError(f"meta.version is {version!r}: versions {VERSIONS} are read", place=place)
    if type(count) is int and count > stream.count:
        raise InputError(f"declares {count} objects and holds {stream.count}", place=place)
    return str(type_), by_type.get(str(type_))


def _read_element(element: Mapping[str, Any], by_type: Mapping[str, Observations]) -> None:
    """By its form, as the type is not known yet; what the other types then made of it is dropped."""
    if "usersid" in element:
        of_session(element, by_type["sessions"])
    elif "results" in element:
        of_local_group(element, by_type["localgroups"])
    elif "objectidentifier" in element:
        of_computer(element, by_type["computers"])


class _Identities:
    """Principals of a snapshot by SID, those of BUILTIN by domain too."""

    def __init__(self, snapshot: Snapshot) -> None:
        fqdn = dict(_rows(snapshot.table("domains", ["domain_id", "dns_name"])))
        columns = ["principal_id", "sid", "domain_id", "object_id"]
        self._found: dict[tuple[str, str | None], int] = {}
        self._objects: dict[str, tuple[int, int | None]] = {}
        for principal, sid, domain, object_id in _rows(snapshot.table("principals", columns)):
            if sid is None:
                continue
            self._found.setdefault((sid, None), principal)
            if domain is not None and not sid.startswith("S-1-5-21-"):
                self._found[sid, (fqdn.get(domain) or "").upper()] = principal
            if object_id is not None:
                self._objects[sid] = (object_id, domain)
        computers = snapshot.table("computers", ["sid", "object_id", "domain_id"])
        self.computers = {
            object_id: (sid, domain) for sid, object_id, domain in _rows(computers) if object_id is not None
        }

    def of(self, sid: Sid) -> int | None:
        """The principal; for a BUILTIN SID only that of the domain that is named, as computers have their own."""
        if sid.sid.startswith("S-1-5-32-"):
            return None if sid.domain is None else self._found.get((sid.sid, sid.domain))
        return self._found.get((sid.sid, None))


def _sessions(snapshot: Snapshot, found: Observations, identities: _Identities) -> pa.Table:
    rows = {
        (s.computer.sid, identities.of(s.computer), s.user.sid, identities.of(s.user), s.logon_type, s.origin)
        for s in found.sessions
    }
    return _table(SESSIONS, {*rows, *_rows(snapshot.table(SESSIONS))})


def _members(snapshot: Snapshot, found: Observations, identities: _Identities) -> pa.Table:
    rows = {
        (m.computer.sid, identities.of(m.computer), m.group_rid, m.user_right, m.member.sid, identities.of(m.member))
        for m in found.members
    }
    return _table(LOCAL_GROUPS, {*rows, *_rows(snapshot.table(LOCAL_GROUPS))})


def _table(name: str, rows: set[tuple[Any, ...]]) -> pa.Table:
    schema = OBSERVED[name].arrow_schema
    ordered = sorted(rows, key=lambda row: [(value is not None, value) for value in row])
    columns = list(zip(*ordered, strict=True)) or [()] * len(schema)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


_Answers = dict[tuple[str, int], str | None]
"""By table and computer (object): None once it answered, else why it did not."""


def _answers(snapshot: Snapshot, found: Observations, identities: _Identities) -> _Answers:
    """Those of the archive, and those that the snapshot had already."""
    by_sid = {sid: object_id for object_id, (sid, _) in identities.computers.items()}
    told = Observations()
    for table, object_id, status, detail in _rows(_observed_coverage(snapshot)):
        sid = identities.computers.get(object_id, (None, None))[0]
        if sid is not None and status != "not_attempted":
            told.answer(table, sid, None if status == "collected" else detail or "")
    told.add(found)
    return {(table, by_sid[sid]): failure for (table, sid), failure in told.asked.items() if sid in by_sid}


def _observed_coverage(snapshot: Snapshot) -> pa.Table:
    coverage = snapshot.table("coverage", ["table_name", "object_id", "status", "detail"])
    return coverage.filter(pc.is_in(coverage["table_name"], pa.array(list(OBSERVED))))


def _coverage(snapshot: Snapshot, answers: _Answers, identities: _Identities) -> pa.Table:
    """That of the snapshot, then one row for each observed table and computer."""
    coverage = snapshot.table("coverage")
    others = coverage.filter(pc.invert(pc.is_in(coverage["table_name"], pa.array(list(OBSERVED)))))
    rows = []
    for table in OBSERVED:
        for object_id, (_, domain) in sorted(identities.computers.items()):
            rows.append((table, "*", domain, object_id, None, *_status(answers, (table, object_id))))
    schema = STORED["coverage"].arrow_schema
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    added = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
    return pa.concat_tables([others, pa.table(added, schema=schema)])


def _status(answers: _Answers, asked: tuple[str, int]) -> tuple[str, str | None, str | None]:
    """Status, reason and detail of a row of coverage."""
    if asked not in answers:
        return "not_attempted", "not_in_source", None
    failure = answers[asked]
    return ("collected", None, None) if failure is None else ("failed", "unreachable", failure)


def _unknown(tables: Mapping[str, pa.Table]) -> int:
    """SIDs without principal."""
    pairs = (
        (SESSIONS, "computer"),
        (SESSIONS, "user"),
        (LOCAL_GROUPS, "computer"),
        (LOCAL_GROUPS, "member"),
    )
    found: set[str] = set()
    for name, role in pairs:
        table = tables[name]
        found.update(table.filter(pc.is_null(table[f"{role}_id"]))[f"{role}_sid"].to_pylist())
    return len(found)


def _header(snapshot: Snapshot, source: SourceFile) -> ManifestHeader:
    manifest = snapshot.manifest
    told = {name: getattr(manifest, name) for name in ManifestHeader.model_fields}
    files = tuple(dict.fromkeys((*manifest.source.files, source)))
    return ManifestHeader(**{**told, "source": manifest.source.model_copy(update={"files": files})})


def _log(snapshot: Snapshot, writer: SnapshotWriter) -> Path | None:
    log = snapshot.log_file()
    if log is None:
        return None
    path = writer.folder / "log"
    with path.open("wb") as file:
        shutil.copyfileobj(log, file)
    return path


def _source_file(path: Path) -> SourceFile:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return SourceFile(name=path.name, size=file.tell(), sha256=digest)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", place=str(path)) from error


def _rows(table: pa.Table) -> Any:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)
