"""A collection taken up again: after changes, by another command, from another server, from an earlier snapshot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from adaudit.collect.scope import Scope
from adaudit.errors import UsageError
from adaudit.snapshot import open_snapshot
from tests.collect.comparison import differences
from tests.collect.faulty import AT_ONCE, collect
from tests.collect.test_incremental_equality import STEPS, Administrator, people

if TYPE_CHECKING:
    from tests.collect.conftest import Proxies
    from tests.testbed import Directory

pytestmark = pytest.mark.samba

IN_THE_DOMAIN = 400_000
"""Bytes of answers of a small collection: in the middle of the domain's objects, a page of 1000."""


def interrupted(directory: Directory, proxies: Proxies, output: Path, at: int = IN_THE_DOMAIN) -> None:
    outcome = collect(directory, proxies(directory.ip, 389, cuts=[at]).port, output, pacing=AT_ONCE)
    assert outcome.incomplete_reason == "the server closed the connection"
    assert outcome.objects > 50


def test_what_changed_between_two_runs_is_as_a_single_run_would_have_found_it(proxies: Proxies, tmp_path: Path) -> None:
    """The line is cut at the end of the domain, then in the middle of catching up with each two changes."""
    from tests.testbed import running

    with running("baseline") as directory:
        administrator = Administrator(directory)
        people(administrator)
        output = tmp_path / "x.adsnap"
        interrupted(directory, proxies, output, at=300_000)
        for pair in zip(STEPS[::2], STEPS[1::2], strict=True):
            for step in pair:
                step(administrator)
            proxy = proxies(directory.ip, 389, cuts=[110_000])
            assert collect(directory, proxy.port, output, pacing=AT_ONCE).incomplete_reason is not None
        assert collect(directory, proxies(directory.ip, 389).port, output).incomplete_reason is None
        whole = collect(directory, 389, tmp_path / "whole.adsnap", host=directory.ip)
        assert differences(output, whole.path) == {}


def test_another_command_does_not_go_on_with_it(samba_scenario: Directory, proxies: Proxies, tmp_path: Path) -> None:
    output = tmp_path / "x.adsnap"
    interrupted(samba_scenario, proxies, output)
    port = proxies(samba_scenario.ip, 389).port
    with pytest.raises(UsageError, match=r"asked for differently \(scope\)"):
        collect(samba_scenario, port, output, scope=Scope(partitions=("domain",)))
    with pytest.raises(UsageError, match=r"asked for differently \(account\)"):
        collect(samba_scenario, port, output, account=samba_scenario.admin)
    assert collect(samba_scenario, port, output).incomplete_reason is None


def test_a_snapshot_that_it_did_not_leave_is_not_replaced(
    samba_scenario: Directory, proxies: Proxies, tmp_path: Path
) -> None:
    output = tmp_path / "x.adsnap"
    interrupted(samba_scenario, proxies, output)
    output.write_bytes(b"precious")
    with pytest.raises(UsageError, match="exists already"):
        collect(samba_scenario, proxies(samba_scenario.ip, 389).port, output)
    assert output.read_bytes() == b"precious"


def database_of(name: bytes) -> Callable[[bytes], bytes]:
    """Answers in which the server's database bears another GUID."""

    def change(message: bytes) -> bytes:
        at = message.find(b"invocationId1")
        return message if at < 0 else message[: at + 16] + name * 16 + message[at + 32 :]

    return change


def test_what_came_from_another_database_is_read_from_the_beginning(
    samba_scenario: Directory, proxies: Proxies, tmp_path: Path
) -> None:
    output = tmp_path / "x.adsnap"
    interrupted(samba_scenario, proxies, output)
    told: list[str] = []
    proxy = proxies(samba_scenario.ip, 389, rewrite=database_of(b"7"))
    outcome = collect(samba_scenario, proxy.port, output, tell=told.append)
    assert outcome.incomplete_reason is None
    assert told[0] == "going on with the collection that was interrupted"
    assert "the collection was begun with CN=NTDS Settings" in told[1]
    assert told[1].endswith("everything is read, from the beginning")
    whole = collect(samba_scenario, 389, tmp_path / "whole", host=samba_scenario.ip)
    assert differences(output, whole.path) == {}
    with open_snapshot(output) as snapshot:
        (server,) = snapshot.manifest.source.servers
        assert server.invocation_id == "37373737-3737-3737-3737-373737373737"


@pytest.fixture(scope="module")
def earlier(samba_scenario: Directory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return collect(samba_scenario, 389, tmp_path_factory.mktemp("earlier") / "x", host=samba_scenario.ip).path


def test_a_collection_since_an_earlier_one_can_be_interrupted_too(
    samba_scenario: Directory, proxies: Proxies, tmp_path: Path, earlier: Path
) -> None:
    output = tmp_path / "x.adsnap"
    proxy = proxies(samba_scenario.ip, 389, cuts=[60_000])
    outcome = collect(samba_scenario, proxy.port, output, since=earlier, pacing=AT_ONCE)
    assert outcome.incomplete_reason == "the server closed the connection"
    outcome = collect(samba_scenario, proxies(samba_scenario.ip, 389).port, output, since=earlier)
    assert outcome.incomplete_reason is None
    assert differences(output, earlier) == {}


def test_an_earlier_collection_of_another_database_or_account_is_not_started_from(
    samba_scenario: Directory, proxies: Proxies, tmp_path: Path, earlier: Path
) -> None:
    told: list[str] = []
    proxy = proxies(samba_scenario.ip, 389, rewrite=database_of(b"7"))
    outcome = collect(samba_scenario, proxy.port, tmp_path / "x", since=earlier, tell=told.append)
    assert differences(outcome.path, earlier) == {}
    outcome = collect(
        samba_scenario,
        389,
        tmp_path / "y",
        host=samba_scenario.ip,
        account=samba_scenario.admin,
        since=earlier,
        tell=told.append,
    )
    assert "read from another server: everything is read" in told[0]
    assert "made by another account or with another scope: everything is read" in told[1]
    for name in ("x", "y"):
        with open_snapshot(tmp_path / name) as snapshot:
            assert snapshot.manifest.source.since is None


def test_what_was_asked_is_in_the_snapshot_from_the_first_run_on(
    samba_scenario: Directory, proxies: Proxies, tmp_path: Path
) -> None:
    output = tmp_path / "x.adsnap"
    interrupted(samba_scenario, proxies, output)
    assert collect(samba_scenario, proxies(samba_scenario.ip, 389).port, output).incomplete_reason is None
    with open_snapshot(output) as snapshot:
        events = list(snapshot.log())
    assert [event["resumed"] for event in events if event["event"] == "start"] == [False, True]
    assert [event["incomplete_reason"] is None for event in events if event["event"] == "end"] == [False, True]
    assert "lost" in {event["event"] for event in events}
