"""The remediation plan with names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adaudit.graph.analysis import Analysis
from adaudit.graph.answers import told
from adaudit.graph.answers.naming import Naming
from adaudit.graph.graph import Graph
from adaudit.graph.kinds import EDGE_KINDS
from adaudit.graph.paths.plan import Step, remediation_plan
from adaudit.graph.paths.search import easiest

MOST_EXAMPLES: Final = 3
"""Edges named for each change."""


def told_plan(analysis: Analysis, naming: Naming, until: int = 0) -> told.Plan:
    """What to change so that no more than ``until`` accounts outside tier 0 reach it, as far as changes can."""
    plan = remediation_plan(analysis.graph, analysis.to_protect, analysis.goals, until)
    return told.Plan(
        steps=tuple(
            told.PlanStep(
                change=naming.change(step.change),
                gain=step.gain,
                left=step.left,
                edges=len(step.edges),
                examples=tuple(_examples(analysis.graph, naming, step)),
            )
            for step in plan.steps
        ),
        least=plan.least,
        is_least=plan.is_least,
        irreducible=len(plan.irreducible),
        why={EDGE_KINDS[kind].name: count for kind, count in plan.why.items()},
    )


def _examples(graph: Graph, naming: Naming, step: Step) -> Iterator[told.Step]:
    followed = step.edges[graph.is_traversable[step.edges]]
    yield from (naming.step(int(edge)) for edge in easiest(graph, followed)[:MOST_EXAMPLES])
