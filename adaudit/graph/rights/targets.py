"""Objects that lead somewhere once they are taken: rights over any other make no edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.adminsdholder import adminsdholders
from adaudit.derive.bounds import MOST_LEVELS
from adaudit.derive.facts import Facts, Ids
from adaudit.derive.kinds import Kinds
from adaudit.graph.blocks import NONE
from adaudit.graph.tree import containers

Mask = npt.NDArray[np.bool_]

_LEADING: Final = (
    *("user", "group", "groupPolicyContainer"),
    *("organizationalUnit", "site"),
    *("pKICertificateTemplate", "pKIEnrollmentService", "certificationAuthority", "msPKI-Enterprise-Oid"),
)
"""Classes whose objects, and those of classes derived from them, are targets; so is all that is above one."""


@dataclass(frozen=True)
class Targets:
    """Targets that bear a descriptor, in the order of descriptors, then of objects. ``kind``: row of ``kinds``, the
    distinct sets of kinds. ``parent``: object above it; ``NONE`` at the head of a naming context."""

    object_id: Ids
    sd: Ids
    parent: Ids
    kind: Ids
    is_computer: Mask
    kinds: tuple[frozenset[str], ...]

    def __len__(self) -> int:
        return len(self.object_id)


def targets_of(facts: Facts) -> Targets:
    """Accounts, groups, policies, certificate services, the containers above these, OUs, sites, heads of domains and
    AdminSDHolder, which lies in one of these containers; deleted objects left out."""
    objects = facts.table("objects")
    alive = Facts({"objects": objects.filter(pc.invert(objects["is_deleted"].fill_null(False)))})
    ids, sds = alive.ids("objects", "object_id"), alive.ids("objects", "sd_id")
    encoded = alive.table("objects")["object_class"].combine_chunks().dictionary_encode()
    class_code = encoded.indices.fill_null(NONE).to_numpy().astype(np.int64)
    parents = containers(facts)
    is_target = np.zeros(len(parents), bool)
    is_target[ids[_leading(alive.table("objects"))]] = True
    named = [domain.object_id for domain in facts.domains] + [holder.object_id for holder in adminsdholders(facts)]
    is_target[[each for each in named if each is not None and each < len(parents)]] = True
    _mark_above(is_target, parents)
    chosen = np.nonzero(is_target[ids] & (sds != NONE) & (class_code != NONE))[0]
    chosen = chosen[np.lexsort((ids[chosen], sds[chosen]))]
    kind, is_computer, kinds = _kinds(facts, sds[chosen], class_code[chosen], encoded.dictionary.to_pylist())
    return Targets(ids[chosen], sds[chosen], parents[ids[chosen]], kind, is_computer, kinds)


def _kinds(
    facts: Facts, sds: Ids, class_codes: Ids, classes: list[str]
) -> tuple[Ids, Mask, tuple[frozenset[str], ...]]:
    """Kinds by row, whether each is a computer by its class, and the distinct sets of kinds."""
    kinds = Kinds(facts)
    pairs, pair = np.unique(sds * len(classes) + class_codes, return_inverse=True)
    codes: dict[frozenset[str], int] = {}
    named = [(sd, classes[code]) for sd, code in (divmod(each, len(classes)) for each in pairs.tolist())]
    kind = np.array([codes.setdefault(kinds.of(sd, name), len(codes)) for sd, name in named], np.int64)
    is_computer = np.array([kinds.is_computer(name) for _, name in named], bool)
    return kind[pair], is_computer[pair], tuple(codes)


def _leading(objects: pa.Table) -> Mask:
    """Rows whose class, or one that it is derived from, is a leading one."""
    chains = objects["object_classes"].combine_chunks()
    leading = pc.is_in(chains.flatten(), pa.array(_LEADING))
    rows = pc.list_parent_indices(chains).to_numpy()[leading.to_numpy(zero_copy_only=False)]
    found: Mask = pc.is_in(objects["object_class"], pa.array(_LEADING)).to_numpy().copy()
    found[rows] = True
    return found


def _mark_above(is_target: Mask, parents: Ids) -> None:
    level = np.nonzero(is_target)[0]
    for _ in range(MOST_LEVELS):
        above = np.unique(parents[level])
        level = above[(above != NONE) & ~is_target[above]]
        is_target[level] = True
