"""Who reads the secrets of a domain by replication."""

from __future__ import annotations

import pytest

from adaudit.graph.families.replication import replication
from tests.graph.small_descriptors import guard, sid
from tests.graph.small_forest import HEAD, SmallForest, pairs

ASK, ALL = "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2", "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2"
FILTERED, REANIMATE = "89e95b76-444d-4c62-991a-0facbeda640c", "45ec5156-db7e-47bb-b53f-dbeb2d03c40f"
ANA, BOB = f"CN=Ana,{HEAD}", f"CN=Bob,{HEAD}"
SYNC, BACKUP = f"CN=Sync,{HEAD}", f"CN=Sauvegarde,{HEAD}"


@pytest.fixture
def forest() -> SmallForest:
    forest = SmallForest()
    for number, dn in enumerate((ANA, BOB)):
        forest.add(dn, "user", rid=1104 + number)
    for number, dn in enumerate((SYNC, BACKUP)):
        forest.add(dn, "group", rid=1110 + number, is_security=True)
    return forest


def may(right: str, rid: int, kind: str = "OA") -> str:
    return f"({kind};;CR;{right};;{sid(rid)})"


def test_whoever_holds_both_rights_reads_every_secret(forest: SmallForest) -> None:
    guard(forest, HEAD, "D:" + may(ASK, 1104) + may(ALL, 1104))
    edges = forest.edges(replication)
    assert [edge.kind for edge in edges] == ["GetChanges", "GetChangesAll", "DCSync"]
    assert {(edge.source, edge.target) for edge in edges} == {(ANA, HEAD)}
    right = "DS-Replication-Get-Changes-All"
    assert edges[-1].change == ("remove_ace", HEAD, sid(1104), right, None)


@pytest.mark.parametrize("right", [ASK, ALL, FILTERED])
def test_one_right_alone_gives_no_secret(forest: SmallForest, right: str) -> None:
    guard(forest, HEAD, "D:" + may(right, 1104))
    assert not pairs(forest.edges(replication), "DCSync")


def test_the_two_rights_may_come_through_two_groups(forest: SmallForest) -> None:
    guard(forest, HEAD, "D:" + may(ASK, 1110) + may(ALL, 1111))
    for group in (SYNC, BACKUP):
        forest.join(ANA, group)
    forest.join(BOB, BACKUP)
    assert pairs(forest.edges(replication), "DCSync") == {(ANA, HEAD)}


def test_a_group_nested_in_both_reads_every_secret(forest: SmallForest) -> None:
    guard(forest, HEAD, "D:" + may(ASK, 1110) + may(ALL, 1110) + may(ASK, 1111))
    forest.join(SYNC, BACKUP)
    assert pairs(forest.edges(replication), "DCSync") == {(SYNC, HEAD)}


def test_two_aces_for_the_same_right_are_two_proofs(forest: SmallForest) -> None:
    guard(forest, HEAD, "D:" + may(ASK, 1104) + may(ALL, 1104) + may(ALL, 1110))
    forest.join(ANA, SYNC)
    changes = [edge.change for edge in forest.edges(replication) if edge.kind == "DCSync"]
    assert [change and change[2] for change in changes] == [sid(1104), sid(1110)]


@pytest.mark.parametrize("rights", ["CR", "GA"])
def test_all_extended_rights_and_full_control_hold_both(forest: SmallForest, rights: str) -> None:
    guard(forest, HEAD, f"D:(A;;{rights};;;{sid(1104)})")
    edges = forest.edges(replication)
    assert [(edge.kind, edge.source) for edge in edges] == [("DCSync", ANA)]


def test_a_deny_ace_takes_the_right_from_members_of_the_group_that_holds_it(forest: SmallForest) -> None:
    guard(forest, HEAD, "D:" + may(ALL, 1104, "OD") + may(ASK, 1110) + may(ALL, 1110))
    for account in (ANA, BOB):
        forest.join(account, SYNC)
    assert pairs(forest.edges(replication), "DCSync") == {(BOB, HEAD)}


@pytest.mark.parametrize("who", ["SY", "PS"])
def test_the_system_and_self_are_nobody(forest: SmallForest, who: str) -> None:
    guard(forest, HEAD, f"D:(A;;GA;;;{who})")
    assert forest.edges(replication) == []


def test_an_ace_that_only_children_inherit_gives_nothing(forest: SmallForest) -> None:
    guard(forest, HEAD, f"D:(OA;CIIO;CR;{ASK};;{sid(1104)})(OA;CIIO;CR;{ALL};;{sid(1104)})")
    assert forest.edges(replication) == []


def test_a_head_whose_descriptor_was_not_read_tells_nothing(forest: SmallForest) -> None:
    forest.rows["objects"][0]["sd_id"] = None
    assert forest.edges(replication) == []


def test_a_head_that_is_not_among_the_objects_tells_nothing(forest: SmallForest) -> None:
    forest.rows["domains"][0]["object_id"] = 99
    assert forest.edges(replication) == []


def test_the_filtered_set_holds_the_passwords_of_laps(forest: SmallForest) -> None:
    legacy, windows, neither = (f"CN=PC{n},{HEAD}" for n in (1, 2, 3))
    forest.add(legacy, "computer", rid=1120, laps_expires_raw=1)
    forest.add(windows, "computer", rid=1121, windows_laps_expires_raw=1)
    forest.add(neither, "computer", rid=1122)
    forest.add(f"CN=PC4,{HEAD}", "computer", rid=1123, laps_expires_raw=1, is_enabled=False)
    guard(forest, HEAD, "D:" + may(ASK, 1104) + may(FILTERED, 1104) + may(FILTERED, 1105))
    edges = [edge for edge in forest.edges(replication) if edge.kind == "SyncLAPSPassword"]
    assert [(edge.source, edge.target, edge.difficulty) for edge in edges] == [
        (ANA, legacy, "direct"),
        (ANA, windows, "uncertain"),
    ]


def test_a_right_to_bring_deleted_objects_back_is_told(forest: SmallForest) -> None:
    guard(forest, HEAD, "D:" + may(REANIMATE, 1104))
    (edge,) = forest.edges(replication)
    assert (edge.kind, edge.source, edge.difficulty) == ("CanReanimateTombstone", ANA, "uncertain")
