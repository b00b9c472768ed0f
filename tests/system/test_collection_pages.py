"""The pages on collection, one per language, say what the program does: every option, reason and event."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adaudit.cli.collect import command
from adaudit.collect.log import EVENTS
from adaudit.engine import load_rules
from adaudit.schema import COLLECTED

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("collection.md", "collecte.md")


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def quoted(name: str) -> set[str]:
    """What stands in backquotes: options, codes, names, commands."""
    return set(re.findall(r"`([^`]+)`", page(name)))


def options() -> set[str]:
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}


def reasons() -> set[str]:
    return set(COLLECTED["coverage"].column("reason").doc.removeprefix("code: ").split(", "))


@pytest.mark.parametrize("name", PAGES)
def test_every_option_of_collect_is_explained(name: str) -> None:
    told = {word for text in quoted(name) for word in text.split()}
    assert sorted(options() - told) == []


@pytest.mark.parametrize("name", PAGES)
def test_every_option_named_exists(name: str) -> None:
    told = {word for text in quoted(name) for word in text.split() if word.startswith("--")}
    assert sorted(told - options() - {"--help"}) == []


@pytest.mark.parametrize("name", PAGES)
def test_every_reason_of_coverage_has_a_row(name: str) -> None:
    rows = set(re.findall(r"^\| `([a-z_]+)` \|", page(name), re.MULTILINE))
    assert "known_hidden" in reasons()
    assert sorted(reasons() - rows) == []


@pytest.mark.parametrize("name", PAGES)
def test_every_event_of_the_log_is_explained(name: str) -> None:
    assert sorted(EVENTS.keys() - quoted(name)) == []


@pytest.mark.parametrize("name", PAGES)
def test_every_rule_named_exists(name: str) -> None:
    named = set(re.findall(r"`(vuln_\w+)`", page(name)))
    assert named
    assert sorted(named - {rule.id for rule in load_rules().rules}) == []


def test_both_pages_name_the_same_things() -> None:
    english, french = (quoted(name) for name in PAGES)
    example = {text for text in english ^ french if text.startswith("adaudit collect --since")}
    assert (english ^ french) - example == set()


def test_both_pages_name_the_same_events_of_windows() -> None:
    english, french = (set(re.findall(r"\b[1-9]\d{3,4}\b", page(name))) for name in PAGES)
    assert "4662" in english
    assert english == french


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    targets = re.findall(r"\]\(([^)#]+)", page(name))
    assert [target for target in targets if not (DOCS / target).exists()] == []
