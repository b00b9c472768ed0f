"""An edge that a fact which was not read might forbid is told, and never as sure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from adaudit.graph.analysis import Analysis
from adaudit.graph.kinds import CODE_OF, Difficulty
from tests.graph.small_descriptors import guard, sid
from tests.graph.small_forest import HEAD, SmallForest
from tests.graph.small_pki import ENROLL, SUPPLIES_SUBJECT, install, publish

UNIT, INNER, GPO = f"OU=Soins,{HEAD}", f"OU=Postes,OU=Soins,{HEAD}", f"CN={{1}},{HEAD}"
ANA, SUPPORT, RODC, TRUST = (f"CN={name},{HEAD}" for name in ("Ana", "Support", "RODC1", "autre.test"))
TEMPLATE = f"CN=Carte,CN=Services,{HEAD}"
SURE = {Difficulty.DIRECT, Difficulty.PREREQUISITE}


@pytest.fixture
def forest() -> SmallForest:
    """One edge of each kind that a fact may forbid."""
    forest = SmallForest()
    install(forest)
    unit = forest.add(UNIT, "organizationalUnit")
    forest.add(INNER, "organizationalUnit")
    forest.add(f"CN=PC,{INNER}", "computer", rid=1130)
    forest.link(unit, forest.add(GPO, "groupPolicyContainer"))
    guard(forest, GPO, "D:(A;;GA;;;AU)")
    support = forest.add(SUPPORT, "group", rid=1110, is_security=True)
    forest.add(ANA, "user", rid=1104)
    forest.join(ANA, SUPPORT)
    publish(forest, "Carte", f"D:(OA;;CR;{ENROLL};;{sid(1110)})", name_flag=SUPPLIES_SUBJECT)
    rodc = forest.add(RODC, "computer", rid=1120, is_rodc_account=True)
    forest.row("links", object_id=rodc, attribute="msDS-RevealOnDemandGroup", target_id=support, position=0)
    trust = forest.add(TRUST, "trustedDomain")
    flags = {"is_outbound": True, "direction": 2, "trust_type": 2, "trust_attributes": 0}
    forest.row("trusts", object_id=trust, domain_id=0, partner_dns="autre.test", **flags)
    return forest


def difficulties(forest: SmallForest, kind: str, source: str, *gaps: dict[str, Any]) -> set[Difficulty]:
    """Of the edges of a kind from an object."""
    analysis = Analysis(forest.facts(coverage=[{"domain_id": 0, "status": "denied"} | gap for gap in gaps]))
    graph, nodes = analysis.graph, analysis.nodes
    start = object_of(forest, source)
    chosen = np.flatnonzero((graph.kind == CODE_OF[kind]) & (nodes.object_id[graph.source] == start))
    return {Difficulty(each) for each in graph.difficulty[chosen].tolist()}


def object_of(forest: SmallForest, dn: str) -> int:
    found: int = next(row["object_id"] for row in forest.rows["objects"] if row["dn"] == dn)
    return found


DOUBTS = [
    ("MemberOf", ANA, ANA, "users", "user_account_control", None),
    ("MemberOf", ANA, SUPPORT, "groups", "is_security", None),
    ("GPLink", GPO, GPO, "gpos", "wmi_filter", None),
    ("GPLink", GPO, GPO, "objects", "sd_id", None),
    ("GPLink", GPO, INNER, "organizational_units", "blocks_inheritance", None),
    ("SpoofSIDHistory", TRUST, TRUST, "trusts", "direction", None),
    ("SpoofSIDHistory", TRUST, TRUST, "trusts", "trust_type", None),
    ("RodcCachePassword", RODC, RODC, "links", "target_id", "msDS-NeverRevealGroup"),
    ("RodcCachePassword", RODC, RODC, "links", "target_dn", None),
    *(
        ("ADCSESC1", SUPPORT, TEMPLATE, "certificate_templates", column, None)
        for column in ("enrollment_flag", "ra_signature", "ekus", "schema_version")
    ),
]


@pytest.mark.parametrize(("kind", "source", "bearer", "table", "column", "detail"), DOUBTS)
def test_an_edge_that_an_unread_fact_might_forbid_is_uncertain(
    forest: SmallForest, kind: str, source: str, bearer: str, table: str, column: str, detail: str | None
) -> None:
    gap = {"table_name": table, "column_name": column, "detail": detail}
    assert difficulties(forest, kind, source) & SURE, "nothing is missing"
    assert Difficulty.UNCERTAIN in difficulties(forest, kind, source, gap | {"object_id": object_of(forest, bearer)})
    assert Difficulty.UNCERTAIN in difficulties(forest, kind, source, gap), "missing in the whole domain"
    elsewhere = gap | {"object_id": object_of(forest, f"CN=PC,{INNER}")}
    assert difficulties(forest, kind, source, elsewhere) == difficulties(forest, kind, source)


def test_inheritance_that_may_be_blocked_at_the_bearer_of_a_link_does_not_matter(forest: SmallForest) -> None:
    gap = {"table_name": "organizational_units", "column_name": "blocks_inheritance"}
    here = gap | {"object_id": object_of(forest, UNIT)}
    assert difficulties(forest, "GPLink", GPO, here) == difficulties(forest, "GPLink", GPO)


def test_another_link_of_a_read_only_controller_forbids_no_password(forest: SmallForest) -> None:
    gap = {"table_name": "links", "column_name": "target_id", "detail": "managedBy"}
    assert difficulties(forest, "RodcCachePassword", RODC, gap) == {Difficulty.PREREQUISITE}


def test_only_what_an_account_has_by_logging_on_takes_an_enabled_account(forest: SmallForest) -> None:
    disabled = {"table_name": "users", "column_name": "user_account_control", "object_id": object_of(forest, ANA)}
    assert difficulties(forest, "MemberOf", ANA, disabled) == {Difficulty.DIRECT, Difficulty.UNCERTAIN}
