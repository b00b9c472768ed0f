"""Which deny ACEs stand before which allow ACEs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from adaudit.derive.facts import Ids

Mask = npt.NDArray[np.bool_]

MOST_PAIRS: Final = 1 << 28
"""Pairs of a deny ACE and an ACE after it that are looked at. A real DACL holds at most 64 KiB (MS-DTYP 2.4.5)."""

MOST_PARTIAL: Final = 1 << 22
"""Pairs that take something from some holders and are told one by one; beyond, these holders keep what they have."""

_PAIRS_AT_ONCE: Final = 4_000_000


class Denying:
    """The deny ACEs of descriptors. ``sd`` of each ACE, in ascending order; ``is_deny``: unconditional deny ACEs.

    ``is_cut``: there are too many pairs, and the longest DACLs are told as if some of their deny ACEs were not there.
    """

    def __init__(self, sd: Ids, is_deny: Mask) -> None:
        denies = np.nonzero(is_deny)[0]
        counts = np.searchsorted(sd, sd[denies], side="right") - denies - 1
        self.is_cut = bool(counts.sum() > MOST_PAIRS)
        if self.is_cut:
            shortest = np.argsort(counts, kind="stable")
            kept = np.sort(shortest[np.cumsum(counts[shortest]) <= MOST_PAIRS])
            denies, counts = denies[kept], counts[kept]
        self._denies, self._counts = denies, counts

    def pairs(self, is_allow: Mask) -> Iterator[tuple[Ids, Ids]]:
        """Every deny ACE with each allow ACE after it in the same descriptor, as two arrays of indexes, in batches."""
        done = 0
        while done < len(self._denies):
            upto = done + max(1, int(np.searchsorted(np.cumsum(self._counts[done:]), _PAIRS_AT_ONCE)))
            chosen, lengths = self._denies[done:upto], self._counts[done:upto]
            deny = np.repeat(chosen, lengths)
            within = np.arange(len(deny)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            after = deny + 1 + within
            allows = is_allow[after]
            yield deny[allows], after[allows]
            done = upto
