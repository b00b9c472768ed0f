"""Exposure: which of the sources reach the goals, and how far they are from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adaudit.graph.blocks import Ids
from adaudit.graph.graph import Graph, Small
from adaudit.graph.search import reaching


@dataclass(frozen=True)
class Exposure:
    """The sources that reach a goal, in the order of nodes; goals are not among them.

    ``kind``: as given. ``distance``: steps of a shortest path; ``next_node``, ``edge``: its first step; ``goal``: its
    end. ``sources``: how many were asked about.
    """

    node: Ids
    kind: Ids
    distance: Small
    next_node: Small
    edge: Small
    goal: Small
    sources: int

    def __len__(self) -> int:
        return len(self.node)

    def by_kind(self) -> dict[int, int]:
        """How many of each kind."""
        return _counts(self.kind)

    def by_distance(self) -> dict[int, int]:
        """How many by number of steps."""
        return _counts(self.distance)


def exposure(graph: Graph, sources: Ids, kinds: Ids, goals: Ids) -> Exposure:
    """Which of the sources reach one of the goals; ``kinds``: any code, by source."""
    outside = np.flatnonzero((sources >= 0) & ~np.isin(sources, goals))
    nodes, first = np.unique(sources[outside], return_index=True)
    found = reaching(graph, goals)
    is_exposed = found.is_reached[nodes]
    exposed = nodes[is_exposed]
    return Exposure(
        node=exposed,
        kind=kinds[outside[first[is_exposed]]],
        distance=found.distance[exposed],
        next_node=found.next_node[exposed],
        edge=found.edge[exposed],
        goal=found.root[exposed],
        sources=len(nodes),
    )


def _counts(values: Ids | Small) -> dict[int, int]:
    distinct, counts = np.unique(values, return_counts=True)
    return dict(zip(distinct.tolist(), counts.tolist(), strict=True))
