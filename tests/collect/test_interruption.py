"""A collection that ends before its end: what was read is kept, sealed and marked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from adaudit.cli.collect import first_interrupt
from adaudit.cli.main import run
from adaudit.collect.authentication import Simple
from adaudit.collect.collector import Collector
from adaudit.collect.endpoint import Endpoint, Security
from adaudit.errors import IncompleteError
from adaudit.snapshot import Snapshot, open_snapshot

if TYPE_CHECKING:
    from tests.collect.conftest import Proxies
    from tests.testbed import Directory

ADAUDIT = [sys.executable, "-c", "from adaudit.cli import main; main()"]
AFTER_THE_DOMAIN = 2_000_000
"""Bytes of answers: in the middle of the configuration partition."""


def arguments(directory: Directory, port: int, output: Path) -> list[str]:
    asked = ["collect", "--server", "127.0.0.1", "--port", str(port), "--allow-plaintext", "--timeout", "30"]
    return [*asked, "--user", directory.auditor.user, "-o", str(output)]


def interrupted_partitions(snapshot: Snapshot) -> set[str]:
    """Naming contexts of which coverage says that they were not read to their end."""
    rows = snapshot.table("coverage").to_pylist()
    assert {row["status"] for row in rows if row["reason"] == "interrupted"} == {"failed"}
    unread = snapshot.table("partitions").to_pylist()
    return {row["dn"] for row in unread if not row["is_collected"]}


@pytest.mark.samba
def test_a_lost_connection_leaves_a_snapshot_marked_incomplete(
    samba_baseline: Directory,
    proxies: Proxies,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ADAUDIT_PASSWORD", samba_baseline.auditor.password)
    output = tmp_path / "cut.adsnap"
    proxy = proxies(samba_baseline.ip, 389, limit=AFTER_THE_DOMAIN)
    assert run([*arguments(samba_baseline, proxy.port, output), "--retry-for", "0"]) == 3
    told = capsys.readouterr()
    assert "incomplete: the server closed the connection" in told.err
    assert "the same command again, which goes on from here" in told.out
    with open_snapshot(output) as snapshot:
        assert snapshot.manifest.complete is False
        assert snapshot.manifest.incomplete_reason == "the server closed the connection"
        assert snapshot.manifest.tables["objects"].rows > 200
        assert f"DC=DomainDnsZones,{samba_baseline.base_dn}" in interrupted_partitions(snapshot)
    assert {path.name for path in tmp_path.iterdir()} == {"cut.adsnap", "cut.adsnap.partial"}


@pytest.mark.samba
def test_ctrl_c_leaves_a_snapshot_marked_incomplete(
    samba_baseline: Directory, proxies: Proxies, tmp_path: Path
) -> None:
    output = tmp_path / "interrupted.adsnap"
    proxy = proxies(samba_baseline.ip, 389, limit=AFTER_THE_DOMAIN, then="hold")
    process = subprocess.Popen(
        [*ADAUDIT, *arguments(samba_baseline, proxy.port, output)],
        env={**os.environ, "ADAUDIT_PASSWORD": samba_baseline.auditor.password},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert proxy.reached.wait(60)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "incomplete: interrupted by the user" in told
    assert "Traceback" not in told
    with open_snapshot(output) as snapshot:
        assert snapshot.manifest.incomplete_reason == "interrupted by the user"
        assert snapshot.manifest.tables["objects"].rows > 200
        assert f"DC=ForestDnsZones,{samba_baseline.base_dn}" in interrupted_partitions(snapshot)
    assert {path.name for path in tmp_path.iterdir()} == {"interrupted.adsnap", "interrupted.adsnap.partial"}


@pytest.mark.samba
def test_an_interrupt_during_the_bind_is_not_forgotten(
    samba_baseline: Directory, proxies: Proxies, tmp_path: Path
) -> None:
    def interrupt_then(answer: bytes) -> bytes:
        collector.interrupt()
        return answer

    proxy = proxies(samba_baseline.ip, 389, alter=interrupt_then)
    endpoint = Endpoint("127.0.0.1", Security.PLAINTEXT, proxy.port, timeout=20)
    collector = Collector(endpoint, Simple(samba_baseline.auditor.user, samba_baseline.auditor.password))
    with pytest.raises(IncompleteError, match="interrupted before anything was read"):
        collector.run(tmp_path / "interrupted.adsnap")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.samba
def test_a_connection_lost_right_after_the_bind_leaves_no_file(
    samba_baseline: Directory, proxies: Proxies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADAUDIT_PASSWORD", samba_baseline.auditor.password)
    output = tmp_path / "nothing.adsnap"
    bind_answer = 14
    proxy = proxies(samba_baseline.ip, 389, limit=bind_answer)
    assert run(arguments(samba_baseline, proxy.port, output)) == 5
    assert list(tmp_path.iterdir()) == []


def test_the_second_interrupt_is_not_held_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    stops = []

    def interrupt_twice() -> None:
        with first_interrupt(lambda: stops.append("reading")):
            signal.raise_signal(signal.SIGINT)
            stops.append("still here")
            signal.raise_signal(signal.SIGINT)
            stops.append("never here")

    with pytest.raises(KeyboardInterrupt):
        interrupt_twice()
    assert stops == ["reading", "still here"]
    assert signal.getsignal(signal.SIGINT) is before
