"""Who can have a delegated managed service account succeed whichever account."""

from __future__ import annotations

from typing import Final

import pytest

from adaudit.graph.families.bad_successor import bad_successor
from tests.graph.small_descriptors import guard, sid
from tests.graph.small_forest import HEAD, SmallForest, Told

DELEGATED: Final = "0feb936f-47b3-49f2-9386-1dedc2c23765"
STATE, LINK = "2f5c138a-bd38-4016-88b4-0ec87cbb4919", "a0945b2b-57a2-43bd-b327-4d112a4e8bd1"
COMPUTER_CLASS: Final = "bf967a86-0de6-11d0-a285-00aa003049e2"
ANA, CONTROLLER = f"CN=Ana,{HEAD}", f"CN=DC1,{HEAD}"
DESKS, SERVICES = f"OU=Postes,{HEAD}", f"OU=Services,{HEAD}"
ACCOUNT = f"CN=Svc,{SERVICES}"


@pytest.fixture
def forest() -> SmallForest:
    forest = SmallForest()
    forest.row("partitions", partition_id=0, kind="domain")
    forest.row("schema_classes", name="msDS-DelegatedManagedServiceAccount", guid=DELEGATED)
    forest.add(ANA, "user", rid=1104)
    controller = forest.add(CONTROLLER, "computer", rid=1000, operating_system="Windows Server 2025 Standard")
    forest.rows["computers"][0] |= {"is_server_account": True, "primary_group_rid": 516}
    assert controller == forest.rows["computers"][0]["object_id"]
    for dn in (DESKS, SERVICES):
        forest.add(dn, "organizationalUnit")
    return forest


def by(forest: SmallForest, source: str) -> list[Told]:
    return [edge for edge in forest.edges(bad_successor) if edge.source == source]


@pytest.mark.parametrize("ace", ["(OA;;CC;{0};;{1})", "(A;;CC;;;{1})", "(A;;GA;;;{1})"])
def test_whoever_may_make_such_an_account_gets_the_domain(forest: SmallForest, ace: str) -> None:
    guard(forest, DESKS, "D:" + ace.format(DELEGATED, sid(1104)))
    (edge,) = by(forest, ANA)
    assert (edge.kind, edge.target, edge.difficulty) == ("CanUseBadSuccessor", HEAD, "prerequisite")
    assert (edge.bearer, edge.change and edge.change[:3]) == (DESKS, ("remove_ace", DESKS, sid(1104)))


@pytest.mark.parametrize(
    "ace",
    [
        "(OA;;CC;{2};;{1})",
        "(OA;CIIO;CC;{0};;{1})",
        "(OD;;CC;{0};;{1})(OA;;CC;{0};;{1})",
        "(A;;DC;;;{1})",
    ],
    ids=["another class", "only below", "denied", "delete"],
)
def test_other_rights_make_no_such_account(forest: SmallForest, ace: str) -> None:
    guard(forest, DESKS, "D:" + ace.format(DELEGATED, sid(1104), COMPUTER_CLASS))
    assert by(forest, ANA) == []


def test_whoever_takes_a_container_can_make_one_there(forest: SmallForest) -> None:
    (edge,) = by(forest, DESKS)
    assert (edge.target, edge.change) == (HEAD, None)


def test_a_right_that_many_containers_inherit_is_told_once(forest: SmallForest) -> None:
    guard(forest, HEAD, f"D:(OA;CI;CC;{DELEGATED};;{sid(1104)})")
    for dn in (DESKS, SERVICES):
        guard(forest, dn, f"D:(OA;CIID;CC;{DELEGATED};;{sid(1104)})")
    (edge,) = by(forest, ANA)
    assert edge.change is not None
    assert edge.change[:3] == ("remove_ace", HEAD, sid(1104))


@pytest.mark.parametrize(
    ("ace", "difficulty"),
    [
        ("(A;;WP;;;{0})", "prerequisite"),
        ("(A;;WD;;;{0})", "prerequisite"),
        (f"(OA;;WP;{STATE};;{{0}})", "uncertain"),
        (f"(OA;;WP;{LINK};;{{0}})", "uncertain"),
    ],
)
def test_whoever_writes_the_succession_of_an_account_gets_the_domain(
    forest: SmallForest, ace: str, difficulty: str
) -> None:
    forest.add(ACCOUNT, "msDS-GroupManagedServiceAccount", rid=1130, kind="dmsa")
    guard(forest, ACCOUNT, "D:" + ace.format(sid(1104)))
    assert [(edge.bearer, edge.difficulty) for edge in by(forest, ANA)] == [(ACCOUNT, difficulty)]


def test_a_group_managed_account_succeeds_nobody(forest: SmallForest) -> None:
    forest.add(ACCOUNT, "msDS-GroupManagedServiceAccount", rid=1130, kind="gmsa")
    guard(forest, ACCOUNT, f"D:(A;;WP;;;{sid(1104)})")
    assert by(forest, ANA) == []


@pytest.mark.parametrize(
    ("system", "version", "difficulties"),
    [
        ("Windows Server 2025 Datacenter", "10.0 (26100)", {"prerequisite"}),
        (None, "10.0 (26100)", {"prerequisite"}),
        (None, None, {"uncertain"}),
        ("Windows Server 2022 Standard", "10.0 (20348)", set()),
        ("Samba", "4.17 (²)", set()),
    ],
)
def test_it_takes_a_controller_of_windows_server_2025(
    forest: SmallForest, system: str | None, version: str | None, difficulties: set[str]
) -> None:
    forest.rows["computers"][0] |= {"operating_system": system, "operating_system_version": version}
    assert {edge.difficulty for edge in forest.edges(bad_successor)} == difficulties


def test_it_takes_the_class_in_the_schema(forest: SmallForest) -> None:
    forest.rows["schema_classes"][0]["name"] = "user"
    assert forest.edges(bad_successor) == []
    forest.rows["schema_classes"] = []
    assert {edge.difficulty for edge in forest.edges(bad_successor)} == {"uncertain"}


@pytest.mark.parametrize(("version", "difficulties"), [(88, set()), (91, {"prerequisite"})])
def test_the_version_of_the_schema_tells_where_its_classes_were_not_read(
    forest: SmallForest, version: int, difficulties: set[str]
) -> None:
    forest.rows["schema_classes"] = []
    forest.row("forests", schema_version=version)
    assert {edge.difficulty for edge in forest.edges(bad_successor)} == difficulties


def test_containers_of_other_naming_contexts_hold_no_accounts(forest: SmallForest) -> None:
    sites = f"CN=Sites,CN=Configuration,{HEAD}"
    forest.row("partitions", partition_id=1, kind="configuration")
    forest.add(sites, "container", partition=1)
    assert by(forest, sites) == []
