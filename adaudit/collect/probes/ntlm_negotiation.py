"""What NTLM tells before anyone has logged on: the first two of its three messages."""

from __future__ import annotations

from collections.abc import Iterator

from adaudit.collect.probes.ldap_line import SASL_BIND_IN_PROGRESS, LdapLine
from adaudit.collect.probes.line import Line
from adaudit.collect.probes.model import Fact, Means, fact, facts
from adaudit.collect.probes.ntlm_messages import negotiate, read_challenge
from adaudit.collect.probes.smb_messages import Status, status_text
from adaudit.collect.probes.smb_session import SmbSession


def ntlm_over_ldap(line: Line, _means: Means) -> Iterator[Fact]:
    """Begins a SASL bind by NTLM and leaves."""
    result, token = LdapLine(line).bind_spnego(negotiate())
    if result.code == SASL_BIND_IN_PROGRESS:
        yield from _told(token)
    else:
        yield from (fact("offered", False), ("refusal", str(result)))


def ntlm_over_smb(line: Line, _means: Means) -> Iterator[Fact]:
    """Begins a session by NTLM and leaves."""
    status, token = SmbSession(line).set_up(negotiate())
    if status == Status.MORE_PROCESSING_REQUIRED:
        yield from _told(token)
    else:
        yield from (fact("offered", False), ("refusal", status_text(status)))


def _told(token: bytes) -> Iterator[Fact]:
    challenge = read_challenge(token)
    yield fact("offered", True)
    yield from challenge.names.items()
    yield from facts({"os_version": challenge.version, "server_time": challenge.time})
    yield "flags", f"0x{challenge.flags:08x}"
    yield fact("demands_integrity_code", challenge.time is not None)
