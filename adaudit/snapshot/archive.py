"""The ZIP archive of a snapshot, in one canonical form.

Members are stored, one after the other, each with the same ZIP64 headers (APPNOTE.TXT 6.3.10, sections 4.3.7,
4.3.12, 4.3.14 to 4.3.16), whatever their size. Any ZIP tool reads such an archive. This reader accepts nothing
else: it builds the headers that the names, sizes and checksums call for and compares them byte by byte, which
leaves no room for compressed, encrypted, overlapping, hidden or linked members.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from adaudit.errors import InputError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_MEMBERS: Final = 128
MAX_NAME_BYTES: Final = 64
CHUNK_BYTES: Final = 1 << 20

_VERSION: Final = 45  # ZIP64
_MADE_BY_UNIX: Final = 3 << 8
_DATE: Final = (1 << 5) | 1  # 1980-01-01: the manifest has the times
_MODE: Final = 0o100600 << 16
_IN_ZIP64: Final = 0xFFFFFFFF

_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_ZIP64_SIZES: Final = struct.Struct("<2H2Q")
_ZIP64_SIZES_OFFSET: Final = struct.Struct("<2H3Q")
_END64: Final = struct.Struct("<4sQ2H2I4Q")
_LOCATOR64: Final = struct.Struct("<4sIQI")
_END: Final = struct.Struct("<4s4H2IH")
_TAIL_BYTES: Final = _END64.size + _LOCATOR64.size + _END.size
_MAX_ENTRY_BYTES: Final = _CENTRAL.size + MAX_NAME_BYTES + _ZIP64_SIZES_OFFSET.size


@dataclass(frozen=True)
class Member:
    """One file of the archive; ``offset`` is that of its local header."""

    name: str
    size: int
    crc: int
    offset: int

    @property
    def data_offset(self) -> int:
        return self.offset + len(self.local_header)

    @property
    def end(self) -> int:
        return self.data_offset + self.size

    @property
    def local_header(self) -> bytes:
        name = self.name.encode()
        fixed = _LOCAL.pack(
            b"PK\3\4", _VERSION, 0, 0, 0, _DATE, self.crc, _IN_ZIP64, _IN_ZIP64, len(name), _ZIP64_SIZES.size
        )
        return fixed + name + _ZIP64_SIZES.pack(1, _ZIP64_SIZES.size - 4, self.size, self.size)

    @property
    def central_header(self) -> bytes:
        name = self.name.encode()
        fixed = _CENTRAL.pack(
            *(b"PK\1\2", _MADE_BY_UNIX | _VERSION, _VERSION, 0, 0, 0, _DATE, self.crc, _IN_ZIP64, _IN_ZIP64),
            *(len(name), _ZIP64_SIZES_OFFSET.size, 0, 0, 0, _MODE, _IN_ZIP64),
        )
        extra = _ZIP64_SIZES_OFFSET.pack(1, _ZIP64_SIZES_OFFSET.size - 4, self.size, self.size, self.offset)
        return fixed + name + extra


def _tail(count: int, directory_bytes: int, directory_offset: int) -> bytes:
    end64 = _END64.pack(
        *(b"PK\6\6", _END64.size - 12, _MADE_BY_UNIX | _VERSION, _VERSION, 0, 0),
        *(count, count, directory_bytes, directory_offset),
    )
    locator = _LOCATOR64.pack(b"PK\6\7", 0, directory_offset + directory_bytes, 1)
    return end64 + locator + _END.pack(b"PK\5\6", 0, 0, count, count, directory_bytes, _IN_ZIP64, 0)


def checksum(source: BinaryIO) -> tuple[int, int, str]:
    """Size in bytes, CRC-32 and SHA-256 of what is left to read in ``source``."""
    size, crc, digest = 0, 0, hashlib.sha256()
    while chunk := source.read(CHUNK_BYTES):
        size += len(chunk)
        crc = zlib.crc32(chunk, crc)
        digest.update(chunk)
    return size, crc, digest.hexdigest()


class ArchiveWriter:
    """Appends members to ``target``, then ``finish`` writes the directory."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._members: list[Member] = []

    def add(self, name: str, source: BinaryIO, *, size: int, crc: int) -> None:
        """Append ``source``, of which size and CRC-32 are known."""
        offset = self._members[-1].end if self._members else 0
        member = Member(name, size, crc, offset)
        self._members.append(member)
        self._target.write(member.local_header)
        while chunk := source.read(CHUNK_BYTES):
            self._target.write(chunk)

    def finish(self) -> None:
        directory = b"".join(member.central_header for member in self._members)
        end = self._members[-1].end if self._members else 0
        self._target.write(directory + _tail(len(self._members), len(directory), end))


def read_directory(file: BinaryIO, place: str) -> tuple[Member, ...]:
    """Members of an archive in the order of their bytes, headers checked, contents not yet read.

    Raises InputError for whatever is not exactly an archive of ``ArchiveWriter``.
    """
    file_bytes = file.seek(0, io.SEEK_END)
    file.seek(0)
    if file.read(4) != b"PK\3\4":
        raise InputError("not an adaudit snapshot", place=place)
    if file_bytes < _TAIL_BYTES:
        raise InputError("the snapshot is truncated", place=place)
    file.seek(file_bytes - _TAIL_BYTES)
    tail = file.read(_TAIL_BYTES)
    if tail[-_END.size : -_END.size + 4] != b"PK\5\6":
        raise InputError("the snapshot is truncated, or is followed by other data", place=place)
    _, _, _, _, _, _, _, count, directory_bytes, directory_offset = _END64.unpack_from(tail)
    if tail != _tail(count & 0xFFFF, directory_bytes & _IN_ZIP64, directory_offset):
        raise InputError("a ZIP archive, but not one that adaudit wrote: it was re-packed or altered", place=place)
    if count > MAX_MEMBERS or directory_bytes > MAX_MEMBERS * _MAX_ENTRY_BYTES:
        raise InputError(f"the archive declares {count} members; a snapshot has at most {MAX_MEMBERS}", place=place)
    if directory_offset + directory_bytes + _TAIL_BYTES != file_bytes:
        raise InputError("the snapshot's size is not the one it declares: truncated or altered", place=place)
    file.seek(directory_offset)
    members = tuple(_members(file.read(directory_bytes), place))
    if len(members) != count:
        raise InputError("the archive's directory does not have the members it declares", place=place)
    _check_layout(file, members, directory_offset, place)
    return members


def _members(directory: bytes, place: str) -> Iterator[Member]:
    position = 0
    while position < len(directory):
        try:
            fields = _CENTRAL.unpack_from(directory, position)
            name_bytes = fields[10]
            name_at = position + _CENTRAL.size
            name = directory[name_at : name_at + name_bytes].decode("ascii")
            _, _, size, _, offset = _ZIP64_SIZES_OFFSET.unpack_from(directory, name_at + name_bytes)
        except (struct.error, UnicodeDecodeError) as error:
            raise InputError("the archive's directory is damaged", place=place) from error
        member = Member(name, size, fields[7], offset)
        expected = member.central_header
        if directory[position : position + len(expected)] != expected:
            raise InputError(f"the archive's entry for {name!r} was altered, or not written by adaudit", place=place)
        yield member
        position += len(expected)


def _check_layout(file: BinaryIO, members: Sequence[Member], directory_offset: int, place: str) -> None:
    names = [member.name for member in members]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"the archive has {', '.join(map(repr, twice))} more than once", place=place)
    end = 0
    for member in members:
        if member.offset != end or member.end > directory_offset:
            raise InputError(f"{member.name!r} is not where the archive's layout calls for", place=place)
        file.seek(member.offset)
        if file.read(len(member.local_header)) != member.local_header:
            raise InputError(f"the header of {member.name!r} was altered", place=place)
        end = member.end
    if end != directory_offset:
        raise InputError("the archive holds bytes that belong to no member", place=place)


class MemberFile(io.RawIOBase):
    """The bytes of one member, read-only and seekable, out of the archive's open file; nothing is extracted."""

    def __init__(self, archive: BinaryIO, member: Member) -> None:
        self._archive = archive
        self._start = member.data_offset
        self._size = member.size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        wanted = max(0, min(len(view), self._size - self._position))
        self._archive.seek(self._start + self._position)
        chunk = self._archive.read(wanted)
        view[: len(chunk)] = chunk
        self._position += len(chunk)
        return len(chunk)
