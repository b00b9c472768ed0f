"""The plan, verified: its changes are made, and where a path remains the plan goes on."""

from __future__ import annotations

import numpy as np

from adaudit.graph.blocks import NONE, Ids
from adaudit.graph.graph import Graph
from adaudit.graph.plan import Plan, Step, remediation_plan
from adaudit.graph.search import search_tree


def verified_plan(graph: Graph, sources: Ids, goals: Ids) -> tuple[Plan, tuple[Step, ...]]:
    """The plan and the changes after which only the irreducible are exposed.

    They are more than those of the plan where its cut is only an upper bound; what each leaves is then counted.
    """
    plan = remediation_plan(graph, sources, goals)
    steps = plan.steps
    changed = graph.without(step.change for step in steps)
    while _exposed(changed, sources, goals) > len(plan.irreducible):
        more = remediation_plan(changed, sources, goals).steps
        if not more:
            break
        steps += more
        changed = graph.without(step.change for step in steps)
    return plan, steps if steps == plan.steps else _counted(graph, sources, goals, plan.exposed, steps)


def _counted(graph: Graph, sources: Ids, goals: Ids, exposed: int, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The same changes, with what each leaves once it is made."""
    counted = []
    for number, step in enumerate(steps, start=1):
        left = _exposed(graph.without(each.change for each in steps[:number]), sources, goals)
        edges = np.flatnonzero(graph.change == step.change)
        counted.append(Step(step.change, exposed - left, left, edges))
        exposed = left
    return tuple(counted)


def _exposed(graph: Graph, sources: Ids, goals: Ids) -> int:
    outside = np.setdiff1d(sources, goals)
    return int(np.count_nonzero(search_tree(graph.inward, goals)[outside] != NONE))
