"""Direct memberships as arrays, and what follows them: members below, groups above."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]


class Reached(NamedTuple):
    """A member found below a group: ``depth`` is 1 for a direct one, ``via`` the group it is a direct member of."""

    principal_id: int
    depth: int
    via: int


class Memberships:
    """Pairs (member, group), indexed both ways. Cycles are followed once."""

    def __init__(self, members: Ids, groups: Ids, known_groups: Iterable[int]) -> None:
        sound = (members >= 0) & (groups >= 0)
        self._members, self._groups = members[sound], groups[sound]
        self.groups = frozenset(known_groups) | frozenset(np.unique(self._groups).tolist())
        """Every identity that is a group: typed so, or with members."""

    @property
    def nested(self) -> list[int]:
        """Groups that are directly in a group, in the order of ids."""
        return list(self._upward_groups)

    def members_of(self, group: int) -> list[int]:
        """Direct members, in the order of ids."""
        return self._downward.get(group, [])

    def groups_of(self, member: int) -> list[int]:
        """Groups it is a direct member of, in the order of ids."""
        keys, values = self._upward
        start, end = np.searchsorted(keys, [member, member + 1])
        found: list[int] = values[start:end].tolist()
        return found

    def below(self, group: int) -> Iterator[Reached]:
        """Members at any depth, groups included, nearest first, each once; the group itself is left out."""
        seen = {group}
        level, depth = [group], 1
        while level:
            inner = []
            for via in level:
                for member in self.members_of(via):
                    if member not in seen:
                        seen.add(member)
                        yield Reached(member, depth, via)
                        if member in self.groups:
                            inner.append(member)
            level, depth = sorted(inner), depth + 1

    def closure(self, roots: Iterable[int]) -> set[int]:
        """The groups and their members at any depth."""
        found = set(roots)
        waiting = list(found)
        while waiting:
            new = set(self.members_of(waiting.pop())) - found
            found |= new
            waiting += new & self.groups
        return found

    def above(self, member: int, most: int | None = None) -> dict[int, int]:
        """Groups that contain it at any depth, with the depth; it is never among them itself.

        ``most``: how many of them are told, the nearest; None for all.
        """
        depths: dict[int, int] = {member: 0}
        level, depth = [member], 1
        while level and (most is None or len(depths) <= most):
            outer = []
            for inner in level:
                groups = self._upward_groups.get(inner, []) if inner in self.groups else self.groups_of(inner)
                for group in groups:
                    if group not in depths:
                        depths[group] = depth
                        outer.append(group)
            level, depth = outer, depth + 1
        del depths[member]
        return depths if most is None else dict(islice(depths.items(), most))

    @cached_property
    def _downward(self) -> dict[int, list[int]]:
        order = np.lexsort((self._members, self._groups))
        return _by_key(self._groups[order], self._members[order])

    @cached_property
    def _upward(self) -> tuple[Ids, Ids]:
        order = np.lexsort((self._groups, self._members))
        return self._members[order], self._groups[order]

    @cached_property
    def _upward_groups(self) -> dict[int, list[int]]:
        members, groups = self._upward
        nested = np.isin(members, np.array(sorted(self.groups), np.int64))
        return _by_key(members[nested], groups[nested])


def _by_key(keys: Ids, values: Ids) -> dict[int, list[int]]:
    """Sorted pairs as lists by key."""
    distinct, starts = np.unique(keys, return_index=True)
    bounds = [*starts.tolist(), len(keys)]
    every = values.tolist()
    return {key: every[bounds[n] : bounds[n + 1]] for n, key in enumerate(distinct.tolist())}
