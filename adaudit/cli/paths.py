"""``adaudit paths``: ask the attack graph of a snapshot who can take what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Final

import click

from adaudit.cli.working import working
from adaudit.errors import UsageError
from adaudit.graph.answers.told import Ace, Evidence, Path, Step, Thing
from adaudit.graph.questions import AtDistance, Questions, ask
from adaudit.graph.site_tier0 import AS_FOUND
from adaudit.report.masking import mask
from adaudit.report.steps import Steps
from adaudit.report.texts import Texts
from adaudit.report.values import Format
from adaudit.snapshot import open_snapshot
from adaudit.visible import visible, visible_json

if TYPE_CHECKING:
    from adaudit.engine.model import Language

FORMAT: Final = 1
"""Version of the JSON."""

_PATH = click.Path(path_type=FilePath)
_SHOWN: Final = 50
"""Nodes listed on a terminal; the JSON has all."""


@click.command(name="paths", epilog="Example: adaudit paths chu.adsnap --from S-1-5-11 --to tier0")
@click.argument("path", metavar="SNAPSHOT", type=_PATH)
@click.option("--from", "source", metavar="NAME", help="Who: a name, SID, DN, UPN or host. Alone: all that it reaches.")
@click.option("--to", "target", metavar="NAME", help="What: the same, or tier0. Alone: all who reach it.")
@click.option(
    "--most", type=click.IntRange(1, 100), default=1, show_default=True, help="How many paths, shortest first."
)
@click.option("--tier0", "site_path", type=_PATH, metavar="FILE", help="What the site adds to tier 0 (docs/graph.md).")
@click.option("--lang", "language", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def command(
    *,
    path: FilePath,
    source: str | None,
    target: str | None,
    most: int,
    site_path: FilePath | None,
    language: Language,
    as_json: bool,
) -> None:
    """Show how one account, group or object of SNAPSHOT can take another, each step with its proof.

    A name that nothing bears, or several things, is an error that lists what it may mean.
    """
    if source is None and target is None:
        raise UsageError("give --from, --to or both")
    site = AS_FOUND
    if site_path is not None:
        from adaudit.engine.site_tier0 import read_site_tier0  # needs duckdb, which no search does

        site = read_site_tier0(site_path)
    texts = Texts(language)
    with working(texts("terminal.drawing")), open_snapshot(path) as snapshot:
        questions = ask(snapshot, site)
    if source is not None and target is not None:
        paths = questions.paths(source, target, most)
        answer, lines = {"paths": [_path(each) for each in paths]}, _told(paths, source, target, texts)
    else:
        paths, reached = (), _reached(questions, source, target)
        answer, lines = {"reached": [_at_distance(each) for each in reached]}, _listed(reached, source, target, texts)
    if not paths and (unread := sum(questions.missing(target).values())):
        click.echo(texts.count("terminal.ways_unread", unread, Format(texts).number(unread)), err=True)
    if as_json:
        click.echo(visible_json(json.dumps({"format": FORMAT, **answer}, ensure_ascii=False, indent=1)))
    else:
        click.echo("\n".join(visible(line) for line in lines))


def _reached(questions: Questions, source: str | None, target: str | None) -> tuple[AtDistance, ...]:
    return questions.reached_from(source) if source is not None else questions.who_reaches(target or "")


def _told(paths: tuple[Path, ...], source: str, target: str, texts: Texts) -> Iterator[str]:
    if not paths:
        yield texts("terminal.path_none", source=source, target=target)
    steps = Steps((), {}, texts)
    for rank, path in enumerate(paths, 1):
        start, shown = _title(path.nodes[0], steps), Format(texts).number(path.length)
        yield texts.count("terminal.path", path.length, shown, rank=rank, start=start)
        for proof, reached in zip(steps.chain(path).proofs, path.nodes[1:], strict=True):
            yield texts("terminal.path_step", verb=proof.verb, target=_title(reached, steps), kind=proof.kind)
            yield from (f"      {label}{texts('colon')}{value}" for label, value in proof.facts)


def _listed(reached: tuple[AtDistance, ...], source: str | None, target: str | None, texts: Texts) -> Iterator[str]:
    number, steps = Format(texts).number, Steps((), {}, texts)
    key = "terminal.reaches" if source is None else "terminal.reached_from"
    yield texts(key, name=target if source is None else source, n=number(len(reached)))
    for each in reached[:_SHOWN]:
        yield f"  {each.distance}  {_title(each.thing, steps)}"
    if len(reached) > _SHOWN:
        yield texts("terminal.reached_more", n=number(len(reached) - _SHOWN))


def _title(thing: Thing, steps: Steps) -> str:
    """Name and type, with the domain or, where there is none, the SID."""
    named = steps.named(thing)
    place = mask(thing.domain) or named.sid
    return f"{named.name} ({named.type}{f', {place}' if place else ''})"


def _path(path: Path) -> dict[str, Any]:
    return {
        "length": path.length,
        "nodes": [_thing(node) for node in path.nodes],
        "edges": [
            {"source": mask(e.source), "target": mask(e.target), "kind": e.kind, "evidence": _evidence(e)}
            for e in path.edges
        ],
    }


def _at_distance(each: AtDistance) -> dict[str, Any]:
    return {**_thing(each.thing), "distance": each.distance}


def _thing(thing: Thing) -> dict[str, str]:
    return {"key": mask(thing.key), "name": mask(thing.name), "type": thing.type}


def _evidence(step: Step) -> dict[str, Any]:
    evidence: Evidence = step.evidence
    return {
        "object": {**_thing(evidence.object), "dn": None if evidence.object.dn is None else mask(evidence.object.dn)},
        "attribute": evidence.attribute,
        "detail": mask(evidence.detail),
        "difficulty": step.difficulty,
        "ace": None if evidence.ace is None else _ace(evidence.ace),
        "owner": evidence.owner,
        "is_removable": step.change is not None,
    }


def _ace(ace: Ace) -> dict[str, Any]:
    return {
        "position": ace.position,
        "sddl": ace.sddl,
        "is_inherited": ace.is_inherited,
        "inherited_from": None if ace.origin is None else _thing(ace.origin),
    }
