"""The audit trail: one safe, bounded line an event, on the disk as soon as it is written."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaudit.collect.log import MAX_LINE_BYTES, CollectionLog, asked
from adaudit.collect.messages import Control, Scope, Search
from adaudit.errors import IncompleteError

NOW = datetime(2026, 11, 1, 8, 30, 0, 123456)


def log_at(path: Path) -> CollectionLog:
    return CollectionLog(path, clock=lambda: NOW)


def events(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_an_event_is_on_the_disk_before_the_log_is_closed(tmp_path: Path) -> None:
    with log_at(tmp_path / "log") as log:
        log.write("lost", server="dc1.corp.test", error="timed out")
        assert events(tmp_path / "log") == [
            {"at": "2026-11-01T08:30:00.123Z", "event": "lost", "server": "dc1.corp.test", "error": "timed out"}
        ]


def test_a_log_opened_again_goes_on(tmp_path: Path) -> None:
    for server in ("dc1", "dc2"):
        with log_at(tmp_path / "log") as log:
            log.write("lost", server=server, error="")
    assert [event["server"] for event in events(tmp_path / "log")] == ["dc1", "dc2"]


@pytest.mark.parametrize("begun", [b"", b'{"at": "2026-11-01T08', b"x" * (MAX_LINE_BYTES - 1)])
def test_a_line_that_a_crash_cut_short_is_dropped(tmp_path: Path, begun: bytes) -> None:
    with log_at(tmp_path / "log") as log:
        log.write("lost", server="dc1", error="")
    with (tmp_path / "log").open("ab") as file:
        file.write(begun)
    with log_at(tmp_path / "log") as log:
        log.write("lost", server="dc2", error="")
    assert [event["server"] for event in events(tmp_path / "log")] == ["dc1", "dc2"]


def test_a_search_is_told_as_it_is_sent() -> None:
    flags = Control("1.2.840.113556.1.4.801", bytes.fromhex("3003020107"))
    deleted = Control("1.2.840.113556.1.4.417")
    told = asked(Search("DC=corp,DC=test", Scope.SUBTREE, ("*",), (flags, deleted)), 1000)
    assert told == {
        "base": "DC=corp,DC=test",
        "scope": "subtree",
        "filter": "(objectClass=*)",
        "attributes": ["*"],
        "controls": [
            "1.2.840.113556.1.4.801=3003020107",
            "1.2.840.113556.1.4.417",
            "1.2.840.113556.1.4.319",
        ],
        "page_size": 1000,
    }


facts = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner),
    max_leaves=20,
)


@given(server=st.text(), error=facts)
def test_whatever_the_facts_a_line_is_ascii_without_control_characters(
    tmp_path_factory: pytest.TempPathFactory, server: str, error: Any
) -> None:
    path = tmp_path_factory.mktemp("log") / "log"
    with log_at(path) as log:
        log.write("lost", server=server, error=error)
    line = path.read_bytes()
    assert line.endswith(b"\n")
    assert all(0x20 <= byte < 0x7F for byte in line[:-1])
    assert json.loads(line)["event"] == "lost"


@pytest.mark.parametrize("huge", ["\U0001f600" * 100_000, ["\x1b" * 500] * 5000, ["a"] * 100_000])
def test_a_line_stays_short_and_says_what_it_leaves_out(tmp_path: Path, huge: Any) -> None:
    with log_at(tmp_path / "log") as log:
        log.write("lost", server="dc1", error=huge)
    assert (tmp_path / "log").stat().st_size <= MAX_LINE_BYTES
    (event,) = events(tmp_path / "log")
    told = event["error"] if isinstance(huge, str) else event["error"][-1]
    assert told.endswith(" more")
    assert event["server"] == "dc1"


def test_a_list_of_every_attribute_of_a_schema_is_told_whole(tmp_path: Path) -> None:
    names = [f"msDS-AttributeNumber{number}" for number in range(1500)]
    with log_at(tmp_path / "log") as log:
        log.write("search", server="dc1", **asked(Search("", Scope.BASE, tuple(names)), None), **ANSWER)
    assert events(tmp_path / "log")[0]["attributes"] == names


ANSWER: Any = {"pages": 1, "entries": 1, "seconds": 0.12345, "result": 0}


def test_durations_are_told_in_milliseconds(tmp_path: Path) -> None:
    with log_at(tmp_path / "log") as log:
        log.write("search", server="dc1", **asked(Search("", Scope.BASE, ()), None), **ANSWER)
    assert events(tmp_path / "log")[0]["seconds"] == 0.123


def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(IncompleteError, match="cannot be written"):
        log_at(tmp_path / "nowhere/log")


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process")
def test_a_disk_that_takes_no_more_is_one_clear_error(tmp_path: Path) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with log_at(tmp_path / "log") as log:
        log.write("lost", server="dc1", error="")
        written = (tmp_path / "log").read_bytes()
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(written) + 10, hard))
        try:
            with pytest.raises(IncompleteError, match="log: cannot be written: File too large"):
                log.write("lost", server="dc2", error="")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with log_at(tmp_path / "log") as log:
        log.write("lost", server="dc3", error="")
    assert [event["server"] for event in events(tmp_path / "log")] == ["dc1", "dc3"]


@pytest.mark.skipif(os.name != "posix", reason="permissions")
def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    log_at(tmp_path / "log").close()
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600
