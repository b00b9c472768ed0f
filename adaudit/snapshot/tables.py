"""The tables of a snapshot as a mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from adaudit.snapshot.reader import Snapshot


@dataclass(frozen=True)
class SnapshotTables(Mapping[str, pa.Table]):
    """The tables that a snapshot holds, each read when asked for."""

    snapshot: Snapshot

    def __getitem__(self, name: str) -> pa.Table:
        if name not in self.snapshot.manifest.tables:
            raise KeyError(name)
        return self.snapshot.table(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.snapshot.manifest.tables)

    def __len__(self) -> int:
        return len(self.snapshot.manifest.tables)
