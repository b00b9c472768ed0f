"""``--dry-run`` tells what a collection asks: the same searches as its log, and nothing is connected to."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adaudit.cli.main import run
from adaudit.snapshot import open_snapshot
from tests.testbed import Directory

ASKED = ("base", "scope", "filter", "attributes", "controls", "page_size")
CONDITIONAL = "only after a lost link"

Printed = Callable[..., str]


@pytest.fixture
def dry(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Printed:
    """What ``collect --dry-run`` prints, where no password is to be had."""
    monkeypatch.delenv("ADAUDIT_PASSWORD", raising=False)

    def printed(*options: str) -> str:
        assert run(["collect", "--user", "auditeur@corp.test", "-o", "x.adsnap", "--dry-run", *options]) == 0
        return capsys.readouterr().out

    return printed


def test_nothing_is_connected_to_asked_for_or_written(
    dry: Printed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        told = dry("--server", "127.0.0.1", "--port", port, "--probes")
        listener.settimeout(0.2)
        with pytest.raises(TimeoutError):
            listener.accept()
    assert f"127.0.0.1, port {port}, ldaps" in told
    assert "auditeur@corp.test (simple)" in told
    assert list(tmp_path.iterdir()) == []


def test_options_change_what_is_told(dry: Printed) -> None:
    plain = json.loads(dry("--server", "dc1.corp.test", "--json"))
    assert (plain["port"], plain["security"], plain["max_rate"]) == (636, "ldaps", None)
    assert plain["probes"] == []
    assert plain["shares"][0].startswith(r"\\dc1.corp.test\SYSVOL")
    slow = json.loads(
        dry("--domain", "corp.test", "--sealed", "--auth", "ntlm", "--max-rate", "200", "--no-sysvol", "--json")
    )
    assert (slow["port"], slow["security"], slow["method"]) == (389, "sealed", "ntlm")
    assert slow["server"] == "<controller of corp.test>"
    assert "SRV _ldap._tcp.dc._msdcs.corp.test" in slow["names"]
    assert slow["shares"] == []
    assert {question["asked"]["page_size"] for question in slow["questions"]} == {None, 200}


def test_kerberos_asks_a_kdc(dry: Printed) -> None:
    assert "a KDC of the account's realm" in dry("--server", "dc1.corp.test", "--auth", "kerberos")


def test_an_excluded_attribute_is_not_asked_for_by_name(dry: Printed) -> None:
    told = json.loads(dry("--server", "dc1", "--exclude", "msDS-ResultantPSO", "--json"))
    assert all("msDS-ResultantPSO" not in q["asked"]["attributes"] for q in told["questions"] if "every" in q["why"])


def test_hostile_text_is_shown_as_it_is(dry: Printed) -> None:
    assert "dc\\x1b[2J\\u202e" in dry("--server", "dc\x1b[2J\u202e")


@pytest.mark.parametrize("wrong", [["--server", "dc1", "--domain", "corp.test"], []])
def test_what_a_collection_would_refuse_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["collect", "--user", "a@b", "-o", "x.adsnap", "--dry-run", *wrong]) == 2


@pytest.fixture(scope="module")
def real(
    samba_baseline: Directory, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The log of a collection, and what a dry run told of it."""
    folder = tmp_path_factory.mktemp("dry-run")
    destination, password = folder / "corp.adsnap", folder / "password"
    password.write_text(samba_baseline.auditor.password)
    command = ["collect", "--server", samba_baseline.ip, "--user", samba_baseline.auditor.user]
    command += ["--ca-file", str(samba_baseline.ca_file), "--password-file", str(password), "-o", str(destination)]
    command += ["--all-controllers", "--probes", "--accept-probes", "--json"]
    with pytest.MonkeyPatch.context() as patch:
        told: list[str] = []
        patch.setattr("click.echo", lambda text="", **_: told.append(str(text)))
        assert run([*command, "--dry-run"]) == 0
        announced = json.loads("".join(told))
        assert run(command) == 0
    with open_snapshot(destination) as snapshot:
        return list(snapshot.log()), announced


def shape(question: dict[str, Any]) -> re.Pattern[str]:
    """What the log says of a search that was announced; a word in angle brackets stands for any text."""
    parts = re.split(r"(<(?!SID=)[^<>]+>)", json.dumps([question["asked"][name] for name in ASKED]))
    return re.compile("".join(".+" if part.startswith("<") else re.escape(part) for part in parts))


def told_of(event: dict[str, Any]) -> str:
    return json.dumps([event[name] for name in ASKED])


@pytest.mark.samba
def test_every_search_of_the_log_was_announced(real: tuple[list[dict[str, Any]], dict[str, Any]]) -> None:
    log, announced = real
    shapes = [shape(question) for question in announced["questions"] if CONDITIONAL not in question["when"]]
    searches = [event for event in log if event["event"] == "search"]
    assert len(searches) >= 10
    assert [told_of(event) for event in searches if not any(s.fullmatch(told_of(event)) for s in shapes)] == []


@pytest.mark.samba
def test_every_search_announced_is_in_the_log(real: tuple[list[dict[str, Any]], dict[str, Any]]) -> None:
    log, announced = real
    searches = [told_of(event) for event in log if event["event"] == "search"]
    missing = [
        question["why"]
        for question in announced["questions"]
        if CONDITIONAL not in question["when"] and not any(map(shape(question).fullmatch, searches))
    ]
    assert missing == ["the rest of a long attribute"]


@pytest.mark.samba
def test_the_naming_contexts_announced_are_those_of_the_server(
    real: tuple[list[dict[str, Any]], dict[str, Any]], samba_baseline: Directory
) -> None:
    log, announced = real
    (every,) = [question for question in announced["questions"] if question["why"] == "every object"]
    read = [e["base"] for e in log if e["event"] == "search" and shape(every).fullmatch(told_of(e))]
    assert every["when"] == "once for every naming context of the rootDSE"
    assert sorted(read) == sorted(samba_baseline.naming_contexts)


@pytest.mark.samba
def test_the_probes_announced_are_those_that_were_made(real: tuple[list[dict[str, Any]], dict[str, Any]]) -> None:
    log, announced = real
    made = {(event["port"], event["probe"]) for event in log if event["event"] == "probe"}
    assert made == {(port, probe) for server, port, probe, _ in announced["probes"] if server != "<authority>"}


@pytest.mark.samba
def test_the_log_begins_with_who_asks_and_ends_with_what_came(
    real: tuple[list[dict[str, Any]], dict[str, Any]], samba_baseline: Directory
) -> None:
    log, announced = real
    assert [log[0]["event"], log[-1]["event"]] == ["start", "end"]
    assert (log[0]["account"], log[0]["resumed"]) == (announced["account"], False)
    assert log[-1]["incomplete_reason"] is None
    assert samba_baseline.auditor.password not in json.dumps(log)
