"""Read a collection as BloodHound ingests it: fields to edges, by the identifiers in the files alone."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple


class Edge(NamedTuple):
    kind: str
    source: str
    target: str


def files(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and content of each file of an archive."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            yield name, json.loads(archive.read(name))


def objects(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The objects of each type."""
    found: dict[str, list[dict[str, Any]]] = {}
    for _, content in files(path):
        found.setdefault(content["meta"]["type"], []).extend(content["data"])
    return found


def edges(path: Path) -> set[Edge]:
    """What the fields of all objects say."""
    every = (each for data in objects(path).values() for each in data)
    return {edge for each in every for edge in _edges(each)}


_ONE = (
    ("ContainedBy", "Contains", False),
    ("PrimaryGroupSID", "MemberOf", True),
    ("HostingComputer", "HostsCAService", False),
    ("GroupLink", "OIDGroupLink", True),
)
_MANY = (
    ("Members", "MemberOf", False),
    ("ChildObjects", "Contains", True),
    ("AllowedToDelegate", "AllowedToDelegate", True),
    ("AllowedToAct", "AllowedToAct", False),
    ("HasSIDHistory", "HasSIDHistory", True),
    ("DumpSMSAPassword", "DumpSMSAPassword", True),
    ("EnabledCertTemplates", "PublishedTo", False),
    ("Links", "GPLink", False),
)
"""Field, edge, and whether the object that has the field is its source."""

_LOCAL = (
    ("LocalAdmins", "AdminTo"),
    ("RemoteDesktopUsers", "CanRDP"),
    ("DcomUsers", "ExecuteDCOM"),
    ("PSRemoteUsers", "CanPSRemote"),
)


def _edges(each: dict[str, Any]) -> Iterator[Edge]:
    here = each["ObjectIdentifier"]
    for ace in each["Aces"] or ():
        yield Edge(ace["RightName"], ace["PrincipalSID"], here)
    for field, kind, is_source in _ONE:
        if each.get(field):
            yield _edge(kind, here, each[field], is_source)
    for field, kind, is_source in _MANY:
        for other in each.get(field) or ():
            yield _edge(kind, here, other, is_source)
    if each.get("UnconstrainedDelegation") and not each.get("IsDC"):
        yield Edge("CoerceToTGT", here, each["DomainSID"])
    if each.get("IsDC"):
        yield Edge("DCFor", here, each["DomainSID"])
    for target in each.get("SPNTargets") or ():
        yield Edge(target["Service"], here, target["ComputerSID"])
    changes = each.get("GPOChanges") or {}
    for computer in changes.get("AffectedComputers") or ():
        for field, kind in _LOCAL:
            yield from (Edge(kind, who["ObjectIdentifier"], computer["ObjectIdentifier"]) for who in changes[field])


def _edge(kind: str, here: str, other: Any, is_source: bool) -> Edge:
    there = other if isinstance(other, str) else other.get("GUID") or other["ObjectIdentifier"]
    return Edge(kind, here, there) if is_source else Edge(kind, there, here)
