"""ProtectAdminGroups: what AdminSDHolder protects."""

from __future__ import annotations

import pytest

from adaudit.graph.families.protection import protection
from tests.graph.small_forest import DOMAIN_SID, HEAD, SmallForest, pairs

SYSTEM = f"CN=System,{HEAD}"
HOLDER = f"CN=AdminSDHolder,{SYSTEM}"


def forest() -> SmallForest:
    forest = SmallForest()
    forest.add(SYSTEM)
    forest.add(HOLDER)
    return forest


def protected(forest: SmallForest) -> set[str]:
    found = pairs(forest.edges(protection), "ProtectAdminGroups")
    assert {source for source, _ in found} <= {HOLDER}
    return {target.partition(",")[0] for _, target in found}


def group(forest: SmallForest, name: str, sid: str, *members: str) -> str:
    """A group with new users in it."""
    dn = f"CN={name},{HEAD}"
    forest.add(dn, "group", sid=sid, rid=None)
    for member in members:
        rid = 1100 + len(forest.rows["principals"])
        forest.add(f"CN={member},{HEAD}", "user", rid=rid)
        forest.join(f"CN={member},{HEAD}", dn)
    return dn


def test_members_of_protected_groups_are_protected_at_any_depth_with_the_groups_between() -> None:
    directory = forest()
    admins = group(directory, "admins", f"{DOMAIN_SID}-512", "alice")
    inner = group(directory, "inner", f"{DOMAIN_SID}-1201", "bob")
    directory.join(inner, admins)
    directory.join(admins, inner)
    group(directory, "others", f"{DOMAIN_SID}-1202", "carol")
    assert protected(directory) == {"CN=admins", "CN=alice", "CN=inner", "CN=bob"}


@pytest.mark.parametrize("rid", [516, 521])
def test_groups_of_controllers_are_protected_without_their_members(rid: int) -> None:
    directory = forest()
    group(directory, "controllers", f"{DOMAIN_SID}-{rid}", "dc1")
    assert protected(directory) == {"CN=controllers"}


@pytest.mark.parametrize(("rid", "expected"), [(500, {"CN=x"}), (502, {"CN=x"}), (501, set()), (1500, set())])
def test_administrator_and_krbtgt_are_protected_by_themselves(rid: int, expected: set[str]) -> None:
    directory = forest()
    directory.add(f"CN=x,{HEAD}", "user", rid=rid)
    assert protected(directory) == expected


@pytest.mark.parametrize(
    ("mask", "left_out"),
    [("0", set()), ("1", {548}), ("2", {549}), ("4", {550}), ("8", {551}), ("f", {548, 549, 550, 551}), ("", set())],
)
def test_dsheuristics_can_leave_operator_groups_out_and_no_other(mask: str, left_out: set[int]) -> None:
    directory = forest()
    directory.row("forests", ds_heuristics=("000000000100000" + mask) if mask else None)
    rids = (544, 548, 549, 550, 551, 552)
    for rid in rids:
        group(directory, f"g{rid}", f"S-1-5-32-{rid}")
        directory.rows["principals"][-1]["domain_id"] = 0
    assert protected(directory) == {f"CN=g{rid}" for rid in rids if rid not in left_out}


def test_a_group_of_a_foreign_domain_with_the_same_rid_is_not_protected() -> None:
    directory = forest()
    group(directory, "elsewhere", "S-1-5-21-9-9-9-512", "alice")
    assert protected(directory) == set()


def test_without_adminsdholder_nothing_is_told() -> None:
    directory = SmallForest()
    group(directory, "admins", f"{DOMAIN_SID}-512", "alice")
    assert directory.edges(protection) == []
