"""The tables of a snapshot as a mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from adaudit.schema import COLLECTED
from adaudit.snapshot.reader import Snapshot


@dataclass(frozen=True)
class SnapshotTables(Mapping[str, pa.Table]):
    """The collected tables of a snapshot, each read when asked for."""

    snapshot: Snapshot

    def __getitem__(self, name: str) -> pa.Table:
        if name not in COLLECTED:
            raise KeyError(name)
        return self.snapshot.table(name)

    def __iter__(self) -> Iterator[str]:
        return iter(COLLECTED)

    def __len__(self) -> int:
        return len(COLLECTED)
