"""What the snapshot tests write, and how an attacker would change it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from adaudit.schema import COLLECTED
from adaudit.snapshot import ManifestHeader, SourceInfo
from adaudit.snapshot.archive import ArchiveWriter

Contents = dict[str, bytes]

HEADER = ManifestHeader(
    as_of=datetime(2026, 11, 1, 8, 30),
    as_of_origin="dc_current_time",
    complete=True,
    incomplete_reason=None,
    source=SourceInfo(kind="ldap", tool="adaudit 0.1.0", server="dc1.corp.test"),
    started_at=datetime(2026, 11, 1, 8, 30),
    finished_at=datetime(2026, 11, 1, 8, 31),
)


def rows(name: str, *given: dict[str, object]) -> pa.Table:
    """Rows of a declared table; columns not given are null."""
    schema = COLLECTED[name].arrow_schema
    return pa.Table.from_pylist([{field: row.get(field) for field in schema.names} for row in given], schema=schema)


def contents_of(path: Path) -> Contents:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rebuild(path: Path, contents: Contents) -> Path:
    """An archive with these members, as a careful attacker would build it: every header is right."""
    with path.open("wb") as target:
        archive = ArchiveWriter(target)
        for name, data in contents.items():
            archive.add(name, io.BytesIO(data), size=len(data), crc=zlib.crc32(data))
        archive.finish()
    return path


def with_table(path: Path, name: str, data: bytes, rows: int) -> Path:
    """Replace a table and make the manifest agree."""
    contents = contents_of(path) | {f"{name}.parquet": data}
    manifest = json.loads(contents["manifest.json"])
    manifest["tables"][name] = {"rows": rows, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    return rebuild(path, contents | {"manifest.json": json.dumps(manifest).encode()})
