"""A session of SMB 2.1 that can log on, connect to IPC$, and open and close a pipe: nothing is sent through it.

Dialect 2.1, because every supported Windows speaks it and its signing is one HMAC; a server told to accept only
later dialects refuses, which the probe reports as an error.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import struct
from typing import Final

from adaudit.collect.probes.line import Line
from adaudit.collect.probes.smb_messages import (
    HEADER,
    Command,
    Dialect,
    Message,
    Status,
    header,
    read_message,
    receive,
    send,
)
from adaudit.collect.probes.smb_negotiation import negotiated_dialect

_SESSION_SETUP_ANSWER: Final = struct.Struct("<HHHH")
_SIGNED: Final = 0x8
_SIGNATURE_AT: Final = 48
_READ_AND_WRITE: Final = 0x0012019F
"""The access that a client of a pipe asks for (MS-DTYP 2.4.3): less might be granted where this is refused."""

_SHARE_READ_WRITE: Final = 3
_OPEN_EXISTING: Final = 1
_IDENTIFICATION: Final = 1
_NOT_A_DIRECTORY: Final = 0x40
_FILE_ID_AT: Final = HEADER.size + 64
_FILE_ID_SIZE: Final = 16


class SmbSession:
    """Every method sends one request and returns its answer; raises Unanswered."""

    def __init__(self, line: Line) -> None:
        """Negotiate. Raises Unanswered also when the dialect is refused."""
        self._line = line
        self._ids = itertools.count(1)
        self._session_id = 0
        self._tree_id = 0
        self._key: bytes | None = None
        self.negotiated = negotiated_dialect(line, Dialect.SMB_2_1)

    def set_up(self, token: bytes) -> tuple[int, bytes]:
        """One step of a logon: the status and the server's token."""
        fixed = struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, HEADER.size + 24, len(token), 0)
        message = self._ask(Command.SESSION_SETUP, fixed + token)
        self._session_id = message.session_id
        if message.status not in (Status.SUCCESS, Status.MORE_PROCESSING_REQUIRED):
            return message.status, b""
        _, _, offset, size = message.fields(_SESSION_SETUP_ANSWER)
        return message.status, message.part(offset, size)

    def sign_with(self, key: bytes) -> None:
        """Sign what follows (MS-SMB2 3.1.4.1)."""
        self._key = key[:16].ljust(16, b"\0")

    def connect_to_ipc(self) -> int:
        """The status of a tree connect to IPC$."""
        path = f"\\\\{self._line.host}\\IPC$".encode("utf-16-le")
        message = self._ask(Command.TREE_CONNECT, struct.pack("<HHHH", 9, 0, HEADER.size + 8, len(path)) + path)
        self._tree_id = message.tree_id
        return message.status

    def open_pipe(self, name: str) -> int:
        """The status of opening the pipe, which is closed at once."""
        path = name.encode("utf-16-le")
        access = struct.pack("<IIIII", _READ_AND_WRITE, 0, _SHARE_READ_WRITE, _OPEN_EXISTING, _NOT_A_DIRECTORY)
        name_at = struct.pack("<HHII", HEADER.size + 56, len(path), 0, 0)
        fixed = struct.pack("<HBBIQQ", 57, 0, 0, _IDENTIFICATION, 0, 0) + access + name_at
        message = self._ask(Command.CREATE, fixed + path)
        if message.status == Status.SUCCESS:
            file_id = message.part(_FILE_ID_AT, _FILE_ID_SIZE).ljust(_FILE_ID_SIZE, b"\0")
            self._ask(Command.CLOSE, struct.pack("<HHI", 24, 0, 0) + file_id)
        return message.status

    def _ask(self, command: Command, body: bytes) -> Message:
        flags = 0 if self._key is None else _SIGNED
        number = next(self._ids)
        request = header(command, number, session_id=self._session_id, tree_id=self._tree_id, flags=flags) + body
        if self._key is not None:
            signature = hmac.digest(self._key, request, hashlib.sha256)[:16]
            request = request[:_SIGNATURE_AT] + signature + request[HEADER.size :]
        send(self._line, request)
        message = read_message(receive(self._line), command)
        while message.status == Status.PENDING:
            message = read_message(receive(self._line), command)
        return message
