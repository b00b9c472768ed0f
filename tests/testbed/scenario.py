"""Scenarios: what a test directory is filled with, and what an audit of it must and must not find.

The files are TOML, read in the order of their names. ``%base%``, ``%config%`` and the other names of
``domain.PLACES`` are replaced everywhere, ``%sid:NAME%`` by the SID of the account NAME, ``%n%`` by the number of a
repetition. An ``[[object]]`` has a ``dn``, attributes under the directory's own names, and:

- ``existing``: change the object instead of adding it; attributes given are replaced;
- ``rename``: the new relative name of an existing object;
- ``groups``: dn of the groups it is made a member of; ``primary_group``: the name of one of them;
- ``password``: only for accounts that log in;
- ``sddl``, ``aces``: the whole descriptor, or ACEs put before those it has; ``owner``: a SID;
- ``repeat``: make that many of them;
- ``expected``: rule id → level of the finding this object must be the subject of;
- ``clean``: rule ids it must not be a subject of, being the healthy control of a weakness beside it.

Values: text, numbers, lists, or a table ``{base64 = …}``, ``{hex = …}``, ``{guid = …}``, ``{sid = …}``,
``{sddl = …}``, ``{days_ago = …}`` (a FILETIME), ``{certificate = "file.pem"}``. An account logged on and changed its
password lately unless told otherwise. An ``[[expected]]`` is findings told apart from objects: ``rules`` (or a ``rule``
and its ``level``) of a ``subject`` (or ``subjects``), the domain's dn for a finding about the whole of it; the level of
an extra is 0. A ``[[denied]]`` is what the ordinary account may not read (``dn``, ``what``: object, attribute or
children, ``attribute``).

A ``[[file]]`` is a file of SYSVOL (``path``, and ``text`` or ``base64``), or with ``folder`` a folder, with the
descriptor ``sddl`` or that of the editor of policies. Beside it stand ``owner``, the name of the account (the Domain
Admins unless told otherwise), ``settings`` that are to come out of it (kind, section, name, value, type, whether it is
a secret) and ``secrets`` that are not to; ``closed``: the ordinary account may not read it. A ``[[policy_gap]]`` is a
policy of which nothing can be known (``policy``, ``reason``).

A ``[[path]]`` is a way that the attack graph must show: ``source`` and ``target``, names as people give them or
``tier0``, and the ``kinds`` of its edges in order. ``[[no_path]]`` names ``sources`` that must not reach tier 0, but by
what everybody may do in the hospital.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from .domain import PLACES

HERE = Path(__file__).parent / "scenario"
_FILES = {
    "baseline": ("account.toml", "samba.toml", "baseline.toml"),
    "scenario": ("account.toml", "samba.toml", "hospital/*.toml"),
    "access": ("account.toml", "access.toml"),
    "paths": ("account.toml", "paths/*.toml"),
}
_BESIDE_A_FILE = {"owner", "settings", "secrets", "closed"}
_DOMAIN_ADMINS = "Admins du domaine"
_PLACE = re.compile("%(" + "|".join(PLACES) + ")%")


@dataclass(frozen=True)
class Expectation:
    """A finding: ``subject`` is a dn, that of the domain for a finding about the whole of it."""

    rule: str
    subject: str
    level: int


@dataclass(frozen=True)
class Denied:
    """What the ordinary account may not read."""

    dn: str
    what: Literal["object", "attribute", "children"]
    attribute: str | None


@dataclass(frozen=True)
class Planted:
    """A file (or a folder, without ``sha256``) of SYSVOL and what must be found in it; ``path`` has backslashes."""

    path: str
    sha256: str | None
    owner: str
    settings: tuple[tuple[str, str, str, str, str, bool], ...]
    secrets: tuple[str, ...]


@dataclass(frozen=True)
class Route:
    """A planted way of the attack graph."""

    source: str
    target: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Scenario:
    """``instructions`` is the JSON text that ``fill.py`` carries out; ``clean`` holds (rule id, dn), ``policy_gaps``
    (policy, reason of coverage)."""

    name: str
    instructions: str = field(repr=False)
    dns: tuple[str, ...]
    expected: frozenset[Expectation]
    clean: frozenset[tuple[str, str]]
    denied: tuple[Denied, ...]
    planted: tuple[Planted, ...]
    policy_gaps: frozenset[tuple[str, str]]
    routes: tuple[Route, ...] = ()
    no_routes: tuple[str, ...] = ()


def load_scenario(name: str) -> Scenario:
    """The scenario ``baseline`` (a fresh domain and its auditor), ``scenario`` (a hospital full of weaknesses),
    ``access`` (accounts that may log on and accounts that may not) or ``paths`` (ways to tier 0, each beside one that
    gives nothing)."""
    objects: list[dict[str, Any]] = []
    files: list[dict[str, Any]] = []
    planted: list[Planted] = []
    policy_gaps: set[tuple[str, str]] = set()
    expected: set[Expectation] = set()
    clean: set[tuple[str, str]] = set()
    denied: list[Denied] = []
    routes: list[Route] = []
    no_routes: list[str] = []
    for path in (path for pattern in _FILES[name] for path in sorted(HERE.glob(pattern))):
        document = _placed(tomllib.loads(path.read_text(encoding="utf-8")))
        for file in document.get("file", []):
            planted += [] if file.get("closed") else [_planted(file)]
            files.append({key: value for key, value in file.items() if key not in _BESIDE_A_FILE})
        policy_gaps |= {(row["policy"], row["reason"]) for row in document.get("policy_gap", [])}
        denied += [Denied(row["dn"], row["what"], row.get("attribute")) for row in document.get("denied", [])]
        routes += [Route(row["source"], row["target"], tuple(row["kinds"])) for row in document.get("path", [])]
        no_routes += [source for row in document.get("no_path", []) for source in row["sources"]]
        for row in document.get("expected", []):
            expected |= _expectations(row)
        for entry in (each for row in document.get("object", []) for each in _repeated(row)):
            dn = _final_dn(entry)
            expected |= {Expectation(rule, dn, level) for rule, level in entry.pop("expected", {}).items()}
            clean |= {(rule, dn) for rule in entry.pop("clean", [])}
            objects.append(_with_certificates(entry, path.parent))
    return Scenario(
        name,
        json.dumps({"objects": objects, "files": files}, indent=1, ensure_ascii=False),
        tuple(dict.fromkeys(_final_dn(entry) for entry in objects)),
        frozenset(expected),
        frozenset(clean),
        tuple(denied),
        tuple(planted),
        frozenset(policy_gaps),
        tuple(routes),
        tuple(no_routes),
    )


def _expectations(row: dict[str, Any]) -> set[Expectation]:
    rules = row["rules"] if "rules" in row else {row["rule"]: row["level"]}
    subjects = row["subjects"] if "subjects" in row else [row["subject"]]
    return {Expectation(rule, subject, level) for rule, level in rules.items() for subject in subjects}


def _planted(file: dict[str, Any]) -> Planted:
    content = base64.b64decode(file["base64"]) if "base64" in file else file.get("text", "").encode()
    return Planted(
        file["path"].replace("/", "\\"),
        None if file.get("folder") else hashlib.sha256(content).hexdigest(),
        file.get("owner", _DOMAIN_ADMINS),
        tuple(
            (kind, section, name, value, type_, secret)
            for kind, section, name, value, type_, secret in file.get("settings", [])
        ),
        tuple(file.get("secrets", [])),
    )


def _placed(value: Any) -> Any:
    if isinstance(value, str):
        return _PLACE.sub(lambda match: PLACES[match[1]], value)
    if isinstance(value, list):
        return [_placed(each) for each in value]
    if isinstance(value, dict):
        return {_placed(key): _placed(each) for key, each in value.items()}
    return value


def _repeated(entry: dict[str, Any]) -> list[dict[str, Any]]:
    times = entry.pop("repeat", 0)
    if not times:
        return [entry]
    text = json.dumps(entry)
    return [json.loads(text.replace("%n%", f"{number:03}")) for number in range(1, times + 1)]


def _final_dn(entry: dict[str, Any]) -> str:
    dn: str = entry["dn"]
    return f"{entry['rename']},{dn.partition(',')[2]}" if "rename" in entry else dn


def _with_certificates(entry: dict[str, Any], folder: Path) -> dict[str, Any]:
    """PEM files read in place, so that what fills the directory needs no file but its instructions."""

    def read(value: Any) -> Any:
        if isinstance(value, list):
            return [read(each) for each in value]
        if isinstance(value, dict) and "certificate" in value:
            lines = (folder / value["certificate"]).read_text(encoding="ascii").splitlines()
            return {"base64": base64.b64encode(base64.b64decode("".join(lines[1:-1]))).decode()}
        return value

    return {key: read(value) for key, value in entry.items()}
