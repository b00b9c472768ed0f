"""What lies below which container."""

from __future__ import annotations

import numpy as np

from adaudit.derive.bounds import MOST_LEVELS
from adaudit.derive.facts import Facts
from adaudit.graph.blocks import NONE, Ids
from adaudit.graph.nodes import Nodes


def containers(facts: Facts) -> Ids:
    """The container of each object, by object id; ``NONE`` where it was not seen.

    Neither inheritance nor group policy passes the head of a naming context (MS-ADTS 6.1.3): it has none.
    """
    ids = facts.ids("objects", "object_id")
    parent: Ids = np.full(int(ids.max(initial=NONE)) + 1, NONE, np.int64)
    partition = parent.copy()
    parent[ids] = facts.ids("objects", "parent_id")
    partition[ids] = facts.ids("objects", "partition_id")
    parent[parent >= len(parent)] = NONE
    has_one = parent != NONE
    parent[has_one] = np.where(partition[has_one] == partition[parent[has_one]], parent[has_one], NONE)
    return parent


def settings_below(facts: Facts, nodes: Nodes) -> tuple[Ids, Ids]:
    """Pairs (container, settings node): the settings of each container with every OU, domain head or site that is it
    or lies above it.

    Whoever may link a policy to the container can impose it on these settings: an enforced link passes blocked
    inheritance. ``container`` is an object id; pairs are in the order of the two.
    """
    parent = containers(facts)
    settings = np.nonzero(nodes.settings_of_object_id != NONE)[0]
    node, container = nodes.settings_of_object_id[settings], settings
    levels: list[tuple[Ids, Ids]] = []
    while len(container) and len(levels) < MOST_LEVELS:
        levels.append((container, node))
        above = parent[container]
        node, container = node[above >= 0], above[above >= 0]
    every, below = (np.concatenate([level[n] for level in levels] or [settings]) for n in (0, 1))
    is_linkable = np.isin(every, facts.ids("organizational_units", "object_id"))
    every, below = every[is_linkable], below[is_linkable]
    order = np.lexsort((below, every))
    return every[order], below[order]
