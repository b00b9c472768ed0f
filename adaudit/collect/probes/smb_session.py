"""An SMB session that can log on, connect to IPC$, and open and close a pipe: nothing is sent through it."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import struct
from typing import Final

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFHMAC, CounterLocation, Mode

from adaudit.collect.probes.line import Line, Unanswered
from adaudit.collect.probes.smb_messages import (
    HEADER,
    Command,
    Dialect,
    Message,
    Status,
    header,
    negotiate,
    read_message,
    read_negotiated,
    receive,
    send,
    status_text,
)

_SESSION_SETUP_ANSWER: Final = struct.Struct("<HHHH")
_GUEST_OR_NULL: Final = 0x1 | 0x2
"""Session flags of MS-SMB2 2.2.6."""

_SIGNED: Final = 0x8
_SIGNATURE_AT: Final = 48
_READ_AND_WRITE: Final = 0x0012019F
"""The access that a client of a pipe asks for (MS-SMB2 2.2.13.1): less might be granted where this is refused."""

_SHARE_READ_WRITE: Final = 3
_OPEN_EXISTING: Final = 1
_IDENTIFICATION: Final = 1
_NOT_A_DIRECTORY: Final = 0x40
_FILE_ID_AT: Final = HEADER.size + 64
_FILE_ID_SIZE: Final = 16


class DialectRefused(Unanswered):
    """The server speaks SMB, but none of these dialects."""


class SmbSession:
    """Every method sends one request and returns its answer; raises Unanswered."""

    def __init__(self, line: Line, dialects: tuple[Dialect, ...] = tuple(Dialect)) -> None:
        """Negotiate one of ``dialects``. Raises DialectRefused or Unanswered."""
        self._line = line
        self._ids = itertools.count(1)
        self.is_of_nobody = False
        """Whether the server let in a guest, or no one."""
        self._session_id = 0
        self._tree_id = 0
        self._signing_key: bytes | None = None
        self._integrity = bytes(64)
        message = self._exchange(negotiate(dialects), Command.NEGOTIATE)
        if message.status != Status.SUCCESS:
            kind = DialectRefused if message.status == Status.NOT_SUPPORTED else Unanswered
            raise kind(f"the negotiation is refused: {status_text(message.status)}")
        self.negotiated = read_negotiated(message)
        if self.negotiated.dialect not in dialects:
            raise Unanswered(f"dialect 0x{self.negotiated.dialect:04x}, which was not offered")

    def set_up(self, token: bytes) -> tuple[int, bytes]:
        """One step of a logon: the status and the server's token."""
        fixed = struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, HEADER.size + 24, len(token), 0)
        message = self._ask(Command.SESSION_SETUP, fixed + token)
        self._session_id = message.session_id
        if message.status not in (Status.SUCCESS, Status.MORE_PROCESSING_REQUIRED):
            return message.status, b""
        _, flags, offset, size = message.fields(_SESSION_SETUP_ANSWER)
        self.is_of_nobody = bool(flags & _GUEST_OR_NULL)
        return message.status, message.part(offset, size)

    def sign_with(self, key: bytes) -> None:
        """Sign what follows with the ``key`` of the logon (MS-SMB2 3.1.4.2, 3.2.5.3)."""
        key = key[:16].ljust(16, b"\0")
        if self.negotiated.dialect >= Dialect.SMB_3_0:
            is_latest = self.negotiated.dialect == Dialect.SMB_3_1_1
            label, context = (b"SMBSigningKey\0", self._integrity) if is_latest else (b"SMB2AESCMAC\0", b"SmbSign\0")
            where = CounterLocation.BeforeFixed
            key = KBKDFHMAC(SHA256(), Mode.CounterMode, 16, 4, 4, where, label, context, None).derive(key)
        self._signing_key = key

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
        flags = 0 if self._signing_key is None else _SIGNED
        number = next(self._ids)
        request = header(command, number, session_id=self._session_id, tree_id=self._tree_id, flags=flags) + body
        if self._signing_key is not None:
            signature = _signature(self.negotiated.dialect, self._signing_key, request)
            request = request[:_SIGNATURE_AT] + signature + request[HEADER.size :]
        return self._exchange(request, command)

    def _exchange(self, request: bytes, command: Command) -> Message:
        """Send ``request`` and wait for its answer; both count for the integrity of the logon (MS-SMB2 3.2.5.2),
        except the answer that ends it."""
        send(self._line, request)
        message = read_message(receive(self._line), command)
        while message.status == Status.PENDING:
            message = read_message(receive(self._line), command)
        if self._signing_key is None:
            self._integrity = hashlib.sha512(self._integrity + request).digest()
            if command is Command.NEGOTIATE or message.status == Status.MORE_PROCESSING_REQUIRED:
                self._integrity = hashlib.sha512(self._integrity + message.data).digest()
        return message


def _signature(dialect: int, key: bytes, request: bytes) -> bytes:
    """MS-SMB2 3.1.4.1; AES-CMAC is what 3.x signs with unless both sides agree otherwise."""
    if dialect < Dialect.SMB_3_0:
        return hmac.digest(key, request, hashlib.sha256)[:16]
    code = CMAC(AES(key))
    code.update(request)
    return code.finalize()
