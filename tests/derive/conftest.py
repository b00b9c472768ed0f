"""Small tables written by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pytest

from adaudit.derive import derive
from adaudit.schema import TABLES

Rows = Sequence[dict[str, Any]]


@pytest.fixture
def compute() -> Callable[..., dict[str, list[dict[str, Any]]]]:
    """Rows of every computed table, from rows of collected ones; columns not given are null."""

    def run(**tables: Rows) -> dict[str, list[dict[str, Any]]]:
        given = {name: pa.Table.from_pylist(list(rows), TABLES[name].arrow_schema) for name, rows in tables.items()}
        return {name: table.to_pylist() for name, table in derive(given).items()}

    return run
