"""SysvolWrite: who can change the files of a policy."""

from __future__ import annotations

import pytest

from adaudit.graph.families.sysvol import sysvol
from tests.graph.small_forest import DOMAIN_SID, HEAD, SmallForest
from tests.graph.small_rights import INHERIT_ONLY, INHERITED, Given, descriptor

ALICE, BOB = f"CN=alice,{HEAD}", f"CN=bob,{HEAD}"
POLICIES = r"corp.test\Policies"
NAMES = ("{A1}", "{A2}")
GPOS = tuple(f"CN={name},CN=Policies,CN=System,{HEAD}" for name in NAMES)
WRITE, APPEND, DELETE, DELETE_CHILD, READ, FILE_ALL = 0x2, 0x4, 0x10000, 0x40, 0x120089, 0x1F01FF


def forest() -> SmallForest:
    forest = SmallForest()
    forest.add(ALICE, "user", rid=1101)
    forest.add(BOB, "user", rid=1102)
    for sid in ("S-1-5-18", "S-1-3-0"):
        forest.identity(sid)
    for dn in GPOS:
        forest.add(dn, "groupPolicyContainer")
    return forest


def put(forest: SmallForest, path: str, gpo: int | None, *aces: Given, owner: str | None = None) -> None:
    """A file or folder; ``gpo``: number of the policy it is in."""
    sd = descriptor(forest, *aces, owner=owner)
    forest.rows["security_descriptors"][sd]["role"] = "file"
    found = None if gpo is None else next(o["object_id"] for o in forest.rows["objects"] if o["dn"] == GPOS[gpo])
    policy = "" if gpo is None else NAMES[gpo]
    forest.row("sysvol_files", domain_id=0, path=path, gpo_id=found, policy=policy, is_folder=True, sd_id=sd)


def told(forest: SmallForest) -> set[tuple[str, str, str | None]]:
    return {(edge.source, edge.target, edge.detail) for edge in forest.edges(sysvol)}


@pytest.mark.parametrize(
    ("mask", "is_told"),
    [
        (WRITE, True),
        (APPEND, True),
        (0x40000, True),
        (0x80000, True),
        (FILE_ALL, True),
        (0x10000000, True),
        (DELETE, False),
        (DELETE_CHILD, False),
        (READ, False),
    ],
)
def test_whoever_can_change_a_file_has_the_policy(mask: int, is_told: bool) -> None:
    directory = forest()
    path = rf"{POLICIES}\{{A1}}\GPT.INI"
    put(directory, path, 0, Given(ALICE, mask))
    assert told(directory) == ({(ALICE, GPOS[0], path)} if is_told else set())


def test_owners_count_and_the_system_does_not() -> None:
    directory = forest()
    path = rf"{POLICIES}\{{A1}}"
    put(directory, path, 0, Given("S-1-5-18", FILE_ALL), Given("S-1-3-0", FILE_ALL), owner=BOB)
    [edge] = directory.edges(sysvol)
    assert (edge.source, edge.attribute) == (BOB, "owner")


def test_denied_and_only_inherited_rights_do_not_count() -> None:
    directory = forest()
    aces = (Given(ALICE, FILE_ALL, allow=False), Given(ALICE, FILE_ALL), Given(BOB, FILE_ALL, flags=INHERIT_ONLY))
    put(directory, rf"{POLICIES}\{{A1}}", 0, *aces)
    assert told(directory) == set()


def test_the_topmost_file_is_told_and_one_change_removes_all_of_a_trustee() -> None:
    directory = forest()
    folder = rf"{POLICIES}\{{A1}}"
    for path in (rf"{folder}\Machine", rf"{folder}\Machine\Scripts", rf"{folder}\User"):
        put(directory, path, 0, Given(ALICE, FILE_ALL, flags=INHERITED))
    edges = directory.edges(sysvol)
    assert {edge.detail for edge in edges} == {rf"{folder}\Machine", rf"{folder}\User"}
    assert {edge.change for edge in edges} == {("restrict_file", GPOS[0], f"{DOMAIN_SID}-1101", None, folder)}


def test_the_master_of_the_folder_of_policies_has_them_all_and_who_only_writes_there_has_none() -> None:
    directory = forest()
    for number in (0, 1):
        put(directory, rf"{POLICIES}\{NAMES[number]}", number)
    put(directory, POLICIES, None, Given(ALICE, FILE_ALL), Given(BOB, WRITE | APPEND))
    put(directory, r"corp.test\scripts", None, Given(BOB, FILE_ALL))
    assert told(directory) == {(ALICE, gpo, POLICIES) for gpo in GPOS}
    assert len({edge.change for edge in directory.edges(sysvol)}) == 1


def test_a_conditional_right_is_uncertain_unless_another_has_no_condition() -> None:
    directory = forest()
    put(directory, rf"{POLICIES}\{{A1}}", 0, Given(ALICE, FILE_ALL, is_conditional=True))
    put(directory, rf"{POLICIES}\{{A2}}", 1, Given(ALICE, FILE_ALL, is_conditional=True), Given(ALICE, WRITE))
    assert {edge.target: edge.difficulty for edge in directory.edges(sysvol)} == {
        GPOS[0]: "uncertain",
        GPOS[1]: "direct",
    }
