"""Choke points: changes and nodes without which the most sources no longer reach the goals."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from adaudit.graph.blocks import NONE, Ids
from adaudit.graph.graph import Graph, Mask, Small, step_matrix
from adaudit.graph.paths.search import Reached, outside, passing, reaching, rooted, search_tree, tree_of

MOST: Final = 20
SEARCHES: Final = 200
"""Searches spent on exact numbers: one per node or change."""

STEPS: Final = 300_000_000
"""Edges that all searches together may walk, though each of the most that are told gets one."""


@dataclass(frozen=True)
class ChokePoints:
    """The best first. ``number``: nodes, or rows of the changes. ``accounts``: sources that have no other way, the node
    itself not counted; where not ``is_exact``, an upper bound."""

    number: Ids
    accounts: Ids
    is_exact: Mask

    def __len__(self) -> int:
        return len(self.number)


def choke_nodes(graph: Graph, sources: Ids, goals: Ids, most: int = MOST, searches: int = SEARCHES) -> ChokePoints:
    """Nodes that are no goals, but may be sources, through which every path of the most other sources leads."""
    between = _Between(graph, sources, goals)
    bounds = passing(between.found, between.sources)
    bounds[between.sources] -= 1
    bounds[goals[goals >= 0]] = 0

    def steps_into(node: int) -> Ids:
        return np.arange(between.starts[node], between.starts[node + 1])

    searches = between.affordable(searches, most)
    return _best(bounds, lambda node: between.lost(steps_into(node)), most, searches)


def choke_changes(graph: Graph, sources: Ids, goals: Ids, most: int = MOST, searches: int = SEARCHES) -> ChokePoints:
    """Changes that leave the most sources without a path, each made alone."""
    between = _Between(graph, sources, goals)
    found = between.found
    stepping = np.flatnonzero(found.edge != NONE)
    change = graph.change[found.edge[stepping]]
    removable = change != NONE
    passed = passing(found, between.sources)[stepping[removable]]
    bounds = np.bincount(change[removable], passed, len(graph.changes)).astype(np.int64)
    change_of_step = graph.change[between.edges]

    def steps_of(number: int) -> Ids:
        steps: Ids = np.flatnonzero(change_of_step == number)
        return steps

    searches = between.affordable(searches, most)
    return _best(bounds, lambda number: between.lost(steps_of(number)), most, searches)


class _Between:
    """The steps that lie between the sources and the goals, walked backwards, any of which can be blocked."""

    def __init__(self, graph: Graph, sources: Ids, goals: Ids) -> None:
        self.found: Reached = reaching(graph, goals)
        asked = outside(graph.count, sources, goals)
        self.sources: Ids = asked[self.found.is_reached[asked]]
        ahead = search_tree(graph.outward, self.sources) != NONE
        is_between = graph.is_traversable & ahead[graph.source] & self.found.is_reached[graph.target]
        rows = np.flatnonzero(is_between).astype(np.int32)
        inward = step_matrix(graph.count, graph.target[rows], graph.source[rows], rows)
        self.edges: Small = inward.data
        self.starts: Small = inward.indptr
        self._searched: csr_array = rooted(inward, goals)
        self._towards: Small = np.repeat(np.arange(graph.count, dtype=np.int32), np.diff(inward.indptr))

    def affordable(self, searches: int, most: int) -> int:
        """How many searches to spend at most."""
        return min(searches, max(most, STEPS // max(len(self.edges), 1)))

    def lost(self, steps: Ids) -> int:
        """How many sources no longer reach a goal when these steps, places of ``edges``, lead nowhere."""
        indices: npt.NDArray[np.int32] = self._searched.indices
        kept = indices[steps]
        indices[steps] = self._towards[steps]
        before = tree_of(self._searched)
        indices[steps] = kept
        return int(np.count_nonzero(before[self.sources] == NONE))


def _best(bounds: Ids, lost: Callable[[int], int], most: int, searches: int) -> ChokePoints:
    """The best candidates: searched in the order of their bounds until no other can be better."""
    candidates = np.flatnonzero(bounds > 0)
    candidates = candidates[np.argsort(-bounds[candidates], kind="stable")]
    exact: dict[int, int] = {}
    leading: list[int] = []
    for number in candidates[:searches].tolist():
        if len(leading) == most and bounds[number] <= leading[0]:
            break
        exact[number] = lost(number)
        heapq.heappush(leading, exact[number])
        if len(leading) > most:
            heapq.heappop(leading)
    others = candidates[len(exact) : len(exact) + most]
    numbers = np.concatenate((np.fromiter(exact, np.int64, len(exact)), others))
    accounts = np.concatenate((np.fromiter(exact.values(), np.int64, len(exact)), bounds[others]))
    is_exact = np.arange(len(numbers)) < len(exact)
    order = np.lexsort((numbers, ~is_exact, -accounts))
    order = order[accounts[order] > 0][:most]
    return ChokePoints(numbers[order], accounts[order], is_exact[order])
