"""The attack graph of a snapshot and the tables that it gives."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa

from adaudit.derive.facts import Facts
from adaudit.derive.gaps import Gap
from adaudit.graph.blocks import Ids
from adaudit.graph.build import draw
from adaudit.graph.coverage import graph_coverage, hiding_paths
from adaudit.graph.goals import goals_of
from adaudit.graph.graph import Graph
from adaudit.graph.hidden.edges import hidden_edges
from adaudit.graph.hidden.placed import Placed
from adaudit.graph.kinds import EDGE_KINDS
from adaudit.graph.nodes import Nodes
from adaudit.graph.paths.choke import ChokePoints, choke_changes, choke_nodes
from adaudit.graph.paths.exposure import Exposure, exposure
from adaudit.graph.paths.search import Reached
from adaudit.graph.site_tier0 import AS_FOUND, SiteTier0, site_tier0
from adaudit.graph.sources import Sources, sources_of, with_guest_as_everyone
from adaudit.schema import TABLES

SOURCE_KINDS: Final = ("user", "computer", "managed_service_account", "everyone_like", "foreign")
"""Kinds of sources, in the order of their codes; the first ``ACCOUNT_KINDS`` are accounts."""

ACCOUNT_KINDS: Final = 3


class Analysis:
    """What the graph says of some facts, which hold the derived tables; each part is computed once, when asked for.

    ``site``: what the site adds to tier 0 and leaves out of it; the table ``tier0`` of the facts is replaced.
    Raises InputError when an entry of the site cannot be used.
    """

    def __init__(self, facts: Facts, site: SiteTier0 = AS_FOUND) -> None:
        self.facts = facts
        self.nodes = Nodes(facts)
        if site != AS_FOUND:
            facts.add("tier0", site_tier0(facts, self.nodes, site))

    @cached_property
    def graph(self) -> Graph:
        return draw(self.facts, self.nodes)

    @cached_property
    def goals(self) -> Ids:
        """Nodes of tier 0."""
        return goals_of(self.facts, self.nodes)

    @cached_property
    def sources(self) -> Sources:
        """From where paths to tier 0 are counted."""
        return sources_of(self.facts, self.nodes)

    @cached_property
    def to_protect(self) -> Ids:
        """Accounts outside tier 0 that changes are to keep from it.

        Guest is whoever likes while it is enabled: Everyone stands for it, so that disabling it is a change of a plan.
        """
        return np.setdiff1d(with_guest_as_everyone(self.facts, self.nodes, self.sources.accounts), self.goals)

    @cached_property
    def exposure(self) -> Exposure:
        """The sources that reach tier 0, by place in ``SOURCE_KINDS``."""
        return self.exposure_in(self.graph)

    def exposure_in(self, graph: Graph) -> Exposure:
        """The same in another graph of these nodes: once changes are made."""
        sources = self.sources
        by_kind = (
            *(sources.users, sources.computers, sources.managed_service_accounts),
            *(sources.everyone_like, sources.foreign),
        )
        kinds: Ids = np.repeat(np.arange(len(by_kind)), [len(nodes) for nodes in by_kind])
        return exposure(graph, np.concatenate(by_kind), kinds, self.goals)

    @cached_property
    def reaching(self) -> Reached:
        """Who reaches tier 0."""
        return self.exposure.found

    @cached_property
    def hidden(self) -> list[Placed]:
        """What was not read and may hide an edge."""
        return list(hidden_edges(self.facts, self.nodes))

    @cached_property
    def hiding_paths(self) -> list[Gap]:
        """What was not read and may hide a path to tier 0."""
        return hiding_paths(self.hidden, self.reaching.is_reached)

    @cached_property
    def choke_nodes(self) -> ChokePoints:
        return choke_nodes(self.graph, self.sources.accounts, self.goals)

    @cached_property
    def choke_changes(self) -> ChokePoints:
        return choke_changes(self.graph, self.to_protect, self.goals)

    def tables(self) -> Iterator[tuple[str, pa.Table]]:
        """Every table of ``schema.GRAPH``, one at a time, each computed when asked for; ``coverage`` of them all."""
        nodes = self.nodes.table(self.facts)
        yield "nodes", nodes
        yield "edges", self.graph.edges_table()
        yield "changes", self.graph.changes_table()
        yield "exposure", self._exposure_table(nodes)
        yield "choke_points", self._choke_points_table()
        own = graph_coverage(self.facts, self.hidden, self.hiding_paths)
        yield "coverage", pa.concat_tables([self.facts.table("coverage"), own])

    def _exposure_table(self, nodes: pa.Table) -> pa.Table:
        found = self.exposure
        here = nodes.take(pa.array(found.node))
        names = pa.array([kind.name for kind in EDGE_KINDS])
        columns = (
            pa.array(found.node, pa.int32()),
            here["principal_id"],
            here["object_id"],
            here["domain_id"],
            pa.array(SOURCE_KINDS).take(pa.array(found.kind)),
            pa.array(found.distance, pa.int64()),
            names.take(pa.array(self.graph.kind[found.edge])),
            pa.array(found.next_node, pa.int32()),
            pa.array(found.goal, pa.int32()),
        )
        return pa.table(list(columns), schema=TABLES["exposure"].arrow_schema)

    def _choke_points_table(self) -> pa.Table:
        schema = TABLES["choke_points"].arrow_schema
        parts = []
        for kind, found in (("change", self.choke_changes), ("node", self.choke_nodes)):
            none = pa.nulls(len(found), pa.int32())
            numbers = pa.array(found.number, pa.int32())
            columns = (
                pa.array(np.arange(len(found)) + 1, pa.int64()),
                pa.array([kind] * len(found), pa.string()),
                none if kind == "change" else numbers,
                numbers if kind == "change" else none,
                pa.array(found.accounts, pa.int64()),
                pa.array(found.is_exact),
            )
            parts.append(pa.table(list(columns), schema=schema))
        return pa.concat_tables(parts)
