"""Trusts of the domains that were read."""

from __future__ import annotations

from typing import Final

from adaudit.graph.bloodhound.collection import Collection
from adaudit.graph.bloodhound.identifiers import Json
from adaudit.graph.bloodhound.lookup import Row

_DIRECTIONS: Final = ("Disabled", "Inbound", "Outbound", "Bidirectional")
_ACTIVE_DIRECTORY: Final = 2


def trusts_by_domain(collection: Collection) -> dict[int, list[Json]]:
    """By the domain that holds the trust, in the order of objects; those whose attributes were not read left out."""
    found: dict[int, list[Json]] = {}
    for row in collection.facts.table("trusts").sort_by("object_id").to_pylist():
        if row["direction"] is None or row["trust_attributes"] is None:
            collection.unnamed += 1
        else:
            found.setdefault(row["domain_id"], []).append(_trust(collection, row))
    return found


def _trust(collection: Collection, row: Row) -> Json:
    """SID filtering: a quarantined trust, or a forest trust that is not treated as external (MS-PAC 4.1.2.2)."""
    is_filtered = row["is_quarantined"] or (row["is_forest_transitive"] and not row["is_treated_as_external"])
    return {
        "TargetDomainSid": row["partner_sid"],
        "TargetDomainName": (row["partner_dns"] or "").upper(),
        "IsTransitive": not row["is_non_transitive"],
        "SidFilteringEnabled": bool(is_filtered),
        "TGTDelegationEnabled": bool(
            not row["is_quarantined"] and (row["is_within_forest"] or row["allows_tgt_delegation"])
        ),
        "TrustAttributes": row["trust_attributes"],
        "TrustDirection": _DIRECTIONS[row["direction"] & 3],
        "TrustType": _type(collection, row),
    }


def _type(collection: Collection, row: Row) -> str:
    if not row["is_within_forest"]:
        if row["is_forest_transitive"]:
            return "Forest"
        return "External" if row["trust_type"] in (1, _ACTIVE_DIRECTORY) else "Unknown"
    here, partner = collection.identifiers.fqdn(row["domain_id"]), (row["partner_dns"] or "").upper()
    if here.partition(".")[2] == partner or partner.partition(".")[2] == here:
        return "ParentChild"
    root = collection.identifiers.fqdn(None)
    return "TreeRoot" if root in (here, partner) else "CrossLink"
