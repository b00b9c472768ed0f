"""What kinds of objects bear a descriptor, for judging the rights it gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.adminsdholder import adminsdholders
from adaudit.derive.choices import ACCOUNT, ANY, RODC
from adaudit.derive.facts import Facts


def descriptors_and_classes(facts: Facts) -> list[tuple[int, str]]:
    """Every distinct descriptor with each class of objects that bear it, in order."""
    distinct = facts.table("objects").group_by(["sd_id", "object_class"]).aggregate([])
    pairs = zip(distinct["sd_id"].to_pylist(), distinct["object_class"].to_pylist(), strict=True)
    return sorted((sd, name) for sd, name in pairs if sd is not None and name is not None)


_HOLDER_CLASS: Final = "container"
"""Class of AdminSDHolder; the accounts and groups that it protects may bear the very same descriptor."""


class Kinds:
    """Classes of the directory, and the kinds that no class tells."""

    def __init__(self, facts: Facts) -> None:
        self._chains = dict(_chains(facts.table("objects")))
        self._holders = frozenset(holder.sd_id for holder in adminsdholders(facts))
        rodcs = [row for row, is_rodc in facts.rows("domain_controllers", "object_id", "is_rodc") if is_rodc]
        objects = facts.table("objects")
        here = objects.filter(pc.is_in(objects["object_id"], pa.array(rodcs, pa.int32())))
        self._rodcs = frozenset(here["sd_id"].to_pylist())

    def of(self, sd: int, object_class: str) -> frozenset[str]:
        """Kinds of the objects of a class that bear a descriptor.

        Rights on AdminSDHolder become rights on accounts and groups: it counts as all of these. A computer, which is
        a user by inheritance, counts as a computer only.
        """
        kinds = self._chains[object_class] | {ANY}
        if sd in self._holders and _HOLDER_CLASS in kinds:
            return kinds | {ACCOUNT, "user", "computer", "group"}
        if "computer" in kinds:
            return (kinds - {"user"}) | {ACCOUNT} | ({RODC} if sd in self._rodcs else set())
        return kinds | {ACCOUNT} if "user" in kinds else kinds

    def is_computer(self, object_class: str) -> bool:
        """The class is computer or derived from it, as those of managed service accounts are."""
        return "computer" in self._chains[object_class]


def _chains(objects: pa.Table) -> Iterator[tuple[str, frozenset[str]]]:
    """Each class with those it is derived from: objects of one class have the same chain."""
    named = objects.select(["object_class", "object_classes"]).filter(objects["object_class"].is_valid())
    codes = named["object_class"].combine_chunks().dictionary_encode().indices.to_numpy()
    first = named.take(pa.array(np.unique(codes, return_index=True)[1]))
    for name, chain in zip(first["object_class"].to_pylist(), first["object_classes"].to_pylist(), strict=True):
        yield name, frozenset(chain or ()) | {name}
