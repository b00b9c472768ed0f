"""Write, open, check and export a ``.adsnap``: one file with the typed tables of one forest."""

from __future__ import annotations

from adaudit.snapshot.manifest import Manifest, ManifestHeader, ServerInfo, SourceFile, SourceInfo, TableInfo
from adaudit.snapshot.reader import Snapshot, open_snapshot
from adaudit.snapshot.tables import SnapshotTables
from adaudit.snapshot.writer import SnapshotWriter

__all__ = [
    "Manifest",
    "ManifestHeader",
    "ServerInfo",
    "Snapshot",
    "SnapshotTables",
    "SnapshotWriter",
    "SourceFile",
    "SourceInfo",
    "TableInfo",
    "open_snapshot",
]
