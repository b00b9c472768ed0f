"""The error of a value that is not what its format says."""

from __future__ import annotations


class DecodeError(ValueError):
    """A value that cannot be decoded.

    ``offset`` is where in the value, in bytes (in characters for text); None when the whole value is at fault.
    """

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset

    def __str__(self) -> str:
        return self.message if self.offset is None else f"{self.message} at offset {self.offset}"
