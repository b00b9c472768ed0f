"""Draw the graph of a snapshot from its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from adaudit.derive.facts import Facts
from adaudit.graph.blocks import Block
from adaudit.graph.families.containment import containment
from adaudit.graph.families.members import implicit_members, members
from adaudit.graph.families.policy import policy
from adaudit.graph.graph import Graph, assemble
from adaudit.graph.nodes import Nodes

Family = Callable[[Facts, Nodes], Iterator[Block]]

FAMILIES: tuple[Family, ...] = (
    members,
    implicit_members,
    containment,
    policy,
)


def draw(facts: Facts, nodes: Nodes) -> Graph:
    """The graph of a snapshot; ``facts`` holds the computed tables too."""
    return assemble(nodes.count, (block for family in FAMILIES for block in family(facts, nodes)))
