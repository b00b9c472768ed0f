"""What NTLM tells before anyone has logged on: the first two of its three messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adaudit.collect.probes.ldap_line import SASL_BIND_IN_PROGRESS, LdapLine
from adaudit.collect.probes.line import Line, Unanswered
from adaudit.collect.probes.model import Fact, Means, fact, facts
from adaudit.collect.probes.ntlm_messages import negotiate, read_challenge
from adaudit.collect.probes.smb_messages import Status, is_accepted, status_text
from adaudit.collect.probes.smb_session import SmbSession

_REFUSALS: Final = frozenset({7, 49})
"""authMethodNotSupported and invalidCredentials (RFC 4511 appendix A)."""


def ntlm_over_ldap(line: Line, _means: Means) -> Iterator[Fact]:
    """Begins a SASL bind by NTLM and leaves."""
    result, token = LdapLine(line).bind_spnego(negotiate())
    if result.code == SASL_BIND_IN_PROGRESS:
        yield from _told(token)
    elif result.code in _REFUSALS:
        yield from (fact("offered", False), ("refusal", str(result)))
    else:
        raise Unanswered(str(result))


def ntlm_over_smb(line: Line, _means: Means) -> Iterator[Fact]:
    """Begins a session by NTLM and leaves."""
    status, token = SmbSession(line).set_up(negotiate())
    if status == Status.MORE_PROCESSING_REQUIRED:
        yield from _told(token)
    elif is_accepted(status):
        raise Unanswered("a session of nobody was opened before NTLM had ended")
    else:
        yield from (fact("offered", False), ("refusal", status_text(status)))


def _told(token: bytes) -> Iterator[Fact]:
    challenge = read_challenge(token)
    yield fact("offered", True)
    yield from challenge.names.items()
    yield from facts({"os_version": challenge.version, "server_time": challenge.time})
    yield "flags", f"0x{challenge.flags:08x}"
    yield fact("demands_integrity_code", challenge.time is not None)
