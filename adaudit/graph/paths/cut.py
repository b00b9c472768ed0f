"""The fewest changes that leave none of the sources a path to the goals: a minimal cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import maximum_flow

from adaudit.graph.blocks import NONE, Ids
from adaudit.graph.graph import Graph, Mask, Small
from adaudit.graph.paths.search import marked, search_tree

_SOURCE, _SINK = 0, 1


@dataclass(frozen=True)
class Cut:
    """``changes``: rows of the changes to make, in order. ``is_removed``: all of their edges; ``edges``: those of them
    that lead from the sources' side to the goals'. ``before``: nodes on the sources' side that lie on paths to the
    goals.

    ``is_least``: no fewer changes can do; else fewer might.
    """

    changes: Ids
    is_removed: Mask
    edges: Ids
    before: Mask
    is_least: bool


class Stars(NamedTuple):
    """``number``: changes numbered from 0, by edge. By number: ``first``, one of its edges; whether all of its edges
    share their tail, and their head."""

    number: Small
    first: Small
    shares_tail: Mask
    shares_head: Mask

    @property
    def is_star(self) -> Mask:
        return self.shares_tail | self.shares_head


def stars_of(change: npt.NDArray[np.integer], tail: Small, head: Small) -> Stars:
    """How the edges of each change hang together; ``change`` has no ``NONE``."""
    exists = marked(int(change.max(initial=NONE)) + 1, change)
    number: Small = (np.cumsum(exists, dtype=np.int32) - 1)[change]
    first = np.zeros(np.count_nonzero(exists), np.int32)
    first[number] = np.arange(len(number), dtype=np.int32)
    shares_tail, shares_head = (~marked(len(first), number[ends != ends[first[number]]]) for ends in (tail, head))
    return Stars(number, first, shares_tail, shares_head)


def minimal_cut(graph: Graph, sources: Ids, goals: Ids) -> Cut:
    """The fewest changes, the nearest to the goals where several sets are as small.

    No source may reach a goal by edges without change. The number is proved by a flow of the same size: as many paths
    that have no change in common. That holds while the edges of each change share their source or their target, so
    that a change is one arc of capacity 1; another is cut by source, and the result is then an upper bound.
    """
    taken = search_tree(graph.irremovable.outward, sources) != NONE
    lost = search_tree(graph.irremovable.inward, goals) != NONE
    ahead = search_tree(graph.outward, sources) != NONE
    behind = search_tree(graph.inward, goals) != NONE
    can_leave, can_enter = ahead & ~lost, behind & ~taken
    rows = np.flatnonzero(graph.is_traversable & can_leave[graph.source] & can_enter[graph.target])
    inner = np.flatnonzero(ahead & behind & ~taken & ~lost)
    place = np.full(graph.count, NONE, np.int32)
    place[inner] = np.arange(len(inner)) + 2
    place[taken], place[lost] = _SOURCE, _SINK
    tail, head = place[graph.source[rows]], place[graph.target[rows]]
    network, is_least = _network(graph.change[rows], tail, head, len(inner) + 2)
    after = _reaches_sink(network)[place] & (place != NONE)
    crossing = rows[~after[graph.source[rows]] & after[graph.target[rows]]]
    changes = np.unique(graph.change[crossing]).astype(np.int64)
    return Cut(
        changes=changes,
        is_removed=np.isin(graph.change, changes),
        edges=crossing,
        before=ahead & behind & ~after,
        is_least=is_least,
    )


def _network(change: Small, tail: Small, head: Small, count: int) -> tuple[csr_array, bool]:
    """Arcs with their capacities between ``count`` places and one for each change, and whether each change is a star.

    A change is an arc of capacity 1 at the end that its edges share, followed or preceded by unlimited ones.
    """
    is_fixed = change == NONE
    fixed_tail, fixed_head = tail[is_fixed], head[is_fixed]
    change, tail, head = change[~is_fixed], tail[~is_fixed], head[~is_fixed]
    stars = stars_of(change, tail, head)
    is_least = bool(stars.is_star.all())
    if not is_least:
        shared = np.where(stars.shares_head[stars.number], head, tail)
        _, piece = np.unique(stars.number * np.int64(count) + shared, return_inverse=True)
        stars = stars_of(piece, tail, head)
    first_tail, first_head = tail[stars.first], head[stars.first]
    is_pair = stars.shares_tail & stars.shares_head
    middle = count + np.cumsum(~is_pair, dtype=np.int32) - 1
    is_fan = ~is_pair[stars.number]
    fan_tail, fan_head, number = tail[is_fan], head[is_fan], stars.number[is_fan]
    is_at_head = stars.shares_head & ~stars.shares_tail
    tails = (
        fixed_tail,
        np.where(is_at_head, middle, first_tail),
        np.where(is_at_head[number], fan_tail, middle[number]),
    )
    heads = (
        fixed_head,
        np.where(is_at_head | is_pair, first_head, middle),
        np.where(is_at_head[number], middle[number], fan_head),
    )
    unlimited = len(is_fixed) + 1
    capacity = np.repeat(np.array((unlimited, 1, unlimited), np.int64), [len(each) for each in tails])
    size = count + int(np.count_nonzero(~is_pair))
    summed = coo_array((capacity, (np.concatenate(tails), np.concatenate(heads))), shape=(size, size)).tocsr()
    summed.data = np.minimum(summed.data, unlimited).astype(np.int32)
    return summed, is_least


def _reaches_sink(network: csr_array) -> Mask:
    """Places from which the maximum flow leaves room as far as the sink."""
    room = (network - maximum_flow(network, _SOURCE, _SINK).flow).tocoo()
    has_room = room.data > 0
    backwards = csr_array((room.data[has_room], (room.col[has_room], room.row[has_room])), shape=room.shape)
    reached: Mask = search_tree(backwards, np.array([_SINK])) != NONE
    return reached
