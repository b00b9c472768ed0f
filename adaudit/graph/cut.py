"""The fewest changes that leave none of the sources a path to the goals: a minimal cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
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
    inner = np.flatnonzero(ahead & behind & ~taken & ~lost)
    place = np.full(graph.count, NONE, np.int64)
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
    fixed_tail, fixed_head = tail[is_fixed], head[is_fixed]
    change, tail, head = change[~is_fixed], tail[~is_fixed], head[~is_fixed]
    number, shares_tail, shares_head = shared_ends(change, tail, head)
    is_least = bool((shares_tail | shares_head).all())
    is_at_head = (shares_head & ~shares_tail)[number]
    if not is_least:
        _, number = np.unique(number * count + np.where(is_at_head, head, tail), return_inverse=True)
    middle = count + number
    size = count + int(number.max(initial=NONE)) + 1
    unlimited = len(is_fixed) + 1
    capacity = np.concatenate(
        (
            np.full(len(fixed_tail), unlimited),
            np.where(is_at_head, unlimited, 1),
            np.where(is_at_head, 1, unlimited),
        )
    )
    places = (np.concatenate((fixed_tail, tail, middle)), np.concatenate((fixed_head, middle, head)))
    summed = coo_array((capacity, places), shape=(size, size)).tocsr()
    arcs = np.where(summed.data < unlimited, 1, unlimited)
    parts = (part.astype(np.int32) for part in (arcs, summed.indices, summed.indptr))
    return csr_array(tuple(parts), shape=(size, size)), is_least


def shared_ends(change: Small, tail: npt.NDArray[np.integer], head: npt.NDArray[np.integer]) -> tuple[Ids, Mask, Mask]:
    """Changes numbered from 0, by edge; and by number whether all its edges share their tail, and their head."""
    exists = np.bincount(change) > 0
    number = (np.cumsum(exists) - 1)[change]
    one: Ids = np.zeros(int(exists.sum()), np.int64)
    one[number] = np.arange(len(number))
    strays = [np.bincount(number, ends != ends[one[number]], len(one)) for ends in (tail, head)]
    return number, strays[0] == 0, strays[1] == 0


def _reaches_sink(network: csr_array) -> Mask:
    """Places from which the maximum flow leaves room as far as the sink."""
    room = (network - maximum_flow(network, _SOURCE, _SINK).flow).tocoo()
    has_room = room.data > 0
    backwards = csr_array((room.data[has_room], (room.col[has_room], room.row[has_room])), shape=room.shape)
    reached: Mask = search_tree(backwards, np.array([_SINK])) != NONE
    return reached
