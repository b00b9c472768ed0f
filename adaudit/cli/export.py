"""``adaudit export``: what a snapshot tells, in the files of other tools."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from adaudit.derive import derive
from adaudit.derive.facts import Facts
from adaudit.errors import UsageError
from adaudit.graph.analysis import Analysis
from adaudit.graph.bloodhound import Exported, export_bloodhound
from adaudit.report.masking import mask
from adaudit.snapshot import SnapshotTables, open_snapshot
from adaudit.visible import visible

_PATH = click.Path(path_type=Path)


@click.group(name="export", epilog="Example: adaudit export bloodhound chu.adsnap -o chu.zip")
def command() -> None:
    """Write what a snapshot tells for other tools."""


@command.command(epilog="Example: adaudit export bloodhound chu.adsnap -o chu.zip")
@click.argument("path", metavar="SNAPSHOT", type=_PATH)
@click.option("-o", "--output", type=_PATH, required=True, metavar="FILE.zip", help="Archive to write.")
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def bloodhound(path: Path, output: Path, *, overwrite: bool, as_json: bool) -> None:
    """Write SNAPSHOT as a collection that BloodHound CE ingests (version 6 of its files).

    It has the facts of the directory; BloodHound computes attacks from them itself. Edges of which it has no kind are
    left out and counted, as are deny ACEs, which it does not know: it may show rights that they take away.
    """
    if output.exists() and not overwrite:
        raise UsageError("exists already (--overwrite replaces it)", place=str(output))
    with _working() as progress, open_snapshot(path) as snapshot:
        progress("computing")
        tables = dict(SnapshotTables(snapshot))
        facts = Facts({**tables, **derive(tables)})
        exported = export_bloodhound(
            facts,
            Analysis(facts).graph,
            output,
            as_of=snapshot.manifest.as_of,
            mask=mask,
            overwrite=overwrite,
            progress=progress,
        )
    if as_json:
        click.echo(json.dumps(_facts(output, exported), indent=2))
    else:
        for line in _lines(output, exported):
            click.echo(visible(line))


@contextmanager
def _working() -> Iterator[Callable[[str], None]]:
    """What to call with what is being done; it shows nothing when stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield lambda _step: None
        return
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status("") as status:
        yield lambda step: status.update(Text(step))


def _facts(output: Path, exported: Exported) -> dict[str, object]:
    return {
        "path": str(output),
        "objects": dict(exported.objects),
        "left_out": {
            "edges": dict(exported.lacking),
            "deny_aces": exported.denied,
            "references_without_identifier": exported.unnamed,
            "objects_without_identifier": exported.nameless,
        },
    }


def _lines(output: Path, exported: Exported) -> Iterator[str]:
    yield f"{output}: {sum(exported.objects.values()):,} objects"
    for type_, count in exported.objects.items():
        yield f"{count:>12,}  {type_}"
    yield ""
    yield "Left out:"
    for kind, count in sorted(exported.lacking.items()):
        yield f"{count:>12,}  edges {kind}, a kind that BloodHound lacks"
    yield f"{exported.denied:>12,}  deny ACEs, which BloodHound does not know: it may show rights that they take away"
    if exported.unnamed:
        yield f"{exported.unnamed:>12,}  references to what no SID or type names"
    if exported.nameless:
        yield f"{exported.nameless:>12,}  objects whose SID or GUID was not read"
    yield ""
    yield "Upload it in BloodHound CE: Administration, File Ingest. Protect it like the snapshot, then delete it."
