"""One domain controller kept within reach: searches go on after the link was lost, paced and logged."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, Self

from adaudit.collect.authentication import Credentials
from adaudit.collect.ber import MalformedAnswer
from adaudit.collect.connection import PAGE_SIZE, ConnectionLost, ReadOnlyConnection
from adaudit.collect.directory import RootDse, read_root_dse
from adaudit.collect.endpoint import DEFAULT_PORTS, Endpoint
from adaudit.collect.failures import BindRefused
from adaudit.collect.log import Bind, CollectionLog, Connect, asked
from adaudit.collect.messages import Page, Result, Search
from adaudit.collect.standing import Standing
from adaudit.collect.wanted import DEFAULT_PACING, Pacing
from adaudit.errors import ConnectionFailed

LONGEST_PAUSE: Final = 30.0

MAX_LOSSES: Final = 30
"""Connections lost in a row without a single object in between: the server, or something before it, will not serve."""

MAX_EMPTY_PAGES: Final = 1000
"""Pages in a row without an object: one is sound, a thousand are no way to answer."""

MAX_ENTRIES: Final = 50_000_000
"""Objects in answer to one search: more than any directory holds."""

MAX_REFERENCES: Final = 10_000
"""References to other servers in answer to one search: a directory gives one for each domain next to it."""

_ASKED_AGAIN: Final = 2
_SLICE: Final = 0.5
"""Seconds after which a waiting thread looks up: an interrupt does not wake it everywhere (Windows)."""


class Interrupted(ConnectionFailed):
    """The user ended the reading."""

    def __init__(self) -> None:
        super().__init__("interrupted by the user")


class OutOfReach(ConnectionFailed):
    """The connection was lost and could not be had again."""


class OtherServer(ConnectionFailed):
    """Another domain controller, or one restored from a backup, answers under the name."""


class Session:
    """Searches one domain controller; a context manager.

    A search that loses its connection raises ConnectionLost; the next one opens another, unless the bind was
    refused: then never again.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        credentials: Credentials,
        log: CollectionLog,
        pacing: Pacing = DEFAULT_PACING,
        *,
        standing: Standing | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] | None = None,
    ) -> None:
        """Connect, bind and read the rootDSE, once. Raises UsageError or ConnectionFailed.

        ``standing``: that of the account, when others present it too. ``clock`` counts seconds;
        ``wait`` lets some pass, by default in a way that ``interrupt`` ends.
        """
        self.host = endpoint.host
        self.address = endpoint.address or endpoint.host
        self.account = credentials.name
        self._endpoint = endpoint
        self._credentials = credentials
        self._log = log
        self._pacing = pacing
        self._standing = standing or Standing()
        self._clock = clock
        self._wait = wait or self._wait_for_interrupt
        self._interrupted = threading.Event()
        self._lost: ConnectionLost | None = None
        self._losses = 0
        self._asked_at = clock()
        self._received = 0
        self._connection: ReadOnlyConnection | None = self._bound()
        self.root = self._root_of(self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Say goodbye; a search after that opens another connection."""
        if self._connection is not None:
            self._connection.unbind()
            self._connection = None

    def interrupt(self) -> None:
        """End the reading, from a signal handler or another thread: it raises Interrupted, also where it waits."""
        self._interrupted.set()
        connection = self._connection
        if connection is not None:
            connection.drop()

    def search(self, search: Search, *, page_size: int | None = PAGE_SIZE) -> Iterator[Page]:
        """The pages of the answer; ``page_size`` None asks for all at once.

        Raises ConnectionLost, after a last page with what had come, when the link was cut or what came is not LDAP:
        the search may be tried again. Raises OutOfReach, OtherServer, Interrupted or BindRefused when it may not.
        """
        connection = self._connected()
        page_size = None if page_size is None else self._pacing.page_size(page_size)
        began = self._clock()
        pages = entries = empty = references = 0
        result = None
        self._pace()
        try:
            for page in connection.search(search, page_size=page_size, before_next=self._pace_after):
                pages += 1
                entries += len(page.entries)
                empty = 0 if page.entries else empty + 1
                references += len(page.references)
                result = page.result
                if page.entries:
                    self._losses = 0
                if not result.cookie:
                    self._received += len(page.entries)
                yield page
                if empty > MAX_EMPTY_PAGES or entries > MAX_ENTRIES or references > MAX_REFERENCES:
                    told = f"no end after {entries} objects and {references} references in {pages} pages"
                    raise OutOfReach(told, place=search.base)
        except (ConnectionLost, MalformedAnswer) as error:
            result = None
            raise self._lose(connection, error) from error
        finally:
            self._tell_search(search, page_size, began, pages, entries, result)

    def ask(self, search: Search) -> Page:
        """The answer to a search that needs no pages; asked again, twice, when it costs the connection."""
        for _ in range(_ASKED_AGAIN):
            try:
                return self._whole(search)
            except ConnectionLost:
                continue
        return self._whole(search)

    def _whole(self, search: Search) -> Page:
        (page,) = self.search(search, page_size=None)
        return page

    def _connected(self) -> ReadOnlyConnection:
        if self._interrupted.is_set():
            raise Interrupted
        if self._connection is None:
            self._connection = self._same_server() if self._lost is None else self._reconnected(self._lost)
            self._lost = None
        return self._connection

    def _lose(self, connection: ReadOnlyConnection, error: ConnectionFailed) -> ConnectionFailed:
        """What to raise for the loss of ``connection``, which is let go."""
        connection.drop()
        if self._interrupted.is_set():
            return Interrupted()
        if connection is self._connection:
            self._connection = None
            self._lost = ConnectionLost(error.message, place=error.place)
            self._losses += 1
            self._log.write("lost", server=self.host, error=error.message)
            if self._losses > MAX_LOSSES:
                return OutOfReach(f"{error.message}; {self._losses} times in a row", place=error.place)
        return ConnectionLost(error.message, place=error.place)

    def _reconnected(self, lost: ConnectionLost) -> ReadOnlyConnection:
        """Another connection in place of one that was lost: at once, then after 1, 2, 4, … seconds."""
        if self._pacing.retry_for <= 0:
            raise OutOfReach(lost.message, place=lost.place)
        until = self._clock() + self._pacing.retry_for
        attempt, pause = 1, 0.0 if self._losses <= 1 else 1.0
        while True:
            self._log.write("reconnect", server=self.host, attempt=attempt, wait=pause)
            self._wait(pause)
            if self._interrupted.is_set():
                raise Interrupted
            try:
                return self._same_server()
            except (BindRefused, OtherServer):
                raise
            except ConnectionFailed as error:
                attempt, pause = attempt + 1, min(max(1.0, 2 * pause), LONGEST_PAUSE)
                if self._clock() + pause > until:
                    seconds = f"{self._pacing.retry_for:g} seconds"
                    told = f"{lost.message}; no new connection within {seconds}: {error.message}"
                    raise OutOfReach(told, place=lost.place) from error

    def _same_server(self) -> ReadOnlyConnection:
        """A new connection. Raises OtherServer when the name leads elsewhere than before."""
        connection = self._bound()
        try:
            root = self._root_of(connection)
        except ConnectionFailed:
            connection.unbind()
            raise
        if (root.service, root.invocation_id) != (self.root.service, self.root.invocation_id):
            connection.unbind()
            raise OtherServer(f"another server answers now: {root.service}, not {self.root.service}", place=self.host)
        return connection

    def _root_of(self, connection: ReadOnlyConnection) -> RootDse:
        return read_root_dse(_Direct(connection, self._clock, self._tell_search))

    def _bound(self) -> ReadOnlyConnection:
        self._standing.check()
        began = self._clock()
        try:
            connection = self._endpoint.connect(self._credentials)
        except BindRefused as error:
            self._standing.refusal = str(error)
            self._tell_opening(began)
            self._tell_bind(began, error)
            raise
        except ConnectionFailed as error:
            self._tell_opening(began, error)
            raise
        self._tell_opening(began)
        self._tell_bind(began)
        return connection

    def _tell_opening(self, began: float, error: ConnectionFailed | None = None) -> None:
        endpoint = self._endpoint
        facts: Connect = {
            "server": endpoint.host,
            "port": endpoint.port or DEFAULT_PORTS[endpoint.security],
            "security": endpoint.security.value,
            "seconds": self._clock() - began,
            "address": endpoint.address,
        }
        if error is not None:
            facts["error"] = error.message
        self._log.write("connect", **facts)

    def _tell_bind(self, began: float, error: BindRefused | None = None) -> None:
        method = type(self._credentials).__name__.lower()
        facts: Bind = {
            "server": self.host,
            "account": self.account,
            "method": method,
            "seconds": self._clock() - began,
        }
        if error is not None:
            facts["error"] = error.message
        self._log.write("bind", **facts)

    def _tell_search(
        self, search: Search, page_size: int | None, began: float, pages: int, entries: int, result: Result | None
    ) -> None:
        self._log.write(
            "search",
            server=self.host,
            **asked(search, page_size),
            pages=pages,
            entries=entries,
            seconds=self._clock() - began,
            result=None if result is None else result.code,
            message="" if result is None else result.message,
        )

    def _pace(self) -> None:
        """Wait until as many objects may be asked for again."""
        if self._pacing.max_rate is not None:
            self._wait(max(0.0, self._asked_at + self._received / self._pacing.max_rate - self._clock()))
            if self._interrupted.is_set():
                raise Interrupted
            self._asked_at, self._received = self._clock(), 0

    def _pace_after(self, page: Page) -> None:
        self._received += len(page.entries)
        self._pace()

    def _wait_for_interrupt(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._interrupted.wait(min(left, _SLICE)):
            continue


class _Direct:
    """Asks over one connection, whatever becomes of it; ``tell`` is a session's, for the log."""

    def __init__(
        self,
        connection: ReadOnlyConnection,
        clock: Callable[[], float],
        tell: Callable[[Search, None, float, int, int, Result | None], None],
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._tell = tell

    def ask(self, search: Search) -> Page:
        began = self._clock()
        try:
            (answer,) = self._connection.search(search, page_size=None)
        except ConnectionFailed:
            self._tell(search, None, began, 0, 0, None)
            raise
        self._tell(search, None, began, 1, len(answer.entries), answer.result)
        return answer
