"""What is missing from the tables of the graph, as rows of ``coverage``.

A gap hides edges into some nodes, or edges that may lead anywhere. Whoever reaches tier 0 by edges that were not seen
does so by a last one, and that one enters a node from which known edges go on: a gap counts for exposure when it can
hide an edge into such a node. Every gap counts for the edges themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

import pyarrow as pa

from adaudit.derive.facts import Facts, build
from adaudit.derive.gaps import Gap, Gaps
from adaudit.graph.blocks import NONE
from adaudit.graph.graph import Mask
from adaudit.graph.hidden.placed import Placed

_EDGES: Final = ("edges", "changes")
_PATHS: Final = ("exposure", "choke_points")


def hiding_paths(hidden: Iterable[Placed], leads_on: Mask) -> list[Gap]:
    """The gaps that can hide a path. ``leads_on``: nodes of tier 0 and those that reach it."""
    return list(
        dict.fromkeys(gap for gap, into in hidden if into is None or any(n != NONE and leads_on[n] for n in into))
    )


def graph_coverage(facts: Facts, hidden: Iterable[Placed], hiding: Iterable[Gap]) -> pa.Table:
    """The rows of ``coverage`` that the tables of the graph add. ``hidden``: every gap that can hide an edge;
    ``hiding``: those that can hide a path."""
    of_edges = (gap._replace(table_name=table, column_name="*") for gap, _ in hidden for table in _EDGES)
    lost = Gaps(facts).as_lost_rows(hiding)
    of_paths = (gap._replace(table_name=table) for gap in lost for table in _PATHS)
    return build("coverage", dict.fromkeys((*of_edges, *of_paths)))


def missing_by_fact(gaps: Iterable[Gap]) -> dict[str, int]:
    """How many gaps by ``table.column``, or by table where rows are missing, the most first."""
    names = (f"{gap.table_name}" if gap.column_name == "*" else f"{gap.table_name}.{gap.column_name}" for gap in gaps)
    return dict(Counter(names).most_common())
