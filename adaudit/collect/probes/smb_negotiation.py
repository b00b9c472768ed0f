"""Which SMB versions a server accepts, and whether it demands signing: one negotiation each, nobody logs on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adaudit.collect.probes.line import Line, LineLost, Unanswered
from adaudit.collect.probes.model import Fact, Means, fact, facts
from adaudit.collect.probes.ntlm_messages import offers_ntlm
from adaudit.collect.probes.smb_messages import (
    Command,
    Dialect,
    Negotiated,
    Status,
    negotiate,
    negotiate_smb1,
    read_message,
    read_negotiated,
    read_smb1_choice,
    receive,
    send,
    status_text,
)

_SMB1_SIGNING_ENABLED = 0x04
_SMB1_SIGNING_REQUIRED = 0x08


class DialectRefused(Unanswered):
    """The server speaks SMB, but not this dialect."""


@dataclass(frozen=True)
class SmbDialect:
    """Asks for one dialect of SMB 2 or 3."""

    dialect: Dialect

    def __call__(self, line: Line, _means: Means) -> Iterator[Fact]:
        try:
            negotiated = negotiated_dialect(line, self.dialect)
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


def negotiated_dialect(line: Line, dialect: Dialect) -> Negotiated:
    """The first exchange of a connection. Raises DialectRefused or Unanswered."""
    send(line, negotiate(dialect))
    message = read_message(receive(line), Command.NEGOTIATE)
    if message.status != Status.SUCCESS:
        kind = DialectRefused if message.status == Status.NOT_SUPPORTED else Unanswered
        raise kind(f"the negotiation is refused: {status_text(message.status)}")
    negotiated = read_negotiated(message)
    if negotiated.dialect != dialect:
        raise Unanswered(f"dialect 0x{negotiated.dialect:04x} in answer to 0x{dialect:04x}")
    return negotiated


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
