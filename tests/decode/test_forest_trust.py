"""The value below was encoded by Samba's own marshalling of the structure."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adaudit.decode.forest_trust import TrustName, parse_forest_trust

VALUE = bytes.fromhex(
    "01000000030000001d0000000000000000c083ed8a49da01000c0000006c61626f2e6578616d706c65"
    "230000000200000000c083ed8a49da01011200000070617269732e6c61626f2e6578616d706c65"
    "410000000100000000c083ed8a49da010218000000010400000000000515000000070000000800000009000000"
    "0c0000006c61626f2e6578616d706c65040000004c41424f"
)
TOP = TrustName("top_level_name", "labo.example", flags=0)
EXCLUSION = TrustName("exclusion", "paris.labo.example", flags=2)
DOMAIN = TrustName("domain", "labo.example", "LABO", "S-1-5-21-7-8-9", 1)


def test_suffixes_exclusions_and_domains_are_read_in_order() -> None:
    assert parse_forest_trust(VALUE) == (TOP, EXCLUSION, DOMAIN)


def test_a_record_of_another_type_is_told_by_its_number() -> None:
    value = bytearray(VALUE)
    value[24] = 4
    assert parse_forest_trust(bytes(value))[0] == TrustName("4", flags=0)


def test_a_malformed_sid_spoils_one_record_only() -> None:
    sid_at = VALUE.index(bytes.fromhex("0104000000000005"))
    value = bytearray(VALUE)
    value[sid_at] = 2
    error = f"SID revision 2, not 1 at offset {sid_at}"
    assert parse_forest_trust(bytes(value)) == (TOP, EXCLUSION, TrustName("domain", flags=1, error=error))


def test_a_cut_value_keeps_the_records_before_the_cut() -> None:
    names = parse_forest_trust(VALUE[:-1])
    assert names[:2] == (TOP, EXCLUSION)
    assert names[2].error == "record 2 cut short: 65 bytes wanted, 64 left at offset 84"
    assert len(names) == 3


def test_another_version_is_not_guessed_at() -> None:
    (name,) = parse_forest_trust(b"\x02" + VALUE[1:])
    assert name.error == "forest trust information version 2, not 1, at offset 0"


@given(st.binary(max_size=100))
def test_no_bytes_raise(value: bytes) -> None:
    names = parse_forest_trust(value)
    assert all(name.kind is not None or name.error for name in names)


@given(st.data())
def test_a_damaged_value_does_not_raise(draw: st.DataObject) -> None:
    damaged = bytearray(VALUE)
    damaged[draw.draw(st.integers(0, len(VALUE) - 1))] = draw.draw(st.integers(0, 255))
    assert all(name.kind is not None or name.error for name in parse_forest_trust(bytes(damaged)))
