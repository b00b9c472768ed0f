"""Searches along the edges that paths follow: distances, what is reached, shortest paths."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import breadth_first_order, yen

from adaudit.graph.blocks import NONE, Ids
from adaudit.graph.graph import Graph, Mask, Small


@dataclass(frozen=True)
class Reached:
    """What a search found, by node; ``NONE`` for a node that it did not reach.

    ``distance``: steps between the node and the nearest root. ``next_node``: neighbour one step nearer to that root;
    ``NONE`` at a root. ``root``: where that way ends.
    """

    graph: Graph
    is_backwards: bool
    distance: Small
    next_node: Small
    root: Small

    @property
    def is_reached(self) -> Mask:
        is_reached: Mask = self.distance != NONE
        return is_reached

    @cached_property
    def edge(self) -> Small:
        """Row of the edge between the node and ``next_node``: the easiest where there are several."""
        graph = self.graph
        here, there = (graph.source, graph.target) if self.is_backwards else (graph.target, graph.source)
        rows = np.flatnonzero((self.next_node[here] == there) & graph.is_traversable)
        hardest_first = easiest(graph, rows)[::-1]
        edge = np.full(graph.count, NONE, np.int32)
        edge[here[hardest_first]] = hardest_first
        return edge


class Way(NamedTuple):
    """A path: ``nodes`` in order, one more than ``edges`` (rows of the graph)."""

    nodes: Ids
    edges: Ids


def reachable_from(graph: Graph, sources: Ids) -> Reached:
    """What these nodes can take; ``next_node`` is the node before."""
    return _search(graph, sources, is_backwards=False)


def reaching(graph: Graph, goals: Ids) -> Reached:
    """Who can take these nodes; ``next_node`` is the node after."""
    return _search(graph, goals, is_backwards=True)


def search_tree(adjacency: csr_array, roots: Ids) -> Small:
    """For each node the one before it on a shortest path from the roots: itself for a root, ``NONE`` if not reached."""
    return tree_of(rooted(adjacency, roots))


def marked(count: int, nodes: npt.NDArray[np.integer]) -> Mask:
    """Which of so many nodes are among these; ``NONE`` is none."""
    is_marked = np.zeros(count, bool)
    is_marked[nodes[nodes >= 0]] = True
    return is_marked


def outside(count: int, sources: Ids, goals: Ids) -> Ids:
    """The sources that are no goals, in order, each once."""
    found: Ids = np.flatnonzero(marked(count, sources) & ~marked(count, goals))
    return found


def rooted(adjacency: csr_array, roots: Ids) -> csr_array:
    """A node more, the last, from which a step leads to every root; values are of no use."""
    count = adjacency.shape[0]
    indices = np.concatenate((adjacency.indices, np.flatnonzero(marked(count, roots))), dtype=np.int32)
    starts = np.append(adjacency.indptr, np.int32(len(indices)))
    return csr_array((np.broadcast_to(1.0, len(indices)), indices, starts), shape=(count + 1, count + 1))


def tree_of(graph: csr_array) -> Small:
    """The search tree of what ``rooted`` gave, as ``search_tree`` tells it."""
    last = graph.shape[0] - 1
    before: Small = breadth_first_order(graph, last)[1][:last]
    roots = np.flatnonzero(before == last)
    before[before < 0] = NONE
    before[roots] = roots
    return before


def passing(found: Reached, nodes: Ids) -> Ids:
    """For each node, how many of these reached nodes have it on the path that the search found, its ends included."""
    passed: Ids = np.bincount(nodes, minlength=len(found.distance))
    up = found.next_node
    while True:
        inner = np.flatnonzero(up != NONE)
        if not len(inner):
            return passed
        above = up[inner]
        passed += np.bincount(above, passed[inner], len(passed)).astype(np.int64)
        further = np.full_like(up, NONE)
        further[inner] = up[above]
        up = further


def easiest(graph: Graph, rows: Ids) -> Ids:
    """The edges from the easiest to the hardest: by difficulty, then by kind, then by row."""
    order = np.lexsort((rows, graph.kind[rows], graph.difficulty[rows]))
    sorted_rows: Ids = rows[order]
    return sorted_rows


def shortest_paths(graph: Graph, sources: Ids, goals: Ids, most: int = 1) -> list[Way]:
    """The shortest simple paths from any of the sources to any of the goals, at most so many, the shortest first.

    A source that is a goal is a path of length 0. On other paths no node after the first is a source, none before the
    last a goal. Between two nodes the easiest edge is told.
    """
    is_goal = marked(graph.count, goals)
    at_once = np.flatnonzero(is_goal & marked(graph.count, sources))
    ways = [Way(at_once[n : n + 1], at_once[:0]) for n in range(len(at_once))[:most]]
    starts = outside(graph.count, sources, goals)
    if len(ways) == most or not len(starts):
        return ways
    found = reaching(graph, goals)
    starts = starts[found.is_reached[starts]]
    if not len(starts):
        return ways
    first = way_from(found, int(starts[np.argmin(found.distance[starts])]))
    ways.append(first)
    if len(ways) < most:
        several = _several(graph, starts, np.flatnonzero(is_goal), found, most - len(ways) + 1)
        ways += [way for way in several if not np.array_equal(way.nodes, first.nodes)]
    return ways[:most]


def way_from(found: Reached, node: int) -> Way:
    """The shortest path that a search backwards found from a node that it reached."""
    nodes = [node]
    edges: list[int] = []
    for _ in range(int(found.distance[node])):
        edges.append(int(found.edge[nodes[-1]]))
        nodes.append(int(found.next_node[nodes[-1]]))
    return Way(np.array(nodes, np.int64), np.array(edges, np.int64))


def _search(graph: Graph, roots: Ids, *, is_backwards: bool) -> Reached:
    before = search_tree(graph.inward if is_backwards else graph.outward, roots)
    nodes = np.arange(graph.count, dtype=np.int32)
    is_reached = before != NONE
    is_inner = is_reached & (before != nodes)
    up = np.where(is_inner, before, nodes)
    distance = is_inner.astype(np.int32)
    while True:  # up leads ever twice as far, and distance says how far
        distance += distance[up]
        further = up[up]
        if np.array_equal(further, up):
            break
        up = further
    return Reached(
        graph=graph,
        is_backwards=is_backwards,
        distance=np.where(is_reached, distance, np.int32(NONE)),
        next_node=np.where(is_inner, before, np.int32(NONE)),
        root=np.where(is_reached, up, np.int32(NONE)),
    )


def _several(graph: Graph, starts: Ids, goals: Ids, found: Reached, most: int) -> list[Way]:
    """Yen's paths in the part of the graph where a path can be as short as the longest asked for.

    That length is not known beforehand: the part grows until it holds enough paths that are as short.
    """
    ahead = reachable_from(graph, starts)
    is_between = ahead.is_reached & found.is_reached
    before, after = ahead.distance, found.distance
    is_goal, is_start = marked(graph.count, goals), marked(graph.count, starts)
    longest, slack = int(after[starts].min()), 1
    while True:
        is_near = is_between & (before + after <= longest)
        can_leave, can_enter = is_near & ~is_goal, is_near & ~is_start
        rows = np.flatnonzero(graph.is_traversable & can_leave[graph.source] & can_enter[graph.target])
        rows = rows[before[graph.source[rows]] + 1 + after[graph.target[rows]] <= longest]
        ways = _yen(graph, rows, starts, goals, most)
        enough = len(ways) == most and len(ways[-1].edges) <= longest
        if enough or longest > before[is_between].max() + after[is_between].max():
            return ways
        longest, slack = longest + slack, slack * 2


def _yen(graph: Graph, rows: Ids, starts: Ids, goals: Ids, most: int) -> list[Way]:
    """The shortest simple paths along these edges."""
    rows = easiest(graph, rows)
    nodes = np.unique(np.concatenate((graph.source[rows], graph.target[rows], starts, goals)))
    pairs = np.searchsorted(nodes, graph.source[rows]) * len(nodes) + np.searchsorted(nodes, graph.target[rows])
    pairs, first = np.unique(pairs, return_index=True)
    before, after = len(nodes), len(nodes) + 1
    inner_source, inner_target = np.divmod(pairs, len(nodes))
    first_nodes, last_nodes = np.searchsorted(nodes, starts), np.searchsorted(nodes, goals)
    tails = np.concatenate((inner_source, np.full(len(starts), before), last_nodes))
    heads = np.concatenate((inner_target, first_nodes, np.full(len(goals), after)))
    places = (tails.astype(np.int32), heads.astype(np.int32))
    part = coo_array((np.ones(len(tails)), places), shape=(after + 1, after + 1)).tocsr()
    _, predecessors = yen(part, before, after, most, return_predecessors=True)
    ways = []
    for row in predecessors:
        steps = [int(row[after])]
        while row[steps[-1]] != before:
            steps.append(int(row[steps[-1]]))
        inner = np.array(steps[::-1], np.int64)
        taken = np.searchsorted(pairs, inner[:-1] * len(nodes) + inner[1:])
        ways.append(Way(nodes[inner].astype(np.int64), rows[first[taken]]))
    return ways
