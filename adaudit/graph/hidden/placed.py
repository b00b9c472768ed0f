"""A gap, what it is about and the nodes that edges which it hides may enter."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from adaudit.derive.gaps import Gap

Placed = tuple[Gap, tuple[int, ...] | None]
"""A gap with the nodes that it may hide edges into; None when these may be any."""

_ATTRIBUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
"""A detail that is the name of an attribute; any other is a sentence about whichever attribute."""


def is_about(gap: Gap, attributes: Collection[str]) -> bool:
    """A gap of a column that holds the values of many attributes may be one of these."""
    return gap.detail is None or not _ATTRIBUTE.fullmatch(gap.detail) or gap.detail in attributes
