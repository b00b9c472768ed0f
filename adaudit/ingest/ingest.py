"""From directory entries, whatever brought them, to a sealed snapshot: the one code path after the wire."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from adaudit.errors import InputError
from adaudit.ingest.finish import Finish
from adaudit.ingest.layout import GMSA_SLOT, RBCD_SLOT, SD_SLOT, Layout, layout_for, layouts
from adaudit.ingest.multivalued import Multivalued, Take
from adaudit.ingest.names import dn_key, parent_of
from adaudit.ingest.stage import Stage
from adaudit.ingest.values import Convert, readable_text
from adaudit.schema.requests import SECRET_ATTRIBUTES
from adaudit.snapshot import ManifestHeader, SnapshotWriter, SourceInfo
from adaudit.snapshot.manifest import Origin

_NOTES = pa.schema(
    [(name, pa.string()) for name in ("table_name", "column_name", "dn", "dn_key", "status", "reason", "detail")]
)
_PARTITIONS = pa.schema([("dn", pa.string()), ("dn_key", pa.string()), ("is_collected", pa.bool_())])
_DESCRIPTOR_SLOTS = {
    "ntsecuritydescriptor": ("object", SD_SLOT),
    "msds-allowedtoactonbehalfofotheridentity": ("rbcd", RBCD_SLOT),
    "msds-groupmsamembership": ("gmsa", GMSA_SLOT),
}
_REPEATS_THE_NAME = frozenset({"cn", "ou", "dc", "l", "c", "o", "distinguishedname"})
"""Attributes that repeat the DN or its first RDN: kept only when they say something else."""


def utc_now() -> datetime:
    """The present moment as naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


class Ingest:
    """Takes directory objects one by one and seals them into a snapshot.

    A context manager: leaving it without ``seal`` removes everything. Memory does not grow with the
    number of objects but for the distinct descriptors.
    """

    def __init__(self, destination: Path, *, source: SourceInfo, clock: Callable[[], datetime] = utc_now) -> None:
        self._writer = SnapshotWriter(destination)
        self._source = source
        self._clock = clock
        self._started_at = clock()
        self._count = 0

    def __enter__(self) -> Self:
        self._writer.__enter__()
        folder = self._writer.folder / "stage"
        folder.mkdir()
        self._folder = folder
        self._multivalued = Multivalued(folder)
        self._entries = {layout.name: Stage(folder, f"entries_{layout.name}", layout.schema) for layout in layouts()}
        self._notes = Stage(folder, "notes", _NOTES)
        self._partitions = Stage(folder, "partitions", _PARTITIONS)
        self._plans: dict[tuple[tuple[bytes, ...], bool], _Plan] = {}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stage in self._stages():
            stage.abandon()
        self._writer.__exit__(kind, error, trace)

    def _stages(self) -> list[Stage]:
        return [*self._entries.values(), *self._multivalued.stages.values(), self._notes, self._partitions]

    @property
    def count(self) -> int:
        """Objects taken so far."""
        return self._count

    def partition(self, dn: str, *, collected: bool = True) -> None:
        """Tell of a naming context that exists, and whether it is being read."""
        self._partitions.append((dn, dn_key(dn), collected))

    def note(
        self,
        status: str,
        reason: str,
        *,
        table: str = "objects",
        column: str = "*",
        dn: str | None = None,
        detail: str | None = None,
    ) -> None:
        """Tell of facts that the source could not, or did not, bring (statuses and reasons of ``coverage``).

        With ``table="objects"`` and the DN of a naming context it stands for every table filled from there.
        """
        self._notes.append((table, column, dn, dn_key(dn) if dn else None, status, reason, detail))

    def add(self, dn: str, attributes: dict[str, list[bytes]]) -> None:
        """Take one directory object. Values that cannot be read are kept as they are and told in ``coverage``."""
        if not dn.isascii():
            dn = dn.encode("utf-8", "backslashreplace").decode()
        n = self._count
        self._count += 1
        classes = tuple(attributes.get("objectClass") or attributes.get("objectclass") or ())
        is_deleted = "isDeleted" in attributes
        plan = self._plans.get((classes, is_deleted))
        if plan is None:
            plan = self._plans[classes, is_deleted] = self._plan(classes, is_deleted)
        stage = self._entries[plan.layout.name]
        row: list[Any] = [None] * plan.width
        key = dn_key(dn)
        row[:5] = (n, dn, key, parent_of(key), len(attributes))
        actions = plan.actions
        for name, values in attributes.items():
            if not values:
                continue
            slot, convert, take = actions.get(name) or plan.action(name)
            try:
                if convert is not None:
                    row[slot] = convert(values)
                    if len(values) > 1 and not isinstance(row[slot], list):
                        self._keep(n, name, values)
                elif take is not None:
                    take(n, name, values)
                else:
                    self._take_other(n, name, values, dn, row)
            except ValueError as error:
                self._keep(n, name, values)
                self._multivalued.stages["malformed"].append((n, name, str(error)))
        stage.append(tuple(row))
        if n % 512 == 0:
            for each in self._stages():
                each.flush_if_full()

    def _plan(self, classes: tuple[bytes, ...], is_deleted: bool) -> _Plan:
        """Deleted objects feed no typed table: what they held is no longer in force, and is kept as attributes."""
        if is_deleted:
            return _Plan(layout_for(frozenset()), {})
        return _Plan(layout_for(_class_names(classes)), self._multivalued.takers)

    def _take_other(self, n: int, name: str, values: list[bytes], dn: str, row: list[Any]) -> None:
        lower = name.lower()
        if lower in _DESCRIPTOR_SLOTS:
            role, slot = _DESCRIPTOR_SLOTS[lower]
            row[slot] = self._multivalued.descriptor(role, values[0])
        elif lower in SECRET_ATTRIBUTES:
            self._multivalued.stages["secrets"].append((n, name))
        elif lower not in _REPEATS_THE_NAME or values[0].decode() not in (dn, dn[dn.find("=") + 1 :].partition(",")[0]):
            self._keep(n, name, values)

    def _keep(self, n: int, name: str, values: list[bytes]) -> None:
        append = self._multivalued.stages["attributes"].append
        for position, value in enumerate(values if len(values) == 1 else sorted(values)):
            text = readable_text(value)
            append((n, name, position, text, None if text is not None else value))

    def seal(
        self,
        *,
        as_of: datetime | None,
        as_of_origin: Origin,
        account: str | None = None,
        account_sid: str | None = None,
        incomplete_reason: str | None = None,
    ) -> Path:
        """Resolve what was taken into tables, derive coverage and write the snapshot; returns its path.

        ``as_of`` is naive UTC; None means the newest whenChanged. ``account``: who read, as a UPN, DOMAIN\\name,
        DN or SID; without it an ordinary authenticated user is assumed. Raises InputError when nothing was taken.
        """
        if self._count == 0:
            raise InputError("no directory object was found", place=self._source.server or "")
        for stage in self._stages():
            stage.close()
        finish = Finish(self._folder, self._writer, account_sid or account)
        found_sid = finish.run()
        newest = finish.newest_change()
        finish.close()
        header = ManifestHeader(
            as_of=as_of if as_of is not None else newest,
            as_of_origin=as_of_origin if as_of is not None else "newest_change",
            complete=incomplete_reason is None,
            incomplete_reason=incomplete_reason,
            source=self._source.model_copy(update={"account": account, "account_sid": account_sid or found_sid}),
            started_at=self._started_at,
            finished_at=self._clock(),
        )
        return self._writer.seal(header)


class _Plan:
    """What to do with each attribute of objects of some classes; attribute names are matched without case."""

    def __init__(self, layout: Layout, takers: dict[str, Take]) -> None:
        self.layout = layout
        self.width = len(layout.schema)
        self.actions: dict[str, tuple[int, Convert | None, Take | None]] = {}
        self._takers = takers

    def action(self, name: str) -> tuple[int, Convert | None, Take | None]:
        lower = name.lower()
        if lower in self.layout.slots:
            slot, convert = self.layout.slots[lower]
            action: tuple[int, Convert | None, Take | None] = (slot, convert, None)
        else:
            action = (-1, None, self._takers.get(lower))
        if len(self.actions) < 5000:
            self.actions[name] = action
        return action


def _class_names(classes: tuple[bytes, ...]) -> frozenset[str]:
    return frozenset(value.decode("utf-8", "backslashreplace") for value in classes)
