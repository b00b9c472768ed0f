"""Other domains that trusts lead to, by the SIDs of their identities."""

from __future__ import annotations

from typing import Final, NamedTuple

from adaudit.derive.facts import Facts

_TREE_BITS: Final = 0xC00000
"""TREE_PARENT and TREE_ROOT of Windows 2000: between the trees of one forest."""

_WITHOUT_SIDS: Final = (3, 4)
"""Trust types MIT and DCE, whose tickets carry no SID."""


class Trust(NamedTuple):
    """A row of ``trusts``; a flag that was not read is None."""

    object_id: int
    domain_id: int | None
    partner_dns: str | None
    partner_netbios: str | None
    partner_sid: str | None
    is_outbound: bool | None
    is_inbound: bool | None
    is_quarantined: bool | None
    is_forest_transitive: bool | None
    is_cross_organization: bool | None
    is_within_forest: bool | None
    is_treated_as_external: bool | None
    forbids_tgt_delegation: bool | None
    allows_tgt_delegation: bool | None
    trust_type: int | None
    trust_attributes: int | None

    @property
    def is_ours(self) -> bool:
        """Its partner is of the same forest."""
        return bool(self.is_within_forest) or bool((self.trust_attributes or 0) & _TREE_BITS)

    @property
    def lets_foreign_sids_through(self) -> bool:
        """It is outbound and SID filtering leaves SIDs that are not of the partner's: of any RID on an external trust
        without quarantine, of RIDs from 1000 on a forest trust that is treated as external (MS-PAC 4.1.2.2)."""
        if self.is_outbound is False or self.is_ours or self.trust_type in _WITHOUT_SIDS:
            return False
        return not self.is_quarantined and (not self.is_forest_transitive or bool(self.is_treated_as_external))


def trusts_of(facts: Facts) -> list[Trust]:
    """Every trust that an object holds."""
    return [Trust(*row) for row in facts.rows("trusts", *Trust._fields) if row[0] is not None]


class Partners:
    """Finds the trusts towards the domain of a SID, those of the other domains of a trusted forest included."""

    def __init__(self, facts: Facts) -> None:
        self.trusts = trusts_of(facts)
        of_object = {trust.object_id: trust for trust in self.trusts}
        self._by_domain: dict[str, set[Trust]] = {}
        for trust in self.trusts:
            if trust.partner_sid:
                self._by_domain.setdefault(trust.partner_sid, set()).add(trust)
        for object_id, sid in facts.rows("trust_names", "object_id", "sid"):
            if sid and object_id in of_object:
                self._by_domain.setdefault(sid, set()).add(of_object[object_id])

    def of_sid(self, sid: str | None) -> set[Trust]:
        """Trusts towards the domain of that identity; none when no trust names it."""
        return self._by_domain.get((sid or "").rpartition("-")[0], set())

    def may_log_on(self, sid: str | None) -> bool:
        """An identity of that SID can be in Authenticated Users here: no trust names its domain, or one that is
        outbound without selective authentication does."""
        trusts = self.of_sid(sid)
        return not trusts or any(t.is_outbound is not False and not t.is_cross_organization for t in trusts)

    def is_selective(self, sid: str | None) -> bool:
        """Every trust by which it could log on asks for selective authentication (CROSS_ORGANIZATION)."""
        ways = [trust for trust in self.of_sid(sid) if trust.is_outbound is not False]
        return bool(ways) and all(trust.is_cross_organization for trust in ways)
