"""Where inherited ACEs come from: the objects above that bear them explicitly."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adaudit.decode.flags import AccessMask, AceFlags, expand_generic
from adaudit.derive.bounds import MOST_LEVELS
from adaudit.derive.facts import Facts, Ids, distinct, ids_of
from adaudit.graph.blocks import NONE
from adaudit.graph.rights.capabilities import TAKING, TAKING_ALL

_COLUMNS: Final = ("sd_id", "position", "is_allow", "flags", "mask", "object_type", "trustee_id")
_MASK_BITS: Final = 0xFFFFFFFF
_GENERIC: Final = int(AccessMask.GENERIC_ALL | AccessMask.GENERIC_WRITE | AccessMask.GENERIC_READ)

POSITIONS: Final = 1 << 17
"""More than the ACEs that a DACL can hold: its size has 16 bits."""


class Origins:
    """Finds, for ACEs of descriptors, the object whose explicit ACE they are a copy of.

    An origin bears an explicit ACE for the same trustee, allowing the same rights on the same object type. ``wanted``:
    descriptors whose ACEs will be asked for; ``parents``: object above each object, ``NONE`` where inheritance stops;
    ``holders``: AdminSDHolder objects; ``untyped``: bits of which an ACE without object type has one to be asked for,
    as one with an object type has one of ``TAKING``. ``right``: row of ``rights`` (masks, generic bits expanded, and
    object types) of each ACE.
    """

    def __init__(self, facts: Facts, wanted: Ids, parents: Ids, holders: Ids, untyped: int = TAKING_ALL) -> None:
        ids = facts.ids("objects", "object_id")
        self.sd_of_object: Ids = np.full(len(parents), NONE, np.int64)
        self.sd_of_object[ids] = facts.ids("objects", "sd_id")
        self._parents = parents
        above = np.unique(parents)
        bearing = np.unique(np.concatenate((self.sd_of_object[above[above != NONE]], self.sd_of_object[holders])))
        table = facts.table("aces").select(_COLUMNS)
        of_interest = pc.is_in(table["sd_id"], pa.array(np.union1d(wanted, bearing), pa.int32()))
        is_allow = table["is_allow"].fill_null(False)
        aces = table.filter(pc.and_(pc.and_(of_interest, is_allow), _can_take(table, untyped)))
        sd, position = ids_of(aces["sd_id"]), ids_of(aces["position"])
        key, self.right, self.rights = _keys(aces)
        self._place = sd * POSITIONS + position
        self._by_place = np.argsort(self._place, kind="stable")
        self._key = key
        flags = ids_of(aces["flags"])
        is_explicit = (flags & AceFlags.INHERITED == 0) & np.isin(sd, bearing)
        self._inheritable = _Lookup(sd, key, position, is_explicit & (flags & AceFlags.CONTAINER_INHERIT != 0))
        self._explicit = _Lookup(sd, key, position, is_explicit)

    def ace(self, sd: Ids, position: Ids) -> Ids:
        """The row here of each ACE, which has to be there."""
        return self._by_place[np.searchsorted(self._place, sd * POSITIONS + position, sorter=self._by_place)]

    def above(self, aces: Ids, parent: Ids) -> tuple[Ids, Ids]:
        """The nearest object that bears each ACE explicitly, from ``parent`` upwards, and the position there; both
        ``NONE`` when there is none."""
        pairs, inverse = np.unique(self._key[aces] * (len(self._parents) + 1) + parent + 1, return_inverse=True)
        key, place = np.divmod(pairs, len(self._parents) + 1)
        place -= 1
        origin, position = np.full(len(pairs), NONE, np.int64), np.full(len(pairs), NONE, np.int64)
        waiting = np.nonzero(place != NONE)[0]
        for _ in range(MOST_LEVELS):
            if not len(waiting):
                break
            found = self._inheritable.positions(self.sd_of_object[place[waiting]], key[waiting])
            is_here = found != NONE
            origin[waiting[is_here]], position[waiting[is_here]] = place[waiting[is_here]], found[is_here]
            waiting = waiting[~is_here]
            place[waiting] = self._parents[place[waiting]]
            waiting = waiting[place[waiting] != NONE]
        return origin[inverse], position[inverse]

    def at(self, aces: Ids, objects: Ids) -> Ids:
        """The position of the same explicit ACE on other objects, ``NONE`` where it is not there or there is none."""
        sds = np.where(objects == NONE, NONE, self.sd_of_object[objects])
        return self._explicit.positions(sds, self._key[aces])


class _Lookup:
    """Positions by descriptor and key."""

    def __init__(self, sd: Ids, key: Ids, position: Ids, chosen: npt.NDArray[np.bool_]) -> None:
        self._keys = int(key.max(initial=0)) + 1
        codes = sd[chosen] * self._keys + key[chosen]
        order = np.lexsort((position[chosen], codes))
        self._codes, self._positions = codes[order], position[chosen][order]

    def positions(self, sd: Ids, key: Ids) -> Ids:
        codes = np.where(sd == NONE, NONE, sd * self._keys + key)
        places = np.searchsorted(self._codes, codes)
        places[places == len(self._codes)] = 0
        found: Ids = np.full(len(codes), NONE, np.int64)
        if len(self._codes):
            is_there = self._codes[places] == codes
            found[is_there] = self._positions[places[is_there]]
        return found


def _can_take(aces: pa.Table, untyped: int) -> pa.ChunkedArray:
    """ACEs that can be asked for, by their bits."""
    bits = pc.if_else(aces["object_type"].is_null(), untyped & _MASK_BITS, TAKING & _MASK_BITS)
    return pc.not_equal(pc.bit_wise_and(aces["mask"].cast(pa.int64()), pc.bit_wise_or(bits, _GENERIC)), 0)


def _keys(aces: pa.Table) -> tuple[Ids, Ids, list[tuple[int, str | None]]]:
    """A number for each trustee, mask and object type, the same for the same; one for each mask and object type; and
    what the latter stand for."""
    encoded = aces["object_type"].combine_chunks().dictionary_encode()
    guids = [None, *encoded.dictionary.to_pylist()]
    types = encoded.indices.fill_null(NONE).to_numpy().astype(np.int64) + 1
    masks, mask = distinct(ids_of(aces["mask"]))
    pairs, right = distinct(types * len(masks) + mask)
    named = [(int(masks[pair % len(masks)]), guids[pair // len(masks)]) for pair in pairs.tolist()]
    meanings: dict[tuple[int, str | None], int] = {}
    codes = [meanings.setdefault((expand_generic(mask), guid), len(meanings)) for mask, guid in named]
    meaning = np.array(codes, np.int64)[right]
    trustee = ids_of(aces["trustee_id"]) + 1
    return distinct(trustee * len(meanings) + meaning)[1], meaning, list(meanings)
