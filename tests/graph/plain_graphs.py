"""Graphs made of numbers alone, by hand or at random, and the same for networkx."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import networkx
import numpy as np
from hypothesis import strategies as st

from adaudit.graph.blocks import Change, Edge, Ids, block_of
from adaudit.graph.graph import Graph, assemble
from adaudit.graph.kinds import Difficulty

START, END = "start", "end"


class Row(NamedTuple):
    source: int
    target: int
    change: int | None = None
    kind: str = "GenericAll"
    difficulty: Difficulty = Difficulty.DIRECT


def graph_of(count: int, rows: Iterable[tuple[int, int] | Row]) -> Graph:
    """The edges in the order given; changes keep the numbers given when these have no gaps."""
    edges = [Row(*row) for row in rows]
    changes = {each: Change("remove_ace", each) for each in {row.change for row in edges} if each is not None}
    told = [
        Edge(row.kind, row.source, row.target, row.source, "", changes.get(row.change), difficulty=row.difficulty)
        for row in edges
    ]
    return assemble(count, [block_of(told)])


def ids(*numbers: int) -> Ids:
    return np.array(numbers, np.int64)


def referee(graph: Graph) -> networkx.DiGraph:
    """The steps that paths follow, without parallel ones."""
    drawn = networkx.DiGraph()
    drawn.add_nodes_from(range(graph.count))
    followed = graph.is_traversable
    drawn.add_edges_from(zip(graph.source[followed].tolist(), graph.target[followed].tolist(), strict=True))
    return drawn


def with_ends(drawn: networkx.DiGraph, sources: Sequence[int], goals: Sequence[int]) -> networkx.DiGraph:
    """One node before all sources, one after all goals."""
    drawn = drawn.copy()
    drawn.add_nodes_from((START, END))
    drawn.add_edges_from((START, source) for source in sources)
    drawn.add_edges_from((goal, END) for goal in goals)
    return drawn


def exposed(graph: Graph, sources: Iterable[int], goals: Iterable[int]) -> set[int]:
    """By networkx: the sources, goals aside, that reach a goal."""
    ended = with_ends(referee(graph), (), list(goals))
    return (set(sources) - set(goals)) & networkx.ancestors(ended, END)


def random_graph(seed: int, count: int, edges: int, changes: int) -> Graph:
    """Edges between nodes of which some are met more often; some of them in stars of one change each."""
    random = np.random.default_rng(seed)
    ends = (count * random.random((2, edges)) ** 2).astype(int)
    change = random.integers(-changes, changes, edges)
    shared = random.integers(0, count, changes)
    is_at_source = random.random(changes) < 0.5
    rows = []
    for source, target, number in zip(*ends.tolist(), change.tolist(), strict=True):
        if number < 0:
            rows.append(Row(source, target))
        elif is_at_source[number]:
            rows.append(Row(int(shared[number]), target, number))
        else:
            rows.append(Row(source, int(shared[number]), number))
    return graph_of(count, rows)


class Case(NamedTuple):
    graph: Graph
    sources: list[int]
    goals: list[int]


@st.composite
def cases(draw: st.DrawFn, most_nodes: int = 9) -> Case:
    """Small graphs with cycles, parallel edges, edges that are not followed, and changes that are stars."""
    count = draw(st.integers(0, most_nodes))
    if not count:
        return Case(graph_of(0, []), [], [])
    node = st.integers(0, count - 1)
    kinds = st.sampled_from(("MemberOf", "GenericAll", "GenericAll", "GetChanges"))
    fixed = st.builds(Row, node, node, st.none(), kinds, st.sampled_from(Difficulty))
    rows = draw(st.lists(fixed, max_size=2 * count))
    stars = draw(st.lists(st.tuples(node, st.booleans(), st.lists(node, min_size=1, max_size=3)), max_size=8))
    for number, (shared, is_source, others) in enumerate(stars):
        rows += [Row(shared, other, number) if is_source else Row(other, shared, number) for other in others]
    some = st.lists(node, max_size=4)
    return Case(graph_of(count, rows), draw(some), draw(some))
