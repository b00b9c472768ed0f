"""How much is computed: what hostile directories multiply ends here, and is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

import pyarrow as pa

from adaudit.derive.facts import Facts, build

MOST_ROWS: Final = 1 << 22
"""Rows of a table that multiplies what was read: nesting, links, settings. A forest of a million accounts has fewer."""

MOST_LEVELS: Final = 256
"""Containers above one another that are followed: more than a distinguished name can hold in a directory."""

Row = Sequence[Any]


def bounded(facts: Facts, name: str, rows: Iterable[Row]) -> Iterator[Row]:
    """The first rows of a computed table; the facts say so when more than ``MOST_ROWS`` were there."""
    waiting = iter(rows)
    yield from islice(waiting, MOST_ROWS)
    if next(waiting, None) is not None:
        facts.cut(name)


def shared_out(facts: Facts, name: str, bearers: int, rows_of: Callable[[int | None], Iterable[Row]]) -> pa.Table:
    """A computed table of which each of some bearers has rows: all of them or, when these are too many, an equal share.

    ``rows_of``: the rows of all bearers, each bearer with at most so many; None for all. Thus whoever multiplies rows
    takes none from bearers that have few.
    """
    table = build(name, bounded(facts, name, rows_of(None)))
    if name not in facts.cuts:
        return table
    return build(name, bounded(facts, name, rows_of(MOST_ROWS // bearers)))
