"""The attack graph of a sample says what was planted in it: who reaches tier 0, by which steps, and who does not."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from adaudit.derive import derive
from adaudit.derive.facts import Facts
from adaudit.graph.analysis import ACCOUNT_KINDS, SOURCE_KINDS, Analysis
from adaudit.graph.answers.lookup import Lookup
from adaudit.graph.answers.outlook import outlook_of
from adaudit.graph.answers.told import Outlook
from adaudit.graph.kinds import CODE_OF
from adaudit.samples import HOSPITALS, Truth, generate, read_truth
from adaudit.snapshot import SnapshotTables, open_snapshot
from tests.samples.conftest import COMMITTED


@cache
def drawn(folder: Path, hospital: str) -> tuple[Analysis, Truth]:
    with open_snapshot(folder / f"{hospital}.adsnap") as snapshot:
        tables = dict(SnapshotTables(snapshot))
    return Analysis(Facts(tables | derive(tables))), read_truth(folder / f"{hospital}.truth.toml")


@cache
def told(hospital: str) -> tuple[Outlook, Truth]:
    analysis, truth = drawn(COMMITTED, hospital)
    return outlook_of(analysis), truth


def named(analysis: Analysis, names: tuple[str, ...]) -> set[int]:
    lookup = Lookup(analysis.facts, analysis.nodes)
    return {lookup.node(name) for name in names}


def exposed(analysis: Analysis, *kinds: str) -> set[int]:
    codes = [SOURCE_KINDS.index(kind) for kind in kinds]
    return set(analysis.exposure.node[np.isin(analysis.exposure.kind, codes)].tolist())


def ends(analysis: Analysis, source: str, kinds: tuple[str, ...]) -> set[int]:
    """Where steps of these kinds lead from a name, one after the other."""
    graph, reached = analysis.graph, named(analysis, (source,))
    for kind in kinds:
        is_step = graph.is_traversable & (graph.kind == CODE_OF[kind]) & np.isin(graph.source, list(reached))
        reached = set(graph.target[is_step].tolist())
    return reached


def assert_as_planted(analysis: Analysis, truth: Truth) -> None:
    reach = truth.reach
    accounts = exposed(analysis, *SOURCE_KINDS[:ACCOUNT_KINDS])
    everybody = set(analysis.sources.accounts.tolist()) - set(analysis.goals.tolist())
    assert accounts == (everybody if reach.exposes_all else named(analysis, reach.exposed))
    assert exposed(analysis, "everyone_like") == named(analysis, reach.everyone_like)
    assert exposed(analysis, "foreign") == named(analysis, reach.foreign)
    for path in reach.paths:
        assert named(analysis, (path.target,)) <= ends(analysis, path.source, path.kinds), path
    graph = analysis.graph
    for source, target in reach.no_step:
        ((start,), (end,)) = (named(analysis, (each,)) for each in (source, target))
        assert not np.any(graph.is_traversable & (graph.source == start) & (graph.target == end)), (source, target)


def test_who_reaches_tier_0_and_by_which_steps_is_what_was_planted(hospital: str) -> None:
    assert_as_planted(*drawn(COMMITTED, hospital))


def test_other_people_in_another_number_leave_the_planted_paths_alone(hospital: str, tmp_path: Path) -> None:
    generate(hospital, tmp_path, seed=1, accounts=600)
    assert_as_planted(*drawn(tmp_path, hospital))


@pytest.mark.parametrize(
    ("hospital", "accounts", "reaching"), [(HOSPITALS[0], 2889, 2889), (HOSPITALS[1], 854, 2), (HOSPITALS[2], 242, 0)]
)
def test_as_many_accounts_reach_tier_0_as_are_told(hospital: str, accounts: int, reaching: int) -> None:
    outlook, _ = told(hospital)
    assert (outlook.accounts, outlook.exposed_accounts) == (accounts, reaching)


def test_no_fewer_changes_than_planted_weaknesses_end_the_exposure_and_the_plan_takes_no_more(hospital: str) -> None:
    outlook, truth = told(hospital)
    assert outlook.plan.least == len(outlook.plan.steps) == truth.reach.fewest_changes
    assert [step.left for step in outlook.plan.steps][-1:] in ([], [0])


def test_nothing_that_an_ordinary_account_cannot_read_may_hide_a_path(hospital: str) -> None:
    outlook, _ = told(hospital)
    assert outlook.missing == {}
