"""The audit trail inside a snapshot: carried as it is, hashed like a table, shown safely."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from adaudit.cli.main import run
from adaudit.errors import IncompleteError, InputError
from adaudit.snapshot import SnapshotWriter, open_snapshot
from adaudit.snapshot.reader import MAX_LOG_LINE_BYTES
from tests.snapshot.material import HEADER, contents_of, rebuild

LINES = (
    b'{"at": "2026-11-01T08:30:00.000Z", "event": "bind", "account": "auditeur@corp.test", "error": null}\n'
    b'{"at": "2026-11-01T08:30:01.000Z", "event": "search", '
    b'"base": "DC=corp\\u202e,DC=test", "entries": 0, "controls": []}\n'
)


@pytest.fixture
def with_log(tmp_path: Path) -> Callable[[bytes], Path]:
    """A snapshot that carries this log, hashes right whatever it holds."""

    def seal(content: bytes) -> Path:
        trail = tmp_path / "trail"
        trail.write_bytes(content)
        with SnapshotWriter(tmp_path / "corp.adsnap") as writer:
            return writer.seal(HEADER, trail)

    return seal


def test_a_snapshot_carries_the_log_as_it_is_and_declares_its_hash(with_log: Callable[[bytes], Path]) -> None:
    path = with_log(LINES)
    contents = contents_of(path)
    assert contents["collection.log"] == LINES
    assert json.loads(contents["manifest.json"])["log"] == {
        "size": len(LINES),
        "sha256": hashlib.sha256(LINES).hexdigest(),
    }
    with open_snapshot(path) as snapshot:
        assert [event["event"] for event in snapshot.log()] == ["bind", "search"]
        assert snapshot.table("users").num_rows == 0


def test_a_snapshot_without_log_has_no_events(sealed: Path) -> None:
    with open_snapshot(sealed) as snapshot:
        assert list(snapshot.log()) == []


def test_a_manifest_written_before_there_were_logs_is_read(sealed: Path) -> None:
    contents = contents_of(sealed)
    manifest = json.loads(contents["manifest.json"])
    del manifest["log"]
    rebuild(sealed, contents | {"manifest.json": json.dumps(manifest).encode()})
    with open_snapshot(sealed) as snapshot:
        assert snapshot.manifest.log is None


def test_an_altered_log_is_refused(with_log: Callable[[bytes], Path]) -> None:
    path = with_log(LINES)
    rebuild(path, contents_of(path) | {"collection.log": LINES.replace(b"auditeur", b"somebody")})
    with pytest.raises(InputError, match=r"collection\.log was altered"):
        open_snapshot(path)


def test_a_log_that_was_taken_away_is_missed(with_log: Callable[[bytes], Path]) -> None:
    path = with_log(LINES)
    contents = contents_of(path)
    del contents["collection.log"]
    rebuild(path, contents)
    with pytest.raises(InputError, match=r"collection\.log is missing"):
        open_snapshot(path)


def test_a_log_that_the_manifest_does_not_declare_is_refused(sealed: Path) -> None:
    rebuild(sealed, contents_of(sealed) | {"collection.log": LINES})
    with pytest.raises(InputError, match=r"unknown member .collection\.log."):
        open_snapshot(sealed)


def test_a_log_that_cannot_be_read_leaves_no_snapshot(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path / "corp.adsnap") as writer, pytest.raises(IncompleteError):
        writer.seal(HEADER, tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "match"),
    [
        (b"\n", "is not JSON"),
        (b'{"at": "2026', "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b'{"at": "x", "event": "x", "seconds": NaN}', "is not JSON"),
        (b'{"at": "x", "event": "x", "entries": ' + b"9" * 10_000 + b"}", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"at": "x", "event": "' + b"x" * MAX_LOG_LINE_BYTES + b'"}', "is not JSON"),
        (b"[]", "is not an event"),
        (b"{}", "is not an event"),
        (b'{"at": 3, "event": "x"}', "is not an event"),
        (b'{"at": "x", "event": ["x"]}', "is not an event"),
    ],
)
def test_a_line_that_is_no_event_is_refused_with_its_number(
    with_log: Callable[[bytes], Path], line: bytes, match: str
) -> None:
    with open_snapshot(with_log(LINES + line)) as snapshot:
        events = snapshot.log()
        assert [next(events)["event"], next(events)["event"]] == ["bind", "search"]
        with pytest.raises(InputError, match=rf"corp.adsnap, collection.log, line 3: {match}"):
            next(events)


def test_the_command_prints_one_line_an_event(
    with_log: Callable[[bytes], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["snapshot", "log", str(with_log(LINES))]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.splitlines() == [
        '2026-11-01T08:30:00.000Z  bind       account="auditeur@corp.test"',
        '2026-11-01T08:30:01.000Z  search     base="DC=corp\\u202e,DC=test"  entries=0',
    ]


def test_the_command_prints_json_for_scripts(
    with_log: Callable[[bytes], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["snapshot", "log", "--json", str(with_log(LINES))]) == 0
    printed = capsys.readouterr().out
    assert printed == LINES.decode()


def test_hostile_text_of_a_log_does_not_reach_the_terminal(
    with_log: Callable[[bytes], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = {"at": "\x1b[2J", "event": "\u202e\udc80", "n\x9bame": "\u2028", "list": [{"a\x07": "\x1b]0;x"}]}
    path = with_log(json.dumps(hostile, ensure_ascii=True).encode() + b"\n")
    for option in ([], ["--json"]):
        assert run(["snapshot", "log", *option, str(path)]) == 0
        (line,) = capsys.readouterr().out.splitlines()
        assert line.isprintable()


def test_a_log_damaged_half_way_is_4_after_what_could_be_read(
    with_log: Callable[[bytes], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["snapshot", "log", str(with_log(LINES + b"{"))]) == 4
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 2
    assert "line 3" in printed.err


def test_the_command_says_when_there_is_no_log(sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["snapshot", "log", str(sealed)]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "has no log" in printed.err


def test_the_other_commands_mention_the_log(
    with_log: Callable[[bytes], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = with_log(LINES)
    assert run(["snapshot", "info", str(path)]) == 0
    assert f"Log       {len(LINES)} bytes (shown by: adaudit snapshot log {path})" in capsys.readouterr().out
    assert run(["snapshot", "verify", str(path)]) == 0
    assert "tables and of the log match" in capsys.readouterr().out
