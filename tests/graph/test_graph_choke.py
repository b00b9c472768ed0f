"""Nodes and changes without which the most sources no longer reach the goals."""

from __future__ import annotations

from collections import Counter

import networkx
import numpy as np
import pytest
from hypothesis import given

from adaudit.graph.graph import Graph
from adaudit.graph.paths.choke import ChokePoints, choke_changes, choke_nodes
from tests.graph.plain_graphs import END, Case, Row, cases, exposed, graph_of, ids, random_graph, referee, with_ends

ALL = 10_000


def by_dominators(graph: Graph, sources: list[int], goals: list[int]) -> dict[int, int]:
    """By networkx: how many sources each node dominates on the way to the goals."""
    ended = with_ends(referee(graph), (), goals).reverse()
    above = networkx.immediate_dominators(ended, END)
    accounts: Counter[int] = Counter()
    for source in exposed(graph, sources, goals):
        node = above[source]
        while node is not None and node != END:
            accounts[node] += 1
            node = above[node]
    return {node: number for node, number in accounts.items() if node not in goals}


def by_trying(graph: Graph, sources: list[int], goals: list[int]) -> dict[int, int]:
    before = exposed(graph, sources, goals)
    lost = {n: len(before - exposed(graph.without([n]), sources, goals)) for n in range(len(graph.changes))}
    return {number: accounts for number, accounts in lost.items() if accounts}


def told(points: ChokePoints) -> dict[int, int]:
    return dict(zip(points.number.tolist(), points.accounts.tolist(), strict=True))


@given(cases())
def test_numbers_of_small_graphs_are_those_of_networkx(case: Case) -> None:
    graph, sources, goals = case
    nodes = choke_nodes(graph, ids(*sources), ids(*goals), ALL, ALL)
    changes = choke_changes(graph, ids(*sources), ids(*goals), ALL, ALL)
    assert told(nodes) == by_dominators(graph, sources, goals)
    assert told(changes) == by_trying(graph, sources, goals)
    assert nodes.is_exact.all()
    assert changes.is_exact.all()


@pytest.mark.parametrize(("seed", "count"), [(1, 200), (2, 1000), (3, 2000)])
def test_numbers_of_every_node_are_those_of_dominators(seed: int, count: int) -> None:
    graph = random_graph(seed, count, 2 * count, count // 10)
    sources, goals = list(range(count // 2, count)), [0, 7, 11]
    expected = by_dominators(graph, sources, goals)
    assert len(expected) > 10
    assert told(choke_nodes(graph, ids(*sources), ids(*goals), ALL, ALL)) == expected


def test_numbers_of_every_change_are_those_found_by_trying() -> None:
    graph = random_graph(4, 200, 400, 60)
    sources, goals = list(range(100, 200)), [0, 7]
    expected = by_trying(graph, sources, goals)
    assert len(expected) > 5
    assert told(choke_changes(graph, ids(*sources), ids(*goals), ALL, ALL)) == expected


def test_the_best_are_the_best_of_all_and_come_first() -> None:
    graph = random_graph(5, 1000, 2000, 100)
    sources, goals = ids(*range(500, 1000)), ids(0, 7)
    every = choke_nodes(graph, sources, goals, ALL, ALL).accounts
    best = choke_nodes(graph, sources, goals, 5, ALL)
    assert best.accounts.tolist() == every[:5].tolist() == sorted(every.tolist(), reverse=True)[:5]
    assert best.is_exact.all()


def test_without_searches_left_a_number_is_an_upper_bound_and_said_so() -> None:
    graph = random_graph(5, 1000, 2000, 100)
    sources, goals = ids(*range(500, 1000)), ids(0, 7)
    exact = told(choke_nodes(graph, sources, goals, ALL, ALL))
    bounds = choke_nodes(graph, sources, goals, ALL, searches=3)
    assert 0 < np.count_nonzero(bounds.is_exact) <= 3
    for node, number, is_exact in zip(bounds.number, bounds.accounts, bounds.is_exact, strict=True):
        assert number == exact[node] if is_exact else number >= exact.get(node, 0)
    assert set(exact) <= set(told(bounds))


def test_a_source_is_no_choke_point_of_its_own_but_may_be_of_others() -> None:
    graph = graph_of(4, [(0, 2), (1, 2), (2, 3)])
    assert told(choke_nodes(graph, ids(0, 1, 2), ids(3))) == {2: 2}


def test_two_changes_between_the_same_nodes_are_each_no_choke_point() -> None:
    graph = graph_of(3, [Row(0, 1, change=0), Row(0, 1, change=1), Row(1, 2, change=2)])
    assert told(choke_changes(graph, ids(0), ids(2))) == {2: 1}
