"""Filled directories kept as tar files, so that a session starts in seconds."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from .scenario import Scenario

REPOSITORY = Path(__file__).parents[2]


def cache_folder() -> Path:
    """``ADAUDIT_TEST_CACHE``, else ``.cache/testbed`` of the repository."""
    return Path(os.environ.get("ADAUDIT_TEST_CACHE") or REPOSITORY / ".cache/testbed")


def cached(scenario: Scenario, recipe: Path, build: Callable[[Path], None]) -> Path:
    """The tar file of a filled domain, built once per scenario, recipe, Samba version and calendar month.

    The month, because accounts that are healthy by a recent date must not grow old in the cache.
    """
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"{scenario.name}-{_key(scenario, recipe)}.tar"
    with (folder / f"{scenario.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not archive.exists():
            with tempfile.TemporaryDirectory(prefix="adaudit-build-") as work:
                built = Path(work, "dc")
                built.mkdir()
                build(built)
                _pack(built, archive)
            for stale in folder.glob(f"{scenario.name}-*.tar"):
                if stale != archive:
                    stale.unlink()
    return archive


def _key(scenario: Scenario, recipe: Path) -> str:
    version = subprocess.run(["/usr/sbin/samba", "--version"], capture_output=True, text=True, check=True).stdout
    digest = hashlib.sha256(f"{version}{datetime.now(UTC):%Y-%m}{scenario.instructions}".encode())
    for script in ("domain.py", "provision.py", "fill.py", "controller.py"):
        digest.update((recipe / script).read_bytes())
    return digest.hexdigest()[:16]


def _pack(built: Path, archive: Path) -> None:
    part = archive.with_suffix(".part")
    options = ["--xattrs", "--xattrs-include=*", "--acls", "-cSf"]
    subprocess.run(["tar", *options, part, "-C", built, "private", "state"], check=True, capture_output=True)
    part.replace(archive)
