"""Which objects AdminSDHolder protects (MS-ADTS 3.1.1.6.1)."""

from __future__ import annotations

from typing import Final

import numpy as np

from adaudit.decode.flags import DsHeuristics
from adaudit.derive.adminsdholder import adminsdholders
from adaudit.derive.facts import Facts, Ids, Principal
from adaudit.graph.blocks import NONE

_MASK_CHARACTER: Final = 16
_BUILTIN: Final = {544: 0, 548: 1, 549: 2, 550: 4, 551: 8, 552: 0}
"""RIDs of the protected groups of BUILTIN, and the bit of dSHeuristics that leaves each out."""
_WITH_MEMBERS: Final = (512, 518, 519, 526, 527)
_ALONE: Final = (516, 521)
"""Domain Controllers and Read-only Domain Controllers: their members are not protected."""
_ACCOUNTS: Final = (500, 502)


def protected_objects(facts: Facts) -> tuple[Ids, Ids]:
    """Pairs (AdminSDHolder, object): every object whose DACL is kept equal to that of its domain's AdminSDHolder.

    Protected are some accounts and groups, and the members of these groups at any depth; dSHeuristics can leave
    operator groups out. Members of another domain are protected by the AdminSDHolder there.
    """
    holders = {holder.domain_id: holder.object_id for holder in adminsdholders(facts)}
    left_out = _mask(facts)
    roots, alone = set(), set()
    for principal in facts.principals.values():
        if _is_with_members(facts, principal, left_out):
            roots.add(principal.principal_id)
        elif _is_of_domain(facts, principal) and principal.rid in (*_ALONE, *_ACCOUNTS):
            alone.add(principal.principal_id)
    pairs = []
    for principal_id in sorted(facts.memberships.closure(roots) | alone):
        protected = facts.principals.get(principal_id)
        if protected is not None and protected.object_id is not None and protected.domain_id in holders:
            pairs.append((holders[protected.domain_id], protected.object_id))
    columns = np.array(pairs, np.int64).reshape(-1, 2).T
    return columns[0], columns[1]


def holder_of_objects(facts: Facts, size: int) -> Ids:
    """The AdminSDHolder that protects each object, by object id below ``size``; ``NONE`` for the others."""
    holder, protected = protected_objects(facts)
    found: Ids = np.full(size, NONE, np.int64)
    found[protected[protected < size]] = holder[protected < size]
    return found


def _is_with_members(facts: Facts, principal: Principal, left_out: int) -> bool:
    if (principal.sid or "").startswith("S-1-5-32-"):
        bit = _BUILTIN.get(principal.rid or 0)
        return bit is not None and not bit & left_out
    return principal.rid in _WITH_MEMBERS and _is_of_domain(facts, principal)


def _is_of_domain(facts: Facts, principal: Principal) -> bool:
    return any(domain.sid and principal.sid == f"{domain.sid}-{principal.rid}" for domain in facts.domains)


def _mask(facts: Facts) -> int:
    """Operator groups that dSHeuristics leaves out (MS-ADTS 6.1.1.2.4.1.2, dwAdminSDExMask)."""
    for (text,) in facts.rows("forests", "ds_heuristics"):
        return DsHeuristics.from_text(text).character(_MASK_CHARACTER) or 0
    return 0
