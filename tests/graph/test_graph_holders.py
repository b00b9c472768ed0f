"""Who holds several rights at once: against networkx, and on small cases."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import networkx as nx
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaudit.derive.facts import Facts
from adaudit.graph.rights.holders import Held, Holders
from adaudit.schema import TABLES

DOMAIN = "S-1-5-21-1-2-3"
EVERYONE, AUTHENTICATED, ANONYMOUS, GUESTS, USERS = range(5)
WELL_KNOWN = ("S-1-1-0", "S-1-5-11", "S-1-5-7", "S-1-5-32-546", "S-1-5-32-545")
ALICE, BOB, INNER, OUTER, OTHER = range(5, 10)


def facts_of(
    memberships: Iterable[tuple[int, int]],
    *,
    distribution: Iterable[int] = (),
    count: int = 10,
    users: Iterable[int] = (),
    guest: int | None = None,
) -> Facts:
    """Identities: five well-known ones, then accounts and groups alike of a domain; ``users``: accounts that can log
    on, ``guest`` among them."""
    sids = [*WELL_KNOWN, *(f"{DOMAIN}-{501 if n == guest else 1100 + n}" for n in range(5, count))]
    able = set(users)
    rows: dict[str, list[dict[str, Any]]] = {
        "principals": [
            {
                "principal_id": n,
                "object_id": n if n in able else None,
                "sid": sid,
                "rid": int(sid.rpartition("-")[2]),
            }
            for n, sid in enumerate(sids)
        ],
        "users": [{"object_id": n, "principal_id": n, "is_enabled": True} for n in sorted(able)],
        "memberships": [{"member_id": member, "group_id": group} for member, group in memberships],
        "groups": [{"principal_id": group, "is_security": False} for group in distribution],
    }
    return Facts({name: pa.Table.from_pylist(given, TABLES[name].arrow_schema) for name, given in rows.items()})


def of_all(facts: Facts, *trustees: Iterable[int]) -> list[int]:
    return Holders(facts).of_all(*([Held(each) for each in some] for some in trustees))


def test_an_account_in_both_groups_holds_both_rights() -> None:
    facts = facts_of([(ALICE, INNER), (ALICE, OTHER), (BOB, INNER)])
    assert of_all(facts, {INNER}, {OTHER}) == [ALICE]


def test_a_group_nested_in_both_is_told_in_place_of_its_members() -> None:
    facts = facts_of([(ALICE, INNER), (BOB, INNER), (INNER, OUTER), (INNER, OTHER)])
    assert of_all(facts, {OUTER}, {OTHER}) == [INNER]


def test_a_trustee_of_both_rights_is_told_itself() -> None:
    facts = facts_of([(ALICE, OUTER)])
    assert of_all(facts, {OUTER, OTHER}, {OUTER}) == [OUTER]


def test_nobody_holds_both_when_no_member_is_common() -> None:
    facts = facts_of([(ALICE, INNER), (BOB, OTHER)])
    assert of_all(facts, {INNER}, {OTHER}) == []
    assert of_all(facts, {INNER}, set()) == []


def test_everybody_who_logs_on_is_in_authenticated_users() -> None:
    facts = facts_of([(ALICE, INNER)])
    assert of_all(facts, {AUTHENTICATED}, {INNER}) == [INNER]
    assert of_all(facts, {AUTHENTICATED}, {EVERYONE}) == [AUTHENTICATED]
    assert of_all(facts, {EVERYONE}, {EVERYONE, ALICE}) == [EVERYONE]


def test_guests_and_anonymous_are_not_authenticated_users() -> None:
    facts = facts_of([])
    assert of_all(facts, {AUTHENTICATED}, {ANONYMOUS, GUESTS}) == []
    assert of_all(facts, {EVERYONE}, {ANONYMOUS, GUESTS}) == [GUESTS]


def test_a_group_that_authenticated_users_is_in_comprises_everybody() -> None:
    facts = facts_of([(AUTHENTICATED, OUTER), (ALICE, OTHER)])
    assert of_all(facts, {OUTER}, {OTHER}) == [OTHER]


def test_guest_in_a_group_beside_authenticated_users_is_told_too() -> None:
    facts = facts_of([(AUTHENTICATED, OUTER), (BOB, OUTER)], users=(ALICE, BOB), guest=BOB)
    assert of_all(facts, {OUTER}) == [AUTHENTICATED, BOB]


def test_a_distribution_group_gives_its_members_nothing() -> None:
    facts = facts_of([(ALICE, INNER), (ALICE, OTHER)], distribution=[OTHER])
    assert of_all(facts, {INNER}, {OTHER}) == []


def test_those_whom_a_deny_ace_hits_are_left_out() -> None:
    facts = facts_of([(ALICE, INNER), (BOB, INNER), (INNER, OUTER), (ALICE, OTHER)])
    rights = [Held(OUTER, frozenset({OTHER}))], [Held(OUTER)]
    assert Holders(facts).of_all(*rights) == [BOB]
    assert Holders(facts).of_all([Held(OUTER, frozenset({AUTHENTICATED}))]) == []
    assert Holders(facts).of_all([Held(OUTER, frozenset({OTHER})), Held(ALICE)]) == [ALICE, BOB]


def test_a_cycle_of_groups_is_told_by_one_of_them() -> None:
    facts = facts_of([(INNER, OUTER), (OUTER, INNER), (ALICE, INNER)])
    assert of_all(facts, {INNER}, {OUTER}) == [INNER]


def test_groups_of_a_hundred_thousand_members_are_intersected() -> None:
    count = 100_010
    accounts = range(10, count)
    facts = facts_of([(n, group) for group in (OUTER, OTHER) for n in accounts if n % 2 or group == OTHER], count=count)
    assert len(of_all(facts, {OUTER}, {OTHER})) == 50_000


def _graph(memberships: Iterable[tuple[int, int]], count: int) -> nx.DiGraph:
    """Who is in whom, implicit memberships written out."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(count))
    graph.add_edges_from((group, member) for member, group in memberships)
    graph.add_edges_from((EVERYONE, n) for n in range(count) if n != ANONYMOUS)
    graph.add_edges_from((AUTHENTICATED, n) for n in range(count) if n not in (EVERYONE, ANONYMOUS, GUESTS))
    return graph


IDENTITIES = st.integers(0, 13)
MEMBERSHIPS = st.tuples(IDENTITIES, IDENTITIES).filter(
    lambda pair: pair[0] not in (EVERYONE, ANONYMOUS, GUESTS) or pair == (EVERYONE, GUESTS)
)
SETS = st.lists(st.sets(IDENTITIES, min_size=1, max_size=3), min_size=1, max_size=3)


@given(st.lists(MEMBERSHIPS, max_size=30), SETS)
def test_what_is_told_is_what_networkx_finds(memberships: list[tuple[int, int]], sets: list[set[int]]) -> None:
    told = of_all(facts_of(memberships, count=14), *sets)
    graph = _graph(memberships, 14)
    below = [{n for each in trustees for n in (each, *nx.descendants(graph, each))} for trustees in sets]
    common = graph.subgraph(set.intersection(*below))
    condensed = nx.condensation(common)
    topmost = [condensed.nodes[n]["members"] for n in condensed if condensed.in_degree(n) == 0]
    assert sorted(len(component & set(told)) for component in topmost) == [1] * len(told) == [1] * len(topmost)


GROUPS, ACCOUNTS = range(5, 10), range(10, 14)
DENIED = st.frozensets(st.integers(5, 13), max_size=2)
RIGHTS = st.lists(st.lists(st.builds(Held, st.integers(5, 13), DENIED), min_size=1, max_size=3), min_size=1, max_size=2)


@given(st.lists(st.tuples(st.integers(5, 13), st.sampled_from(GROUPS)), max_size=20), RIGHTS)
def test_with_deny_aces_exactly_the_accounts_that_hold_every_right_are_told_or_in_what_is(
    memberships: list[tuple[int, int]], rights: list[list[Held]]
) -> None:
    told = Holders(facts_of(memberships, count=14)).of_all(*rights)
    upward = nx.DiGraph(memberships)
    upward.add_nodes_from(range(14))
    tokens = {n: {n, *nx.descendants(upward, n)} for n in ACCOUNTS}
    holding = {
        n
        for n, token in tokens.items()
        if all(any(held.trustee in token and not held.without & token for held in right) for right in rights)
    }
    assert {n for n, token in tokens.items() if token & set(told)} == holding


def test_whoever_a_deny_ace_hits_is_not_told_with_authenticated_users() -> None:
    facts = facts_of([(BOB, INNER), (AUTHENTICATED, OUTER)], users=(ALICE, BOB, OTHER))
    for trustee in (AUTHENTICATED, OUTER):
        for denied in (BOB, INNER):
            assert Holders(facts).of_all([Held(trustee, frozenset({denied}))], [Held(EVERYONE)]) == [ALICE, OTHER]
    assert Holders(facts).of_all([Held(AUTHENTICATED, frozenset({BOB})), Held(INNER)]) == [ALICE, BOB, OTHER]


def test_a_deny_ace_that_hits_nobody_who_logs_on_leaves_authenticated_users_whole() -> None:
    facts = facts_of([(BOB, INNER)], users=(ALICE,))
    assert Holders(facts).of_all([Held(AUTHENTICATED, frozenset({INNER}))]) == [AUTHENTICATED]


def test_everyone_without_guest_is_authenticated_users_and_without_these_is_guest() -> None:
    facts = facts_of([], users=(ALICE, BOB), guest=BOB)
    assert Holders(facts).of_all([Held(EVERYONE, frozenset({BOB}))]) == [AUTHENTICATED]
    assert Holders(facts).of_all([Held(EVERYONE, frozenset({AUTHENTICATED}))]) == [BOB]


@pytest.mark.parametrize(("most", "told"), [(100, [ALICE]), (0, [INNER])])
def test_nobody_is_lost_who_holds_one_right_by_a_group_and_the_other_with_everybody(
    monkeypatch: pytest.MonkeyPatch, most: int, told: list[int]
) -> None:
    monkeypatch.setattr("adaudit.graph.rights.holders.MOST_APART", most)
    facts = facts_of([(ALICE, INNER)], users=(ALICE, BOB))
    nobody = Held(EVERYONE, frozenset({EVERYONE}))
    for wide in (EVERYONE, AUTHENTICATED):
        assert Holders(facts).of_all([Held(wide)], [Held(INNER), nobody]) == told


def test_too_many_to_be_told_one_by_one_stay_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adaudit.graph.rights.holders.MOST_APART", 3)
    holders = Holders(facts_of([], users=(ALICE, BOB)))
    asked = [Held(AUTHENTICATED, frozenset({BOB}))]
    assert [holders.of_all(asked) for _ in range(3)] == [[ALICE], [ALICE], [AUTHENTICATED]]


WIDE_RIGHTS = st.lists(
    st.lists(
        st.builds(Held, st.sampled_from((EVERYONE, AUTHENTICATED, *range(5, 14))), st.frozensets(st.integers(0, 13))),
        min_size=1,
        max_size=3,
    ),
    min_size=1,
    max_size=2,
)
WIDE_MEMBERSHIPS = st.lists(
    st.tuples(st.one_of(st.just(AUTHENTICATED), st.integers(5, 13)), st.sampled_from(GROUPS)), max_size=20
)


@given(WIDE_MEMBERSHIPS, WIDE_RIGHTS, st.sampled_from((None, *ACCOUNTS)), st.booleans())
def test_with_deny_aces_exactly_those_of_everyone_who_hold_every_right_are_told_or_in_what_is(
    memberships: list[tuple[int, int]], rights: list[list[Held]], guest: int | None, too_many: bool
) -> None:
    facts = facts_of(memberships, count=14, users=ACCOUNTS, guest=guest)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("adaudit.graph.rights.holders.MOST_APART", 0 if too_many else 100)
        told = Holders(facts).of_all(*rights)
    upward = nx.DiGraph(memberships)
    upward.add_nodes_from(range(14))
    upward.add_edges_from((n, AUTHENTICATED) for n in ACCOUNTS if n != guest)
    upward.add_edges_from((n, EVERYONE) for n in (AUTHENTICATED, *ACCOUNTS))
    tokens = {n: {n, *nx.descendants(upward, n)} for n in ACCOUNTS}
    holding = {
        n
        for n, token in tokens.items()
        if all(any(held.trustee in token and not held.without & token for held in right) for right in rights)
    }
    covered = {n for n, token in tokens.items() if token & set(told)}
    assert covered >= holding if too_many else covered == holding
