"""Certificates of any algorithm and size, encoded here because libraries rightly refuse to make weak ones."""

from __future__ import annotations

RSA = "1.2.840.113549.1.1.1"
DSA = "1.2.840.10040.4.1"
MD5_WITH_RSA = "1.2.840.113549.1.1.4"
SHA256_WITH_RSA = "1.2.840.113549.1.1.11"

NULL = b"\x05\x00"


def der(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def sequence(*contents: bytes) -> bytes:
    return der(0x30, *contents)


def integer(value: int) -> bytes:
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid(text: str) -> bytes:
    first, second, *arcs = map(int, text.split("."))
    content = b""
    for arc in (40 * first + second, *arcs):
        octets = [arc & 0x7F]
        while arc := arc >> 7:
            octets.insert(0, arc & 0x7F | 0x80)
        content += bytes(octets)
    return der(0x06, content)


def name(common_name: str) -> bytes:
    return sequence(der(0x31, sequence(oid("2.5.4.3"), der(0x0C, common_name.encode()))))


def public_key(algorithm: str, parameters: bytes, key: bytes) -> bytes:
    return sequence(sequence(oid(algorithm), parameters), der(0x03, b"\x00", key))


def rsa_key(modulus: int, exponent: int = 65537, algorithm: str = RSA) -> bytes:
    return public_key(algorithm, NULL, sequence(integer(modulus), integer(exponent)))


def dsa_key(bits: int) -> bytes:
    prime = (1 << (bits - 1)) | 1
    return public_key(DSA, sequence(integer(prime), integer((1 << 159) | 1), integer(2)), integer(12345))


def certificate(
    key: bytes,
    *,
    signature: str = SHA256_WITH_RSA,
    parameters: bytes = NULL,
    serial: bytes = integer(0x1234),
    subject: bytes = name("Autorité de test"),
    validity: bytes = sequence(der(0x17, b"200101000000Z"), der(0x18, b"20510101000000Z")),
) -> bytes:
    algorithm = sequence(oid(signature), parameters)
    version = der(0xA0, integer(2))
    body = sequence(version, serial, algorithm, name("Racine de test"), validity, subject, key)
    return sequence(body, algorithm, der(0x03, b"\x00", bytes(32)))
