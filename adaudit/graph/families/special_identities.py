"""ClaimSpecialIdentity: identities that come with the way one logs on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adaudit.derive.facts import Facts
from adaudit.derive.well_known import AUTHENTICATED_USERS, EVERYONE
from adaudit.graph.blocks import NONE, Block, Change, Edge, block_of
from adaudit.graph.directory.identities import disabled_accounts, node_of_sid
from adaudit.graph.families.members import IMPLICIT
from adaudit.graph.kinds import Difficulty
from adaudit.graph.nodes import Nodes
from adaudit.graph.sources import CLAIMED_SIDS, GUEST_RID

_BY_KEY: Final = ("S-1-18-4", "S-1-18-5")
"""Key trust and multi-factor key: for whoever may have a key of its own."""


def special_identities(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """What Authenticated Users can have as well, and the account Guest for everybody until it is disabled.

    Identities to which nothing in the snapshot refers give nothing, and have no node.
    """
    authenticated, everyone = (node_of_sid(facts, nodes, sid) for sid in (AUTHENTICATED_USERS, EVERYONE))
    edges = [
        Edge("ClaimSpecialIdentity", authenticated, node_of_sid(facts, nodes, sid), NONE, IMPLICIT, difficulty=level)
        for sids, level in ((CLAIMED_SIDS, None), (_BY_KEY, Difficulty.UNCERTAIN))
        for sid in sids
    ]
    disabled = disabled_accounts(facts)
    for guest, rid in facts.rows("users", "object_id", "rid"):
        if rid == GUEST_RID and guest is not None and guest not in disabled:
            proof = (everyone, nodes.of_object(guest), guest, "userAccountControl")
            change = Change("disable_account", guest)
            edges.append(Edge("ClaimSpecialIdentity", *proof, change, difficulty=Difficulty.UNCERTAIN))
    yield block_of(edges)
