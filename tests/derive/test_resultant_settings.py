"""Which settings of GPOs are in force below a container, with a slow and obvious reckoning as referee."""

from __future__ import annotations

import time
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adaudit.derive import derive
from adaudit.schema import TABLES

HEAD, OUTER, INNER, APART = 0, 1, 2, 3
ROOT = {"domain_id": 0, "dn": "DC=corp,DC=test", "is_root": True, "is_collected": True, "object_id": HEAD}
PLACES = {"objects": [(HEAD, None), (OUTER, HEAD), (INNER, OUTER), (APART, HEAD)]}
POLICY_SETTINGS = "Software\\Policies\\Microsoft\\Windows\\System"


def setting(gpo: int, name: str, value: str = "", **more: Any) -> dict[str, Any]:
    given_row = {"gpo_id": gpo, "side": "computer", "file": "Registry.pol", "kind": "registry", "section": "K"}
    return given_row | {"name": name, "value": value, "is_secret": False, "position": 0} | more


def resolve(links: list[tuple[int, int]], rows: list[dict[str, Any]], **flags: Any) -> dict[str, list[dict[str, Any]]]:
    """Computed tables of a domain of three OUs. ``links``: container and GPO, that of the highest precedence first."""
    orders: dict[int, int] = {}
    link_rows = []
    for container, gpo in links:
        orders[container] = orders.get(container, 0) + 1
        told = {"container_id": container, "order": orders[container], "gpo_id": gpo, "is_enabled": True}
        link_rows.append(told | {"is_enforced": gpo in flags.get("enforced", ())})
    gpos = [{"object_id": gpo, "domain_id": 0} | flags.get("gpos", {}).get(gpo, {}) for _, gpo in links]
    given_tables: dict[str, list[dict[str, Any]]] = {
        "domains": [ROOT],
        "objects": [{"object_id": o, "parent_id": p, "domain_id": 0} for o, p in PLACES["objects"]],
        "organizational_units": [
            {
                "object_id": object_id,
                "domain_id": 0,
                "kind": "ou" if parent is not None else "domain",
                "blocks_inheritance": object_id == flags.get("blocks"),
            }
            for object_id, parent in PLACES["objects"]
        ],
        "gpo_links": link_rows,
        "gpos": gpos,
        "gpo_settings": [row | {"position": position} for position, row in enumerate(rows)],
        "coverage": flags.get("coverage", []),
    }
    tables = {name: pa.Table.from_pylist(rows, TABLES[name].arrow_schema) for name, rows in given_tables.items()}
    return {name: table.to_pylist() for name, table in derive(tables).items()}


def in_force(found: dict[str, list[dict[str, Any]]], container: int, side: str = "computer") -> list[dict[str, Any]]:
    (scope,) = (row["scope_id"] for row in found["policy_scopes"] if row["container_id"] == container)
    return [row for row in found["resultant_settings"] if (row["scope_id"], row["side"]) == (scope, side)]


def values(
    found: dict[str, list[dict[str, Any]]], container: int, side: str = "computer"
) -> list[tuple[str, str, int]]:
    return [(row["name"], row["value"], row["gpo_id"]) for row in in_force(found, container, side)]


def test_the_nearest_policy_wins_and_tells_how_many_it_beats() -> None:
    rows = [setting(10, "A", "head"), setting(11, "a", "outer", section="k"), setting(12, "A", "inner")]
    found = resolve([(HEAD, 10), (OUTER, 11), (INNER, 12)], [*rows, setting(10, "B", "head")])
    assert values(found, INNER) == [("A", "inner", 12), ("B", "head", 10)]
    assert [(row["overridden"], row["rank"]) for row in in_force(found, INNER)] == [(2, 1), (0, 3)]
    assert values(found, OUTER) == [("a", "outer", 11), ("B", "head", 10)]
    assert values(found, APART) == [("A", "head", 10), ("B", "head", 10)]


def test_an_enforced_policy_beats_nearer_ones_and_blocked_inheritance() -> None:
    rows = [setting(10, "A", "head"), setting(11, "A", "outer"), setting(12, "A", "inner"), setting(11, "B", "outer")]
    found = resolve([(HEAD, 10), (OUTER, 11), (INNER, 12)], rows, enforced=(10,), blocks=INNER)
    (row,) = in_force(found, INNER)
    assert (row["value"], row["is_enforced"], row["overridden"]) == ("head", True, 1)


def test_a_disabled_side_of_a_policy_sets_nothing() -> None:
    rows = [setting(10, "A", "head"), setting(11, "A", "outer"), setting(11, "U", "outer", side="user")]
    found = resolve([(HEAD, 10), (OUTER, 11)], rows, gpos={11: {"computer_enabled": False}})
    assert values(found, OUTER) == [("A", "head", 10)]
    assert values(found, OUTER, "user") == [("U", "outer", 11)]


def test_a_wmi_filter_is_told_with_what_it_governs() -> None:
    rows = [setting(10, "A"), setting(11, "B")]
    found = resolve([(HEAD, 10), (HEAD, 11)], rows, gpos={11: {"wmi_filter": "[corp.test;{1};0]"}})
    assert {row["name"]: row["has_wmi_filter"] for row in in_force(found, HEAD)} == {"A": False, "B": True}


@pytest.mark.parametrize(
    ("instruction", "left"),
    [
        (("**del.A", " "), ["B", "C", "**del.A"]),
        (("**delvals.", " "), ["C", "**delvals."]),
        (("**DeleteValues", "a;b"), ["C", "**DeleteValues"]),
        (("**DeleteKeys", "Sub"), ["A", "B", "**DeleteKeys"]),
        (("**soft.A", "x"), ["A", "B", "C"]),
        (("**soft.D", "x"), ["A", "B", "C", "**soft.D"]),
    ],
)
def test_instructions_of_a_registry_policy_remove_what_weaker_ones_set(
    instruction: tuple[str, str], left: list[str]
) -> None:
    weaker = [setting(10, "A"), setting(10, "B"), setting(10, "C", section="K\\Sub\\Below")]
    found = resolve([(HEAD, 10), (OUTER, 11)], [*weaker, setting(11, *instruction)])
    assert [row["name"] for row in in_force(found, OUTER)] == left
    found = resolve([(OUTER, 10), (HEAD, 11)], [*weaker, setting(11, *instruction)])
    assert {"A", "B", "C"} <= {row["name"] for row in in_force(found, OUTER)}


def test_a_value_set_after_the_instruction_of_the_same_file_stays() -> None:
    found = resolve([(HEAD, 10), (OUTER, 11)], [setting(10, "A"), setting(11, "**delvals."), setting(11, "B")])
    assert [row["name"] for row in in_force(found, OUTER)] == ["**delvals.", "B"]


def test_a_soft_value_after_its_deletion_in_the_same_policy_is_set() -> None:
    rows = [setting(10, "B", "weaker"), setting(11, "**del.B"), setting(11, "**soft.B", "soft")]
    assert values(resolve([(HEAD, 10), (OUTER, 11)], rows), OUTER) == [("**soft.B", "soft", 11)]


def test_lists_of_rights_are_replaced_and_items_add_up() -> None:
    right = {"kind": "security_template", "section": "Privilege Rights", "file": "GptTmpl.inf"}
    item = {"kind": "preference", "section": "Groups/User[1]", "file": "Groups.xml"}
    rows = [
        setting(10, "SeDebugPrivilege", "S-1-5-32-544,S-1-5-32-545", **right),
        setting(10, "name", "adm", **item),
        setting(11, "SeDebugPrivilege", "S-1-5-32-544", **right),
        setting(11, "name", "adm", **item),
        setting(11, "Version", "1", kind="policy_version"),
        setting(11, "net use", "******", kind="script_secret"),
    ]
    assert values(resolve([(HEAD, 10), (OUTER, 11)], rows), OUTER) == [
        ("name", "adm", 10),
        ("SeDebugPrivilege", "S-1-5-32-544", 11),
        ("name", "adm", 11),
    ]


def test_audit_subcategories_are_the_same_in_every_language() -> None:
    audit = {"kind": "audit", "file": "audit.csv"}
    rows = [
        setting(10, "0cce923f", "3", section="Credential Validation", **audit),
        setting(11, "0cce923f", "0", section="Validation des informations", **audit),
    ]
    assert values(resolve([(HEAD, 10), (OUTER, 11)], rows), OUTER) == [("0cce923f", "0", 11)]


def test_a_policy_linked_twice_counts_once_where_it_is_strongest() -> None:
    found = resolve([(HEAD, 10), (OUTER, 11), (OUTER, 10)], [setting(10, "A", "ten"), setting(11, "A", "eleven")])
    (row,) = in_force(found, OUTER)
    assert (row["value"], row["rank"], row["overridden"]) == ("eleven", 1, 1)


@pytest.mark.parametrize(("value", "mode"), [("1", "merge"), ("2", "replace"), ("0", None)])
def test_loopback_is_told_where_its_setting_is_in_force(value: str, mode: str | None) -> None:
    rows = [setting(11, "UserPolicyMode", value, section=POLICY_SETTINGS.upper())]
    found = resolve([(HEAD, 10), (OUTER, 11)], rows)
    assert {row["container_id"]: row["loopback"] for row in found["policy_scopes"]} == {
        HEAD: None,
        OUTER: mode,
        INNER: mode,
        APART: None,
    }


def test_containers_with_the_same_policies_share_a_scope() -> None:
    found = resolve([(HEAD, 10), (OUTER, 11)], [])
    assert [(row["container_id"], row["scope_id"]) for row in found["policy_scopes"]] == [
        (HEAD, HEAD),
        (OUTER, OUTER),
        (INNER, OUTER),
        (APART, HEAD),
    ]


def test_a_policy_never_seen_and_files_never_read_are_told() -> None:
    unread = {"table_name": "gpo_settings", "column_name": "*", "domain_id": 0, "object_id": 10, "status": "denied"}
    found = resolve([(HEAD, 10)], [], coverage=[unread])["coverage"]
    told = [row for row in found if row["table_name"] in ("policy_scopes", "resultant_settings")]
    assert [(row["table_name"], row["object_id"], row["status"]) for row in told] == [
        ("resultant_settings", None, "denied")
    ]
    link = {"container_id": HEAD, "order": 1, "gpo_dn": "CN={1},CN=Policies", "is_enabled": True}
    tables = {"gpo_links": pa.Table.from_pylist([link], TABLES["gpo_links"].arrow_schema)}
    rows = derive(tables)["coverage"].to_pylist()
    that_follow = ("policy_targets", "registry_in_force", "user_rights", "local_group_members")
    assert {(row["table_name"], row["dn"], row["reason"]) for row in rows} == {
        (table, "CN={1},CN=Policies", "reference_unseen")
        for table in ("policy_scopes", "resultant_settings", *that_follow)
    }


def test_a_script_that_was_not_searched_for_secrets_leaves_no_setting_in_doubt() -> None:
    unread = {"table_name": "gpo_settings", "column_name": "is_secret", "domain_id": 0, "status": "denied"}
    found = resolve([(HEAD, 10)], [setting(10, "A")], coverage=[unread, unread | {"object_id": 10}])["coverage"]
    assert [row for row in found if row["table_name"] in ("policy_scopes", "resultant_settings")] == []


def test_a_disabled_link_applies_nothing_even_when_enforced() -> None:
    tables = {
        "domains": [ROOT],
        "organizational_units": [{"object_id": HEAD, "domain_id": 0, "kind": "domain"}],
        "objects": [{"object_id": HEAD, "domain_id": 0}],
        "gpos": [{"object_id": gpo, "domain_id": 0} for gpo in (10, 11)],
        "gpo_links": [
            {"container_id": HEAD, "order": 1, "gpo_id": 10, "is_enabled": False, "is_enforced": True},
            {"container_id": HEAD, "order": 2, "gpo_id": 11, "is_enabled": True, "is_enforced": False},
        ],
        "gpo_settings": [setting(10, "A", "ten"), setting(11, "A", "eleven")],
    }
    made = {name: pa.Table.from_pylist(rows, TABLES[name].arrow_schema) for name, rows in tables.items()}
    found = {name: table.to_pylist() for name, table in derive(made).items()}
    assert values(found, HEAD) == [("A", "eleven", 11)]


def test_of_enforced_policies_the_one_of_the_highest_container_wins() -> None:
    rows = [setting(10, "A", "head"), setting(11, "A", "outer"), setting(12, "A", "inner")]
    found = resolve([(HEAD, 10), (OUTER, 11), (INNER, 12)], rows, enforced=(10, 11, 12))
    assert [row["value"] for row in in_force(found, INNER)] == ["head"]
    assert [row["overridden"] for row in in_force(found, INNER)] == [2]


def test_a_policy_linked_below_and_enforced_above_wins_from_above() -> None:
    rows = [setting(10, "A", "ten"), setting(11, "A", "eleven")]
    found = resolve([(HEAD, 10), (OUTER, 11), (OUTER, 10)], rows, enforced=(10,), blocks=OUTER)
    assert values(found, OUTER) == [("A", "ten", 10)]


NAMES = ["A", "b", "**del.a", "**del.b", "**delvals.", "**DeleteValues", "**soft.B"]
ROWS = st.lists(
    st.builds(
        lambda gpo, name, section, value: setting(gpo, name, value, section=section),
        st.integers(10, 13),
        st.sampled_from(NAMES),
        st.sampled_from(["K", "k\\l"]),
        st.sampled_from(["a", "B;A"]),
    ),
    max_size=12,
)


def registry_of(rows: list[dict[str, Any]], order: list[int]) -> set[tuple[str, str, int]]:
    """Keys as a client writes them, one policy after the other, the strongest last."""
    registry: dict[tuple[str, str], tuple[str, str, int]] = {}
    for gpo in reversed(order):
        for row in (row for row in rows if row["gpo_id"] == gpo):
            section, name = row["section"].lower(), row["name"].lower()
            told = (row["name"], row["value"], gpo)
            if name == "**delvals.":
                registry = {key: v for key, v in registry.items() if key[0] != section or key[1].startswith("**")}
            elif name == "**deletevalues":
                for value in row["value"].lower().split(";"):
                    registry.pop((section, value), None)
            elif name.startswith("**soft."):
                if registry.get((section, name[7:]), ("**del.",))[0].startswith("**del."):
                    registry[(section, name[7:])] = told
                continue
            registry[(section, name.removeprefix("**del."))] = told
    return set(registry.values())


@settings(max_examples=80)
@given(ROWS, st.permutations([10, 11, 12, 13]))
def test_registry_values_are_those_that_a_client_would_write(rows: list[dict[str, Any]], order: list[int]) -> None:
    found = resolve([(HEAD, gpo) for gpo in order], rows)
    assert set(values(found, HEAD)) == registry_of(rows, order)


def test_a_thousand_units_under_two_hundred_policies_take_seconds() -> None:
    units = range(1, 1001)
    given_tables = {
        "domains": [ROOT],
        "objects": [{"object_id": o, "parent_id": 0 if o else None, "domain_id": 0} for o in (0, *units)],
        "organizational_units": [
            {"object_id": o, "domain_id": 0, "kind": "ou" if o else "domain", "blocks_inheritance": False}
            for o in (0, *units)
        ],
        "gpo_links": [
            {"container_id": 0, "order": n, "gpo_id": 2000 + n, "is_enabled": True, "is_enforced": False}
            for n in range(1, 101)
        ]
        + [
            {"container_id": o, "order": 1, "gpo_id": 2101 + o % 100, "is_enabled": True, "is_enforced": False}
            for o in units
        ],
        "gpos": [{"object_id": 2000 + n, "domain_id": 0} for n in range(1, 202)],
        "gpo_settings": [setting(2000 + n, f"V{v}", str(n)) for n in range(1, 202) for v in range(30)],
    }
    tables = {name: pa.Table.from_pylist(rows, TABLES[name].arrow_schema) for name, rows in given_tables.items()}
    start = time.process_time()
    found = derive(tables)
    assert time.process_time() - start < 10
    assert found["policy_scopes"].num_rows == 1001
    assert found["resultant_settings"].num_rows == 101 * 30
    assert set(found["resultant_settings"]["overridden"].to_pylist()) == {99, 100}
