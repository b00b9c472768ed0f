"""Values that a directory hands out in ranges: ``member;range=0-1499``, then ``member;range=1500-*``.

MS-ADTS 3.1.1.3.1.3.3.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_RANGE: Final = re.compile(r"range=(\d{1,9})-(\d{1,9}|\*)", re.IGNORECASE | re.ASCII)


class Range(NamedTuple):
    """Positions of the first and last value; ``last`` is None when the range goes to the end."""

    first: int
    last: int | None


def parse_range(option: str) -> Range | None:
    """The range that the option of an attribute tells; None for any other option."""
    found = _RANGE.fullmatch(option)
    if found is None:
        return None
    return Range(int(found[1]), None if found[2] == "*" else int(found[2]))
