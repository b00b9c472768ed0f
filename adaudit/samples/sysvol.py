"""SYSVOL of a hospital: the files of its policies and scripts with their rights, and the settings that come of them.

A ``[[gpo]]`` may have a ``template`` (text of GptTmpl.inf), ``registry`` and ``user_registry`` (``key:value`` → a
number or a text, of Registry.pol) and ``files`` (path below the policy → text). ``[scripts]`` holds files of the folder
of scripts; ``[rights]`` gives ACEs, in SDDL, that files have of their own, by their path below the domain's folder.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from adaudit.decode.group_policy import decode_policy_file, decode_script
from adaudit.decode.sddl import from_sddl
from adaudit.ingest.ingest import Ingest
from adaudit.samples.declared import Declared
from adaudit.samples.policies import policy_name
from adaudit.samples.profile import AS_OF, Forest

_READ, _FULL = "0x1200a9", "FA"


@dataclass(frozen=True, slots=True)
class _Rights:
    """Who owns the files of a folder, and who may do what with them."""

    owner: str
    granted: dict[str, str]

    def sddl(self, aces: str = "", *, is_folder: bool, inherits: bool) -> str:
        """``aces``: those that a file has of its own."""
        flags = ("OICI" if is_folder else "") + ("ID" if inherits else "")
        creator = f"(A;{flags}IO;{_FULL};;;CO)" if is_folder else ""
        granted = "".join(f"(A;{flags};{right};;;{who})" for who, right in self.granted.items())
        return f"{self.owner}D:{'AI' if inherits else 'P'}{aces}{granted}{creator}"


_OF_DOMAIN = _Rights("O:BAG:SY", {"AU": _READ, "SO": _READ, "BA": _FULL, "SY": _FULL})
_OF_POLICY = _Rights("O:DAG:DA", {"DA": _FULL, "EA": _FULL, "SY": _FULL, "AU": _READ, "ED": _READ})
_TEMPLATE_HEAD = '[Unicode]\r\nUnicode=yes\r\n[Version]\r\nsignature="$CHICAGO$"\r\nRevision=1\r\n'
_TEMPLATE = r"MACHINE\Microsoft\Windows NT\SecEdit\GptTmpl.inf"
_DWORD, _TEXT = 4, 1
_AGE = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class _File:
    """``path`` begins with the domain's folder; ``content`` is None for a folder. ``rights``: inherited, or
    its own where they begin."""

    path: str
    content: bytes | None
    rights: _Rights
    inherits: bool = True


def fill_sysvol(ingest: Ingest, declared: Declared) -> None:
    """Give every file of SYSVOL, and its settings, to an ingestion."""
    forest = declared.forest
    aces = {path: declared.with_sids(own) for path, own in forest.declarations.get("rights", {}).items()}
    for file in _files(forest, declared.default_policies):
        own = aces.get(file.path.partition("\\")[2], "")
        sddl = file.rights.sddl(own, is_folder=file.content is None, inherits=file.inherits)
        ingest.sysvol_file(
            forest.base,
            file.path,
            is_folder=file.content is None,
            size=None if file.content is None else len(file.content),
            modified_at=AS_OF - _AGE,
            sha256=None if file.content is None else hashlib.sha256(file.content).hexdigest(),
            descriptor=from_sddl(sddl, forest.profile.sid),
        )
        if file.content is not None:
            _give_settings(ingest, forest.base, file.path, file.content)


def _give_settings(ingest: Ingest, domain: str, path: str, content: bytes) -> None:
    _, _, below = path.partition("\\Policies\\")
    decoded = decode_policy_file(below.partition("\\")[2], content) if below else decode_script(content)
    for position, setting in enumerate(decoded.settings if decoded else ()):
        ingest.gpo_setting(domain, path, position, setting)


def _files(forest: Forest, default_policies: Iterable[dict[str, Any]]) -> Iterator[_File]:
    """Folders before what is in them."""
    root = forest.profile.dns
    yield _File(root, None, _OF_DOMAIN, inherits=False)
    yield _File(rf"{root}\Policies", None, _OF_DOMAIN)
    yield _File(rf"{root}\scripts", None, _OF_DOMAIN)
    for name, text in forest.declarations.get("scripts", {}).items():
        yield _File(rf"{root}\scripts\{name}", _lines(text), _OF_DOMAIN)
    for each in default_policies:
        yield from _policy(rf"{root}\Policies\{each['guid']}", each)
    for each in forest.declarations.get("gpo", []):
        yield from _policy(rf"{root}\Policies\{policy_name(forest, each['name'])}", each)


def _policy(folder: str, policy: dict[str, Any]) -> Iterator[_File]:
    contents = {"GPT.INI": _lines("[General]\nVersion=3\n")}
    if "template" in policy:
        contents[_TEMPLATE] = _lines(_TEMPLATE_HEAD + policy["template"])
    for side, key in (("MACHINE", "registry"), ("USER", "user_registry")):
        if key in policy:
            contents[rf"{side}\Registry.pol"] = _registry_policy(policy[key])
    contents |= {path: _lines(text) for path, text in policy.get("files", {}).items()}
    yield _File(folder, None, _OF_POLICY, inherits=False)
    folders = {"MACHINE", "USER", *(above for path in contents for above in _above(path))}
    for path in sorted(folders):
        yield _File(rf"{folder}\{path}", None, _OF_POLICY)
    for path, content in sorted(contents.items()):
        yield _File(rf"{folder}\{path}", content, _OF_POLICY)


def _above(path: str) -> Iterator[str]:
    parts = path.split("\\")[:-1]
    return ("\\".join(parts[: n + 1]) for n in range(len(parts)))


def _lines(text: str) -> bytes:
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def _registry_policy(values: dict[str, int | str]) -> bytes:
    """A registry policy file (MS-GPREG 2.2.1)."""
    return b"PReg\x01\x00\x00\x00" + b"".join(_record(place, value) for place, value in values.items())


def _record(place: str, value: int | str) -> bytes:
    key, _, name = place.rpartition(":")
    data = struct.pack("<I", value) if isinstance(value, int) else _wide(value)
    fields = (_wide(key), _wide(name), struct.pack("<I", _DWORD if isinstance(value, int) else _TEXT))
    parts = (*fields, struct.pack("<I", len(data)), data)
    return "[".encode("utf-16-le") + ";".encode("utf-16-le").join(parts) + "]".encode("utf-16-le")


def _wide(text: str) -> bytes:
    return f"{text}\0".encode("utf-16-le")
