"""SysvolWrite: who can change the files of a policy in SYSVOL, whatever its descriptor in the directory says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from adaudit.derive.facts import Facts
from adaudit.graph.blocks import NONE, Block, Change, Edge, block_of
from adaudit.graph.kinds import Difficulty
from adaudit.graph.nodes import Nodes

_RIGHTS: Final = ("owner", "null_dacl", "full_control", "write_dacl", "write_owner", "write", "append")
"""Rights of ``file_rights`` that let their holder change what a policy says; to delete destroys it."""

_MASTERING: Final = frozenset(("owner", "null_dacl", "full_control", "write_dacl", "write_owner"))

_SEPARATOR: Final = "\\"

_NOBODY: Final = frozenset(("S-1-5-18", "S-1-3-0", "S-1-3-1"))
"""Local System, CREATOR OWNER and CREATOR GROUP."""


class _Writer(NamedTuple):
    principal_id: int
    right: str
    position: int | None
    is_conditional: bool


def sysvol(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """From each trustee and owner of a policy's files to the policy, and of a folder above the policies to them all.

    Of the files and folders of a policy the topmost that a trustee can change are told; one change, of the rights over
    the whole folder of the policy, removes these edges.
    """
    writers = _writers(facts)
    yield block_of(_within_policies(facts, nodes, writers))
    yield block_of(_above_policies(facts, nodes, writers))


_Writers = dict[int, dict[int, _Writer]]


def _writers(facts: Facts) -> _Writers:
    """Trustees by descriptor, each with the first right that counts, one without condition if there is one."""
    columns = ("sd_id", "principal_id", "trustee_sid", "right", "position", "is_conditional")
    found: defaultdict[int, dict[int, _Writer]] = defaultdict(dict)
    for sd, principal, sid, right, position, is_conditional in facts.rows("file_rights", *columns):
        if right in _RIGHTS and principal is not None and sid not in _NOBODY:
            known = found[sd].get(principal)
            if known is None or (known.is_conditional and not is_conditional):
                found[sd][principal] = _Writer(principal, right, position, bool(is_conditional))
    return found


def _within_policies(facts: Facts, nodes: Nodes, writers: _Writers) -> Iterator[Edge]:
    told: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    files = (row for row in facts.rows("sysvol_files", "gpo_id", "path", "sd_id", "policy") if None not in row)
    for gpo, path, sd, policy in sorted(files, key=lambda row: (row[0], row[1].count(_SEPARATOR), row[1])):
        folder = path[: path.find(policy) + len(policy)] if policy else path
        for writer in writers.get(sd, {}).values():
            above = told[gpo, writer.principal_id]
            if above.isdisjoint(_above(path)):
                above.add(path)
                change = Change("restrict_file", gpo, writer.principal_id, detail=folder)
                yield _edge(nodes, writer, gpo, path, sd, change)


def _above_policies(facts: Facts, nodes: Nodes, writers: _Writers) -> Iterator[Edge]:
    """Whoever masters a folder puts others in place of those in it; to write there changes none of them."""
    heads = {domain.domain_id: domain.object_id for domain in facts.domains}
    policies: defaultdict[tuple[int, str], set[int]] = defaultdict(set)
    for domain, gpo, path in facts.rows("sysvol_files", "domain_id", "gpo_id", "path"):
        for folder in _above(path or "") if gpo is not None else ():
            policies[domain, folder].add(gpo)
    for domain, gpo, path, sd in facts.rows("sysvol_files", "domain_id", "gpo_id", "path", "sd_id"):
        below = sorted(policies.get((domain, path), ())) if gpo is None else []
        for writer in writers.get(sd, {}).values() if below else ():
            if writer.right in _MASTERING:
                head = heads.get(domain)
                change = Change("restrict_file", NONE if head is None else head, writer.principal_id, detail=path)
                for policy in below:
                    yield _edge(nodes, writer, policy, path, sd, change)


def _above(path: str) -> Iterator[str]:
    """The folders that hold a file or folder."""
    while _SEPARATOR in path:
        path = path.rpartition(_SEPARATOR)[0]
        yield path


def _edge(nodes: Nodes, writer: _Writer, gpo: int, path: str, sd: int, change: Change) -> Edge:
    return Edge(
        *("SysvolWrite", nodes.of_principal(writer.principal_id), nodes.of_object(gpo), gpo, writer.right, change),
        sd_id=sd,
        position=NONE if writer.position is None else writer.position,
        detail=path,
        difficulty=Difficulty.UNCERTAIN if writer.is_conditional else None,
    )
