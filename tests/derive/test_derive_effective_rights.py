"""descriptor_rights: hand-made descriptors, then random ones judged by a slow and obvious access check."""

from __future__ import annotations

from typing import Any, NamedTuple

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaudit.derive import derive
from adaudit.schema import TABLES

EVERYONE, USERS, ALICE, HELPDESK, TIER, SELF, OWNER_RIGHTS, CREATOR = range(8)
SIDS = (
    "S-1-1-0",
    "S-1-5-11",
    "S-1-5-21-1-2-3-1104",
    "S-1-5-21-1-2-3-1201",
    "S-1-5-21-1-2-3-1202",
    "S-1-5-10",
    "S-1-3-4",
    "S-1-3-0",
)
TYPES = ("well_known", "well_known", "user", "group", "group", "well_known", "well_known", "well_known")

MEMBER = "bf9679c0-0de6-11d0-a285-00aa003049e2"
MEMBERSHIP = "bc0ac240-79a9-11d0-9020-00c04fc2d4cf"
RESET = "00299570-246d-11d0-a768-00aa006e0529"
SPN = "f3a64788-5306-11d1-a9c5-0000f80367c1"

CREATE, LIST, SELF_WRITE, READ, WRITE, CONTROL = 0x1, 0x4, 0x8, 0x10, 0x20, 0x100
DELETE, WRITE_DAC, WRITE_OWNER, FULL, GENERIC_ALL = 0x10000, 0x40000, 0x80000, 0xF01FF, 0x10000000


class Ace(NamedTuple):
    allow: bool
    trustee: int
    mask: int
    object_type: str | None = None
    conditional: bool = False
    inherit_only: bool = False
    inherited: bool = False


def allow(trustee: int, mask: int, object_type: str | None = None, **more: bool) -> Ace:
    return Ace(True, trustee, mask, object_type, **more)


def deny(trustee: int, mask: int, object_type: str | None = None, **more: bool) -> Ace:
    return Ace(False, trustee, mask, object_type, **more)


def rights_of(*aces: Ace, owner: int | None = None, state: str = "present") -> list[dict[str, Any]]:
    """Rows of descriptor_rights for one descriptor; HELPDESK is in TIER, ALICE in HELPDESK."""
    rows: dict[str, list[dict[str, Any]]] = {
        "principals": [
            {"principal_id": n, "sid": sid, "type": type_, "rid": int(sid.rsplit("-", 1)[1])}
            for n, (sid, type_) in enumerate(zip(SIDS, TYPES, strict=True))
        ],
        "memberships": [{"member_id": ALICE, "group_id": HELPDESK}, {"member_id": HELPDESK, "group_id": TIER}],
        "security_descriptors": [
            {
                "sd_id": 0,
                "role": "object",
                "dacl_state": state,
                "owner_id": owner,
                "owner_sid": None if owner is None else SIDS[owner],
            }
        ],
        "aces": [
            {
                "sd_id": 0,
                "position": position,
                "is_allow": ace.allow,
                "mask": ace.mask,
                "object_type": ace.object_type,
                "trustee_id": ace.trustee,
                "trustee_sid": SIDS[ace.trustee],
                "has_condition": ace.conditional,
                "is_inherit_only": ace.inherit_only,
                "is_inherited": ace.inherited,
            }
            for position, ace in enumerate(aces)
        ],
    }
    tables = {name: pa.Table.from_pylist(given, TABLES[name].arrow_schema) for name, given in rows.items()}
    found: list[dict[str, Any]] = derive(tables)["descriptor_rights"].to_pylist()
    return found


def told(rows: list[dict[str, Any]]) -> set[tuple[int, str, str | None]]:
    return {(row["principal_id"], row["right"], row["object_type"]) for row in rows}


def test_a_null_dacl_is_not_an_empty_one() -> None:
    assert told(rights_of(owner=ALICE, state="null")) == {(EVERYONE, "null_dacl", None), (ALICE, "owner", None)}
    assert told(rights_of(owner=ALICE, state="empty")) == {(ALICE, "owner", None)}


def test_an_absent_dacl_is_told_like_a_null_one() -> None:
    assert (EVERYONE, "null_dacl", None) in told(rights_of(state="absent"))


def test_generic_all_is_full_control_and_is_told_once() -> None:
    rows = rights_of(allow(ALICE, GENERIC_ALL), allow(ALICE, FULL, inherited=True), allow(ALICE, WRITE))
    assert [(row["right"], row["position"], row["is_inherited"]) for row in rows] == [("full_control", 0, False)]


def test_inherit_only_aces_give_nothing_on_the_object() -> None:
    assert rights_of(allow(ALICE, FULL, inherit_only=True)) == []


def test_an_object_type_narrows_the_rights_and_drops_the_standard_ones() -> None:
    assert told(rights_of(allow(ALICE, WRITE | WRITE_DAC, MEMBER))) == {(ALICE, "write_property", MEMBER)}


def test_a_deny_before_counts_and_a_deny_after_does_not() -> None:
    assert rights_of(deny(ALICE, WRITE_DAC), allow(ALICE, WRITE_DAC)) == []
    assert told(rights_of(allow(ALICE, WRITE_DAC), deny(ALICE, WRITE_DAC))) == {(ALICE, "write_dacl", None)}


def test_a_deny_takes_away_only_its_bits_from_full_control() -> None:
    names = {row["right"] for row in rights_of(deny(ALICE, DELETE), allow(ALICE, FULL))}
    assert "full_control" not in names
    assert "delete" not in names
    assert {"write_dacl", "write_owner", "write_property"} <= names


@pytest.mark.parametrize("denied", [ALICE, HELPDESK, TIER, USERS, EVERYONE])
def test_a_deny_applies_to_whom_the_trustee_contains(denied: int) -> None:
    assert rights_of(deny(denied, WRITE), allow(ALICE, WRITE)) == []


def test_a_deny_for_a_member_leaves_the_group_its_right() -> None:
    assert told(rights_of(deny(ALICE, WRITE), allow(HELPDESK, WRITE))) == {(HELPDESK, "write_property", None)}


def test_a_deny_for_authenticated_users_leaves_everyone_its_right() -> None:
    assert told(rights_of(deny(USERS, WRITE), allow(EVERYONE, WRITE))) == {(EVERYONE, "write_property", None)}


def test_a_deny_on_a_property_set_takes_away_its_attributes() -> None:
    assert rights_of(deny(ALICE, WRITE, MEMBERSHIP), allow(ALICE, WRITE, MEMBER)) == []
    assert len(rights_of(deny(ALICE, WRITE, MEMBERSHIP), allow(ALICE, WRITE, SPN))) == 1
    assert len(rights_of(deny(ALICE, WRITE, MEMBER), allow(ALICE, WRITE))) == 1


def test_conditions_are_not_trusted_to_deny_and_are_told_when_they_allow() -> None:
    (row,) = rights_of(deny(ALICE, WRITE, conditional=True), allow(ALICE, WRITE, conditional=True))
    assert row["is_conditional"] is True


def test_an_unconditional_ace_is_told_rather_than_a_conditional_one() -> None:
    (row,) = rights_of(allow(ALICE, WRITE, conditional=True), allow(ALICE, WRITE))
    assert (row["is_conditional"], row["position"]) == (False, 1)


def test_owner_rights_replace_what_the_owner_may_do() -> None:
    assert told(rights_of(allow(OWNER_RIGHTS, READ), owner=ALICE)) == {(ALICE, "read_property", None)}
    assert told(rights_of(allow(OWNER_RIGHTS, WRITE_DAC), owner=ALICE)) == {(ALICE, "write_dacl", None)}
    assert told(rights_of(allow(OWNER_RIGHTS, READ, inherit_only=True), owner=ALICE)) == {(ALICE, "owner", None)}


def test_a_deny_does_not_take_the_owner_their_implicit_right() -> None:
    assert told(rights_of(deny(EVERYONE, FULL), owner=ALICE)) == {(ALICE, "owner", None)}


BITS = {
    "create_child": CREATE,
    "list_contents": LIST,
    "self_write": SELF_WRITE,
    "read_property": READ,
    "write_property": WRITE,
    "control_access": CONTROL,
    "delete": DELETE,
    "write_dacl": WRITE_DAC,
    "write_owner": WRITE_OWNER,
}
SCOPED = ("create_child", "self_write", "read_property", "write_property", "control_access")
CARRIES = {
    EVERYONE: {EVERYONE},
    USERS: {USERS, EVERYONE},
    ALICE: {ALICE, HELPDESK, TIER, USERS, EVERYONE},
    HELPDESK: {HELPDESK, TIER, USERS, EVERYONE},
    TIER: {TIER, USERS, EVERYONE},
    SELF: {SELF, EVERYONE},
}
OBJECT_TYPES = (None, MEMBER, MEMBERSHIP, RESET, SPN)
IN_SET = {MEMBER: MEMBERSHIP}


def bit_is_given(aces: list[Ace], index: int, name: str) -> bool:
    """Ask for one right on one type, walking the DACL up to one allow ACE as an access check does."""
    ace = aces[index]
    if not ace.mask & BITS[name] or (ace.object_type is not None and name not in SCOPED):
        return False
    for earlier in aces[:index]:
        covers = earlier.object_type in (None, ace.object_type, IN_SET.get(ace.object_type or ""))
        asked = earlier.mask & BITS[name] and (earlier.object_type is None or name in SCOPED)
        is_firm_deny = not (earlier.allow or earlier.conditional or earlier.inherit_only)
        if is_firm_deny and earlier.trustee in CARRIES[ace.trustee] and covers and asked:
            return False
    return True


def expected(aces: list[Ace]) -> set[tuple[int, str, str | None]]:
    return {
        (ace.trustee, name, ace.object_type)
        for index, ace in enumerate(aces)
        for name in BITS
        if ace.allow and not ace.inherit_only and bit_is_given(aces, index, name)
    }


random_aces = st.builds(
    Ace,
    allow=st.booleans(),
    trustee=st.sampled_from(sorted(CARRIES)),
    mask=st.sets(st.sampled_from(sorted(BITS.values())), min_size=1).map(sum),
    object_type=st.sampled_from(OBJECT_TYPES),
    conditional=st.sampled_from((False, False, True)),
    inherit_only=st.sampled_from((False, False, False, True)),
)


@given(st.lists(random_aces, max_size=9))
def test_random_dacls_give_what_a_slow_access_check_gives(aces: list[Ace]) -> None:
    rows = rights_of(*aces)
    assert told(rows) == expected(aces)
    assert len(told(rows)) == len(rows)
    for row in rows:
        ace = aces[row["position"]]
        assert (ace.trustee, ace.object_type, ace.conditional) == (
            row["principal_id"],
            row["object_type"],
            row["is_conditional"],
        )
