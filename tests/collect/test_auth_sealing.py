"""Signing and sealing without TLS: what travels, how much, and what is refused."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import spnego
from hypothesis import given, settings
from hypothesis import strategies as st

from adaudit.collect.authentication import Credentials, Kerberos, Ntlm
from adaudit.collect.connection import ConnectionLost, ReadOnlyConnection
from adaudit.collect.endpoint import Endpoint, Security
from adaudit.collect.failures import BindRefused
from adaudit.collect.messages import Control, Scope, Search, decode_entry
from adaudit.collect.sasl import SecurityLayer
from adaudit.collect.transport import Transport
from adaudit.errors import UsageError
from tests.collect import scripted_server

if TYPE_CHECKING:
    from tests.collect.conftest import Proxies, Proxy
    from tests.testbed import Directory

METHODS: dict[str, Callable[[str, str], Credentials]] = {"ntlm": Ntlm, "kerberos": Kerberos}
DESCRIPTORS = Control("1.2.840.113556.1.4.801", bytes.fromhex("3003020107"))
LOOPBACK = "127.0.0.1"


def connect_through(
    proxy: Proxy, directory: Directory, method: Callable[[str, str], Credentials], security: Security
) -> ReadOnlyConnection:
    endpoint = Endpoint(directory.host, security, proxy.port, timeout=20, address=LOOPBACK)
    return endpoint.connect(method(directory.auditor.user, directory.auditor.password))


@pytest.mark.samba
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_megabytes_come_through_the_seal_as_they_come_in_clear(
    lenient: Directory, proxies: Proxies, method: Callable[[str, str], Credentials]
) -> None:
    everything = Search(f"CN=Schema,CN=Configuration,{lenient.base_dn}", Scope.SUBTREE, ("*",), (DESCRIPTORS,))
    answers, said = [], []
    for security in (Security.SEALED, Security.PLAINTEXT):
        heard: list[bytes] = []
        proxy = proxies(lenient.ip, 389, alter=lambda answer, heard=heard: heard.append(answer) or answer)
        connection = connect_through(proxy, lenient, method, security)
        pages = list(connection.search(everything, page_size=1000))
        connection.unbind()
        answers.append([decode_entry(envelope) for page in pages for envelope in page.entries])
        said.append((proxy.said(), b"".join(heard)))
    assert answers[0] == answers[1]
    (sealed_request, sealed_answer), (request, answer) = said
    assert len(answer) > 2_000_000
    assert b"objectClass" in request
    assert b"attributeSchema" in answer
    assert b"objectClass" not in sealed_request
    assert b"attributeSchema" not in sealed_answer


@pytest.mark.samba
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_one_bit_changed_on_the_way_ends_the_connection(
    lenient: Directory, proxies: Proxies, method: Callable[[str, str], Credentials]
) -> None:
    def flip(answer: bytes) -> bytes:
        return answer[:-1] + bytes([answer[-1] ^ 1]) if len(answer) > 1000 else answer

    proxy = proxies(lenient.ip, 389, alter=flip)
    connection = connect_through(proxy, lenient, method, Security.SEALED)
    with pytest.raises(ConnectionLost, match="does not verify"):
        list(connection.search(Search(lenient.base_dn, Scope.SUBTREE, ("*",)), page_size=20))


@pytest.mark.parametrize(
    "flag",
    [0x10, 0x20, 0x20000000, 0x00080000],
    ids=["signing", "sealing", "keys of 128 bits", "extended session security"],
)
def test_a_server_that_does_not_agree_to_all_protection_is_not_talked_to(users: Path, flag: int) -> None:
    """It takes a flag out of its challenge, accepts any proof, and would answer in clear or under a key of 40 bits."""
    with ntlm_server(users, lambda token: without_flag(token, flag)) as (port, said):
        endpoint = Endpoint(LOOPBACK, Security.SEALED, port, timeout=5)
        with pytest.raises(BindRefused, match="does not agree to sign and seal"):
            endpoint.connect(Ntlm("CORP\\auditeur", "secret"))
    assert len(said) == 3
    assert said[2] == b""


@pytest.mark.parametrize("level", ["0", "2", "high"])
def test_no_setting_of_the_environment_brings_ntlm_version_1_back(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LM_COMPAT_LEVEL", level)
    with (
        socket.create_server((LOOPBACK, 0)) as listener,
        pytest.raises(UsageError, match="LM_COMPAT_LEVEL asks for less than NTLMv2"),
    ):
        Endpoint(LOOPBACK, Security.SEALED, listener.getsockname()[1], timeout=5).connect(Ntlm("CORP\\a", "secret"))


@contextlib.contextmanager
def ntlm_server(users: Path, alter: Callable[[bytes], bytes]) -> Iterator[tuple[int, list[bytes]]]:
    """Port of a server that gives a challenge, altered, and then success; what it was told, to the end."""
    said: list[bytes] = []

    def serve() -> None:
        client, _ = listener.accept()
        with client, pytest.MonkeyPatch.context() as environment:
            environment.setenv("NTLM_USER_FILE", str(users))
            context = spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
            said.append(client.recv(65536))
            challenge = alter(context.step(said[0][said[0].index(b"NTLMSSP") :]) or b"")
            client.sendall(scripted_server.challenge(challenge)(said[0]))
            said.append(client.recv(65536))
            client.sendall(scripted_server.bound(said[1]))
            said.append(client.recv(65536))

    with socket.create_server((LOOPBACK, 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], said
        thread.join(10)


def without_flag(answer: bytes, flag: int) -> bytes:
    """The same with this flag taken from the NTLM challenge that it holds, if any (MS-NLMP 2.2.1.2)."""
    start = answer.find(b"NTLMSSP\0\2\0\0\0")
    if start < 0:
        return answer
    at = start + 20
    flags = int.from_bytes(answer[at : at + 4], "little") & ~flag
    return answer[:at] + flags.to_bytes(4, "little") + answer[at + 4 :]


@contextlib.contextmanager
def sealed_pair(users: Path) -> Iterator[tuple[Transport, socket.socket, spnego.ContextProxy]]:
    """A transport with a layer of NTLM, the other end of its line, and the context of that end."""
    client = spnego.client(
        spnego.Password("CORP\\auditeur", "secret"), protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm
    )
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NTLM_USER_FILE", str(users))
        server = spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
        token = client.step()
        while token is not None:
            answer = server.step(token)
            token = None if answer is None else client.step(answer)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        transport = Transport(ours, "dc1", "dc1:389", timeout=5)
        transport.add_layer(SecurityLayer(client))
        yield transport, theirs, server


@pytest.fixture(scope="session")
def users(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ntlm") / "users"
    path.write_text("CORP:auditeur:secret\n")
    return path


@settings(max_examples=40)
@given(
    messages=st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=8),
    cuts=st.lists(st.integers(min_value=1, max_value=64), min_size=1, max_size=8),
)
def test_packets_arrive_whole_however_the_network_cuts_them(
    users: Path, messages: list[bytes], cuts: list[int]
) -> None:
    with sealed_pair(users) as (transport, theirs, server):
        stream = b""
        for message in messages:
            packet = server.wrap(message).data
            stream += len(packet).to_bytes(4, "big") + packet
        received = b""
        for cut in itertools.cycle(cuts):
            theirs.sendall(stream[:cut])
            stream = stream[cut:]
            if not stream:
                break
        while len(received) < sum(map(len, messages)):
            received += transport.receive()
        assert received == b"".join(messages)


def test_what_is_sent_is_sealed_and_framed(users: Path) -> None:
    with sealed_pair(users) as (transport, theirs, server):
        transport.send(b"a search request")
        sent = theirs.recv(1000)
        assert int.from_bytes(sent[:4], "big") == len(sent) - 4
        assert b"search" not in sent
        assert server.unwrap(sent[4:]).data == b"a search request"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"\xff\xff\xff\xff", "announces a sealed packet of 4294967295 bytes"),
        (b"\0\0\0\x10" + bytes(16), "does not verify"),
        (b"\0\0\0\0", "does not verify"),
        (b"\0\0\0\x40only a part", "closed the connection"),
        (b"\0\0", "closed the connection"),
    ],
)
def test_a_broken_packet_ends_the_connection(users: Path, said: bytes, told: str) -> None:
    with sealed_pair(users) as (transport, theirs, _):
        theirs.sendall(said)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(ConnectionLost, match=told):
            transport.receive()


def test_a_packet_of_megabytes_is_one_packet(users: Path) -> None:
    content = bytes(range(256)) * 40_000
    with sealed_pair(users) as (transport, theirs, server):
        packet = server.wrap(content).data
        sender = threading.Thread(target=theirs.sendall, args=(len(packet).to_bytes(4, "big") + packet,))
        sender.start()
        assert transport.receive() == content
        sender.join(5)
