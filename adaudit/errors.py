"""The one family of errors: each knows where it happened and the exit code it ends in."""

from __future__ import annotations

from typing import ClassVar


class AdauditError(Exception):
    """A failure told to the user in one line.

    ``place`` is where it happened, in the user's terms: a file and line, a DN and
    attribute, a server and port. It may be empty when the message says it all.
    """

    exit_code: ClassVar[int] = 70

    def __init__(self, message: str, *, place: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.place = place

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class UsageError(AdauditError):
    """The command was asked for something it does not do."""

    exit_code = 2


class IncompleteError(AdauditError):
    """A collection was interrupted, truncated or failed part way."""

    exit_code = 3


class InputError(AdauditError):
    """A file that cannot be used: damaged, hostile, of another version or format."""

    exit_code = 4


class ConnectionFailed(AdauditError):
    """No connection to the directory, or the bind was refused."""

    exit_code = 5


class InternalError(AdauditError):
    """A fault of adaudit itself."""

    exit_code = 70
