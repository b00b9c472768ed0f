"""Whom descriptors stored in an attribute favour: RBCD, readers of managed passwords."""

from __future__ import annotations

from collections import defaultdict
from typing import Final, NamedTuple

from adaudit.decode.flags import expand_generic
from adaudit.derive.effective import RIGHTS, rights_given
from adaudit.derive.facts import Facts

_NOBODY: Final = frozenset(("S-1-3-0", "S-1-3-1", "S-1-3-4", "S-1-5-10"))
"""CREATOR OWNER, CREATOR GROUP, OWNER RIGHTS, SELF: of a descriptor that is no object's, they are nobody."""


class Favoured(NamedTuple):
    """Whom an ACE favours; ``position`` is None for a NULL DACL. ``is_certain``: without condition, and with the
    right that the domain controller asks for."""

    principal_id: int
    position: int | None
    is_certain: bool


def favoured(facts: Facts, role: str, right: str) -> dict[int, list[Favoured]]:
    """Trustees by descriptor of that role, deny ACEs taken into account; owners get nothing from these.

    ``right``: the one that is asked for, as in ``descriptor_rights``. A trustee whose ACE gives other rights alone is
    told too, as uncertain: tools write masks of every kind.
    """
    rows = Facts({"descriptor_rights": rights_given(facts, role, RIGHTS, expand_generic)})
    columns = ("sd_id", "principal_id", "trustee_sid", "right", "object_type", "position", "is_conditional")
    found: defaultdict[int, dict[tuple[int, int | None], bool]] = defaultdict(dict)
    for sd, principal, sid, given, object_type, position, is_conditional in rows.rows("descriptor_rights", *columns):
        if principal is None or sid in _NOBODY or given == "owner":
            continue
        is_asked = given in ("full_control", "null_dacl") or (given == right and object_type is None)
        place = (principal, position)
        found[sd][place] = found[sd].get(place, False) or (is_asked and not is_conditional)
    return {
        sd: [Favoured(principal, position, certain) for (principal, position), certain in rows.items()]
        for sd, rows in found.items()
    }
