"""Questions that people ask the attack graph of a snapshot, answered with names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from adaudit.derive import derived
from adaudit.derive.facts import Facts
from adaudit.graph.analysis import ACCOUNT_KINDS, SOURCE_KINDS, Analysis
from adaudit.graph.answers.lookup import Lookup
from adaudit.graph.answers.naming import Naming
from adaudit.graph.answers.networkx_graph import to_networkx
from adaudit.graph.answers.plan import told_plan
from adaudit.graph.answers.told import Path, Plan, Thing
from adaudit.graph.blocks import Ids
from adaudit.graph.coverage import hiding_paths, missing_by_fact
from adaudit.graph.paths.search import Reached, reachable_from, reaching, shortest_paths
from adaudit.graph.site_tier0 import AS_FOUND, SiteTier0
from adaudit.snapshot import Snapshot, SnapshotTables

if TYPE_CHECKING:
    import networkx

TIER0: Final = "tier0"
"""What stands for all of tier 0 where a name is asked for."""


class AtDistance(NamedTuple):
    """A node and the number of steps between it and what was asked about."""

    thing: Thing
    distance: int


class Exposed(NamedTuple):
    """``accounts``: enabled accounts outside tier 0; ``exposed``: those of them that reach it, by kind; ``distances``:
    how many by number of steps."""

    accounts: int
    exposed: dict[str, int]
    distances: dict[int, int]


class Questions:
    """Every name is what ``Lookup`` finds, or ``tier0``. Raises NotFound, with candidates, for any other."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._lookup = Lookup(analysis.facts, analysis.nodes)
        self._naming = Naming(analysis.facts, analysis.nodes, analysis.graph)

    def paths(self, source: str, target: str, most: int = 1) -> tuple[Path, ...]:
        """The shortest paths between two names, at most so many, the shortest first."""
        ways = shortest_paths(self._analysis.graph, self._nodes(source), self._nodes(target), most)
        return tuple(self._naming.path(way.nodes.tolist(), way.edges.tolist()) for way in ways)

    def reached_from(self, source: str) -> tuple[AtDistance, ...]:
        """What a name can take, nearest first."""
        return self._told(reachable_from(self._analysis.graph, self._nodes(source)))

    def who_reaches(self, target: str) -> tuple[AtDistance, ...]:
        """Who can take what bears a name, nearest first."""
        return self._told(reaching(self._analysis.graph, self._nodes(target)))

    def exposure(self) -> Exposed:
        """Who reaches tier 0, and from how far."""
        analysis = self._analysis
        found = analysis.exposure
        kinds, distances = (values[found.kind < ACCOUNT_KINDS] for values in (found.kind, found.distance))
        return Exposed(
            accounts=len(np.setdiff1d(analysis.sources.accounts, analysis.goals)),
            exposed={SOURCE_KINDS[kind]: count for kind, count in _counted(kinds)},
            distances=dict(_counted(distances)),
        )

    def plan(self, until: int = 0) -> Plan:
        """The fewest changes after which no more than so many accounts outside tier 0 reach it, in order."""
        return told_plan(self._analysis, self._naming, until)

    def to_networkx(self, source: str | None = None, target: str | None = None) -> networkx.MultiDiGraph[int]:
        """What the one name reaches and from which the other is reached; all of the graph without names.

        Nodes are numbered as in the table ``nodes`` and bear ``key``, ``name`` and ``type``; edges are as
        ``networkx_graph.to_networkx`` tells them. Raises ImportError, naming the extra to install, without networkx.
        """
        graph = self._analysis.graph
        is_between = np.ones(graph.count, bool)
        if source is not None:
            is_between &= reachable_from(graph, self._nodes(source)).is_reached
        if target is not None:
            is_between &= reaching(graph, self._nodes(target)).is_reached
        drawn = to_networkx(graph, np.flatnonzero(is_between))
        for node, attributes in drawn.nodes(data=True):
            thing = self._naming.thing(node)
            attributes.update(key=thing.key, name=thing.name, type=thing.type)
        return drawn

    def missing(self, target: str | None = TIER0) -> dict[str, int]:
        """How many facts, by table, were not read and may hide a path to a name; to anything without name."""
        graph = self._analysis.graph
        leads_on = np.ones(graph.count, bool) if target is None else reaching(graph, self._nodes(target)).is_reached
        return missing_by_fact(hiding_paths(self._analysis.hidden, leads_on))

    def _nodes(self, name: str) -> Ids:
        if name.strip().lower() == TIER0:
            return self._analysis.goals
        return np.array([self._lookup.node(name)], np.int64)

    def _told(self, found: Reached) -> tuple[AtDistance, ...]:
        nodes = self._analysis.nodes
        is_thing = (found.distance > 0) & ~nodes.is_settings
        told = (AtDistance(self._naming.thing(n), int(found.distance[n])) for n in np.flatnonzero(is_thing).tolist())
        return tuple(sorted(told, key=lambda each: (each.distance, each.thing.name.casefold(), each.thing.key)))


def _counted(values: npt.NDArray[np.integer]) -> Iterator[tuple[int, int]]:
    distinct, counts = np.unique(values, return_counts=True)
    yield from zip(distinct.tolist(), counts.tolist(), strict=True)


def ask(snapshot: Snapshot, site: SiteTier0 = AS_FOUND) -> Questions:
    """The questions that can be asked about a snapshot; its graph is drawn now. ``site``: its own tier 0.

    Raises InputError when an entry of the site cannot be used.
    """
    facts = Facts(SnapshotTables(snapshot))
    for _ in derived(facts):
        pass
    return Questions(Analysis(facts, site))
