"""The files of a SharpHound archive, or one of them alone."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from adaudit.errors import InputError
from adaudit.visible import visible

MAX_FILES: Final = 10_000
MAX_TOTAL_BYTES: Final = 64 << 30
MAX_EXPANSION: Final = 200
"""How many times its size a file may become; JSON of a directory shrinks by 10 to 40."""

_FREE_EXPANSION_BYTES: Final = 64 << 20
_ZIP: Final = b"PK\3\4"
_EMPTY_ZIP: Final = b"PK\5\6"
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class CollectionFile:
    """A file that is read from its start to its end. ``place``: in the user's terms."""

    def __init__(self, file: IO[bytes], place: str) -> None:
        self.place = place
        self._file = file

    def read(self, size: int) -> bytes:
        """Raises InputError when the archive is damaged there."""
        with _damage(self.place):
            return self._file.read(size)


def collection_files(path: Path) -> Iterator[CollectionFile]:
    """The files of an archive, none of them extracted; or the file itself, when it is none.

    Raises InputError for a file that cannot be read, an archive that is damaged, encrypted, nested or expands beyond
    measure.
    """
    with _damage(str(path)), path.open("rb") as file:
        if file.read(len(_ZIP)) not in (_ZIP, _EMPTY_ZIP):
            file.seek(0)
            yield CollectionFile(file, str(path))
            return
        with zipfile.ZipFile(file) as archive:
            for info in _members(archive, path):
                place = f"{path}, {visible(info.filename)}"
                with archive.open(info) as member:
                    if CollectionFile(member, place).read(len(_ZIP)) in (_ZIP, _EMPTY_ZIP):
                        raise InputError("an archive within the archive is refused", place=place)
                with archive.open(info) as member:
                    yield CollectionFile(member, place)


def _members(archive: zipfile.ZipFile, path: Path) -> list[zipfile.ZipInfo]:
    members = [info for info in archive.infolist() if not info.is_dir()]
    if len(members) > MAX_FILES:
        raise InputError(f"holds {len(members)} files, more than {MAX_FILES}", place=str(path))
    if sum(info.file_size for info in members) > MAX_TOTAL_BYTES:
        raise InputError(f"expands to more than {MAX_TOTAL_BYTES} bytes", place=str(path))
    for info in members:
        place = f"{path}, {visible(info.filename)}"
        if info.flag_bits & 0x1:
            raise InputError("is encrypted", place=place)
        if info.compress_type not in _METHODS:
            raise InputError(f"compression method {info.compress_type} is not one of SharpHound's", place=place)
        if info.file_size > _FREE_EXPANSION_BYTES and info.file_size > info.compress_size * MAX_EXPANSION:
            raise InputError(f"expands more than {MAX_EXPANSION} times", place=place)
    return members


@contextmanager
def _damage(place: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise InputError(f"the archive is damaged: {error}", place=place) from error
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", place=place) from error
