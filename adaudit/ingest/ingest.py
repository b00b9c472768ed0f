"""From directory entries, whatever brought them, to a sealed snapshot: the one code path after the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from adaudit.errors import InputError
from adaudit.ingest.files import FILE_TABLES, Files
from adaudit.ingest.finish import Finish
from adaudit.ingest.held import Held
from adaudit.ingest.layout import layouts
from adaudit.ingest.logons import Logons
from adaudit.ingest.multivalued import Multivalued
from adaudit.ingest.names import dn_key, parent_of
from adaudit.ingest.plan import Plans
from adaudit.ingest.sources import columns_filled, columns_of
from adaudit.ingest.stage import Stage
from adaudit.ingest.staged import DROPS, REFRESHED, VOLATILE, Staged
from adaudit.ingest.values import TAKES_SEVERAL, to_plain_integer, to_text
from adaudit.snapshot import ManifestHeader, ServerInfo, Snapshot, SnapshotWriter, SourceInfo
from adaudit.snapshot.manifest import Origin

if TYPE_CHECKING:
    from adaudit.decode.group_policy import Setting

_NOTES = pa.schema(
    [(name, pa.string()) for name in ("table_name", "column_name", "dn", "dn_key", "status", "reason", "detail")]
    + [("count", pa.int32())]
)
"""``count``: how many objects had been taken by then."""

_PARTITIONS = pa.schema([("dn", pa.string()), ("dn_key", pa.string()), ("is_collected", pa.bool_())])
_MANY_VALUES = 1500
"""From here on the members of a group are spilled at once."""

_NOTHING_VOLATILE = (None,) * len(VOLATILE)
_VOLATILE_PLACES = {name: REFRESHED.get_field_index(name) for name in VOLATILE}
_RESULTANT_PSO = _VOLATILE_PLACES["msds-resultantpso"]
"""The place in a refreshed row of each volatile attribute, and of the one that is no integer."""


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
        self._refreshes = 0
        self._staged: Staged | None = None
        self._held: Held | None = None
        self._folder = folder = self._writer.folder / "stage"
        self._multivalued = Multivalued(folder)
        self._files = Files(folder, self._multivalued.descriptor)
        self._logons = Logons(folder)
        self._entries = {layout.name: Stage(folder, f"entries_{layout.name}", layout.schema) for layout in layouts()}
        self._notes = Stage(folder, "notes", _NOTES)
        self._partitions = Stage(folder, "partitions", _PARTITIONS)
        self._drops = Stage(folder, "drops", DROPS)
        self._refreshed = Stage(folder, "refreshed", REFRESHED)
        self._plans = Plans(self._multivalued)

    def __enter__(self) -> Self:
        self._writer.__enter__()
        self._folder.mkdir()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_staged()
        for stage in self._stages():
            stage.abandon()
        self._writer.__exit__(kind, error, trace)

    def _stages(self) -> list[Stage]:
        return [
            *self._entries.values(),
            *self._multivalued.stages.values(),
            *self._files.stages.values(),
            self._logons.stage,
            self._notes,
            self._partitions,
            self._drops,
            self._refreshed,
        ]

    def _parts(self) -> dict[str, list[Path]]:
        """The files of each stage, whole and readable."""
        for stage in self._stages():
            stage.end_part()
        return {stage.name: list(stage.parts) for stage in self._stages()}

    @property
    def count(self) -> int:
        """Objects taken so far, those read again counted each time."""
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
        self._notes.append((table, column, dn, dn_key(dn) if dn else None, status, reason, detail, self._count))

    def note_attribute(
        self, status: str, reason: str, attribute: str, *, dn: str | None = None, detail: str | None = None
    ) -> None:
        """The same for one attribute, wherever what follows from it is found.

        With a DN it is told before or after the object is taken, and holds until it is taken again.
        """
        for table, column in columns_of(attribute):
            self.note(status, reason, table=table, column=column, dn=dn, detail=detail)

    def sysvol_file(
        self,
        domain: str,
        path: str,
        *,
        is_folder: bool,
        size: int | None = None,
        modified_at: datetime | None = None,
        sha256: str | None = None,
        descriptor: bytes | None = None,
        error: str | None = None,
    ) -> None:
        """Take a file or folder of SYSVOL, once each. ``domain`` is the DN of its domain; ``path`` begins with the
        domain's folder and has backslashes; ``modified_at`` is naive UTC.
        """
        self._files.file(
            domain,
            path,
            is_folder=is_folder,
            size=size,
            modified_at=modified_at,
            sha256=sha256,
            descriptor=descriptor,
            error=error,
        )

    def gpo_setting(self, domain: str, path: str, position: int, setting: Setting) -> None:
        """Take a setting read in the file ``path`` of SYSVOL, its secrets masked; ``position`` counts from 0."""
        self._files.setting(domain, path, position, setting)

    def sysvol_gap(
        self,
        domain: str,
        status: str,
        reason: str,
        *,
        path: str = "",
        tables: tuple[str, ...] = FILE_TABLES,
        column: str = "*",
        detail: str | None = None,
    ) -> None:
        """Tell what of SYSVOL could not, or was not to be, read: below ``path``, or of the whole domain without it."""
        for table in tables:
            self._files.gap(domain, path, table, column, status, reason, detail or path or None)

    def probe(self, server: str, probe: str, name: str, value: str, asked_at: datetime, asked_by: str | None) -> None:
        """Take one fact that a probe brought; ``asked_at`` is naive UTC, ``asked_by`` None for a probe that did not
        authenticate."""
        self._files.probe(server, probe, name, value, asked_at, asked_by)

    def logon(self, server: str, dn: str, attributes: dict[str, list[bytes]]) -> None:
        """Take what ``server`` alone knows of the logons of one object: its objectGUID and LOGON_ATTRIBUTES."""
        try:
            faults = self._logons.take(server, attributes)
        except ValueError as error:
            faults = {"*": f"objectGUID: {error}"}
        for column, fault in faults.items():
            self.note("failed", "malformed", table="logons", column=column, dn=dn, detail=f"{server}: {fault}")

    def add(self, dn: str, attributes: dict[str, list[bytes]]) -> None:
        """Take one directory object, in the place of one taken earlier with its objectGUID, or its DN for want of one.

        Values that cannot be read are kept as they are and told in ``coverage``.
        """
        if not dn.isascii():
            dn = dn.encode("utf-8", "backslashreplace").decode()
        n = self._count
        self._count += 1
        plan = self._plans.of(attributes)
        stage = self._entries[plan.name]
        row: list[Any] = [None] * plan.width
        key = dn_key(dn)
        row[:4] = (n, dn, key, parent_of(key))
        actions = plan.actions
        keep = self._multivalued.keep
        for name, values in attributes.items():
            if not values:
                continue
            slot, convert, take = actions.get(name) or plan.action(name)
            try:
                if convert is not None:
                    if len(values) > 1 and convert not in TAKES_SEVERAL:
                        self._several(n, name, values)
                    row[slot] = convert(values)
                if take is not None:
                    take(n, name, values)
                elif convert is None and not _repeats_the_name(dn, values):
                    keep(n, name, values)
            except ValueError as error:
                keep(n, name, values)
                self._tell_malformed(n, name, plan.name, str(error))
        stage.append(tuple(row))
        if n % 512 == 0 or len(attributes.get("member", ())) > _MANY_VALUES:
            for each in self._stages():
                each.flush_if_full()

    def load(self, snapshot: Snapshot) -> None:
        """Take all that ``snapshot`` holds of the directory, as if it had been added; before anything else is.

        Raises InputError when its tables contradict each other.
        """
        from adaudit.ingest.previous import Previous  # needs pyarrow.compute

        self._count = Previous(snapshot, self._entries, self._multivalued).stage()

    def held(self) -> Held:
        """What has been taken so far; the same object each time, brought up to date."""
        staged = self._up_to_date()
        if self._held is None:
            self._held = Held(staged)
        return self._held

    def _up_to_date(self) -> Staged:
        if self._staged is None:
            self._staged = Staged(self._writer.folder)
        self._staged.take(self._parts())
        return self._staged

    def _close_staged(self) -> None:
        if self._staged is not None:
            self._staged.close()
            self._staged = self._held = None

    def drop(self, keys: Iterable[str]) -> None:
        """Forget objects that are no longer in the directory, by GUID (text, lower case), or by DN for want of one."""
        for key in keys:
            self._drops.append((dn_key(key), self._count))

    def refresh(self, guid: str, attributes: dict[str, list[bytes]]) -> None:
        """Replace the volatile attributes (``VOLATILE_ATTRIBUTES``) of an object taken earlier; absent ones go.

        ``guid`` is text, lower case. Raises ValueError for a value that only reading the whole object can tell of.
        """
        row: list[Any] = [self._refreshes, guid, self._count, *_NOTHING_VOLATILE]
        for name, values in attributes.items():
            place = _VOLATILE_PLACES.get(name.lower())
            if place is not None and values:
                row[place] = to_text(values) if place == _RESULTANT_PSO else to_plain_integer(values)
        self._refreshed.append(tuple(row))
        self._refreshes += 1
        self._refreshed.flush_if_full()

    def _tell_malformed(self, n: int, name: str, staged_as: str, fault: str) -> None:
        for table, column in columns_filled(name.partition(";")[0], staged_as):
            self._multivalued.stages["faults"].append((n, table, column, "failed", "malformed", f"{name}: {fault}"))

    def _several(self, n: int, name: str, values: list[bytes]) -> None:
        """The first of several descriptions is enough for its column; what else has several values is not known."""
        if name.lower() != "description":
            raise ValueError(f"{len(values)} values where one is expected")
        self._multivalued.keep(n, name, values)

    def seal(
        self,
        *,
        as_of: datetime | None,
        as_of_origin: Origin,
        account: str | None = None,
        account_sid: str | None = None,
        incomplete_reason: str | None = None,
        log: Path | None = None,
        servers: tuple[ServerInfo, ...] = (),
    ) -> Path:
        """Resolve what was taken into tables, derive coverage and write the snapshot; returns its path.

        ``as_of`` is naive UTC; None means the newest whenChanged. ``account``: who read, as a UPN, DOMAIN\\name,
        DN or SID; without it an ordinary authenticated user is assumed. ``log``: the audit trail to take along;
        ``servers``: the controllers that were read. Raises InputError when nothing was taken.
        """
        if self._count == 0:
            raise InputError("no directory object was found", place=self._source.server or "")
        finish = Finish(self._up_to_date(), self._writer, account_sid or account)
        found_sid = finish.run()
        newest = finish.newest_change()
        self._close_staged()
        header = ManifestHeader(
            as_of=as_of if as_of is not None else newest,
            as_of_origin=as_of_origin if as_of is not None else "newest_change",
            complete=incomplete_reason is None,
            incomplete_reason=incomplete_reason,
            source=self._source.model_copy(
                update={"account": account, "account_sid": account_sid or found_sid, "servers": servers}
            ),
            started_at=self._started_at,
            finished_at=self._clock(),
        )
        return self._writer.seal(header, log)


def _repeats_the_name(dn: str, values: list[bytes]) -> bool:
    """The value is the DN or its first RDN."""
    return len(values) == 1 and values[0].decode() in (dn, dn[dn.find("=") + 1 :].partition(",")[0])
