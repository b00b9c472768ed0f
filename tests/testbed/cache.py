"""Directories of stopped controllers kept as tar files, so that a session starts in seconds."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
_WITH_ATTRIBUTES = ("--xattrs", "--xattrs-include=*", "--acls")


def cache_folder() -> Path:
    """``ADAUDIT_TEST_CACHE``, else ``.cache/testbed`` of the repository."""
    return Path(os.environ.get("ADAUDIT_TEST_CACHE") or REPOSITORY / ".cache/testbed")


def cached(name: str, made_from: str, build: Callable[[Path], None]) -> Path:
    """The tar file of the folder that ``build`` fills, made once for all that it is ``made_from``.

    Made again each week: accounts that are healthy by a recent date must not grow old in the cache.
    """
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(f"{datetime.now(UTC):%G-%V} {made_from}".encode()).hexdigest()[:16]
    archive = folder / f"{name}-{key}.tar"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not archive.exists():
            with tempfile.TemporaryDirectory(prefix="adaudit-build-") as work:
                built = Path(work, "dc")
                built.mkdir()
                build(built)
                _pack(built, archive)
            for stale in set(folder.glob(f"{name}-*.tar")) - {archive}:
                stale.unlink()
    return archive


def unpack(archive: Path, folder: Path) -> None:
    subprocess.run(["tar", *_WITH_ATTRIBUTES, "-xSf", archive, "-C", folder], check=True)


def _pack(built: Path, archive: Path) -> None:
    part = archive.with_suffix(".part")
    subprocess.run(["tar", *_WITH_ATTRIBUTES, "-cSf", part, "-C", built, "private", "state"], check=True)
    part.replace(archive)
