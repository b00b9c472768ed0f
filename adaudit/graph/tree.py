"""Which settings lie below which container."""

from __future__ import annotations

from typing import Final

import numpy as np

from adaudit.derive.facts import Facts
from adaudit.graph.blocks import NONE, Ids
from adaudit.graph.nodes import Nodes

MOST_LEVELS: Final = 256
"""Containers above one another that are followed: more than a distinguished name can hold in a directory."""


def settings_below(facts: Facts, nodes: Nodes) -> tuple[Ids, Ids]:
    """Pairs (container, settings node): the settings of each container with itself and every container above it.

    Whoever may link a policy to the container can impose it on these settings: an enforced link passes blocked
    inheritance. ``container`` is an object id; pairs are in the order of the two.
    """
    ids = facts.ids("objects", "object_id")
    parent: Ids = np.full(int(ids.max(initial=NONE)) + 1, NONE, np.int64)
    parent[ids] = facts.ids("objects", "parent_id")
    settings = np.nonzero(nodes.settings_of_object_id != NONE)[0]
    node, container = nodes.settings_of_object_id[settings], settings
    levels: list[tuple[Ids, Ids]] = []
    while len(container) and len(levels) < MOST_LEVELS:
        levels.append((container, node))
        above = parent[container]
        node, container = node[above >= 0], above[above >= 0]
    containers, settings_nodes = (np.concatenate([level[n] for level in levels] or [ids[:0]]) for n in (0, 1))
    order = np.lexsort((settings_nodes, containers))
    return containers[order], settings_nodes[order]
