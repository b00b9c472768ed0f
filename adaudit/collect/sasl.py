"""NTLM and Kerberos over LDAP: the mechanism GSS-SPNEGO, with pyspnego, which has signing, sealing and channel binding.

ldap3 2.9.1 has neither a security layer for Kerberos nor any NTLM but the Sicily bind, which Samba does not speak.
Its tokens are those of NTLM or Kerberos themselves, which servers of GSS-SPNEGO accept beside negotiated ones:
negotiation would fall back from Kerberos to NTLM, try a refused password again, and hide why Kerberos failed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import spnego
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

from adaudit.collect import ntlm
from adaudit.collect.authentication import Kerberos, Ntlm
from adaudit.collect.ber import MalformedAnswer
from adaudit.collect.failures import BindRefused
from adaudit.collect.kerberos import login
from adaudit.collect.refusals import gss_failure
from adaudit.errors import ConnectionFailed

MECHANISM: Final = "GSS-SPNEGO"

_SEALED: Final = spnego.ContextReq.default
"""Confidentiality, integrity, order, and the proof that the server is who it says."""
_PROTECTED: Final = spnego.ContextReq.confidentiality | spnego.ContextReq.integrity


class SecurityLayer:
    """Signs and seals what travels after the bind, as it was agreed there."""

    def __init__(self, context: spnego.ContextProxy) -> None:
        self._context = context

    def wrap(self, data: bytes) -> bytes:
        return self._context.wrap(data).data

    def unwrap(self, packet: bytes) -> bytes:
        """Raises ValueError for a packet that is not sealed, or does not come from the server."""
        try:
            opened = self._context.unwrap(packet)
        except SpnegoError as error:
            raise ValueError(f"a sealed packet does not verify: {error.message}") from error
        if not opened.encrypted:
            raise ValueError("the server stopped sealing what it sends")
        return opened.data


class Exchange:
    """The tokens that go to and fro until the account is proved."""

    def __init__(self, context: spnego.ContextProxy, host: str) -> None:
        self._context = context
        self._host = host

    @property
    def is_complete(self) -> bool:
        """Whether this side has nothing more to say or to verify."""
        return self._context.complete

    def step(self, received: bytes | None = None) -> bytes | None:
        """The answer to a token of the server. Raises ConnectionFailed, MalformedAnswer when it is none."""
        try:
            return self._context.step(received)
        except SpnegoError as error:
            raise gss_failure(error, f"ldap/{self._host}", self._host) from error
        except (ValueError, LookupError, ArithmeticError, struct.error):
            raise MalformedAnswer("a token of the bind") from None

    def layer(self) -> SecurityLayer:
        """What protects all that follows. Raises BindRefused unless it both signs and seals, with keys of full
        length."""
        is_weak_ntlm = self._context.negotiated_protocol == "ntlm" and not ntlm.has_strong_keys(self._context)
        if self._context.context_attr & _PROTECTED != _PROTECTED or is_weak_ntlm:
            raise BindRefused("the server does not agree to sign and seal what follows", place=self._host)
        return SecurityLayer(self._context)


@contextmanager
def exchange(
    credentials: Ntlm | Kerberos, host: str, *, seal: bool, bindings: GssChannelBindings | None
) -> Iterator[Exchange]:
    """To prove the account to the LDAP service of ``host``; with ``seal``, what follows is to be signed and sealed.

    Raises UsageError for what cannot be tried, ConnectionFailed when a KDC refuses.
    """
    if isinstance(credentials, Ntlm):
        flags = _SEALED if seal else spnego.ContextReq.none
        yield Exchange(ntlm.client(credentials, "ldap", host, flags, bindings), host)
        return
    # MIT's library announces signing and sealing to any service unless told not to; a DC refuses both inside TLS
    # (MS-ADTS 5.1.2.2).
    flags = _SEALED if seal else spnego.ContextReq.mutual_auth | spnego.ContextReq.no_integrity
    with login(credentials, host) as credential:
        try:
            context = spnego.client(credential, None, host, "ldap", bindings, context_req=flags, protocol="kerberos")
        except SpnegoError as error:
            raise gss_failure(error, f"ldap/{host}", host) from error
        yield Exchange(context, host)


def channel_bindings(certificate: bytes | None, place: str) -> GssChannelBindings | None:
    """What ties a bind to a TLS connection: the server's ``certificate``, in DER (RFC 5929 section 4); None without
    TLS. Raises ConnectionFailed for a certificate that cannot be read."""
    if certificate is None:
        return None
    try:
        algorithm = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    except UnsupportedAlgorithm:
        algorithm = None
    except (ValueError, x509.InvalidVersion) as error:
        raise ConnectionFailed(f"the server's certificate cannot be read: {error}", place=place) from error
    if algorithm is None or isinstance(algorithm, hashes.MD5 | hashes.SHA1):
        algorithm = hashes.SHA256()
    digest = hashes.Hash(algorithm)
    digest.update(certificate)
    return GssChannelBindings(application_data=b"tls-server-end-point:" + digest.finalize())
