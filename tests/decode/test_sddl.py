from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaudit.decode.descriptor import parse_descriptor
from adaudit.decode.descriptor_encode import NewAce, encode_descriptor
from adaudit.decode.errors import DecodeError
from adaudit.decode.flags import DescriptorControl
from adaudit.decode.sddl import from_sddl, to_sddl
from adaudit.decode.sddl_names import ACE_FLAGS, ALIASES, DOMAIN_RIDS, RIGHTS, ROOT_DOMAIN_RIDS
from adaudit.decode.sid import format_sid, parse_sid

DOMAIN = "S-1-5-21-1-2-3"
RESET_PASSWORD = "00299570-246d-11d0-a768-00aa006e0529"
TEXT = f"O:DAG:S-1-5-21-1-2-3-1104D:PAI(A;CIID;CCDCRPWP;;;DA)(OA;CI;CR;{RESET_PASSWORD};;AU)(D;;0x2000000;;;WD)"


def test_a_descriptor_reads_and_writes_back_the_same_text() -> None:
    descriptor = parse_descriptor(from_sddl(TEXT, DOMAIN))
    assert to_sddl(descriptor, DOMAIN) == TEXT


def test_what_the_text_says_is_in_the_bytes() -> None:
    descriptor = parse_descriptor(from_sddl(TEXT, DOMAIN))
    assert (descriptor.owner, descriptor.group) == (f"{DOMAIN}-512", f"{DOMAIN}-1104")
    assert descriptor.control == 0x9404
    assert [(a.is_allow, a.flags, a.mask, a.object_type, a.trustee) for a in descriptor.aces] == [
        (True, 0x12, 0x33, None, f"{DOMAIN}-512"),
        (True, 0x2, 0x100, RESET_PASSWORD, "S-1-5-11"),
        (False, 0, 0x2000000, None, "S-1-1-0"),
    ]


def test_null_empty_and_absent_dacls_have_different_texts() -> None:
    texts = ["O:SYD:NO_ACCESS_CONTROL", "O:SYD:", "O:SY"]
    descriptors = [parse_descriptor(from_sddl(text)) for text in texts]
    assert [d.dacl_state for d in descriptors] == ["null", "empty", "absent"]
    assert [to_sddl(d) for d in descriptors] == texts


def test_forest_groups_are_of_the_root_domain() -> None:
    descriptor = parse_descriptor(from_sddl("O:EAG:DA", "S-1-5-21-4-5-6", DOMAIN))
    assert (descriptor.owner, descriptor.group) == (f"{DOMAIN}-519", "S-1-5-21-4-5-6-512")


def test_the_system_acl_is_written_too() -> None:
    descriptor = parse_descriptor(from_sddl("D:(A;;GA;;;SY)S:P(AU;SAFA;WD;;;WD)"))
    assert descriptor.control & DescriptorControl.SACL_PRESENT
    assert descriptor.control & DescriptorControl.SACL_PROTECTED
    assert len(descriptor.aces) == 1


def test_a_condition_is_shown_without_its_content() -> None:
    ace = NewAce(9, 0x10, "S-1-5-11", condition=b"artx")
    assert to_sddl(parse_descriptor(encode_descriptor(None, None, [ace]))) == "D:(XA;;RP;;;AU;(…))"


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("nonsense", 0),
        ("O:", 2),
        ("O:ZZ", 2),
        ("O:S-1-5-4294967296", 2),
        ("O:DA", 2),
        ("O:SYO:SY", 4),
        ("S:NO_ACCESS_CONTROL", 2),
        ("D:(A;;GA;;;SY", 2),
        ("D:(A;;GA;;;SY)x", 14),
        ("D:(A;;GA;;SY)", 2),
        ("D:(Q;;GA;;;SY)", 2),
        ("D:(A;;GA;;;SY)(A;;QQ;;;SY)", 14),
        ("D:(A;;GAG;;;SY)", 2),
        ("D:(A;QQ;GA;;;SY)", 2),
        ("D:(A;;0x1ffffffff;;;SY)", 2),
        ("D:(A;;4294967296;;;SY)", 2),
        (f"D:(A;;GA;{RESET_PASSWORD};;SY)", 2),
        ("D:(OA;;CR;00299570;;SY)", 2),
        ("D:(A;;GA;;;)", 2),
        ('D:(XA;;GA;;;SY;(@User.x=="y"))', 2),
        ("D:(XA;;GA;;;SY)", 2),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, offset: int) -> None:
    with pytest.raises(DecodeError) as caught:
        from_sddl(text)
    assert caught.value.offset == offset


def test_every_name_stands_for_one_sid_and_one_bit() -> None:
    names = [*ALIASES, *DOMAIN_RIDS, *ROOT_DOMAIN_RIDS]
    assert len(set(names)) == len(names)
    assert len(set(ALIASES.values())) == len(ALIASES)
    assert all(format_sid(parse_sid(sid)) == sid for sid in ALIASES.values())
    for bits in (RIGHTS, ACE_FLAGS):
        assert all(value.bit_count() == 1 for value in bits.values())


trustees = st.sampled_from([*ALIASES.values(), f"{DOMAIN}-512", f"{DOMAIN}-1104", "S-1-5-21-9-9-9-512"])
masks = st.integers(0, 2**32 - 1)
flags = st.integers(0, 255)
guids = st.none() | st.uuids().map(str)
plain_aces = st.tuples(st.sampled_from((0, 1)), masks, trustees, flags).map(lambda fields: NewAce(*fields))
object_aces = st.tuples(st.sampled_from((5, 6)), masks, trustees, flags, guids, guids).map(lambda f: NewAce(*f))


@given(trustees, st.lists(plain_aces | object_aces, max_size=5))
def test_descriptors_survive_as_text(owner: str, aces: list[NewAce]) -> None:
    data = encode_descriptor(owner, None, aces)
    assert from_sddl(to_sddl(parse_descriptor(data), DOMAIN), DOMAIN) == data


@given(st.text(alphabet="OGDS:();APIRCWSY-15x,0 ", max_size=40))
def test_no_text_fails_but_with_a_decode_error(text: str) -> None:
    try:
        data = from_sddl(text, DOMAIN)
    except DecodeError:
        return
    assert parse_descriptor(data).error is None
