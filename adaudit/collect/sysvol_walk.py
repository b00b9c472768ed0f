"""The walk through SYSVOL of a domain: every file and folder with its hash, owner and rights, and the settings of its
policies."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from adaudit.collect.smb import Listed, SmbLost, SmbRefused, SmbSession
from adaudit.decode.group_policy import Decoded, decode_policy_file, decode_script
from adaudit.errors import AdauditError
from adaudit.ingest.files import FILE_TABLES, split_path
from adaudit.ingest.ingest import Ingest

LARGEST_DECODED: Final = 8 << 20
"""Bytes. Larger files are hashed as they stream by, and not decoded: passwords are sought at a megabyte a second."""

LARGEST_HASHED: Final = 4 << 30
"""Bytes. No policy and no script is that large."""

MOST_ENTRIES: Final = 250_000
DEEPEST: Final = 64

NOT_FOR_CLIENTS: Final = "dfsrprivate"
"""The folder of the replication service itself, closed to everybody, from which no client reads."""

_SCRIPT: Final = re.compile(
    r".*\.(?:bat|cmd|ps1|psm1|psd1|vbs|vbe|vba|bas|js|jse|wsf|wsc|wsh|sct|hta|kix|kxf|au3|aut|ahk|py|pl|rb|sh|php|aspx?"
    r"|reg|ini|inf|txt|md|cfg|conf|config|cnf|properties|json|ya?ml|xml|html?|csv|sql|ora|udl|dsn|ftp|ovpn|pcf|rdp|rdg|ica"
    r"|pem|key|ppk)"
    r"(?:[._-](?:bak|old|orig|ori|sav|save|tmp|temp|copy|copie|new|\d{1,8})|~){0,3}",
    re.IGNORECASE,
)
"""Scripts, the text files that people keep beside them, and copies of both."""

_OF_SCRIPTS: Final = "is_secret"
"""The column of gpo_settings for which scripts are read."""

_LONGEST_NAME: Final = 255
_SOUND_NAME: Final = re.compile(rf'[^\x00-\x1f\x7f\\/:*?"<>|\ud800-\udfff]{{1,{_LONGEST_NAME}}}')
"""A name that can be asked for (MS-FSCC 2.1.5)."""


@dataclass
class Reading:
    """What was read; ``problem`` is None unless the reading ended early."""

    entries: int = 0
    bytes: int = 0
    problem: str | None = None


class _TooLarge(AdauditError):
    """More than is taken from one domain."""


def read_sysvol(
    session: SmbSession,
    domain_dns: str,
    domain_dn: str,
    ingest: Ingest,
    observe: Callable[[int], None] = lambda _entries: None,
) -> Reading:
    """Read the folder of a domain in SYSVOL, with all that is below it, into ``ingest``.

    What cannot be read is told in coverage; a session lost on the way leaves the rest of the domain unread.
    """
    return _Walk(session, domain_dn, ingest, observe).run(domain_dns.lower())


class _Walk:
    def __init__(self, session: SmbSession, domain_dn: str, ingest: Ingest, observe: Callable[[int], None]) -> None:
        self._session = session
        self._domain_dn = domain_dn
        self._ingest = ingest
        self._observe = observe
        self._reading = Reading()
        self._listed = 1
        self._faults: list[str] = []

    def run(self, root: str) -> Reading:
        """Depth first, the entries of a folder in the order of their names."""
        pending = [(root, Listed(root, is_folder=True, is_link=False, size=0, modified_at=None))]
        try:
            while pending:
                path, entry = pending.pop()
                pending += [(f"{path}\\{each.name}", each) for each in reversed(self._take(path, entry))]
                self._reading.entries += 1
                self._observe(self._reading.entries)
        except (SmbLost, _TooLarge) as error:
            self._reading.problem = error.message
            status, reason = ("failed", "interrupted") if isinstance(error, SmbLost) else ("truncated", "too_large")
            self._ingest.sysvol_gap(self._domain_dn, status, reason, detail=error.message)
        return self._reading

    def _take(self, path: str, entry: Listed) -> list[Listed]:
        """Read one file or folder; returns what is in the folder."""
        self._faults = []
        descriptor, sha256, inside = None, None, []
        if entry.is_link:
            self._tell(path, FILE_TABLES, "*", "not_attempted", "server_error", "a link, which is not followed")
        else:
            descriptor = self._descriptor(path)
            if entry.is_folder:
                inside = self._list(path)
            else:
                sha256 = self._read(path)
        self._ingest.sysvol_file(
            self._domain_dn,
            path,
            is_folder=entry.is_folder,
            size=None if entry.is_folder else entry.size,
            modified_at=entry.modified_at,
            sha256=sha256,
            descriptor=descriptor,
            error="; ".join(dict.fromkeys(self._faults)) or None,
        )
        return inside

    def _descriptor(self, path: str) -> bytes | None:
        try:
            return self._session.descriptor(path)
        except SmbRefused as refused:
            self._tell_refused(path, ("sysvol_files",), "sd_id", refused)
            return None

    def _list(self, folder: str) -> list[Listed]:
        found: dict[str, Listed] = {}
        strange, example = 0, ""
        if folder.count("\\") >= DEEPEST:
            self._tell(folder, FILE_TABLES, "*", "truncated", "too_large", f"more than {DEEPEST} folders deep")
            return []
        try:
            with closing(self._session.list(folder)) as entries:
                for entry in entries:
                    self._listed += 1
                    if self._listed > MOST_ENTRIES:
                        raise _TooLarge(f"more than {MOST_ENTRIES} files and folders")
                    if entry.name in found or not _SOUND_NAME.fullmatch(entry.name):
                        strange, example = strange + 1, example or ascii(entry.name[:_LONGEST_NAME])
                    elif entry.name.lower() != NOT_FOR_CLIENTS:
                        found[entry.name] = entry
        except SmbRefused as refused:
            self._tell_refused(folder, FILE_TABLES, "*", refused)
        if strange:
            fault = f"{strange} names that cannot be asked for, such as {example}"
            self._tell(folder, FILE_TABLES, "*", "failed", "malformed", fault)
        return [found[name] for name in sorted(found, key=lambda name: (name.lower(), name))]

    def _read(self, path: str) -> str | None:
        """Hash a file and take its settings; its SHA-256, or None when it was not read to the end."""
        digest, held = hashlib.sha256(), bytearray()
        count, is_decoded = 0, _decode(path, b"") is not None
        try:
            with closing(self._session.read(path)) as pieces:
                for piece in pieces:
                    count += len(piece)
                    if count > LARGEST_HASHED:
                        break
                    digest.update(piece)
                    if is_decoded and count <= LARGEST_DECODED:
                        held += piece
        except SmbRefused as refused:
            self._tell_refused(path, ("sysvol_files",), "sha256", refused)
            if is_decoded:
                self._tell_refused(path, ("gpo_settings",), _hidden(path), refused)
            return None
        finally:
            self._reading.bytes += count
        if is_decoded and count > LARGEST_DECODED:
            fault = f"more than {LARGEST_DECODED} bytes, not decoded"
            self._tell(path, ("gpo_settings",), _hidden(path), "truncated", "too_large", fault)
        elif is_decoded:
            self._settings(path, bytes(held))
        if count > LARGEST_HASHED:
            fault = f"more than {LARGEST_HASHED} bytes"
            self._tell(path, ("sysvol_files",), "sha256", "truncated", "too_large", fault)
            return None
        return digest.hexdigest()

    def _settings(self, path: str, content: bytes) -> None:
        decoded = _decode(path, content) or Decoded()
        for position, setting in enumerate(decoded.settings):
            self._ingest.gpo_setting(self._domain_dn, path, position, setting)
        for error in decoded.errors:
            self._tell(path, ("gpo_settings",), _hidden(path), "failed", "malformed", error)

    def _tell_refused(self, path: str, tables: tuple[str, ...], column: str, refused: SmbRefused) -> None:
        status, reason = ("denied", "no_read_right") if refused.is_denied else ("failed", "server_error")
        self._tell(path, tables, column, status, reason, refused.message)

    def _tell(self, path: str, tables: tuple[str, ...], column: str, status: str, reason: str, fault: str) -> None:
        """In coverage and beside the file. What hides the folder of the domain or of its policies hides them all; what
        is in no policy hides no settings but the secrets of scripts."""
        self._faults.append(fault)
        hides_all = column == "*" and path.lower().partition("\\")[2] in ("", "policies")
        for table in tables:
            is_outside = table == "gpo_settings" and not hides_all and not split_path(path)[0]
            self._ingest.sysvol_gap(
                self._domain_dn,
                status,
                reason,
                path="" if hides_all else path,
                tables=(table,),
                column=_OF_SCRIPTS if is_outside else column,
                detail=f"{path}: {fault}",
            )


def _hidden(path: str) -> str:
    """The column of gpo_settings that a file hides: everything that a policy sets, or whether a script has a secret."""
    policy, file = split_path(path)
    return "*" if policy and decode_policy_file(file, b"") is not None else _OF_SCRIPTS


def _decode(path: str, content: bytes) -> Decoded | None:
    """The settings of a file of a policy, or the secrets in a script; None for a file that holds neither."""
    policy, file = split_path(path)
    decoded = decode_policy_file(file, content) if policy else None
    if decoded is None and _SCRIPT.fullmatch(path):
        decoded = decode_script(content)
    return decoded
