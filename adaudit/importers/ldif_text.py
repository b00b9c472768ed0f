"""The text of an LDIF file, whatever its container and encoding, cut into records (RFC 2849)."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from adaudit.errors import InputError

MAX_RECORD_BYTES: Final = 64 << 20
"""One record: a group of half a million members fits."""

MAX_EXPANSION: Final = 200
"""How many times its size a gzip file may become; LDIF shrinks by 10 to 30."""

_FREE_EXPANSION_BYTES: Final = 64 << 20
_CHUNK_BYTES: Final = 1 << 20
_GZIP: Final = b"\x1f\x8b"


class Record(NamedTuple):
    """Lines between two empty ones, as UTF-8 with LF line ends; ``line`` is the 1-based number of the first.

    ``is_ended``: an empty line follows; without it the file may have been cut there.
    """

    line: int
    text: bytes
    is_ended: bool = True


def read_records(path: Path) -> Iterator[Record]:
    """Records of a plain or gzip file in UTF-8, ASCII or UTF-16 with a byte order mark.

    Raises InputError, with the file and line, for a file that cannot be read, is binary, is damaged, expands
    beyond measure, or has a record of more than ``MAX_RECORD_BYTES``.
    """
    line, left = 1, b""
    for chunk in _lines_in_utf8(path):
        *records, left = (left + chunk).split(b"\n\n")
        for text in records:
            if text:
                yield Record(line, text)
            line += text.count(b"\n") + 2
        if len(left) > MAX_RECORD_BYTES:
            raise InputError(f"an entry of more than {MAX_RECORD_BYTES} bytes", place=f"{path}:{line}")
    if left.strip(b"\n"):
        yield Record(line, left, is_ended=False)


def _lines_in_utf8(path: Path) -> Iterator[bytes]:
    """Chunks without byte order mark, line ends LF."""
    decoder: codecs.IncrementalDecoder | None = None
    held = b""
    for number, chunk in enumerate(_chunks(path)):
        if number == 0:
            decoder = _utf16_decoder(chunk)
            chunk = chunk.removeprefix(codecs.BOM_UTF8)
            if decoder is None and b"\0" in chunk[:512]:
                raise InputError("is not LDIF text", place=str(path))
        if decoder is not None:
            chunk = _decode(decoder, chunk, path)
        chunk = (held + chunk).replace(b"\r\n", b"\n")
        held = b"\r" if chunk.endswith(b"\r") else b""
        yield chunk.removesuffix(held)
    if decoder is not None:
        _decode(decoder, b"", path, final=True)


def _utf16_decoder(start: bytes) -> codecs.IncrementalDecoder | None:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return codecs.getincrementaldecoder("utf-16")()
    return None


def _decode(decoder: codecs.IncrementalDecoder, chunk: bytes, path: Path, *, final: bool = False) -> bytes:
    try:
        return decoder.decode(chunk, final).encode()
    except UnicodeError as error:
        raise InputError("is damaged: not valid UTF-16", place=str(path)) from error


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            if file.read(2) != _GZIP:
                file.seek(0)
                yield from iter(lambda: file.read(_CHUNK_BYTES), b"")
                return
            size = file.seek(0, 2)
            file.seek(0)
            with gzip.open(file) as expanded:
                yield from _bounded(expanded, size, path)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"the gzip file is damaged or truncated: {error}", place=str(path)) from error
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", place=str(path)) from error


def _bounded(expanded: gzip.GzipFile, size: int, path: Path) -> Iterator[bytes]:
    total = 0
    while chunk := expanded.read(_CHUNK_BYTES):
        total += len(chunk)
        if total > _FREE_EXPANSION_BYTES and total > size * MAX_EXPANSION:
            raise InputError(f"the gzip file expands more than {MAX_EXPANSION} times: refused", place=str(path))
        yield chunk
