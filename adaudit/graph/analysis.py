"""The attack graph of a snapshot and the tables that it gives."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import pyarrow as pa

from adaudit.derive.facts import Facts
from adaudit.graph.build import draw
from adaudit.graph.graph import Graph
from adaudit.graph.nodes import Nodes
from adaudit.schema import TABLES


class Analysis:
    """What the graph says of some facts, which hold the derived tables; each part is computed once, when asked for."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    @cached_property
    def nodes(self) -> Nodes:
        return Nodes(self.facts)

    @cached_property
    def graph(self) -> Graph:
        return draw(self.facts, self.nodes)

    def tables(self) -> Iterator[tuple[str, pa.Table]]:
        """Every table of ``schema.GRAPH``, one at a time, each computed when asked for."""
        yield "nodes", self.nodes.table(self.facts)
        yield "edges", self.graph.edges_table()
        yield "changes", self.graph.changes_table()
        yield "exposure", TABLES["exposure"].arrow_schema.empty_table()
        yield "choke_points", TABLES["choke_points"].arrow_schema.empty_table()
