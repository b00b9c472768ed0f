"""A gap and the nodes that edges which it hides may enter."""

from __future__ import annotations

from adaudit.derive.gaps import Gap

Placed = tuple[Gap, tuple[int, ...] | None]
"""A gap with the nodes that it may hide edges into; None when these may be any."""
