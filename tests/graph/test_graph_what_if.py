"""What is left once a change is made: the tables computed again against the graph without its edges."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from adaudit.derive import derived
from adaudit.derive.facts import Facts
from adaudit.errors import UsageError
from adaudit.graph.analysis import Analysis
from adaudit.graph.answers.naming import Naming
from adaudit.graph.blocks import CHANGE_KINDS, NONE, Change
from adaudit.graph.graph import Graph
from adaudit.graph.paths.exposure import Exposure
from adaudit.graph.paths.plan import remediation_plan
from adaudit.graph.what_if.tables import change_of, number_of, tables_after
from adaudit.schema import TABLES
from tests.graph.changeable_domain import (
    ADMINS,
    ALICE,
    BOB,
    CONTAINER_INHERIT,
    HEAD,
    INHERITED,
    INNER,
    MAKERS,
    OBJECTS,
    UNIT,
    WRITE_DACL,
    Tables,
    ace,
    delete_duplicate,
    disable_account,
    forest,
    remove_ace,
    remove_unconstrained_delegation,
)


def analysed(tables: dict[str, pa.Table]) -> Analysis:
    facts = Facts(tables)
    for _ in derived(facts):
        pass
    return Analysis(facts)


def analysis_of(given: Tables) -> Analysis:
    return analysed({name: pa.Table.from_pylist(rows, TABLES[name].arrow_schema) for name, rows in given.items()})


def exposed(analysis: Analysis) -> set[tuple[int, int]]:
    return pairs(analysis.exposure)


def pairs(found: Exposure) -> set[tuple[int, int]]:
    return set(zip(found.node.tolist(), found.distance.tolist(), strict=True))


def triples(graph: Graph) -> set[tuple[int, int, int]]:
    return set(zip(graph.source.tolist(), graph.target.tolist(), graph.kind.tolist(), strict=True))


def weight(analysis: Analysis, number: int) -> tuple[int, bool]:
    """How many a change frees, and whether it concerns one who was planted."""
    left = analysis.exposure_in(analysis.graph.without([number]))
    return len(analysis.exposure) - len(left), int(analysis.graph.changes.principal_id[number]) in (ALICE, BOB)


def numbers(analysis: Analysis, kind: str) -> list[int]:
    found: list[int] = np.flatnonzero(analysis.graph.changes.kind == CHANGE_KINDS.index(kind)).tolist()
    return found


def test_nobody_reaches_tier_0_before_a_weakness_is_planted() -> None:
    assert exposed(analysis_of(forest())) == set()


@pytest.mark.parametrize("plant", MAKERS, ids=lambda plant: plant.__name__)
def test_a_change_tried_on_the_tables_leaves_what_the_graph_without_its_edges_leaves(
    plant: Callable[[Tables], None],
) -> None:
    given = forest()
    plant(given)
    before = analysis_of(given)
    number = max(numbers(before, plant.__name__), key=lambda n: weight(before, n))
    left = before.graph.without([number])
    gone = triples(before.graph) - triples(left)
    assert gone
    after = analysed(tables_after(before.facts, [change_of(before.graph, number)]))
    assert gone.isdisjoint(triples(after.graph))
    assert exposed(after) == pairs(before.exposure_in(left))


def test_the_copies_of_an_ace_go_with_it_down_to_where_inheritance_stops() -> None:
    given = forest()
    given["aces"] += [
        ace(UNIT, ALICE, WRITE_DACL, flags=CONTAINER_INHERIT),
        ace(INNER, ALICE, WRITE_DACL, flags=CONTAINER_INHERIT | INHERITED),
        ace(ADMINS, ALICE, WRITE_DACL, flags=CONTAINER_INHERIT | INHERITED),
        ace(ADMINS, BOB, WRITE_DACL, 1),
    ]
    before = analysis_of(given)
    explicit = [n for n in numbers(before, "remove_ace") if before.graph.changes.object_id[n] == UNIT]
    (number,) = explicit
    after = tables_after(before.facts, [change_of(before.graph, number)])
    bearing = dict(zip(*(after["objects"][column].to_pylist() for column in ("object_id", "sd_id")), strict=True))
    left = [(row["sd_id"], row["trustee_id"]) for row in after["aces"].to_pylist()]
    borne = {(object_id, trustee) for object_id, sd in bearing.items() for at, trustee in left if at == sd}
    assert borne == {(ADMINS, BOB)}


def test_an_object_that_shares_its_descriptor_gets_one_of_its_own() -> None:
    given = forest()
    given["objects"][BOB]["sd_id"] = ADMINS
    remove_ace(given)
    before = analysis_of(given)
    at = {int(before.graph.changes.object_id[n]): n for n in numbers(before, "remove_ace")}
    after = tables_after(before.facts, [change_of(before.graph, at[ADMINS])])
    bearing = dict(zip(*(after["objects"][column].to_pylist() for column in ("object_id", "sd_id")), strict=True))
    assert bearing[BOB] == ADMINS
    assert bearing[ADMINS] not in OBJECTS


def test_a_null_dacl_becomes_an_empty_one() -> None:
    given = forest()
    given["security_descriptors"][ADMINS]["dacl_state"] = "null"
    given["principals"].append({"principal_id": 91, "sid": "S-1-1-0", "rid": 0, "type": "well_known"})
    before = analysis_of(given)
    assert exposed(before)
    (number,) = numbers(before, "remove_ace")
    assert exposed(analysed(tables_after(before.facts, [change_of(before.graph, number)]))) == set()


def test_several_changes_are_made_together() -> None:
    given = forest()
    remove_ace(given)
    remove_unconstrained_delegation(given)
    given["aces"].append(ace(ADMINS, BOB, WRITE_DACL, 1))
    before = analysis_of(given)
    every = [*numbers(before, "remove_ace"), *numbers(before, "remove_unconstrained_delegation")]
    assert len(every) == 3
    assert exposed(analysed(tables_after(before.facts, [change_of(before.graph, n) for n in every]))) == set()


def test_a_change_is_found_again_by_what_it_says() -> None:
    given = forest()
    remove_ace(given)
    analysis = analysis_of(given)
    naming = Naming(analysis.facts, analysis.nodes, analysis.graph)
    (number,) = numbers(analysis, "remove_ace")
    told = naming.change(number)
    remove_unconstrained_delegation(given)
    given["aces"].insert(0, ace(HEAD, BOB, WRITE_DACL))
    other = analysis_of(given)
    again = number_of(Naming(other.facts, other.nodes, other.graph), other.graph, told)
    assert other.graph.changes.object_id[again] == ADMINS
    nothing = analysis_of(forest())
    with pytest.raises(UsageError, match="there is no change remove_ace"):
        number_of(Naming(nothing.facts, nothing.nodes, nothing.graph), nothing.graph, told)


@pytest.mark.parametrize("kind", CHANGE_KINDS)
def test_a_change_of_nothing_is_refused(kind: str) -> None:
    facts = analysis_of({"domains": []}).facts
    with pytest.raises(UsageError, match=f"{kind} cannot be tried"):
        tables_after(facts, [Change(kind, NONE)])


@pytest.mark.parametrize("number", [-1, 7])
def test_a_number_that_no_change_has_is_refused(number: int) -> None:
    with pytest.raises(UsageError, match=f"there is no change {number}"):
        change_of(analysis_of({"domains": []}).graph, number)


def test_to_disable_guest_takes_from_everyone_what_guest_has() -> None:
    given = forest()
    disable_account(given)
    before = analysis_of(given)
    (number,) = numbers(before, "disable_account")
    plan = remediation_plan(before.graph, before.to_protect, before.goals)
    assert [(step.change, step.left) for step in plan.steps] == [(number, 0)]
    after = analysed(tables_after(before.facts, [change_of(before.graph, number)]))
    assert exposed(before)
    assert exposed(after) == set()


def test_a_duplicate_that_is_deleted_leads_nowhere_any_more() -> None:
    given = forest()
    delete_duplicate(given)
    before = analysis_of(given)
    (number,) = numbers(before, "delete_duplicate")
    after = analysed(tables_after(before.facts, [change_of(before.graph, number)]))
    assert exposed(before)
    assert exposed(after) == set()
