"""``adaudit rules``: read, check and try the rules."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from adaudit.engine import Outcome, RuleErrors, empty_database, load_pack, load_rules, run_cases, run_pack_cases
from adaudit.engine.answers import Extent, answers
from adaudit.engine.model import Control, Language, Rule
from adaudit.errors import InputError
from adaudit.visible import visible

folder_option = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Another folder of rules than the one that comes with the program.",
)
pack_option = click.option(
    "--rules",
    "pack_folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="A rule pack, beside those rules.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON.")
_HEADINGS: Final[dict[Language, tuple[str, ...]]] = {
    "fr": ("Pourquoi", "Comment corriger", "Comment vérifier", "Limites"),
    "en": ("Why", "How to fix", "How to check", "Limits"),
}
_POWERSHELL: Final[dict[Language, tuple[str, ...]]] = {
    "fr": ("PowerShell : simuler", "PowerShell : revenir en arrière"),
    "en": ("PowerShell: simulate", "PowerShell: go back"),
}
language_option = click.option("--lang", "language", type=click.Choice(["fr", "en"]), default="fr", show_default=True)


@click.group(epilog="Example: adaudit rules list")
def command() -> None:
    """Read, check and try the rules."""


@command.command("list", epilog="Example: adaudit rules list --lang en")
@json_option
@language_option
@folder_option
@pack_option
def list_(as_json: bool, language: Language, folder: Path | None, pack_folder: Path | None) -> None:
    """List the rules: id, kind, levels and title."""
    added = load_pack(pack_folder, folder).rules if pack_folder else ()
    rules = sorted((*load_rules(folder, with_cases=False).rules, *added), key=lambda rule: rule.id)
    if as_json:
        rows = [{**_summary(rule), "title": rule.prose[language].title} for rule in rules]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    listed = [(rule.id, rule.kind, ", ".join(map(str, rule.levels)), rule.prose[language].title) for rule in rules]
    _tell(("id", "kind", "levels", "title"), listed)


@command.command(epilog="Example: adaudit rules show vuln_dont_expire_priv")
@click.argument("rule_id", metavar="ID")
@json_option
@language_option
@folder_option
@pack_option
def show(rule_id: str, as_json: bool, language: Language, folder: Path | None, pack_folder: Path | None) -> None:
    """Show one rule: what it looks for, why, how to fix it, and its SQL."""
    rule, references = _found(rule_id, folder, pack_folder)
    if as_json:
        click.echo(json.dumps(_described(rule, references), ensure_ascii=False, indent=2))
        return
    prose = rule.prose[language]
    click.echo(f"{rule.id} - {prose.title}")
    for heading, text in zip(_HEADINGS[language], (prose.why, prose.fix, prose.verify, prose.limits), strict=True):
        click.echo(f"\n{heading}\n{text}")
    if rule.powershell:
        for heading, text in zip(_POWERSHELL[language], (rule.powershell.apply, rule.powershell.undo), strict=True):
            click.echo(f"\n{heading}\n{text}")
    click.echo()
    for controls in references.values():
        for control in controls:
            click.echo(f"{control.framework}: {control.id} {control.reference}".rstrip())
    click.echo(f"\n{rule.sql or rule.unknown}")


@command.command(epilog="Example: adaudit rules coverage --json")
@json_option
@folder_option
def coverage(as_json: bool, folder: Path | None) -> None:
    """List every control of every framework, the rule that answers it and how far.

    answered; partly: for some subjects the answer may lie beyond what is collected; beyond: for all of them; none: no
    rule. The reason says where the answer lies.
    """
    found = answers(load_rules(folder, with_cases=False))
    if as_json:
        click.echo(json.dumps([asdict(answer) for answer in found], ensure_ascii=False, indent=2))
        return
    told = [(a.framework, a.id, a.rule or "-", a.status, ", ".join(a.reasons)) for a in found]
    _tell(("framework", "control", "rule", "status", "reason"), told)
    counts = Counter(answer.status for answer in found if answer.id == answer.control)
    extents = ", ".join(f"{counts[status]} {status}" for status in Extent)
    click.echo(f"{counts.total()} controls: {extents}")


@command.command(epilog="Example: adaudit rules test vuln_dont_expire_priv")
@click.argument("rule_ids", metavar="[ID]...", nargs=-1)
@json_option
@folder_option
@pack_option
def test(rule_ids: tuple[str, ...], as_json: bool, folder: Path | None, pack_folder: Path | None) -> None:
    """Run the cases of the rules named, or of all of them; with --rules, those of the pack alone."""
    if pack_folder:
        outcomes = run_pack_cases(load_pack(pack_folder, folder), rule_ids)
    else:
        book = load_rules(folder, only=rule_ids)
        with empty_database(book) as database:
            outcomes = [outcome for rule in book.rules for outcome in run_cases(book, rule, database)]
    failed = [outcome for outcome in outcomes if outcome.difference]
    if as_json:
        click.echo(json.dumps([asdict(outcome) for outcome in outcomes], ensure_ascii=False, indent=2))
    else:
        for outcome in failed:
            click.echo(_line(outcome))
        rules = {outcome.rule_id for outcome in outcomes}
        click.echo(f"{len(rules)} rules, {len(outcomes)} cases, {len(failed)} failed")
    if failed:
        raise InputError(f"{len(failed)} of {len(outcomes)} cases failed")


@command.command(epilog="Example: adaudit rules lint --folder rules")
@json_option
@folder_option
@pack_option
def lint(as_json: bool, folder: Path | None, pack_folder: Path | None) -> None:
    """Check every file of the rules folder, or of a pack, and tell all that is wrong."""
    try:
        count = len(load_pack(pack_folder, folder).rules if pack_folder else load_rules(folder).rules)
    except RuleErrors as errors:
        if as_json:
            click.echo(json.dumps([{"place": e.place, "message": e.message} for e in errors.errors], indent=2))
        raise
    click.echo("[]" if as_json else f"{count} rules, nothing wrong")


def _tell(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """One line a row, however long, so that what is piped can be searched."""
    lines = [headings, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo(visible("  ".join(map(str.ljust, line, widths)).rstrip()))


def _line(outcome: Outcome) -> str:
    return f"{outcome.rule_id}: {outcome.name}\n    {outcome.difference}"


def _summary(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "kind": rule.kind,
        "family": rule.family,
        "levels": rule.levels,
        "severity": rule.severity,
        "controls": rule.controls,
        "subject": rule.subject,
    }


def _found(rule_id: str, folder: Path | None, pack_folder: Path | None) -> tuple[Rule, dict[str, tuple[Control, ...]]]:
    """A rule, and what the frameworks say of its controls."""
    if pack_folder:
        for rule in load_pack(pack_folder, folder).rules:
            if rule.id == rule_id:
                return rule, {}
    book = load_rules(folder, only=[rule_id], with_cases=False)
    rule = book.rule(rule_id)
    return rule, book.references(rule.controls)


def _described(rule: Rule, references: dict[str, tuple[Control, ...]]) -> dict[str, Any]:
    return {
        **_summary(rule),
        "needs": asdict(rule.needs),
        "evidence": rule.evidence,
        "params": rule.params,
        "sql": rule.sql or None,
        "unknown": rule.unknown or None,
        "population": rule.population,
        "detail": asdict(rule.detail) if rule.detail else None,
        "powershell": asdict(rule.powershell) if rule.powershell else None,
        "prose": {language: asdict(prose) for language, prose in rule.prose.items()},
        "references": {control: [asdict(c) for c in found] for control, found in references.items()},
    }
