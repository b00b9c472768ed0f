"""Records and properties below were encoded by Samba's own marshalling of these structures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaudit.decode.dns import ZONE_AGING_STATE, ZONE_ALLOW_UPDATE, ZONE_TYPE, parse_dns_property, parse_dns_record

HEAD = "05f0000007000000000003840000000000000000"
NAME = "11030364633103636875076578616d706c6500"

RECORDS = {
    "A": ("04000100" + HEAD + "c0000207", "192.0.2.7"),
    "AAAA": ("10001c00" + HEAD + "20010db8000000000000000000000007", "2001:db8::7"),
    "CNAME": ("13000500" + HEAD + NAME, "dc1.chu.example."),
    "NS": ("13000200" + HEAD + NAME, "dc1.chu.example."),
    "PTR": ("14000c00" + HEAD + "12030470632d3703636875076578616d706c6500", "pc-7.chu.example."),
    "MX": ("16000f00" + HEAD + "000a1203046d61696c03636875076578616d706c6500", "10 mail.chu.example."),
    "SRV": ("19002100" + HEAD + "000100640185" + NAME, "1 100 389 dc1.chu.example."),
    "TXT": (
        "1c001000" + HEAD + "0b763d73706631202d616c6c0f61202271756f7465642220776f7264",
        '"v=spf1 -all" "a \\"quoted\\" word"',
    ),
    "SOA": (
        "41000600"
        + HEAD
        + "0000002a00000384000002580001518000000e10"
        + NAME
        + "18030a686f73746d617374657203636875076578"
        "616d706c6500",
        "dc1.chu.example. hostmaster.chu.example. 42 900 600 86400 3600",
    ),
    "TOMBSTONE": ("08000000" + HEAD + "00c083ed8a49da01", "2024-01-17T21:20:00Z"),
}


@pytest.mark.parametrize("kind", RECORDS)
def test_a_record_reads_in_presentation_form(kind: str) -> None:
    value, data = RECORDS[kind]
    record = parse_dns_record(bytes.fromhex(value))
    assert (record.type, record.ttl, record.data, record.is_static, record.error) == (kind, 900, data, True, None)


def test_a_record_with_a_timestamp_is_dynamic() -> None:
    value = bytearray.fromhex(RECORDS["A"][0])
    value[20:24] = (3_700_000).to_bytes(4, "little")
    assert parse_dns_record(bytes(value)).is_static is False


def test_a_record_of_another_type_is_its_number_and_its_bytes() -> None:
    record = parse_dns_record(bytes.fromhex("030001ff" + HEAD + "a1b2c3"))
    assert (record.type, record.data, record.error) == ("65281", "a1b2c3", None)


def test_dots_and_control_characters_within_a_label_are_escaped() -> None:
    record = parse_dns_record(bytes.fromhex("0c000500" + HEAD + "0a0208612e0a1b5cc3a9ff00"))
    assert record.error == "end of name cut short: 1 bytes wanted, 0 left at offset 36"
    record = parse_dns_record(bytes.fromhex("0c000500" + HEAD + "0a0108612e0a1b5cc3a9ff00"))
    assert (record.data, record.error) == ("a\\.\\010\\027\\\\é\\255.", None)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("0400", "record type cut short: 2 bytes wanted, 0 left at offset 2"),
        ("08000100" + HEAD + "c0000207", "4 bytes of data where 8 are announced at offset 0"),
        ("03000100" + HEAD + "c00002", "address cut short: 4 bytes wanted, 3 left at offset 24"),
        ("05000100" + HEAD + "c000020701", "1 bytes after the data at offset 28"),
        ("05000500" + HEAD + "0401016100", "name and its length disagree at offset 29"),
    ],
)
def test_a_malformed_record_is_located(value: str, error: str) -> None:
    assert parse_dns_record(bytes.fromhex(value)).error == error


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("04000000010000000000000001000000010000000100000000000000", ZONE_TYPE),
        ("01000000010000000000000001000000020000000100000000", ZONE_ALLOW_UPDATE),
        ("04000000010000000000000001000000400000000100000000000000", ZONE_AGING_STATE),
    ],
)
def test_a_property_of_a_zone_is_a_number(value: str, kind: int) -> None:
    found = parse_dns_property(bytes.fromhex(value))
    assert (found.id, found.value, found.error) == (kind, 1, None)


def test_a_property_without_data_has_no_value() -> None:
    found = parse_dns_property(bytes.fromhex("0000000001000000000000000100000002000000"))
    assert (found.id, found.value, found.error) == (ZONE_ALLOW_UPDATE, None, None)


def test_a_cut_property_keeps_its_id() -> None:
    found = parse_dns_property(bytes.fromhex("04000000010000000000000001000000020000000100"))
    assert found.id == ZONE_ALLOW_UPDATE
    assert found.error == "property data cut short: 4 bytes wanted, 2 left at offset 20"


@given(st.binary(max_size=80))
def test_no_bytes_raise(value: bytes) -> None:
    parse_dns_record(value)
    parse_dns_property(value)


@given(st.sampled_from([bytes.fromhex(value) for value, _ in RECORDS.values()]), st.data())
def test_damaged_records_do_not_raise(value: bytes, draw: st.DataObject) -> None:
    damaged = bytearray(value)
    damaged[draw.draw(st.integers(0, len(value) - 1))] = draw.draw(st.integers(0, 255))
    record = parse_dns_record(bytes(damaged))
    assert record.error or record.data is not None or record.type == "TOMBSTONE"
