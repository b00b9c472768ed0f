"""Public keys: the facts of a SubjectPublicKeyInfo (RFC 5280 4.1.2.7, RFC 3279, RFC 5480)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from adaudit.decode.der import BIT_STRING, OBJECT_IDENTIFIER, SEQUENCE, Element, at, parse_der
from adaudit.decode.errors import DecodeError
from adaudit.decode.roca import has_roca_fingerprint

_TYPES = {
    "1.2.840.113549.1.1.1": "rsa",
    "1.2.840.113549.1.1.7": "rsa",
    "1.2.840.113549.1.1.10": "rsa",
    "2.5.8.1.1": "rsa",
    "1.2.840.10040.4.1": "dsa",
    "1.3.14.3.2.12": "dsa",
    "1.2.840.10045.2.1": "ec",
    "1.3.101.112": "ed25519",
    "1.3.101.113": "ed448",
}
_FIXED_BITS = {"ed25519": 256, "ed448": 456}
_MAX_EXPONENT_BITS = 8192


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key, its algorithm's OID as read. ``type`` is rsa, dsa, ec, ed25519, ed448, or None for another OID.

    ``rsa_exponent`` (in decimal) and ``is_roca`` are None but for RSA. ``error``: what could not be read, and where.
    """

    oid: str | None = None
    type: str | None = None
    bits: int | None = None
    rsa_exponent: str | None = None
    is_roca: bool | None = None
    error: str | None = None


def parse_public_key(der: bytes) -> PublicKey:
    """Read a SubjectPublicKeyInfo in DER. Never raises."""
    try:
        element = parse_der(der)
    except DecodeError as error:
        return PublicKey(error=str(error))
    return read_public_key(element)


def read_public_key(info: Element) -> PublicKey:
    """As ``parse_public_key``, of an element of a larger value, in which offsets in ``error`` are. Never raises."""
    key = PublicKey()
    try:
        parts = info.expect(SEQUENCE, "public key").children()
        algorithm = at(parts, 0, info, "key algorithm").expect(SEQUENCE, "key algorithm")
        fields = algorithm.children()
        oid = at(fields, 0, algorithm, "key algorithm").oid()
        key = PublicKey(oid=oid, type=_TYPES.get(oid))
        bits = at(parts, 1, info, "key").expect(BIT_STRING, "key")
        if key.type == "rsa":
            return _rsa(key, bits)
        if key.type == "dsa":
            return replace(key, bits=_dsa_bits(fields))
        if key.type == "ec":
            return replace(key, bits=_ec_bits(fields, bits))
        return replace(key, bits=_FIXED_BITS.get(key.type or ""))
    except DecodeError as error:
        return replace(key, error=str(error))


def _rsa(key: PublicKey, bits: Element) -> PublicKey:
    """RSAPublicKey, behind the octet of a BIT STRING that counts unused bits."""
    wrapped = bits._replace(start=bits.start + 1).children()
    numbers = at(wrapped, 0, bits, "RSA key").expect(SEQUENCE, "RSA key")
    children = numbers.children()
    modulus = at(children, 0, numbers, "RSA modulus").unsigned("RSA modulus")
    key = replace(key, bits=modulus.bit_length(), is_roca=has_roca_fingerprint(modulus))
    try:
        return replace(key, rsa_exponent=_rsa_exponent(at(children, 1, numbers, "RSA exponent")))
    except DecodeError as error:
        return replace(key, error=str(error))


def _rsa_exponent(element: Element) -> str:
    exponent = element.unsigned("RSA exponent")
    if exponent.bit_length() > _MAX_EXPONENT_BITS:
        raise DecodeError(f"RSA exponent of {exponent.bit_length()} bits", element.start)
    return str(exponent)


def _dsa_bits(fields: tuple[Element, ...]) -> int | None:
    """Bits of the prime p; None when the key inherits its parameters from its issuer."""
    if len(fields) < 2:
        return None
    parameters = fields[1].expect(SEQUENCE, "DSA parameters")
    return at(parameters.children(), 0, parameters, "DSA prime").unsigned("DSA prime").bit_length()


def _ec_bits(fields: tuple[Element, ...], bits: Element) -> int | None:
    """Bits of a named curve, or else of the coordinates of the point."""
    if len(fields) > 1 and fields[1].tag == OBJECT_IDENTIFIER:
        from cryptography.hazmat.primitives.asymmetric.ec import get_curve_for_oid
        from cryptography.x509 import ObjectIdentifier

        oid = fields[1].oid()
        with suppress(LookupError, ValueError):
            return get_curve_for_oid(ObjectIdentifier(oid))().key_size
    point = bits.content[1:]
    if not point:
        raise DecodeError("EC point is empty", bits.start)
    return (len(point) - 1) * (4 if point[0] == 4 else 8)
