"""``adaudit snapshot``: look into a snapshot, check it, take its tables out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adaudit.snapshot import Snapshot, open_snapshot
from adaudit.visible import visible

if TYPE_CHECKING:
    from adaudit.snapshot.export import ExportForm

_SNAPSHOT = click.Path(path_type=Path)


@click.group(name="snapshot", epilog="Example: adaudit snapshot info chu.adsnap")
def command() -> None:
    """Look into a snapshot, verify it or export its tables."""


@command.command(epilog="Example: adaudit snapshot info chu.adsnap --json")
@click.argument("path", metavar="SNAPSHOT", type=_SNAPSHOT)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def info(path: Path, *, as_json: bool) -> None:
    """Say what SNAPSHOT holds: where it comes from, when, its tables and what could not be read."""
    with open_snapshot(path) as snapshot:
        if as_json:
            click.echo(_as_json(snapshot))
        else:
            click.echo("\n".join(visible(line) for line in _as_text(snapshot)))


@command.command(epilog="Example: adaudit snapshot verify chu.adsnap")
@click.argument("path", metavar="SNAPSHOT", type=_SNAPSHOT)
def verify(path: Path) -> None:
    """Check the structure of SNAPSHOT and the hash of every table and of its log; exit code 4 when it is not sound."""
    with open_snapshot(path) as snapshot:
        checked = f"{len(snapshot.manifest.tables)} tables" + (" and of the log" if snapshot.manifest.log else "")
        click.echo(visible(f"{path}: sound, the hashes of {checked} match"))
        click.echo(f"SHA-256 {snapshot.sha256}")


@command.command(epilog="Example: adaudit snapshot export chu.adsnap --to duckdb -o chu.duckdb")
@click.argument("path", metavar="SNAPSHOT", type=_SNAPSHOT)
@click.option(
    "--to",
    "form",
    type=click.Choice(["parquet", "csv", "duckdb"]),
    required=True,
    help="parquet or csv: a folder with one file per table; duckdb: one database file.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Folder or file to write.")
@click.option("--overwrite", is_flag=True, help="Replace what an earlier export wrote there.")
def export(path: Path, form: ExportForm, output: Path, *, overwrite: bool) -> None:
    """Write the tables of SNAPSHOT for other tools; only their owner may read them.

    In CSV, lists are JSON and bytes hexadecimal; a text that a spreadsheet would run as a formula (it begins
    with =, +, -, @, a tab or a line end) is preceded by an apostrophe.
    """
    from adaudit.snapshot.export import export_snapshot  # needs duckdb

    with open_snapshot(path) as snapshot:
        export_snapshot(snapshot, form, output, overwrite=overwrite)
    click.echo(visible(str(output)))


@command.command(epilog="Example: adaudit snapshot log chu.adsnap")
@click.argument("path", metavar="SNAPSHOT", type=_SNAPSHOT)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line, for scripts.")
def log(path: Path, *, as_json: bool) -> None:
    """Print the audit trail of SNAPSHOT: what the collection asked of whom, as whom, when, and what came back."""
    with open_snapshot(path) as snapshot:
        if snapshot.manifest.log is None:
            click.echo(visible(f"{path}: has no log, it was not collected from a server"), err=True)
        for event in snapshot.log():
            click.echo(json.dumps(event) if as_json else visible(_event_as_text(event)))


def _event_as_text(event: dict[str, Any]) -> str:
    facts = (
        f"{name}={json.dumps(value, ensure_ascii=False)}"
        for name, value in event.items()
        if name not in ("at", "event") and value not in (None, "", [])
    )
    return "  ".join((event["at"], f"{event['event']:<9}", *facts))


def _domains(snapshot: Snapshot) -> list[dict[str, object]]:
    rows = snapshot.table("domains", ["dns_name", "sid", "is_collected"]).to_pylist()
    return [{"dns": row["dns_name"], "sid": row["sid"], "is_collected": row["is_collected"]} for row in rows]


def _gaps(snapshot: Snapshot) -> list[dict[str, object]]:
    """Rows of coverage, counted."""
    keys = ["status", "reason", "table_name", "column_name"]
    counted = snapshot.table("coverage", keys).group_by(keys).aggregate([([], "count_all")])
    rows = counted.sort_by([(key, "ascending") for key in keys]).to_pylist()
    return [
        {
            "status": row["status"],
            "reason": row["reason"],
            "table": row["table_name"],
            "column": row["column_name"],
            "count": row["count_all"],
        }
        for row in rows
    ]


def _as_json(snapshot: Snapshot) -> str:
    facts = {
        "path": str(snapshot.path),
        "sha256": snapshot.sha256,
        **snapshot.manifest.model_dump(mode="json"),
        "domains": _domains(snapshot),
        "tables": {name: table.rows for name, table in snapshot.manifest.tables.items()},
        "coverage": _gaps(snapshot),
    }
    return json.dumps(facts, indent=2)


def _as_text(snapshot: Snapshot) -> Iterator[str]:
    manifest = snapshot.manifest
    source = manifest.source
    yield f"{snapshot.path}  (format {manifest.format}, {source.tool})"
    yield f"SHA-256   {snapshot.sha256}"
    yield f"As of     {manifest.as_of} UTC ({manifest.as_of_origin})"
    yield f"Complete  {'yes' if manifest.complete else f'no: {manifest.incomplete_reason}'}"
    origin = source.server or ", ".join(file.name for file in source.files)
    named = f"{source.kind} {origin}".rstrip()
    yield f"Source    {named}{f', read as {source.account}' if source.account else ''}"
    if source.server and source.files:
        yield f"Added     {', '.join(file.name for file in source.files)}"
    if manifest.log is not None:
        yield f"Log       {manifest.log.size:,} bytes (shown by: adaudit snapshot log {snapshot.path})"
    for domain in _domains(snapshot):
        seen = "" if domain["is_collected"] else " (not collected)"
        yield f"Domain    {domain['dns']} {domain['sid'] or 'SID unknown'}{seen}"
    yield ""
    for name, table in manifest.tables.items():
        yield f"{table.rows:>12,}  {name}"
    yield ""
    gaps = _gaps(snapshot)
    yield "Not read:" if gaps else "Nothing is known to be missing."
    for gap in gaps:
        yield f"{gap['count']:>12,}  {gap['table']}.{gap['column']}  {gap['status']}, {gap['reason']}"
