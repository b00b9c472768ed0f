"""HasSIDHistory: accounts and groups that are somebody else as well."""

from __future__ import annotations

from collections.abc import Iterator

from adaudit.derive.facts import ACCOUNT_TABLES, Facts, Principal
from adaudit.graph.blocks import Block, Change, Edge, block_of
from adaudit.graph.kinds import Difficulty
from adaudit.graph.nodes import Nodes
from adaudit.graph.partners import Partners, Trust

FIRST_ORDINARY_RID = 1000
"""Below are the accounts and groups of every domain, which no trust between forests lets through."""


def history(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """sIDHistory, and objects that share a SID.

    A SID of another forest counts when a trust towards its domain does not filter it (MS-PAC 4.1.2.2), and as
    uncertain when no trust names that domain.
    """
    yield block_of(_histories(facts, nodes))
    yield block_of(_shared_sids(facts, nodes))


def _histories(facts: Facts, nodes: Nodes) -> Iterator[Edge]:
    partners = Partners(facts)
    for object_id, sid, source in facts.rows("sid_history", "object_id", "sid", "source_id"):
        past = facts.principals.get(source)
        if object_id is None or past is None:
            continue
        trusts = partners.of_sid(sid)
        if past.type == "foreign" and not _is_let_through(past, trusts):
            continue
        yield Edge(
            *("HasSIDHistory", nodes.of_object(object_id), nodes.of_principal(past.principal_id)),
            *(object_id, "sIDHistory"),
            Change("remove_sid_history", object_id, detail=sid),
            detail=sid,
            difficulty=Difficulty.UNCERTAIN if past.type == "foreign" and not trusts else None,
        )


def _is_let_through(past: Principal, trusts: set[Trust]) -> bool:
    if any(trust.is_ours for trust in trusts):
        return True
    is_ordinary = past.rid is not None and past.rid >= FIRST_ORDINARY_RID
    return is_ordinary and (not trusts or any(trust.lets_foreign_sids_through for trust in trusts))


def _shared_sids(facts: Facts, nodes: Nodes) -> Iterator[Edge]:
    """Objects that bear the SID of another, as replication conflicts can leave them: what that one has, they have."""
    for table in (*ACCOUNT_TABLES, "groups"):
        for object_id, principal, sid in facts.rows(table, "object_id", "principal_id", "sid"):
            if object_id is not None and sid:
                ends = (nodes.of_object(object_id), nodes.of_principal(principal))
                yield Edge("HasSIDHistory", *ends, object_id, "objectSid", detail=sid)
