"""Domain controllers found by the DNS, whatever the DNS says."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adaudit.collect.authentication import Simple
from adaudit.collect.discovery import (
    MAX_CONTROLLERS,
    Location,
    NameServer,
    domain_locations,
    first_to_answer,
    host_name,
    is_within,
)
from adaudit.collect.endpoint import Endpoint, Security
from adaudit.collect.failures import BindRefused
from adaudit.collect.log import CollectionLog
from adaudit.collect.session import Session
from adaudit.errors import ConnectionFailed, UsageError
from tests.collect.name_server import answering, name_server

if TYPE_CHECKING:
    from tests.collect.conftest import Proxies
    from tests.testbed import Directory

SERVICE = "_ldap._tcp.dc._msdcs.chu.example"


def asking(at: tuple[str, int], *, timeout: float = 5) -> NameServer:
    return NameServer(at[0], port=at[1], timeout=timeout)


def test_the_lowest_priority_comes_first_and_the_heaviest_within_it() -> None:
    hosts = {"spare": (10, 900), "light": (0, 1), "heavy": (0, 100), "also-heavy": (0, 100)}
    records = [f"{priority} {weight} 389 {name}.chu.example." for name, (priority, weight) in hosts.items()]
    with name_server({(SERVICE, "SRV"): records}) as at:
        found = asking(at).controllers("CHU.example")
    assert [host.partition(".")[0] for host in found] == ["also-heavy", "heavy", "light", "spare"]


def test_what_is_no_host_name_is_left_out() -> None:
    records = [
        f"0 0 389 {name}" for name in (".", r"dc\0461.chu.example.", r"\000\255.chu.example.", "dc1.chu.example.")
    ]
    records += ["0 0 389 -dc.chu.example.", r"0 0 389 dc2\032rm.chu.example."]
    with name_server({(SERVICE, "SRV"): records}) as at:
        assert asking(at).controllers("chu.example") == ("dc1.chu.example",)


def test_a_flood_of_answers_is_cut() -> None:
    records = [f"0 0 389 dc{number}.chu.example." for number in range(500)]
    with name_server({(SERVICE, "SRV"): records}) as at:
        assert len(asking(at).controllers("chu.example")) == MAX_CONTROLLERS


@settings(max_examples=30)
@given(garbage=st.binary(max_size=200), keeps_id=st.booleans())
def test_garbage_is_one_clear_error(garbage: bytes, keeps_id: bool) -> None:
    with (
        answering(lambda query: (query[:2] if keeps_id else b"") + garbage) as at,
        pytest.raises(ConnectionFailed, match=SERVICE),
    ):
        asking(at, timeout=0.05).controllers("chu.example")


def test_without_srv_records_the_name_of_the_domain_is_tried_and_the_failure_tells_both() -> None:
    with name_server({("chu.example", "A"): ["127.0.0.9"]}) as at:
        names = asking(at)
        tried: list[str] = []
        locations = domain_locations("chu.example", names, tried)
        assert locations == [Location("chu.example", "127.0.0.9")]

        def refuse(location: Location) -> None:
            raise ConnectionFailed("connection refused", place=location.host)

        with pytest.raises(ConnectionFailed) as failure:
            first_to_answer(locations, refuse, sought="chu.example", tried=tried, remedy="Be patient.")
    told = str(failure.value)
    assert f"no SRV record {SERVICE}" in told
    assert "chu.example: connection refused" in told
    assert told.endswith("Be patient.")


def test_a_host_outside_of_the_domain_is_not_taken_from_the_dns() -> None:
    """A certificate that the system trusts can be had for any name: whoever forges an answer has one for theirs."""
    records = ["0 0 389 dc1.chu.example.", "0 0 389 dc1.evil.example.", "0 0 389 dc1.notchu.example."]
    with name_server({(SERVICE, "SRV"): records}) as at:
        tried: list[str] = []
        locations = domain_locations("chu.example", asking(at), tried)
    assert [location.host for location in locations] == ["dc1.chu.example"]
    assert [told.partition(":")[0] for told in tried] == ["dc1.evil.example", "dc1.notchu.example"]


def test_an_address_is_asked_of_the_chosen_server_and_else_left_to_the_system() -> None:
    with name_server({("dc1.chu.example", "A"): ["127.0.0.9"], ("dc6.chu.example", "AAAA"): ["::1"]}) as at:
        names = asking(at)
        assert names.located("dc1.chu.example") == Location("dc1.chu.example", "127.0.0.9")
        assert names.located("dc6.chu.example") == Location("dc6.chu.example", "::1")
        assert names.located("dc9.chu.example") == Location("dc9.chu.example")
        assert names.located("192.0.2.7") == Location("192.0.2.7")
    assert NameServer().located("dc1.chu.example") == Location("dc1.chu.example")


@pytest.mark.parametrize("wrong", ["chu", "dns.chu.example", "10.0.0", ""])
def test_a_name_server_is_given_by_its_address(wrong: str) -> None:
    with pytest.raises(UsageError, match="IP address"):
        NameServer(wrong)


@pytest.mark.parametrize(
    "wrong", ["", "chu..example", "-chu.example", "chu example", "chu.example/x", "é.example", "a" * 64]
)
def test_a_domain_that_is_no_dns_name_is_refused_before_anything_is_asked(wrong: str) -> None:
    with pytest.raises(UsageError, match="not a DNS name"):
        domain_locations(wrong, NameServer("127.0.0.1", port=9), [])


@given(st.text(max_size=300))
def test_a_host_name_is_found_sound_only_when_it_can_be_put_in_a_question(text: str) -> None:
    name = host_name(text)
    if name is not None:
        assert name.isascii()
        assert 0 < len(name) < 254
        assert all(0 < len(label) < 64 for label in name.split("."))
        assert host_name(name.upper()) == name


def test_names_are_within_a_domain_by_whole_labels() -> None:
    assert is_within("dc1.CHU.example", "chu.example")
    assert is_within("chu.example", "chu.example")
    assert not is_within("dc1.notchu.example", "chu.example")
    assert not is_within("example", "chu.example")


def dead_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


def session_at(ports: dict[str, int], password: str, log: CollectionLog) -> Callable[[Location], Session]:
    def connect(location: Location) -> Session:
        endpoint = Endpoint("127.0.0.1", Security.PLAINTEXT, ports[location.host])
        return Session(endpoint, Simple("auditeur@corp.test", password), log)

    return connect


@pytest.mark.samba
def test_a_controller_that_does_not_answer_is_passed_over(
    samba_baseline: Directory, proxies: Proxies, tmp_path: Path
) -> None:
    ports = {"dead": dead_port(), "alive": proxies(samba_baseline.ip, 389).port}
    with CollectionLog(tmp_path / "log") as log:
        connect = session_at(ports, samba_baseline.auditor.password, log)
        with first_to_answer(map(Location, ports), connect, sought="corp.test", tried=[], remedy="") as session:
            assert session.root.host == samba_baseline.host


@pytest.mark.samba
def test_a_refused_password_is_not_tried_at_another_controller(
    samba_baseline: Directory, proxies: Proxies, tmp_path: Path
) -> None:
    first, second = (proxies(samba_baseline.ip, 389) for _ in range(2))
    ports = {"first": first.port, "second": second.port}
    with CollectionLog(tmp_path / "log") as log, pytest.raises(BindRefused):
        first_to_answer(map(Location, ports), session_at(ports, "wrong", log), sought="corp.test", tried=[], remedy="")
    assert (first.connections, second.connections) == (1, 0)
