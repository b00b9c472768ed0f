from __future__ import annotations

from struct import pack, pack_into

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from impacket.ldap.ldaptypes import ACCESS_ALLOWED_OBJECT_ACE, SR_SECURITY_DESCRIPTOR

from adaudit.decode.descriptor import Ace, SecurityDescriptor, parse_descriptor
from adaudit.decode.descriptor_encode import NewAce, encode_descriptor
from adaudit.decode.flags import AccessMask, DescriptorControl
from adaudit.decode.guid import format_guid, parse_guid
from adaudit.decode.sid import format_sid

SYSTEM = "S-1-5-18"
ADMINISTRATORS = "S-1-5-32-544"
ACCOUNT = "S-1-5-21-1-2-3-1104"
RESET_PASSWORD = "00299570-246d-11d0-a768-00aa006e0529"
USER_CLASS = "bf967aba-0de6-11d0-a285-00aa003049e2"

sub_authorities = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=15)
sids = sub_authorities.map(lambda subs: "-".join(["S-1-5", *map(str, subs)]))
guids = st.none() | st.uuids().map(str)
conditions = st.binary(max_size=24).map(lambda tail: b"artx" + tail)


def _aces(kinds: tuple[int, ...], *, is_object: bool, has_condition: bool) -> st.SearchStrategy[NewAce]:
    return st.builds(
        NewAce,
        type=st.sampled_from(kinds),
        mask=st.integers(0, 2**32 - 1),
        trustee=sids,
        flags=st.integers(0, 255),
        object_type=guids if is_object else st.none(),
        inherited_object_type=guids if is_object else st.none(),
        condition=conditions if has_condition else st.just(b""),
    )


aces = st.lists(
    _aces((0, 1), is_object=False, has_condition=False)
    | _aces((5, 6), is_object=True, has_condition=False)
    | _aces((9, 10), is_object=False, has_condition=True)
    | _aces((11, 12), is_object=True, has_condition=True),
    max_size=8,
)
descriptors = st.builds(
    encode_descriptor,
    st.none() | sids,
    st.none() | sids,
    st.none() | aces,
    control=st.integers(0, 2**15 - 1),
)


def _guid(value: object) -> str | None:
    return format_guid(value) if isinstance(value, bytes) and value else None


def _as_impacket_reads(data: bytes) -> tuple[str | None, str | None, list[Ace]]:
    descriptor = SR_SECURITY_DESCRIPTOR(data)
    read = []
    has_dacl = descriptor["Control"] & DescriptorControl.DACL_PRESENT and descriptor["OffsetDacl"]
    for position, entry in enumerate(descriptor["Dacl"].aces if has_dacl else ()):
        body = entry["Ace"]
        kind = entry["AceType"]
        is_object = isinstance(body, ACCESS_ALLOWED_OBJECT_ACE) or kind in (6, 11, 12)
        read.append(
            Ace(
                position,
                kind,
                kind in (0, 5, 9, 11),
                entry["AceFlags"],
                body["Mask"]["Mask"],
                _guid(body["ObjectType"]) if is_object else None,
                _guid(body["InheritedObjectType"]) if is_object else None,
                format_sid(body["Sid"].getData()),
                kind >= 9,
            )
        )
    owner, group = (
        format_sid(descriptor[name].getData()) if descriptor[f"Offset{name[:5].rstrip('S')}"] else None
        for name in ("OwnerSid", "GroupSid")
    )
    return owner, group, read


@given(descriptors)
def test_impacket_reads_the_same_descriptor(data: bytes) -> None:
    descriptor = parse_descriptor(data)
    assert descriptor.error is None
    assert (descriptor.owner, descriptor.group, list(descriptor.aces)) == _as_impacket_reads(data)


def test_an_object_ace_keeps_what_it_is_about_and_what_inherits_it() -> None:
    ace = NewAce(5, AccessMask.DS_CONTROL_ACCESS, ACCOUNT, 0x1A, RESET_PASSWORD, USER_CLASS)
    descriptor = parse_descriptor(encode_descriptor(ADMINISTRATORS, SYSTEM, [ace]))
    assert descriptor == SecurityDescriptor(
        control=0x8004,
        owner=ADMINISTRATORS,
        group=SYSTEM,
        dacl_state="present",
        aces=(Ace(0, 5, True, 0x1A, 0x100, RESET_PASSWORD, USER_CLASS, ACCOUNT, False),),
        error=None,
    )


def test_a_null_dacl_is_neither_empty_nor_absent() -> None:
    states = [
        parse_descriptor(encode_descriptor(SYSTEM, None, dacl, control=control)).dacl_state
        for dacl, control in (
            (None, DescriptorControl.DACL_PRESENT),
            ([], DescriptorControl.DACL_PRESENT),
            (None, DescriptorControl(0)),
        )
    ]
    assert states == ["null", "empty", "absent"]


def test_a_condition_is_told_and_does_not_disturb_the_trustee() -> None:
    ace = NewAce(9, 0x20, ACCOUNT, condition=b"artx\xf8\x00\x00\x00")
    read = parse_descriptor(encode_descriptor(None, None, [ace, NewAce(0, 1, SYSTEM)])).aces
    assert [(a.trustee, a.is_allow, a.has_condition) for a in read] == [(ACCOUNT, True, True), (SYSTEM, True, False)]


def test_a_long_condition_does_not_disturb_the_longest_trustee() -> None:
    trustee = "S-1-5" + "-4294967295" * 15
    ace = NewAce(11, 0x20, trustee, 0, RESET_PASSWORD, USER_CLASS, b"artx" + bytes(9000))
    (read,) = parse_descriptor(encode_descriptor(None, None, [ace])).aces
    assert (read.object_type, read.inherited_object_type, read.trustee) == (RESET_PASSWORD, USER_CLASS, trustee)


@pytest.mark.parametrize("kind", [2, 7, 0x11])
def test_an_audit_ace_in_a_dacl_is_kept_and_neither_allows_nor_denies(kind: int) -> None:
    (ace,) = parse_descriptor(encode_descriptor(None, None, [NewAce(kind, 3, ACCOUNT)])).aces
    assert (ace.type, ace.is_allow, ace.mask, ace.trustee) == (kind, None, 3, ACCOUNT)


def test_an_ace_of_unknown_layout_is_kept_and_those_after_it_are_read() -> None:
    data = bytearray(encode_descriptor(None, None, [NewAce(0, 3, SYSTEM), NewAce(0, 4, ACCOUNT)]))
    data[28] = 0x77
    first, second = parse_descriptor(bytes(data)).aces
    assert first == Ace(0, 0x77, None, 0, 0, None, None, "", False)
    assert second.trustee == ACCOUNT


def test_the_sacl_is_left_alone() -> None:
    data = encode_descriptor(SYSTEM, None, [NewAce(0, 1, SYSTEM)], sacl=[NewAce(2, 1, ACCOUNT)])
    descriptor = parse_descriptor(data)
    assert [ace.trustee for ace in descriptor.aces] == [SYSTEM]
    assert descriptor.error is None


SOUND = encode_descriptor(ADMINISTRATORS, SYSTEM, [NewAce(0, 1, SYSTEM), NewAce(5, 2, ACCOUNT, 0, RESET_PASSWORD)])
DACL = SOUND.index(pack("<BBH", 4, 0, 8 + 20 + 56))


def test_a_cut_descriptor_keeps_the_aces_before_the_cut() -> None:
    descriptor = parse_descriptor(SOUND[:-4])
    assert (descriptor.owner, descriptor.group) == (ADMINISTRATORS, SYSTEM)
    assert [ace.trustee for ace in descriptor.aces] == [SYSTEM]
    assert descriptor.dacl_state == "present"
    assert f"ACE 1 of 56 bytes does not fit at offset {DACL + 28}" in str(descriptor.error)


def test_a_malformed_trustee_is_located_in_the_descriptor() -> None:
    data = bytearray(SOUND)
    trustee_at = DACL + 28 + 12 + 16
    data[trustee_at] = 9
    descriptor = parse_descriptor(bytes(data))
    assert len(descriptor.aces) == 1
    assert descriptor.error == f"ACE 1: SID revision 9, not 1 at offset {trustee_at}"


def test_a_malformed_owner_does_not_lose_the_dacl() -> None:
    data = bytearray(SOUND)
    pack_into("<I", data, 4, 0xFFFFFFF0)
    descriptor = parse_descriptor(bytes(data))
    assert descriptor.owner is None
    assert descriptor.error == "owner: SID cut short at offset 4294967280"
    assert len(descriptor.aces) == 2


def test_more_aces_announced_than_there_are_is_told() -> None:
    data = bytearray(SOUND)
    pack_into("<H", data, DACL + 4, 60000)
    descriptor = parse_descriptor(bytes(data))
    assert len(descriptor.aces) == 2
    assert descriptor.error == f"ACE 2 of 60000 is beyond the DACL at offset {len(SOUND)}"


def test_a_dacl_out_of_reach_is_not_taken_for_an_empty_or_null_one() -> None:
    data = bytearray(SOUND)
    pack_into("<I", data, 16, len(SOUND))
    descriptor = parse_descriptor(bytes(data))
    assert descriptor.dacl_state == "present"
    assert descriptor.error == f"DACL header cut short at offset {len(SOUND)}"


@given(st.binary(max_size=200))
@example(b"")
@example(bytes(20))
def test_no_bytes_raise(data: bytes) -> None:
    descriptor = parse_descriptor(data)
    assert descriptor.error is not None or data[:1] == b"\x01"


@given(descriptors, st.data())
def test_a_damaged_descriptor_does_not_raise(data: bytes, draw: st.DataObject) -> None:
    damaged = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 4))):
        damaged[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    cut = draw.draw(st.integers(0, len(data)))
    for bad in (bytes(damaged), bytes(damaged[:cut]), data[:cut]):
        descriptor = parse_descriptor(bad)
        assert [ace.position for ace in descriptor.aces] == list(range(len(descriptor.aces)))


def test_a_guid_of_a_missing_object_type_is_not_invented() -> None:
    (ace,) = parse_descriptor(encode_descriptor(None, None, [NewAce(5, 1, SYSTEM, 0, None, USER_CLASS)])).aces
    assert (ace.object_type, ace.inherited_object_type) == (None, USER_CLASS)
    assert parse_guid(USER_CLASS) in encode_descriptor(None, None, [NewAce(5, 1, SYSTEM, 0, None, USER_CLASS)])
