"""An account that was refused somewhere is presented nowhere any more, by whatever protocol."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from adaudit.collect.authentication import Ntlm, Simple
from adaudit.collect.collector import Collector
from adaudit.collect.endpoint import Endpoint, Security
from adaudit.collect.failures import BindRefused
from adaudit.collect.log import CollectionLog
from adaudit.collect.probes import Target, plan, run_probes
from adaudit.collect.session import Session
from adaudit.collect.standing import Standing
from adaudit.collect.wanted import Probing, Wanted
from adaudit.snapshot import open_snapshot
from tests.collect.conftest import LOOPBACK
from tests.collect.scripted_server import BIND_RESPONSE, result

if TYPE_CHECKING:
    from tests.testbed import Directory

INVALID_CREDENTIALS = 49


@contextlib.contextmanager
def refusing() -> Iterator[tuple[int, list[socket.socket]]]:
    """Port of a server that refuses every bind; who has come."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        clients: list[socket.socket] = []

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    clients.append(client)
                    client.sendall(result(client.recv(65536), BIND_RESPONSE, INVALID_CREDENTIALS))

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1], clients
        listener.shutdown(socket.SHUT_RDWR)
        for client in clients:
            client.close()


def test_after_one_refusal_no_session_is_tried(tmp_path: Path) -> None:
    standing = Standing()
    account = Simple("auditeur@corp.test", "never again")
    with refusing() as (port, clients), CollectionLog(tmp_path / "log") as log:
        endpoint = Endpoint(LOOPBACK, Security.PLAINTEXT, port, timeout=5)
        with pytest.raises(BindRefused, match="wrong user name or password"):
            Session(endpoint, account, log, standing=standing)
        with pytest.raises(BindRefused, match=r"not tried.*wrong user name or password"):
            Session(endpoint, account, log, standing=standing)
        assert len(clients) == 1
    asked = run_probes(plan([Target("dc1", address=LOOPBACK)]), account, trust=trusting_nobody(), standing=standing)
    of_the_account = [probed for probed in asked if probed.probe.needs_account]
    assert {probed.answers[0].name for probed in of_the_account} == {"not_attempted"}


def trusting_nobody() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.mark.samba
def test_what_smb_refuses_no_probe_presents_again(lenient: Directory, tmp_path: Path) -> None:
    """The account is disabled after its bind, before SYSVOL."""

    def set_account(action: str) -> None:
        command = ["samba-tool", "user", action, "alternatif", "-s", str(lenient.config)]
        subprocess.run(command, check=True, capture_output=True)

    endpoint = Endpoint(lenient.ip, Security.PLAINTEXT, timeout=20)
    account = Ntlm("CORP\\alternatif", lenient.auditor.password)
    probing = Probing(lambda _planned: set_account("disable"), timeout=5)
    try:
        outcome = Collector(endpoint, account, Wanted(sysvol=True, probing=probing)).run(tmp_path / "a.adsnap")
    finally:
        set_account("enable")
    assert "the account is disabled" in (outcome.incomplete_reason or "")
    with open_snapshot(outcome.path) as snapshot:
        rows = snapshot.table("probes").to_pylist()
    not_attempted = {row["probe"] for row in rows if row["name"] == "not_attempted"}
    assert not_attempted == {"ldap_signing", "ldap_channel_binding", "smb_pipes", "ssl_3_0"}
