"""``adaudit import``: make a snapshot of files that another tool collected."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from adaudit.errors import IncompleteError, UsageError
from adaudit.visible import visible

_PATH = click.Path(path_type=Path)
_SHOWN = 5


def _moment(_context: click.Context, _option: click.Parameter, value: str | None) -> datetime | None:
    """ISO 8601 to naive UTC."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(f"{value!r} is not a time such as 2026-11-01 or 2026-11-01T14:30Z") from error


@click.group(name="import", epilog="Example: adaudit import ldif domain.ldif configuration.ldif -o chu.adsnap")
def command() -> None:
    """Make a snapshot of what another tool collected, or add to one."""


@command.command(
    epilog="Example: adaudit import ldif domain.ldif.gz configuration.ldif schema.ldif -o chu.adsnap --as-of 2026-11-01"
)
@click.argument("files", metavar="FILES...", nargs=-1, required=True, type=_PATH)
@click.option("-o", "--output", type=_PATH, required=True, help="Snapshot to write.")
@click.option(
    "--as-of", metavar="T", callback=_moment, help="When the files were made (ISO 8601, UTC unless it has an offset)."
)
@click.option("--account", help="Account that made them (UPN, DOMAIN\\name, DN or SID).")
@click.option("--overwrite", is_flag=True, help="Replace an existing snapshot.")
def ldif(
    files: tuple[Path, ...], output: Path, as_of: datetime | None, account: str | None, *, overwrite: bool
) -> None:
    """Import LDIF FILES of one forest, plain or gzip, as ldapsearch, ldifde or ldbsearch write them.

    Give the dumps of all naming contexts together: domains, configuration, schema, DNS partitions, and the
    rootDSE, which dates the snapshot. The exit code is 3 when a dump is known to be cut short.
    """
    if output.exists() and not overwrite:
        raise UsageError("exists already (--overwrite replaces it)", place=str(output))
    from adaudit.importers.ldif import import_ldif

    imported = import_ldif(files, output, as_of=as_of, account=account)
    _tell("given several times with different values, the fullest kept", imported.differing)
    _tell("referrals, not followed", imported.referrals)
    click.echo(visible(f"{output}: {imported.objects:,} objects"))
    if imported.incomplete_reason is not None:
        raise IncompleteError(f"the snapshot is incomplete: {imported.incomplete_reason}", place=str(output))


@command.command(
    epilog="Example: adaudit import sharphound 20261101_BloodHound.zip --into chu.adsnap -o chu-sessions.adsnap"
)
@click.argument("archive", metavar="ARCHIVE", type=_PATH)
@click.option("--into", type=_PATH, required=True, metavar="SNAPSHOT", help="Snapshot of the same forest to add to.")
@click.option("-o", "--output", type=_PATH, required=True, help="Snapshot to write.")
@click.option("--overwrite", is_flag=True, help="Replace an existing snapshot.")
def sharphound(archive: Path, into: Path, output: Path, *, overwrite: bool) -> None:
    """Add to a snapshot what no directory tells: the sessions and local groups of a SharpHound ARCHIVE.

    Of the archive (a ZIP or one JSON file, versions 4 to 6) only computers, sessions and local groups are read. The
    new snapshot is the given one with two more tables, and edges of the attack graph from them.
    """
    if output.exists() and not overwrite:
        raise UsageError("exists already (--overwrite replaces it)", place=str(output))
    from adaudit.importers.sharphound import import_sharphound

    imported = import_sharphound(archive, into, output)
    if imported.unusable:
        click.echo(f"{imported.unusable:,} identities that are no SID, left out", err=True)
    if imported.unknown:
        click.echo(f"{imported.unknown:,} SIDs that the snapshot does not know, kept without path", err=True)
    click.echo(
        visible(
            f"{output}: {imported.sessions:,} sessions and {imported.members:,} members of local groups; "
            f"{imported.answered:,} computers answered, {imported.failed:,} did not"
        )
    )
    click.echo(visible(f"Next: adaudit audit {output} -o report"))


def _tell(what: str, names: tuple[str, ...]) -> None:
    if names:
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        click.echo(visible(f"{len(names)} {what}: {'; '.join(names[:_SHOWN])}{more}"), err=True)
