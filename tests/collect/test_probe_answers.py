"""Answers to probes that no Samba gives: scripted after what Windows is documented to say, hostile, or none."""

from __future__ import annotations

import contextlib
import itertools
import random
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adaudit.collect import ber
from adaudit.collect.authentication import Ntlm
from adaudit.collect.probes import PlannedProbe, Probed, Target, TargetKind, plan, run_probes
from adaudit.collect.probes.account import Account
from adaudit.collect.probes.line import Unanswered
from adaudit.collect.probes.ntlm_messages import read_challenge
from adaudit.collect.probes.smb_messages import (
    HEADER,
    Command,
    Dialect,
    Status,
    negotiate,
    read_message,
    read_negotiated,
    read_smb1_choice,
)
from tests.collect.conftest import LOOPBACK
from tests.testbed.tls import write_tls

AUDITOR = Ntlm("CHU\\auditeur", "never-to-be-told")
PROBES = plan(
    [
        Target("dc1.chu.example", address=LOOPBACK),
        Target("ca1.chu.example", TargetKind.WEB_ENROLMENT, address=LOOPBACK),
    ]
)
ASKED = [probe for probe in PROBES if probe.probe != "ssl_3_0"]
"""OpenSSL speaks SSL 3.0 no more."""

TRUST = ssl.create_default_context()
TIME = struct.pack("<HHQ", 7, 8, 133_500_000_000_000_000)
NAMES = b"".join(
    struct.pack("<HH", number, 2 * len(name)) + name.encode("utf-16-le")
    for number, name in ((2, "CHU"), (1, "DC1"), (4, "chu.example"), (3, "dc1.chu.example"), (5, "forest.example"))
)

Talk = Callable[[socket.socket], None]


@contextlib.contextmanager
def served(talk: Talk, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Port of a server that has this talk with each client."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        threads = []

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    threads.append(threading.Thread(target=answer, args=(client,), daemon=True))
                    threads[-1].start()

        def answer(client: socket.socket) -> None:
            with contextlib.suppress(OSError), client:
                talk(tls.wrap_socket(client, server_side=True) if tls else client)

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def says(*answers: bytes) -> Talk:
    """Waits for a request before each answer."""

    def talk(client: socket.socket) -> None:
        for answer in answers:
            client.recv(65536)
            client.sendall(answer)
        client.recv(65536)

    return talk


def ask(port: int, *names: str, timeout: float = 5.0) -> list[Probed]:
    wanted = [replace(each, port=port) for each in PROBES if each.probe in names or each.probe.split("/")[0] in names]
    return list(run_probes(wanted, AUDITOR, trust=TRUST, timeout=timeout))


def facts(asked: Probed) -> dict[str, str]:
    return {answer.name: answer.value for answer in asked.answers}


def bind_response(message_id: int, code: int, text: bytes = b"", token: bytes = b"") -> bytes:
    result = ber.encode_integer(code, ber.ENUMERATED) + ber.encode(ber.OCTET_STRING, b"")
    result += ber.encode(ber.OCTET_STRING, text) + (ber.encode(0x87, token) if token else b"")
    return ber.encode(ber.SEQUENCE, ber.encode_integer(message_id) + ber.encode(0x61, result))


def challenge() -> bytes:
    pairs = NAMES + TIME + bytes(4)
    target = "CHU".encode("utf-16-le")
    at = 56
    fixed = struct.pack("<8sIHHII8s8s", b"NTLMSSP\0", 2, len(target), len(target), at, 0x628A8215, bytes(8), bytes(8))
    where = struct.pack("<HHI", len(pairs), len(pairs), at + len(target))
    return fixed + where + struct.pack("<BBHI", 10, 0, 20348, 15 << 24) + target + pairs


def after_challenge(code: int, text: bytes) -> Talk:
    return says(bind_response(1, 14, token=challenge()), bind_response(2, code, text))


def negotiated(dialect: Dialect) -> bytes:
    return struct.pack("<HHHH16s16xQQHHI", 65, 1, dialect, 0, bytes(16), 0, 0, 128, 0, 0)


def smb2(command: Command, status: int) -> bytes:
    return HEADER.pack(b"\xfeSMB", 64, 1, status, command, 1, 1, 0, 0, 0, 0, 0, bytes(16))


def smb(answer: bytes) -> bytes:
    return len(answer).to_bytes(4, "big") + answer


REFUSED = b"80090308: LdapErr: DSID-0C090569, comment: AcceptSecurityContext error, data %s, v4f7c\0"
STRONGER = (
    b"00002028: LdapErr: DSID-0C090259, comment: The server requires binds to turn on integrity checking, v4f7c\0"
)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    folder: Path = tmp_path_factory.mktemp("tls")
    write_tls(folder, "dc1.chu.example", LOOPBACK)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_windows_demands_signing_in_its_own_words() -> None:
    with served(after_challenge(8, STRONGER)) as port:
        (asked,) = ask(port, "ldap_signing")
    assert facts(asked)["required"] == "yes"
    assert "integrity checking" in facts(asked)["result"]


def test_windows_demands_channel_binding_by_a_refusal_that_is_none_of_the_account(tls: ssl.SSLContext) -> None:
    with served(after_challenge(49, REFUSED % b"80090346"), tls) as port:
        binding, again = [*ask(port, "ldap_channel_binding"), *ask(port, "ldap_channel_binding")]
    assert facts(binding)["required"] == facts(again)["required"] == "yes"


@pytest.mark.parametrize("reason", [b"52e", b"533", b"775"])
def test_after_a_refusal_of_the_account_nothing_more_is_tried_with_it(reason: bytes) -> None:
    with served(after_challenge(49, REFUSED % reason)) as port:
        first, *others = ask(port, "ldap_signing", "ldap_channel_binding", "smb_pipes")
    assert list(facts(first)) == ["error"]
    assert [list(facts(other)) for other in others] == [["not_attempted"]] * 2


@pytest.mark.parametrize(
    ("status", "flags"),
    [(0xC000006D, 0), (0xC0000224, 0), (0xC0000193, 0), (0xC000006F, 0), (0xC0000418, 0), (0, 1), (0, 2)],
    ids=["wrong", "must change", "expired", "not at this time", "no NTLM", "let in as a guest", "let in as no one"],
)
def test_an_account_that_smb_does_not_take_is_presented_once(status: int, flags: int) -> None:
    talk = says(
        smb(smb2(Command.NEGOTIATE, 0) + negotiated(Dialect.SMB_2_0_2)),
        session_set_up(Status.MORE_PROCESSING_REQUIRED, challenge()),
        session_set_up(status, flags=flags),
        smb(smb2(Command.TREE_CONNECT, 0)),
    )
    (pipes,) = (probe for probe in PROBES if probe.probe == "smb_pipes")
    with served(talk) as port:
        first, second = run_probes([replace(pipes, port=port)] * 2, AUDITOR, trust=TRUST)
    assert list(facts(first)) == ["error"]
    assert list(facts(second)) == ["not_attempted"]


def session_set_up(status: int, token: bytes = b"", *, flags: int = 0) -> bytes:
    fixed = struct.pack("<HHHH", 9, flags, HEADER.size + 8, len(token))
    return smb(smb2(Command.SESSION_SETUP, status) + fixed + token)


def test_a_logon_that_never_ends_is_given_up() -> None:
    endless = says(*(bind_response(number, 14, token=challenge()) for number in range(1, 50)))
    with served(endless) as port:
        (asked,) = ask(port, "ldap_signing")
    assert list(facts(asked)) == ["error"]


def test_the_ntlm_of_windows_tells_names_and_version() -> None:
    with served(says(bind_response(1, 14, token=challenge()))) as port:
        (asked,) = ask(port, "ntlm_ldap")
    assert facts(asked) == {
        "offered": "yes",
        "netbios_domain": "CHU",
        "netbios_computer": "DC1",
        "dns_domain": "chu.example",
        "dns_computer": "dc1.chu.example",
        "dns_forest": "forest.example",
        "os_version": "10.0.20348",
        "server_time": "2024-01-17T21:20:00Z",
        "flags": "0x628a8215",
        "demands_integrity_code": "yes",
    }


def test_a_server_that_blocks_ntlm_at_once_is_told_so() -> None:
    with served(says(bind_response(1, 49, REFUSED % b"80090302"))) as port:
        (asked,) = ask(port, "ntlm_ldap")
    assert facts(asked)["offered"] == "no"


def test_a_connection_closed_on_smb_1_is_a_refusal_of_smb_1_and_of_nothing_else() -> None:
    with served(lambda client: client.close()) as port:
        first, second = ask(port, "smb_1", "smb_2_1")
    assert facts(first)["accepted"] == "no"
    assert list(facts(second)) == ["error"]


def test_another_dialect_than_the_one_asked_for_is_no_answer() -> None:
    with served(says(smb(smb2(Command.NEGOTIATE, 0) + negotiated(Dialect.SMB_2_0_2)))) as port:
        (asked,) = ask(port, "smb_3_1_1")
    assert list(facts(asked)) == ["error"]


def test_a_port_where_nobody_listens_is_an_error_for_every_probe() -> None:
    with socket.create_server((LOOPBACK, 0)) as closed:
        port = closed.getsockname()[1]
    asked = ask(port, *(probe.probe for probe in PROBES))
    assert [list(facts(each)) for each in asked] == [["error"]] * len(PROBES)


def ask_all_at_once(port: int, timeout: float) -> list[Probed]:
    def ask_one(probe: PlannedProbe) -> Probed:
        (probed,) = run_probes([replace(probe, port=port)], AUDITOR, trust=TRUST, timeout=timeout)
        return probed

    with ThreadPoolExecutor(len(ASKED)) as pool:
        return list(pool.map(ask_one, ASKED))


def test_a_server_that_drips_is_left_in_time() -> None:
    def drip(client: socket.socket) -> None:
        for byte in itertools.cycle(b"\x30\x84\x00\x00\xff\x00"):
            client.sendall(bytes((byte,)))
            time.sleep(0.02)

    with served(drip) as port:
        for probed in ask_all_at_once(port, timeout=0.5):
            assert probed.error is not None
            assert probed.seconds < 3


def test_a_silent_server_is_left_in_time() -> None:
    with served(lambda client: time.sleep(5)) as port:
        for probed in ask_all_at_once(port, timeout=0.5):
            assert facts(probed) == {"error": "no whole answer in 0.5 seconds"}
            assert probed.seconds < 3


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "start", [b"", b"0\x84", b"0\x0c\x02\x01\x01a", b"\0\0\0\x80\xfeSMB", b"\x16\x03\x03", b"HTTP/1.1 "]
)
def test_garbage_is_one_error_and_never_a_fault(start: bytes, seed: int) -> None:
    noise = random.Random(seed)

    def talk(client: socket.socket) -> None:
        client.recv(65536)
        client.sendall(start + noise.randbytes(noise.randrange(400)))

    with served(talk) as port:
        asked = ask(port, *(probe.probe for probe in PROBES), timeout=2)
    assert len(asked) == len(PROBES)
    for each in asked:
        assert each.answers
        assert "never-to-be-told" not in repr(each.answers)


@pytest.mark.parametrize(
    ("alert", "names"), [(70, ["accepted", "refusal"]), (40, ["accepted", "refusal"]), (80, ["error"])]
)
def test_a_version_of_tls_is_refused_by_the_alerts_that_say_so(alert: int, names: list[str]) -> None:
    with served(says(bytes((21, 3, 1, 0, 2, 2, alert)))) as port:
        (asked,) = ask(port, "tls_1_0")
    assert list(facts(asked)) == names


@pytest.mark.parametrize(("code", "names"), [(48, ["bind_accepted", "bind_result"]), (51, ["error"])])
def test_a_busy_directory_has_refused_nobody(code: int, names: list[str]) -> None:
    with served(says(bind_response(1, code))) as port:
        (asked,) = ask(port, "ldap_anonymous")
    assert list(facts(asked)) == names


@pytest.mark.parametrize(("status", "name"), [(Status.NTLM_BLOCKED, "offered"), (0xC000009A, "error")])
def test_a_server_short_of_memory_has_not_switched_ntlm_off(status: int, name: str) -> None:
    first = smb2(Command.NEGOTIATE, 0) + negotiated(Dialect.SMB_2_1)
    with served(says(smb(first), smb(smb2(Command.SESSION_SETUP, status)))) as port:
        (asked,) = ask(port, "ntlm_smb")
    assert next(iter(facts(asked))) == name


def test_ssl_3_is_told_as_not_attempted() -> None:
    with served(says(b"")) as port:
        (asked,) = ask(port, "ssl_3_0")
    assert list(facts(asked)) == ["not_attempted"]


def test_a_huge_message_is_refused_before_it_is_read() -> None:
    with served(says(b"\x30\x84\x0f\xff\xff\xff")) as ldap, served(says(b"\x00\xff\xff\xff")) as smb_port:
        asked = [*ask(ldap, "ldap_anonymous"), *ask(smb_port, "smb_2_1")]
    assert [list(facts(each)) for each in asked] == [["error"]] * 2
    assert all(each.seconds < 2 for each in asked)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_challenge_or_a_clear_failure(data: bytes) -> None:
    for token in (data, challenge()[:40] + data, challenge()[: len(data)] + data):
        with contextlib.suppress(Unanswered):
            read_challenge(token)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, len(challenge()) - 1), st.integers(0, 255)), min_size=1), st.integers(0, 400))
def test_a_logon_survives_any_challenge(changes: list[tuple[int, int]], kept: int) -> None:
    token = bytearray(challenge())
    for at, byte in changes:
        token[at] = byte
    account = Account.of(AUDITOR)
    assert account is not None
    with account.log_on("ldap", "dc1.chu.example", signing=False) as exchange:
        exchange.step()
        with contextlib.suppress(Unanswered):
            exchange.step(bytes(token[:kept]))


@given(st.binary(max_size=300))
def test_any_bytes_are_an_smb_answer_or_a_clear_failure(data: bytes) -> None:
    with contextlib.suppress(Unanswered):
        read_smb1_choice(b"\xffSMB\x72" + data)
    with contextlib.suppress(Unanswered):
        read_negotiated(read_message(negotiate((Dialect.SMB_2_1,))[:64] + data, Command.NEGOTIATE))
