"""The graph for notebooks, as a networkx graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adaudit.graph.blocks import NONE, Ids
from adaudit.graph.graph import Graph
from adaudit.graph.kinds import EDGE_KINDS, Difficulty

if TYPE_CHECKING:
    import networkx


def to_networkx(graph: Graph, nodes: Ids | None = None) -> networkx.MultiDiGraph[int]:
    """These nodes (all when None) with the edges between them.

    Nodes are rows of ``nodes``, keys of edges are rows of the graph. Attributes of an edge: ``kind``, ``difficulty``,
    ``is_traversable`` and ``change``, a row of ``changes`` or None.

    Raises ImportError, naming the extra to install, without networkx.
    """
    try:
        import networkx
    except ImportError as error:
        raise ImportError("networkx is not installed: pip install 'adaudit[notebooks]'") from error

    shown = np.arange(graph.count) if nodes is None else np.unique(nodes)
    is_shown = np.zeros(graph.count, bool)
    is_shown[shown] = True
    drawn = networkx.MultiDiGraph()
    drawn.add_nodes_from(shown.tolist())
    for row in np.flatnonzero(is_shown[graph.source] & is_shown[graph.target]).tolist():
        kind, change = EDGE_KINDS[graph.kind[row]], int(graph.change[row])
        drawn.add_edge(
            int(graph.source[row]),
            int(graph.target[row]),
            key=row,
            kind=kind.name,
            difficulty=Difficulty(graph.difficulty[row]).name.lower(),
            is_traversable=kind.is_traversable,
            change=None if change == NONE else change,
        )
    return drawn
