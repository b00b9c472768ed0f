"""What an administrator can change about a right: the ACE where it is explicit, or the owner."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from adaudit.derive.facts import Facts, Ids
from adaudit.derive.grants import OWNER, Grants
from adaudit.graph.blocks import CHANGE_CODE, NONE, Changes, Texts
from adaudit.graph.rights.capabilities import TAKING_ALL, Judge
from adaudit.graph.rights.origins import POSITIONS, Origins
from adaudit.graph.rights.protection import holder_of_objects
from adaudit.graph.tree import containers

Mask = npt.NDArray[np.bool_]

OWNER_ATTRIBUTE: Final = "owner"
NULL_DACL_ATTRIBUTE: Final = "null_dacl"


class RightsChanges:
    """Changes of the ``grants`` of some descriptors. ``texts``: what attributes of changes are coded in, those given
    first; ``untyped``: bits that count in an ACE without object type."""

    def __init__(
        self,
        facts: Facts,
        sds: Ids,
        grants: Grants,
        judge: Judge,
        texts: Iterable[str] = (),
        untyped: int = TAKING_ALL,
    ) -> None:
        self._parents = containers(facts)
        self._holders = holder_of_objects(facts, len(self._parents))
        holders = np.unique(self._holders[self._holders != NONE])
        self._origins = Origins(facts, np.unique(sds), self._parents, holders, untyped)
        self._grants = grants
        known = Texts((*texts, OWNER_ATTRIBUTE, NULL_DACL_ATTRIBUTE))
        self._words: Ids = np.array([known.code(judge.right(*right)) for right in self._origins.rights], np.int64)
        self._owner, self._null_dacl = known.code(OWNER_ATTRIBUTE), known.code(NULL_DACL_ATTRIBUTE)
        self.texts = known.known()

    def of(self, grant: Ids, own: Ids, is_part: Mask) -> tuple[Ids, Changes]:
        """The change that removes each proof, as a row of the changes. ``grant``: row of the grants; ``own``: object
        that bears it; ``is_part``: members of its trustee hold it.

        A right that is inherited is removed where it comes from, with all else that it gives below; one that
        AdminSDHolder hands out, there. One that is denied to members of its trustee is removed on the object alone. An
        owner, also one with rights by ACEs for OWNER RIGHTS, is replaced.
        """
        grants = self._grants
        position = grants.position[grant]
        is_ace = position != NONE
        is_owner = grants.is_owner_rights[grant] | (~is_ace & (grants.mask[grant] & OWNER != 0))
        attribute = np.where(is_owner, self._owner, self._null_dacl)
        place, position = own.copy(), np.where(is_owner, NONE, position)
        by_ace = np.nonzero(is_ace & ~is_owner)[0]
        aces = self._origins.ace(grants.sd[grant[by_ace]], position[by_ace])
        attribute[by_ace] = self._words[self._origins.right[aces]]
        moved = ~is_part[by_ace]
        chosen = by_ace[moved]
        place[chosen], position[chosen] = self._places(grant[chosen], own[chosen], aces[moved])
        sd = np.where(is_owner, NONE, self._origins.sd_of_object[place])
        key = (place * POSITIONS + position + 1) * 2 + is_owner
        _, first, change = np.unique(key, return_index=True, return_inverse=True)
        kind = np.where(is_owner, CHANGE_CODE["set_owner"], CHANGE_CODE["remove_ace"])
        none = np.full(len(own), NONE, np.int64)
        trustee = grants.principal[grant]
        return change, Changes(kind, place, trustee, attribute, sd, position, none).take(first)

    def _places(self, grant: Ids, own: Ids, aces: Ids) -> tuple[Ids, Ids]:
        """Where each ACE is explicit: object and position."""
        position, is_inherited = self._grants.position[grant], self._grants.is_inherited[grant]
        origin, there = np.full(len(own), NONE, np.int64), np.full(len(own), NONE, np.int64)
        parent = self._parents[own]
        origin[is_inherited], there[is_inherited] = self._origins.above(aces[is_inherited], parent[is_inherited])
        holder = np.where(is_inherited, NONE, self._holders[own])
        held = self._origins.at(aces, holder)
        origin, there = np.where(held != NONE, holder, origin), np.where(held != NONE, held, there)
        return np.where(origin == NONE, own, origin), np.where(origin == NONE, position, there)
