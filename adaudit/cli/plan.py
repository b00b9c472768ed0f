"""``adaudit plan``: which changes stop the paths to tier 0, in order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import click

from adaudit.cli.working import working
from adaudit.engine.model import Language
from adaudit.engine.site_tier0 import read_site_tier0
from adaudit.graph.answers.told import Plan
from adaudit.graph.questions import Exposed, ask
from adaudit.graph.site_tier0 import AS_FOUND
from adaudit.report.outlook import exposure_told, gain_told
from adaudit.report.paths_document import plan_part
from adaudit.report.steps import Steps
from adaudit.report.texts import Texts
from adaudit.report.values import Format
from adaudit.snapshot import open_snapshot
from adaudit.visible import visible, visible_json

FORMAT: Final = 1
"""Version of the JSON."""

_PATH = click.Path(path_type=Path)


@click.command(name="plan", epilog="Example: adaudit plan chu.adsnap --below 50")
@click.argument("path", metavar="SNAPSHOT", type=_PATH)
@click.option(
    "--below",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="N",
    help="Stop where no more than N accounts still reach tier 0.",
)
@click.option("--tier0", "site_path", type=_PATH, metavar="FILE", help="What the site adds to tier 0 (docs/graph.md).")
@click.option("--lang", "language", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def command(*, path: Path, below: int, site_path: Path | None, language: Language, as_json: bool) -> None:
    """Tell the changes after which accounts of SNAPSHOT no longer reach tier 0, the most useful first.

    Their numbers, in brackets, are what adaudit what-if takes.
    """
    site = AS_FOUND if site_path is None else read_site_tier0(site_path)
    texts = Texts(language)
    with working(texts("terminal.judging")), open_snapshot(path) as snapshot:
        questions = ask(snapshot, site)
        exposed, plan, missing = questions.exposure(), questions.plan(below), questions.missing()
    if unread := sum(missing.values()):
        click.echo(texts.count("terminal.paths_unread", unread, Format(texts).number(unread)), err=True)
    if as_json:
        told = {"accounts": exposed.accounts, "exposed": exposed.exposed, "plan": plan_part(plan)}
        click.echo(visible_json(json.dumps({"format": FORMAT, **told}, ensure_ascii=False, indent=1)))
    else:
        click.echo("\n".join(visible(line) for line in _lines(exposed, plan, missing, texts)))


def _lines(exposed: Exposed, plan: Plan, missing: Mapping[str, int], texts: Texts) -> Iterator[str]:
    number = Format(texts).number
    steps = Steps((), {}, texts)
    yield exposure_told(sum(exposed.exposed.values()), exposed.accounts, missing, texts)
    if not plan.steps:
        yield texts("terminal.plan_none")
    for rank, step in enumerate(plan.steps, 1):
        yield texts(
            "terminal.plan_line",
            rank=rank,
            number=step.change.number,
            change=steps.change(step.change),
            gain=gain_told(step, texts),
            left=texts.count("plan.left", step.left, number(step.left)),
        )
    if plan.irreducible:
        yield texts.count("terminal.plan_irreducible", plan.irreducible, number(plan.irreducible))
    if plan.is_least and len(plan.steps) == plan.least > 0:
        yield texts("terminal.plan_least", n=number(plan.least))
