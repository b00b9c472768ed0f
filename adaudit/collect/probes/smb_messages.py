"""The few SMB messages of the probes: bytes to send, and answers read with their bounds checked (MS-SMB2, MS-CIFS)."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Final
from uuid import UUID

from adaudit.collect.probes.line import Line, Unanswered
from adaudit.decode.times import filetime

HEADER: Final = struct.Struct("<4sHHIHHIIQIIQ16s")
_SMB1_HEADER_SIZE: Final = 32
_NEGOTIATE_ANSWER: Final = struct.Struct("<HHHH16sIIIIQQHHI")
_SIGNING_ENABLED: Final = 1
_SIGNING_REQUIRED: Final = 2
_LONGEST_MESSAGE: Final = 1 << 17
_CREDITS: Final = 8
_SMB1_REFUSED: Final = 0xFFFF
_SMB1_NEGOTIATE: Final = 0x72


class Command(IntEnum):
    NEGOTIATE = 0
    SESSION_SETUP = 1
    TREE_CONNECT = 3
    CREATE = 5
    CLOSE = 6


class Dialect(IntEnum):
    """MS-SMB2 2.2.3."""

    SMB_2_0_2 = 0x0202
    SMB_2_1 = 0x0210
    SMB_3_0 = 0x0300
    SMB_3_0_2 = 0x0302
    SMB_3_1_1 = 0x0311


class Status(IntEnum):
    """The NTSTATUS values that are told apart, or by name (MS-ERREF 2.3.1)."""

    SUCCESS = 0
    PENDING = 0x00000103
    INVALID_PARAMETER = 0xC000000D
    MORE_PROCESSING_REQUIRED = 0xC0000016
    ACCESS_DENIED = 0xC0000022
    OBJECT_NAME_NOT_FOUND = 0xC0000034
    LOGON_FAILURE = 0xC000006D
    ACCOUNT_RESTRICTION = 0xC000006E
    INVALID_LOGON_HOURS = 0xC000006F
    INVALID_WORKSTATION = 0xC0000070
    PASSWORD_EXPIRED = 0xC0000071
    ACCOUNT_DISABLED = 0xC0000072
    PIPE_NOT_AVAILABLE = 0xC00000AC
    NOT_SUPPORTED = 0xC00000BB
    NETWORK_ACCESS_DENIED = 0xC00000CA
    BAD_NETWORK_NAME = 0xC00000CC
    LOGON_TYPE_NOT_GRANTED = 0xC000015B
    ACCOUNT_EXPIRED = 0xC0000193
    PASSWORD_MUST_CHANGE = 0xC0000224
    ACCOUNT_LOCKED_OUT = 0xC0000234
    AUTHENTICATION_FIREWALL_FAILED = 0xC0000413
    NTLM_BLOCKED = 0xC0000418


_REFUSALS: Final = frozenset(
    {
        Status.ACCESS_DENIED,
        Status.LOGON_FAILURE,
        Status.ACCOUNT_RESTRICTION,
        Status.ACCOUNT_DISABLED,
        Status.OBJECT_NAME_NOT_FOUND,
        Status.NOT_SUPPORTED,
        Status.NETWORK_ACCESS_DENIED,
        Status.BAD_NETWORK_NAME,
        Status.LOGON_TYPE_NOT_GRANTED,
        Status.AUTHENTICATION_FIREWALL_FAILED,
        Status.NTLM_BLOCKED,
    }
)


def is_accepted(status: int) -> bool:
    """Success, or a refusal that was meant. Raises Unanswered for the others: they may well be faults."""
    if status != Status.SUCCESS and status not in _REFUSALS:
        raise Unanswered(status_text(status))
    return status == Status.SUCCESS


def status_text(status: int) -> str:
    """The name of an NTSTATUS in words, or its number."""
    try:
        return Status(status).name.lower().replace("_", " ")
    except ValueError:
        return f"status 0x{status:08x}"


@dataclass(frozen=True)
class Message:
    """An SMB2 answer: ``body`` follows the header, offsets in it count from the start of ``data``."""

    data: bytes
    status: int
    session_id: int
    tree_id: int

    def fields(self, layout: struct.Struct) -> tuple[int, ...]:
        """The fixed part of the body. Raises Unanswered when it is cut short."""
        if len(self.data) < HEADER.size + layout.size:
            raise Unanswered("an SMB answer cut short")
        return layout.unpack_from(self.data, HEADER.size)

    def part(self, offset: int, size: int) -> bytes:
        """The buffer that a body points at; what lies outside of the message is left out."""
        return self.data[offset : offset + size]


@dataclass(frozen=True)
class Negotiated:
    """The answer to a negotiation. Moments are naive UTC; ``started_at`` is None where the server keeps it."""

    dialect: int
    signing_required: bool
    signing_enabled: bool
    server_guid: str
    server_time: datetime | None
    started_at: datetime | None
    token: bytes


def send(line: Line, message: bytes) -> None:
    """One message behind the length that direct TCP transport wants (MS-SMB2 2.1)."""
    line.send(len(message).to_bytes(4, "big") + message)


def receive(line: Line) -> bytes:
    """One message. Raises Unanswered when it is too long."""
    size = int.from_bytes(line.receive(4), "big")
    if size > _LONGEST_MESSAGE:
        raise Unanswered(f"not SMB, or a message of {size} bytes")
    return line.receive(size)


def read_message(data: bytes, command: Command) -> Message:
    """An SMB2 answer to ``command``. Raises Unanswered when it is none."""
    if len(data) < HEADER.size or data[:4] != b"\xfeSMB":
        raise Unanswered("the answer is not SMB2")
    _, _, _, status, found, _, _, _, _, _, tree_id, session_id, _ = HEADER.unpack_from(data)
    if found != command:
        raise Unanswered(f"an SMB2 answer to command {found} instead of {command}")
    return Message(data, status, session_id, tree_id)


def header(command: Command, message_id: int, *, session_id: int = 0, tree_id: int = 0, flags: int = 0) -> bytes:
    """An SMB2 header without signature (MS-SMB2 2.2.1.2)."""
    return HEADER.pack(
        b"\xfeSMB", HEADER.size, 1, 0, command, _CREDITS, flags, 0, message_id, 0, tree_id, session_id, bytes(16)
    )


def negotiate(dialects: tuple[Dialect, ...]) -> bytes:
    """A NEGOTIATE request (MS-SMB2 2.2.3); 3.1.1 comes with its pre-authentication context."""
    fixed = struct.pack("<HHHHI16s", 36, len(dialects), _SIGNING_ENABLED, 0, 0, os.urandom(16))
    offered = struct.pack(f"<{len(dialects)}H", *dialects)
    if Dialect.SMB_3_1_1 not in dialects:
        return header(Command.NEGOTIATE, 0) + fixed + bytes(8) + offered
    context_at = HEADER.size + len(fixed) + 8 + len(offered)
    padding = bytes(-context_at % 8)
    where = struct.pack("<IHH", context_at + len(padding), 1, 0)
    context = struct.pack("<HHIHHH32s", 1, 38, 0, 1, 32, 1, os.urandom(32))  # SHA-512 and a salt
    return header(Command.NEGOTIATE, 0) + fixed + where + offered + padding + context


def read_negotiated(message: Message) -> Negotiated:
    """The body of the answer to ``negotiate`` (MS-SMB2 2.2.4). Raises Unanswered when it is cut short."""
    if len(message.data) < HEADER.size + _NEGOTIATE_ANSWER.size:
        raise Unanswered("an SMB answer cut short")
    _, mode, dialect, _, guid, _, _, _, _, now, started, offset, size, _ = _NEGOTIATE_ANSWER.unpack_from(
        message.data, HEADER.size
    )
    return Negotiated(
        dialect,
        signing_required=bool(mode & _SIGNING_REQUIRED),
        signing_enabled=bool(mode & _SIGNING_ENABLED),
        server_guid=str(UUID(bytes_le=guid)),
        server_time=filetime(now),
        started_at=filetime(started),
        token=message.part(offset, size),
    )


def negotiate_smb1() -> bytes:
    """A negotiation of SMB 1 that offers "NT LM 0.12" alone (MS-CIFS 2.2.4.52)."""
    head = struct.pack("<4sBIBHH8sHHHHH", b"\xffSMB", _SMB1_NEGOTIATE, 0, 0x18, 0xC801, 0, bytes(8), 0, 0xFFFF, 1, 0, 0)
    dialect = b"\x02NT LM 0.12\0"
    return head + struct.pack("<BH", 0, len(dialect)) + dialect


def read_smb1_choice(data: bytes) -> tuple[bool, int]:
    """Whether the dialect was chosen, and the SecurityMode. Raises Unanswered for what is no SMB 1 answer."""
    if len(data) < _SMB1_HEADER_SIZE + 3 or data[:4] != b"\xffSMB" or data[4] != _SMB1_NEGOTIATE:
        raise Unanswered("the answer is not SMB 1")
    words, index = struct.unpack_from("<BH", data, _SMB1_HEADER_SIZE)
    if words == 0 or index == _SMB1_REFUSED:
        return False, 0
    if words < 13 or len(data) < _SMB1_HEADER_SIZE + 4:
        raise Unanswered("an SMB 1 answer cut short")
    return True, data[_SMB1_HEADER_SIZE + 3]
