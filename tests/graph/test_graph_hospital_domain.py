"""In a domain as Windows makes it and hospitals fill it, nobody outside tier 0 reaches it, in any language."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest

from adaudit.graph.analysis import ACCOUNT_KINDS, Analysis
from adaudit.graph.answers.lookup import Lookup
from adaudit.graph.kinds import CODE_OF
from tests.graph.hospital_domain import BASE, CHILD, analysed, child_domain, hospital, in_french
from tests.rules.windows import entries


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("domains")


@pytest.fixture(scope="module")
def ordinary(folder: Path) -> Analysis:
    return analysed(folder / "ordinary.adsnap", hospital())


@pytest.fixture(scope="module")
def with_child(folder: Path) -> Analysis:
    return analysed(folder / "child.adsnap", chain(hospital(), child_domain()), CHILD)


def exposed(analysis: Analysis) -> list[int]:
    return analysis.exposure.node.tolist()


def accounts(analysis: Analysis) -> int:
    return len(set(analysis.sources.accounts.tolist()) - set(analysis.goals.tolist()))


def is_step(analysis: Analysis, kind: str, source: str, target: str) -> bool:
    lookup, graph = Lookup(analysis.facts, analysis.nodes), analysis.graph
    ends = (graph.source == lookup.node(source)) & (graph.target == lookup.node(target))
    return bool((ends & (graph.kind == CODE_OF[kind])).any())


def test_nobody_reaches_tier_0_in_a_new_domain_with_certificate_services(folder: Path) -> None:
    analysis = analysed(folder / "new.adsnap", entries())
    assert len(analysis.goals) > 20
    assert exposed(analysis) == []


def test_delegations_that_every_hospital_makes_lead_nobody_to_tier_0(ordinary: Analysis) -> None:
    assert accounts(ordinary) == 6
    assert exposed(ordinary) == []


@pytest.mark.parametrize(
    ("kind", "source", "target"),
    [
        ("ForceChangePassword", "Support", "infirmier"),
        ("ReadLAPSPassword", "Lecteurs LAPS", "PC-1$"),
        ("WriteAccountRestrictions", "svc-jonction", "PC-1$"),
        ("ReadGMSAPassword", "Serveurs web", "gmsa-web$"),
        ("DCFor", "DC1$", BASE),
        ("GoldenCert", "CA1$", BASE),
    ],
)
def test_these_delegations_are_steps_all_the_same(ordinary: Analysis, kind: str, source: str, target: str) -> None:
    assert is_step(ordinary, kind, source, target)


def test_a_read_only_controller_leads_to_nobody_whose_password_it_may_not_keep(ordinary: Analysis) -> None:
    graph = ordinary.graph
    controller = Lookup(ordinary.facts, ordinary.nodes).node("RODC1$")
    assert not ((graph.source == controller) & (graph.kind == CODE_OF["RodcCachePassword"])).any()
    assert not is_step(ordinary, "DCFor", "RODC1$", BASE)


def test_a_french_domain_says_the_same(folder: Path) -> None:
    analysis = analysed(folder / "french.adsnap", in_french(hospital()))
    assert accounts(analysis) == 6
    assert exposed(analysis) == []
    assert is_step(analysis, "ForceChangePassword", "Support", "infirmier")


def test_a_child_domain_exposes_nobody_either_though_each_domain_has_the_other(with_child: Analysis) -> None:
    assert accounts(with_child) == 6
    assert exposed(with_child) == []
    assert is_step(with_child, "SameForestTrust", CHILD, BASE)


def test_nothing_of_an_ordinary_domain_that_was_read_hides_a_path(ordinary: Analysis, with_child: Analysis) -> None:
    assert ordinary.hiding_paths == []
    assert with_child.hiding_paths == []


def test_the_accounts_counted_are_of_every_kind(ordinary: Analysis) -> None:
    by_kind = (ordinary.sources.users, ordinary.sources.computers, ordinary.sources.managed_service_accounts)
    assert len(by_kind) == ACCOUNT_KINDS
    assert all(len(nodes) for nodes in by_kind)
