"""The only way to a directory: a connection that can bind, start TLS, search, abandon and unbind."""

from __future__ import annotations

import itertools
import socket
import ssl
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

import ldap3
from ldap3.core.exceptions import LDAPExceptionError

from adaudit.collect.ber import MalformedAnswer
from adaudit.collect.failures import bind_failure, open_failure, tls_failure
from adaudit.collect.messages import (
    Envelope,
    Operation,
    Page,
    Search,
    decode_reference,
    decode_result,
    disconnection_notice,
    encode_abandon,
    encode_search,
    encode_unbind,
    message_end,
    read_envelope,
)
from adaudit.errors import ConnectionFailed, UsageError

PAGE_SIZE: Final = 1000
"""Objects asked for at once: what a domain controller allows by default (MaxPageSize)."""

START_TLS_OID: Final = "1.3.6.1.4.1.1466.20037"

_CHUNK: Final = 1 << 18

_UNSOUND_ANSWER: Final = (LookupError, ValueError, TypeError, AttributeError)
"""What ldap3 raises, besides errors of its own, for an answer that is not sound LDAP."""


class ConnectionLost(ConnectionFailed):
    """The connection ended, or fell silent, after the bind."""


class ReadOnlyConnection:
    """One connection to one server.

    ldap3 opens it and binds; from then on only the requests of ``messages`` can be sent: ldap3's own
    connection, with the password it holds, is let go as soon as the bind is over, accepted or not.
    """

    def __init__(self, host: str, port: int, *, timeout: float, tls: ssl.SSLContext | None) -> None:
        """Open the connection, secured at once when ``tls`` is given (LDAPS).

        ``timeout`` is in seconds, for the opening and then for each wait for an answer. Raises ConnectionFailed.
        """
        self._host = host
        self._place = f"{host}:{port}"
        self._timeout = timeout
        try:
            server = ldap3.Server(host, port=port, get_info=ldap3.NONE, connect_timeout=timeout)
            self._client = ldap3.Connection(server, auto_referrals=False, check_names=False, read_only=True)
            self._client.open(read_server_info=False)
        except (LDAPExceptionError, OSError, UnicodeError) as error:  # UnicodeError: a name that IDNA refuses
            raise open_failure(error, host, port, timeout) from error
        self._socket: socket.socket = self._client.socket
        self._socket.settimeout(timeout)
        self._ids = itertools.count(1)
        self._buffer = bytearray()
        self._awaited: dict[int, deque[Envelope]] = {}
        if tls is not None:
            self._secure(tls)

    @property
    def is_encrypted(self) -> bool:
        return isinstance(self._socket, ssl.SSLSocket)

    def start_tls(self, tls: ssl.SSLContext) -> None:
        """Secure the open connection (RFC 4511 section 4.14). Raises ConnectionFailed."""
        try:
            self._client.extended(START_TLS_OID)
        except (LDAPExceptionError, OSError) as error:
            self._socket.close()
            raise ConnectionFailed(f"no answer to StartTLS: {error}", place=self._place) from error
        except _UNSOUND_ANSWER:
            self._socket.close()
            raise MalformedAnswer("that to StartTLS", place=self._place) from None
        if self._client.result["result"] != 0:
            self._socket.close()
            raise ConnectionFailed(
                f"the server refuses StartTLS ({self._client.result['description']}): "
                "it may lack a certificate for its LDAP service",
                place=self._place,
            )
        self._secure(tls)

    def _secure(self, tls: ssl.SSLContext) -> None:
        try:
            self._socket = tls.wrap_socket(self._socket, server_hostname=self._host)
        except OSError as error:
            self._socket.close()
            raise tls_failure(error, self._host, self._place) from error
        self._client.socket = self._socket

    def bind(self, user: str, password: str, *, allow_plaintext: bool = False) -> None:
        """Authenticate by a simple bind, once. ``user`` is a UPN, DOMAIN\\name or DN.

        Raises UsageError for an empty password (which a server takes for an anonymous bind) and, unless
        ``allow_plaintext``, on a connection that is not encrypted; ConnectionFailed when the server refuses.
        """
        if not self.is_encrypted and not allow_plaintext:
            raise UsageError("the password would travel in plain text", place=self._place)
        if not password:
            raise UsageError("the password is empty", place=user)
        try:
            user.encode()
        except UnicodeEncodeError:
            raise UsageError("the name of the account is not text", place=ascii(user)) from None
        client, self._client = self._client, None
        client.user, client.password = user, password.encode("utf-8", "surrogateescape")
        client.authentication = ldap3.SIMPLE
        try:
            accepted = client.bind(read_server_info=False)
        except (LDAPExceptionError, OSError) as error:
            self._socket.close()
            raise ConnectionFailed(f"no answer to the bind: {error}", place=self._place) from error
        except _UNSOUND_ANSWER:
            self._socket.close()
            raise MalformedAnswer("that to the bind", place=self._place) from None
        if not accepted:
            self.unbind()
            raise bind_failure(client.result["result"], client.result["message"], user, self._place)

    def search(
        self,
        search: Search,
        *,
        page_size: int | None = PAGE_SIZE,
        before_next: Callable[[Page], None] = lambda _page: None,
    ) -> Iterator[Page]:
        """The pages of the answer; ``page_size`` None asks for all at once.

        The next page is requested before one is handed over, so that the server works while it is decoded;
        ``before_next`` is called in between with the page that came. Several searches may be under way. Ending the
        iteration early abandons the search. Raises ConnectionLost or MalformedAnswer, after a last page with what
        had come of it.
        """
        message_id = self._send_search(search, page_size)
        while True:
            page = Page()
            try:
                self._receive_page(message_id, page)
            except ConnectionFailed:
                if page.entries:
                    yield page
                raise
            cookie = page.result.cookie
            if not cookie or not page.result.is_success:
                yield page
                return
            try:
                before_next(page)
                message_id = self._send_search(search, page_size, cookie)
            except ConnectionFailed:
                yield page
                raise
            try:
                yield page
            except GeneratorExit:
                self.abandon(message_id)
                raise

    def abandon(self, message_id: int) -> None:
        """Ask the server to give up an operation; its answers, if any still come, are ignored."""
        if self._awaited.pop(message_id, None) is not None:
            self._send(encode_abandon(next(self._ids), message_id))

    def unbind(self) -> None:
        """Say goodbye and close; a connection already lost is closed without a word."""
        try:
            self._socket.sendall(encode_unbind(next(self._ids)))
        except OSError:
            pass
        finally:
            self._socket.close()

    def drop(self) -> None:
        """End the connection at once, also under a read that waits: that read then raises ConnectionLost."""
        try:
            # SSLSocket.shutdown would first forget its TLS state, under the feet of that read.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
        except OSError:
            return

    def _send_search(self, search: Search, page_size: int | None, cookie: bytes = b"") -> int:
        message_id = next(self._ids)
        self._awaited[message_id] = deque()
        self._send(encode_search(message_id, search, page_size=page_size, cookie=cookie))
        return message_id

    def _send(self, message: bytes) -> None:
        try:
            self._socket.sendall(message)
        except OSError as error:
            raise ConnectionLost(f"connection lost: {error}", place=self._place) from error

    def _receive_page(self, message_id: int, page: Page) -> None:
        while True:
            envelope = self._receive(message_id)
            match envelope.operation:
                case Operation.ENTRY:
                    page.entries.append(envelope)
                case Operation.REFERENCE:
                    page.references += decode_reference(envelope)
                case Operation.DONE:
                    del self._awaited[message_id]
                    page.result = decode_result(envelope)
                    return
                case Operation.INTERMEDIATE_RESPONSE:
                    pass
                case other:
                    raise MalformedAnswer(f"operation 0x{other:02x} in answer to a search", place=self._place)

    def _receive(self, message_id: int) -> Envelope:
        """The next message of this operation; those of others are kept for them."""
        queue = self._awaited[message_id]
        while not queue:
            envelope = read_envelope(self._read_message())
            if envelope.message_id == 0:
                parting = disconnection_notice(envelope)
                if parting is not None:
                    raise ConnectionLost(f"the server ended the connection, {parting}", place=self._place)
            elif envelope.message_id in self._awaited:
                self._awaited[envelope.message_id].append(envelope)
        return queue.popleft()

    def _read_message(self) -> bytes:
        buffer = self._buffer
        end = message_end(buffer)
        while end is None or len(buffer) < end:
            buffer += self._read_bytes()
            if end is None:
                end = message_end(buffer)
        message = bytes(buffer[:end])
        del buffer[:end]
        return message

    def _read_bytes(self) -> bytes:
        try:
            received = self._socket.recv(_CHUNK)
        except TimeoutError as error:
            raise ConnectionLost(f"no answer for {self._timeout:g} seconds", place=self._place) from error
        except OSError as error:
            raise ConnectionLost(f"connection lost: {error}", place=self._place) from error
        if not received:
            raise ConnectionLost("the server closed the connection", place=self._place)
        return received
