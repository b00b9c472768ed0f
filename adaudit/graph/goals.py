"""Which nodes are tier 0, as the goal of paths."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.facts import Facts
from adaudit.graph.blocks import NONE, Ids
from adaudit.graph.nodes import Nodes

GOAL_LAYERS: Final = ("core", "extended", "site", "member")
"""Not ``closure``: who controls a container or policy of tier 0 reaches tier 0 only if an edge leads on from there."""


def goals_of(facts: Facts, nodes: Nodes) -> Ids:
    """The nodes of the table ``tier0``, in order, without those of its closure."""
    tier0 = facts.table("tier0")
    rows = Facts({"tier0": tier0.filter(pc.is_in(tier0["layer"], pa.array(GOAL_LAYERS)))})
    by_object = nodes.of_objects(rows.ids("tier0", "object_id"))
    by_identity = nodes.of_principals(rows.ids("tier0", "principal_id"))
    found: Ids = np.unique(np.where(by_object == NONE, by_identity, by_object))
    return found[found != NONE]
