"""What hostile directories multiply is computed up to a bound, and the rest is told to be missing."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from adaudit.derive import bounds, derive, directives, resultant
from adaudit.derive.denying import Denying
from adaudit.derive.facts import Facts
from adaudit.derive.tokens import Tokens
from adaudit.schema import TABLES

DOMAIN = "S-1-5-21-1-2-3"
HEAD = 0
LONGEST_CHAIN = 724
"""Groups in a chain whose pairs, with three more, are no more than 1 << 18."""


def chain(length: int) -> dict[str, pa.Table]:
    """Groups 0 to ``length`` - 1, each in the next; beside them 100000 in 100001, in 100002."""
    inner = [*range(length - 1), 100_000, 100_001]
    outer = [*range(1, length), 100_001, 100_002]
    innermost = [{"principal_id": group, "type": "group"} for group in (0, 100_000)]
    return {
        "principals": pa.Table.from_pylist(innermost, TABLES["principals"].arrow_schema),
        "memberships": pa.table({"member_id": inner, "group_id": outer}),
    }


def told(coverage: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Tables that lack rows, and which table was cut."""
    found = [row for row in coverage if row["reason"] == "too_many"]
    assert all((row["status"], row["column_name"], row["object_id"]) == ("truncated", "*", None) for row in found)
    return {(row["table_name"], row["detail"]) for row in found}


def test_a_chain_of_groups_within_the_bound_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MOST_ROWS", 1 << 18)
    found = derive(chain(LONGEST_CHAIN))
    assert found["nested_groups"].num_rows == LONGEST_CHAIN * (LONGEST_CHAIN - 1) // 2 + 3
    assert told(found["coverage"].to_pylist()) == set()


def test_a_chain_one_group_longer_is_told_to_be_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MOST_ROWS", 1 << 18)
    found = derive(chain(LONGEST_CHAIN + 1))
    assert found["nested_groups"].num_rows <= bounds.MOST_ROWS
    assert told(found["coverage"].to_pylist()) == {("nested_groups", "nested_groups")}


def test_of_too_long_a_chain_each_group_keeps_its_nearest_ancestors(monkeypatch: pytest.MonkeyPatch) -> None:
    length = 5000
    monkeypatch.setattr(bounds, "MOST_ROWS", 100_000)
    found = derive(chain(length))
    nested = found["nested_groups"]
    share = bounds.MOST_ROWS // (length + 1)
    assert share < nested.num_rows <= bounds.MOST_ROWS
    assert told(found["coverage"].to_pylist()) == {("nested_groups", "nested_groups")}
    of_first = nested.filter(pc.equal(nested["group_id"], 0))
    assert of_first["ancestor_id"].to_pylist() == list(range(1, share + 1))
    of_small = nested.filter(pc.greater_equal(nested["group_id"], 100_000)).to_pylist()
    assert [tuple(row.values()) for row in of_small] == [
        (100_000, 100_001, 1),
        (100_000, 100_002, 2),
        (100_001, 100_002, 1),
    ]


def units(parents: list[int]) -> dict[str, list[dict[str, Any]]]:
    """OUs 1, 2 … in these parents, below the head of the domain, which is 0."""
    ous = list(enumerate(parents, start=1))
    head = {"domain_id": 0, "dn": "DC=corp,DC=test", "sid": DOMAIN, "object_id": HEAD, "is_collected": True}
    return {
        "domains": [head],
        "objects": [{"object_id": HEAD, "domain_id": 0}]
        + [{"object_id": ou, "parent_id": parent, "domain_id": 0} for ou, parent in ous],
        "organizational_units": [{"object_id": HEAD, "domain_id": 0, "kind": "domain"}]
        + [{"object_id": ou, "domain_id": 0, "kind": "ou"} for ou, _ in ous],
    }


def links(*pairs: tuple[int, int]) -> list[dict[str, Any]]:
    return [
        {"container_id": container, "order": order, "gpo_id": gpo, "is_enabled": True}
        for order, (container, gpo) in enumerate(pairs, start=1)
    ]


OF_SCOPES = {"resultant_settings", "registry_in_force", "user_rights", "local_group_members"}
OF_LINKS = {"applied_gpos", "tier0", "policy_scopes", "policy_targets", *OF_SCOPES}


def test_each_container_keeps_the_links_that_win_where_there_are_too_many(
    compute: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MOST_ROWS", 8)
    found = compute(**units([HEAD, HEAD, HEAD]), gpo_links=links(*((HEAD, 100 + n) for n in range(3)), (1, 200)))
    kept = [(row["container_id"], row["gpo_id"]) for row in found["applied_gpos"]]
    assert kept == [(0, 100), (0, 101), (1, 200), (1, 100), (2, 100), (2, 101), (3, 100), (3, 101)]
    assert told(found["coverage"]) == {(table, "applied_gpos") for table in OF_LINKS}


def test_organizational_units_deeper_than_a_directory_holds_are_told(compute: Any) -> None:
    for depth, expected in ((bounds.MOST_LEVELS - 1, set()), (bounds.MOST_LEVELS, OF_LINKS)):
        found = compute(**units(list(range(depth))), gpo_links=links((HEAD, 1000)))
        assert {table for table, _ in told(found["coverage"])} == expected
        assert [row["gpo_id"] for row in found["applied_gpos"]] == [1000] * (depth + 1)


def setting(gpo: int, name: str, value: str, **more: Any) -> dict[str, Any]:
    columns = {"gpo_id": gpo, "side": "computer", "file": "Registry.pol", "kind": "registry", "section": "Software"}
    return columns | {"name": name, "value": value} | more


def test_settings_of_countless_scopes_end_with_the_scopes_that_fit(
    compute: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resultant, "MOST_ROWS", 25)
    tables = units([HEAD] * 3) | {
        "gpo_links": links((HEAD, 100), (1, 101), (2, 102), (3, 103)),
        "gpo_settings": [setting(100, f"Value{n}", "1", position=n) for n in range(10)],
    }
    found = compute(**tables)
    assert {row["scope_id"] for row in found["resultant_settings"]} == {0, 1}
    assert {row["scope_id"] for row in found["registry_in_force"]} == {0, 1}
    assert told(found["coverage"]) == {(table, "resultant_settings") for table in OF_SCOPES}


def test_a_long_value_counts_as_many_settings(compute: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = units([HEAD]) | {
        "gpo_links": links((HEAD, 100), (1, 101)),
        "gpo_settings": [setting(100, "Value", "x" * 5000, position=0)],
    }
    assert len(compute(**tables)["resultant_settings"]) == 2
    monkeypatch.setattr(resultant, "MOST_ROWS", 60)
    assert len(compute(**tables)["resultant_settings"]) == 1


def test_trustees_of_a_user_right_are_told_as_far_as_they_fit(compute: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MOST_ROWS", 5)
    rights = {"kind": "security_template", "section": "Privilege Rights"}
    everybody = setting(100, "SeDebugPrivilege", ",".join(f"S-1-5-21-1-2-3-{n}" for n in range(9)), **rights)
    found = compute(**units([]), gpo_links=links((HEAD, 100)), gpo_settings=[everybody])
    assert len(found["user_rights"]) == 5
    assert told(found["coverage"]) == {("user_rights", "user_rights")}


def test_instructions_that_remove_values_without_end_are_told(compute: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = units([]) | {
        "gpo_links": links((HEAD, 100)),
        "gpo_settings": [
            *(setting(100, f"Value{n}", "1", position=n) for n in range(10)),
            *(setting(100, "**delvals.", " ", position=10 + n) for n in range(3)),
        ],
    }
    assert told(compute(**tables)["coverage"]) == set()
    monkeypatch.setattr(directives, "_MOST_REMOVED", 15)
    assert ("resultant_settings", "policy_scopes") in told(compute(**tables)["coverage"])


def test_delegations_to_a_name_that_many_bear_are_told_as_far_as_they_fit(
    compute: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MOST_ROWS", 7)
    spn = {"spn": "http/x", "service_class": "http", "host": "x"}
    found = compute(
        delegations=[{"object_id": n, "kind": "constrained", **spn} for n in range(3)],
        spns=[{"object_id": 10 + n, **spn} for n in range(3)],
    )
    assert [(row["object_id"], row["target_id"]) for row in found["delegation_targets"]] == [
        *((0, 10), (0, 11), (0, 12), (1, 10), (1, 11), (1, 12), (2, 10)),
    ]
    assert told(found["coverage"]) == {("delegation_targets", "delegation_targets")}


def test_deny_aces_of_the_longest_lists_are_left_out_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adaudit.derive.denying.MOST_PAIRS", 3)
    sd = pa.array([0] * 5 + [1] * 3).to_numpy()
    is_deny = pa.array([True, True, False, False, False, True, False, False]).to_numpy(zero_copy_only=False)
    denying = Denying(sd, is_deny)
    assert denying.is_cut
    assert [(deny.tolist(), allow.tolist()) for deny, allow in denying.pairs(~is_deny)] == [([5, 5], [6, 7])]


def test_who_carries_an_identity_is_who_has_it_in_the_token() -> None:
    principals = [
        {"principal_id": n, "sid": sid, "rid": int(sid.rsplit("-", 1)[1]), "type": "group"}
        for n, sid in enumerate(("S-1-1-0", "S-1-5-11", "S-1-5-7", *(f"{DOMAIN}-{rid}" for rid in range(1100, 1105))))
    ]
    pairs = [(3, 4), (4, 5), (5, 3), (1, 6), (6, 7)]
    tables = {
        "principals": pa.Table.from_pylist(principals, TABLES["principals"].arrow_schema),
        "memberships": pa.table({"member_id": [m for m, _ in pairs], "group_id": [g for _, g in pairs]}),
    }
    tokens = Tokens(Facts(tables))
    for principal in range(8):
        assert {other for other in range(8) if tokens.carries(principal, other)} == tokens.of(principal)
