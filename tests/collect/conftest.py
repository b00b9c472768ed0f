"""A TCP proxy between the collector and the directory: it listens in, and can hold or cut the line."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Literal

import pytest

from adaudit.collect.messages import message_end

if TYPE_CHECKING:
    from tests.testbed import Directory

LOOPBACK = "127.0.0.1"


class Proxy:
    """Forwards every connection to one address.

    ``sent`` is what clients said, in order. After ``limit`` bytes of answers the line is cut, or nothing more
    is forwarded; ``reached`` is then set. ``cuts``: after how many bytes of answers, in all, the line is cut once.
    ``rewrite`` changes each answer (on an unencrypted line), ``alter`` whatever comes. ``listen``: the address and
    port that clients find.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        limit: int | None = None,
        then: Literal["cut", "hold"] = "cut",
        cuts: Iterable[int] = (),
        rewrite: Callable[[bytes], bytes] | None = None,
        alter: Callable[[bytes], bytes] = bytes,
        listen: tuple[str, int] = (LOOPBACK, 0),
    ) -> None:
        self.sent = bytearray()
        self.connections = 0
        self.reached = threading.Event()
        self._client_left = threading.Event()
        self._target = (host, port)
        self._limit = limit
        self._then = then
        self._cuts = sorted(cuts)
        self.rewrite = rewrite
        self._alter = alter
        self.received = 0
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(listen)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                server = socket.create_connection(self._target)
                self._sockets += [client, server]
                threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while said := client.recv(65536):
                self.sent += said
                server.sendall(said)
            server.shutdown(socket.SHUT_WR)
        self._client_left.set()

    def said(self) -> bytes:
        """All that the client said, once it has closed."""
        assert self._client_left.wait(20)
        return bytes(self.sent)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        held = bytearray()
        with contextlib.suppress(OSError):
            while said := server.recv(65536):
                said = self._alter(said)
                if self.rewrite is not None:
                    said = self._rewritten(said, held, self.rewrite)
                if self._cuts and self.received + len(said) > self._cuts[0]:
                    client.sendall(said[: self._cuts[0] - self.received])
                    self.received = self._cuts.pop(0)
                    client.shutdown(socket.SHUT_RDWR)
                    return
                if self._limit is not None and self.received + len(said) > self._limit:
                    client.sendall(said[: self._limit - self.received])
                    self.received = self._limit
                    self.reached.set()
                    if self._then == "cut":
                        client.shutdown(socket.SHUT_RDWR)
                    return
                self.received += len(said)
                client.sendall(said)
            client.shutdown(socket.SHUT_WR)

    def _rewritten(self, said: bytes, held: bytearray, rewrite: Callable[[bytes], bytes]) -> bytes:
        """The whole messages among ``held`` and what was just ``said``, rewritten; the rest is held."""
        held += said
        whole = b""
        while (end := message_end(held)) is not None and len(held) >= end:
            whole += rewrite(bytes(held[:end]))
            del held[:end]
        return whole

    def drop(self) -> None:
        """Cut the lines there are; others can be had."""
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for each in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


class Proxies:
    """Makes proxies and closes them after the test."""

    def __init__(self) -> None:
        self._made: list[Proxy] = []

    def __call__(
        self,
        host: str,
        port: int,
        *,
        limit: int | None = None,
        then: Literal["cut", "hold"] = "cut",
        cuts: Iterable[int] = (),
        rewrite: Callable[[bytes], bytes] | None = None,
        alter: Callable[[bytes], bytes] = bytes,
        listen: tuple[str, int] = (LOOPBACK, 0),
    ) -> Proxy:
        made = Proxy(host, port, limit=limit, then=then, cuts=cuts, rewrite=rewrite, alter=alter, listen=listen)
        self._made.append(made)
        return self._made[-1]

    def close(self) -> None:
        for proxy in self._made:
            proxy.close()


@pytest.fixture
def proxies() -> Iterator[Proxies]:
    made = Proxies()
    yield made
    made.close()


@pytest.fixture(scope="session")
def access_directory() -> Iterator[Callable[[Literal["no", "allow_sasl_over_tls", "yes"]], Directory]]:
    """Directories of accounts that may log on and accounts that may not, one for each degree of strong authentication
    that Samba can demand, started when it is first asked for."""
    from tests.testbed import running

    with contextlib.ExitStack() as started:
        yield cache(lambda strong_auth: started.enter_context(running("access", strong_auth=strong_auth)))


@pytest.fixture
def lenient(
    access_directory: Callable[[str], Directory],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Directory:
    """The one that demands nothing, known to Kerberos; there is no ticket at hand."""
    directory = access_directory("no")
    monkeypatch.setenv("KRB5_CONFIG", str(directory.krb5_conf))
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path_factory.mktemp('tickets')}/none")
    return directory
