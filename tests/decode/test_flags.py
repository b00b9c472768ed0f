from __future__ import annotations

import pytest

from adaudit.decode.flags import FULL_CONTROL, AccessMask, DsHeuristics, expand_generic, unsigned32


def test_a_negative_group_type_is_its_unsigned_bits() -> None:
    assert unsigned32(-2147483646) == 0x80000002
    assert unsigned32(0x80000002) == 0x80000002


def test_generic_all_is_every_directory_right() -> None:
    assert expand_generic(AccessMask.GENERIC_ALL) == FULL_CONTROL


def test_generic_write_is_write_property_validated_write_and_read_control() -> None:
    expected = AccessMask.READ_CONTROL | AccessMask.DS_SELF | AccessMask.DS_WRITE_PROPERTY
    assert expand_generic(AccessMask.GENERIC_WRITE) == expected


def test_rights_given_beside_generic_ones_are_kept() -> None:
    assert expand_generic(AccessMask.GENERIC_EXECUTE | AccessMask.DELETE) == 0x30004
    assert expand_generic(AccessMask.WRITE_DAC) == AccessMask.WRITE_DAC


def test_settings_are_counted_from_one_and_read_as_hexadecimal() -> None:
    heuristics = DsHeuristics.from_text("000000200100000F")
    assert heuristics.error is None
    assert heuristics.character(7) == 2
    assert heuristics.character(16) == 15
    assert heuristics.character(17) is None
    assert heuristics.character(0) is None


def test_no_text_is_every_default() -> None:
    assert DsHeuristics.from_text(None) == DsHeuristics("", None)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("00x", "character 3 is not a hexadecimal digit"),
        ("0000000000", "character 10 must be 1"),
        ("00000000010000000001", "character 20 must be 2"),
        ("0٣", "character 2 is not a hexadecimal digit"),
    ],
)
def test_malformed_text_is_told_and_what_can_be_read_is(text: str, error: str) -> None:
    heuristics = DsHeuristics.from_text(text)
    assert heuristics.error == error
    assert heuristics.character(1) == 0


def test_a_character_that_is_no_digit_has_no_value() -> None:
    assert DsHeuristics.from_text("00x").character(3) is None
