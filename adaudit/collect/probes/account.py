"""The auditor's own account, presented to probes by NTLM or Kerberos: a right password, or nothing."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final, Self

import spnego
from spnego.exceptions import SpnegoError

from adaudit.collect import kerberos, ntlm
from adaudit.collect.authentication import ClientCertificate, Credentials, Kerberos, Ntlm, Simple
from adaudit.collect.probes.line import NotAttempted, Unanswered
from adaudit.errors import ConnectionFailed, UsageError

_UNSOUND_TOKEN: Final = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, struct.error)
"""What pyspnego raises, besides its own error, for a token that is not what it should be."""


class AccountRefused(Unanswered):
    """The server refuses the account: it is presented to no other."""


@dataclass(frozen=True)
class Account:
    """``of`` makes one."""

    credentials: Ntlm | Kerberos

    @classmethod
    def of(cls, credentials: Credentials) -> Self | None:
        """The account behind ``credentials``; None when only a simple bind or TLS can present it."""
        match credentials:
            case Ntlm() | Kerberos():
                return cls(credentials)
            case Simple():
                ntlm_account = credentials.as_ntlm
                return None if ntlm_account is None else cls(ntlm_account)
            case ClientCertificate():
                return None

    @property
    def name(self) -> str:
        return self.credentials.name

    @contextmanager
    def log_on(self, service: str, host: str, *, signing: bool) -> Iterator[Exchange]:
        """A logon to ``service`` (ldap, cifs) of ``host``; without ``signing``, messages cannot be protected by it.

        Raises AccountRefused when the KDC refuses, NotAttempted when these credentials cannot be used from here.
        """
        flags = spnego.ContextReq.mutual_auth
        flags |= spnego.ContextReq.integrity if signing else spnego.ContextReq.no_integrity
        with ExitStack() as held:
            try:
                match self.credentials:
                    case Ntlm():
                        context = ntlm.client(self.credentials, service, host, flags)
                    case Kerberos():
                        ticket = held.enter_context(kerberos.login(self.credentials, host))
                        context = spnego.client(
                            ticket, hostname=host, service=service, context_req=flags, protocol="kerberos"
                        )
            except ConnectionFailed as error:
                raise AccountRefused(error.message) from error
            except (UsageError, SpnegoError) as error:
                raise NotAttempted(f"no logon from here: {error}") from error
            yield Exchange(context)


@dataclass(frozen=True)
class Exchange:
    """The client's side of one logon."""

    context: spnego.ContextProxy

    def step(self, token: bytes | None = None) -> bytes:
        """What to answer to the server's ``token``; empty when there is nothing left to say. Raises Unanswered."""
        try:
            return self.context.step(token) or b""
        except (SpnegoError, *_UNSOUND_TOKEN) as error:
            raise Unanswered(f"the logon cannot go on: {error}") from error

    @property
    def can_sign(self) -> bool:
        """Whether messages would be signed after this logon."""
        return bool(self.context.context_attr & spnego.ContextReq.integrity)

    def finish(self, token: bytes) -> bytes:
        """The key of the session, after the server's last ``token``. Raises Unanswered."""
        if not self.context.complete:
            self.step(token)
        try:
            return self.context.session_key
        except SpnegoError as error:
            raise Unanswered(f"the logon was not brought to its end: {error}") from error
