"""Which SMB versions a server accepts, and whether it demands signing: one negotiation each, nobody logs on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adaudit.collect.probes.line import Line, LineLost
from adaudit.collect.probes.model import Fact, Means, fact, facts
from adaudit.collect.probes.ntlm_messages import offers_ntlm
from adaudit.collect.probes.smb_messages import Dialect, negotiate_smb1, read_smb1_choice, receive, send
from adaudit.collect.probes.smb_session import DialectRefused, SmbSession

_SMB1_SIGNING_ENABLED = 0x04
_SMB1_SIGNING_REQUIRED = 0x08


@dataclass(frozen=True)
class SmbDialect:
    """Asks for one dialect of SMB 2 or 3."""

    dialect: Dialect

    def __call__(self, line: Line, _means: Means) -> Iterator[Fact]:
        try:
            negotiated = SmbSession(line, (self.dialect,)).negotiated
        except DialectRefused as error:
            yield from (fact("accepted", False), ("refusal", error.message))
            return
        yield fact("accepted", True)
        yield from facts(
            {
                "signing_enabled": negotiated.signing_enabled,
                "signing_required": negotiated.signing_required,
                "ntlm_offered": offers_ntlm(negotiated.token),
                "server_guid": negotiated.server_guid,
                "server_time": negotiated.server_time,
                "started_at": negotiated.started_at,
            }
        )


def smb_1(line: Line, _means: Means) -> Iterator[Fact]:
    """Asks for SMB 1, in its last dialect; a Windows that has it disabled closes the connection."""
    send(line, negotiate_smb1())
    try:
        accepted, mode = read_smb1_choice(receive(line))
    except LineLost as error:
        yield from (fact("accepted", False), ("refusal", error.message))
        return
    yield fact("accepted", accepted)
    if accepted:
        yield fact("signing_enabled", bool(mode & _SMB1_SIGNING_ENABLED))
        yield fact("signing_required", bool(mode & _SMB1_SIGNING_REQUIRED))
