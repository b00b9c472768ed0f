"""What reports are told of the graph."""

from __future__ import annotations

import numpy as np

from adaudit.graph.analysis import Analysis
from adaudit.graph.answers.outlook import outlook_of
from adaudit.graph.blocks import Change, Edge, block_of
from adaudit.graph.graph import assemble
from adaudit.graph.paths.exposure import exposure
from adaudit.graph.paths.plan import remediation_plan
from adaudit.graph.site_tier0 import SiteEntry, SiteTier0
from tests.graph.small_forest import HEAD, SmallForest

ADMINS = f"CN=Admins du domaine,{HEAD}"
HELPERS, NURSES = f"CN=Aides,{HEAD}", f"CN=Soignants,{HEAD}"


def hospital() -> SmallForest:
    """Helpers are administrators by mistake, and so are those who nest in them; tier 0 is made of roots by SID."""
    forest = SmallForest()
    forest.add(f"CN=Operateurs,{HEAD}", "group", sid="S-1-5-32-548")
    forest.add(ADMINS, "group", rid=512)
    forest.add(HELPERS, "group", rid=1200)
    forest.add(NURSES, "group", rid=1201)
    for number in range(5):
        forest.add(f"CN=u{number},{HEAD}", "user", rid=1300 + number)
        forest.join(f"CN=u{number},{HEAD}", HELPERS if number < 2 else NURSES)
    forest.add(f"CN=pc,{HEAD}", "computer", rid=1400, dns_host_name="vpn.chu.example")
    forest.add(f"CN=parti,{HEAD}", "user", rid=1401, is_enabled=False)
    head = forest.rows["domains"][0]
    history = {"sid": f"{head['sid']}-512", "source_id": forest.principal(ADMINS)}
    for name in ("pc", "parti"):
        dn = f"CN={name},{HEAD}"
        holder = next(row["object_id"] for row in forest.rows["objects"] if row["dn"] == dn)
        forest.row("sid_history", object_id=holder, principal_id=forest.principal(dn), **history)
    for name in ("u0", "u1"):
        dn = f"CN={name},{HEAD}"
        holder = next(row["object_id"] for row in forest.rows["objects"] if row["dn"] == dn)
        forest.row("sid_history", object_id=holder, principal_id=forest.principal(dn), **history)
    return forest


def test_accounts_are_counted_by_kind_and_distance_disabled_ones_left_out() -> None:
    outlook = outlook_of(Analysis(hospital().facts()))
    assert outlook.accounts == 6
    assert outlook.exposed == {"user": 2, "computer": 1}
    assert outlook.distances == {1: 3}
    assert outlook.exposed_accounts == 3


def test_the_plan_leaves_nobody_and_each_step_says_what_is_left() -> None:
    plan = outlook_of(Analysis(hospital().facts())).plan
    assert [(step.change.kind, step.gain, step.left, step.edges) for step in plan.steps] == [
        ("remove_sid_history", 1, left, 1) for left in (2, 1, 0)
    ]
    assert (plan.least, plan.irreducible, dict(plan.why)) == (3, 0, {})
    assert all(step.examples[0].change == step.change.number for step in plan.steps)


def test_paths_that_are_alike_are_told_once_and_every_change_of_a_path_is_there() -> None:
    outlook = outlook_of(Analysis(hospital().facts()))
    (path,) = outlook.paths
    assert [edge.kind for edge in path.edges] == ["HasSIDHistory"]
    assert {edge.change for edge in path.edges} <= {change.number for change in outlook.changes}
    assert outlook.drawn.alike[path.nodes[0].key] == 3


def test_entry_points_come_with_their_paths_and_unknown_names_stay() -> None:
    told = outlook_of(Analysis(hospital().facts()), ["vpn.chu.example", "u4", "nulle-part", "Admins du domaine"])
    vpn, quiet, unknown, admins = told.entry_points
    assert vpn.thing is not None
    assert vpn.path is not None
    assert (vpn.thing.name, vpn.path.length) == ("pc", 1)
    assert (quiet.thing is None, quiet.path) == (False, None)
    assert (unknown.given, unknown.thing, unknown.path) == ("nulle-part", None, None)
    assert admins.path is not None
    assert admins.path.length == 0


def test_what_a_site_adds_to_tier_0_is_a_goal_and_what_it_removes_is_none() -> None:
    operators = f"CN=Operateurs,{HEAD}"
    forest = hospital()
    forest.join(f"CN=u4,{HEAD}", operators)
    added = SiteTier0(add=(SiteEntry("dn", NURSES, "dossier patient", "t:1"),))
    assert outlook_of(Analysis(forest.facts(), added)).accounts == 6 - 3
    removed = SiteTier0(remove=(SiteEntry("sid", "S-1-5-32-548", "vide", "t:1"),))
    assert outlook_of(Analysis(forest.facts())).accounts == 5
    assert outlook_of(Analysis(forest.facts(), removed)).accounts == 6


def test_an_empty_directory_has_an_outlook() -> None:
    outlook = outlook_of(Analysis(SmallForest().facts()), ["x"])
    assert (outlook.accounts, outlook.exposed_accounts, outlook.paths, outlook.drawn.nodes) == (0, 0, (), ())


def test_where_a_change_is_no_star_the_plan_goes_on_until_nobody_is_left() -> None:
    scattered = Change("remove_policy_setting", 1)
    edges = [
        Edge("AdminTo", 0, 2, 0, "a", scattered),
        Edge("AdminTo", 1, 3, 0, "a", scattered),
        Edge("AdminTo", 2, 4, 0, "b", Change("remove_member", 2)),
        Edge("AdminTo", 3, 4, 0, "c", Change("remove_member", 3)),
        Edge("AdminTo", 5, 4, 0, "d"),
    ]
    graph = assemble(6, [block_of(edges)])
    plan = remediation_plan(graph, np.array([0, 1, 5]), np.array([4]))
    steps = plan.steps
    assert plan.irreducible.tolist() == [5]
    assert steps[-1].left == 1
    assert sum(step.gain for step in steps) == 2
    left = graph.without(step.change for step in steps)
    kinds = np.zeros(3, np.int64)
    assert exposure(left, np.array([0, 1, 5]), kinds, np.array([4])).node.tolist() == [5]
