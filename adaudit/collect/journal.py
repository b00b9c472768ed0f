"""What a collection has read so far, kept beside its output until a complete snapshot stands there.

The folder ``<output>.partial`` is the owner's alone. ``entries`` holds the objects read, as the server sent them but
for secret values; ``state.json`` whose collection it is; ``collection.log`` the audit trail.
"""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from struct import Struct
from types import TracebackType
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adaudit.collect.messages import LONGEST_HEAD, Envelope, message_end, read_envelope
from adaudit.collect.private_folder import PrivateFolder
from adaudit.errors import IncompleteError, UsageError
from adaudit.snapshot.archive import checksum

_FORMAT: Final = 1
_ENTRIES, _STATE, _LOG = "entries", "state.json", "collection.log"

_HEAD: Final = Struct("<II")
"""Before each frame of ``entries``: its length in bytes and its CRC-32, by which an unfinished write is known."""

_FULL_FRAME: Final = 1 << 24
"""Bytes after which a frame is written, though more of the page is to come."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Origin(_Model):
    """Where objects come from: the server's NTDS Settings, its database, the highest USN there before the first of
    them was read, and a digest of the SIDs by which the account was judged."""

    service: str
    invocation_id: str | None
    highest_usn: int | None
    token: str | None

    def difference(self, before: Origin) -> str | None:
        """Why what came from ``before`` does not compare with what comes from here; None when it does."""
        if (self.service, self.invocation_id) != (before.service, before.invocation_id):
            return f"the collection was begun with {before.service}"
        if self.highest_usn is None or before.highest_usn is None or self.highest_usn < before.highest_usn:
            return "the server's database is older than what was read before"
        if self.token != before.token:
            return "the account is in other groups than before"
        return None


class _State(_Model):
    """``origins``: by the first naming context read there. ``unsettled``: GUIDs of objects to read again whatever
    their USN says. ``sealed``: SHA-256 of the snapshot that stands for the collection while it is incomplete.
    ``is_restarted``: an earlier collection to start from turned out not to compare."""

    format: int = _FORMAT
    request: dict[str, str]
    origins: dict[str, Origin] = Field(default_factory=dict)
    unsettled: list[str] = Field(default_factory=list)
    sealed: str | None = None
    is_restarted: bool = False


class Journal:
    """The journal of a collection into ``output``, taken up again or begun; a context manager.

    On leaving it stays as long as it holds an object or an incomplete snapshot stands, unless ``finish`` was called.
    Its methods raise IncompleteError when the disk is full or fails.
    """

    def __init__(self, output: Path, request: Mapping[str, str], *, overwrite: bool = False) -> None:
        """``request``: what must be the same to go on, in the user's terms; ``overwrite``: begin anew where it is
        not. Raises UsageError when it is not otherwise, or when another process is at work."""
        self._folder = PrivateFolder(folder_of(output))
        self._finished = False
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        try:
            self._state = self._taken_up(dict(request), overwrite=overwrite)
            self._save()
            with self._guarded():
                descriptor = os.open(self._folder.path / _ENTRIES, os.O_CREAT | os.O_RDWR | _O_BINARY, 0o600)
            self._entries = io.FileIO(descriptor, "r+")
        except (UsageError, IncompleteError):
            self._folder.close()
            raise

    def _taken_up(self, request: dict[str, str], *, overwrite: bool) -> _State:
        path = self._folder.path / _STATE
        found = _read_state(path)
        if found is not None and found.request == request:
            return found
        if path.exists() and not overwrite:
            theirs = found.request if found is not None else {}
            differing = ", ".join(name for name in request if request[name] != theirs.get(name))
            raise UsageError(
                f"holds an unfinished collection that was asked for differently ({differing}): repeat that command to "
                "finish it; remove the folder, or give --overwrite, to begin anew",
                place=str(self._folder.path),
            )
        with self._guarded():
            for name in (_ENTRIES, _STATE, _LOG):
                (self._folder.path / name).unlink(missing_ok=True)
        return _State(request=request)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        is_needless = self._finished or (self.is_empty and self._state.sealed is None)
        self._entries.close()
        if is_needless:
            self._folder.remove((_ENTRIES, _STATE, _LOG))
        else:
            self._folder.close()

    @property
    def log_path(self) -> Path:
        return self._folder.path / _LOG

    @property
    def is_empty(self) -> bool:
        """Nothing was read yet."""
        return os.fstat(self._entries.fileno()).st_size == 0

    @property
    def is_restarted(self) -> bool:
        """``restart`` was called: an earlier collection is no longer to be started from."""
        return self._state.is_restarted

    @property
    def unsettled(self) -> frozenset[str]:
        """GUIDs of objects to read again, whatever their USN says: something about them may have changed."""
        return frozenset(self._state.unsettled)

    def unsettle(self, guids: Collection[str]) -> None:
        """Note, before it is tried, that these objects are to be read again."""
        if not self.unsettled.issuperset(guids):
            self._state.unsettled = sorted({*self._state.unsettled, *guids})
            self._save()

    def origin(self, context: str) -> Origin | None:
        return self._state.origins.get(context)

    def begin(self, context: str, origin: Origin) -> None:
        """Note where the objects of a naming context, and of those after it, are going to come from."""
        self._state.origins[context] = origin
        self._save()

    def restart(self) -> None:
        """Forget what was read; the audit trail stays."""
        with self._guarded():
            self._entries.seek(0)
            self._entries.truncate()
        self._state = _State(request=self._state.request, is_restarted=True)
        self._save()

    def append(self, message: bytes) -> None:
        """Note an object by the message that brought it; ``flush`` makes it last."""
        self._waiting.append(message)
        self._waiting_bytes += len(message)
        if self._waiting_bytes >= _FULL_FRAME:
            self.flush()

    def flush(self) -> None:
        """Hand what was appended to the system, as one frame."""
        if not self._waiting:
            return
        content = b"".join(self._waiting)
        self._waiting.clear()
        self._waiting_bytes = 0
        frame = memoryview(_HEAD.pack(len(content), zlib.crc32(content)) + content)
        with self._guarded():
            while frame:
                frame = frame[self._entries.write(frame) :]

    def replay(self) -> Iterator[Envelope]:
        """The messages noted so far, in order; must be exhausted before ``append``. What a crash left unfinished,
        and all after it, is cut off."""
        end = 0
        with self._guarded():
            self._entries.seek(0)
            while content := self._frame():
                yield from _envelopes(content)
                end += _HEAD.size + len(content)
            self._entries.seek(end)
            self._entries.truncate()

    def _frame(self) -> bytes:
        """The next sound frame; empty at the end, or at the first that is not."""
        head = self._entries.read(_HEAD.size)
        if len(head) < _HEAD.size:
            return b""
        length, crc = _HEAD.unpack(head)
        if length > os.fstat(self._entries.fileno()).st_size:
            return b""
        content = _read_exactly(self._entries, length)
        return content if len(content) == length and zlib.crc32(content) == crc else b""

    def sealed(self, snapshot: Path) -> None:
        """Note that ``snapshot`` holds what was read so far, incomplete."""
        self._state.sealed = _sha256(snapshot)
        self._save()

    def finish(self) -> None:
        """A complete snapshot stands: the journal is removed on leaving."""
        self._finished = True

    def _save(self) -> None:
        path = self._folder.path / _STATE
        fresh = path.with_suffix(".new")
        with self._guarded():
            fresh.unlink(missing_ok=True)
            try:
                with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _O_BINARY, 0o600), "wb") as target:
                    target.write(self._state.model_dump_json().encode())
                    target.flush()
                    os.fsync(target.fileno())  # before the objects that it tells of
                fresh.replace(path)
            finally:
                fresh.unlink(missing_ok=True)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise IncompleteError(f"cannot be written: {error.strerror}", place=str(self._folder.path)) from error


def folder_of(output: Path) -> Path:
    """Where the journal of a collection into ``output`` is."""
    return output.with_name(f"{output.name}.partial")


def stands_in(output: Path) -> bool:
    """The file ``output`` is the incomplete snapshot that the journal beside it continues."""
    state = _read_state(folder_of(output) / _STATE)
    return state is not None and state.sealed is not None and state.sealed == _sha256(output)


def _read_state(path: Path) -> _State | None:
    """None when it is not there, or not as this version writes it."""
    try:
        state = _State.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    return state if state.format == _FORMAT else None


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as source:
            return checksum(source)[2]
    except OSError:
        return None


def _envelopes(content: bytes) -> Iterator[Envelope]:
    at = 0
    while at < len(content):
        size = message_end(bytearray(content[at : at + LONGEST_HEAD])) or 0
        yield read_envelope(content[at : at + size])
        at += size


def _read_exactly(source: io.FileIO, size: int) -> bytes:
    """``size`` bytes, fewer at the end of the file."""
    parts = []
    while size and (part := source.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


_O_BINARY = getattr(os, "O_BINARY", 0)  # Windows: no translation of line ends
