from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from impacket.ldap.ldaptypes import LDAP_SID

from adaudit.decode.errors import DecodeError
from adaudit.decode.sid import WELL_KNOWN, domain_sid, format_sid, is_builtin, parse_sid, rid

sub_authorities = st.lists(st.integers(0, 2**32 - 1), max_size=15)


def test_a_domain_account_reads_as_in_windows() -> None:
    data = bytes.fromhex("010500000000000515000000a065cf7e784b9b5fe77c8770091c0100")
    assert format_sid(data) == "S-1-5-21-2127521184-1604012920-1887927527-72713"


@given(st.integers(0, 2**32 - 1), sub_authorities)
def test_impacket_reads_the_same_sid(authority: int, subs: list[int]) -> None:
    data = bytes((1, len(subs))) + authority.to_bytes(6, "big") + b"".join(s.to_bytes(4, "little") for s in subs)
    referee = LDAP_SID(data)
    assert format_sid(data) == "-".join(["S-1", str(authority), *map(str, subs)])
    if authority < 256 and subs:
        assert format_sid(data) == referee.formatCanonical()


@given(st.integers(0, 2**48 - 1), sub_authorities)
def test_text_and_bytes_of_a_sid_convert_both_ways(authority: int, subs: list[int]) -> None:
    data = bytes((1, len(subs))) + authority.to_bytes(6, "big") + b"".join(s.to_bytes(4, "little") for s in subs)
    assert parse_sid(format_sid(data)) == data


def test_an_authority_of_more_than_32_bits_is_hexadecimal() -> None:
    assert format_sid(bytes.fromhex("0101 0001 0000 0000 07000000")) == "S-1-0x000100000000-7"


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        ("", 0),
        ("01010000000000", 0),
        ("02010000000000050b000000", 0),
        ("0110" + "00" * 70, 1),
        ("01020000000000050b000000", 0),
        ("01010000000000050b00000000", 12),
    ],
)
def test_bytes_that_are_not_one_sid_are_refused_with_the_place(data: str, offset: int) -> None:
    with pytest.raises(DecodeError) as caught:
        format_sid(bytes.fromhex(data))
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    "text",
    [
        "",
        "S-1",
        "S-2-5-18",
        "S-1-5-",
        "S-1-5-4294967296",
        "S-1-281474976710656",
        "S-1-5-1_0",
        "S-1-5-١",
        " S-1-5-18",
        "S-1-5-18\n",
        "S-1-5" + "-1" * 16,
    ],
)
def test_text_that_is_not_a_sid_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        parse_sid(text)


@pytest.mark.parametrize(
    ("sid", "last", "domain"),
    [
        ("S-1-5-21-1-2-3-512", 512, "S-1-5-21-1-2-3"),
        ("S-1-5-21-1-2-3", 3, "S-1-5-21-1-2-3"),
        ("S-1-5-32-544", 544, None),
        ("S-1-5-21-0-0-0-497", 497, None),
        ("S-1-5-18", 18, None),
        ("S-1-5", None, None),
        ("S-1-5-21-1-2-x", None, None),
        ("Tier-0-admins-2-512", None, None),
        ("S-1-5-21-1-2-3-" + "9" * 5000, None, "S-1-5-21-1-2-3"),
        ("", None, None),
    ],
)
def test_rid_and_domain_of_a_sid(sid: str, last: int | None, domain: str | None) -> None:
    assert rid(sid) == last
    assert domain_sid(sid) == domain


def test_builtin_is_the_domain_and_its_groups_only() -> None:
    assert is_builtin("S-1-5-32")
    assert is_builtin("S-1-5-32-544")
    assert not is_builtin("S-1-5-320-1")


def test_every_well_known_sid_is_a_sid_and_is_named_once() -> None:
    assert [format_sid(parse_sid(sid)) for sid in WELL_KNOWN] == list(WELL_KNOWN)
    assert len(set(WELL_KNOWN.values())) == len(WELL_KNOWN)
