"""Two snapshots of one directory, compared table by table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from adaudit.schema import COLLECTED
from adaudit.schema.requests import VOLATILE_ATTRIBUTES
from adaudit.snapshot import Snapshot, open_snapshot

BOOKKEEPING = frozenset({*VOLATILE_ATTRIBUTES, "lastLogonTimestamp", "uSNChanged", "whenChanged"})
"""Attributes in which a server notes, on the account that logs on, that it did."""


def differences(one: Path, other: Path) -> dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """Table → rows of the first alone, rows of the second alone. The logon bookkeeping of the account that read is
    left out."""
    with open_snapshot(one) as first, open_snapshot(other) as second:
        found = {}
        for name in COLLECTED:
            if first.table(name).equals(second.table(name)):
                continue
            ours, theirs = rows(first, name), rows(second, name)
            if ours != theirs:
                found[name] = (missing(ours, theirs), missing(theirs, ours))
        return found


def missing(wanted: list[dict[str, Any]], found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows that are not among those found."""
    known = {repr(row) for row in found}
    return [row for row in wanted if repr(row) not in known]


def rows(snapshot: Snapshot, name: str) -> list[dict[str, Any]]:
    own = reader(snapshot)
    noted = {column.name for column in COLLECTED[name].columns if column.source in BOOKKEEPING}
    noted |= {f"{column.removesuffix('_raw')}_at" for column in noted}
    kept = []
    for row in snapshot.table(name).to_pylist():
        if own is not None and row.get("object_id") == own:
            if name == "attributes" and row["name"] in BOOKKEEPING:
                continue
            row = {column: value for column, value in row.items() if column not in noted}
        kept.append(row)
    return kept


def reader(snapshot: Snapshot) -> int | None:
    """The object of the account that read, where that was read."""
    sid = snapshot.manifest.source.account_sid
    found = [row["object_id"] for row in snapshot.table("principals").to_pylist() if row["sid"] == sid]
    return found[0] if found else None
