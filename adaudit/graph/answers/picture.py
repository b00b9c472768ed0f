"""Which nodes and edges of the main paths a picture shows, and where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from statistics import fmean
from types import MappingProxyType
from typing import Final

from adaudit.graph.answers.told import Drawn, Path, Step, Thing

MOST_NODES: Final = 60
"""Nodes of a picture that a person can still read."""

FOLDED_TYPES: Final = frozenset(
    {
        *("user", "computer", "managed_service_account", "inetOrgPerson"),
        *("msDS-ManagedServiceAccount", "msDS-GroupManagedServiceAccount", "msDS-DelegatedManagedServiceAccount"),
    }
)
"""Types of accounts that one node may stand for many of."""

_SWEEPS: Final = 12
_NOBODY: Final[Mapping[str, int]] = MappingProxyType({})


def picture(
    paths: Sequence[Path],
    exposed: Mapping[str, int],
    alike: Mapping[str, int] = _NOBODY,
    most: int = MOST_NODES,
) -> Drawn:
    """Lay out paths to tier 0, the most important first, in columns by distance to their ends.

    ``exposed``: accounts whose paths pass a node, by key. ``alike``: accounts that the first node of a path stands for,
    itself included, by key. Accounts of one type with alike steps before and after become one node. Paths that would
    bring more than ``most`` nodes are left out. The same paths give the same picture.
    """
    things = {thing.key: thing for path in paths for thing in path.nodes}
    stands_for = _folded(paths, things)
    numbers: dict[str, int] = defaultdict(int)
    for key, kept in stands_for.items():
        numbers[kept] += alike.get(key, 1)
    steps: dict[tuple[str, str, str], Step] = {}
    for path in paths:
        for step in path.edges:
            steps.setdefault((step.source, step.target, step.kind), step)
    told = [([stands_for[thing.key] for thing in path.nodes], path) for path in paths]
    nodes: dict[str, None] = {}
    edges: dict[tuple[str, str, str], Step] = {}
    goals: set[str] = set()
    for keys, path in told:
        if len(nodes.keys() | keys) > most:
            continue
        nodes.update(dict.fromkeys(keys))
        goals.add(keys[-1])
        for step in path.edges:
            ends = stands_for[step.source], stands_for[step.target], step.kind
            if ends[0] != ends[1]:
                edges[ends] = steps[ends]
    layers = _ordered(_layers(nodes, goals, edges), [(source, target) for source, target, _ in edges])
    return Drawn(
        nodes=tuple(things[key] for key in nodes),
        positions=_positions(layers),
        edges=tuple(edges.values()),
        goals=frozenset(goals),
        exposed={key: exposed[key] for key in nodes if key in exposed},
        alike={key: numbers[key] for key in nodes if numbers[key] > 1},
        left_out=len(set(stands_for.values()) - nodes.keys()),
    )


def _folded(paths: Sequence[Path], things: Mapping[str, Thing]) -> dict[str, str]:
    """For each node the one that is drawn for it, such that each step drawn is one that was told."""
    steps = {(step.source, step.target, step.kind) for path in paths for step in path.edges}
    alone = {key for key, thing in things.items() if thing.type not in FOLDED_TYPES}
    alone |= {path.nodes[-1].key for path in paths}
    longest_first = [thing.key for path in sorted(paths, key=lambda path: -path.length) for thing in path.nodes]
    while True:
        colour = _colours(things, steps, alone)
        first: dict[int, str] = {}
        for key in longest_first:
            first.setdefault(colour[key], key)
        kept = {key: first[colour[key]] for key in things}
        torn = {
            end
            for source, target, kind in steps
            if (kept[source], kept[target], kind) not in steps
            for end in (source, target)
        }
        if not torn:
            return kept
        alone |= torn


def _colours(
    things: Mapping[str, Thing], steps: Iterable[tuple[str, str, str]], alone: Collection[str]
) -> dict[str, int]:
    """Numbers by key, equal for accounts of one type with the same steps to and from nodes of equal numbers."""
    around: dict[str, list[tuple[str, str, bool]]] = defaultdict(list)
    for source, target, kind in steps:
        around[source].append((target, kind, True))
        around[target].append((source, kind, False))
    colour = _numbered({key: key if key in alone else thing.type for key, thing in things.items()})
    while True:
        finer = _numbered(
            {
                key: (colour[key], frozenset((colour[other], kind, leaves) for other, kind, leaves in around[key]))
                for key in things
            }
        )
        if max(finer.values(), default=0) == max(colour.values(), default=0):
            return colour
        colour = finer


def _numbered(values: Mapping[str, Hashable]) -> dict[str, int]:
    numbers: dict[Hashable, int] = {}
    return {key: numbers.setdefault(value, len(numbers)) for key, value in values.items()}


def _layers(nodes: Iterable[str], goals: set[str], edges: Iterable[tuple[str, str, str]]) -> list[list[str]]:
    """Nodes by their distance to the nearest goal, the goals first; each layer in the order of ``nodes``."""
    before: dict[str, list[str]] = defaultdict(list)
    for source, target, _ in edges:
        before[target].append(source)
    distance = dict.fromkeys((key for key in nodes if key in goals), 0)
    waiting = list(distance)
    for key in waiting:
        for source in before[key]:
            if source not in distance:
                distance[source] = distance[key] + 1
                waiting.append(source)
    layers: list[list[str]] = [[] for _ in range(max(distance.values(), default=-1) + 1)]
    for key in nodes:
        layers[distance[key]].append(key)
    return layers


def _ordered(layers: list[list[str]], edges: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Each layer in the order found with the fewest crossings: nodes go to the mean height of their neighbours."""
    neighbours: dict[str, set[str]] = defaultdict(set)
    for source, target in edges:
        neighbours[source].add(target)
        neighbours[target].add(source)
    best, fewest = layers, _crossings(layers, edges)
    for sweep in range(_SWEEPS):
        order = range(len(layers)) if sweep % 2 else range(len(layers) - 1, -1, -1)
        layers = [list(layer) for layer in layers]
        for number in order:
            height = _heights(layers)
            mean = {
                key: fmean([height[other] for other in neighbours[key].difference(layers[number])] or [height[key]])
                for key in layers[number]
            }
            layers[number].sort(key=mean.__getitem__)
        if (crossings := _crossings(layers, edges)) < fewest:
            best, fewest = layers, crossings
    return best


def _crossings(layers: Sequence[Sequence[str]], edges: Iterable[tuple[str, str]]) -> int:
    """Pairs of edges between the same two layers that cross."""
    place = {key: (number, row) for number, layer in enumerate(layers) for row, key in enumerate(layer)}
    between: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for source, target in edges:
        (left, above), (right, below) = place[source], place[target]
        between[left, right].append((above, below))
    return sum(
        (one[0] - other[0]) * (one[1] - other[1]) < 0
        for rows in between.values()
        for number, one in enumerate(rows)
        for other in rows[:number]
    )


def _heights(layers: Iterable[Sequence[str]]) -> dict[str, float]:
    return {key: (row + 0.5) / len(layer) for layer in layers for row, key in enumerate(layer)}


def _positions(layers: Sequence[Sequence[str]]) -> dict[str, tuple[float, float]]:
    """Goals on the right; a layer is spread over the whole height."""
    height, last = _heights(layers), max(len(layers) - 1, 1)
    return {key: (1 - number / last, height[key]) for number, layer in enumerate(layers) for key in layer}
