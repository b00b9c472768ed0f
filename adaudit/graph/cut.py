"""The fewest changes that leave none of the sources a path to the goals: a minimal cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import maximum_flow

from adaudit.graph.blocks import NONE, Ids
from adaudit.graph.graph import Graph, Mask, Small
from adaudit.graph.search import search_tree

_SOURCE, _SINK = 0, 1


@dataclass(frozen=True)
class Cut:
    """``changes``: rows of the changes to make, in order. ``edges``: those of their edges that lead from the sources'
    side to the goals'. ``before``: nodes on the sources' side that lie on paths to the goals.

    ``is_least``: no fewer changes can do; else fewer might.
    """

    changes: Ids
    edges: Ids
    before: Mask
    is_least: bool


def minimal_cut(graph: Graph, sources: Ids, goals: Ids) -> Cut:
    """The fewest changes, the nearest to the goals where several sets are as small.

    No source may reach a goal by edges without change. The number is proved by a flow of the same size: as many paths
    that have no change in common. That holds while the edges of each change share their source or their target, so
    that a change is one arc of capacity 1; another is cut by source, and the result is then an upper bound.
    """
    is_fixed = graph.is_traversable & (graph.change == NONE)
    taken = search_tree(graph.adjacency(is_fixed), sources) != NONE
    lost = search_tree(graph.adjacency(is_fixed, backwards=True), goals) != NONE
    ahead = search_tree(graph.outward, sources) != NONE
    behind = search_tree(graph.inward, goals) != NONE
    is_between = graph.is_traversable & ahead[graph.source] & behind[graph.target]
    rows = np.flatnonzero(is_between & ~lost[graph.source] & ~taken[graph.target])
    place = np.full(graph.count, NONE, np.int64)
    inner = np.unique(np.concatenate((graph.source[rows], graph.target[rows])))
    place[inner] = np.arange(len(inner)) + 2
    place[taken], place[lost] = _SOURCE, _SINK
    tail, head = place[graph.source[rows]], place[graph.target[rows]]
    network, is_least = _network(graph.change[rows], tail, head, len(inner) + 2)
    after = _reaches_sink(network)[place] & (place != NONE)
    crossing = rows[~after[graph.source[rows]] & after[graph.target[rows]]]
    return Cut(
        changes=np.unique(graph.change[crossing]).astype(np.int64),
        edges=crossing,
        before=ahead & behind & ~after,
        is_least=is_least,
    )


def _network(change: Small, tail: Ids, head: Ids, count: int) -> tuple[csr_array, bool]:
    """Arcs with their capacities between ``count`` places and a place for each change, and whether each is a star."""
    is_fixed = change == NONE
    fixed = np.unique(tail[is_fixed] * count + head[is_fixed])
    by_change = np.argsort(change, kind="stable")[np.count_nonzero(is_fixed) :]
    change, tail, head = change[by_change], tail[by_change], head[by_change]
    is_first = np.diff(change, prepend=NONE) != 0
    first, number = np.flatnonzero(is_first), np.cumsum(is_first) - 1
    shares_tail, shares_head = (_all_alike(ends, first, number) for ends in (tail, head))
    is_at_head = (shares_head & ~shares_tail)[number]
    _, piece = np.unique(number * count + np.where(is_at_head, head, tail), return_inverse=True)
    middle = count + piece
    size = count + int(piece.max(initial=NONE)) + 1
    unlimited = size
    inward, first_in = np.unique(tail * size + middle, return_index=True)
    outward, first_out = np.unique(middle * size + head, return_index=True)
    capacity = np.concatenate(
        (
            np.full(len(fixed), unlimited),
            np.where(is_at_head[first_in], unlimited, 1),
            np.where(is_at_head[first_out], 1, unlimited),
        )
    )
    places: Ids = np.concatenate((np.divmod(fixed, count), np.divmod(inward, size), np.divmod(outward, size)), axis=1)
    network = coo_array((capacity.astype(np.int32), tuple(places.astype(np.int32))), shape=(size, size)).tocsr()
    return network, bool((shares_tail | shares_head).all())


def _all_alike(values: Ids, first: Ids, number: Ids) -> Mask:
    """By change, whether all of its steps have the value of its first one."""
    differs = np.bincount(number, values != values[first][number], len(first))
    alike: Mask = differs == 0
    return alike


def _reaches_sink(network: csr_array) -> Mask:
    """Places from which the maximum flow leaves room as far as the sink."""
    room = (network - maximum_flow(network, _SOURCE, _SINK).flow).tocoo()
    has_room = room.data > 0
    backwards = csr_array((room.data[has_room], (room.col[has_room], room.row[has_room])), shape=room.shape)
    reached: Mask = search_tree(backwards, np.array([_SINK])) != NONE
    return reached
