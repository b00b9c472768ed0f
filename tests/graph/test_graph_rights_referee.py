"""Whoever the graph says takes an object in one right holds that right by an access check, and the reverse."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adaudit.derive.facts import Facts
from adaudit.graph.families.rights import rights
from adaudit.graph.graph import assemble
from adaudit.graph.nodes import Nodes
from adaudit.schema import TABLES
from tests.graph.access_check import FULL, WRITE_DAC, WRITE_OWNER, Ace, Wish, is_granted, token_of
from tests.graph.small_forest import HEAD, SmallForest

ACCOUNTS: Final = ("alice", "bob", "carol")
GROUPS: Final = ("soins", "labo", "garde")
HOLDERS: Final = (*ACCOUNTS, *GROUPS, "S-1-1-0", "S-1-5-11")
EVERYONE, AUTHENTICATED = 6, 7

SELF, WRITE, CONTROL, GENERIC_ALL = 0x8, 0x20, 0x100, 0x10000000
MEMBER, MEMBERSHIP = "bf9679c0-0de6-11d0-a285-00aa003049e2", "bc0ac240-79a9-11d0-9020-00c04fc2d4cf"
GROUP, USER = "bf967a9c-0de6-11d0-a285-00aa003049e2", "bf967aba-0de6-11d0-a285-00aa003049e2"
RESET = "00299570-246d-11d0-a768-00aa006e0529"
SPN, ALT = "f3a64788-5306-11d1-a9c5-0000f80367c1", "00fbf30c-91fe-11d1-aebc-0000f80367c1"
KEY, KEY_SET = "5b47d60f-6090-40b2-9f37-2a4de88f3063", "9b026da6-0d3c-465c-8bee-5199d7165cba"
SCRIPT, PROFILE = "bf9679a8-0de6-11d0-a285-00aa003049e2", "bf967a05-0de6-11d0-a285-00aa003049e2"
PUBLIC, LOGON = "e48d0154-bcf8-11d1-8702-00c04fb96050", "5f202010-79a5-11d0-9020-00c04fc2d4cf"
UPN = "28630ebb-41d5-11d1-a9c1-0000f80367c1"

WHOLE: Final = (Wish(WRITE_DAC), Wish(WRITE_OWNER))
WISHES: Final = {
    "group": (
        *WHOLE,
        Wish(WRITE, frozenset((MEMBER, MEMBERSHIP, GROUP))),
        Wish(SELF, frozenset((MEMBER, MEMBERSHIP, GROUP))),
    ),
    "user": (
        *WHOLE,
        Wish(CONTROL, frozenset((RESET,))),
        *(Wish(WRITE, frozenset((attribute, PUBLIC, USER))) for attribute in (SPN, ALT)),
        *(Wish(WRITE, frozenset((attribute, LOGON, USER))) for attribute in (SCRIPT, PROFILE)),
        Wish(WRITE, frozenset((KEY, KEY_SET, USER))),
    ),
}
"""What takes an object of a class: attributes, their property sets and the class itself."""

OBJECT_TYPES: Final = {
    "group": (None, None, MEMBER, MEMBERSHIP, GROUP, SPN),
    "user": (None, None, RESET, SPN, ALT, KEY, KEY_SET, SCRIPT, PUBLIC, LOGON, USER, UPN, MEMBER),
}
MASKS: Final = (WRITE, WRITE, CONTROL, SELF, WRITE_DAC, WRITE_OWNER, WRITE_DAC | WRITE_OWNER, WRITE | SELF, FULL, 0x10)


def takers(object_class: str, memberships: list[tuple[int, int]], aces: list[Ace]) -> set[str]:
    """Accounts that one edge of a right, after memberships alone, brings to an object that bears these ACEs."""
    forest = SmallForest()
    for rid, account in enumerate(ACCOUNTS):
        forest.add(f"CN={account},{HEAD}", "user", rid=1100 + rid)
    for rid, group in enumerate(GROUPS):
        forest.add(f"CN={group},{HEAD}", "group", rid=1200 + rid)
    names = [f"CN={name},{HEAD}" for name in (*ACCOUNTS, *GROUPS)] + ["S-1-1-0", "S-1-5-11"]
    for name in names[EVERYONE:]:
        forest.identity(name)
    for inner, outer in memberships:
        forest.join(names[inner], names[outer])
    forest.row("security_descriptors", sd_id=2, role="object", domain_id=0, dacl_state="present")
    for position, ace in enumerate(aces):
        given = {"mask": ace.mask, "object_type": ace.object_type, "is_allow": ace.allow}
        trustee = forest.principal(names[ace.trustee])
        sid = forest.rows["principals"][trustee]["sid"]
        forest.row("aces", sd_id=2, position=position, trustee_id=trustee, trustee_sid=sid, flags=0, **given)
    target = forest.add(f"CN=cible,{HEAD}", object_class, rid=1300, sd=2)
    tables = {table: pa.Table.from_pylist(rows, TABLES[table].arrow_schema) for table, rows in forest.rows.items()}
    facts = Facts(tables)
    nodes = Nodes(facts)
    graph = assemble(nodes.count, rights(facts, nodes))
    sources = set(graph.source[graph.is_traversable & (graph.target == nodes.of_object(target))].tolist())
    holders = [nodes.of_principal(forest.principal(name)) for name in names]
    return {
        account
        for number, account in enumerate(ACCOUNTS)
        if any(holders[each] in sources for each in token(number, memberships))
    }


def token(account: int, memberships: list[tuple[int, int]]) -> set[int]:
    return token_of(account, memberships, (EVERYONE, AUTHENTICATED))


def entitled(object_class: str, memberships: list[tuple[int, int]], aces: list[Ace]) -> set[str]:
    expanded = [ace._replace(mask=FULL) if ace.mask == GENERIC_ALL else ace for ace in aces]
    return {
        account
        for number, account in enumerate(ACCOUNTS)
        if any(is_granted(wish, token(number, memberships), expanded) for wish in WISHES[object_class])
    }


@st.composite
def situations(draw: st.DrawFn) -> tuple[str, list[tuple[int, int]], list[Ace]]:
    object_class = draw(st.sampled_from(sorted(WISHES)))
    members = st.sampled_from([*range(len(ACCOUNTS) + len(GROUPS)), AUTHENTICATED])
    pairs = st.tuples(members, st.integers(len(ACCOUNTS), EVERYONE - 1)).filter(lambda pair: pair[0] != pair[1])
    memberships = draw(st.lists(pairs, max_size=7, unique=True))
    ace: st.SearchStrategy[Any] = st.builds(
        Ace,
        st.booleans(),
        st.integers(0, len(HOLDERS) - 1),
        st.sampled_from((*MASKS, GENERIC_ALL)),
        st.sampled_from(OBJECT_TYPES[object_class]),
    )
    return object_class, memberships, draw(st.lists(ace, max_size=6))


ALICE, BOB, SOINS, LABO = 0, 1, 3, 4


@given(situations())
@example(("group", [(ALICE, SOINS), (BOB, SOINS)], [Ace(False, ALICE, WRITE, MEMBER), Ace(True, SOINS, WRITE)]))
@example(("group", [(ALICE, SOINS)], [Ace(False, ALICE, WRITE), Ace(True, SOINS, WRITE | SELF)]))
@example(("group", [(ALICE, LABO), (LABO, SOINS)], [Ace(False, LABO, FULL), Ace(True, SOINS, FULL)]))
@example(("user", [(ALICE, SOINS)], [Ace(False, SOINS, CONTROL, RESET), Ace(True, AUTHENTICATED, CONTROL)]))
@example(("user", [(AUTHENTICATED, SOINS)], [Ace(False, ALICE, WRITE), Ace(True, SOINS, GENERIC_ALL)]))
def test_the_graph_and_the_access_check_name_the_same_accounts(
    situation: tuple[str, list[tuple[int, int]], list[Ace]],
) -> None:
    assert takers(*situation) == entitled(*situation)


@pytest.mark.parametrize("denied", [SOINS, LABO])
def test_an_everyone_like_holder_is_told_as_the_accounts_that_keep_the_right(denied: int) -> None:
    memberships = [(ALICE, denied)]
    aces = [Ace(False, denied, WRITE, MEMBER), Ace(True, AUTHENTICATED, WRITE, MEMBER)]
    assert takers("group", memberships, aces) == {"bob", "carol"}
