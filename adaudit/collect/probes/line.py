"""The one connection of a probe: it ends on time whatever its peer does."""

from __future__ import annotations

import socket
import ssl
import threading
from types import TracebackType
from typing import Final, Self

from adaudit.errors import ConnectionFailed

_MOST_BYTES: Final = 1 << 20
"""What all answers to one probe may amount to."""


class Unanswered(ConnectionFailed):
    """The server gave no answer that tells anything."""


class NotAttempted(ConnectionFailed):
    """The question cannot be asked from here, or may not."""


class LineLost(Unanswered):
    """The server closed or reset the connection: to some questions that is an answer."""


class Line:
    """A TCP connection to ``host``, cut ``timeout`` seconds after its opening. A context manager.

    Who reads from ``socket`` by other means than ``receive`` looks at ``is_cut`` afterwards.
    """

    def __init__(self, host: str, port: int, *, timeout: float, address: str | None = None) -> None:
        """Connects to ``address`` when it is given. Raises Unanswered when nobody answers there."""
        self.host = host
        self.port = port
        self._timeout = timeout
        self.is_cut = False
        self._received = 0
        self._timer = threading.Timer(timeout, self._expire)
        self._timer.daemon = True
        try:
            self.socket = socket.create_connection((address or host, port), timeout)
        except TimeoutError as error:
            raise self._silence() from error
        except (OSError, UnicodeError) as error:  # UnicodeError: a name that IDNA refuses
            raise Unanswered(f"cannot connect: {error}") from error
        self._timer.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self.socket.close()

    def secure(self, tls: ssl.SSLContext) -> ssl.SSLSocket:
        """Go on in TLS. Raises ssl.SSLError for what TLS has to say, else LineLost or Unanswered."""
        try:
            self.socket = secured = tls.wrap_socket(
                self.socket, server_hostname=self.host, do_handshake_on_connect=False
            )
            secured.do_handshake()
        except ssl.SSLEOFError as error:
            raise self.loss() from error
        except ssl.SSLError:
            if self.is_cut:
                raise self._silence() from None
            raise
        except (OSError, ValueError) as error:  # ValueError: a host that is no name for TLS
            raise self.loss(error) from error
        return secured

    def send(self, data: bytes) -> None:
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise self.loss(error) from error

    def receive(self, count: int) -> bytes:
        """Exactly ``count`` bytes. Raises LineLost when the server leaves before, Unanswered when time is up."""
        self._received += count
        if self._received > _MOST_BYTES:
            raise Unanswered(f"an answer of more than {_MOST_BYTES} bytes")
        data = bytearray()
        while len(data) < count:
            try:
                chunk = self.socket.recv(count - len(data))
            except OSError as error:
                raise self.loss(error) from error
            if not chunk:
                raise self.loss()
            data += chunk
        return bytes(data)

    def loss(self, error: Exception | None = None) -> Unanswered:
        """What the end of the connection, or an ``error`` on its socket, means."""
        if self.is_cut or isinstance(error, TimeoutError):
            return self._silence()
        return LineLost(f"connection lost: {error}" if error else "the server closed the connection")

    def _expire(self) -> None:
        self.is_cut = True
        try:
            # SSLSocket.shutdown would first forget its TLS state, under the feet of who reads.
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
        except OSError:
            return

    def _silence(self) -> Unanswered:
        return Unanswered(f"no whole answer in {self._timeout:g} seconds")
