"""The bytes of a connection: TCP, then TLS or the security layer that a SASL bind has set up."""

from __future__ import annotations

import socket
import ssl
from typing import Final

import spnego
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

from adaudit.collect.messages import MAX_MESSAGE
from adaudit.errors import ConnectionFailed

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
        self._layer: spnego.ContextProxy | None = None
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

    def channel_bindings(self) -> GssChannelBindings | None:
        """What ties a bind to this TLS connection: the server's certificate (RFC 5929 section 4); None without TLS.

        Raises ConnectionFailed for a certificate that cannot be read.
        """
        certificate = self.certificate
        if certificate is None:
            return None
        try:
            algorithm = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
        except UnsupportedAlgorithm:
            algorithm = None
        except (ValueError, x509.InvalidVersion) as error:
            raise ConnectionFailed(f"the server's certificate cannot be read: {error}", place=self._place) from error
        if algorithm is None or isinstance(algorithm, hashes.MD5 | hashes.SHA1):
            algorithm = hashes.SHA256()
        digest = hashes.Hash(algorithm)
        digest.update(certificate)
        return GssChannelBindings(application_data=b"tls-server-end-point:" + digest.finalize())

    def add_layer(self, context: spnego.ContextProxy) -> None:
        """From now on sign and seal what is sent, and accept nothing else (RFC 4422 section 3.7)."""
        self._layer = context

    def send(self, data: bytes) -> None:
        """Raises ConnectionLost."""
        if self._layer is not None:
            packet = self._layer.wrap(data).data
            data = len(packet).to_bytes(_LENGTH_BYTES, "big") + packet
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise ConnectionLost(f"connection lost: {error}", place=self._place) from error

    def receive(self) -> bytes:
        """What has come. Raises ConnectionLost."""
        return self._receive() if self._layer is None else self._receive_packet(self._layer)

    def _receive_packet(self, layer: spnego.ContextProxy) -> bytes:
        size = int.from_bytes(self._take(_LENGTH_BYTES), "big")
        if size > _MAX_PACKET:
            raise ConnectionLost(f"the server announces a sealed packet of {size} bytes", place=self._place)
        packet = self._take(size)
        try:
            opened = layer.unwrap(packet)
        except SpnegoError as error:
            raise ConnectionLost(f"a sealed packet does not verify: {error.message}", place=self._place) from error
        if not opened.encrypted:
            raise ConnectionLost("the server stopped sealing what it sends", place=self._place)
        return opened.data

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
