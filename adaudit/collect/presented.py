"""What is told of the certificate that a server presented, when it is not trusted."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography import x509

_NAMES_TOLD: Final = 10
_LONGEST_NAME: Final = 300
"""Characters of what a server's certificate calls itself; it may say anything."""

_UNSOUND: Final = (ValueError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)


@dataclass(frozen=True)
class Presented:
    """Its identity and its names, ready to be put in a sentence; empty when it is not known."""

    identity: str = ""
    names: str = ""

    @classmethod
    def of(cls, der: bytes | None) -> Presented:
        """By the certificate in DER."""
        if der is None:
            return cls()
        fingerprint = sha256(der).digest().hex(":").upper()
        try:
            certificate = x509.load_der_x509_certificate(der)
            subject, issuer = (
                name.rfc4514_string()[:_LONGEST_NAME] for name in (certificate.subject, certificate.issuer)
            )
            names = _names(certificate) or [subject]
        except _UNSOUND:
            return cls(f", SHA-256 {fingerprint}")
        if len(names) > _NAMES_TOLD:
            names = [*names[:_NAMES_TOLD], f"{len(names) - _NAMES_TOLD} more"]
        told = f", subject {subject or 'empty'}, issuer {issuer or 'empty'}, SHA-256 {fingerprint}"
        return cls(told, f" but for {', '.join(names)}")


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]
