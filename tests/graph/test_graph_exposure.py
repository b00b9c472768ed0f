"""Which sources reach the goals."""

from __future__ import annotations

import numpy as np
from hypothesis import given

from adaudit.graph.paths.exposure import exposure
from tests.graph.plain_graphs import Case, Row, cases, exposed, graph_of, ids

USER, COMPUTER = 0, 1


def test_each_source_has_its_kind_its_distance_its_first_step_and_its_goal() -> None:
    graph = graph_of(6, [(0, 1), (1, 2), (3, 4)])
    found = exposure(graph, ids(3, 0, 5), ids(COMPUTER, USER, USER), ids(2, 4))
    assert found.node.tolist() == [0, 3]
    assert found.kind.tolist() == [USER, COMPUTER]
    assert found.distance.tolist() == [2, 1]
    assert found.next_node.tolist() == [1, 4]
    assert found.edge.tolist() == [0, 2]
    assert found.goal.tolist() == [2, 4]
    assert found.sources == 3
    assert found.by_kind() == {USER: 1, COMPUTER: 1}
    assert found.by_distance() == {1: 1, 2: 1}


def test_goals_are_neither_sources_nor_exposed() -> None:
    graph = graph_of(2, [(0, 1), (1, 0)])
    found = exposure(graph, ids(0, 1), ids(USER, USER), ids(0, 1))
    assert (len(found), found.sources) == (0, 0)


def test_a_source_given_twice_counts_once_with_its_first_kind() -> None:
    found = exposure(graph_of(2, [(0, 1)]), ids(0, 0), ids(COMPUTER, USER), ids(1))
    assert (found.by_kind(), found.sources) == ({COMPUTER: 1}, 1)


@given(cases())
def test_the_exposed_are_those_of_networkx(case: Case) -> None:
    graph, sources, goals = case
    found = exposure(graph, ids(*sources), np.zeros(len(sources), np.int64), ids(*goals))
    assert set(found.node.tolist()) == exposed(graph, sources, goals)
    assert found.sources == len(set(sources) - set(goals))


def test_without_the_edges_of_a_change_only_the_others_are_exposed() -> None:
    graph = graph_of(4, [Row(0, 2, change=0), Row(1, 2, change=1), (2, 3)])
    left = exposure(graph.without([0]), ids(0, 1), ids(USER, USER), ids(3))
    assert left.node.tolist() == [1]
