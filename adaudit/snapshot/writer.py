"""Write a snapshot: tables in a private folder, then one sealed file."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from adaudit.errors import IncompleteError, InternalError, UsageError
from adaudit.schema import COLLECTED, FORMAT_VERSION, OBSERVED, STORED
from adaudit.snapshot.archive import ArchiveWriter, checksum
from adaudit.snapshot.manifest import Manifest, ManifestHeader, MemberInfo, TableInfo

MANIFEST_NAME = "manifest.json"
LOG_NAME = "collection.log"

_ROWS_OF_GROUP = 1 << 20


def table_member(name: str) -> str:
    """Name in the archive of the Parquet file of table ``name``."""
    return f"{name}.parquet"


class SnapshotWriter:
    """Builds a snapshot in an owner-only folder beside ``destination``; the folder goes whatever happens.

    ``destination`` is untouched until ``seal``, which replaces it in one step. Raises UsageError when it
    cannot be written there.
    """

    def __init__(self, destination: Path) -> None:
        self._destination = destination
        if not destination.parent.is_dir():
            raise UsageError(f"the folder {destination.parent} does not exist", place=str(destination))
        if destination.is_dir():
            raise UsageError("is a folder", place=str(destination))
        try:
            self.folder = Path(tempfile.mkdtemp(dir=destination.parent, prefix=".adaudit-"))
        except OSError as error:
            raise UsageError(f"cannot be written: {error.strerror}", place=str(destination)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def table_path(self, name: str) -> Path:
        """Where the Parquet file of a table must be put; KeyError for one that no snapshot holds."""
        return self.folder / table_member(STORED[name].name)

    def write_table(self, name: str, table: pa.Table) -> None:
        """Write all rows of a table; its columns are those declared, in their order."""
        self.write_batches(name, table.to_batches(_ROWS_OF_GROUP))

    def write_batches(self, name: str, batches: Iterable[pa.RecordBatch]) -> None:
        """Write rows of a table as they come, each batch a row group; their columns are those declared."""
        schema = STORED[name].arrow_schema
        path = self.table_path(name)
        with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=False) as target:
            for batch in batches:
                target.write_batch(batch.select(schema.names).cast(schema))

    def seal(self, header: ManifestHeader, log: Path | None = None) -> Path:
        """Write the snapshot file, owner-only, and return its path. Collected tables that were not put are
        empty, observed ones are not there.

        ``log``: the audit trail of the collection, taken along as it is.
        Raises InternalError when a table does not have its declared schema, IncompleteError when the file
        cannot be written.
        """
        sealed = self.folder / "sealed"
        try:
            self._write_archive(sealed, header, log)
            sealed.replace(self._destination)
        except OSError as error:
            raise IncompleteError(f"cannot be written: {error.strerror}", place=str(self._destination)) from error
        return self._destination

    def _write_archive(self, sealed: Path, header: ManifestHeader, log: Path | None) -> None:
        tables: dict[str, TableInfo] = {}
        members: list[tuple[str, Path, int, int]] = []
        for name in sorted((*COLLECTED, *(name for name in OBSERVED if self.table_path(name).exists()))):
            rows = self._checked_rows(name)
            path = self.table_path(name)
            size, crc, sha256 = _checksum_of(path)
            tables[name] = TableInfo(rows=rows, size=size, sha256=sha256)
            members.append((table_member(name), path, size, crc))
        log_info = None
        if log is not None:
            size, crc, sha256 = _checksum_of(log)
            log_info = MemberInfo(size=size, sha256=sha256)
            members.append((LOG_NAME, log, size, crc))
        manifest = Manifest(**dict(header), format=FORMAT_VERSION, tables=tables, log=log_info)
        encoded = manifest.model_dump_json(indent=1).encode()
        with os.fdopen(os.open(sealed, os.O_CREAT | os.O_EXCL | os.O_RDWR | _O_BINARY, 0o600), "wb") as target:
            archive = ArchiveWriter(target)
            size, crc, _ = checksum(io.BytesIO(encoded))
            archive.add(MANIFEST_NAME, io.BytesIO(encoded), size=size, crc=crc)
            for member, path, size, crc in members:
                with path.open("rb") as source:
                    archive.add(member, source, size=size, crc=crc)
            archive.finish()
            target.flush()
            os.fsync(target.fileno())

    def _checked_rows(self, name: str) -> int:
        path = self.table_path(name)
        if not path.exists():
            self.write_batches(name, ())
            return 0
        with pq.ParquetFile(path) as parquet:
            if not parquet.schema_arrow.equals(STORED[name].arrow_schema):
                raise InternalError("was not written with the declared schema", place=f"table {name}")
            return int(parquet.metadata.num_rows)


def _checksum_of(path: Path) -> tuple[int, int, str]:
    with path.open("rb") as source:
        return checksum(source)


_O_BINARY = getattr(os, "O_BINARY", 0)  # Windows: no translation of line ends
