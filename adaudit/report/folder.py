"""Write the files of a report: all complete, for their owner alone."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from adaudit.errors import IncompleteError, UsageError


def check_folder(folder: Path) -> None:
    """Raises UsageError when what is in the place of ``folder`` is none."""
    if folder.exists() and not folder.is_dir():
        raise UsageError("exists and is no folder", place=str(folder))


def write_files(folder: Path, contents: Mapping[str, str]) -> None:
    """Write each text, as UTF-8, in a file of ``folder``, which is made when it is not there.

    Each file is written beside and takes its place in one step, once all are written. Raises UsageError when the
    folder cannot be made or written to, IncompleteError when writing fails.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise UsageError(f"the folder cannot be made: {error.strerror}", place=str(folder)) from error
    try:
        private = tempfile.TemporaryDirectory(dir=folder, prefix=".adaudit-")
    except OSError as error:
        raise UsageError(f"cannot be written to: {error.strerror}", place=str(folder)) from error
    with private:
        try:
            for name, text in contents.items():
                _write(Path(private.name) / name, text)
            for name in contents:
                (Path(private.name) / name).replace(folder / name)
        except OSError as error:
            raise IncompleteError(f"cannot be written: {error.strerror}", place=str(folder)) from error


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _O_BINARY, 0o600), "wb") as target:
        target.write(text.encode("utf-8", "backslashreplace"))
        target.flush()
        os.fsync(target.fileno())


_O_BINARY = getattr(os, "O_BINARY", 0)  # Windows: no translation of line ends
