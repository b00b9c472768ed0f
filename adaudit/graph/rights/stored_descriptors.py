"""Whom descriptors stored in an attribute favour: RBCD, readers of managed passwords."""

from __future__ import annotations

from collections import defaultdict
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adaudit.decode.flags import FULL_CONTROL, expand_generic
from adaudit.derive.facts import Facts
from adaudit.derive.grants import NULL_DACL, Grants, read_grants
from adaudit.graph.blocks import NONE
from adaudit.graph.rights.holders import Held, Holders

_NOBODY: Final = frozenset(("S-1-3-0", "S-1-3-1", "S-1-5-10"))
"""CREATOR OWNER, CREATOR GROUP, SELF: of a descriptor that is no object's, they are nobody."""


class Favoured(NamedTuple):
    """Whom an ACE favours. ``trustee``: whom it names; another when deny ACEs leave out some of its members.
    ``position``: ``NONE`` for a NULL DACL. ``is_certain``: without condition, and with the right that is asked for."""

    principal_id: int
    trustee: int
    position: int
    is_certain: bool


def favoured(facts: Facts, role: str, right: int) -> dict[int, list[Favoured]]:
    """Those by descriptor of that role, deny ACEs taken into account; owners get nothing from these.

    ``right``: the bit that domain controllers ask for. A trustee whose ACE was written with other rights alone is told
    too, as uncertain: tools write masks of every kind. One that a deny ACE leaves other rights alone is not.
    """
    grants = read_grants(facts, role, expand_generic)
    denials = grants.denials
    denied: defaultdict[int, set[int]] = defaultdict(set)
    takes = (denials.mask & right != 0) & (denials.object_type == 0)
    for row, principal in zip(denials.grant[takes].tolist(), denials.principal[takes].tolist(), strict=True):
        denied[row].add(principal)
    written = _written_with(facts, grants, right)
    holders = Holders(facts)
    found: defaultdict[int, list[Favoured]] = defaultdict(list)
    for row, (trustee, mask) in enumerate(zip(grants.principal.tolist(), grants.mask.tolist(), strict=True)):
        is_somebody = trustee != NONE and grants.trustees[grants.trustee[row]].sid not in _NOBODY
        is_asked = bool(mask & NULL_DACL) or bool(mask & right and grants.object_type[row] == 0)
        if is_somebody and mask & (FULL_CONTROL | NULL_DACL) and (is_asked or not written[row]):
            is_certain = is_asked and not grants.is_conditional[row]
            held = holders.of_all([Held(trustee, frozenset(denied[row]))]) if row in denied else [trustee]
            found[int(grants.sd[row])] += [
                Favoured(principal, trustee, int(grants.position[row]), is_certain) for principal in held
            ]
    return found


def _written_with(facts: Facts, grants: Grants, right: int) -> list[bool]:
    """Whether the ACE of each grant gives a right without object type, deny ACEs left aside."""
    table = facts.table("aces")
    of_role = Facts({"aces": table.filter(pc.is_in(table["sd_id"], pa.array(np.unique(grants.sd), pa.int32())))})
    giving = {
        (sd, position)
        for sd, position, mask in of_role.rows("aces", "sd_id", "position", "mask")
        if expand_generic(mask or 0) & right
    }
    rows = zip(grants.sd.tolist(), grants.position.tolist(), grants.object_type.tolist(), strict=True)
    return [type_ == 0 and (sd, position) in giving for sd, position, type_ in rows]
