"""Samba's own audit log of a controller, and the state of its database and files, to prove that nothing was changed."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from .place import Place

_SETTINGS = """\
  log level = 1 auth_json_audit:5@{log}/auth.json dsdb_json_audit:5@{log}/changes.json full_audit:1@{log}/files.log
  vfs objects = dfs_samba4 acl_xattr full_audit
  full_audit:success = all
  full_audit:failure = all
  full_audit:prefix = %u
  full_audit:syslog = false
"""

State = dict[str, dict[str, list[str]]]
"""DN → attribute → values, as they are stored."""


class FileOperation(NamedTuple):
    """What smbd did on a file for ``user`` (vfs_full_audit); ``arguments`` are its details."""

    user: str
    operation: str
    arguments: tuple[str, ...]


def keep_audit_log(place: Place) -> None:
    """Have the controller log each authentication, each change tried on its database and each operation on files."""
    settings = _SETTINGS.format(log=place.folder / "log")
    place.config.write_text(place.config.read_text().replace("[sysvol]", f"{settings}[sysvol]", 1))


class AuditLog:
    """The log of a controller started with it; ``folder`` is that of the controller."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def authentications(self) -> list[dict[str, Any]]:
        """Each authentication, accepted or not, oldest first."""
        return [event["Authentication"] for event in self._events("auth") if event["type"] == "Authentication"]

    def changes(self) -> list[dict[str, Any]]:
        """Each change tried on the database, whether it succeeded or not."""
        return [event["dsdbChange"] for event in self._events("changes") if event["type"] == "dsdbChange"]

    def file_operations(self) -> list[FileOperation]:
        lines = (self._folder / "log/files.log").read_text(errors="replace").splitlines()
        parts = (line.strip().split("|") for line in lines if not line.startswith("["))
        return [FileOperation(user, operation, tuple(rest)) for user, operation, *rest in parts]

    def _events(self, name: str) -> Iterator[dict[str, Any]]:
        for line in (self._folder / f"log/{name}.json").read_text().splitlines():
            yield json.loads(line)


def database_state(folder: Path) -> State:
    """Every object of the database of the controller in ``folder`` as it lies on the disk, no right asked."""
    state: State = {}
    for partition in sorted((folder / "private/sam.ldb.d").glob("*.ldb")):
        command = ["ldbsearch", "--url", str(partition), "-o", "modules:", "(objectClass=*)"]
        dump = subprocess.run(command, capture_output=True, text=True, check=True).stdout.replace("\n ", "")
        for record in dump.split("\n\n"):
            attributes: dict[str, list[str]] = {}
            for line in record.splitlines():
                if not line.startswith("#"):
                    name, _, value = line.partition(":")
                    attributes.setdefault(name, []).append(value)
            if attributes:
                state[f"{partition.name} {attributes['dn'][0]}"] = attributes
    return state


def files_state(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Mode, time of change in ns and hash of the content of every file and folder below ``folder``."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mode,
            path.stat().st_ctime_ns,
            "" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in folder.rglob("*")
    }
