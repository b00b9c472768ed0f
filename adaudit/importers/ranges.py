"""Attributes that a dump holds in several ranges, put together again."""

from __future__ import annotations

from adaudit.decode.ranges import parse_range

Ranges = dict[tuple[str, int], tuple[int | None, list[bytes]]]
"""(attribute, first position) → (last position or None for the end, values)."""


def take_ranges(attributes: dict[str, list[bytes]]) -> Ranges:
    """Move the ranged attributes out of ``attributes``."""
    ranges: Ranges = {}
    for description in [name for name in attributes if ";" in name]:
        name, _, option = description.partition(";")
        if (found := parse_range(option)) is not None:
            ranges[name, found.first] = (found.last, attributes.pop(description))
    return ranges


def join_ranges(attributes: dict[str, list[bytes]], ranges: Ranges) -> list[str]:
    """Put the values of successive ranges back under the name of their attribute.

    Returns the attributes of which the last range, or one in between, is missing; what follows a hole is kept too.
    """
    unfinished = []
    for name in sorted({name for name, _ in ranges}):
        wanted: int | None = 0
        values: list[bytes] = []
        for first in sorted(first for each, first in ranges if each == name):
            last, found = ranges[name, first]
            values += found
            if first == wanted:
                wanted = None if last is None else last + 1
        attributes[name] = list(dict.fromkeys([*attributes.get(name, []), *values]))
        if wanted is not None:
            unfinished.append(name)
    return unfinished
