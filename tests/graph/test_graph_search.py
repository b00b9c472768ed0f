"""Searches along the edges that paths follow."""

from __future__ import annotations

from itertools import islice, pairwise

import networkx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaudit.graph.graph import Graph
from adaudit.graph.kinds import Difficulty
from adaudit.graph.paths.search import Way, passing, reachable_from, reaching, shortest_paths, way_from
from tests.graph.plain_graphs import END, START, Case, Row, cases, graph_of, ids, random_graph, referee, with_ends


def distances(graph: Graph, roots: list[int], backwards: bool) -> list[int]:
    """By networkx, -1 for what is not reached."""
    drawn = referee(graph).reverse() if backwards else referee(graph)
    found = networkx.multi_source_dijkstra_path_length(drawn, set(roots)) if roots else {}
    return [found.get(node, -1) for node in range(graph.count)]


def steps_taken(graph: Graph, way: Way) -> list[tuple[int, int]]:
    return list(zip(graph.source[way.edges].tolist(), graph.target[way.edges].tolist(), strict=True))


@given(cases())
def test_distances_are_those_of_networkx_both_ways(case: Case) -> None:
    graph, sources, goals = case
    assert reachable_from(graph, ids(*sources)).distance.tolist() == distances(graph, sources, backwards=False)
    assert reaching(graph, ids(*goals)).distance.tolist() == distances(graph, goals, backwards=True)


@pytest.mark.parametrize("seed", range(3))
def test_distances_in_two_thousand_nodes_are_those_of_networkx(seed: int) -> None:
    graph = random_graph(seed, 2000, 5000, 200)
    assert reaching(graph, ids(0, 5, 900)).distance.tolist() == distances(graph, [0, 5, 900], backwards=True)


@given(cases())
def test_a_step_goes_one_nearer_by_an_edge_that_paths_follow(case: Case) -> None:
    graph, _, goals = case
    found = reaching(graph, ids(*goals))
    for node in range(graph.count):
        edge, following = found.edge[node], found.next_node[node]
        if found.distance[node] <= 0:
            assert edge == following == -1
            assert found.root[node] == (node if node in goals else -1)
        else:
            assert (graph.source[edge], graph.target[edge]) == (node, following)
            assert graph.is_traversable[edge]
            assert found.distance[following] == found.distance[node] - 1
            assert found.root[node] == found.root[following]


@given(cases())
def test_nodes_passed_are_counted_from_the_paths_themselves(case: Case) -> None:
    graph, sources, goals = case
    found = reaching(graph, ids(*goals))
    reached = [node for node in set(sources) if found.is_reached[node]]
    ways = [way_from(found, node).nodes.tolist() for node in reached]
    expected = [sum(node in way for way in ways) for node in range(graph.count)]
    assert passing(found, ids(*reached)).tolist() == expected


@given(cases(most_nodes=7), st.integers(1, 12))
def test_the_shortest_paths_are_those_of_networkx(case: Case, most: int) -> None:
    graph, sources, goals = case
    ways = shortest_paths(graph, ids(*sources), ids(*goals), most)
    at_once = set(sources) & set(goals)
    others = set(sources) - at_once
    drawn = referee(graph)
    drawn.remove_edges_from([step for step in drawn.edges if step[0] in goals or step[1] in others])
    ended = with_ends(drawn, sorted(others), goals)
    paths = networkx.shortest_simple_paths(ended, START, END) if networkx.has_path(ended, START, END) else ()
    every = {(node,) for node in at_once} | {tuple(path[1:-1]) for path in paths}
    told = [tuple(way.nodes.tolist()) for way in ways]
    assert len(set(told)) == len(told)
    assert set(told) <= every
    assert [len(path) for path in told] == sorted(len(path) for path in every)[:most]
    for way in ways:
        assert steps_taken(graph, way) == list(pairwise(way.nodes.tolist()))
        assert graph.is_traversable[way.edges].all()


def test_shortest_paths_of_a_larger_graph_are_as_long_as_those_of_networkx() -> None:
    graph = random_graph(1, 300, 1500, 50)
    (source, *_) = np.flatnonzero(reaching(graph, ids(0)).distance == 3).tolist()
    ended = with_ends(referee(graph), [source], [0])
    expected = [len(path) - 3 for path in islice(networkx.shortest_simple_paths(ended, START, END), 30)]
    assert [len(way.edges) for way in shortest_paths(graph, ids(source), ids(0), 30)] == expected


@given(cases(), st.integers(2, 6))
def test_the_first_path_is_the_same_however_many_are_asked_for(case: Case, most: int) -> None:
    graph, sources, goals = case
    alone = shortest_paths(graph, ids(*sources), ids(*goals))
    several = shortest_paths(graph, ids(*sources), ids(*goals), most)
    assert [way.nodes.tolist() for way in several[:1]] == [way.nodes.tolist() for way in alone]


@pytest.mark.parametrize("most", [1, 5])
def test_between_two_nodes_the_easiest_edge_is_told(most: int) -> None:
    graph = graph_of(
        2,
        [
            Row(0, 1, kind="GenericWrite", difficulty=Difficulty.UNCERTAIN),
            Row(0, 1, kind="MemberOf"),
            Row(0, 1, kind="GenericAll"),
            Row(0, 1, kind="GenericAll"),
            Row(0, 1, kind="GetChanges"),
        ],
    )
    assert [way.edges.tolist() for way in shortest_paths(graph, ids(0), ids(1), most)] == [[2]]
    assert reaching(graph, ids(1)).edge.tolist() == [2, -1]


def test_an_edge_that_paths_do_not_follow_gives_no_path() -> None:
    graph = graph_of(2, [Row(0, 1, kind="GetChanges")])
    assert shortest_paths(graph, ids(0), ids(1), 3) == []


def test_a_source_that_is_a_goal_is_a_path_of_length_0() -> None:
    graph = graph_of(3, [(0, 1), (1, 2)])
    ways = shortest_paths(graph, ids(0, 1), ids(1), 5)
    assert [way.nodes.tolist() for way in ways] == [[1], [0, 1]]
    assert len(ways[0].edges) == 0


def test_a_long_chain_is_followed_to_its_end() -> None:
    count = 200_000
    graph = graph_of(count, [(node, node + 1) for node in range(count - 1)])
    found = reaching(graph, ids(count - 1))
    assert found.distance.tolist() == list(range(count))[::-1]
    assert np.all(found.root == count - 1)
