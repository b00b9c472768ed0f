"""Answers to StartTLS and to the bind that no LDAP server gives."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adaudit.collect.authentication import Credentials, Kerberos, Ntlm, Simple
from adaudit.collect.ber import ENUMERATED, OCTET_STRING, SEQUENCE, MalformedAnswer, encode, encode_integer
from adaudit.collect.endpoint import Endpoint, Security
from adaudit.collect.sasl import exchange
from adaudit.errors import ConnectionFailed, UsageError
from tests.collect.scripted_server import RECORDED_CHALLENGE, flooded

PASSWORD = "never-to-be-told"


def nested(depth: int) -> bytes:
    """A bind response whose last element holds one that holds one…"""
    inner = b""
    for _ in range(depth):
        inner = encode(SEQUENCE, inner)
    result = encode_integer(0, ENUMERATED) + encode(OCTET_STRING, b"") * 2 + inner
    return encode(SEQUENCE, encode_integer(1) + encode(0x61, result))


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
    with flooded(lambda client: client.sendall(answer)) as port:
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


@pytest.mark.parametrize("method", [Simple, Ntlm, Kerberos])
def test_what_is_no_text_is_refused_before_it_counts_as_a_wrong_password(
    method: Callable[[str, str], Credentials],
) -> None:
    for user, password in (("\udcff", PASSWORD), ("lecteur@chu.example", f"{PASSWORD}\udce9")):
        with pytest.raises(UsageError, match="not text") as caught:
            method(user, password)
        assert PASSWORD not in str(caught.value)


def test_an_answer_without_end_is_left_early() -> None:
    def flood(client: socket.socket) -> None:
        client.sendall(b"\x30\x84\x7f\xff\xff\xff")
        while True:
            client.sendall(bytes(1 << 16))

    with flooded(flood) as port, pytest.raises(ConnectionFailed, match="more than 1048576 bytes"):
        Endpoint("127.0.0.1", Security.PLAINTEXT, port, timeout=5).connect(Simple("lecteur@chu.example", PASSWORD))


def test_a_challenge_of_the_year_60000_is_an_unsound_answer() -> None:
    timestamp = RECORDED_CHALLENGE[-12:-4]
    challenge = RECORDED_CHALLENGE.replace(timestamp, b"\xff" * 7 + b"\x7f")
    with exchange(Ntlm("CORP\\lecteur", PASSWORD), "dc1", seal=True, bindings=None) as tokens:
        tokens.step()
        with pytest.raises(MalformedAnswer):
            tokens.step(challenge)


@settings(deadline=None)
@given(st.data())
def test_no_challenge_makes_ntlm_fail_in_another_way(data: st.DataObject) -> None:
    challenge = bytearray(RECORDED_CHALLENGE[: data.draw(st.integers(0, len(RECORDED_CHALLENGE)))])
    for at in data.draw(st.lists(st.integers(0, len(challenge) - 1), max_size=6)) if challenge else ():
        challenge[at] = data.draw(st.integers(0, 255))
    with exchange(Ntlm("CORP\\lecteur", PASSWORD), "dc1", seal=True, bindings=None) as tokens:
        tokens.step()
        with contextlib.suppress(ConnectionFailed):
            tokens.step(bytes(challenge))
