"""A folder that only its owner may enter and only one process uses at a time."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from adaudit.errors import UsageError

_LOCK = "lock"


class PrivateFolder:
    """Made when it does not exist, and locked; the lock ends with the process, whatever happens to it."""

    def __init__(self, path: Path) -> None:
        """Raises UsageError when it cannot be had for ourselves."""
        self.path = path
        try:
            path.mkdir(mode=0o700, exist_ok=True)
            _check_private(path)
            self._lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise UsageError(f"cannot be used: {error.strerror}", place=str(path)) from error
        try:
            _lock(self._lock)
        except OSError as error:
            os.close(self._lock)
            raise UsageError("another process is at work on this collection", place=str(path)) from error

    def close(self) -> None:
        os.close(self._lock)

    def remove(self, names: tuple[str, ...]) -> None:
        """Remove these files, give up the lock and remove the folder, unless it holds something else."""
        for name in names:
            (self.path / name).unlink(missing_ok=True)
        self.close()
        (self.path / _LOCK).unlink(missing_ok=True)
        if not any(self.path.iterdir()):
            self.path.rmdir()


if sys.platform == "win32":
    import msvcrt

    def _check_private(path: Path) -> None:
        """A folder of a user's profile is private on Windows; elsewhere the folder above decides."""

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _check_private(path: Path) -> None:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
            raise UsageError("is not a folder of yours alone (mode 0700): remove it", place=str(path))

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
