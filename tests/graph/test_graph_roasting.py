"""What anybody can try or make is told, and no path follows it."""

from __future__ import annotations

from typing import Any

import pytest

from adaudit.graph.families.roasting import roasting
from adaudit.graph.kinds import CODE_OF, EDGE_KINDS
from tests.graph.small_forest import HEAD, SmallForest, pairs

ANA, STAFF = f"CN=Ana,{HEAD}", f"CN=Staff,{HEAD}"
EVERYONE, ANONYMOUS, AUTHENTICATED = "S-1-1-0", "S-1-5-7", "S-1-5-11"
JOIN = "SeMachineAccountPrivilege"


@pytest.fixture
def forest() -> SmallForest:
    forest = SmallForest()
    for sid in (EVERYONE, ANONYMOUS, AUTHENTICATED):
        forest.identity(sid)
    return forest


def test_no_path_follows_them() -> None:
    assert not any(
        EDGE_KINDS[CODE_OF[kind]].is_traversable for kind in ("HasSPN", "DontReqPreauth", "MachineAccountQuota")
    )


@pytest.mark.parametrize(
    ("object_class", "rid", "flags", "is_told"),
    [
        ("user", 1104, {}, True),
        ("user", 1104, {"is_enabled": False}, False),
        ("user", 502, {}, False),
        ("computer", 1104, {}, False),
    ],
)
def test_tickets_of_enabled_users_with_an_spn_can_be_asked_for(
    forest: SmallForest, object_class: str, rid: int, flags: dict[str, Any], is_told: bool
) -> None:
    account = forest.add(ANA, object_class, rid=rid, **flags)
    for spn in ("HTTP/a", "HTTP/b"):
        forest.row("spns", object_id=account, spn=spn)
    edges = forest.edges(roasting)
    assert pairs(edges, "HasSPN") == ({(AUTHENTICATED, ANA)} if is_told else set())
    assert len(edges) == is_told


@pytest.mark.parametrize(
    ("flags", "is_told"),
    [({"preauth_not_required": True}, True), ({"preauth_not_required": True, "is_enabled": False}, False), ({}, False)],
)
def test_anonymous_gets_what_the_key_of_an_account_without_preauthentication_encrypts(
    forest: SmallForest, flags: dict[str, Any], is_told: bool
) -> None:
    forest.add(ANA, "user", rid=1104, **flags)
    assert pairs(forest.edges(roasting), "DontReqPreauth") == ({(ANONYMOUS, ANA)} if is_told else set())


@pytest.mark.parametrize(("quota", "is_told"), [(10, True), (0, False), (None, False)])
def test_anybody_joins_computers_while_the_quota_allows(forest: SmallForest, quota: int | None, is_told: bool) -> None:
    forest.rows["domains"][0]["machine_account_quota"] = quota
    edges = forest.edges(roasting)
    assert pairs(edges, "MachineAccountQuota") == ({(AUTHENTICATED, HEAD)} if is_told else set())


def with_right(forest: SmallForest, scope: int, *trustees: str) -> set[tuple[str, str]]:
    """What is told when a policy of that scope gives the right to join; controllers are in scope 1."""
    forest.rows["domains"][0]["machine_account_quota"] = 10
    place = forest.add(f"OU=Domain Controllers,{HEAD}", "organizationalUnit")
    forest.add(f"CN=DC1,OU=Domain Controllers,{HEAD}", "computer", rid=1001, is_server_account=True)
    given = [{"scope_id": scope, "right": JOIN, "principal_id": forest.principal(name)} for name in trustees]
    edges = forest.edges(
        roasting,
        policy_scopes=[{"container_id": place, "scope_id": 1}],
        resultant_settings=[{"scope_id": scope, "section": "Privilege Rights", "name": JOIN}],
        user_rights=given,
    )
    return pairs(edges, "MachineAccountQuota")


def test_the_right_to_join_decides_when_a_policy_of_controllers_gives_it(forest: SmallForest) -> None:
    forest.add(STAFF, "group", rid=1105)
    assert with_right(forest, 1, STAFF) == {(STAFF, HEAD)}


def test_nobody_joins_when_that_policy_gives_it_to_nobody(forest: SmallForest) -> None:
    assert with_right(forest, 1) == set()


def test_a_policy_of_other_computers_does_not_decide(forest: SmallForest) -> None:
    forest.add(STAFF, "group", rid=1105)
    assert with_right(forest, 2, STAFF) == {(AUTHENTICATED, HEAD)}
