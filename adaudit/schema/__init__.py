"""Every table declared once: columns, types, units, meaning and the attribute each is decoded from."""

from __future__ import annotations

from adaudit.schema.computed import COMPUTED_TABLES
from adaudit.schema.graph import GRAPH_TABLES
from adaudit.schema.identity import ACCOUNT_COLUMNS, IDENTITY_TABLES
from adaudit.schema.model import ARROW_TYPES, Column, Kind, Table
from adaudit.schema.paths import PATH_TABLES
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
    "TABLES",
    "Column",
    "Kind",
    "Table",
]

FORMAT_VERSION = 2

COLLECTED: dict[str, Table] = {t.name: t for t in (*IDENTITY_TABLES, *SERVICE_TABLES, *SECURITY_TABLES)}
DERIVED: dict[str, Table] = {t.name: t for t in (*COMPUTED_TABLES, *PATH_TABLES, *POLICY_TABLES)}
GRAPH: dict[str, Table] = {t.name: t for t in GRAPH_TABLES}
COMPUTED: dict[str, Table] = DERIVED | GRAPH
TABLES: dict[str, Table] = COLLECTED | COMPUTED
