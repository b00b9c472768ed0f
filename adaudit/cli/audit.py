"""``adaudit audit``: judge a snapshot with every rule and write the report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from adaudit.cli.summary import summary, tell
from adaudit.cli.timings import Stopwatch, timing_lines
from adaudit.cli.working import working
from adaudit.engine import audit, load_pack, load_rules, read_exceptions
from adaudit.engine.model import Audit, Language, Status
from adaudit.engine.score import priority
from adaudit.engine.site_tier0 import read_site_tier0
from adaudit.errors import IncompleteError, UsageError
from adaudit.graph.answers.entry_points import read_entry_points
from adaudit.graph.site_tier0 import AS_FOUND
from adaudit.report.folder import check_folder
from adaudit.report.masking import mask
from adaudit.report.texts import Texts
from adaudit.report.writing import findings_json, write_report
from adaudit.snapshot import open_snapshot

_PATH = click.Path(path_type=Path)


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
    type=click.IntRange(1, 4),
    metavar="N",
    help="Exit with 1 when a finding that is not accepted has this priority or a higher one; 1 is level 1 or critical.",
)
@click.option(
    "--exceptions",
    "exceptions_path",
    type=_PATH,
    metavar="FILE",
    help="Findings accepted until a date (docs/exceptions.md): shown as such, left out of --fail-on.",
)
@click.option(
    "--rules", "pack_folder", type=_PATH, metavar="DIR", help="Judge with a rule pack as well (rules/README.md)."
)
@click.option("--tier0", "site_path", type=_PATH, metavar="FILE", help="What the site adds to tier 0 (docs/graph.md).")
@click.option(
    "--entry-points",
    "entry_points_path",
    type=_PATH,
    metavar="FILE",
    help="CSV of hosts or accounts known to be exposed: their paths to tier 0 open the report (docs/graph.md).",
)
@click.option("--strict", is_flag=True, help="Exit with 3 also when facts were refused to the account that read.")
@click.option("--json", "as_json", is_flag=True, help="Print findings.json instead of the summary, for scripts.")
@click.option("--timings", is_flag=True, help="Tell on stderr what each rule and each table took, slowest first.")
def command(
    *,
    path: Path,
    output: Path | None,
    language: Language,
    fail_on: int | None,
    exceptions_path: Path | None,
    pack_folder: Path | None,
    site_path: Path | None,
    entry_points_path: Path | None,
    strict: bool,
    as_json: bool,
    timings: bool,
) -> int:
    """Judge SNAPSHOT with every rule and write report.html, findings.json and findings.csv in FOLDER.

    The exit code is 3 when a rule ends in error or the collection was incomplete, else 1 when --fail-on says so.
    """
    if output is None and not as_json:
        raise UsageError("give the folder to write in with -o, or --json")
    if output is not None:
        check_folder(output)
    texts = Texts(language)
    exceptions = None if exceptions_path is None else read_exceptions(exceptions_path)
    pack = None if pack_folder is None else load_pack(pack_folder)
    site = AS_FOUND if site_path is None else read_site_tier0(site_path)
    entry_points = () if entry_points_path is None else read_entry_points(entry_points_path)
    watch = Stopwatch()
    with working(texts("terminal.judging")), open_snapshot(path) as snapshot:
        book = load_rules(with_cases=False)
        watch.lap("rules read")
        judged = audit(snapshot, book, exceptions=exceptions, pack=pack, tier0=site, entry_points=entry_points)
    watch.lap("judged")
    page = None if output is None else write_report(judged, output, language)
    watch.lap("report written")
    if timings:
        for line in timing_lines(judged, watch):
            click.echo(line, err=True)
    if as_json:
        click.echo(findings_json(judged, language).encode("utf-8", "backslashreplace"), nl=False)
    elif page is not None:
        tell(summary(judged, page, texts))
    if problems := list(_problems(judged, texts, strict=strict)):
        raise IncompleteError("; ".join(problems), place=str(path))
    return int(fail_on is not None and _fails(judged, fail_on))


def _fails(judged: Audit, worst_allowed: int) -> bool:
    """Whether a finding that nobody accepted is of that priority or a higher one."""
    priorities = (
        priority(result.rule, subject.level)
        for result in judged.results
        if result.status is Status.VIOLATIONS
        for subject in result.subjects
        if subject.accepted is None
    )
    return any(found is not None and found <= worst_allowed for found in priorities)


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
