"""Control of a container gives what inherits from it, and the settings of all that lies below."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaudit.graph.families.containment import containment
from adaudit.graph.nodes import Nodes
from adaudit.graph.tree import settings_below
from tests.graph.small_forest import HEAD, SmallForest, pairs

PROTECTED = 1
STAFF, WARD = f"OU=Staff,{HEAD}", f"OU=Ward,OU=Staff,{HEAD}"


@pytest.fixture
def forest() -> SmallForest:
    forest = SmallForest()
    forest.add(STAFF, "organizationalUnit")
    forest.add(WARD, "organizationalUnit")
    return forest


def test_a_container_hands_its_aces_down_step_by_step(forest: SmallForest) -> None:
    forest.add(f"CN=Ana,{WARD}", "user", rid=1104)
    steps = pairs(forest.edges(containment), "PropagatesACEsTo")
    assert steps == {(HEAD, STAFF), (STAFF, WARD), (WARD, f"CN=Ana,{WARD}")}


def test_a_protected_dacl_stops_inheritance_there_and_below() -> None:
    forest = SmallForest()
    forest.add(STAFF, "organizationalUnit", sd=PROTECTED)
    forest.add(f"CN=Ana,{STAFF}", "user", rid=1104)
    forest.add(f"CN=Boss,{STAFF}", "user", rid=1105, sd=PROTECTED)
    assert pairs(forest.edges(containment), "PropagatesACEsTo") == {(STAFF, f"CN=Ana,{STAFF}")}


def test_the_proof_of_inheritance_is_the_descriptor_of_the_child(forest: SmallForest) -> None:
    edge = next(e for e in forest.edges(containment) if (e.source, e.target) == (STAFF, WARD))
    assert (edge.bearer, edge.attribute, edge.change) == (WARD, "nTSecurityDescriptor", None)


def test_a_descriptor_that_was_not_read_tells_no_inheritance(forest: SmallForest) -> None:
    forest.add(f"CN=Ana,{WARD}", "user", rid=1104, sd=None)
    assert f"CN=Ana,{WARD}" not in {target for _, target in pairs(forest.edges(containment), "PropagatesACEsTo")}


def test_neither_a_computer_nor_a_policy_hands_aces_down(forest: SmallForest) -> None:
    forest.add(f"CN=PC1,{WARD}", "computer", rid=1106)
    forest.add(f"CN=Key,CN=PC1,{WARD}", "msFVE-RecoveryInformation")
    forest.add(f"CN={{1}},{HEAD}", "groupPolicyContainer")
    forest.add(f"CN=Machine,CN={{1}},{HEAD}")
    sources = {source for source, _ in pairs(forest.edges(containment), "PropagatesACEsTo")}
    assert sources == {HEAD, STAFF, WARD}


def test_inheritance_does_not_enter_another_naming_context(forest: SmallForest) -> None:
    forest.add(f"CN=Configuration,{HEAD}", "configuration", partition=1)
    forest.add(f"CN=Sites,CN=Configuration,{HEAD}", "sitesContainer", partition=1)
    reached = {target for _, target in pairs(forest.edges(containment), "PropagatesACEsTo")}
    assert f"CN=Sites,CN=Configuration,{HEAD}" in reached
    assert f"CN=Configuration,{HEAD}" not in reached


def test_a_deleted_object_inherits_nothing(forest: SmallForest) -> None:
    forest.add(f"CN=Gone,{WARD}", "user", rid=1107, is_deleted=True)
    assert pairs(forest.edges(containment), "PropagatesACEsTo") == {(HEAD, STAFF), (STAFF, WARD)}


def test_control_of_an_ou_or_a_domain_gives_the_settings_of_all_below(forest: SmallForest) -> None:
    forest.add(f"CN=Ana,{WARD}", "user", rid=1104)
    forest.add(f"CN=Users,{HEAD}")
    forest.add(f"CN=Guest,CN=Users,{HEAD}", "user", rid=501)
    assert pairs(forest.edges(containment), "CanApplyGPO") == {
        (HEAD, f"settings of {WARD}"),
        (STAFF, f"settings of {WARD}"),
        (WARD, f"settings of {WARD}"),
        (HEAD, f"settings of CN=Users,{HEAD}"),
    }


def test_a_domain_imposes_nothing_on_another_one_below_it() -> None:
    forest = SmallForest()
    child = f"DC=child,{HEAD}"
    forest.add(child, "domainDNS", partition=1)
    forest.add(f"CN=PC1,{child}", "computer", partition=1)
    assert pairs(forest.edges(containment), "CanApplyGPO") == {(child, f"settings of {child}")}


def test_settings_reach_each_account_directly_there_whatever_protects_it(forest: SmallForest) -> None:
    forest.add(f"CN=Boss,{WARD}", "user", rid=1104, sd=PROTECTED)
    forest.add(f"CN=Idle,{WARD}", "user", rid=1105, is_enabled=False)
    forest.add(f"CN=PC1,{WARD}", "computer", rid=1106, sd=None)
    forest.add(f"CN=Nurses,{WARD}", "group", rid=1107)
    forest.add(f"CN=Elsewhere,{STAFF}", "user", rid=1108)
    edges = pairs(forest.edges(containment), "GPOAppliesTo")
    assert {target for source, target in edges if source == f"settings of {WARD}"} == {
        f"CN={name},{WARD}" for name in ("Boss", "Idle", "PC1")
    }


def test_no_policy_applies_to_an_account_that_logs_on_nowhere(forest: SmallForest) -> None:
    forest.add(f"CN=krbtgt,{WARD}", "user", rid=502)
    forest.add(f"CN=PARTNER$,{WARD}", "user", rid=1109, is_trust_account=True)
    assert pairs(forest.edges(containment), "GPOAppliesTo") == set()


def test_an_account_whose_container_was_not_seen_is_left_alone() -> None:
    forest = SmallForest()
    forest.add(f"CN=Ana,OU=Hidden,{HEAD}", "user", rid=1104)
    assert forest.edges(containment) == []


def test_containers_in_a_circle_end() -> None:
    forest = SmallForest()
    first, second = forest.add(STAFF, "organizationalUnit"), forest.add(WARD, "organizationalUnit")
    forest.rows["objects"][first]["parent_id"] = second
    forest.add(f"CN=Ana,{WARD}", "user", rid=1104)
    edges = pairs(forest.edges(containment), "CanApplyGPO")
    assert edges == {(STAFF, f"settings of {WARD}"), (WARD, f"settings of {WARD}")}


@given(st.lists(st.integers(0, 8), min_size=1, max_size=9))
def test_settings_lie_below_every_ancestor(parents: list[int]) -> None:
    forest = SmallForest()
    dns = [HEAD]
    for number, parent in enumerate(parents):
        dns.append(f"OU=O{number},{dns[parent % len(dns)]}")
        forest.add(dns[-1], "organizationalUnit")
        forest.add(f"CN=U{number},{dns[-1]}", "user", rid=2000 + number)
    facts = forest.facts()
    nodes = Nodes(facts)
    tree = nx.DiGraph(
        (parent, child) for child, parent in facts.rows("objects", "object_id", "parent_id") if parent is not None
    )
    containers, settings = settings_below(facts, nodes)
    holders = nodes.object_id[nodes.settings_of_object_id[nodes.settings_of_object_id >= 0]].tolist()
    expected = {(above, holder) for holder in holders for above in (nx.ancestors(tree, holder) | {holder})}
    assert set(zip(containers.tolist(), nodes.object_id[settings].tolist(), strict=True)) == expected
