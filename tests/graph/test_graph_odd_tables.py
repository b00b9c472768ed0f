"""Tables that lack values anywhere, or whose ids lead nowhere, make a smaller graph and never an exception."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from adaudit.derive import derive
from adaudit.derive.facts import Facts
from adaudit.graph.analysis import Analysis
from adaudit.graph.answers.outlook import outlook_of
from adaudit.schema import COLLECTED, TABLES
from adaudit.schema.model import Kind
from adaudit.snapshot import SnapshotTables, open_snapshot
from tests.samples.conftest import COMMITTED

NOWHERE = 9_999


@cache
def tables() -> dict[str, pa.Table]:
    with open_snapshot(COMMITTED / "hl-troisormes.adsnap") as snapshot:
        return {name: table for name, table in SnapshotTables(snapshot).items() if name in COLLECTED}


def spoilt(table: pa.Table, kinds: dict[str, Kind], seed: int, wrong: int | None) -> pa.Table:
    """Half of the values of some columns taken away; of ids, replaced by ``wrong`` when it is given."""
    draw = np.random.default_rng(seed)
    columns = []
    for name, values in zip(table.schema.names, table.columns, strict=True):
        is_hit = pa.array(draw.random(len(values)) < 0.5)
        is_spoilt = draw.random() < 0.4 and (wrong is None or kinds[name] is Kind.ID)
        other = pa.scalar(wrong if kinds[name] is Kind.ID else None, values.type)
        columns.append(pc.if_else(is_hit, other, values) if is_spoilt else values)
    return pa.table(columns, schema=table.schema)


@pytest.mark.parametrize("wrong", [None, NOWHERE, -1])
@pytest.mark.parametrize("seed", range(12))
def test_the_graph_of_spoilt_tables_is_drawn_and_told(seed: int, wrong: int | None) -> None:
    given = {
        name: spoilt(table, {column.name: column.kind for column in TABLES[name].columns}, seed + place, wrong)
        for place, (name, table) in enumerate(tables().items())
    }
    analysis = Analysis(Facts(given | derive(given)))
    told = outlook_of(analysis)
    assert told.exposed_accounts <= told.accounts
    rows = dict(analysis.tables())
    ends = [rows["edges"][column].combine_chunks() for column in ("source_id", "target_id")]
    assert all(pc.min_max(each)["max"].as_py() < analysis.nodes.count for each in ends)
