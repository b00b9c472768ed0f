"""The ``adaudit`` command, its subcommands and its exit codes."""

from __future__ import annotations

import importlib
import sys
from typing import Final

import click

from adaudit import __version__
from adaudit.errors import AdauditError

SUBCOMMANDS: Final = {
    "collect": "adaudit.cli.collect",
    "import": "adaudit.cli.import_",
    "snapshot": "adaudit.cli.snapshot",
    "audit": "adaudit.cli.audit",
    "rules": "adaudit.cli.rules",
    "samples": "adaudit.cli.samples",
}
"""Each module offers its click command as ``command``; it is imported when first used, so that an
audit on a laptop never loads the LDAP client."""


class Subcommands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = SUBCOMMANDS.get(cmd_name)
        if module is None:
            return None
        command = importlib.import_module(module).command
        assert isinstance(command, click.Command)
        return command


@click.group(
    cls=Subcommands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: adaudit collect --server dc1.chu.example --user auditeur@chu.example -o chu.adsnap",
)
@click.version_option(__version__, prog_name="adaudit")
def cli() -> None:
    """Audit an Active Directory without changing it."""


def main() -> None:
    """Run the command line; ends the process with the documented exit code."""
    sys.exit(run())


def run(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 asked for by --fail-on, 2 usage, 3 interrupted or
    incomplete, 4 bad input, 5 connection or authentication, 70 internal."""
    try:
        outcome = cli.main(arguments, prog_name="adaudit", standalone_mode=False)
    except AdauditError as error:
        click.echo(f"adaudit: {printable(str(error))}", err=True)
        return error.exit_code
    except click.exceptions.Abort:
        click.echo("adaudit: interrupted", err=True)
        return 3
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        return 0
    return outcome if isinstance(outcome, int) else 0


def printable(text: str) -> str:
    """``text`` with control and bidirectional-override characters escaped: names come from strangers."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)
