"""A server that says what it is told to, for what Samba does not do: client certificates, channel binding.

Its answers are recorded from Samba, or written after the specification that the test names.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adaudit.collect.ber import ENUMERATED, OCTET_STRING, SEQUENCE, SET, encode, encode_integer
from adaudit.collect.messages import Operation, message_end, read_envelope

HOST = "dc1.corp.test"
LOOPBACK = "127.0.0.1"
BIND_RESPONSE = 0x61

RECORDED_CHALLENGE = bytes.fromhex(
    "4e544c4d53535000020000000800080038000000058289a24ee299194742417e00000000000000005a005a004000000006010000"
    "0000000f43004f00520050000200080043004f0052005000010006004400430031000400120063006f00720070002e0074006500"
    "7300740003001a006400630031002e0063006f00720070002e00740065007300740007000800cc47d956767add0100000000"
)
"""The NTLM challenge of a Samba 4.17 domain controller, as it came over LDAPS."""

Answer = Callable[[bytes], bytes]
"""From a request to the answer."""


@dataclass
class Heard:
    """What the server heard: whole messages, and the certificate of the client."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    client_certificate: bytes | None = None


@contextlib.contextmanager
def scripted(answers: list[Answer], tls: ssl.SSLContext, *, starts_tls: bool = False) -> Iterator[Heard]:
    """A server of one connection that gives these answers, one to each message, over TLS."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        heard = Heard(listener.getsockname()[1])

        def serve() -> None:
            line, _ = listener.accept()
            line.settimeout(10)
            with contextlib.suppress(OSError), contextlib.ExitStack() as closing:
                closing.callback(line.close)
                if starts_tls:
                    line.sendall(result(next(messages(line)), Operation.EXTENDED_RESPONSE))
                line = tls.wrap_socket(line, server_side=True)
                closing.callback(line.close)
                heard.client_certificate = line.getpeercert(binary_form=True)
                script = itertools.chain(answers, itertools.repeat(nothing))
                for message in messages(line):
                    heard.requests.append(message)
                    line.sendall(next(script)(message))

        thread = threading.Thread(target=serve)
        thread.start()
        yield heard
        thread.join(10)


@contextlib.contextmanager
def talking(talk: Callable[[socket.socket, bytes], object]) -> Iterator[int]:
    """Port of a server that has this talk with one client, which has said something already."""
    with socket.create_server((LOOPBACK, 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client, contextlib.suppress(OSError):
                talk(client, client.recv(4096))

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


def messages(line: socket.socket) -> Iterator[bytes]:
    held = bytearray()
    while said := line.recv(65536):
        held += said
        while (end := message_end(held)) is not None and len(held) >= end:
            yield bytes(held[:end])
            del held[:end]


def result(request: bytes, operation: int, code: int = 0, tail: bytes = b"") -> bytes:
    """An LDAPResult (RFC 4511 section 4.1.9)."""
    body = encode_integer(code, ENUMERATED) + encode(OCTET_STRING, b"") * 2 + tail
    return encode(SEQUENCE, encode_integer(read_envelope(request).message_id) + encode(operation, body))


def nothing(_request: bytes) -> bytes:
    """To an unbind."""
    return b""


def challenge(token: bytes) -> Answer:
    """To a bind: saslBindInProgress with this token (RFC 4511 section 4.2.2)."""
    return lambda request: result(request, BIND_RESPONSE, 14, encode(0x87, token))


def bound(request: bytes) -> bytes:
    """To a bind: success."""
    return result(request, BIND_RESPONSE)


def entry(attribute: str, value: bytes) -> Answer:
    """To a search: the rootDSE with one attribute of one value."""

    def answer(request: bytes) -> bytes:
        values = encode(SET, encode(OCTET_STRING, value))
        attributes = encode(SEQUENCE, encode(SEQUENCE, encode(OCTET_STRING, attribute.encode()) + values))
        found = encode(Operation.ENTRY, encode(OCTET_STRING, b"") + attributes)
        head = encode_integer(read_envelope(request).message_id)
        return encode(SEQUENCE, head + found) + result(request, Operation.DONE)

    return answer


def self_signed(folder: Path, name: str, algorithm: hashes.HashAlgorithm | None = None) -> Path:
    """A PEM file with a certificate of ``name``, its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(
            subject, subject, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1)
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, algorithm or hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"{name}.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return path


def serving(certificate: Path, *, clients: Path | None = None) -> ssl.SSLContext:
    """TLS with this certificate; a client may present one that ``clients`` has issued."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    if clients is not None:
        tls.load_verify_locations(clients)
        tls.verify_mode = ssl.CERT_OPTIONAL
    return tls


def der(pem: Path) -> bytes:
    return x509.load_pem_x509_certificate(pem.read_bytes()).public_bytes(serialization.Encoding.DER)
