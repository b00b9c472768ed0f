"""``adaudit samples``: invented directories, whose weaknesses are known."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from adaudit.errors import UsageError
from adaudit.samples import DEFAULT_SEED, HOSPITALS, generate, write_shared_staff

_ALL = "all"


@click.group(name="samples", epilog="Example: adaudit samples generate --hospital hl-troisormes -o samples")
def command() -> None:
    """Make synthetic directories of an invented group of hospitals, to try and to measure."""


@command.command(
    name="generate", epilog="Example: adaudit samples generate --hospital chu-valmorand --accounts 100000 -o bench"
)
@click.option("--hospital", type=click.Choice([_ALL, *HOSPITALS]), default=_ALL, show_default=True, help="Which one.")
@click.option("--seed", type=int, default=DEFAULT_SEED, show_default=True, help="Another seed makes other people.")
@click.option(
    "--accounts", type=click.IntRange(100, 10_000_000), help="How many, instead of the hospital's own number."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FOLDER",
    help="Where to write, made if needed.",
)
@click.option("--overwrite", is_flag=True, help="Replace existing snapshots.")
def generate_command(hospital: str, seed: int, accounts: int | None, output: Path, *, overwrite: bool) -> None:
    """Write NAME.adsnap, and NAME.truth.toml: what an audit of it must find. All together they also give
    shared-staff.csv: who works in several hospitals.

    The same seed and number of accounts make the same directory on every machine.
    """
    chosen = HOSPITALS if hospital == _ALL else (hospital,)
    if not overwrite:
        for name in chosen:
            if (output / f"{name}.adsnap").exists():
                raise UsageError("exists already (--overwrite replaces it)", place=str(output / f"{name}.adsnap"))
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make this folder: {error.strerror}", place=str(output)) from error
    for name in chosen:
        with _progress(name) as progress:
            path = generate(name, output, seed=seed, accounts=accounts, progress=progress)
        click.echo(str(path))
    if hospital == _ALL:
        write_shared_staff(HOSPITALS, output / "shared-staff.csv", seed=seed, accounts=accounts)


@contextmanager
def _progress(name: str) -> Iterator[Callable[[int], None]]:
    """What to call with the number of objects made; it draws nothing when stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield lambda _objects: None
        return
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn(f"{name}: {{task.completed:,}} objects", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None)
        yield lambda objects: bar.update(task, completed=objects)
