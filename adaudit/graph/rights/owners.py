"""When owning an object, or taking its ownership, gives nothing."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from adaudit.decode.flags import AccessMask, DsHeuristics, expand_generic
from adaudit.derive.facts import Facts, Ids
from adaudit.derive.tokens import Tokens
from adaudit.derive.well_known import OWNER_RIGHTS

_BLOCK_OWNER_CHARACTER: Final = 29
_DOMAIN_ADMINS, _ENTERPRISE_ADMINS = 512, 519
_USEFUL: Final = int(
    AccessMask.WRITE_DAC
    | AccessMask.WRITE_OWNER
    | AccessMask.DS_WRITE_PROPERTY
    | AccessMask.DS_SELF
    | AccessMask.DS_CONTROL_ACCESS
)

Mask = npt.NDArray[np.bool_]


class Owners:
    """``is_blocked``: dSHeuristics takes from owners of computers, and of what derives from them, the right to change
    the DACL (MS-ADTS 6.1.1.2.4.1.2, fBlockOwnerImplicitRights), but not from Domain and Enterprise Admins.
    """

    def __init__(self, facts: Facts) -> None:
        self.is_blocked = any(
            DsHeuristics.from_text(text).character(_BLOCK_OWNER_CHARACTER) == 1
            for (text,) in facts.rows("forests", "ds_heuristics")
        )
        self._tokens = Tokens(facts)
        sids = {f"{domain.sid}-{rid}" for domain in facts.domains for rid in (_DOMAIN_ADMINS, _ENTERPRISE_ADMINS)}
        self._admins = {p.principal_id for sid in sids for p in facts.principals_by_sid.get(sid, ())}
        self._limiting = _limiting(facts)

    def are_exempt(self, principals: Ids) -> Mask:
        """Domain Admins, Enterprise Admins, and those in them."""
        distinct, inverse = np.unique(principals, return_inverse=True)
        exempt = [not self._admins.isdisjoint(self._tokens.of(principal)) for principal in distinct.tolist()]
        return np.array(exempt, bool)[inverse]

    def keep_nothing(self, sds: Ids) -> Mask:
        """Descriptors whose inherited ACEs for OWNER RIGHTS give a new owner nothing: such ACEs survive a change of
        owner, as explicit ones do not, and replace the owner's implicit right (MS-DTYP 2.5.3.2)."""
        return np.isin(sds, self._limiting)


def _limiting(facts: Facts) -> Ids:
    aces = facts.table("aces")
    applying = pc.and_(aces["is_inherited"].fill_null(False), pc.invert(aces["is_inherit_only"].fill_null(False)))
    here = Facts({"aces": aces.filter(pc.and_(pc.equal(aces["trustee_sid"], OWNER_RIGHTS), applying))})
    useful, every = set(), set()
    for sd, is_allow, mask in here.rows("aces", "sd_id", "is_allow", "mask"):
        every.add(sd)
        if is_allow and expand_generic(mask or 0) & _USEFUL:
            useful.add(sd)
    return np.array(sorted(every - useful - {None}), np.int64)
