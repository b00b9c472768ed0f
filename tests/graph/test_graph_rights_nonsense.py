"""Tables full of nulls, references to nothing, cycles and repeats make edges or none, never an error."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from adaudit.derive.facts import Facts
from adaudit.derive.file_rights import file_rights
from adaudit.graph.families.protection import protection
from adaudit.graph.families.rights import rights
from adaudit.graph.families.sysvol import sysvol
from adaudit.graph.graph import assemble
from adaudit.graph.nodes import Nodes
from adaudit.schema import TABLES
from adaudit.schema.model import Column, Kind

DOMAIN: Final = "S-1-5-21-1-2-3"
VALUES: Final[dict[Kind, st.SearchStrategy[Any]]] = {
    Kind.ID: st.integers(0, 5),
    Kind.INT: st.integers(0, 600),
    Kind.FLAGS: st.sampled_from((0, 0x12, 0x20, 0x40000, 0xF01FF, 0x80000000, 0xFFFFFFFF)),
    Kind.BOOL: st.booleans(),
    Kind.TEXT: st.sampled_from(("", "group", "user", "computer", "object", "file", "null", "present", "0" * 28 + "1")),
    Kind.SID: st.sampled_from(("S-1-1-0", "S-1-5-11", "S-1-3-4", "S-1-5-32-544", DOMAIN, f"{DOMAIN}-512", "")),
    Kind.GUID: st.sampled_from(("", "00000000-0000-0000-0000-000000000000", "bf9679c0-0de6-11d0-a285-00aa003049e2")),
    Kind.DN: st.sampled_from(("", "DC=corp", "CN=AdminSDHolder,CN=System,DC=corp")),
    Kind.TEXTS: st.lists(st.sampled_from(("top", "user", "computer")), max_size=2),
}
KEYS: Final = {"objects": "object_id", "principals": "principal_id", "security_descriptors": "sd_id"}
"""Rows that are numbered: the number is never null and stands once."""

READ: Final = (
    *("forests", "domains", "objects", "principals", "security_descriptors", "aces", "memberships"),
    *("users", "computers", "groups", "organizational_units", "applied_gpos", "directory_servers", "sysvol_files"),
)


def value_of(column: Column) -> st.SearchStrategy[Any]:
    return st.none() | VALUES.get(column.kind, st.none())


def table(name: str) -> st.SearchStrategy[pa.Table]:
    columns = {column.name: value_of(column) for column in TABLES[name].columns if column.kind in VALUES}
    key = KEYS.get(name)
    unique = (lambda row: row[key]) if key else None
    if key:
        columns[key] = VALUES[Kind.ID]
    rows = st.lists(st.fixed_dictionaries(columns), max_size=5, unique_by=unique)
    return rows.map(lambda found: pa.Table.from_pylist(found, TABLES[name].arrow_schema))


@settings(max_examples=200)
@given(st.fixed_dictionaries({}, optional={name: table(name) for name in READ}))
def test_nonsense_never_raises(tables: dict[str, pa.Table]) -> None:
    facts = Facts(tables)
    facts.add("file_rights", file_rights(facts))
    nodes = Nodes(facts)
    for family in (rights, protection, sysvol):
        graph = assemble(nodes.count, family(facts, nodes))
        assert graph.edges_table().num_rows == len(graph)
