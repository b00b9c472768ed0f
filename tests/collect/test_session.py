"""A session keeps a real server within reach: it connects again, waits, paces, and knows when to give up."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from adaudit.collect import session as module
from adaudit.collect.authentication import Simple
from adaudit.collect.endpoint import Endpoint, Security
from adaudit.collect.failures import BindRefused
from adaudit.collect.log import CollectionLog
from adaudit.collect.messages import Scope, Search
from adaudit.collect.session import Interrupted, OtherServer, OutOfReach, Session
from adaudit.collect.transport import ConnectionLost
from adaudit.collect.wanted import Pacing

if TYPE_CHECKING:
    from tests.collect.conftest import Proxies, Proxy
    from tests.testbed import Directory

pytestmark = pytest.mark.samba


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


Opens = Callable[..., Session]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opens(samba_baseline: Directory, tmp_path: Path, clock: Clock) -> Iterator[Opens]:
    """Opens a session over a proxy; its log is ``collection.log``."""
    account = samba_baseline.auditor
    with CollectionLog(tmp_path / "collection.log") as log:

        def open_session(proxy: Proxy, pacing: Pacing, **options: Any) -> Session:
            endpoint = Endpoint("127.0.0.1", Security.PLAINTEXT, proxy.port, timeout=10)
            password = options.pop("password", account.password)
            times = {"clock": clock, "wait": clock.wait} | options
            return Session(endpoint, Simple(account.user, password), log, pacing, **times)

        yield open_session


def users(directory: Directory) -> Search:
    return Search(f"CN=Users,{directory.base_dn}", Scope.ONE_LEVEL, ("cn",))


def events(folder: Path, name: str) -> list[dict[str, Any]]:
    lines = (folder / "collection.log").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == name]


def test_a_lost_search_raises_and_the_next_one_has_another_connection(
    samba_baseline: Directory, proxies: Proxies, opens: Opens, tmp_path: Path, clock: Clock
) -> None:
    proxy = proxies(samba_baseline.ip, 389)
    with opens(proxy, Pacing()) as session:
        before = [len(page.entries) for page in session.search(users(samba_baseline))]
        proxy.drop()
        with pytest.raises(ConnectionLost):
            list(session.search(users(samba_baseline)))
        assert [len(page.entries) for page in session.search(users(samba_baseline))] == before
    assert proxy.connections == 2
    assert clock.waits == [0]
    assert [event["error"] for event in events(tmp_path, "lost")]
    results = [event["result"] for event in events(tmp_path, "search") if event["base"].startswith("CN=Users")]
    assert results == [0, None, 0]


def test_a_question_is_asked_again_by_itself(samba_baseline: Directory, proxies: Proxies, opens: Opens) -> None:
    proxy = proxies(samba_baseline.ip, 389)
    with opens(proxy, Pacing()) as session:
        proxy.drop()
        page = session.ask(Search(samba_baseline.base_dn, Scope.BASE, ("dc",)))
        assert len(page.entries) == 1


def test_a_server_that_stays_away_is_tried_ever_more_rarely_until_time_is_over(
    samba_baseline: Directory, proxies: Proxies, opens: Opens, clock: Clock
) -> None:
    proxy = proxies(samba_baseline.ip, 389)
    with opens(proxy, Pacing(retry_for=120)) as session:
        proxy.close()
        with pytest.raises(ConnectionLost):
            list(session.search(users(samba_baseline)))
        with pytest.raises(OutOfReach, match="no new connection within 120 seconds: connection refused"):
            list(session.search(users(samba_baseline)))
    assert clock.waits == [0, 1, 2, 4, 8, 16, 30, 30]


def test_a_refused_bind_is_not_tried_again(
    samba_baseline: Directory, proxies: Proxies, opens: Opens, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    proxy = proxies(samba_baseline.ip, 389)
    with opens(proxy, Pacing()) as session:
        monkeypatch.setattr(session, "_credentials", Simple(samba_baseline.auditor.user, "changed meanwhile"))
        proxy.drop()
        with pytest.raises(ConnectionLost):
            list(session.search(users(samba_baseline)))
        with pytest.raises(BindRefused):
            list(session.search(users(samba_baseline)))
    assert proxy.connections == 2
    assert clock.waits == [0]


def test_another_server_under_the_same_name_is_noticed(
    samba_baseline: Directory, proxies: Proxies, opens: Opens
) -> None:
    """Its NTDS Settings bear another name after the second logon."""
    proxy = proxies(samba_baseline.ip, 389)
    with opens(proxy, Pacing()) as session:
        proxy.rewrite = lambda message: message.replace(b"CN=NTDS Settings,CN=DC1,", b"CN=NTDS Settings,CN=DC7,")
        proxy.drop()
        with pytest.raises(ConnectionLost):
            list(session.search(users(samba_baseline)))
        with pytest.raises(OtherServer, match="CN=DC7"):
            list(session.search(users(samba_baseline)))


def test_a_server_that_answers_nothing_but_logons_is_given_up(
    samba_baseline: Directory, proxies: Proxies, opens: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_LOSSES", 4)
    spoilt = f"CN=Users,{samba_baseline.base_dn}".encode()
    proxy = proxies(samba_baseline.ip, 389, rewrite=lambda message: b"?" if spoilt in message else message)
    with opens(proxy, Pacing()) as session:
        for _ in range(4):
            with pytest.raises(ConnectionLost, match="not sound LDAP"):
                list(session.search(users(samba_baseline)))
        with pytest.raises(OutOfReach, match="5 times in a row"):
            list(session.search(users(samba_baseline)))


def test_a_search_without_end_is_ended(
    samba_baseline: Directory, proxies: Proxies, opens: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_ENTRIES", 10)
    with (
        opens(proxies(samba_baseline.ip, 389), Pacing()) as session,
        pytest.raises(OutOfReach, match=r"no end after 1\d objects"),
    ):
        list(session.search(users(samba_baseline), page_size=1))


def test_no_more_is_asked_for_in_a_second_than_allowed(
    samba_baseline: Directory, proxies: Proxies, opens: Opens, clock: Clock, tmp_path: Path
) -> None:
    with opens(proxies(samba_baseline.ip, 389), Pacing(max_rate=5)) as session:
        objects = sum(len(page.entries) for page in session.search(users(samba_baseline)))
    (asked,) = (event for event in events(tmp_path, "search") if event["base"].startswith("CN=Users"))
    assert asked["page_size"] == 5
    assert objects > 20
    assert objects / 5 - 1 <= clock.now <= objects / 5


def test_an_interrupt_ends_a_waiting_session_at_once(samba_baseline: Directory, proxies: Proxies, opens: Opens) -> None:
    slow = Pacing(max_rate=1)
    with opens(proxies(samba_baseline.ip, 389), slow, clock=time.monotonic, wait=None) as session:
        threading.Timer(0.3, session.interrupt).start()
        began = time.monotonic()
        with pytest.raises(Interrupted):
            list(session.search(users(samba_baseline)))
        assert time.monotonic() - began < 5
        with pytest.raises(Interrupted):
            list(session.search(users(samba_baseline)))
