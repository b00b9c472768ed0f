"""How hard a server is asked, and how much of its answers is borne."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from adaudit.collect import connection, session
from adaudit.collect.authentication import Simple
from adaudit.collect.ber import OCTET_STRING, SEQUENCE, MalformedAnswer, encode, encode_integer
from adaudit.collect.endpoint import Endpoint, Security
from adaudit.collect.log import CollectionLog
from adaudit.collect.messages import Operation, Page, Scope, Search, encode_entry, read_envelope
from adaudit.collect.ranges import Cut, complete
from adaudit.collect.session import OutOfReach, Session
from adaudit.collect.wanted import Pacing

if TYPE_CHECKING:
    from tests.collect.conftest import Proxies
    from tests.testbed import Directory

EVERYTHING = Search("DC=corp,DC=test", Scope.SUBTREE, ("1.1",))


class Endless:
    """A server that answers one search with the same message for ever."""

    is_encrypted = True

    def __init__(self, message: bytes) -> None:
        self._message = message
        self.given = 0

    def send(self, _data: bytes) -> None:
        pass

    def receive(self) -> bytes:
        self.given += len(self._message)
        return self._message


class Advancing:
    """A server that announces ever more values of an attribute, and gives none."""

    asked = 0

    def ask(self, _search: Search) -> Page:
        self.asked += 1
        described = {f"member;range={self.asked}-{self.asked}": []}
        return Page([read_envelope(encode_entry("CN=x", described))])


def test_a_long_attribute_that_never_comes_is_given_up() -> None:
    server = Advancing()
    assert not complete(server, "CN=x", Cut("member", 1), []).is_success
    assert server.asked == 1


REFERENCE = encode(
    SEQUENCE, encode_integer(1) + encode(Operation.REFERENCE, encode(OCTET_STRING, b"ldap://dc9.corp.test/DC=x"))
)


@pytest.mark.parametrize(
    "message", [REFERENCE, encode_entry("CN=x", {}), encode_entry("CN=y", {"info": [b"y" * 5000]})]
)
def test_an_answer_without_end_is_refused_before_it_fills_the_memory(
    monkeypatch: pytest.MonkeyPatch, message: bytes
) -> None:
    monkeypatch.setattr(connection, "MAX_ANSWER", 1 << 20)
    line: Any = Endless(message)
    pages = connection.ReadOnlyConnection(line, "dc1").search(EVERYTHING)
    with pytest.raises(MalformedAnswer, match="without end"):
        list(pages)
    assert line.given <= 1 << 20


@pytest.mark.samba
def test_references_without_number_end_the_search(
    samba_baseline: Directory, proxies: Proxies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def multiplied(message: bytes) -> bytes:
        return message * 20 if read_envelope(message).operation == Operation.REFERENCE else message

    monkeypatch.setattr(session, "MAX_REFERENCES", 30)
    endpoint = Endpoint("127.0.0.1", Security.PLAINTEXT, proxies(samba_baseline.ip, 389, rewrite=multiplied).port)
    with asking(endpoint, samba_baseline, tmp_path) as asked, pytest.raises(OutOfReach, match="60 references"):
        list(asked.search(EVERYTHING))


@pytest.mark.samba
def test_no_more_objects_are_asked_for_each_second_than_was_allowed(samba_baseline: Directory, tmp_path: Path) -> None:
    """Whether they come in many pages or, one page each, in answer to many searches."""
    now = [0.0]

    def wait(seconds: float) -> None:
        now[0] += seconds

    endpoint = Endpoint(samba_baseline.ip, ca_file=Path(samba_baseline.ca_file))
    builtin = replace(EVERYTHING, base=f"CN=Builtin,{EVERYTHING.base}")
    received = 0
    with asking(endpoint, samba_baseline, tmp_path, Pacing(max_rate=100), clock=lambda: now[0], wait=wait) as asked:
        for page in chain.from_iterable(map(asked.search, [EVERYTHING, *[builtin] * 20])):
            assert now[0] >= (received - 1) / 100
            received += len(page.entries)
    assert received > 600


@contextmanager
def asking(endpoint: Endpoint, directory: Directory, folder: Path, *pacing: Pacing, **time: Any) -> Iterator[Session]:
    credentials = Simple(directory.auditor.user, directory.auditor.password)
    with (
        CollectionLog(folder / "collection.log") as log,
        Session(endpoint, credentials, log, *pacing, **time) as asked,
    ):
        yield asked
