"""Everything that can go wrong under way: nothing that was read is lost, and what cannot be read is told."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from adaudit.collect.ber import ENUMERATED, OCTET_STRING, SEQUENCE, encode, encode_integer
from adaudit.collect.messages import Operation, decode_result, read_envelope
from adaudit.collect.scope import Scope
from adaudit.collect.wanted import Pacing
from adaudit.errors import AdauditError
from adaudit.schema.requests import REQUESTED_ATTRIBUTES
from adaudit.snapshot import open_snapshot
from tests.collect.comparison import differences
from tests.collect.faulty import AT_ONCE, collect

if TYPE_CHECKING:
    from tests.collect.conftest import Proxies
    from tests.testbed import Directory

pytestmark = pytest.mark.samba

ADAUDIT = [sys.executable, "-c", "from adaudit.cli import main; main()"]
BEFORE_THE_OBJECTS = 30_000
"""Bytes of answers that come before the first naming context is read, at most."""

ALL_BYTES = 1_300_000
"""Bytes of answers of the whole collection, at least."""


@pytest.fixture(scope="module")
def undisturbed(samba_scenario: Directory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("undisturbed") / "x.adsnap"
    assert collect(samba_scenario, 389, path, host=samba_scenario.ip).incomplete_reason is None
    return path


def points(seed: int, count: int) -> list[int]:
    """Where to cut the line, in bytes of answers."""
    draw = random.Random(seed)
    return sorted(draw.randrange(BEFORE_THE_OBJECTS, ALL_BYTES) for _ in range(count))


def command(directory: Directory, port: int, output: Path, *more: str) -> list[str]:
    asked = ["collect", "--server", "127.0.0.1", "--port", str(port), "--allow-plaintext", "--no-sysvol", *more]
    asked += ["--partition", "domain", "--partition", "dns"]
    return [*ADAUDIT, *asked, "--user", directory.auditor.user, "-o", str(output)]


def environment(directory: Directory) -> dict[str, str]:
    return {**os.environ, "ADAUDIT_PASSWORD": directory.auditor.password}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_link_that_is_cut_ten_times_changes_nothing(
    samba_scenario: Directory, proxies: Proxies, tmp_path: Path, undisturbed: Path
) -> None:
    proxy = proxies(samba_scenario.ip, 389, cuts=points(1, 10))
    outcome = collect(samba_scenario, proxy.port, tmp_path / "x.adsnap")
    assert outcome.incomplete_reason is None
    assert proxy.connections == 11
    assert differences(outcome.path, undisturbed) == {}
    assert names(tmp_path) == {"x.adsnap"}


def test_a_link_that_is_cut_while_a_long_attribute_is_fetched_changes_nothing(
    samba_scenario: Directory, proxies: Proxies, tmp_path: Path, undisturbed: Path
) -> None:
    """Two members at a time."""
    proxy = proxies(samba_scenario.ip, 389, cuts=points(2, 4))
    ranged = (*REQUESTED_ATTRIBUTES, "member;range=0-1")
    outcome = collect(samba_scenario, proxy.port, tmp_path / "x.adsnap", attributes=ranged)
    assert outcome.incomplete_reason is None
    assert differences(outcome.path, undisturbed) == {}


def test_the_same_command_goes_on_where_each_run_was_cut(
    samba_scenario: Directory, proxies: Proxies, tmp_path: Path, undisturbed: Path
) -> None:
    output = tmp_path / "x.adsnap"
    held = 0
    for at in (300_000, 500_000, 200_000, 100_000):
        outcome = collect(samba_scenario, proxies(samba_scenario.ip, 389, cuts=[at]).port, output, pacing=AT_ONCE)
        assert outcome.incomplete_reason == "the server closed the connection"
        assert outcome.objects >= held
        held = outcome.objects
        assert names(tmp_path) == {"x.adsnap", "x.adsnap.partial"}
    assert held > 100
    outcome = collect(samba_scenario, proxies(samba_scenario.ip, 389).port, output, pacing=AT_ONCE)
    assert outcome.incomplete_reason is None
    assert differences(output, undisturbed) == {}
    assert names(tmp_path) == {"x.adsnap"}


def test_a_controller_that_is_killed_and_comes_back_changes_nothing(tmp_path: Path) -> None:
    from tests.testbed import restartable

    with restartable("scenario") as controller, ThreadPoolExecutor() as other:
        directory, pacing = controller.directory, Pacing(max_rate=300, retry_for=60)
        undisturbed = collect(directory, 389, tmp_path / "undisturbed", host=directory.ip).path
        read = threading.Event()
        begun = other.submit(
            collect,
            directory,
            389,
            tmp_path / "x",
            host=directory.ip,
            pacing=pacing,
            observe=lambda _step: read.set(),
        )
        assert read.wait(60)
        controller.kill()
        with pytest.raises(TimeoutError):
            begun.result(timeout=1)
        controller.start()
        outcome = begun.result()
    assert outcome.incomplete_reason is None
    assert differences(outcome.path, undisturbed) == {}


def test_a_collector_that_is_killed_goes_on_when_it_is_started_again(
    samba_scenario: Directory, proxies: Proxies, tmp_path: Path, undisturbed: Path
) -> None:
    output = tmp_path / "x.adsnap"
    proxy = proxies(samba_scenario.ip, 389, limit=ALL_BYTES // 2, then="hold")
    asked = command(samba_scenario, proxy.port, output, "--max-rate", "200")
    process = subprocess.Popen(asked, env=environment(samba_scenario), stderr=subprocess.PIPE)
    assert proxy.reached.wait(60)
    process.kill()
    process.communicate()
    assert not output.exists()
    asked = command(samba_scenario, proxies(samba_scenario.ip, 389).port, output)
    done = subprocess.run(asked, env=environment(samba_scenario), capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == "adaudit: going on with the collection that was interrupted\n"
    assert differences(output, undisturbed) == {}


def test_a_full_disk_is_one_clear_line_and_costs_nothing_that_was_read(
    samba_scenario: Directory, proxies: Proxies, tmp_path: Path, undisturbed: Path
) -> None:
    """A limit on the size of files stands for the disk."""
    output = tmp_path / "x.adsnap"
    asked = command(samba_scenario, proxies(samba_scenario.ip, 389).port, output, "--max-rate", "200")
    done = subprocess.run(
        asked,
        env=environment(samba_scenario),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, 700_000)),
    )
    assert done.returncode == 3
    assert done.stderr == f"adaudit: {output}.partial: cannot be written: File too large\n"
    assert names(tmp_path) == {"x.adsnap.partial"}
    assert (tmp_path / "x.adsnap.partial" / "entries").stat().st_size > 300_000
    asked = command(samba_scenario, proxies(samba_scenario.ip, 389).port, output)
    done = subprocess.run(asked, env=environment(samba_scenario), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert differences(output, undisturbed) == {}


class Once:
    """Changes the first answer that ``picks`` picks."""

    def __init__(self, picks: Callable[[bytes], bool], change: Callable[[bytes], bytes]) -> None:
        self.was_met = False
        self._picks = picks
        self._change = change

    def __call__(self, message: bytes) -> bytes:
        if self.was_met or not self._picks(message):
            return message
        self.was_met = True
        return self._change(message)


def test_a_page_cookie_that_the_server_does_not_know_changes_nothing(
    samba_scenario: Directory, proxies: Proxies, tmp_path: Path
) -> None:
    configuration = Scope(partitions=("configuration",))
    whole = collect(samba_scenario, 389, tmp_path / "whole", host=samba_scenario.ip, scope=configuration)

    def bears_a_cookie(message: bytes) -> bool:
        envelope = read_envelope(message)
        return envelope.operation == Operation.DONE and bool(decode_result(envelope).cookie)

    spoilt = Once(bears_a_cookie, lambda message: message[:-1] + bytes([message[-1] ^ 0xFF]))
    proxy = proxies(samba_scenario.ip, 389, rewrite=spoilt)
    outcome = collect(samba_scenario, proxy.port, tmp_path / "x", scope=configuration)
    assert spoilt.was_met
    assert outcome.incomplete_reason is None
    assert differences(outcome.path, whole.path) == {}


def test_a_forest_of_which_not_all_could_be_learnt_is_told(
    samba_scenario: Directory, proxies: Proxies, tmp_path: Path
) -> None:
    """The list of its domains is cut short."""
    asked = set()

    def cut(message: bytes) -> bytes:
        envelope = read_envelope(message)
        if envelope.operation == Operation.ENTRY and b",CN=Partitions,CN=Configuration," in message[:120]:
            asked.add(envelope.message_id)
        if envelope.operation == Operation.DONE and envelope.message_id in asked:
            done = encode_integer(51, ENUMERATED) + encode(OCTET_STRING, b"") + encode(OCTET_STRING, b"busy")
            return encode(SEQUENCE, encode_integer(envelope.message_id) + encode(Operation.DONE, done))
        return message

    proxy = proxies(samba_scenario.ip, 389, rewrite=cut)
    outcome = collect(samba_scenario, proxy.port, tmp_path / "x")
    assert outcome.incomplete_reason == f"CN=Configuration,{samba_scenario.base_dn}: result code 51: busy"


def test_an_object_that_would_fill_the_memory_is_told_and_the_others_are_read(
    samba_scenario: Directory, proxies: Proxies, tmp_path: Path, undisturbed: Path
) -> None:
    """Two gigabytes are announced wherever it is read whole."""
    guest = f"CN=Guest,CN=Users,{samba_scenario.base_dn}"

    def announce(message: bytes) -> bytes:
        is_whole = guest.encode() in message[:100] and b"nTSecurityDescriptor" in message
        return b"\x30\x84\x7f\xff\xff\xff" + message[6:] if is_whole else message

    proxy = proxies(samba_scenario.ip, 389, rewrite=announce)
    outcome = collect(samba_scenario, proxy.port, tmp_path / "x.adsnap")
    assert outcome.incomplete_reason is not None
    assert f"{guest} could not be read: " in outcome.incomplete_reason
    assert "message of 2147483647 bytes" in outcome.incomplete_reason
    with open_snapshot(outcome.path) as snapshot, open_snapshot(undisturbed) as whole:
        seen = {row["dn"] for row in snapshot.table("objects", ["dn"]).to_pylist()}
        assert seen == {row["dn"] for row in whole.table("objects", ["dn"]).to_pylist()} - {guest}
        told = [row for row in snapshot.table("coverage").to_pylist() if row["dn"] == guest]
    assert ("failed", "malformed") in {(row["status"], row["reason"]) for row in told}


def test_answers_that_are_no_ldap_change_nothing_once_they_stop(
    samba_scenario: Directory, proxies: Proxies, tmp_path: Path, undisturbed: Path
) -> None:
    draw = random.Random(4)
    spoilt = iter(sorted(draw.sample(range(20, 600), 6)))
    state = {"next": next(spoilt), "seen": 0}

    def garble(message: bytes) -> bytes:
        state["seen"] += 1
        if state["seen"] != state["next"]:
            return message
        state["next"] = next(spoilt, 0)
        return draw.randbytes(len(message))

    proxy = proxies(samba_scenario.ip, 389, rewrite=garble)
    outcome = collect(samba_scenario, proxy.port, tmp_path / "x.adsnap")
    assert state["next"] == 0
    assert outcome.incomplete_reason is None
    assert differences(outcome.path, undisturbed) == {}


@pytest.mark.parametrize("seed", range(4))
def test_a_line_that_keeps_spoiling_answers_ends_in_a_sound_snapshot_or_in_one_error(
    samba_scenario: Directory, proxies: Proxies, tmp_path: Path, seed: int
) -> None:
    draw = random.Random(seed)

    def spoil(said: bytes) -> bytes:
        spoilt = bytearray(said)
        if draw.random() < 0.3:
            spoilt[draw.randrange(len(spoilt))] ^= 1 << draw.randrange(8)
        return bytes(spoilt)

    output = tmp_path / "x.adsnap"
    proxy = proxies(samba_scenario.ip, 389, alter=spoil)
    with contextlib.suppress(AdauditError):
        collect(samba_scenario, proxy.port, output, pacing=Pacing(retry_for=1))
    if output.exists():
        with open_snapshot(output) as snapshot:
            assert snapshot.manifest.tables["objects"].rows > 0
    assert names(tmp_path) <= {"x.adsnap", "x.adsnap.partial"}


class ShortAnswers:
    """A server that gives at most so many objects to one search, then result code 4 (sizeLimitExceeded)."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._given: Counter[int] = Counter()

    def __call__(self, message: bytes) -> bytes:
        envelope = read_envelope(message)
        number = envelope.message_id
        if envelope.operation == Operation.ENTRY:
            self._given[number] += 1
            return message if self._given[number] <= self._most else b""
        if envelope.operation == Operation.DONE and self._given[number] > self._most:
            done = encode_integer(4, ENUMERATED) + encode(OCTET_STRING, b"") + encode(OCTET_STRING, b"size limit")
            return encode(SEQUENCE, encode_integer(number) + encode(Operation.DONE, done))
        return message


def test_a_server_that_answers_no_large_search_is_read_in_parts(
    samba_scenario: Directory, proxies: Proxies, tmp_path: Path
) -> None:
    whole = collect(samba_scenario, 389, tmp_path / "whole", host=samba_scenario.ip, account=samba_scenario.admin)
    proxy = proxies(samba_scenario.ip, 389, rewrite=ShortAnswers(120))
    outcome = collect(samba_scenario, proxy.port, tmp_path / "x.adsnap", account=samba_scenario.admin)
    assert outcome.incomplete_reason is None
    assert differences(outcome.path, whole.path) == {}


def test_what_a_server_that_answers_no_large_search_may_hide_is_told(
    samba_scenario: Directory, proxies: Proxies, tmp_path: Path
) -> None:
    """The ordinary account cannot read uSNCreated of all objects: one more might hide from a search by it."""
    proxy = proxies(samba_scenario.ip, 389, rewrite=ShortAnswers(120))
    outcome = collect(samba_scenario, proxy.port, tmp_path / "x.adsnap")
    assert outcome.incomplete_reason == f"{samba_scenario.base_dn}: result code 4: size limit"
    with open_snapshot(outcome.path) as snapshot:
        gaps = {(row["status"], row["reason"]) for row in snapshot.table("coverage").to_pylist()}
    assert ("truncated", "server_error") in gaps
