"""``adaudit what-if``: exposure and level once some changes are made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from adaudit.cli.summary import score_text
from adaudit.cli.working import working
from adaudit.engine import load_rules
from adaudit.engine.model import Audit, Language
from adaudit.engine.site_tier0 import read_site_tier0
from adaudit.engine.what_if import WhatIf, what_if
from adaudit.graph.answers.told import Outlook
from adaudit.graph.site_tier0 import AS_FOUND
from adaudit.report.outlook import exposure_told
from adaudit.report.paths_document import change_part
from adaudit.report.steps import Steps
from adaudit.report.texts import Texts
from adaudit.snapshot import open_snapshot
from adaudit.visible import visible, visible_json

FORMAT: Final = 1
"""Version of the JSON."""

_PATH = click.Path(path_type=Path)


@click.command(name="what-if", epilog="Example: adaudit what-if chu.adsnap 12 40")
@click.argument("path", metavar="SNAPSHOT", type=_PATH)
@click.argument("changes", metavar="CHANGES...", type=click.IntRange(0), nargs=-1, required=True)
@click.option("--tier0", "site_path", type=_PATH, metavar="FILE", help="What the site adds to tier 0 (docs/graph.md).")
@click.option("--lang", "language", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def command(*, path: Path, changes: tuple[int, ...], site_path: Path | None, language: Language, as_json: bool) -> None:
    """Judge SNAPSHOT as it would be once CHANGES, numbers that adaudit plan tells, are made. Nothing is changed."""
    site = AS_FOUND if site_path is None else read_site_tier0(site_path)
    texts = Texts(language)
    with working(texts("terminal.judging")), open_snapshot(path) as snapshot:
        told = what_if(snapshot, load_rules(with_cases=False), tuple(dict.fromkeys(changes)), tier0=site)
    if as_json:
        click.echo(visible_json(json.dumps(_document(told), ensure_ascii=False, indent=1)))
    else:
        click.echo("\n".join(visible(line) for line in _lines(told, texts)))


def _lines(told: WhatIf, texts: Texts) -> Iterator[str]:
    steps = Steps((), {}, texts)
    for change in told.changes:
        yield texts("terminal.what_if_change", number=change.number, change=steps.change(change))
    for when, judged in (("before", told.before), ("after", told.after)):
        yield texts(
            "terminal.what_if_line",
            when=texts(f"terminal.what_if_{when}"),
            level=judged.level.indicative or texts("level.none"),
            at_worst=judged.level.at_worst,
            score=score_text(judged.scores.overall, texts),
            exposure=_exposure(judged.outlook, texts),
        )


def _exposure(outlook: Outlook | None, texts: Texts) -> str:
    if outlook is None:
        return texts("exposure.no_accounts")
    return exposure_told(outlook.exposed_accounts, outlook.accounts, outlook.missing, texts)


def _document(told: WhatIf) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "changes": [change_part(change) for change in told.changes],
        "before": _standing(told.before),
        "after": _standing(told.after),
    }


def _standing(judged: Audit) -> dict[str, Any]:
    outlook = judged.outlook
    return {
        "level": judged.level.indicative,
        "at_worst": judged.level.at_worst,
        "score": {"best": judged.scores.overall.best, "worst": judged.scores.overall.worst},
        "accounts": outlook.accounts if outlook else None,
        "exposed": outlook.exposed_accounts if outlook else None,
    }
