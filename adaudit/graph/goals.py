"""Which nodes are tier 0, as the goal of paths."""

from __future__ import annotations

from typing import Final

import numpy as np

from adaudit.derive.accepted import stands_for_everybody
from adaudit.derive.facts import Facts
from adaudit.graph.blocks import NONE, Ids
from adaudit.graph.nodes import Nodes

_ENTRIES: Final = frozenset(("core", "extended", "site"))


def goals_of(facts: Facts, nodes: Nodes) -> Ids:
    """Nodes of the entries of the table ``tier0`` and of the members of their groups, in order.

    Not its closure: who controls a container or policy of tier 0 reaches tier 0 only if an edge leads on from there.
    Nor an identity that stands for everybody, or its members: when somebody put Domain Users into an administration
    group, everybody reaches tier 0 and nobody was meant to be in it.
    """
    entries = [
        (principal, object_id)
        for principal, object_id, layer in facts.rows("tier0", "principal_id", "object_id", "layer")
        if layer in _ENTRIES
    ]
    principals = {principal for principal, _ in entries if principal is not None}
    groups = facts.memberships.groups
    waiting = list(principals & groups)
    while waiting:
        for member in facts.memberships.members_of(waiting.pop()):
            if member not in principals and not stands_for_everybody(facts, member):
                principals.add(member)
                if member in groups:
                    waiting.append(member)
    objects = {object_id for _, object_id in entries if object_id is not None}
    by_identity = nodes.of_principals(np.array(sorted(principals), np.int64))
    by_object = nodes.of_objects(np.array(sorted(objects), np.int64))
    every = np.concatenate((by_identity, by_object))
    found: Ids = np.unique(every[every != NONE])
    return found
