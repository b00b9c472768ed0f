"""Every table declared once: columns, types, units, meaning and the attribute each is decoded from."""

from __future__ import annotations

from adaudit.schema.computed import COMPUTED_TABLES
from adaudit.schema.graph import GRAPH_TABLES
from adaudit.schema.identity import ACCOUNT_COLUMNS, IDENTITY_TABLES
from adaudit.schema.model import ARROW_TYPES, Column, Kind, Table
from adaudit.schema.observed import OBSERVED_TABLES
from adaudit.schema.policy import POLICY_TABLES
from adaudit.schema.security import SECURITY_TABLES
from adaudit.schema.services import SERVICE_TABLES

__all__ = [
    "ACCOUNT_COLUMNS",
    "ARROW_TYPES",
    "COLLECTED",
    "COMPUTED",
    "DERIVED",
    "FORMAT_VERSION",
    "GRAPH",
    "OBSERVED",
    "STORED",
    "TABLES",
    "Column",
    "Kind",
    "Table",
]

FORMAT_VERSION = 2

COLLECTED: dict[str, Table] = {t.name: t for t in (*IDENTITY_TABLES, *SERVICE_TABLES, *SECURITY_TABLES)}
DERIVED: dict[str, Table] = {t.name: t for t in (*COMPUTED_TABLES, *POLICY_TABLES)}
GRAPH: dict[str, Table] = {t.name: t for t in GRAPH_TABLES}
COMPUTED: dict[str, Table] = DERIVED | GRAPH
OBSERVED: dict[str, Table] = {t.name: t for t in OBSERVED_TABLES}
STORED: dict[str, Table] = COLLECTED | OBSERVED
"""What a snapshot may hold: every one has the collected tables, those that imported more have the observed ones."""

TABLES: dict[str, Table] = STORED | COMPUTED
