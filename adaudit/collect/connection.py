"""The only way to read a directory: a bound connection that can search, abandon and unbind."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from adaudit.collect.ber import MalformedAnswer
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
from adaudit.collect.transport import ConnectionLost, Transport
from adaudit.errors import ConnectionFailed

__all__ = ["PAGE_SIZE", "ConnectionLost", "ReadOnlyConnection"]

PAGE_SIZE: Final = 1000
"""Objects asked for at once: what a domain controller allows by default (MaxPageSize)."""

MAX_ANSWER: Final = 1 << 30
"""Bytes of the longest answer to one request that is held, far above a thousand objects with their photographs."""

_HOLDING: Final = 500
"""Bytes that it costs to hold a message, however short."""


class ReadOnlyConnection:
    """One bound connection to one server: it can search, abandon a search and unbind, nothing else."""

    def __init__(self, transport: Transport, place: str) -> None:
        """``place`` names the server in errors."""
        self._transport = transport
        self._place = place
        self._ids = itertools.count(1)
        self._buffer = bytearray()
        self._awaited: dict[int, deque[Envelope]] = {}

    @property
    def is_encrypted(self) -> bool:
        """By TLS, or by the security layer of the bind."""
        return self._transport.is_encrypted

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
            self._transport.send(encode_abandon(next(self._ids), message_id))

    def unbind(self) -> None:
        """Say goodbye and close; a connection already lost is closed without a word."""
        try:
            self._transport.send(encode_unbind(next(self._ids)))
        except ConnectionLost:
            pass
        finally:
            self._transport.close()

    def drop(self) -> None:
        """End the connection at once, also under a read that waits: that read then raises ConnectionLost."""
        self._transport.drop()

    def _send_search(self, search: Search, page_size: int | None, cookie: bytes = b"") -> int:
        message_id = next(self._ids)
        self._awaited[message_id] = deque()
        self._transport.send(encode_search(message_id, search, page_size=page_size, cookie=cookie))
        return message_id

    def _receive_page(self, message_id: int, page: Page) -> None:
        size = 0
        while True:
            envelope = self._receive(message_id)
            size += len(envelope.data) + _HOLDING
            if size > MAX_ANSWER:
                raise MalformedAnswer("answer without end to one search", place=self._place)
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
            buffer += self._transport.receive()
            if end is None:
                end = message_end(buffer)
        message = bytes(buffer[:end])
        del buffer[:end]
        return message
