"""``hosts.csv``: hosts or accounts that somebody outside knows to be exposed."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from adaudit.errors import InputError

MOST_BYTES: Final = 1 << 20
MOST_ENTRIES: Final = 10_000
LONGEST: Final = 300
"""Characters of a name, more than a distinguished name usually has."""

COLUMNS: Final = ("sid", "host", "name")
"""Columns that are read, the one that says most first; others are left aside."""


def read_entry_points(path: Path) -> tuple[str, ...]:
    """The names of a CSV file, in its order and without repeats.

    It has a column ``host``, ``name`` or ``sid``, or a single column without header; comma or semicolon, UTF-8.
    Raises InputError, with the line, for any other file, or one beyond ``MOST_BYTES`` or ``MOST_ENTRIES``.
    """
    name = path.name
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", place=name) from error
    if len(data) > MOST_BYTES:
        raise InputError(f"is larger than {MOST_BYTES} bytes", place=name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"is not UTF-8 (byte {error.start})", place=name) from error
    found = dict.fromkeys(_names(text, name))
    if len(found) > MOST_ENTRIES:
        raise InputError(f"names more than {MOST_ENTRIES} entry points", place=name)
    return tuple(found)


def _names(text: str, file: str) -> Iterator[str]:
    lines = text.splitlines()
    delimiter = ";" if lines and ";" in lines[0] else ","
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    columns: list[int] | None = None
    try:
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if columns is None:
                header = [cell.casefold() for cell in cells]
                columns = [header.index(column) for column in COLUMNS if column in header]
                if columns:
                    continue
                columns = [0]
                if len(cells) > 1:
                    raise InputError("has several columns, none of them host, name or sid", place=f"{file}:1")
            told = next((cells[n] for n in columns if n < len(cells) and cells[n]), "")
            if len(told) > LONGEST:
                raise InputError(f"a name is longer than {LONGEST} characters", place=f"{file}:{rows.line_num}")
            if told:
                yield told
    except csv.Error as error:
        raise InputError(f"is not CSV: {error}", place=f"{file}:{rows.line_num}") from error
