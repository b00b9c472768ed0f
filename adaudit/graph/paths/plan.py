"""The remediation plan: the fewest changes that stop the sources from reaching the goals, the best first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from adaudit.graph.blocks import NONE, Ids
from adaudit.graph.graph import Graph, Mask, step_matrix
from adaudit.graph.paths.cut import Cut, minimal_cut, stars_of
from adaudit.graph.paths.search import Reached, outside, passing, reaching, search_tree


@dataclass(frozen=True)
class Step:
    """``change``: row of the changes. ``gain``: sources that no longer reach a goal once it is made after those before;
    ``left``: sources that still do. ``edges``: rows of all the edges that it removes."""

    change: int
    gain: int
    left: int
    edges: Ids


@dataclass(frozen=True)
class Plan:
    """``exposed``: sources that reach a goal before any change. ``irreducible``: those of them that keep a path that no
    change removes; ``why``: the edges on a shortest such path of each, by code of their kind.

    ``least``: the fewest changes that leave no other source exposed; an upper bound unless ``is_least``. ``steps`` are
    that many, or fewer where an aim was reached before.
    """

    steps: tuple[Step, ...]
    exposed: int
    irreducible: Ids
    why: dict[int, int]
    least: int
    is_least: bool


def remediation_plan(graph: Graph, sources: Ids, goals: Ids, until: int = 0) -> Plan:
    """What to change, in order, until no more than so many sources are exposed or no change can bring more.

    With every change of a minimal cut made, only the irreducible are exposed. A change left undone exposes those that
    reach the source of its edges without any change of the cut: one search for each tells which changes each source
    needs, and so what every order gains. That holds for changes whose edges share an end; with others, what is left
    after each step is counted.
    """
    asked = outside(graph.count, sources, goals)
    exposed = asked[search_tree(graph.inward, goals)[asked] != NONE]
    found = reaching(graph.irremovable, goals)
    is_irreducible = found.is_reached[exposed]
    irreducible, others = exposed[is_irreducible], exposed[~is_irreducible]
    cut = minimal_cut(graph, others, goals)
    removed = np.flatnonzero(cut.is_removed)
    followed = removed[graph.is_traversable[removed]]
    stars = stars_of(graph.change[followed], graph.source[followed], graph.target[followed])
    is_known = bool(stars.is_star.all())
    edges_of = _by_change(graph, removed, cut.changes)
    steps: list[Step] = []
    left = len(exposed)
    for number, gain in _best_order(_needs(graph, cut, others)):
        if left <= until:
            break
        change = int(cut.changes[number])
        if not is_known:
            made = graph.without([change, *(step.change for step in steps)])
            gain = left - int(np.count_nonzero(search_tree(made.inward, goals)[exposed] != NONE))
        left -= gain
        steps.append(Step(change, gain, left, edges_of[number]))
    return Plan(
        steps=tuple(steps),
        exposed=len(exposed),
        irreducible=irreducible,
        why=_kinds_on_paths(found, irreducible),
        least=len(cut.changes),
        is_least=cut.is_least,
    )


class _Needs(NamedTuple):
    """Sources that need the same changes are one group: ``sizes``. ``groups``: for each change those that need it."""

    sizes: Ids
    groups: list[Ids]


def _needs(graph: Graph, cut: Cut, sources: Ids) -> _Needs:
    """Which changes of the cut must all be made before a source is no longer exposed."""
    needing: list[npt.NDArray[np.uint8]] = []
    group: Ids = np.zeros(len(sources), np.int64)
    for has_need in _needing(graph, cut, sources):
        needing.append(np.packbits(has_need))
        split = group * 2 + has_need
        group = (np.cumsum(np.bincount(split) > 0) - 1)[split]
    sizes = np.bincount(group)
    member: Ids = np.zeros(len(sizes), np.int64)
    member[group] = np.arange(len(group))
    return _Needs(sizes, [np.flatnonzero(np.unpackbits(bits)[member]) for bits in needing])


def _needing(graph: Graph, cut: Cut, sources: Ids) -> Iterator[Mask]:
    """For each change of the cut, which sources reach its edges without any change of the cut.

    Nodes that reach one another are searched as one.
    """
    is_open = graph.is_traversable & ~cut.is_removed & cut.before[graph.source] & cut.before[graph.target]
    tails, heads = graph.source[is_open], graph.target[is_open]
    count, part = connected_components(step_matrix(graph.count, heads, tails), connection="strong")
    is_apart = part[tails] != part[heads]
    inward = step_matrix(count, part[heads[is_apart]], part[tails[is_apart]])
    for edges in _by_change(graph, cut.edges, cut.changes):
        yield (search_tree(inward, part[graph.source[edges]]) != NONE)[part[sources]]


def _by_change(graph: Graph, rows: Ids, changes: Ids) -> list[Ids]:
    """The edges of each of these changes, which are in order."""
    rows = rows[np.argsort(graph.change[rows], kind="stable")]
    return np.split(rows, np.searchsorted(graph.change[rows], changes.astype(np.int32)))[1:]


def _best_order(needs: _Needs) -> Iterator[tuple[int, int]]:
    """Changes by their place, each with its gain: the one that frees the most sources comes first.

    Of equals the one that brings the most sources the nearest to it; of those the first.
    """
    sizes, groups = needs
    starts = np.cumsum([0, *(len(each) for each in groups)])
    needing = csr_array((np.ones(starts[-1]), np.concatenate([sizes[:0], *groups]), starts), (len(groups), len(sizes)))
    numbers = np.arange(len(groups))
    open_changes, sum_of_open = np.ones(len(groups)) @ needing, numbers @ needing
    is_undone = np.ones(len(groups), bool)
    while is_undone.any():
        is_last = open_changes == 1
        gains = np.bincount(sum_of_open[is_last].astype(np.int64), sizes[is_last], len(groups))
        best = gains[is_undone].max()
        promise = needing @ (sizes / np.maximum(open_changes, 1))
        number = int(np.argmax(np.where(is_undone & (gains == best), promise, -1)))
        open_changes[groups[number]] -= 1
        sum_of_open[groups[number]] -= number
        is_undone[number] = False
        yield number, int(best)


def _kinds_on_paths(found: Reached, nodes: Ids) -> dict[int, int]:
    """How often each kind of edge occurs on the paths that were found from these nodes."""
    kind = found.graph.kind
    passed = passing(found, nodes)
    stepping = np.flatnonzero((found.edge != NONE) & (passed > 0))
    occurrences = np.bincount(kind[found.edge[stepping]], passed[stepping]).astype(np.int64)
    return {int(kind): int(occurrences[kind]) for kind in np.flatnonzero(occurrences)}
