"""What ``adaudit audit`` tells on a terminal."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import click

from adaudit.engine.model import Audit, Status
from adaudit.engine.score import priority
from adaudit.engine.standing import AcceptanceState, Score
from adaudit.report.cards import grade, priority_name
from adaudit.report.outlook import exposure_told
from adaudit.report.texts import Texts
from adaudit.report.values import Format, clean
from adaudit.report.verdict import figures, objects_behind, to_fix
from adaudit.report.writing import FILES
from adaudit.visible import visible

_SHOWN: Final = 5
_STYLES: Final = {1: "bold red", 2: "red", 3: "yellow", 4: "cyan", 5: "green", None: ""}

Line = tuple[str, str]
"""A style of rich and a text."""


def summary(judged: Audit, page: Path, texts: Texts) -> Iterator[Line]:
    """The lines to show, in order; ``page``: where the report was written."""
    form = Format(texts)
    yield "bold", texts("terminal.title", forest=clean(judged.forest) or "?", as_of=form.moment(judged.as_of))
    if judged.outlook is not None:
        yield (
            "bold",
            exposure_told(judged.outlook.exposed_accounts, judged.outlook.accounts, judged.outlook.missing, texts),
        )
    yield from _standing(judged, texts)
    yield "", ""
    yield from _violations(judged, texts)
    yield from _first(judged, texts)
    yield "", ""
    statuses = Counter(result.status.value for result in judged.results)
    counted = {status: statuses[status] for status in ("compliant", "not_assessed", "error")}
    yield "", texts("terminal.assessed", **counted)
    told = figures(judged)
    yield "", texts("terminal.not_implemented", answered=told.answered, total=told.total)
    yield from _exceptions(judged, texts)
    yield "", ""
    yield "bold", texts("terminal.written")
    for name in FILES:
        yield "", f"  {page.parent / name}"
    yield "", ""
    yield "", texts("terminal.next", path=page)


def tell(lines: Iterable[Line]) -> None:
    """Colours on a terminal only, and not where NO_COLOR is set."""
    if not sys.stdout.isatty():
        for _, text in lines:
            click.echo(visible(text))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console()
    for style, text in lines:
        console.print(Text(visible(text), style=style), soft_wrap=True)


def _standing(judged: Audit, texts: Texts) -> Iterator[Line]:
    level = judged.level
    key = "terminal.level_none" if level.indicative is None else "terminal.level"
    yield _STYLES[level.indicative], texts(key, level=level.indicative, at_worst=level.at_worst)
    yield "", texts("terminal.score", score=score_text(judged.scores.overall, texts))
    if excepted := judged.excepted:
        yield (
            "",
            texts(
                "terminal.excepted",
                level=excepted.level.indicative or texts("level.none"),
                at_worst=excepted.level.at_worst,
                score=score_text(excepted.scores.overall, texts),
            ),
        )


def score_text(score: Score, texts: Texts) -> str:
    """A score, or its bounds."""
    best, worst = math.floor(score.best), math.floor(score.worst)
    return str(best) if best == worst else texts("terminal.score_range", worst=worst, best=best)


def _violations(judged: Audit, texts: Texts) -> Iterator[Line]:
    found = (result for result in judged.results if result.status is Status.VIOLATIONS)
    priorities = Counter(priority(result.rule, result.level) for result in found)
    yield "bold", texts("terminal.violations")
    if not priorities:
        yield "", texts("terminal.violations_none")
    for standing in sorted(n for n in priorities if n is not None):
        yield (
            _STYLES[standing],
            texts("terminal.violations_priority", priority=priority_name(standing, texts), n=priorities[standing]),
        )


def _first(judged: Audit, texts: Texts) -> Iterator[Line]:
    first = to_fix(judged)[:_SHOWN]
    if first:
        yield "", ""
        yield "bold", texts("terminal.first")
    for result in first:
        standing = priority(result.rule, result.level)
        number = objects_behind(result)
        objects = texts.count("first.objects", number, Format(texts).number(number))
        title = result.rule.prose[texts.language].title
        told = grade(result, texts)
        yield _STYLES[standing], texts("terminal.first_line", grade=told, title=title, objects=objects)


def _exceptions(judged: Audit, texts: Texts) -> Iterator[Line]:
    """How many of each state, then those that need a decision."""
    if judged.excepted is None:
        return
    yield "", ""
    states = Counter(use.state for use in judged.exceptions)
    in_force, expired = states[AcceptanceState.IN_FORCE], states[AcceptanceState.EXPIRED]
    unmatched = len(judged.exceptions) - in_force - expired
    yield "", texts("terminal.exceptions", in_force=in_force, expired=expired, unmatched=unmatched)
    for use in judged.exceptions:
        if use.state is not AcceptanceState.IN_FORCE:
            yield (
                "yellow",
                texts(
                    "terminal.exception_line",
                    place=use.acceptance.place,
                    rule=use.acceptance.rule,
                    subject=clean(use.acceptance.subject),
                    state=texts(f"exceptions.state.{use.state.value}"),
                ),
            )
