"""The attack graph of a running directory."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from adaudit.derive import derived
from adaudit.derive.facts import Facts
from adaudit.graph.analysis import Analysis
from adaudit.graph.answers.lookup import Lookup
from adaudit.graph.answers.naming import Naming
from adaudit.graph.graph import Graph
from adaudit.graph.questions import Questions
from adaudit.snapshot import SnapshotTables, open_snapshot
from tests.testbed import Directory
from tests.testbed.scenario import Scenario


class Drawn(NamedTuple):
    """The graph of a directory, as one account reads it."""

    snapshot: Path
    analysis: Analysis
    scenario: Scenario

    @property
    def questions(self) -> Questions:
        return Questions(self.analysis)

    def node(self, name: str) -> int:
        return Lookup(self.analysis.facts, self.analysis.nodes).node(name)

    def exposed(self, graph: Graph) -> set[int]:
        return set(self.analysis.exposure_in(graph).node.tolist())

    def names(self, nodes: set[int]) -> list[str]:
        naming = Naming(self.analysis.facts, self.analysis.nodes, self.analysis.graph)
        return sorted(naming.thing(node).name for node in nodes)


@contextmanager
def drawn(directory: Directory, reader: str, folder: Path) -> Iterator[Drawn]:
    """``reader``: ``auditor``, the ordinary account, or ``admin``."""
    account = {"auditor": directory.auditor, "admin": directory.admin}[reader]
    snapshot = folder / f"{reader}.adsnap"
    command = [sys.executable, "-m", "adaudit", "collect", "--server", directory.ip, "--user", account.user]
    subprocess.run(
        [*command, "--ca-file", str(directory.ca_file), "-o", str(snapshot)],
        env={**os.environ, "ADAUDIT_PASSWORD": account.password},
        check=True,
    )
    with open_snapshot(snapshot) as opened:
        facts = Facts(SnapshotTables(opened))
        for _ in derived(facts):
            pass
        yield Drawn(snapshot, Analysis(facts), directory.scenario)
