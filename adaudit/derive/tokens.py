"""Who an ACE applies to: the identities that a trustee always carries."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from adaudit.derive.facts import Facts, Principal
from adaudit.derive.well_known import ANONYMOUS, AUTHENTICATED_USERS, EVERYONE, SELF

_NOT_AUTHENTICATED_SIDS = frozenset((EVERYONE, ANONYMOUS, SELF, "S-1-5-32-546", "S-1-5-32-554"))
"""Identities some of whose bearers are not Authenticated Users: Guests and Pre-Windows 2000 Compatible Access too."""

_NOT_AUTHENTICATED_RIDS = frozenset((501, 514))


_MOST_KEPT: Final = 1 << 22
"""Groups in the tokens that are kept for the next question."""

_OTHERS_AT_ONCE: Final = 16


class Tokens:
    """Groups that every bearer of an identity is in, nested, primary and implicit ones included."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._known: dict[int, frozenset[int]] = {}
        self._kept = 0
        self._below = lru_cache(_OTHERS_AT_ONCE)(self._members_of)

    def of(self, principal_id: int) -> frozenset[int]:
        """The identity itself and all that certainly comes with it. What only some of its bearers have is left out."""
        token = self._known.get(principal_id)
        if token is None:
            above = self._facts.memberships.above
            found = {principal_id, *above(principal_id)}
            for implicit in self._implicit(principal_id):
                found |= {implicit, *above(implicit)}
            token = frozenset(found)
            self._kept += len(token)
            if self._kept > _MOST_KEPT:
                self._known.clear()
                self._kept = len(token)
            self._known[principal_id] = token
        return token

    def carries(self, principal_id: int, other: int) -> bool:
        """Every bearer of the first identity is, or is in, the other: ``other in self.of(principal_id)``.

        Faster than that when few others are asked about many identities, one after the other.
        """
        below = self._below(other)
        return principal_id in below or not below.isdisjoint(self._implicit(principal_id))

    def _members_of(self, group: int) -> set[int]:
        return self._facts.memberships.closure((group,))

    def _implicit(self, principal_id: int) -> list[int]:
        sids = comes_with_logon(self._facts.principals.get(principal_id))
        return [p.principal_id for sid in sids for p in self._facts.principals_by_sid.get(sid, ())]


def comes_with_logon(principal: Principal | None) -> tuple[str, ...]:
    """SIDs that every bearer of an identity has though no attribute lists them: Everyone, Authenticated Users."""
    sid = principal.sid if principal else None
    if principal is None or sid is None or sid == ANONYMOUS:
        return ()
    in_domain = sid.startswith("S-1-5-21-")
    if sid in _NOT_AUTHENTICATED_SIDS or (in_domain and principal.rid in _NOT_AUTHENTICATED_RIDS):
        return (EVERYONE,)
    return EVERYONE, AUTHENTICATED_USERS
