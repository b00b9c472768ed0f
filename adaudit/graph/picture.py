"""Which nodes and edges of the main paths a picture shows, and where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from types import MappingProxyType
from typing import Final

from adaudit.graph.told import Drawn, Path, Step, Thing

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
    itself included, by key. Accounts of one type that only begin paths, with the same next steps, become one
    node. Paths that would bring more than ``most`` nodes are left out. The same paths give the same picture.
    """
    things = {thing.key: thing for path in paths for thing in path.nodes}
    stands_for = _folded(paths, things)
    numbers: dict[str, int] = defaultdict(int)
    for key, kept in stands_for.items():
        numbers[kept] += alike.get(key, 1)
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
            if stands_for[step.source] == step.source != step.target:
                edges.setdefault((step.source, step.target, step.kind), step)
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


def _folded(paths: Iterable[Path], things: Mapping[str, Thing]) -> dict[str, str]:
    """For each node the one that is drawn for it."""
    following: dict[str, set[tuple[str, str]]] = defaultdict(set)
    reached: set[str] = set()
    for path in paths:
        for step in path.edges:
            following[step.source].add((step.target, step.kind))
            reached.add(step.target)
    first: dict[tuple[str, frozenset[tuple[str, str]]], str] = {}
    kept = {}
    for key, thing in things.items():
        is_account = thing.type in FOLDED_TYPES and key not in reached and key in following
        kept[key] = first.setdefault((thing.type, frozenset(following[key])), key) if is_account else key
    return kept


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
