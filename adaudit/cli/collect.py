"""``adaudit collect``: read a directory through its domain controllers."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from adaudit.cli.access import Access, access_options
from adaudit.cli.main import LINES
from adaudit.cli.probing import ProbeChoice, probing_options
from adaudit.cli.progress import collection_progress
from adaudit.cli.scope import scope_options
from adaudit.collect.scope import Scope
from adaudit.collect.wanted import DEFAULT_PACING, Pacing, Probing, Wanted
from adaudit.errors import IncompleteError, UsageError
from adaudit.visible import visible

if TYPE_CHECKING:
    from adaudit.collect.collector import Outcome

_PATH = click.Path(path_type=Path)


@click.command(
    name="collect",
    epilog="Example: adaudit collect --server dc1.chu.example --user auditeur@chu.example --ca-file ca.pem "
    "-o chu.adsnap",
)
@click.option("-o", "--output", required=True, type=_PATH, metavar="FILE", help="Snapshot to write (.adsnap).")
@access_options
@scope_options
@click.option("--no-sysvol", is_flag=True, help="Leave out the files of group policies.")
@probing_options
@click.option(
    "--max-rate",
    type=click.FloatRange(min=1),
    metavar="OBJECTS",
    help="Ask for no more objects per second than this.",
)
@click.option(
    "--retry-for",
    type=click.FloatRange(min=0, max=86400),
    default=DEFAULT_PACING.retry_for,
    show_default=True,
    metavar="SECONDS",
    help="How long to try again for a connection that was lost.",
)
@click.option(
    "--since", type=_PATH, metavar="SNAPSHOT", help="Read only what has changed since this snapshot, where possible."
)
@click.option("--overwrite", is_flag=True, help="Replace an existing snapshot, or a collection begun differently.")
@click.option("--strict", is_flag=True, help="Exit with 3 also when facts were refused to the account.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON, for scripts.")
@click.option("--dry-run", "is_dry", is_flag=True, help="Tell what would be asked, and connect to nothing.")
def command(
    *,
    output: Path,
    access: Access,
    scope: Scope,
    no_sysvol: bool,
    probing: ProbeChoice,
    max_rate: float | None,
    retry_for: float,
    since: Path | None,
    overwrite: bool,
    strict: bool,
    as_json: bool,
    is_dry: bool,
) -> int:
    """Read a whole Active Directory, changing nothing, into one snapshot file.

    Reads every partition of the domain controller HOST that the account may read. A lost connection is made again.
    Interrupted by Ctrl-C, or when there is no connection any more, it leaves a snapshot marked incomplete and exits
    with 3; the same command, given again, goes on from there.
    """
    if (access.server is None) == (scope.domain is None):
        raise UsageError("name a domain controller with --server, or a domain with --domain")
    if scope.forest and not access.names_domain:
        raise UsageError(
            "with --forest give --user its domain, name@domain or DOMAIN\\name: elsewhere the bare name is another's",
            place=access.user or "",
        )
    from adaudit.collect.collector import Collector, check_output  # what every collection needs, and no help text

    check_output(output, overwrite=overwrite, since=since)
    pacing = Pacing(max_rate, retry_for)
    if is_dry:
        from adaudit.cli.dry_run import dry_run

        click.echo(dry_run(access, scope, pacing, sysvol=not no_sysvol, probes=probing.wanted, as_json=as_json))
        return 0
    with collection_progress() as observe:
        collector = Collector(
            access.endpoint_of(access.server or ""),
            access.credentials(),
            Wanted(scope, not no_sysvol, Probing(probing.confirm, probing.timeout) if probing.wanted else None),
            since=since,
            pacing=pacing,
            observe=observe,
            tell=lambda message: click.echo(f"adaudit: {visible(message)}", err=True),
        )
        with first_interrupt(collector.interrupt):
            outcome = collector.run(output, overwrite=overwrite)
    click.echo(_as_json(outcome) if as_json else visible(_as_text(outcome), keep=LINES))
    if outcome.incomplete_reason is not None:
        raise IncompleteError(f"the collection is incomplete: {outcome.incomplete_reason}", place=str(outcome.path))
    if strict and outcome.gaps["denied"]:
        raise IncompleteError(f"{outcome.gaps['denied']} facts were refused to the account", place=str(outcome.path))
    return 0


@contextmanager
def first_interrupt(stop: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl-C calls ``stop``; the next one ends the process as usual."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop()

    previous = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _as_text(outcome: Outcome) -> str:
    told = ", ".join(f"{count:,} {status.replace('_', ' ')}" for status, count in sorted(outcome.gaps.items()))
    lines = [
        f"{outcome.path}: {outcome.objects:,} objects read in {outcome.seconds:.1f} s"
        + (f" from {outcome.server}" if outcome.server else ""),
        f"Gaps: {told} (listed by: adaudit snapshot info {outcome.path})" if told else "No gap is known.",
        f"Next: adaudit audit {outcome.path} -o report",
    ]
    if outcome.incomplete_reason is not None:
        lines[-1] += ", on what was read; or the same command again, which goes on from here"
    return "\n".join(lines)


def _as_json(outcome: Outcome) -> str:
    facts = {
        "snapshot": str(outcome.path),
        "objects": outcome.objects,
        "seconds": round(outcome.seconds, 3),
        "server": outcome.server,
        "account_sid": outcome.account_sid,
        "complete": outcome.incomplete_reason is None,
        "incomplete_reason": outcome.incomplete_reason,
        "coverage": dict(sorted(outcome.gaps.items())),
    }
    return json.dumps(facts, indent=2)
