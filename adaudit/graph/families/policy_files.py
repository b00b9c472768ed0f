"""Servers and files that policies rely on: who has them decides what the policies do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import numpy as np

from adaudit.derive.accepted import SYSTEM_SIDS
from adaudit.derive.facts import Facts
from adaudit.graph.blocks import NONE, Block, Change, Edge, Ids, block_of, fanned
from adaudit.graph.directory.host_names import HostNames
from adaudit.graph.directory.scoped_computers import ScopedComputers
from adaudit.graph.kinds import Difficulty
from adaudit.graph.nodes import Nodes

_WINDOWS_UPDATE: Final = "software\\policies\\microsoft\\windows\\windowsupdate\\"
_SERVER, _IS_USED = f"{_WINDOWS_UPDATE}wuserver", f"{_WINDOWS_UPDATE}au\\usewuserver"
_ON_COMPUTERS: Final = (("computer", _SERVER), ("computer", _IS_USED))

_COPIED: Final = "file"
"""Usage of what is copied to computers, which may be nothing that runs."""

_TAKES: Final = frozenset(("owner", "null_dacl", "full_control", "write_dacl", "write_owner"))
_CHANGES: Final = _TAKES | {"write", "append"}
_REPLACES: Final = frozenset(("write", "delete_child"))
"""Rights that take a file or folder, that change a file, and that over its folder replace it when one has both."""


def policy_files(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """MachineScript, into the policy or account that runs what a server or a file holds, and UpdateServer.

    Files in the folder of the policy itself are SysvolWrite. A server that no computer account names gives nothing.
    """
    hosts = HostNames(facts)
    yield block_of((*_shares(facts, nodes, hosts), *_files(facts, nodes)))
    for edge, targets in _update_servers(facts, nodes, hosts).items():
        yield fanned(edge, nodes.of_objects(np.concatenate(targets)))


def _shares(facts: Facts, nodes: Nodes, hosts: HostNames) -> Iterator[Edge]:
    """From the server of a UNC path, outside of SYSVOL, to what runs it."""
    columns = ("gpo_id", "account_id", "usage", "target", "host", "path")
    for gpo, account, usage, target, host, path in facts.rows("policy_paths", *columns):
        bearer = account if gpo is None else gpo
        if bearer is not None and host is not None and path is None:
            attribute = usage if account is None else "scriptPath"
            difficulty = Difficulty.UNCERTAIN if usage == _COPIED else None
            for computer in hosts.computers(host):
                whom = facts.principal_of_object.get(computer, NONE)
                change = Change("remove_policy_setting", bearer, whom, attribute, detail=target or "")
                ends = (nodes.of_object(computer), nodes.of_object(bearer))
                yield Edge(
                    "MachineScript", *ends, bearer, attribute, change, detail=target or "", difficulty=difficulty
                )


def _files(facts: Facts, nodes: Nodes) -> Iterator[Edge]:
    """From whoever may change a file of SYSVOL to what runs it, when that is not the policy in whose folder it is."""
    files = _Files(facts)
    heads = {domain.domain_id: domain.object_id for domain in facts.domains}
    for domain, gpo, account, path in facts.rows("policy_paths", "domain_id", "gpo_id", "account_id", "path"):
        user = account if gpo is None else gpo
        if user is None or path is None:
            continue
        for file, writer in files.writers(path):
            if gpo is None or file.gpo_id != gpo:
                bearer = heads.get(domain) if file.gpo_id is None else file.gpo_id
                place = NONE if bearer is None else bearer
                change = Change("restrict_file", place, writer.principal_id, detail=file.path)
                yield Edge(
                    "MachineScript",
                    nodes.of_principal(writer.principal_id),
                    nodes.of_object(user),
                    place,
                    writer.right,
                    change,
                    file.sd_id,
                    writer.position,
                    file.path,
                    Difficulty.UNCERTAIN if writer.is_conditional else None,
                )


class _File(NamedTuple):
    path: str
    gpo_id: int | None
    is_folder: bool
    sd_id: int


class _Writer(NamedTuple):
    principal_id: int
    right: str
    position: int
    is_conditional: bool


class _Files:
    """Files and folders of SYSVOL by path, lower case, with who may change them."""

    def __init__(self, facts: Facts) -> None:
        columns = ("path", "gpo_id", "is_folder", "sd_id")
        self._files = {
            path.lower(): _File(path, gpo, bool(is_folder), NONE if sd is None else sd)
            for path, gpo, is_folder, sd in facts.rows("sysvol_files", *columns)
            if path is not None
        }
        self._writers: dict[int, list[_Writer]] = {}
        rights = ("sd_id", "principal_id", "trustee_sid", "right", "position", "is_conditional")
        for sd, principal, sid, right, position, is_conditional in facts.rows("file_rights", *rights):
            if principal is not None and sid not in SYSTEM_SIDS:
                place = NONE if position is None else position
                self._writers.setdefault(sd, []).append(_Writer(principal, right, place, bool(is_conditional)))

    def writers(self, path: str) -> Iterator[tuple[_File, _Writer]]:
        """Who may change what is at the path, or put something there: with the file or folder that lets them."""
        file = self._files.get(path)
        if file is not None and not file.is_folder:
            yield from ((file, writer) for writer in self._of(file) if writer.right in _CHANGES)
        folder = self._above(path)
        if folder is not None:
            needed = {"write"} if file is None else _REPLACES
            held: dict[int, set[str]] = {}
            for writer in self._of(folder):
                held.setdefault(writer.principal_id, set()).add(writer.right)
            for writer in self._of(folder):
                is_enough = writer.right == "write" and needed <= held[writer.principal_id]
                if writer.right in _TAKES or is_enough:
                    yield folder, writer

    def _of(self, file: _File) -> list[_Writer]:
        return self._writers.get(file.sd_id, [])

    def _above(self, path: str) -> _File | None:
        """The nearest folder above that was seen."""
        while path:
            path = path.rpartition("\\")[0]
            if path in self._files:
                return self._files[path]
        return None


def _update_servers(facts: Facts, nodes: Nodes, hosts: HostNames) -> dict[Edge, list[Ids]]:
    """Edges without their target, from the server that computers take their updates from, each with these."""
    columns = ("scope_id", "side", "path", "value", "number", "gpo_id", "is_conditional")
    values = [row for row in facts.rows("registry_in_force", *columns) if row[1:3] in _ON_COMPUTERS]
    using = {scope for scope, _, path, _, number, _, _ in values if path == _IS_USED and number == 1}
    computers = ScopedComputers(facts)
    found: dict[Edge, list[Ids]] = {}
    for scope, _, path, value, _, gpo, is_conditional in values:
        if path == _SERVER and scope in using:
            for computer in hosts.computers(_host(value or "")):
                whom = facts.principal_of_object.get(computer, NONE)
                place = NONE if gpo is None else gpo
                change = Change("remove_policy_setting", place, whom, path, detail=value)
                difficulty = Difficulty.UNCERTAIN if is_conditional else None
                source = nodes.of_object(computer)
                edge = Edge("UpdateServer", source, NONE, place, path, change, detail=value, difficulty=difficulty)
                found.setdefault(edge, []).append(computers.all_of(scope))
    return found


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
