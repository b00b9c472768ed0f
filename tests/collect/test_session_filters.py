"""Filters as a server and a reader of the log receive them, against ldap3's parser of their text form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap3.operation.search import compile_filter, parse_filter
from ldap3.utils.asn1 import encode

from adaudit.collect.filters import EVERY_OBJECT, And, AtLeast, AtMost, Equals, Filter, Or, Present

NAMES = st.sampled_from(["objectGUID", "uSNCreated", "cn"])
NUMBERS = st.integers(0, 2**63 - 1)
LEAVES: st.SearchStrategy[Filter] = st.one_of(
    st.builds(Present, NAMES),
    st.builds(Equals, NAMES, st.binary(min_size=1, max_size=20)),
    st.builds(AtLeast, NAMES, NUMBERS),
    st.builds(AtMost, NAMES, NUMBERS),
)


PARTS = st.lists(LEAVES, min_size=2, max_size=4).map(tuple)
FILTERS = st.one_of(
    LEAVES, st.builds(And, PARTS), st.builds(Or, PARTS), st.builds(lambda p, q: And((Or(p), *q)), PARTS, PARTS)
)


@given(FILTERS)
def test_the_text_of_a_filter_says_what_its_bytes_ask(asked: Filter) -> None:
    parsed = parse_filter(str(asked), None, False, None, None, None).elements[0]
    assert encode(compile_filter(parsed)) == asked.encoded()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (EVERY_OBJECT, "(objectClass=*)"),
        (Equals("objectGUID", b"\x00*)a"), "(objectGUID=\\00\\2a\\29a)"),
        (And((AtLeast("uSNCreated", 5), AtMost("uSNCreated", 9))), "(&(uSNCreated>=5)(uSNCreated<=9))"),
    ],
)
def test_a_filter_is_told_as_text(asked: Filter, told: str) -> None:
    assert str(asked) == told
