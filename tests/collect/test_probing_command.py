"""Probes are off, listed and agreed to before anything is sent."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from adaudit.cli import probing
from adaudit.cli.probing import ProbeChoice, listing, probing_options
from adaudit.collect.probes import Target, TargetKind, plan
from adaudit.errors import UsageError

PLANNED = plan([Target("dc1.chu.example"), Target("ca1.chu.example", TargetKind.WEB_ENROLMENT)])


@click.command()
@probing_options
def tell(*, probing: ProbeChoice) -> None:
    """A command that has the options."""
    click.echo(repr(probing))


@click.command()
def confirm() -> None:
    ProbeChoice(wanted=True).confirm(PLANNED)
    click.echo("confirmed")


@pytest.fixture
def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "is_terminal", lambda: True)


def test_probes_are_off_by_default() -> None:
    assert repr(ProbeChoice(wanted=False, accepted=False, timeout=5.0)) in CliRunner().invoke(tell, []).output


def test_probes_are_chosen_accepted_and_timed_by_options() -> None:
    result = CliRunner().invoke(tell, ["--probes", "--accept-probes", "--probe-timeout", "2"])
    assert repr(ProbeChoice(wanted=True, accepted=True, timeout=2.0)) in result.output


def test_accepting_what_was_not_asked_for_is_a_mistake() -> None:
    assert isinstance(CliRunner().invoke(tell, ["--accept-probes"]).exception, UsageError)


def test_the_list_names_server_port_probe_and_what_is_sent() -> None:
    lines = listing(PLANNED, 5).splitlines()
    assert len(lines) == 1 + len(PLANNED) + 2
    assert lines[1] == "dc1.chu.example"
    for probe in PLANNED:
        assert any(
            line.split()[0] == str(probe.port) and probe.probe in line and probe.description in line for line in lines
        )


def test_a_server_cannot_write_lines_into_the_list() -> None:
    hostile = plan([Target("dc1\n  389  nothing\x1b[2K")])
    assert len(listing(hostile, 5).splitlines()) == 2 + len(hostile)
    assert "\x1b" not in listing(hostile, 5)


def test_without_a_terminal_nothing_runs_that_was_not_accepted() -> None:
    result = CliRunner().invoke(confirm)
    assert isinstance(result.exception, UsageError)
    assert "ldap_signing" in result.stderr


@pytest.mark.usefixtures("on_a_terminal")
@pytest.mark.parametrize(("answer", "runs"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_on_a_terminal_a_yes_is_asked_for(answer: str, runs: bool) -> None:
    result = CliRunner().invoke(confirm, input=answer)
    assert ("confirmed" in result.stdout) is runs
    assert "smb_null_session" in result.stderr


def test_what_was_accepted_is_still_listed(capsys: pytest.CaptureFixture[str]) -> None:
    ProbeChoice(wanted=True, accepted=True).confirm(PLANNED)
    assert "ldap_signing" in capsys.readouterr().err


def test_a_server_named_twice_is_asked_once() -> None:
    assert len(plan([Target("dc1.chu.example"), Target("DC1.chu.example")])) == len(plan([Target("dc1.chu.example")]))
