"""Owners, and the change that removes an edge of a right."""

from __future__ import annotations

import pytest

from adaudit.graph.families.rights import rights
from tests.graph.small_forest import DOMAIN_SID, HEAD, SmallForest, Told
from tests.graph.small_rights import (
    CONTAINER_INHERIT,
    CONTROL,
    FULL,
    GENERIC_ALL,
    INHERIT_ONLY,
    INHERITED,
    MEMBER,
    READ,
    RESET,
    WRITE,
    WRITE_DAC,
    WRITE_OWNER,
    Given,
    descriptor,
)

ALICE, BOB = f"CN=alice,{HEAD}", f"CN=bob,{HEAD}"
ADMINS, SOINS = f"CN=Admins du domaine,{HEAD}", f"CN=soins,{HEAD}"
OU, INNER = f"OU=Soins,{HEAD}", f"OU=Urgences,OU=Soins,{HEAD}"
TARGET = f"CN=cible,{INNER}"
OWNER_RIGHTS = "S-1-3-4"
BLOCKED = "00000000010000000002000000001"


def forest_of_two_ous() -> SmallForest:
    forest = SmallForest()
    forest.add(ADMINS, "group", rid=512)
    forest.add(ALICE, "user", rid=1101)
    forest.add(BOB, "user", rid=1102)
    forest.add(SOINS, "group", rid=1201)
    forest.identity(OWNER_RIGHTS)
    return forest


def over_target(forest: SmallForest, *aces: Given, owner: str | None = None, object_class: str = "user") -> list[Told]:
    """Edges over an object of a class, in an OU in an OU that inherits."""
    forest.add(INNER, "organizationalUnit")
    forest.add(TARGET, object_class, rid=1300, sd=descriptor(forest, *aces, owner=owner))
    return [edge for edge in forest.edges(rights) if edge.target == TARGET]


def kinds(edges: list[Told]) -> set[tuple[str, str]]:
    return {(edge.source, edge.kind) for edge in edges}


def test_an_owner_may_be_replaced() -> None:
    forest = forest_of_two_ous()
    forest.add(OU, "organizationalUnit")
    [edge] = over_target(forest, owner=ALICE)
    assert (edge.kind, edge.source) == ("Owns", ALICE)
    assert edge.change == ("set_owner", TARGET, f"{DOMAIN_SID}-1101", "owner", None)


def test_owner_rights_replace_what_an_owner_has_and_are_told_as_what_they_give() -> None:
    forest = forest_of_two_ous()
    forest.add(OU, "organizationalUnit")
    [edge] = over_target(forest, Given(OWNER_RIGHTS, CONTROL, RESET), owner=ALICE)
    assert (edge.kind, edge.source) == ("ForceChangePassword", ALICE)
    assert edge.change == ("set_owner", TARGET, f"{DOMAIN_SID}-1101", "owner", None)


@pytest.mark.parametrize(
    ("flags", "mask", "expected"),
    [
        (INHERITED, READ, set()),
        (INHERITED, WRITE, {(BOB, "WriteOwner"), (ALICE, "GenericWrite")}),
        (0, READ, {(BOB, "WriteOwner")}),
    ],
)
def test_taking_ownership_is_worth_what_inherited_owner_rights_leave(
    flags: int, mask: int, expected: set[tuple[str, str]]
) -> None:
    forest = forest_of_two_ous()
    forest.add(OU, "organizationalUnit")
    aces = (Given(BOB, WRITE_OWNER), Given(OWNER_RIGHTS, mask, flags=flags))
    assert kinds(over_target(forest, *aces, owner=ALICE)) == expected


@pytest.mark.parametrize("owner", [ALICE, BOB, ADMINS])
def test_blocked_owners_have_nothing_over_computers_unless_they_are_administrators(owner: str) -> None:
    forest = forest_of_two_ous()
    forest.row("forests", ds_heuristics=BLOCKED)
    forest.join(BOB, ADMINS)
    forest.add(OU, "organizationalUnit")
    forest.add(INNER, "organizationalUnit")
    sd = descriptor(forest, Given(SOINS, WRITE_OWNER), owner=owner)
    chain = ["top", "person", "organizationalPerson", "user", "computer"]
    forest.add(TARGET, "computer", rid=1300, sd=sd)
    forest.rows["objects"][-1]["object_classes"] = chain
    edges = [edge for edge in forest.edges(rights) if edge.target == TARGET]
    assert kinds(edges) == ({(owner, "Owns")} if owner != ALICE else set())


def test_blocked_owners_keep_what_they_have_over_users() -> None:
    forest = forest_of_two_ous()
    forest.row("forests", ds_heuristics=BLOCKED)
    forest.add(OU, "organizationalUnit")
    edges = over_target(forest, Given(BOB, WRITE_OWNER), owner=ALICE)
    assert kinds(edges) == {(ALICE, "Owns"), (BOB, "WriteOwner")}


def test_an_explicit_ace_is_removed_from_the_object_with_all_that_it_gives() -> None:
    forest = forest_of_two_ous()
    forest.add(OU, "organizationalUnit")
    edges = over_target(forest, Given(ALICE, WRITE_DAC | WRITE))
    assert kinds(edges) == {(ALICE, "WriteDacl"), (ALICE, "GenericWrite")}
    assert {edge.change for edge in edges} == {("remove_ace", TARGET, f"{DOMAIN_SID}-1101", "write_dacl", None)}


def test_an_inherited_ace_is_removed_where_it_is_explicit_however_it_is_written_there() -> None:
    forest = forest_of_two_ous()
    flags = CONTAINER_INHERIT | INHERIT_ONLY
    forest.add(OU, "organizationalUnit", sd=descriptor(forest, Given(ALICE, GENERIC_ALL, flags=flags)))
    [edge] = over_target(forest, Given(ALICE, FULL, flags=INHERITED))
    assert edge.change == ("remove_ace", OU, f"{DOMAIN_SID}-1101", "full_control", None)


@pytest.mark.parametrize(
    "above",
    [
        Given(BOB, FULL, flags=CONTAINER_INHERIT),
        Given(ALICE, WRITE_DAC, flags=CONTAINER_INHERIT),
        Given(ALICE, FULL, MEMBER, CONTAINER_INHERIT),
        Given(ALICE, FULL),
        Given(ALICE, FULL, flags=CONTAINER_INHERIT | INHERITED),
        Given(ALICE, FULL, flags=CONTAINER_INHERIT, allow=False),
    ],
)
def test_an_inherited_ace_that_comes_from_nowhere_is_removed_from_the_object(above: Given) -> None:
    forest = forest_of_two_ous()
    forest.add(OU, "organizationalUnit", sd=descriptor(forest, above))
    [edge] = over_target(forest, Given(ALICE, FULL, flags=INHERITED))
    assert edge.change == ("remove_ace", TARGET, f"{DOMAIN_SID}-1101", "full_control", None)


def test_an_inherited_ace_does_not_come_from_above_the_head_of_its_naming_context() -> None:
    forest = forest_of_two_ous()
    forest.rows["objects"][0]["sd_id"] = descriptor(forest, Given(ALICE, FULL, flags=CONTAINER_INHERIT))
    configuration = f"CN=Configuration,{HEAD}"
    forest.add(configuration, "configuration", partition=1)
    sd = descriptor(forest, Given(ALICE, FULL, flags=INHERITED))
    forest.add(f"CN=modele,{configuration}", "pKICertificateTemplate", sd=sd, partition=1)
    [edge] = [edge for edge in forest.edges(rights) if edge.target == f"CN=modele,{configuration}"]
    assert edge.change is not None
    assert edge.change[1] == f"CN=modele,{configuration}"


def test_what_adminsdholder_hands_out_is_removed_there() -> None:
    forest = forest_of_two_ous()
    holder = f"CN=AdminSDHolder,CN=System,{HEAD}"
    forest.add(f"CN=System,{HEAD}")
    own = Given(BOB, WRITE_DAC)
    forest.add(holder, sd=descriptor(forest, Given(ALICE, FULL), protected=True))
    forest.rows["objects"][forest.rows["groups"][0]["object_id"]]["sd_id"] = descriptor(
        forest, own, Given(ALICE, FULL), protected=True
    )
    changes = {edge.source: edge.change for edge in forest.edges(rights) if edge.target == ADMINS}
    assert changes == {
        ALICE: ("remove_ace", holder, f"{DOMAIN_SID}-1101", "full_control", None),
        BOB: ("remove_ace", ADMINS, f"{DOMAIN_SID}-1102", "write_dacl", None),
    }


def test_a_right_that_is_denied_to_a_member_goes_to_the_others_and_is_removed_from_the_object() -> None:
    forest = forest_of_two_ous()
    forest.join(ALICE, SOINS)
    forest.join(BOB, SOINS)
    forest.add(OU, "organizationalUnit", sd=descriptor(forest, Given(SOINS, FULL, flags=CONTAINER_INHERIT)))
    edges = over_target(forest, Given(ALICE, FULL, allow=False), Given(SOINS, FULL, flags=INHERITED))
    assert kinds(edges) == {(BOB, "GenericAll")}
    assert edges[0].change == ("remove_ace", TARGET, f"{DOMAIN_SID}-1201", "full_control", None)


def test_a_nested_group_without_anyone_denied_keeps_one_edge() -> None:
    forest = forest_of_two_ous()
    inner = f"CN=garde,{HEAD}"
    forest.add(inner, "group", rid=1202)
    forest.join(BOB, inner)
    forest.join(inner, SOINS)
    forest.join(ALICE, SOINS)
    forest.add(OU, "organizationalUnit")
    edges = over_target(forest, Given(ALICE, FULL, allow=False), Given(SOINS, FULL))
    assert kinds(edges) == {(inner, "GenericAll")}


def test_a_group_with_too_many_members_to_tell_apart_keeps_its_edge_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adaudit.graph.rights.denials.MOST_PARTS", 0)
    forest = forest_of_two_ous()
    forest.join(ALICE, SOINS)
    forest.join(BOB, SOINS)
    forest.add(OU, "organizationalUnit")
    [edge] = over_target(forest, Given(ALICE, FULL, allow=False), Given(SOINS, FULL))
    assert (edge.source, edge.detail) == (SOINS, "denied to some of its members")
