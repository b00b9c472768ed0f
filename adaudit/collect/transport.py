"""The bytes of a connection: TCP, then TLS or the security layer that a SASL bind has set up."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Final

from adaudit.collect.messages import MAX_MESSAGE
from adaudit.errors import ConnectionFailed

if TYPE_CHECKING:
    from adaudit.collect.sasl import SecurityLayer

_CHUNK: Final = 1 << 18
_LENGTH_BYTES: Final = 4
_MAX_PACKET: Final = MAX_MESSAGE + (1 << 16)
"""Bytes of the longest packet of a security layer: a server may wrap its longest message as a whole."""


class ConnectionLost(ConnectionFailed):
    """The connection ended, or fell silent, after the bind."""


class Transport:
    """Sends and receives over ``connected``, whose time limit for each wait is ``timeout`` seconds."""

    def __init__(self, connected: socket.socket, host: str, place: str, timeout: float) -> None:
        connected.settimeout(timeout)
        self.socket = connected
        self._host = host
        self._place = place
        self._timeout = timeout
        self._layer: SecurityLayer | None = None
        self._sealed = bytearray()

    @property
    def has_tls(self) -> bool:
        return isinstance(self.socket, ssl.SSLSocket)

    @property
    def is_encrypted(self) -> bool:
        return self.has_tls or self._layer is not None

    def secure(self, tls: ssl.SSLContext) -> None:
        """Shake hands. Raises OSError."""
        self.socket = tls.wrap_socket(self.socket, server_hostname=self._host)

    @property
    def certificate(self) -> bytes | None:
        """The server's, in DER; None without TLS."""
        return self.socket.getpeercert(binary_form=True) if isinstance(self.socket, ssl.SSLSocket) else None

    def add_layer(self, layer: SecurityLayer) -> None:
        """From now on sign and seal what is sent, and accept nothing else (RFC 4422 section 3.7)."""
        self._layer = layer

    def send(self, data: bytes) -> None:
        """Raises ConnectionLost."""
        if self._layer is not None:
            packet = self._layer.wrap(data)
            data = len(packet).to_bytes(_LENGTH_BYTES, "big") + packet
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise ConnectionLost(f"connection lost: {error}", place=self._place) from error

    def receive(self) -> bytes:
        """What has come. Raises ConnectionLost."""
        return self._receive() if self._layer is None else self._receive_packet(self._layer)

    def _receive_packet(self, layer: SecurityLayer) -> bytes:
        size = int.from_bytes(self._take(_LENGTH_BYTES), "big")
        if size > _MAX_PACKET:
            raise ConnectionLost(f"the server announces a sealed packet of {size} bytes", place=self._place)
        try:
            return layer.unwrap(self._take(size))
        except ValueError as error:
            raise ConnectionLost(str(error), place=self._place) from error

    def _take(self, count: int) -> bytes:
        """The next ``count`` bytes of the sealed stream."""
        while len(self._sealed) < count:
            self._sealed += self._receive()
        taken = bytes(self._sealed[:count])
        del self._sealed[:count]
        return taken

    def drop(self) -> None:
        """End the connection at once, also under a read that waits: that read then raises ConnectionLost."""
        try:
            # SSLSocket.shutdown would first forget its TLS state, under the feet of that read.
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
        except OSError:
            return

    def close(self) -> None:
        self.socket.close()

    def _receive(self) -> bytes:
        try:
            received = self.socket.recv(_CHUNK)
        except TimeoutError as error:
            raise ConnectionLost(f"no answer for {self._timeout:g} seconds", place=self._place) from error
        except OSError as error:
            raise ConnectionLost(f"connection lost: {error}", place=self._place) from error
        if not received:
            raise ConnectionLost("the server closed the connection", place=self._place)
        return received
