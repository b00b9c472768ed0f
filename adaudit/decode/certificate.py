"""X.509 certificates: the facts that tell how strong one is.

Names are read by ``cryptography``. Algorithms, sizes and dates are read from the DER here, as they are: an algorithm
or a size that a library refuses is what an audit looks for, not an error.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from adaudit.decode.der import GENERALIZED_TIME, INTEGER, SEQUENCE, UTC_TIME, Element, at, parse_der
from adaudit.decode.errors import DecodeError
from adaudit.decode.public_key import read_public_key
from adaudit.decode.signature_algorithms import HASHES, RSA_PSS, SIGNATURE_HASHES
from adaudit.decode.times import generalized_time

_VERSION_TAG = 0xA0
_PAIR_TAGS = (0xA0, 0xA1)
_PSS_HASH_TAG = 0xA0


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as far as it could be read.

    ``sha1`` and ``sha256`` are of the bytes given. ``serial`` is hexadecimal, negative ones with a minus sign. Times
    are naive UTC. OIDs are as read; ``signature_hash`` is None when the OID is unknown or names no hash. ``key_type``
    and what follows are as in ``PublicKey``. ``error``: what could not be read, and at which offset.
    """

    sha1: str
    sha256: str
    subject: str | None = None
    issuer: str | None = None
    serial: str | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    signature_oid: str | None = None
    signature_hash: str | None = None
    key_oid: str | None = None
    key_type: str | None = None
    key_bits: int | None = None
    rsa_exponent: str | None = None
    is_roca: bool | None = None
    error: str | None = None


class _Parts(NamedTuple):
    der: bytes
    serial: Element
    validity: Element
    key: Element
    signature: Element


def parse_certificate(der: bytes) -> Certificate:
    """Read a certificate in DER. Never raises: parts that cannot be read are told in ``error``, the others kept."""
    certificate = Certificate(
        sha1=hashlib.sha1(der, usedforsecurity=False).hexdigest(), sha256=hashlib.sha256(der).hexdigest()
    )
    try:
        parts = _split(der)
    except DecodeError as error:
        return replace(certificate, error=str(error))
    errors = []
    steps: tuple[Callable[[Certificate, _Parts], Certificate], ...] = (
        _with_names,
        _with_serial,
        _with_validity,
        _with_signature,
    )
    for step in steps:
        try:
            certificate = step(certificate, parts)
        except DecodeError as error:
            errors.append(str(error))
    key = read_public_key(parts.key)
    if key.error:
        errors.append(key.error)
    return replace(
        certificate,
        key_oid=key.oid,
        key_type=key.type,
        key_bits=key.bits,
        rsa_exponent=key.rsa_exponent,
        is_roca=key.is_roca,
        error="; ".join(errors) or None,
    )


def split_certificate_pair(der: bytes) -> tuple[bytes, ...]:
    """The one or two certificates of a crossCertificatePair value (RFC 4523 2.3). Raises DecodeError when malformed."""
    certificates = []
    for half in parse_der(der).expect(SEQUENCE, "certificate pair").children():
        if half.tag not in _PAIR_TAGS:
            raise DecodeError(f"certificate of a pair expected, not DER tag 0x{half.tag:02x}", half.start)
        at(half.children(), 0, half, "certificate").expect(SEQUENCE, "certificate")
        certificates.append(half.content)
    return tuple(certificates)


def _split(der: bytes) -> _Parts:
    """The parts of Certificate and TBSCertificate (RFC 5280 4.1)."""
    whole = parse_der(der).expect(SEQUENCE, "certificate")
    outer = whole.children()
    body = at(outer, 0, whole, "certificate body").expect(SEQUENCE, "certificate body")
    fields = body.children()
    first = 1 if fields and fields[0].tag == _VERSION_TAG else 0
    return _Parts(
        der,
        serial=at(fields, first, body, "serial number"),
        validity=at(fields, first + 3, body, "validity"),
        key=at(fields, first + 5, body, "public key"),
        signature=at(outer, 1, whole, "signature algorithm"),
    )


def _with_names(certificate: Certificate, parts: _Parts) -> Certificate:
    from cryptography import x509

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read = x509.load_der_x509_certificate(parts.der)
            return replace(certificate, subject=read.subject.rfc4514_string(), issuer=read.issuer.rfc4514_string())
    except (ValueError, TypeError, x509.InvalidVersion) as error:
        raise DecodeError(f"certificate refused: {error}") from error


def _with_serial(certificate: Certificate, parts: _Parts) -> Certificate:
    content = parts.serial.expect(INTEGER, "serial number").content
    return replace(certificate, serial=f"{int.from_bytes(content, 'big', signed=True):x}")


def _with_validity(certificate: Certificate, parts: _Parts) -> Certificate:
    times = parts.validity.expect(SEQUENCE, "validity").children()
    certificate = replace(certificate, not_before=_time(at(times, 0, parts.validity, "start of validity")))
    return replace(certificate, not_after=_time(at(times, 1, parts.validity, "end of validity")))


def _time(element: Element) -> datetime:
    """A Time: years of two digits are from 1950 to 2049 (RFC 5280 4.1.2.5.1)."""
    text = element.content
    if element.tag == UTC_TIME:
        text = (b"19" if text[:2] >= b"50" else b"20") + text
    else:
        element.expect(GENERALIZED_TIME, "time")
    moment = generalized_time(text)
    if moment is None:
        raise DecodeError("malformed time", element.start)
    return moment


def _with_signature(certificate: Certificate, parts: _Parts) -> Certificate:
    algorithm = parts.signature
    fields = algorithm.expect(SEQUENCE, "signature algorithm").children()
    oid = at(fields, 0, algorithm, "signature algorithm").oid()
    certificate = replace(certificate, signature_oid=oid)
    name = _pss_hash(fields) if oid == RSA_PSS else SIGNATURE_HASHES.get(oid)
    return replace(certificate, signature_hash=name)


def _pss_hash(fields: tuple[Element, ...]) -> str | None:
    """The hash of RSASSA-PSS-params, SHA-1 when it is left out (RFC 4055 3.1)."""
    parameters = fields[1].expect(SEQUENCE, "RSA-PSS parameters").children() if len(fields) > 1 else ()
    for parameter in parameters:
        if parameter.tag == _PSS_HASH_TAG:
            algorithm = at(parameter.children(), 0, parameter, "RSA-PSS hash").expect(SEQUENCE, "RSA-PSS hash")
            return HASHES.get(at(algorithm.children(), 0, algorithm, "RSA-PSS hash").oid())
    return "sha1"
