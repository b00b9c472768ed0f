"""Who can reach tier 0 and what stops it, with names: all that reports tell of the graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from adaudit.derive.facts import ACCOUNT_TABLES
from adaudit.graph.analysis import ACCOUNT_KINDS, SOURCE_KINDS, Analysis
from adaudit.graph.answers.lookup import Lookup, NotFound
from adaudit.graph.answers.naming import Naming
from adaudit.graph.answers.picture import picture
from adaudit.graph.answers.plan import told_plan
from adaudit.graph.answers.told import ChokePoint, Drawn, EntryPoint, Outlook, Path
from adaudit.graph.blocks import Ids
from adaudit.graph.coverage import missing_by_fact
from adaudit.graph.kinds import EDGE_KINDS, NOT_MODELLED, Difficulty
from adaudit.graph.paths.exposure import Exposure
from adaudit.graph.paths.search import passing, way_from
from adaudit.graph.paths.shapes import shapes

MOST_PATHS: Final = 30
MOST_CHOKE_POINTS: Final = 10

_EVERYONE_LIKE, _FOREIGN = SOURCE_KINDS.index("everyone_like"), SOURCE_KINDS.index("foreign")


def outlook_of(analysis: Analysis, entry_points: Sequence[str] = ()) -> Outlook:
    """What the graph tells. ``entry_points``: names of hosts or accounts, as ``Lookup`` knows them."""
    return _Teller(analysis).tell(entry_points)


class _Teller:
    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._graph = analysis.graph
        self._found = analysis.reaching
        self._naming = Naming(analysis.facts, analysis.nodes, analysis.graph)
        self._accounts: Ids = np.setdiff1d(analysis.sources.accounts, analysis.goals)
        self._passed = passing(self._found, analysis.exposure.node[analysis.exposure.kind < ACCOUNT_KINDS])
        self._shown: dict[str, int] = {}

    def tell(self, entry_points: Sequence[str]) -> Outlook:
        exposed = self._analysis.exposure
        of_accounts = exposed.kind < ACCOUNT_KINDS
        by_kind = exposed.by_kind()
        distances, counts = np.unique(exposed.distance[of_accounts], return_counts=True)
        groups = self._alike(exposed)
        everyone_like = self._paths(exposed.node[exposed.kind == _EVERYONE_LIKE][:MOST_PATHS])
        foreign = self._paths(exposed.node[exposed.kind == _FOREIGN][:MOST_PATHS])
        paths = self._paths(groups)
        plan = told_plan(self._analysis, self._naming)
        choke_points = tuple(self._choke_points())
        entries = tuple(self._entry_points(entry_points))
        ways = (*everyone_like, *foreign, *paths, *(entry.path for entry in entries if entry.path))
        changes = {step.change for path in ways for step in path.edges}
        changes |= {example.change for step in plan.steps for example in step.examples}
        uncertain = ~self._graph.is_traversable & (self._graph.difficulty == Difficulty.UNCERTAIN)
        kinds, edges = np.unique(self._graph.kind[uncertain], return_counts=True)
        return Outlook(
            accounts=len(self._accounts),
            exposed={SOURCE_KINDS[kind]: by_kind[kind] for kind in range(ACCOUNT_KINDS) if kind in by_kind},
            distances=dict(zip(distances.tolist(), counts.tolist(), strict=True)),
            everyone_like=everyone_like,
            foreign=foreign,
            tier0=len(self._analysis.goals),
            plan=plan,
            choke_points=choke_points,
            paths=paths,
            entry_points=entries,
            drawn=self._drawn((*everyone_like, *paths), groups),
            changes=tuple(self._naming.change(number) for number in sorted(n for n in changes if n is not None)),
            missing=missing_by_fact(self._analysis.hiding_paths),
            not_modelled=NOT_MODELLED,
            uncertain={EDGE_KINDS[kind].name: n for kind, n in zip(kinds.tolist(), edges.tolist(), strict=True)},
        )

    def _alike(self, exposed: Exposure) -> dict[int, int]:
        """For each set of accounts whose paths are alike, the largest first: one of them, and how many they are."""
        nodes = exposed.node[exposed.kind < ACCOUNT_KINDS]
        facts = self._analysis.facts
        accounts = np.concatenate([facts.ids(table, "object_id") for table in ACCOUNT_TABLES])
        shape = shapes(self._graph, self._found, self._analysis.nodes.of_objects(accounts))[nodes]
        _, first, counts = np.unique(shape, return_index=True, return_counts=True)
        order = np.lexsort((first, -counts))[:MOST_PATHS]
        return dict(zip(nodes[first[order]].tolist(), counts[order].tolist(), strict=True))

    def _paths(self, nodes: Iterable[int]) -> tuple[Path, ...]:
        return tuple(self._path(int(node)) for node in nodes)

    def _path(self, node: int) -> Path:
        way = way_from(self._found, node)
        path = self._naming.path(way.nodes.tolist(), way.edges.tolist())
        for thing, place in zip(path.nodes, way.nodes.tolist(), strict=True):
            self._shown[thing.key] = max(self._shown.get(thing.key, 0), int(self._passed[place]))
        return path

    def _choke_points(self) -> Iterator[ChokePoint]:
        for found, is_node in ((self._analysis.choke_changes, False), (self._analysis.choke_nodes, True)):
            for place in range(min(len(found), MOST_CHOKE_POINTS)):
                number = int(found.number[place])
                yield ChokePoint(
                    thing=self._naming.thing(number) if is_node else None,
                    change=None if is_node else self._naming.change(number),
                    accounts=int(found.accounts[place]),
                    is_exact=bool(found.is_exact[place]),
                )

    def _entry_points(self, names: Sequence[str]) -> Iterator[EntryPoint]:
        lookup = Lookup(self._analysis.facts, self._analysis.nodes)
        for name in names:
            try:
                node = lookup.node(name)
            except NotFound as error:
                yield EntryPoint(name, None, error.candidates, None)
                continue
            path = self._path(node) if self._found.is_reached[node] else None
            yield EntryPoint(name, self._naming.thing(node), (), path)

    def _drawn(self, paths: Sequence[Path], groups: dict[int, int]) -> Drawn:
        alike = {self._naming.thing(node).key: count for node, count in groups.items()}
        return picture(paths, {key: accounts for key, accounts in self._shown.items() if accounts}, alike)
