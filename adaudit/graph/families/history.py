"""HasSIDHistory: accounts and groups that are somebody else as well."""

from __future__ import annotations

from collections.abc import Iterator

from adaudit.derive.facts import ACCOUNT_TABLES, Facts
from adaudit.graph.blocks import Block, Change, Edge, block_of
from adaudit.graph.nodes import Nodes


def history(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """sIDHistory, and objects that share a SID.

    Whatever domain a SID of the history is of, the account's own domain puts it in the token: what is granted to it
    here is granted to the account. Trusts filter what comes from the other side alone (MS-PAC 4.1.2.2), as
    SpoofSIDHistory tells.
    """
    yield block_of(_histories(facts, nodes))
    yield block_of(_shared_sids(facts, nodes))


def _histories(facts: Facts, nodes: Nodes) -> Iterator[Edge]:
    for object_id, sid, source in facts.rows("sid_history", "object_id", "sid", "source_id"):
        if object_id is not None and source is not None:
            ends = (nodes.of_object(object_id), nodes.of_principal(source))
            change = Change("remove_sid_history", object_id, detail=sid)
            yield Edge("HasSIDHistory", *ends, object_id, "sIDHistory", change, detail=sid)


def _shared_sids(facts: Facts, nodes: Nodes) -> Iterator[Edge]:
    """Objects that bear the SID of another, as replication conflicts can leave them: what that one has, they have.

    Domain controllers look for such duplicates and delete them when asked to (ntdsutil, security account management).
    """
    for table in (*ACCOUNT_TABLES, "groups"):
        for object_id, principal, sid in facts.rows(table, "object_id", "principal_id", "sid"):
            if object_id is not None and sid:
                ends = (nodes.of_object(object_id), nodes.of_principal(principal))
                change = Change("delete_duplicate", object_id, principal)
                yield Edge("HasSIDHistory", *ends, object_id, "objectSid", change, detail=sid)
