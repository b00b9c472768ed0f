"""Open a snapshot that someone else may have made: everything is checked before anything is used."""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, NoReturn, Self

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from adaudit.errors import InputError
from adaudit.schema import COLLECTED, FORMAT_VERSION, STORED, Kind
from adaudit.snapshot.archive import CHUNK_BYTES, Member, MemberFile, read_directory
from adaudit.snapshot.manifest import Manifest, MemberInfo
from adaudit.snapshot.writer import LOG_NAME, MANIFEST_NAME, table_member

MAX_MANIFEST_BYTES: Final = 4 << 20
MAX_FOOTER_BYTES: Final = 16 << 20
MAX_FOOTER_ITEMS: Final = 1 << 20
MAX_TABLE_ROWS: Final = 1 << 30
MAX_TABLE_BYTES: Final = 32 << 30
"""Limits on what one table may declare; a million accounts need a hundredth of them."""

MAX_EXPANSION: Final = 1000
SMALL_TABLE_BYTES: Final = 64 << 20
"""A table above the second decodes to at most so many times its file; 143 times, for ACEs, is the most measured."""

MAX_LOG_LINE_BYTES: Final = 1 << 20
"""A collection writes lines of a sixteenth of it."""

HARMLESS_IDS: Final = 1 << 20
"""Ids below it are let pass, whatever they point to: indexing by them takes some megabytes."""

_ID_COLUMNS: Final = {
    name: frozenset(column.name for column in table.columns if column.kind is Kind.ID) for name, table in STORED.items()
}

BATCH_ROWS: Final = 1 << 14


class Snapshot:
    """A checked snapshot, its file kept open; a context manager. ``sha256`` is that of the whole file."""

    def __init__(self, path: Path, file: BinaryIO, manifest: Manifest, members: dict[str, Member], sha256: str) -> None:
        self.path = path
        self.manifest = manifest
        self.sha256 = sha256
        self._file = file
        self._members = members

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Rows of a table that a snapshot may hold, all columns or those named; KeyError for another table or column.

        An observed table that this one lacks has no rows. Raises InputError when its Parquet file cannot be decoded.
        """
        schema = STORED[name].arrow_schema
        chosen = schema.names if columns is None else columns
        return pa.Table.from_batches(
            self.batches(name, columns), pa.schema([schema.field(column) for column in chosen])
        )

    def batches(self, name: str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The same rows, a bounded number at a time; same errors."""
        schema = STORED[name].arrow_schema
        chosen = schema.names if columns is None else list(columns)
        if name not in self.manifest.tables:
            return
        place = f"{self.path}, table {name}"
        most_rows = max(HARMLESS_IDS, *(table.rows for table in self.manifest.tables.values()))
        member = self._members[table_member(name)]
        most_bytes = min(MAX_TABLE_BYTES, max(SMALL_TABLE_BYTES, MAX_EXPANSION * member.size))
        decoded_bytes = 0
        try:
            with _parquet(_native(self._file, member)) as parquet:
                for batch in parquet.iter_batches(BATCH_ROWS, columns=chosen, use_threads=False):
                    batch.validate(full=True)
                    decoded_bytes += batch.nbytes
                    if decoded_bytes > most_bytes:
                        raise InputError(f"decodes to more than {most_bytes} bytes", place=place)
                    for field in batch.schema:
                        if field.name in _ID_COLUMNS[name]:
                            _check_ids(batch[field.name], most_rows, f"{place}, column {field.name}")
                    yield batch.select(chosen)
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"the Parquet file cannot be decoded: {error}", place=place) from error

    def log(self) -> Iterator[dict[str, Any]]:
        """The events of the audit trail, oldest first; none where the snapshot has no audit trail.

        Raises InputError at a line that is not an event.
        """
        member = self._members.get(LOG_NAME)
        if member is None:
            return
        with io.BufferedReader(MemberFile(self._file, member)) as lines:
            number = 0
            while line := lines.readline(MAX_LOG_LINE_BYTES):
                number += 1
                yield _event(line, f"{self.path}, {LOG_NAME}, line {number}")

    def parquet_file(self, name: str) -> MemberFile:
        """The Parquet file of a table that it holds, read-only, out of the open snapshot."""
        return MemberFile(self._file, self._members[table_member(name)])

    def log_file(self) -> MemberFile | None:
        """The audit trail as it is; None where there is none."""
        member = self._members.get(LOG_NAME)
        return None if member is None else MemberFile(self._file, member)


def _check_ids(ids: pa.Array, most_rows: int, place: str) -> None:
    """Ids are row numbers: one beyond every table would make whoever indexes by it ask for as much memory."""
    import pyarrow.compute as pc

    bounds = pc.min_max(ids).as_py()
    if bounds["min"] is not None and not 0 <= bounds["min"] <= bounds["max"] < most_rows:
        raise InputError(f"an id is no row of any table: {bounds['min']} to {bounds['max']}", place=place)


def open_snapshot(path: Path) -> Snapshot:
    """Open a snapshot once its structure, sizes, manifest, table schemas and hashes are checked.

    Nothing is extracted or written. Raises InputError for anything else than a sound snapshot.
    """
    try:
        if not path.is_file():
            raise InputError("is a folder or a device" if path.exists() else "no such file", place=str(path))
        file = path.open("rb")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", place=str(path)) from error
    try:
        return _checked(path, file)
    except BaseException:
        file.close()
        raise


def _checked(path: Path, file: BinaryIO) -> Snapshot:
    place = str(path)
    members = {member.name: member for member in read_directory(file, place)}
    manifest = _read_manifest(file, members, place)
    if not COLLECTED.keys() <= manifest.tables.keys() <= STORED.keys():
        raise InputError("the manifest does not list the tables of its format", place=place)
    expected = {MANIFEST_NAME, *map(table_member, manifest.tables)}
    if manifest.log is not None:
        expected.add(LOG_NAME)
    if strange := sorted(members.keys() - expected):
        raise InputError(f"unknown member {strange[0]!r}", place=place)
    if lacking := sorted(expected - members.keys()):
        raise InputError(f"{lacking[0]} is missing", place=place)
    sha256 = _check_hashes(file, members, manifest, place)
    for name in manifest.tables:
        _check_table(file, members[table_member(name)], manifest.tables[name].rows, name, place)
    return Snapshot(path, file, manifest, members, sha256)


def _read_manifest(file: BinaryIO, members: dict[str, Member], place: str) -> Manifest:
    member = members.get(MANIFEST_NAME)
    if member is None:
        raise InputError("not an adaudit snapshot: it has no manifest", place=place)
    if member.size > MAX_MANIFEST_BYTES:
        raise InputError(f"the manifest is larger than {MAX_MANIFEST_BYTES} bytes", place=place)
    encoded = MemberFile(file, member).read(member.size)
    try:
        _check_format(json.loads(encoded), place)
        return Manifest.model_validate_json(encoded)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{where}: {first['msg']}", place=f"{place}, {MANIFEST_NAME}") from error
    except (ValueError, RecursionError) as error:
        raise InputError("is not JSON", place=f"{place}, {MANIFEST_NAME}") from error


def _check_format(manifest: object, place: str) -> None:
    version = manifest.get("format") if isinstance(manifest, dict) else None
    if not isinstance(manifest, dict) or type(version) is not int:
        raise InputError("format: a whole number is expected", place=f"{place}, {MANIFEST_NAME}")
    if version > FORMAT_VERSION:
        source = manifest.get("source")
        tool = source.get("tool") if isinstance(source, dict) else None
        needed = tool if isinstance(tool, str) and len(tool) < 100 else "a newer adaudit"
        raise InputError(
            f"snapshot format {version}: it needs {needed} or later; this adaudit reads format {FORMAT_VERSION}",
            place=place,
        )
    if version < FORMAT_VERSION:
        raise InputError(f"snapshot format {version} is not one that this adaudit reads", place=place)


def _check_hashes(file: BinaryIO, members: dict[str, Member], manifest: Manifest, place: str) -> str:
    """Compare every table, and the log, with the manifest; the SHA-256 of the whole file, in the same single read."""
    declared: dict[str, MemberInfo | None] = {table_member(name): table for name, table in manifest.tables.items()}
    declared[LOG_NAME] = manifest.log
    whole = hashlib.sha256()
    file.seek(0)
    for member in members.values():
        whole.update(file.read(member.data_offset - member.offset))
        digest, crc, left = hashlib.sha256(), 0, member.size
        while left:
            chunk = file.read(min(CHUNK_BYTES, left))
            if not chunk:
                raise InputError("the file shrank while it was read", place=place)
            left -= len(chunk)
            whole.update(chunk)
            digest.update(chunk)
            crc = zlib.crc32(chunk, crc)
        told = declared.get(member.name)
        if crc != member.crc or (told is not None and (member.size, digest.hexdigest()) != (told.size, told.sha256)):
            raise InputError(f"{member.name} was altered: its content does not match its hash", place=place)
    whole.update(file.read())
    return whole.hexdigest()


def _event(line: bytes, place: str) -> dict[str, Any]:
    try:
        event = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InputError("is not JSON", place=place) from error
    if not isinstance(event, dict) or not isinstance(event.get("at"), str) or not isinstance(event.get("event"), str):
        raise InputError("is not an event of a collection", place=place)
    return event


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _native(file: BinaryIO, member: Member) -> pa.NativeFile:
    """The member in memory of Arrow's own: its threads then hold no Python object, of which one that is let go while
    the interpreter ends aborts the process."""
    content = pa.allocate_buffer(member.size)
    with memoryview(content) as view:
        MemberFile(file, member).readinto(view)
    return pa.BufferReader(content)


def _parquet(source: pa.NativeFile) -> pq.ParquetFile:
    return pq.ParquetFile(
        source,
        thrift_string_size_limit=MAX_FOOTER_BYTES,
        thrift_container_size_limit=MAX_FOOTER_ITEMS,
    )


def _check_table(file: BinaryIO, member: Member, rows: int, name: str, place: str) -> None:
    """Check a table's Parquet metadata, without reading its rows: schema, row count and declared sizes."""
    place = f"{place}, table {name}"
    slice_ = MemberFile(file, member)
    slice_.seek(max(0, member.size - 8))
    footer = slice_.read(8)
    if len(footer) != 8 or footer[4:] != b"PAR1" or int.from_bytes(footer[:4], "little") > MAX_FOOTER_BYTES:
        raise InputError("is not a Parquet file, or its footer is too large", place=place)
    try:
        with _parquet(pa.PythonFile(slice_, mode="r")) as parquet:
            schema, metadata = parquet.schema_arrow, parquet.metadata
            declared = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
            group_rows = sum(metadata.row_group(i).num_rows for i in range(metadata.num_row_groups))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"the Parquet file cannot be decoded: {error}", place=place) from error
    if not schema.equals(STORED[name].arrow_schema):
        raise InputError("the columns are not those of the format", place=place)
    if metadata.num_rows != rows or group_rows != rows:
        raise InputError(f"has {metadata.num_rows} rows where the manifest declares {rows}", place=place)
    if rows > MAX_TABLE_ROWS or declared > MAX_TABLE_BYTES:
        raise InputError(f"declares {rows} rows and {declared} bytes, beyond what is accepted", place=place)
