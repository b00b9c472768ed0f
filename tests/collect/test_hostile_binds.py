"""Answers to StartTLS and to the bind that no LDAP server gives."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaudit.collect.authentication import Credentials, Kerberos, Ntlm, Simple
from adaudit.collect.ber import ENUMERATED, OCTET_STRING, SEQUENCE, MalformedAnswer, encode, encode_integer
from adaudit.collect.endpoint import Endpoint, Security
from adaudit.collect.messages import Operation, read_envelope
from adaudit.collect.sasl import exchange
from adaudit.errors import ConnectionFailed, UsageError
from tests.collect import scripted_server
from tests.collect.scripted_server import RECORDED_CHALLENGE, talking

PASSWORD = "never-to-be-told"


def nested(depth: int) -> bytes:
    """A bind response whose last element holds one that holds one, and so on."""
    inner = b""
    for _ in range(depth):
        inner = encode(SEQUENCE, inner)
    return bind_response(1, inner)


def bind_response(number: int, tail: bytes = b"") -> bytes:
    result = encode_integer(0, ENUMERATED) + encode(OCTET_STRING, b"") * 2 + tail
    return encode(SEQUENCE, encode_integer(number) + encode(scripted_server.BIND_RESPONSE, result))


ANSWERS = {
    "zeros": bytes(10),
    "a result code below zero": b"0\x0c\x02\x01\x01a\x07\n\x01\xff\x04\x00\x04\x00",
    "an empty bind response": b"0\x05\x02\x01\x01a\x00",
    "no operation": b"0\x03\x02\x01\x01",
    "an indefinite length": b"0\x80\x02\x01\x01\x00\x00",
    "an entry": b"0\x0c\x02\x01\x01d\x07\n\x01\x00\x04\x00\x04\x00",
    "a nest": nested(3000),
    "another protocol": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "nothing": b"",
}


@contextlib.contextmanager
def server(answer: bytes) -> Iterator[int]:
    """Port of a server that gives one answer to whatever is said first."""
    with talking(lambda client, _: client.sendall(answer)) as port:
        yield port


@pytest.mark.parametrize("method", [Simple, Ntlm])
@pytest.mark.parametrize("security", [Security.PLAINTEXT, Security.START_TLS])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_an_unsound_answer_is_one_located_failure_without_the_password(
    answer: bytes, security: Security, method: Callable[[str, str], Credentials]
) -> None:
    with server(answer) as port, pytest.raises(ConnectionFailed) as caught:
        Endpoint("127.0.0.1", security, port, timeout=5).connect(method("lecteur@chu.example", PASSWORD))
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_nothing_that_is_said_before_the_handshake_counts_after_it(tmp_path: Path) -> None:
    """Someone in between adds the answer to a bind to that to StartTLS; the server itself stays silent."""
    theirs = scripted_server.self_signed(tmp_path, scripted_server.HOST)

    def inject(client: socket.socket, request: bytes) -> None:
        injected = bind_response(read_envelope(request).message_id + 1)
        client.sendall(scripted_server.result(request, Operation.EXTENDED_RESPONSE) + injected)
        with scripted_server.serving(theirs).wrap_socket(client, server_side=True) as secured:
            secured.recv(4096)

    with talking(inject) as port:
        endpoint = Endpoint(scripted_server.HOST, Security.START_TLS, port, theirs, 2, "127.0.0.1")
        with pytest.raises(ConnectionFailed, match="no answer to StartTLS"):
            endpoint.connect(Simple("lecteur@chu.example", PASSWORD))


@pytest.mark.parametrize("method", [Simple, Ntlm, Kerberos])
def test_what_is_no_text_is_refused_before_it_counts_as_a_wrong_password(
    method: Callable[[str, str], Credentials],
) -> None:
    for user, password in (("\udcff", PASSWORD), ("lecteur@chu.example", f"{PASSWORD}\udce9")):
        with pytest.raises(UsageError, match="not text") as caught:
            method(user, password)
        assert PASSWORD not in str(caught.value)


def test_an_answer_without_end_is_left_early() -> None:
    def flood(client: socket.socket, _request: bytes) -> None:
        client.sendall(b"\x30\x84\x7f\xff\xff\xff")
        while True:
            client.sendall(bytes(1 << 16))

    with talking(flood) as port, pytest.raises(ConnectionFailed, match="more than 1048576 bytes"):
        Endpoint("127.0.0.1", Security.PLAINTEXT, port, timeout=5).connect(Simple("lecteur@chu.example", PASSWORD))


def test_a_challenge_of_the_year_60000_is_an_unsound_answer() -> None:
    timestamp = RECORDED_CHALLENGE[-12:-4]
    challenge = RECORDED_CHALLENGE.replace(timestamp, b"\xff" * 7 + b"\x7f")
    with exchange(Ntlm("CORP\\lecteur", PASSWORD), "dc1", seal=True, bindings=None) as tokens:
        tokens.step()
        with pytest.raises(MalformedAnswer):
            tokens.step(challenge)


@given(st.data())
def test_no_challenge_makes_ntlm_fail_in_another_way(data: st.DataObject) -> None:
    challenge = bytearray(RECORDED_CHALLENGE[: data.draw(st.integers(0, len(RECORDED_CHALLENGE)))])
    for at in data.draw(st.lists(st.integers(0, len(challenge) - 1), max_size=6)) if challenge else ():
        challenge[at] = data.draw(st.integers(0, 255))
    with exchange(Ntlm("CORP\\lecteur", PASSWORD), "dc1", seal=True, bindings=None) as tokens:
        tokens.step()
        with contextlib.suppress(ConnectionFailed):
            tokens.step(bytes(challenge))
