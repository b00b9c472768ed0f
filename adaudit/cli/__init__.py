"""The command line: the only place that prints, asks or exits."""

from adaudit.cli.main import main

__all__ = ["main"]
