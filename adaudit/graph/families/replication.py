"""Replication of secrets: DCSync, SyncLAPSPassword and the rights they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow.compute as pc

from adaudit.derive.control import GET_CHANGES, NEED_GET_CHANGES
from adaudit.derive.facts import Facts
from adaudit.graph.blocks import NONE, Block, Ids, block_of, fanned
from adaudit.graph.kinds import Difficulty
from adaudit.graph.nodes import Nodes
from adaudit.graph.rights.holders import Holders
from adaudit.graph.rights.shares import USE, Reader

GET_CHANGES_ALL, GET_CHANGES_IN_FILTERED_SET = NEED_GET_CHANGES
REANIMATE_TOMBSTONES: Final = "45ec5156-db7e-47bb-b53f-dbeb2d03c40f"

_NAMES: Final = {
    GET_CHANGES: "DS-Replication-Get-Changes",
    GET_CHANGES_ALL: "DS-Replication-Get-Changes-All",
    GET_CHANGES_IN_FILTERED_SET: "DS-Replication-Get-Changes-In-Filtered-Set",
    REANIMATE_TOMBSTONES: "Reanimate-Tombstones",
}

_TOLD: Final = (
    ("GetChanges", GET_CHANGES),
    ("GetChangesAll", GET_CHANGES_ALL),
    ("GetChangesInFilteredSet", GET_CHANGES_IN_FILTERED_SET),
    ("CanReanimateTombstone", REANIMATE_TOMBSTONES),
)


def replication(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """Who may read the secrets of a domain by replication, one edge for each ACE that the step cannot do without.

    DCSync takes Get-Changes and Get-Changes-All, SyncLAPSPassword Get-Changes and Get-Changes-In-Filtered-Set, each be
    it through another group; the change removes the second. Each right by itself is told, where an ACE names it.
    """
    heads = {d.domain_id: d.object_id for d in facts.domains if d.object_id is not None}
    reader, holders = Reader(facts, np.array([*heads.values()], np.int64)), Holders(facts)
    for domain_id, object_id in heads.items():
        head, of_head = nodes.of_object(object_id), np.array([object_id])
        yield block_of(
            share.edge(kind, nodes.of_principal(share.held.trustee), head, _NAMES[right])
            for kind, right in _TOLD
            for share in reader.held_alone(reader.shares(of_head, USE, (right,), is_named=True))
        )
        may_ask = [share.held for share in reader.shares(of_head, USE, (GET_CHANGES,))]
        for share in reader.shares(of_head, USE, (GET_CHANGES_ALL,)):
            both = map(nodes.of_principal, holders.of_all([share.held], may_ask))
            yield block_of(share.edge("DCSync", each, head, _NAMES[GET_CHANGES_ALL]) for each in both)
        legacy, windows = (nodes.of_objects(each) for each in _with_laps(facts, domain_id))
        for share in reader.shares(of_head, USE, (GET_CHANGES_IN_FILTERED_SET,)):
            for each in holders.of_all([share.held], may_ask):
                right = _NAMES[GET_CHANGES_IN_FILTERED_SET]
                edge = share.edge("SyncLAPSPassword", nodes.of_principal(each), NONE, right)
                yield fanned(edge, legacy)
                yield fanned(edge._replace(difficulty=Difficulty.UNCERTAIN), windows)


def _with_laps(facts: Facts, domain_id: int) -> tuple[Ids, Ids]:
    """Enabled computers of the domain whose password legacy LAPS keeps, and those of which Windows LAPS alone does.

    Replication gives what Windows LAPS encrypted as it is: it is of use where it is stored in clear text.
    """
    computers = facts.table("computers")
    is_enabled = computers["is_enabled"].fill_null(True)
    here = computers.filter(pc.and_(is_enabled, pc.equal(computers["domain_id"], domain_id)))
    legacy, windows = (here[column].is_valid() for column in ("laps_expires_raw", "windows_laps_expires_raw"))
    chosen = (here.filter(legacy), here.filter(pc.and_not(windows, legacy)))
    first, second = (Facts({"computers": each}).ids("computers", "object_id") for each in chosen)
    return first, second
