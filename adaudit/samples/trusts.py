"""Trusts between the forests of the group, and with others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import pack
from typing import Any

from adaudit.decode.sid import parse_sid
from adaudit.samples.profile import load_forest

_INBOUND, _FOREST_TRANSITIVE = 0x1, 0x8
_INTERDOMAIN_TRUST_ACCOUNT = 2080


def trust_objects(trusts: Iterable[dict[str, Any]], seed: int) -> Iterator[dict[str, Any]]:
    """The trust and the account of each ``[[trust]]``: ``direction``, ``attributes``, and ``partner``, another hospital
    or a table of ``dns``, ``netbios`` and ``sid``; ``expected`` as for objects."""
    for each in trusts:
        partner = each["partner"]
        if isinstance(partner, str):
            profile = load_forest(partner, seed).profile
            partner = {"dns": profile.dns, "netbios": profile.netbios, "sid": profile.sid}
        trust = {
            "dn": f"CN={partner['dns']},CN=System,%base%",
            "class": "trustedDomain",
            "trustPartner": partner["dns"],
            "flatName": partner["netbios"],
            "securityIdentifier": {"sid": partner["sid"]},
            "trustDirection": each["direction"],
            "trustType": 2,
            "trustAttributes": each["attributes"],
            "msDS-SupportedEncryptionTypes": 24,
            "created_days": 1500,
            "expected": each.get("expected", {}),
        }
        if each["attributes"] & _FOREST_TRANSITIVE:
            trust["msDS-TrustForestTrustInfo"] = {"hex": _forest_names(partner).hex()}
        yield trust
        if each["direction"] & _INBOUND:
            yield {
                "dn": f"CN={partner['netbios']}$,CN=Users,%base%",
                "class": "user",
                "sAMAccountName": f"{partner['netbios']}$",
                "userAccountControl": _INTERDOMAIN_TRUST_ACCOUNT,
                "created_days": 1500,
            }


def _forest_names(partner: dict[str, str]) -> bytes:
    """msDS-TrustForestTrustInfo (MS-ADTS 6.1.6.9.3): the suffix of the partner, and its one domain."""
    dns, netbios, sid = partner["dns"].encode(), partner["netbios"].encode(), parse_sid(partner["sid"])
    suffix = pack("<IQB", 0, 0, 0) + pack("<I", len(dns)) + dns
    domain = pack("<IQB", 0, 0, 2)
    domain += b"".join(pack("<I", len(part)) + part for part in (sid, dns, netbios))
    return pack("<II", 1, 2) + b"".join(pack("<I", len(record)) + record for record in (suffix, domain))
