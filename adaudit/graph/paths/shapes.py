"""Which shortest paths are alike: the same kinds of steps through the same things, whichever accounts they pass."""

from __future__ import annotations

import numpy as np

from adaudit.graph.blocks import NONE, Ids
from adaudit.graph.graph import Graph
from adaudit.graph.paths.search import Reached


def shapes(graph: Graph, found: Reached, accounts: Ids) -> Ids:
    """For each node the shape of its path to the goal that a search backwards found; ``NONE`` where there is none.

    Accounts on the way are not told apart, groups, containers, policies and goals are.
    """
    is_told = np.ones(graph.count, bool)
    is_told[accounts[accounts != NONE]] = False
    is_told[np.flatnonzero(found.distance == 0)] = True
    shape: Ids = np.full(graph.count, NONE, np.int64)
    goals = np.flatnonzero(found.distance == 0)
    shape[goals] = np.arange(len(goals))
    known = len(goals)
    for distance in range(1, int(found.distance.max(initial=0)) + 1):
        nodes = np.flatnonzero(found.distance == distance)
        following = found.next_node[nodes]
        steps = np.stack(
            (graph.kind[found.edge[nodes]], np.where(is_told[following], following, NONE), shape[following])
        )
        distinct, number = np.unique(steps, axis=1, return_inverse=True)
        shape[nodes] = known + number
        known += distinct.shape[1]
    return shape
