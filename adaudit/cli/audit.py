"""``adaudit audit``: judge a snapshot with every rule and write the report."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.text import Text

from adaudit.engine import audit, load_rules
from adaudit.engine.model import Audit, Language, Status
from adaudit.errors import IncompleteError, UsageError
from adaudit.report import FILES, Texts, findings_json, write_report
from adaudit.report.masking import mask
from adaudit.report.values import Format, clean
from adaudit.report.verdict import figures, first_to_fix, objects_behind
from adaudit.snapshot import open_snapshot
from adaudit.visible import visible

_SHOWN: Final = 5
_PATH = click.Path(path_type=Path)
_STYLES: Final = {1: "bold red", 2: "red", 3: "yellow", 4: "cyan", 5: "green", None: ""}

Line = tuple[str, str]
"""A style of rich and a text."""


@click.command(name="audit", epilog="Example: adaudit audit chu.adsnap -o out --fail-on 1")
@click.argument("path", metavar="SNAPSHOT", type=_PATH)
@click.option("-o", "--output", type=_PATH, metavar="FOLDER", help="Folder to write the report in; made if need be.")
@click.option(
    "--lang",
    "language",
    type=click.Choice(["fr", "en"]),
    default="fr",
    show_default=True,
    help="Language of the report.",
)
@click.option(
    "--fail-on",
    type=click.IntRange(1, 5),
    metavar="LEVEL",
    help="Exit with 1 when a finding has this level or a lower one; 1 is the worst.",
)
@click.option("--strict", is_flag=True, help="Exit with 3 also when facts were refused to the account that read.")
@click.option("--json", "as_json", is_flag=True, help="Print findings.json instead of the summary, for scripts.")
def command(
    *, path: Path, output: Path | None, language: Language, fail_on: int | None, strict: bool, as_json: bool
) -> int:
    """Judge SNAPSHOT with every rule and write report.html, findings.json and findings.csv in FOLDER.

    The exit code is 3 when a rule ends in error or the collection was incomplete, else 1 when --fail-on says so.
    """
    if output is None and not as_json:
        raise UsageError("give the folder to write in with -o, or --json")
    texts = Texts(language)
    with _working(texts("terminal.judging")), open_snapshot(path) as snapshot:
        judged = audit(snapshot, load_rules())
    page = None if output is None else write_report(judged, output, language)
    if as_json:
        click.echo(findings_json(judged, language).encode("utf-8", "backslashreplace"), nl=False)
    elif page is not None:
        _tell(_summary(judged, page, texts))
    if problems := list(_problems(judged, texts, strict=strict)):
        raise IncompleteError("; ".join(problems), place=str(path))
    return int(fail_on is not None and _fails(judged, fail_on))


@contextmanager
def _working(message: str) -> Iterator[None]:
    """Say so on stderr while it lasts, when stderr is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    with Console(stderr=True).status(Text(message)):
        yield


def _fails(judged: Audit, worst_allowed: int) -> bool:
    return any(
        result.status is Status.VIOLATIONS and result.level is not None and result.level <= worst_allowed
        for result in judged.results
    )


def _problems(judged: Audit, texts: Texts, *, strict: bool) -> Iterator[str]:
    """Why the audit cannot be relied on as a whole."""
    failed = [result.rule.id for result in judged.results if result.status is Status.ERROR]
    if failed:
        yield texts.count("terminal.rules_in_error", len(failed), str(len(failed)), ids=", ".join(failed))
    if not judged.is_complete:
        reason = judged.incomplete_reason or texts("summary.no_reason")
        yield texts("terminal.snapshot_incomplete", reason=mask(reason))
    denied = sum(gap.count for gap in judged.coverage if gap.status == "denied")
    if strict and denied:
        yield texts.count("terminal.facts_denied", denied, str(denied))


def _summary(judged: Audit, page: Path, texts: Texts) -> Iterator[Line]:
    form = Format(texts)
    yield "bold", texts("terminal.title", forest=clean(judged.forest) or "?", as_of=form.moment(judged.as_of))
    level = judged.level
    key = "terminal.level_none" if level.indicative is None else "terminal.level"
    yield _STYLES[level.indicative], texts(key, level=level.indicative, at_worst=level.at_worst)
    yield "", ""
    yield from _violations(judged, texts)
    first = first_to_fix(judged)
    if first:
        yield "", ""
        yield "bold", texts("terminal.first")
    for result in first[:_SHOWN]:
        number = objects_behind(result)
        objects = texts.count("first.objects", number, form.number(number))
        title = result.rule.prose[texts.language].title
        yield _STYLES[result.level], texts("terminal.first_line", level=result.level, title=title, objects=objects)
    yield "", ""
    statuses = Counter(result.status.value for result in judged.results)
    counted = {status: statuses[status] for status in ("compliant", "not_assessed", "error")}
    yield "", texts("terminal.assessed", **counted)
    told = figures(judged)
    yield "", texts("terminal.not_implemented", answered=told.answered, total=told.total)
    yield "", ""
    yield "bold", texts("terminal.written")
    for name in FILES:
        yield "", f"  {page.parent / name}"
    yield "", ""
    yield "", texts("terminal.next", path=page)


def _violations(judged: Audit, texts: Texts) -> Iterator[Line]:
    levels = Counter(result.level for result in judged.results if result.status is Status.VIOLATIONS)
    yield "bold", texts("terminal.violations")
    if not levels:
        yield "", texts("terminal.violations_none")
    for level in sorted(n for n in levels if n is not None):
        yield _STYLES[level], texts("terminal.violations_level", level=level, n=levels[level])
    if levels[None]:
        yield "", texts("terminal.no_level", n=levels[None])


def _tell(lines: Iterable[Line]) -> None:
    """Colours on a terminal only, and not where NO_COLOR is set."""
    console = Console() if sys.stdout.isatty() else None
    for style, text in lines:
        if console:
            console.print(Text(visible(text), style=style), soft_wrap=True)
        else:
            click.echo(visible(text))
