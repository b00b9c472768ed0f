from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from certificate_bytes import (
    MD5_WITH_RSA,
    NULL,
    certificate,
    der,
    dsa_key,
    integer,
    oid,
    public_key,
    rsa_key,
    sequence,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from adaudit.decode.certificate import Certificate, parse_certificate, split_certificate_pair
from adaudit.decode.errors import DecodeError

SOUND_MODULUS = (1 << 2047) | 3**600 | 1


def _signed(
    key: rsa.RSAPrivateKey
    | dsa.DSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey,
    algorithm: hashes.SHA256 | hashes.SHA384 | None = None,
    rsa_padding: padding.PSS | None = None,
) -> x509.Certificate:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.DOMAIN_COMPONENT, "test"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Centre, hospitalier"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Émetteur+1"),
        ]
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Racine")]))
        .public_key(key.public_key())
        .serial_number(0xABCDEF0123456789)
        .not_valid_before(datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC))
        .not_valid_after(datetime(2060, 6, 1, tzinfo=UTC))
        .sign(key, algorithm, rsa_padding=rsa_padding)
    )


@pytest.mark.parametrize(
    ("made", "key_type", "bits", "hash_name"),
    [
        (lambda: _signed(rsa.generate_private_key(65537, 2048), hashes.SHA256()), "rsa", 2048, "sha256"),
        (lambda: _signed(rsa.generate_private_key(3, 1024), hashes.SHA384()), "rsa", 1024, "sha384"),
        (lambda: _signed(dsa.generate_private_key(1024), hashes.SHA256()), "dsa", 1024, "sha256"),
        (lambda: _signed(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()), "ec", 256, "sha256"),
        (lambda: _signed(ec.generate_private_key(ec.SECP521R1()), hashes.SHA384()), "ec", 521, "sha384"),
        (lambda: _signed(ed25519.Ed25519PrivateKey.generate()), "ed25519", 256, None),
        (lambda: _signed(ed448.Ed448PrivateKey.generate()), "ed448", 456, None),
    ],
    ids=["rsa", "rsa-3", "dsa", "p256", "p521", "ed25519", "ed448"],
)
def test_a_sound_certificate_reads_as_cryptography_reads_it(
    made: Callable[[], x509.Certificate], key_type: str, bits: int, hash_name: str | None
) -> None:
    referee = made()
    data = referee.public_bytes(Encoding.DER)
    exponent = referee.public_key().public_numbers().e if key_type == "rsa" else None
    assert parse_certificate(data) == Certificate(
        sha1=hashlib.sha1(data).hexdigest(),
        sha256=referee.fingerprint(hashes.SHA256()).hex(),
        subject=referee.subject.rfc4514_string(),
        issuer="CN=Racine",
        serial="abcdef0123456789",
        not_before=datetime(1999, 12, 31, 23, 59, 59),
        not_after=datetime(2060, 6, 1),
        signature_oid=referee.signature_algorithm_oid.dotted_string,
        signature_hash=hash_name,
        key_oid=referee.public_key_algorithm_oid.dotted_string,
        key_type=key_type,
        key_bits=bits,
        rsa_exponent=None if exponent is None else str(exponent),
        is_roca=False if key_type == "rsa" else None,
        error=None,
    )


def test_the_hash_of_rsa_pss_is_in_its_parameters() -> None:
    pss = padding.PSS(padding.MGF1(hashes.SHA384()), 48)
    data = _signed(rsa.generate_private_key(65537, 1024), hashes.SHA384(), pss).public_bytes(Encoding.DER)
    assert parse_certificate(data).signature_hash == "sha384"


def test_the_default_hash_of_rsa_pss_is_sha1() -> None:
    data = certificate(rsa_key(SOUND_MODULUS), signature="1.2.840.113549.1.1.10", parameters=sequence())
    assert parse_certificate(data).signature_hash == "sha1"


@pytest.mark.parametrize(
    ("signature", "hash_name"),
    [
        ("1.2.840.113549.1.1.2", "md2"),
        ("1.2.840.113549.1.1.3", "md4"),
        (MD5_WITH_RSA, "md5"),
        ("1.2.840.113549.1.1.5", "sha1"),
        ("1.3.14.3.2.29", "sha1"),
        ("1.3.14.3.2.15", "sha0"),
        ("1.2.840.113549.1.1.127", None),
    ],
)
def test_weak_and_unknown_signatures_are_facts_not_errors(signature: str, hash_name: str | None) -> None:
    read = parse_certificate(certificate(rsa_key(SOUND_MODULUS), signature=signature))
    assert (read.signature_oid, read.signature_hash, read.error) == (signature, hash_name, None)
    assert (read.subject, read.issuer) == ("CN=Autorité de test", "CN=Racine de test")


def test_a_key_of_512_bits_is_a_fact_not_an_error() -> None:
    read = parse_certificate(certificate(rsa_key((1 << 511) | 1, exponent=3), signature=MD5_WITH_RSA))
    assert (read.key_type, read.key_bits, read.rsa_exponent, read.error) == ("rsa", 512, "3", None)


def test_a_dsa_key_is_as_large_as_its_prime() -> None:
    read = parse_certificate(certificate(dsa_key(512), signature="1.2.840.10040.4.3", parameters=b""))
    assert (read.key_oid, read.key_type, read.key_bits) == ("1.2.840.10040.4.1", "dsa", 512)
    assert (read.signature_hash, read.error) == ("sha1", None)


def test_an_unknown_key_algorithm_keeps_its_oid() -> None:
    read = parse_certificate(certificate(public_key("1.2.643.7.1.1.1.1", NULL, bytes(64))))
    assert (read.key_oid, read.key_type, read.key_bits, read.error) == ("1.2.643.7.1.1.1.1", None, None, None)


def test_an_ec_key_on_a_curve_without_a_known_name_is_as_large_as_its_coordinates() -> None:
    key = public_key("1.2.840.10045.2.1", oid("1.3.9999.1"), b"\x04" + bytes(2 * 28))
    assert parse_certificate(certificate(key)).key_bits == 224


@pytest.mark.parametrize(("serial", "text"), [(-5, "-5"), (0, "0"), (1 << 159, "8" + "0" * 39)])
def test_a_serial_number_that_is_not_positive_is_kept(serial: int, text: str) -> None:
    assert parse_certificate(certificate(rsa_key(SOUND_MODULUS), serial=integer(serial))).serial == text


@pytest.mark.parametrize(
    ("start", "end", "moments"),
    [
        (
            der(0x17, b"500101000000Z"),
            der(0x17, b"491231235959Z"),
            (datetime(1950, 1, 1), datetime(2049, 12, 31, 23, 59, 59)),
        ),
        (
            der(0x18, b"20500101000000Z"),
            der(0x18, b"99991231235959Z"),
            (datetime(2050, 1, 1), datetime(9999, 12, 31, 23, 59, 59)),
        ),
    ],
)
def test_dates_of_both_forms(start: bytes, end: bytes, moments: tuple[datetime, datetime]) -> None:
    read = parse_certificate(certificate(rsa_key(SOUND_MODULUS), validity=sequence(start, end)))
    assert (read.not_before, read.not_after) == moments


def test_what_is_malformed_in_one_part_does_not_lose_the_others() -> None:
    validity = sequence(der(0x17, b"20010100000Z"), der(0x17, b"491231235959Z"))
    read = parse_certificate(certificate(rsa_key(SOUND_MODULUS), validity=validity))
    assert "malformed time at offset" in str(read.error)
    assert (read.not_before, read.key_bits, read.signature_hash) == (None, 2048, "sha256")


@pytest.mark.parametrize(
    "refused",
    [
        certificate(rsa_key(SOUND_MODULUS)).replace(der(0xA0, integer(2)), der(0xA0, integer(62))),
        certificate(rsa_key(SOUND_MODULUS), subject=sequence(der(0x31, sequence(oid("2.5.4.3"), der(0x03, b"\x00a"))))),
        certificate(rsa_key(SOUND_MODULUS), subject=sequence(der(0x31, sequence(oid("2.5.4.3"), der(0x0C, b"\xff"))))),
    ],
    ids=["version", "bit string name", "not UTF-8"],
)
def test_a_certificate_that_the_library_refuses_keeps_its_facts(refused: bytes) -> None:
    read = parse_certificate(refused)
    assert str(read.error).startswith("certificate refused: ")
    assert (read.subject, read.key_bits, read.signature_hash, read.serial) == (None, 2048, "sha256", "1234")


def test_a_giant_exponent_is_an_error_that_keeps_the_modulus() -> None:
    read = parse_certificate(certificate(rsa_key(SOUND_MODULUS, exponent=(1 << 20000) | 1)))
    assert (read.key_bits, read.rsa_exponent) == (2048, None)
    assert "RSA exponent of 20001 bits" in str(read.error)


def test_bytes_after_the_certificate_are_an_error_with_its_place() -> None:
    data = certificate(rsa_key(SOUND_MODULUS))
    read = parse_certificate(data + b"\x00")
    assert read.error == f"1 bytes after the DER value at offset {len(data)}"
    assert read.sha1 == hashlib.sha1(data + b"\x00").hexdigest()


def _like_the_faulty_generator(bits: int) -> int:
    primorial = 1
    for candidate in range(2, 168):
        if all(candidate % d for d in range(2, candidate)):
            primorial *= candidate
    factor = (1 << bits) // primorial
    return (factor * primorial + pow(65537, 1234, primorial)) * ((factor + 1) * primorial + pow(65537, 99, primorial))


def test_a_modulus_of_the_faulty_generator_is_recognised() -> None:
    modulus = _like_the_faulty_generator(512)
    assert parse_certificate(certificate(rsa_key(modulus))).is_roca is True
    assert parse_certificate(certificate(rsa_key(modulus + 2))).is_roca is False


def test_a_pair_of_cross_certificates_is_split() -> None:
    forward, reverse = certificate(rsa_key(SOUND_MODULUS)), certificate(dsa_key(1024))
    assert split_certificate_pair(sequence(der(0xA0, forward), der(0xA1, reverse))) == (forward, reverse)
    assert split_certificate_pair(sequence(der(0xA1, reverse))) == (reverse,)
    with pytest.raises(DecodeError):
        split_certificate_pair(forward)


@given(st.binary(max_size=120))
def test_no_bytes_raise(data: bytes) -> None:
    assert parse_certificate(data).error is not None


SAMPLE = certificate(rsa_key((1 << 511) | 1))


@given(st.data())
def test_a_damaged_certificate_does_not_raise(draw: st.DataObject) -> None:
    damaged = bytearray(SAMPLE)
    for _ in range(draw.draw(st.integers(1, 3))):
        damaged[draw.draw(st.integers(0, len(SAMPLE) - 1))] = draw.draw(st.integers(0, 255))
    read = parse_certificate(bytes(damaged[: draw.draw(st.integers(0, len(SAMPLE)))]))
    assert read.error is None or read.error
