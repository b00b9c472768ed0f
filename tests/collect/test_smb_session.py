"""One SMB session to a real controller, whatever its dialect; and servers that refuse, tamper or talk nonsense."""

from __future__ import annotations

import random
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from adaudit.collect.authentication import ClientCertificate, Credentials, Kerberos, Simple
from adaudit.collect.smb import CannotLogIn, LoginRefused, SmbLost, SmbRefused, SmbSession
from adaudit.errors import ConnectionFailed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.testbed import Directory

LOOPBACK = "127.0.0.1"
SCRIPT = r"corp.test\scripts\ouverture.cmd"
CONTENT = b"@echo off\r\nnet use S: \\\\srv-fic01\\services /user:CORP\\scanner Hopital2024!\r\n"
LAST_OF_LOGIN = 2
"""Number of the answer that ends a login by NTLM."""

Rewrite = Callable[[int, bytes], bytes]


def auditor(directory: Directory) -> Simple:
    return Simple(directory.auditor.user, directory.auditor.password)


def opened(directory: Directory, credentials: Credentials | None = None, *, port: int | None = None) -> SmbSession:
    place = {"address": directory.ip} if port is None else {"address": LOOPBACK, "port": port}
    return SmbSession(directory.host, "SYSVOL", credentials or auditor(directory), timeout=5.0, **place)


@contextmanager
def settings(directory: Directory, *lines: str) -> Iterator[None]:
    """Settings of smb.conf for the connections made meanwhile: Samba reads the file again for each."""
    before = directory.config.read_text()
    directory.config.write_text(before.replace("[global]\n", "\n".join(("[global]", *lines, "")), 1))
    try:
        yield
    finally:
        directory.config.write_text(before)


@contextmanager
def between(directory: Directory, rewrite: Rewrite) -> Iterator[tuple[int, list[bytes]]]:
    """A port that leads to the controller, and what clients say there; ``rewrite`` gets each answer and its number."""
    said: list[bytes] = []
    with socket.create_server((LOOPBACK, 0)) as listener:

        def serve() -> None:
            with suppress(OSError, struct.error):
                while True:
                    client, _ = listener.accept()
                    server = socket.create_connection((directory.ip, 445))
                    threading.Thread(target=forward, args=(client, server), daemon=True).start()
                    threading.Thread(target=answer, args=(server, client), daemon=True).start()

        def forward(client: socket.socket, server: socket.socket) -> None:
            with suppress(OSError):
                while chunk := client.recv(65536):
                    said.append(chunk)
                    server.sendall(chunk)
                server.shutdown(socket.SHUT_WR)

        def answer(server: socket.socket, client: socket.socket) -> None:
            with suppress(OSError, struct.error):
                for number in range(1_000_000):
                    (length,) = struct.unpack(">I", server.recv(4, socket.MSG_WAITALL))
                    packet = rewrite(number, server.recv(length, socket.MSG_WAITALL))
                    client.sendall(struct.pack(">I", len(packet)) + packet)
            client.close()

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1], said


def attempted(directory: Directory, port: int) -> str:
    """The content of a script, or the error of a session that is not to be had."""
    try:
        session = SmbSession(directory.host, "SYSVOL", auditor(directory), address=LOOPBACK, port=port, timeout=0.5)
    except (ConnectionFailed, SmbRefused) as error:
        return str(error)
    return b"".join(session.read(SCRIPT)).decode()


def untouched(_number: int, answer: bytes) -> bytes:
    return answer


@pytest.mark.samba
@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("server smb encrypt = off",),
        ("server smb encrypt = off", "server max protocol = SMB3_02"),
        ("server max protocol = SMB2_10", "server signing = disabled"),
        ("server max protocol = SMB2_02",),
    ],
    ids=["3.1.1 sealed", "3.1.1 signed", "3.0.2 signed", "2.1 that wants no signature", "2.0.2"],
)
def test_a_file_is_read_in_every_dialect(samba_scenario: Directory, lines: tuple[str, ...]) -> None:
    with settings(samba_scenario, *lines):
        session = opened(samba_scenario)
    assert b"".join(session.read(SCRIPT)) == CONTENT
    assert SCRIPT.rpartition("\\")[2] in {entry.name for entry in session.list(r"corp.test\scripts")}
    session.close()


@pytest.mark.samba
@pytest.mark.parametrize("lines", [(), ("server max protocol = SMB2_10",)], ids=["3.1.1", "2.1"])
def test_a_file_is_read_with_a_ticket(
    samba_scenario: Directory, lines: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KRB5_CONFIG", str(samba_scenario.krb5_conf))
    account = samba_scenario.auditor
    with settings(samba_scenario, *lines), between(samba_scenario, untouched) as (port, said):
        session = opened(samba_scenario, Kerberos(account.user, account.password), port=port)
        assert b"".join(session.read(SCRIPT)) == CONTENT
        session.close()
    assert b"NTLMSSP" not in b"".join(said)


@pytest.mark.samba
def test_a_ticket_that_is_not_given_is_a_refused_login(
    samba_scenario: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KRB5_CONFIG", str(samba_scenario.krb5_conf))
    with pytest.raises(LoginRefused, match="wrong password of"):
        opened(samba_scenario, Kerberos(samba_scenario.auditor.user, "Pas-Le-Bon-1"))


@pytest.mark.samba
def test_neither_the_password_nor_a_file_crosses_the_line_in_clear(samba_scenario: Directory) -> None:
    heard = []

    def listen(_number: int, answer: bytes) -> bytes:
        heard.append(answer)
        return answer

    with between(samba_scenario, listen) as (port, said):
        session = opened(samba_scenario, port=port)
        assert b"".join(session.read(SCRIPT)) == CONTENT
        session.close()
    line = b"".join(said) + b"".join(heard)
    password = samba_scenario.auditor.password
    assert not any(secret in line for secret in (password.encode(), password.encode("utf-16-le"), CONTENT[20:40]))
    assert b"\xffSMB" not in line, "SMB 1 is not spoken"


@pytest.mark.samba
@pytest.mark.parametrize("lines", [(), ("server smb encrypt = off",), ("server max protocol = SMB2_10",)])
def test_an_answer_that_was_changed_on_its_way_is_not_believed(
    samba_scenario: Directory, lines: tuple[str, ...]
) -> None:
    changed = threading.Event()

    def change(_number: int, answer: bytes) -> bytes:
        return answer[:-3] + bytes([answer[-3] ^ 1]) + answer[-2:] if changed.is_set() else answer

    with settings(samba_scenario, *lines), between(samba_scenario, change) as (port, _):
        session = opened(samba_scenario, port=port)
        assert b"".join(session.read(SCRIPT)) == CONTENT
        changed.set()
        with pytest.raises(SmbLost, match=r"changed on its way|not the server's"):
            b"".join(session.read(SCRIPT))


@pytest.mark.samba
def test_a_login_whose_last_answer_is_not_signed_is_not_believed(samba_scenario: Directory) -> None:
    def unsign(number: int, answer: bytes) -> bytes:
        if number != LAST_OF_LOGIN:
            return answer
        flags = int.from_bytes(answer[16:20], "little") & ~0x8
        return answer[:16] + flags.to_bytes(4, "little") + answer[20:48] + bytes(16) + answer[64:]

    with between(samba_scenario, unsign) as (port, _), pytest.raises(ConnectionFailed, match="not signed"):
        opened(samba_scenario, port=port)


@pytest.mark.samba
@pytest.mark.parametrize("flag", [1, 2], ids=["guest", "anonymous"])
def test_a_session_of_nobody_is_refused(samba_scenario: Directory, flag: int) -> None:
    def turn(number: int, answer: bytes) -> bytes:
        return answer[:66] + flag.to_bytes(2, "little") + answer[68:] if number == LAST_OF_LOGIN else answer

    with between(samba_scenario, turn) as (port, _), pytest.raises(ConnectionFailed, match="a session of nobody"):
        opened(samba_scenario, port=port)


@pytest.mark.samba
def test_a_server_that_speaks_only_smb_1_is_refused(samba_scenario: Directory) -> None:
    with (
        settings(samba_scenario, "server min protocol = NT1", "server max protocol = NT1"),
        pytest.raises(ConnectionFailed, match="SMB 2 and 3 are refused"),
    ):
        opened(samba_scenario)


@pytest.mark.samba
def test_a_wrong_password_is_refused_once_and_named_nowhere(samba_scenario: Directory) -> None:
    expected = pytest.raises(LoginRefused, match=r"login of CORP\\auditeur is refused: wrong user name or password$")
    with between(samba_scenario, untouched) as (port, said), expected as refused:
        opened(samba_scenario, Simple(r"CORP\auditeur", "Pas-Le-Bon-1"), port=port)
    assert "Pas-Le-Bon-1" not in str(refused.value)
    assert b"".join(said).count(b"NTLMSSP\0\x03") == 1


@pytest.mark.samba
@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda session: list(session.list(r"corp.test\absent")), "STATUS_OBJECT_NAME_NOT_FOUND"),
        (lambda session: list(session.read(r"corp.test\scripts")), "STATUS_FILE_IS_A_DIRECTORY"),
        (
            lambda session: session.descriptor(r"corp.test\Policies\{A1B4C0DE-0012-4A5B-9C3D-000000000012}"),
            "STATUS_ACCESS_DENIED",
        ),
    ],
)
def test_what_the_server_refuses_does_not_end_the_session(
    samba_scenario: Directory, action: Callable[[SmbSession], object], message: str
) -> None:
    session = opened(samba_scenario)
    with pytest.raises(SmbRefused, match=message):
        action(session)
    assert b"".join(session.read(SCRIPT)) == CONTENT
    session.close()


@pytest.mark.samba
def test_a_session_that_is_dropped_is_lost(samba_scenario: Directory) -> None:
    session = opened(samba_scenario)
    session.drop()
    with pytest.raises(SmbLost):
        session.descriptor("corp.test")
    session.close()


@pytest.mark.samba
@pytest.mark.parametrize("seed", range(20))
def test_damaged_answers_end_in_one_located_error(samba_scenario: Directory, seed: int) -> None:
    """Before there is a key to tell by, that is in the negotiation and the login."""
    chance = random.Random(seed)
    damaged = chance.randrange(3)

    def damage(number: int, answer: bytes) -> bytes:
        if number != damaged:
            return answer
        content = bytearray(answer)
        for _ in range(chance.randrange(1, 12)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        return bytes(content[: chance.randrange(len(content))]) if chance.random() < 0.3 else bytes(content)

    with between(samba_scenario, damage) as (port, _):
        outcome = attempted(samba_scenario, port)
    assert outcome == CONTENT.decode() or outcome.startswith(f"{samba_scenario.host}:{port}: ")


def test_a_client_certificate_is_not_even_tried(tmp_path: Path) -> None:
    with pytest.raises(CannotLogIn, match="no client certificate"):
        SmbSession("dc1.corp.test", "SYSVOL", ClientCertificate(tmp_path / "x.pem"), address=LOOPBACK, port=1)


@pytest.mark.parametrize("name", ["CN=auditeur,DC=corp,DC=test", "CN=a@corp.test,DC=corp,DC=test", "CN=a\\,b,DC=test"])
def test_a_dn_is_not_even_tried(name: str) -> None:
    with pytest.raises(CannotLogIn, match="takes no DN"):
        SmbSession("dc1", "SYSVOL", Simple(name, "x"), address=LOOPBACK, port=1)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400\r\n", b"\0\0\0\x04\xffSMB", b"\0\0\0\x40\xfeSMB" + bytes(60)])
def test_a_service_that_is_no_smb_is_one_located_error(answer: bytes) -> None:
    with socket.create_server((LOOPBACK, 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            client.recv(65536)
            client.sendall(answer)
            client.close()

        threading.Thread(target=serve, daemon=True).start()
        port = listener.getsockname()[1]
        with pytest.raises(ConnectionFailed) as failed:
            SmbSession("dc1", "SYSVOL", Simple("a@corp.test", "x"), address=LOOPBACK, port=port, timeout=2)
        assert failed.value.place == f"dc1:{port}"
