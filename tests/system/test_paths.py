"""Ways to tier 0 in real directories: each one that was planted is found, and what stands beside it reaches nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from adaudit.graph.analysis import Analysis
from adaudit.graph.answers.told import Path
from adaudit.graph.graph import Graph
from adaudit.graph.paths.search import reaching
from tests.system.drawn import Drawn, drawn
from tests.testbed import Directory

pytestmark = pytest.mark.samba

READERS = ("auditor", "admin")
AS_MANY = 20
"""Paths asked for: there may be several shortest ones."""


@pytest.fixture(scope="module", params=READERS)
def planted(
    request: pytest.FixtureRequest, samba_paths: Directory, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Drawn]:
    """The domain whose only ways to tier 0 are planted."""
    with drawn(samba_paths, request.param, tmp_path_factory.mktemp("planted")) as found:
        yield found


@pytest.fixture(scope="module", params=READERS)
def hospital(
    request: pytest.FixtureRequest, samba_scenario: Directory, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Drawn]:
    with drawn(samba_scenario, request.param, tmp_path_factory.mktemp("hospital")) as found:
        yield found


@pytest.fixture(scope="module", params=READERS)
def unmodified(
    request: pytest.FixtureRequest, samba_baseline: Directory, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Drawn]:
    with drawn(samba_baseline, request.param, tmp_path_factory.mktemp("unmodified")) as found:
        yield found


def kinds(way: Path) -> tuple[str, ...]:
    return tuple(step.kind for step in way.edges)


def told(ways: tuple[Path, ...]) -> list[str]:
    return [" ".join((way.nodes[0].name, *kinds(way), way.nodes[-1].name)) for way in ways]


def not_found(here: Drawn) -> dict[str, list[str]]:
    """Planted ways that are not among the shortest, with those that are told."""
    missing = {}
    for route in here.scenario.routes:
        ways = here.questions.paths(route.source, route.target, AS_MANY)
        shortest = {kinds(way) for way in ways if way.length == ways[0].length}
        if route.kinds not in shortest:
            missing[f"{route.source} {' '.join(route.kinds)} {route.target}"] = told(ways)
    return missing


def without_everybody(analysis: Analysis) -> Graph:
    """The graph without what any account may do."""
    return analysis.graph.keep(~np.isin(analysis.graph.source, analysis.sources.everyone_like))


def test_every_planted_way_is_among_the_shortest(planted: Drawn) -> None:
    assert len(planted.scenario.routes) > 40
    assert not_found(planted) == {}


def test_what_stands_beside_a_way_reaches_nothing(planted: Drawn) -> None:
    questions = planted.questions
    assert {name: told(ways) for name in planted.scenario.no_routes if (ways := questions.paths(name, "tier0"))} == {}


def test_nobody_is_exposed_but_those_for_whom_a_way_was_planted(planted: Drawn) -> None:
    sources = {planted.node(route.source) for route in planted.scenario.routes}
    exposed = planted.exposed(planted.analysis.graph)
    assert planted.names(exposed - sources) == []
    assert planted.names(sources - exposed - set(planted.analysis.goals.tolist())) == []


def test_every_way_of_the_hospital_is_among_the_shortest(hospital: Drawn) -> None:
    assert not_found(hospital) == {}


def test_healthy_accounts_of_the_hospital_reach_tier_0_by_what_everybody_may_do_alone(hospital: Drawn) -> None:
    graph = without_everybody(hospital.analysis)
    is_reached = reaching(graph, hospital.analysis.goals).is_reached
    assert [name for name in hospital.scenario.no_routes if is_reached[hospital.node(name)]] == []
    sources = {hospital.node(route.source) for route in hospital.scenario.routes}
    assert hospital.names(hospital.exposed(graph) - sources) == []


def test_an_unmodified_domain_exposes_nobody(unmodified: Drawn) -> None:
    analysis = unmodified.analysis
    assert len(analysis.goals)
    assert len(analysis.sources.accounts)
    assert len(analysis.sources.everyone_like)
    assert unmodified.names(unmodified.exposed(analysis.graph)) == []


def test_the_command_tells_the_same(planted: Drawn) -> None:
    route = next(route for route in planted.scenario.routes if len(route.kinds) > 3)
    healthy = planted.scenario.no_routes[0]
    answer = json.loads(asked(planted, "--from", route.source, "--to", route.target, "--json"))
    [way] = answer["paths"]
    assert tuple(edge["kind"] for edge in way["edges"]) == route.kinds
    reached = json.loads(asked(planted, "--to", "tier0", "--json"))["reached"]
    expected = planted.questions.who_reaches("tier0")
    assert [(each["key"], each["distance"]) for each in reached] == [(e.thing.key, e.distance) for e in expected]
    assert f"no path from {healthy} to tier0" in asked(planted, "--from", healthy, "--to", "tier0", "--lang", "en")


def asked(here: Drawn, *options: str) -> str:
    command = [sys.executable, "-m", "adaudit", "paths", str(here.snapshot), *options]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout
