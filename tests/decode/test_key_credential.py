from __future__ import annotations

from datetime import datetime
from struct import pack

import pytest
from certificate_bytes import rsa_key
from hypothesis import given
from hypothesis import strategies as st

from adaudit.decode.errors import DecodeError
from adaudit.decode.guid import parse_guid
from adaudit.decode.key_credential import KeyCredential, parse_key_credential, split_dn_binary
from adaudit.decode.times import to_filetime

DEVICE = "3f2b1c4d-0000-4000-8000-00000000beef"
CREATED = datetime(2026, 3, 4, 5, 6, 7)
MODULUS = (1 << 2047) | 3**600 | 1


def _rsa_blob(modulus: int) -> bytes:
    octets = modulus.to_bytes((modulus.bit_length() + 7) // 8, "big")
    return b"RSA1" + pack("<IIIII", modulus.bit_length(), 3, len(octets), 0, 0) + b"\x01\x00\x01" + octets


def _blob(entries: dict[int, bytes]) -> bytes:
    return pack("<I", 0x200) + b"".join(pack("<HB", len(value), kind) + value for kind, value in entries.items())


def _entries() -> dict[int, bytes]:
    return {
        1: bytes(32),
        2: bytes(32),
        3: _rsa_blob(MODULUS),
        4: b"\x01",
        5: b"\x00",
        6: parse_guid(DEVICE),
        7: b"\x01\x00",
        8: pack("<Q", to_filetime(CREATED)),
        9: pack("<Q", to_filetime(CREATED)),
    }


def test_a_windows_hello_key_is_read_whole() -> None:
    assert parse_key_credential(_blob(_entries())) == KeyCredential("ngc", "ad", DEVICE, CREATED, 2048, False, None)


def test_a_key_in_der_is_read_too() -> None:
    credential = parse_key_credential(_blob(_entries() | {3: rsa_key((1 << 1023) | 1)}))
    assert (credential.key_bits, credential.is_roca, credential.error) == (1024, False, None)


def test_times_of_azure_keys_count_from_the_year_1() -> None:
    ticks = (CREATED - datetime(1, 1, 1)).total_seconds() * 10_000_000
    utc = 1 << 62
    credential = parse_key_credential(_blob(_entries() | {5: b"\x01", 9: pack("<Q", int(ticks) | utc)}))
    assert (credential.source, credential.created_at) == ("azure_ad", CREATED)


def test_a_fido_key_has_no_rsa_facts_and_no_error() -> None:
    credential = parse_key_credential(_blob(_entries() | {4: b"\x07", 3: b'{"authData":""}'}))
    assert (credential.usage, credential.key_bits, credential.is_roca, credential.error) == ("fido", None, None, None)


def test_numbers_out_of_the_specification_are_kept() -> None:
    credential = parse_key_credential(_blob(_entries() | {4: b"\x02", 5: b"\x09"}))
    assert (credential.usage, credential.source) == ("0x02", "0x09")


def test_an_all_zero_device_is_no_device() -> None:
    assert parse_key_credential(_blob(_entries() | {6: bytes(16)})).device_id is None


def test_what_comes_before_a_cut_is_kept() -> None:
    blob = _blob(_entries())
    credential = parse_key_credential(blob[:-1])
    assert (credential.usage, credential.key_bits, credential.created_at) == ("ngc", 2048, None)
    assert credential.error == f"entry 9 cut short: 8 bytes wanted, 7 left at offset {len(blob) - 8}"


@pytest.mark.parametrize(
    ("blob", "error"),
    [
        (b"", "version cut short: 4 bytes wanted, 0 left at offset 0"),
        (pack("<I", 0x100), "key credential version 0x100, not 0x200 at offset 0"),
        (_blob({4: b"\x01"}), "key usage or key material missing"),
        (_blob({4: b"\x01\x02"}), "entry 4 of 2 bytes, not 1 at offset 4"),
        (_blob({3: b"PCPM", 4: b"\x01"}), "key material: neither a BCRYPT RSA key nor DER at offset 0"),
        (_blob({3: b"RSA1", 4: b"\x01"}), "key material: RSA key header cut short at offset 0"),
        (_blob({3: b"0\x00", 4: b"\x01"}), "key material: key algorithm missing at offset 2"),
    ],
)
def test_what_is_malformed_is_told(blob: bytes, error: str) -> None:
    assert parse_key_credential(blob).error == error


def test_a_dn_with_binary_is_split() -> None:
    assert split_dn_binary("B:4:0aFF:CN=Zoé,DC=chu,DC=example".encode()) == ("CN=Zoé,DC=chu,DC=example", b"\x0a\xff")
    assert split_dn_binary(b"B:0::DC=test") == ("DC=test", b"")


@pytest.mark.parametrize(
    "value",
    [b"", b"B:4:0aff", b"B:6:0aff:DC=test", b"B:3:0af:DC=test", b"B:4:0agf:DC=test", b"B:4:0aff:\xff", b"S:1:a:b"],
)
def test_what_is_no_dn_with_binary_is_refused(value: bytes) -> None:
    with pytest.raises(DecodeError):
        split_dn_binary(value)


@given(st.binary(max_size=120).map(lambda tail: pack("<I", 0x200) + tail))
def test_no_bytes_raise(blob: bytes) -> None:
    credential = parse_key_credential(blob)
    assert credential.usage is not None or credential.error


@given(st.data())
def test_a_damaged_credential_does_not_raise(draw: st.DataObject) -> None:
    damaged = bytearray(_blob(_entries()))
    damaged[draw.draw(st.integers(0, len(damaged) - 1))] = draw.draw(st.integers(0, 255))
    credential = parse_key_credential(bytes(damaged))
    assert credential.usage is not None or credential.error
