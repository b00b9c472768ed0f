"""Where inherited ACEs come from: the objects above that bear them explicitly."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adaudit.decode.flags import AceFlags, expand_generic
from adaudit.derive.facts import Facts, Ids
from adaudit.graph.blocks import NONE
from adaudit.graph.tree import MOST_LEVELS

POSITIONS: Final = 1 << 17
"""More than the ACEs that a DACL can hold: its size has 16 bits."""


class Origins:
    """Finds, for ACEs of descriptors, the object whose explicit ACE they are a copy of.

    An origin bears an explicit ACE for the same trustee, allowing the same rights on the same object type. ``wanted``:
    descriptors whose ACEs will be asked for; ``parents``: object above each object, ``NONE`` where inheritance stops;
    ``holders``: AdminSDHolder objects. ``right``: row of ``rights`` (masks, generic bits expanded, and object types) of
    each ACE.
    """

    def __init__(self, facts: Facts, wanted: Ids, parents: Ids, holders: Ids) -> None:
        ids = facts.ids("objects", "object_id")
        self.sd_of_object: Ids = np.full(len(parents), NONE, np.int64)
        self.sd_of_object[ids] = facts.ids("objects", "sd_id")
        self._parents = parents
        above = np.unique(parents)
        bearing = np.unique(np.concatenate((self.sd_of_object[above[above != NONE]], self.sd_of_object[holders])))
        table = facts.table("aces")
        of_interest = pa.array(np.union1d(wanted, bearing), pa.int32())
        aces = table.filter(pc.and_(pc.is_in(table["sd_id"], of_interest), table["is_allow"].fill_null(False)))
        read = Facts({"aces": aces})
        sd, position = read.ids("aces", "sd_id"), read.ids("aces", "position")
        key, self.right, self.rights = _keys(read)
        self._place = sd * POSITIONS + position
        self._by_place = np.argsort(self._place, kind="stable")
        self._key = key
        flags = read.ids("aces", "flags")
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


def _keys(aces: Facts) -> tuple[Ids, Ids, list[tuple[int, str | None]]]:
    """A number for each trustee, mask and object type, the same for the same; one for each mask and object type; and
    what the latter stand for."""
    encoded = aces.table("aces")["object_type"].combine_chunks().dictionary_encode()
    guids = [None, *encoded.dictionary.to_pylist()]
    types = encoded.indices.fill_null(NONE).to_numpy().astype(np.int64) + 1
    masks, mask = _coded(aces.ids("aces", "mask"))
    pairs, right = _coded(types * len(masks) + mask)
    named = [(int(masks[pair % len(masks)]), guids[pair // len(masks)]) for pair in pairs.tolist()]
    rights = [(expand_generic(mask) if mask >= 0 else 0, guid) for mask, guid in named]
    meanings: dict[tuple[int, str | None], int] = {}
    meaning = np.array([meanings.setdefault(each, len(meanings)) for each in rights], np.int64)[right]
    trustee = aces.ids("aces", "trustee_id") + 1
    return _coded(trustee * len(meanings) + meaning)[1], meaning, list(meanings)


def _coded(values: Ids) -> tuple[Ids, Ids]:
    """The distinct values, in no particular order, and which of them each is."""
    encoded = pa.array(values).dictionary_encode()
    return encoded.dictionary.to_numpy(), encoded.indices.to_numpy().astype(np.int64)
