"""The remediation plan: the fewest changes that stop the sources from reaching the goals, the best first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from adaudit.graph.blocks import NONE, Ids
from adaudit.graph.cut import minimal_cut, stars_of
from adaudit.graph.exposure import Exposure, exposure
from adaudit.graph.graph import Graph, Mask
from adaudit.graph.search import Reached, outside, passing, reaching, search_tree


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
    fixed = graph.keep(graph.change == NONE)
    found = reaching(fixed, goals)
    is_irreducible = found.is_reached[exposed]
    irreducible, others = exposed[is_irreducible], exposed[~is_irreducible]
    cut = minimal_cut(graph, others, goals)
    is_cut = np.isin(graph.change, cut.changes)
    is_open = graph.is_traversable & cut.before[graph.source] & cut.before[graph.target] & ~is_cut
    inward = graph.adjacency(is_open, backwards=True)
    changes_of_edges = graph.change[cut.edges]
    needs = _Needs(len(others))
    for change in cut.changes:
        tails = graph.source[cut.edges[changes_of_edges == change]]
        needs.add(search_tree(inward, tails)[others] != NONE)
    followed = np.flatnonzero(is_cut & graph.is_traversable)
    stars = stars_of(graph.change[followed], graph.source[followed], graph.target[followed])
    is_known = bool(stars.is_star.all())
    steps: list[Step] = []
    left = len(exposed)
    for number, gain in needs.best_order():
        if left <= until:
            break
        change = int(cut.changes[number])
        if not is_known:
            made = graph.without([change, *(step.change for step in steps)])
            gain = left - int(np.count_nonzero(search_tree(made.inward, goals)[exposed] != NONE))
        left -= gain
        steps.append(Step(change, gain, left, np.flatnonzero(graph.change == change)))
    return Plan(
        steps=tuple(steps),
        exposed=len(exposed),
        irreducible=irreducible,
        why=_kinds_on_paths(fixed, found, irreducible),
        least=len(cut.changes),
        is_least=cut.is_least,
    )


def what_if(graph: Graph, changes: Ids, sources: Ids, kinds: Ids, goals: Ids) -> Exposure:
    """Exposure once these changes are made."""
    return exposure(graph.without(changes), sources, kinds, goals)


class _Needs:
    """Which changes must all be made before a source is no longer exposed; sources that need the same are one group."""

    def __init__(self, sources: int) -> None:
        self._group: Ids = np.zeros(sources, np.int64)
        self._needing: list[npt.NDArray[np.uint8]] = []

    def add(self, needing: Mask) -> None:
        """The next change, with the sources that need it."""
        self._needing.append(np.packbits(needing))
        group = self._group * 2 + needing
        exists = np.bincount(group) > 0
        self._group = (np.cumsum(exists) - 1)[group]

    def best_order(self) -> Iterator[tuple[int, int]]:
        """Changes by their place, each with its gain: the one that frees the most sources comes first.

        Of equals the one that brings the most sources the nearest to it; of those the first.
        """
        sizes = np.bincount(self._group)
        members: Ids = np.zeros(len(sizes), np.int64)
        members[self._group] = np.arange(len(self._group))
        needing = [np.flatnonzero(np.unpackbits(bits)[members]) for bits in self._needing]
        open_changes, sum_of_open = np.zeros_like(sizes), np.zeros_like(sizes)
        for number, groups in enumerate(needing):
            open_changes[groups] += 1
            sum_of_open[groups] += number
        undone = list(range(len(needing)))
        while undone:
            last_one = np.flatnonzero(open_changes == 1)
            gains = np.bincount(sum_of_open[last_one], sizes[last_one], len(needing)).astype(np.int64)
            promise = sizes / np.maximum(open_changes, 1)
            best = int(gains[undone].max())
            number = max(
                (each for each in undone if gains[each] == best), key=lambda each: promise[needing[each]].sum()
            )
            open_changes[needing[number]] -= 1
            sum_of_open[needing[number]] -= number
            undone.remove(number)
            yield number, best


def _kinds_on_paths(fixed: Graph, found: Reached, nodes: Ids) -> dict[int, int]:
    """How often each kind of edge occurs on the paths that were found from these nodes."""
    passed = passing(found, nodes)
    stepping = np.flatnonzero((found.edge != NONE) & (passed > 0))
    occurrences = np.bincount(fixed.kind[found.edge[stepping]], passed[stepping]).astype(np.int64)
    return {int(kind): int(occurrences[kind]) for kind in np.flatnonzero(occurrences)}
