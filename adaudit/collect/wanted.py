"""What is asked of a collection: what to read, and how hard to ask for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from adaudit.collect.scope import EVERYTHING, Scope

if TYPE_CHECKING:
    from adaudit.collect.probes.model import PlannedProbe

PROBE_SECONDS: Final = 5.0
"""After which the connection of a probe is ended, unless it is said otherwise."""


class Pacing(NamedTuple):
    """How hard a server is asked. ``max_rate``: objects per second at most; ``retry_for``: seconds during which a
    lost connection is tried again."""

    max_rate: float | None = None
    retry_for: float = 120.0

    def page_size(self, most: int) -> int:
        """Objects to ask for at once: a page is what one second may bring, ``most`` at most."""
        return most if self.max_rate is None else max(1, min(most, int(self.max_rate)))


DEFAULT_PACING: Final = Pacing()


@dataclass(frozen=True)
class Probing:
    """Probes are wanted: ``confirm`` shows them before anything is read, and may raise; ``timeout`` of each, in
    seconds."""

    confirm: Callable[[Sequence[PlannedProbe]], None]
    timeout: float = PROBE_SECONDS


@dataclass(frozen=True)
class Wanted:
    """What to read: naming contexts, attributes and controllers by ``scope``, SYSVOL, probes."""

    scope: Scope = EVERYTHING
    sysvol: bool = False
    probing: Probing | None = None
