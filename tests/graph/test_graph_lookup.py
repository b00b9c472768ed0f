"""A node is found by whatever people call it; a name that says nothing, or too much, is an error with candidates."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from adaudit.derive.facts import Facts
from adaudit.graph.answers.lookup import Lookup, NotFound
from adaudit.graph.nodes import Nodes
from adaudit.schema import TABLES

CHU, HL = "S-1-5-21-1-2-3", "S-1-5-21-4-5-6"

ROWS: dict[str, list[dict[str, Any]]] = {
    "domains": [
        {"domain_id": 0, "dn": "DC=chu,DC=test", "dns_name": "chu.test", "netbios_name": "CHU", "sid": CHU},
        {"domain_id": 1, "dn": "DC=hl,DC=test", "dns_name": "hl.test", "netbios_name": "HL", "sid": HL},
    ],
    "objects": [
        {"object_id": 0, "guid": "00000000-0000-0000-0000-00000000000a", "dn": "CN=Zoé,DC=chu,DC=test", "name": "Zoé"},
        {"object_id": 1, "guid": "00000000-0000-0000-0000-00000000000b", "dn": "CN=Zoé,DC=hl,DC=test", "name": "Zoé"},
        {"object_id": 2, "dn": "CN=PC1,DC=chu,DC=test", "name": "PC1"},
        {"object_id": 3, "dn": "CN={31},CN=Policies,CN=System,DC=chu,DC=test", "name": "{31}"},
        {"object_id": 4, "dn": "OU=Serveurs,DC=chu,DC=test", "name": "Serveurs"},
        {"object_id": 5, "dn": "OU=Serveurs,DC=hl,DC=test", "name": "Serveurs"},
    ],
    "principals": [
        {
            "principal_id": 0,
            "sid": f"{CHU}-1104",
            "object_id": 0,
            "domain_id": 0,
            "name": "zoe",
            "dn": "CN=Zoé,DC=chu,DC=test",
        },
        {
            "principal_id": 1,
            "sid": f"{HL}-1105",
            "object_id": 1,
            "domain_id": 1,
            "name": "zoe",
            "dn": "CN=Zoé,DC=hl,DC=test",
        },
        {"principal_id": 2, "sid": f"{CHU}-1106", "object_id": 2, "domain_id": 0, "name": "PC1$", "type": "computer"},
        {"principal_id": 3, "sid": "S-1-5-11", "name": "Authenticated Users", "type": "well_known"},
    ],
    "users": [{"object_id": 0, "user_principal_name": "zoe.b@hopital.test"}],
    "computers": [{"object_id": 2, "dns_host_name": "pc1.chu.test"}],
    "gpos": [{"object_id": 3, "name": "{31}", "display_name": "Politique des postes"}],
}


@pytest.fixture
def lookup() -> Lookup:
    facts = Facts({name: pa.Table.from_pylist(rows, TABLES[name].arrow_schema) for name, rows in ROWS.items()})
    return Lookup(facts, Nodes(facts))


@pytest.mark.parametrize(
    ("text", "node"),
    [
        (f"{CHU}-1104", 0),
        (f"{CHU.lower()}-1104", 0),
        ("00000000-0000-0000-0000-00000000000B", 1),
        ("cn=zoé,dc=hl,dc=test", 1),
        ("CHU\\Zoe", 0),
        ("zoe@hl.test", 1),
        ("zoe.b@hopital.test", 0),
        ("pc1", 2),
        ("PC1$", 2),
        ("pc1.chu.test", 2),
        ("politique des postes", 3),
        ("authenticated users", 6),
        (" S-1-5-11 ", 6),
    ],
)
def test_a_name_of_any_kind_finds_its_node(lookup: Lookup, text: str, node: int) -> None:
    assert lookup.node(text) == node


@pytest.mark.parametrize("text", ["zoe", "Serveurs"])
def test_a_name_that_two_things_bear_is_refused_with_both(lookup: Lookup, text: str) -> None:
    with pytest.raises(NotFound, match="ambiguous") as refused:
        lookup.node(text)
    assert len(refused.value.candidates) == 2
    assert "DC=chu" in str(refused.value)
    assert "DC=hl" in str(refused.value)


def test_a_name_that_nothing_bears_is_refused_with_what_resembles_it(lookup: Lookup) -> None:
    with pytest.raises(NotFound, match="nothing is called zoee") as refused:
        lookup.node("zoee")
    assert refused.value.candidates == ("zoe",)


@pytest.mark.parametrize("text", ["", "\x1b[31m", "*", "%", "a" * 10_000])
def test_a_hostile_name_is_only_not_found(lookup: Lookup, text: str) -> None:
    with pytest.raises(NotFound) as refused:
        lookup.node(text)
    assert "\x1b" not in str(refused.value)
    assert len(str(refused.value)) < 300
