"""SID history counts here whatever domain its SIDs are of: trusts filter what comes from the other side."""

from __future__ import annotations

import pytest

from adaudit.graph.families.history import history
from tests.graph.small_forest import DOMAIN_SID, HEAD, SmallForest, pairs

ANA, ADMINS = f"CN=Ana,{HEAD}", f"CN=Enterprise Admins,{HEAD}"
PARTNER = "S-1-5-21-9-9-9"
FOREST = {"is_forest_transitive": True}


@pytest.fixture
def forest() -> SmallForest:
    forest = SmallForest()
    forest.add(ANA, "user", rid=1104)
    forest.add(ADMINS, "group", rid=519)
    return forest


def remember(forest: SmallForest, sid: str) -> None:
    ana = next(o["object_id"] for o in forest.rows["objects"] if o["dn"] == ANA)
    forest.row("sid_history", object_id=ana, sid=sid, source_id=forest.principal(sid))


def trust(forest: SmallForest, **flags: bool | int) -> None:
    trust = forest.add(f"CN=partner.test,{HEAD}", "trustedDomain")
    known: dict[str, bool | int] = {"is_outbound": True, "trust_type": 2, "trust_attributes": 0}
    forest.row("trusts", object_id=trust, partner_sid=PARTNER, **(known | flags))


def test_a_sid_of_the_forest_makes_the_account_that_identity(forest: SmallForest) -> None:
    remember(forest, f"{DOMAIN_SID}-519")
    (edge,) = forest.edges(history)
    assert (edge.kind, edge.source, edge.target, edge.difficulty) == ("HasSIDHistory", ANA, ADMINS, "direct")
    assert (edge.bearer, edge.attribute, edge.detail) == (ANA, "sIDHistory", f"{DOMAIN_SID}-519")
    assert edge.change == ("remove_sid_history", ANA, None, None, f"{DOMAIN_SID}-519")


@pytest.mark.parametrize("rid", [512, 1105])
@pytest.mark.parametrize(
    "flags", [{}, FOREST, {"is_quarantined": True}, {"is_outbound": False}, {"is_cross_organization": True}, None]
)
def test_a_foreign_sid_counts_in_the_domain_of_the_account_whatever_its_trust_filters(
    forest: SmallForest, flags: dict[str, bool] | None, rid: int
) -> None:
    forest.foreign(f"{PARTNER}-{rid}")
    remember(forest, f"{PARTNER}-{rid}")
    if flags is not None:
        trust(forest, **flags)
    edges = forest.edges(history)
    assert [(edge.source, edge.target, edge.difficulty) for edge in edges] == [(ANA, f"{PARTNER}-{rid}", "direct")]


def test_a_sid_that_no_identity_bears_gives_nothing(forest: SmallForest) -> None:
    forest.row("sid_history", object_id=1, sid="S-1-5-21-7-7-7-1105", source_id=None)
    assert forest.edges(history) == []


def test_objects_that_share_a_sid_share_what_it_gives(forest: SmallForest) -> None:
    twin = f"CN=Ana CNF,{HEAD}"
    object_id = forest.add(twin, "user")
    forest.rows["users"][-1] |= {
        "object_id": object_id,
        "sid": f"{DOMAIN_SID}-1104",
        "principal_id": forest.principal(ANA),
    }
    edges = forest.edges(history)
    assert pairs(edges, "HasSIDHistory") == {(twin, ANA)}
    assert {edge.change for edge in edges} == {("delete_duplicate", twin, f"{DOMAIN_SID}-1104", None, None)}
