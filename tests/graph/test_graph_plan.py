"""The remediation plan, proved on copies of the graph and by networkx."""

from __future__ import annotations

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adaudit.graph.answers.networkx_graph import to_networkx
from adaudit.graph.graph import Graph
from adaudit.graph.kinds import CODE_OF
from adaudit.graph.paths.plan import Plan, remediation_plan
from tests.graph.plain_graphs import END, START, Case, Row, cases, exposed, graph_of, ids, random_graph, with_ends


def plan_of(graph: Graph, sources: list[int], goals: list[int], until: int = 0) -> Plan:
    return remediation_plan(graph, ids(*sources), ids(*goals), until)


def fewest_changes(graph: Graph, sources: set[int], goals: list[int]) -> int:
    """By networkx: the minimal cut where each change is a pair of nodes joined by an arc of capacity 1."""
    ended = with_ends(networkx.DiGraph(), sorted(sources), goals)
    followed = [row for row in range(len(graph)) if graph.is_traversable[row]]
    for row in followed:
        source, target, change = int(graph.source[row]), int(graph.target[row]), int(graph.change[row])
        if change < 0:
            ended.add_edge(source, target)
        else:
            ended.add_edge(source, f"to {change}")
            ended.add_edge(f"to {change}", f"from {change}", capacity=1)
            ended.add_edge(f"from {change}", target)
    return int(networkx.minimum_cut_value(ended, START, END))


def check(graph: Graph, sources: list[int], goals: list[int]) -> Plan:
    plan = plan_of(graph, sources, goals)
    before = exposed(graph, sources, goals)
    irreducible = exposed(graph.without(range(len(graph.changes))), sources, goals)
    assert plan.exposed == len(before)
    assert set(plan.irreducible.tolist()) == irreducible
    assert plan.is_least
    assert plan.least == fewest_changes(graph, before - irreducible, goals)
    made: list[int] = []
    left = len(before)
    for step in plan.steps:
        made.append(step.change)
        now = len(exposed(graph.without(made), sources, goals))
        assert (step.gain, step.left) == (left - now, now)
        assert (graph.change[step.edges] == step.change).all()
        assert len(step.edges) == (graph.change == step.change).sum()
        left = now
    assert left == len(irreducible)
    return plan


@given(cases())
def test_a_plan_keeps_what_it_says_at_each_step_with_the_fewest_changes(case: Case) -> None:
    plan = check(*case)
    assert len(plan.steps) == plan.least


@pytest.mark.parametrize("seed", range(4))
def test_a_plan_of_two_thousand_nodes_keeps_what_it_says(seed: int) -> None:
    graph = random_graph(seed, 2000, 4000, 600)
    assert len(check(graph, list(range(1000, 2000)), [0, 7, 11]).steps) > 0


@settings(max_examples=50)
@given(cases(), st.integers(0, 4))
def test_a_plan_stops_as_soon_as_few_enough_are_exposed(case: Case, until: int) -> None:
    graph, sources, goals = case
    steps, whole = plan_of(*case, until).steps, plan_of(*case).steps
    assert [step.change for step in steps] == [step.change for step in whole[: len(steps)]]
    assert all(step.left > until for step in steps[:-1])
    if len(exposed(graph, sources, goals)) <= until:
        assert steps == ()
    elif len(steps) < len(whole):
        assert steps[-1].left <= until


def test_the_change_that_frees_the_most_comes_first() -> None:
    few = [Row(0, 5, change=0), Row(5, 6)]
    many = [Row(node, 4) for node in (1, 2, 3)] + [Row(4, 6, change=1)]
    steps = plan_of(graph_of(7, few + many), [0, 1, 2, 3], [6]).steps
    assert [(step.change, step.gain, step.left) for step in steps] == [(1, 3, 1), (0, 1, 0)]


def test_a_bottleneck_near_the_goals_is_preferred_to_one_as_narrow_near_the_sources() -> None:
    graph = graph_of(4, [Row(0, 1, change=0), Row(1, 2, change=1), Row(2, 3, change=2)])
    assert [step.change for step in plan_of(graph, [0], [3]).steps] == [2]


def test_one_change_that_removes_many_edges_is_one_step() -> None:
    rights = [Row(1, target, change=0) for target in (2, 3, 4)]
    graph = graph_of(6, [(0, 1), *rights, (2, 5), (3, 5), (4, 5)])
    (step,) = plan_of(graph, [0], [5]).steps
    assert step.edges.tolist() == [1, 2, 3]


def test_what_no_change_removes_is_told_with_the_edges_of_its_path() -> None:
    rows = [Row(0, 1, kind="MemberOf"), Row(1, 3, kind="PropagatesACEsTo"), Row(2, 3, change=0)]
    plan = plan_of(graph_of(4, rows), [0, 1, 2], [3])
    assert plan.irreducible.tolist() == [0, 1]
    assert plan.why == {CODE_OF["MemberOf"]: 1, CODE_OF["PropagatesACEsTo"]: 2}
    assert [(step.change, step.gain, step.left) for step in plan.steps] == [(0, 1, 2)]


def test_a_change_whose_edges_share_no_end_gives_an_upper_bound_that_says_so() -> None:
    into = [Row(0, 2, change=1), Row(1, 3, change=2)]
    apart = [Row(2, 4, change=0), Row(3, 5, change=0)]
    graph = graph_of(7, [*into, *apart, Row(4, 6, change=3), Row(5, 6, change=4)])
    plan = plan_of(graph, [0, 1], [6])
    assert fewest_changes(graph, {0, 1}, [6]) == 1
    assert (plan.least, plan.is_least) == (2, False)
    assert not exposed(graph.without(step.change for step in plan.steps), [0, 1], [6])
    assert plan.steps[-1].left == 0


@pytest.mark.parametrize(("sources", "goals"), [([], [1]), ([0], []), ([1], [1]), ([1], [0])])
def test_nobody_exposed_needs_no_plan(sources: list[int], goals: list[int]) -> None:
    plan = plan_of(graph_of(2, [Row(0, 1, change=0)]), sources, goals)
    assert (plan.steps, plan.exposed, plan.least) == ((), 0, 0)


def test_a_notebook_gets_the_part_asked_for_with_what_each_edge_is() -> None:
    graph = graph_of(4, [Row(0, 1, change=0), Row(0, 1, kind="GetChanges"), Row(1, 3)])
    drawn = to_networkx(graph, ids(0, 1, 2))
    assert sorted(drawn) == [0, 1, 2]
    assert drawn.edges[0, 1, 0] == {
        "kind": "GenericAll",
        "difficulty": "direct",
        "is_traversable": True,
        "change": 0,
    }
    assert drawn.edges[0, 1, 1]["change"] is None
    assert drawn.number_of_edges() == 2
    assert to_networkx(graph).number_of_edges() == 3


def test_without_networkx_the_error_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "networkx", None)
    with pytest.raises(ImportError, match=r"adaudit\[notebooks\]"):
        to_networkx(graph_of(1, []))
