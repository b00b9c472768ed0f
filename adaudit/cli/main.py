"""The ``adaudit`` command, its subcommands and its exit codes."""

from __future__ import annotations

import gc
import importlib
import io
import sys
import traceback
from typing import Final, cast

import click

from adaudit import __version__
from adaudit.errors import AdauditError, InternalError
from adaudit.visible import visible

SUBCOMMANDS: Final = {
    "collect": "adaudit.cli.collect",
    "import": "adaudit.cli.import_",
    "snapshot": "adaudit.cli.snapshot",
    "audit": "adaudit.cli.audit",
    "paths": "adaudit.cli.paths",
    "plan": "adaudit.cli.plan",
    "what-if": "adaudit.cli.what_if",
    "rules": "adaudit.cli.rules",
    "export": "adaudit.cli.export",
    "samples": "adaudit.cli.samples",
}
"""Each module offers its click command as ``command``; it is imported when first used, so that an
audit on a laptop never loads the LDAP client."""

LINES: Final = "\n"
"""What is kept of a text of several lines when it is shown."""


class Subcommands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = SUBCOMMANDS.get(cmd_name)
        if module is None:
            return None
        return cast(click.Command, importlib.import_module(module).command)


@click.group(
    cls=Subcommands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: adaudit collect --server dc1.chu.example --user auditeur@chu.example -o chu.adsnap",
)
@click.version_option(__version__, prog_name="adaudit")
def cli() -> None:
    """Audit an Active Directory without changing it."""


_ALLOCATIONS_BETWEEN_COLLECTIONS: Final = 100_000
"""What a collection or an audit holds in millions has no cycles: looking for some at Python's usual pace, every 700
allocations, takes a fifth of the time of a collection."""


def main() -> None:
    """Run the command line; ends the process with the documented exit code."""
    gc.set_threshold(_ALLOCATIONS_BETWEEN_COLLECTIONS)
    for stream in (sys.stdout, sys.stderr):
        cast(io.TextIOWrapper, stream).reconfigure(errors="backslashreplace")
    sys.exit(run())


def run(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 asked for by --fail-on, 2 usage, 3 interrupted or
    incomplete, 4 bad input, 5 connection or authentication, 70 internal."""
    try:
        outcome = cli.main(arguments, prog_name="adaudit", standalone_mode=False)
    except AdauditError as error:
        click.echo(f"adaudit: {visible(str(error), keep=LINES)}", err=True)
        return error.exit_code
    except click.exceptions.Abort:
        click.echo("adaudit: interrupted", err=True)
        return 3
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        return 0
    except Exception:  # noqa: BLE001 - the border: a fault of ours must not look like a finding (exit 1)
        click.echo(
            f"adaudit: internal error, please report it\n{visible(traceback.format_exc(), keep=LINES)}", err=True
        )
        return InternalError.exit_code
    return outcome if isinstance(outcome, int) else 0
