"""Exposure: which of the sources reach the goals, and how far they are from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adaudit.graph.blocks import Ids
from adaudit.graph.graph import Graph, Small
from adaudit.graph.paths.search import Reached, outside, reaching


@dataclass(frozen=True)
class Exposure:
    """The sources that reach a goal, in the order of nodes; goals are not among them.

    ``kind``: as given. ``sources``: how many were asked about. ``found``: the search, which knows every other node too.
    """

    node: Ids
    kind: Ids
    sources: int
    found: Reached

    @property
    def distance(self) -> Small:
        """Steps of a shortest path."""
        return self.found.distance[self.node]

    @property
    def next_node(self) -> Small:
        """Where its first step leads."""
        return self.found.next_node[self.node]

    @property
    def edge(self) -> Small:
        """Row of its first edge."""
        return self.found.edge[self.node]

    @property
    def goal(self) -> Small:
        """Where it ends."""
        return self.found.root[self.node]

    def __len__(self) -> int:
        return len(self.node)

    def by_kind(self) -> dict[int, int]:
        """How many of each kind."""
        return _counts(self.kind)

    def by_distance(self) -> dict[int, int]:
        """How many by number of steps."""
        return _counts(self.distance)


def exposure(graph: Graph, sources: Ids, kinds: Ids, goals: Ids) -> Exposure:
    """Which of the sources reach a goal. ``kinds``: any code, by source; of one given twice the first counts."""
    asked = outside(graph.count, sources, goals)
    kind_of: Ids = np.zeros(graph.count, np.int64)
    given = np.flatnonzero(sources >= 0)[::-1]
    kind_of[sources[given]] = kinds[given]
    found = reaching(graph, goals)
    exposed = asked[found.is_reached[asked]]
    return Exposure(exposed, kind_of[exposed], len(asked), found)


def _counts(values: Ids | Small) -> dict[int, int]:
    distinct, counts = np.unique(values, return_counts=True)
    return dict(zip(distinct.tolist(), counts.tolist(), strict=True))
