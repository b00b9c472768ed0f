"""The attack graph: exposure, choke points, paths and a plan beside a bare SciPy search and networkx, as ratios.

``python benchmarks/graph_paths.py [EDGES]`` makes a directory of so many edges (ten million) and one of a tenth of
them, each judged by a process of its own. Goals: exposure within 3 times a bare search on the same arrays, at least 20
times as fast as networkx with both graphs made from lists of edges (networkx gets the smaller one: the larger does not
fit), ten times the edges at most 12 times the time, peak memory below 8 GiB, a plan of 20 changes in seconds.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median

import networkx
import numpy as np
from scipy.sparse.csgraph import breadth_first_order

from adaudit.graph.blocks import NONE, Changes, Ids
from adaudit.graph.graph import Graph
from adaudit.graph.kinds import CODE_OF
from adaudit.graph.paths.choke import choke_changes, choke_nodes
from adaudit.graph.paths.exposure import exposure
from adaudit.graph.paths.plan import remediation_plan
from adaudit.graph.paths.search import rooted, shortest_paths

STEP = 10
EDGES_PER_NODE = 10
HOSPITALS = 20
TRUSTEES = 5
REPEATS = 7
KIB_PER_GIB = 1024 * 1024


class Directory:
    """Hospitals with accounts in a few groups, and trustees with rights on many objects, of which one leads to tier 0.

    Nodes: tier 0, then for each hospital what everybody there is, its trustees, its groups and its accounts. A change
    removes one membership, or all that an ACE gives.
    """

    def __init__(self, edges: int) -> None:
        self._random = np.random.default_rng(7)
        self._parts: list[tuple[str, Ids, Ids, Ids]] = []
        self._changes = 0
        self.count = edges // EDGES_PER_NODE
        self.goals: Ids = np.arange(max(self.count // 10_000, HOSPITALS))
        shares = np.linspace(1, 3, HOSPITALS)
        bounds = len(self.goals) + np.cumsum(np.append(0, shares / shares.sum())) * (self.count - len(self.goals))
        accounts = []
        for start, end in zip(bounds[:-1].astype(int), bounds[1:].astype(int), strict=True):
            accounts.append(self._hospital(start, end, edges * (end - start) // self.count))
        self.sources: Ids = np.concatenate(accounts)
        self.graph = self._drawn()

    def _hospital(self, start: int, end: int, edges: int) -> Ids:
        before = self._edges()
        everybody, trustees = start, np.arange(start + 1, start + 1 + TRUSTEES)
        groups = np.arange(trustees[-1] + 1, trustees[-1] + 1 + (end - start) // 50)
        accounts = np.arange(groups[-1] + 1, end)
        choice = self._random.choice
        self._add("MemberOf", accounts, np.full(len(accounts), everybody))
        self._add_each("MemberOf", choice(accounts, 3 * len(accounts)), choice(groups, 3 * len(accounts)))
        self._add_each("MemberOf", choice(accounts, 50), choice(trustees, 50))
        self._add_each("HasSession", choice(accounts, len(accounts) // 10), choice(accounts, len(accounts) // 10))
        self._add("PropagatesACEsTo", choice(groups, len(accounts)), accounts)
        self._add_star("ForceChangePassword", everybody, choice(accounts, 3))
        self._add_star("AddMember", everybody, choice(trustees, 1))
        self._add_star("GenericAll", int(trustees[0]), self.goals[:5])
        self._add_star("AddMember", int(choice(groups)), trustees)
        for trustee in trustees[1:]:
            self._add_star("WriteDacl", int(trustee), trustees[:1])
        admins = [*self.goals[:2].tolist(), *trustees.tolist()]
        told = self._edges() - before
        for trustee in admins:
            self._add_star("GenericAll", trustee, choice(accounts, (edges - told) // len(admins)))
        return accounts

    def _edges(self) -> int:
        return sum(len(part[1]) for part in self._parts)

    def _add(self, kind: str, source: Ids, target: Ids) -> None:
        self._parts.append((kind, source, target, np.full(len(source), NONE)))

    def _add_each(self, kind: str, source: Ids, target: Ids) -> None:
        self._parts.append((kind, source, target, self._changes + np.arange(len(source))))
        self._changes += len(source)

    def _add_star(self, kind: str, source: int, targets: Ids) -> None:
        self._parts.append((kind, np.full(len(targets), source), targets, np.full(len(targets), self._changes)))
        self._changes += 1

    def _drawn(self) -> Graph:
        kinds, sources, targets, changes = zip(*self._parts, strict=True)
        self._parts.clear()
        source, target, change = (np.concatenate(each).astype(np.int32) for each in (sources, targets, changes))
        nothing = np.full(len(source), NONE, np.int32)
        numbers = np.full(self._changes, NONE)
        return Graph(
            count=self.count,
            source=source,
            target=target,
            kind=np.repeat([CODE_OF[kind] for kind in kinds], [len(each) for each in sources]).astype(np.int16),
            difficulty=np.zeros(len(source), np.int8),
            **dict.fromkeys(("bearer", "attribute", "sd_id", "position", "detail"), nothing),
            change=change,
            changes=Changes(*[numbers] * 7),
            texts=(),
        )


def seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Seconds of processor, the median of some runs."""
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return median(spent)


def with_networkx(graph: Graph, goals: Ids) -> int:
    """How many nodes reach a goal, by networkx from the same lists of edges."""
    drawn = networkx.DiGraph()
    drawn.add_edges_from(zip(graph.target.tolist(), graph.source.tolist(), strict=True))
    drawn.add_edges_from((graph.count, goal) for goal in goals.tolist())
    return len(networkx.single_source_shortest_path_length(drawn, graph.count))


def measured(edges: int) -> dict[str, float]:
    """What each question costs on a directory of so many edges, in seconds of processor; KiB at the peak."""
    directory = Directory(edges)
    graph, sources, goals = directory.graph, directory.sources, directory.goals
    kinds = np.zeros(len(sources), np.int64)
    bare = rooted(graph.inward, goals)
    plan = remediation_plan(graph, sources, goals)
    nodes, changes = choke_nodes(graph, sources, goals), choke_changes(graph, sources, goals)
    return {
        "edges": len(graph),
        "exposed": plan.exposed,
        "steps": len(plan.steps),
        "exact": int(nodes.is_exact.sum() + changes.is_exact.sum()),
        "arrays": seconds(lambda: replace(graph).inward),
        "bare": seconds(lambda: breadth_first_order(bare, graph.count)),
        "exposure": seconds(lambda: exposure(graph, sources, kinds, goals)),
        "first edges": seconds(lambda: exposure(graph, sources, kinds, goals).edge),
        "whole": seconds(lambda: exposure(replace(graph), sources, kinds, goals)),
        "paths": seconds(lambda: shortest_paths(graph, sources[-1:], goals, 10)),
        "plan": seconds(lambda: remediation_plan(replace(graph), sources, goals)),
        "choke nodes": seconds(lambda: choke_nodes(graph, sources, goals)),
        "choke changes": seconds(lambda: choke_changes(graph, sources, goals)),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


def judged(edges: int) -> dict[str, float]:
    """The same by a process of its own."""
    command = [sys.executable, __file__, "--alone", str(edges)]
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    cost: dict[str, float] = json.loads(told)
    return cost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("edges", type=int, nargs="?", default=10_000_000)
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        print(json.dumps(measured(options.edges)))
        return
    small, large = judged(options.edges // STEP), judged(options.edges)
    for name in large:
        if name in ("edges", "exposed", "steps", "exact"):
            print(f"{name:>16}{small[name]:>14,.0f}{large[name]:>14,.0f}")
        elif name != "peak":
            print(f"{name:>16}{small[name]:>12.3f} s{large[name]:>12.3f} s{large[name] / small[name]:>8.1f}×")
    print(f"{'peak memory':>16}{small['peak'] / KIB_PER_GIB:>10.2f} GiB{large['peak'] / KIB_PER_GIB:>10.2f} GiB")
    for name, cost in (("a tenth", small), ("all", large)):
        built = cost["whole"] / (cost["arrays"] + cost["bare"])
        print(
            f"exposure on {name}: {cost['exposure'] / cost['bare']:.1f} times a bare search (goal: at most 3);", end=" "
        )
        print(f"{built:.1f} times with the arrays made")
    directory = Directory(options.edges // STEP)
    referee = seconds(lambda: with_networkx(directory.graph, directory.goals), 1)
    print(f"networkx on a tenth: {referee:.1f} s, {referee / small['whole']:.0f} times as much (goal: at least 20)")


if __name__ == "__main__":
    main()
