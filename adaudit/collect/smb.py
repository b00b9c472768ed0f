"""SMB: one signed session to a file share of a domain controller that can list, read and close, nothing else.

Importing impacket takes a fifth of a second: nothing but a collection imports this module.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

from impacket import nt_errors, smb3, smb3structs
from impacket.nmb import NetBIOSError, NetBIOSTimeout

from adaudit.collect.authentication import ClientCertificate, Credentials, Kerberos, Simple
from adaudit.collect.smb_answers import Answers, NotSigned
from adaudit.decode.times import filetime
from adaudit.errors import AdauditError, ConnectionFailed, UsageError

PORT: Final = 445
_DIALECTS: Final = (0x0202, 0x0210, 0x0300, 0x0302, 0x0311)
_CHUNK: Final = 1 << 18
_LISTING: Final = 1 << 16
_OWNER_GROUP_DACL: Final = 7
_READ_DATA, _READ_CONTROL = 0x00000001, 0x00020000
_SHARED_WITH_ALL: Final = 7
_OPEN_EXISTING: Final = 1
_FOLDER, _FILE = 0x1, 0x40
_ATTRIBUTE_FOLDER, _ATTRIBUTE_REPARSE_POINT = 0x10, 0x400
_IS_GUEST, _IS_ANONYMOUS = 0x1, 0x2
_FIXED_PART: Final = struct.Struct("<II4qqqIII")
"""FILE_FULL_DIR_INFORMATION before the name (MS-FSCC 2.4.14)."""

_SUCCESS, _NO_MORE_FILES, _END_OF_FILE, _ACCESS_DENIED = 0, 0x80000006, 0xC0000011, 0xC0000022
_SESSION_IS_GONE: Final = frozenset({0xC0000203, 0xC000035C, 0xC000020C, 0xC00000C9})
"""User session deleted, network session expired, connection disconnected, network name deleted."""

_NO_NTLM: Final = "the server takes no NTLM from this account or from here: use Kerberos"
_REFUSALS: Final = {
    0xC000006D: "wrong user name or password",
    0xC000006E: "a restriction of the account forbids this way to log on: a Protected User needs Kerberos",
    0xC000006F: "this account may not log on at this time",
    0xC0000070: "this account may not log on from this machine",
    0xC0000071: "the password has expired",
    0xC0000072: "the account is disabled",
    0xC000015B: "this account may not log on to a domain controller over the network",
    0xC0000193: "the account has expired",
    0xC0000224: "the password must be changed first",
    0xC0000234: "the account is locked out",
    0xC0000418: _NO_NTLM,
    0xC00000BB: _NO_NTLM,
}
"""By NT status (MS-ERREF 2.3.1)."""

_UNSOUND: Final = (struct.error, LookupError, ValueError, TypeError, AttributeError, NameError, RecursionError)
"""What impacket raises, besides errors of its own and bare exceptions, for an answer that is not sound SMB."""


class SmbRefused(AdauditError):
    """The server refused one request; the session goes on. ``is_denied``: for want of a right."""

    exit_code = 3

    def __init__(self, status: int, *, place: str) -> None:
        name, _ = nt_errors.ERROR_MESSAGES.get(status, (f"status 0x{status:08x}", ""))
        super().__init__(name, place=place)
        self.status = status
        self.is_denied = status == _ACCESS_DENIED


class SmbLost(ConnectionFailed):
    """The session ended, fell silent or cannot be trusted any more."""


class LoginRefused(ConnectionFailed):
    """The server refused the account: nothing may be tried again with it, here or elsewhere."""


class CannotLogIn(AdauditError):
    """SMB has no way to present these credentials."""

    exit_code = 5


@dataclass(frozen=True)
class Listed:
    """An entry of a folder, as the server tells it; ``modified_at`` is naive UTC."""

    name: str
    is_folder: bool
    is_link: bool
    size: int
    modified_at: datetime | None


class SmbSession:
    """A session to one share of one server. SMB 1 is not spoken; every answer must be signed, or encrypted.

    Paths are below the share, with backslashes. Every method raises SmbRefused when the server refuses the request
    and SmbLost when the session is over.
    """

    def __init__(
        self,
        host: str,
        share: str,
        credentials: Credentials,
        *,
        address: str | None = None,
        port: int = PORT,
        timeout: float = 60.0,
    ) -> None:
        """Connect to ``address``, or to where ``host`` leads, and log in, once.

        ``host`` is the name that the server is known by; ``timeout`` is in seconds, for each answer. Raises
        LoginRefused, CannotLogIn before anything was sent, ConnectionFailed when there is no trustworthy session.
        """
        self._place = f"{host}:{port}"
        log_in = _login(credentials, host, self._place)
        try:
            with _Located(self._place):
                client = smb3.SMB3(host, address or host, sess_port=port, timeout=timeout)
        except SmbRefused as refused:
            raise ConnectionFailed(f"SMB 2 and 3 are refused: {refused.message}", place=self._place) from None
        self._client: Any = client
        self._answers = client._NetBIOSSession = Answers(client._NetBIOSSession)
        try:
            self._log_in(log_in, credentials)
            self._demand_signatures()
            with _Located(self._place):
                self._tree = client.connectTree(share)
        except AdauditError:
            self._answers.close()
            raise

    def _log_in(self, log_in: Callable[[Any], object], credentials: Credentials) -> None:
        client = self._client
        if client.getDialect() not in _DIALECTS:
            raise self._distrusted(f"speaks dialect 0x{client.getDialect():04x}, which is not one of SMB 2 and 3")
        client.RequireMessageSigning = True
        client._Connection["RequireSigning"] = True
        client._Connection["SupportsDirectoryLeasing"] = False  # impacket 0.13 fails on it
        try:
            with _Located(self._place):
                log_in(client)
        except SmbRefused as refused:
            reason = _REFUSALS.get(refused.status, refused.message)
            raise LoginRefused(f"the login of {credentials.name} is refused: {reason}", place=self._place) from None

    def _demand_signatures(self) -> None:
        session = self._client._Session
        if session["SessionFlags"] & (_IS_GUEST | _IS_ANONYMOUS) or not session["SigningActivated"]:
            raise self._distrusted("opened a session of nobody, or one without signatures")
        dialect = self._client.getDialect()
        key = session["SessionKey"] if dialect < smb3structs.SMB2_DIALECT_30 else session["SigningKey"]
        is_sealed = session["SessionFlags"] & smb3structs.SMB2_SESSION_FLAG_ENCRYPT_DATA
        try:
            self._answers.demand(dialect, key, session["DecryptionKey"] if is_sealed else None)
        except NotSigned as error:
            raise self._distrusted(f"sent {error}") from None
        session["SigningActivated"] = not is_sealed  # what is sealed needs no signature (MS-SMB2 3.2.4.1.1)

    def _distrusted(self, fault: str) -> ConnectionFailed:
        return ConnectionFailed(f"the server {fault}: it is not trusted", place=self._place)

    def list(self, folder: str) -> Generator[Listed, None, None]:
        """The entries of a folder but ``.`` and ``..``, in the server's order."""
        with self._opened(folder, _READ_DATA, _FOLDER) as handle:
            while True:
                try:
                    with _Located(self._place):
                        answer = self._client.queryDirectory(
                            self._tree,
                            handle,
                            maxBufferSize=_LISTING,
                            informationClass=smb3structs.FILE_FULL_DIRECTORY_INFORMATION,
                        )
                        entries = [entry for entry in _listed(bytes(answer)) if entry.name not in (".", "..")]
                except SmbRefused as refused:
                    if refused.status == _NO_MORE_FILES:
                        return
                    raise
                yield from entries

    def read(self, file: str) -> Generator[bytes, None, None]:
        """The content of a file, piece by piece."""
        with self._opened(file, _READ_DATA, _FILE) as handle:
            offset = 0
            while True:
                try:
                    piece = self._read(handle, offset)
                except SmbRefused as refused:
                    if refused.status == _END_OF_FILE:
                        return
                    raise
                if not piece:
                    return
                offset += len(piece)
                yield piece

    def descriptor(self, path: str) -> bytes:
        """Owner, group and DACL of a file or folder: a self-relative security descriptor."""
        with self._opened(path, _READ_CONTROL, 0) as handle, _Located(self._place):
            return bytes(
                self._client.queryInfo(
                    self._tree,
                    handle,
                    infoType=smb3structs.SMB2_0_INFO_SECURITY,
                    fileInfoClass=0,
                    additionalInformation=_OWNER_GROUP_DACL,
                )
            )

    def drop(self) -> None:
        """End the session at once, from another thread too: a request that waits then raises SmbLost."""
        with suppress(OSError):
            self._answers.get_socket().shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Log off and close; a session already lost is closed without a word."""
        with suppress(SmbLost, SmbRefused), _Located(self._place):
            self._client.logoff()
        self._answers.close()

    def _opened(self, path: str, access: int, options: int) -> _Handle:
        return _Handle(self._client, self._tree, path, access, options, self._place)

    def _read(self, handle: bytes, offset: int) -> bytes:
        """impacket's own ``read`` asks again for whatever the server says remains, without end."""
        request = smb3structs.SMB2Read()
        request["Padding"] = 0x50
        request["FileID"] = handle
        request["Length"] = _CHUNK if self._client._Connection["SupportsMultiCredit"] else 1 << 16
        request["Offset"] = offset
        packet = self._client.SMB_PACKET()
        packet["Command"] = smb3structs.SMB2_READ
        packet["TreeID"] = self._tree
        packet["CreditCharge"] = request["Length"] >> 16
        packet["Data"] = request
        with _Located(self._place):
            answer = self._client.recvSMB(self._client.sendSMB(packet))
            answer.isValidAnswer(_SUCCESS)
            content = bytes(smb3structs.SMB2Read_Response(answer["Data"])["Buffer"])
        if len(content) > request["Length"]:
            raise SmbLost("more was sent than was asked for", place=self._place)
        return content


def _login(credentials: Credentials, host: str, place: str) -> Callable[[Any], object]:
    """How to log in with ``credentials``: NTLMv2 with a password, Kerberos with a ticket."""
    if isinstance(credentials, ClientCertificate):
        raise CannotLogIn("SMB takes no client certificate: give a password or use Kerberos", place=place)
    if isinstance(credentials, Kerberos):
        return _kerberos_login(credentials, host, place)
    account = credentials.as_ntlm if isinstance(credentials, Simple) else credentials
    if account is None:
        raise CannotLogIn(f"SMB takes no DN ({credentials.user}): give user@domain or DOMAIN\\name", place=place)
    domain, _, name = account.user.rpartition("\\")
    return partial(smb3.SMB3.login, user=name, password=account.password, domain=domain)


def _kerberos_login(credentials: Kerberos, host: str, place: str) -> Callable[[Any], object]:
    from adaudit.collect.kerberos import service_ticket

    try:
        ticket = service_ticket(credentials, "cifs", host)
    except UsageError as error:
        raise CannotLogIn(error.message, place=place) from error
    except ConnectionFailed as error:
        raise LoginRefused(error.message, place=place) from error
    return partial(
        smb3.SMB3.kerberosLogin, user=ticket.user, password="", domain=ticket.realm.upper(), TGS=ticket.ticket
    )


class _Handle:
    """An open file or folder, closed at the end of the block."""

    def __init__(self, client: Any, tree: int, path: str, access: int, options: int, place: str) -> None:
        self._client = client
        self._tree = tree
        self._place = place
        with _Located(place):
            self._handle: bytes = client.create(tree, path, access, _SHARED_WITH_ALL, options, _OPEN_EXISTING, 0)

    def __enter__(self) -> bytes:
        return self._handle

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, SmbLost):
            return
        with _Located(self._place):
            self._client.close(self._tree, self._handle)


class _Located:
    """Turns what impacket raises into SmbRefused or SmbLost, with the place."""

    def __init__(self, place: str) -> None:
        self._place = place

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, smb3.SessionError):
            status = error.get_error_code()
            if status in _SESSION_IS_GONE:
                raise SmbLost(SmbRefused(status, place="").message, place=self._place) from None
            raise SmbRefused(status, place=self._place) from None
        if isinstance(error, NetBIOSTimeout | TimeoutError):
            raise SmbLost("no answer in time", place=self._place) from error
        if isinstance(error, NetBIOSError | OSError):
            raise SmbLost(f"connection lost: {error}", place=self._place) from error
        if isinstance(error, NotSigned):
            raise SmbLost(f"the server sent {error}", place=self._place) from error
        if isinstance(error, _UNSOUND) or type(error) is Exception:
            raise SmbLost("an answer that is not sound SMB", place=self._place) from error


def _listed(answer: bytes) -> Iterator[Listed]:
    """The entries of an answer; raises struct.error or ValueError when it is malformed."""
    position = 0
    while True:
        fields = _FIXED_PART.unpack_from(answer, position)
        step, size, attributes, name_length = fields[0], fields[6], fields[8], fields[9]
        start = position + _FIXED_PART.size
        raw = answer[start : start + name_length]
        if len(raw) < name_length or size < 0:
            raise ValueError("an entry goes beyond its answer")
        yield Listed(
            raw.decode("utf-16-le", "surrogatepass"),
            bool(attributes & _ATTRIBUTE_FOLDER),
            bool(attributes & _ATTRIBUTE_REPARSE_POINT),
            size,
            filetime(fields[4]),
        )
        if step == 0:
            return
        if step < _FIXED_PART.size:
            raise ValueError("entries overlap")
        position += step
