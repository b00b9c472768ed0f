"""The audit trail of a collection: what was asked of whom, as whom, when, and what came back.

One JSON object a line (JSON Lines, in ASCII), with ``at``, the moment of writing in UTC, ``event``, and the facts
of that event as declared below. ``seconds`` are durations. A line is on its way to the disk before ``write``
returns. There is no field for a secret.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, NotRequired, Self, TypedDict, Unpack, overload

from adaudit.collect.messages import PAGED_RESULTS_OID, Scope, Search
from adaudit.errors import IncompleteError
from adaudit.ingest.ingest import utc_now

MAX_LINE_BYTES: Final = 1 << 16
"""Longer facts are cut: a directory may answer anything."""

_TEXT_LENGTHS: Final = (4000, 200, 16)
"""To what length texts and lists are cut, one after the other, until the line is short enough."""


class Asked(TypedDict):
    """A search as it is sent. ``controls``: OID, or OID=value in hexadecimal; ``page_size`` is None without paging."""

    base: str
    scope: str
    filter: str
    attributes: list[str]
    controls: list[str]
    page_size: int | None


class Start(TypedDict):
    """A collection begins, or goes on after an interruption (``resumed``). ``client``: the name of this machine;
    ``since``: SHA-256 of the snapshot that an incremental collection starts from."""

    tool: str
    client: str
    account: str
    servers: list[str]
    resumed: bool
    since: NotRequired[str | None]
    max_rate: NotRequired[float | None]


class Connect(TypedDict):
    """A connection was opened, or ``error`` says why not. ``security``: ldaps, start_tls, sealed or plaintext."""

    server: str
    port: int
    security: str
    seconds: float
    address: NotRequired[str | None]
    error: NotRequired[str | None]


class Bind(TypedDict):
    """The account authenticated, or ``error`` says why it was refused."""

    server: str
    account: str
    method: str
    seconds: float
    error: NotRequired[str | None]


class Searched(Asked):
    """A search ended. ``result``: the LDAP result code, None when the connection was lost before it came;
    ``message``: what the server said with it."""

    server: str
    pages: int
    entries: int
    seconds: float
    result: int | None
    message: NotRequired[str | None]


class Lost(TypedDict):
    """The connection ended, or fell silent, under way."""

    server: str
    error: str


class Reconnect(TypedDict):
    """A new connection is about to be tried after ``wait`` seconds."""

    server: str
    attempt: int
    wait: float


class Smb(TypedDict):
    """One step over SMB: ``operation`` is connect, list or read; counts of what it brought."""

    server: str
    share: str
    operation: str
    seconds: float
    path: NotRequired[str | None]
    files: NotRequired[int]
    bytes: NotRequired[int]
    error: NotRequired[str | None]


class Probe(TypedDict):
    """One probe of one server: one connection to ``port``; ``results`` are its findings as name=value."""

    server: str
    probe: str
    port: int | None
    results: list[str]
    seconds: float
    error: NotRequired[str | None]


class End(TypedDict):
    """The reading ended; ``incomplete_reason`` is None when nothing was interrupted, cut or failed."""

    objects: int
    seconds: float
    incomplete_reason: str | None


EVENTS: Final[Mapping[str, type]] = {
    "start": Start,
    "connect": Connect,
    "bind": Bind,
    "search": Searched,
    "lost": Lost,
    "reconnect": Reconnect,
    "smb": Smb,
    "probe": Probe,
    "end": End,
}
"""Every event and the facts it bears."""


class CollectionLog:
    """Appends events to ``path``, readable by its owner alone; a context manager.

    A log that a crash cut in the middle of a line loses that line only. Raises IncompleteError, here and in
    ``write``, when the file cannot be written.
    """

    def __init__(self, path: Path, *, clock: Callable[[], datetime] = utc_now) -> None:
        """``clock`` gives naive UTC."""
        self.path = path
        self._clock = clock
        try:
            self._file = _open_for_append(path)
        except OSError as error:
            raise self._failure(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    @overload
    def write(self, event: Literal["start"], **facts: Unpack[Start]) -> None: ...
    @overload
    def write(self, event: Literal["connect"], **facts: Unpack[Connect]) -> None: ...
    @overload
    def write(self, event: Literal["bind"], **facts: Unpack[Bind]) -> None: ...
    @overload
    def write(self, event: Literal["search"], **facts: Unpack[Searched]) -> None: ...
    @overload
    def write(self, event: Literal["lost"], **facts: Unpack[Lost]) -> None: ...
    @overload
    def write(self, event: Literal["reconnect"], **facts: Unpack[Reconnect]) -> None: ...
    @overload
    def write(self, event: Literal["smb"], **facts: Unpack[Smb]) -> None: ...
    @overload
    def write(self, event: Literal["probe"], **facts: Unpack[Probe]) -> None: ...
    @overload
    def write(self, event: Literal["end"], **facts: Unpack[End]) -> None: ...

    def write(self, event: str, **facts: object) -> None:
        """Append one event, at once."""
        line = _line({"at": f"{self._clock().isoformat(timespec='milliseconds')}Z", "event": event, **facts})
        try:
            while line:
                line = line[self._file.write(line) :]
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> IncompleteError:
        return IncompleteError(f"cannot be written: {error.strerror}", place=str(self.path))


def asked(search: Search, page_size: int | None) -> Asked:
    """What ``search`` asks for, in the words of the log and of a dry run."""
    controls = [c.oid if c.value is None else f"{c.oid}={c.value.hex()}" for c in search.controls]
    return Asked(
        base=search.base,
        scope=Scope(search.scope).name.lower(),
        filter=str(search.filter),
        attributes=list(search.attributes),
        controls=controls if page_size is None else [*controls, PAGED_RESULTS_OID],
        page_size=page_size,
    )


def _open_for_append(path: Path) -> io.FileIO:
    """Unbuffered, after the last whole line."""
    file = io.FileIO(os.open(path, os.O_CREAT | os.O_RDWR | _O_BINARY, 0o600), "r+")
    try:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - MAX_LINE_BYTES))
        tail = file.read(MAX_LINE_BYTES)
        file.truncate(size - len(tail) + tail.rfind(b"\n") + 1)
        file.seek(0, os.SEEK_END)
    except BaseException:
        file.close()
        raise
    return file


def _line(facts: Mapping[str, object]) -> bytes:
    line = b""
    for length in _TEXT_LENGTHS:
        line = json.dumps({name: _cut(value, length) for name, value in facts.items()}).encode("ascii") + b"\n"
        if len(line) <= MAX_LINE_BYTES:
            break
    return line


def _cut(value: object, length: int) -> object:
    """Texts and lists of at most ``length`` characters or items, the last of which tells how many were left out."""
    match value:
        case str():
            text = value.encode("utf-8", "backslashreplace").decode()
            return text if len(text) <= length else f"{text[:length]}… {len(text) - length} more"
        case float():
            return round(value, 3)
        case list():
            kept = [_cut(item, length) for item in value[:length]]
            return kept if len(value) <= length else [*kept, f"… {len(value) - length} more"]
    return value


_O_BINARY = getattr(os, "O_BINARY", 0)  # Windows: no translation of line ends
