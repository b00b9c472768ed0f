"""DNS zones and records, as the directory stores them (MS-DNSP 2.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address
from struct import pack
from typing import Any

_ZONE_TYPE, _ALLOW_UPDATE = 1, 2
_PRIMARY, _SECURE = 1, 2
_A, _SRV = 1, 33
_TTL = 3600
_DOMAIN = "CN=MicrosoftDNS,%domaindns%"
_FOREST = "CN=MicrosoftDNS,%forestdns%"


def zone_objects(
    controllers: Iterable[dict[str, Any]], zones: Iterable[dict[str, Any]], dns: str
) -> Iterator[dict[str, Any]]:
    """The zones of the domain and forest, those of each ``[[zone]]`` (``name``, ``update``: 1 for anybody), and the
    records of the controllers."""
    domain, forest = f"DC={dns},{_DOMAIN}", f"DC=_msdcs.{dns},{_FOREST}"
    yield _zone(domain)
    yield _zone(forest)
    for each in zones:
        yield _zone(f"DC={each['name']},{_DOMAIN}", each.get("update", _SECURE)) | {
            "expected": each.get("expected", {})
        }
    hosts = [f"{each['name'].lower()}.{dns}" for each in controllers]
    locators = [{"hex": _record(_SRV, pack(">HHH", 0, 100, 389) + _name(host)).hex()} for host in hosts]
    yield {"dn": f"DC=_ldap._tcp,{domain}", "class": "dnsNode", "owner": "SY", "dnsRecord": locators}
    yield {"dn": f"DC=_ldap._tcp.dc,{forest}", "class": "dnsNode", "owner": "SY", "dnsRecord": locators}
    for each in controllers:
        address = _record(_A, IPv4Address(each["address"]).packed)
        node = f"DC={each['name'].lower()},{domain}"
        yield {"dn": node, "class": "dnsNode", "owner": "SY", "dnsRecord": {"hex": address.hex()}}


def _zone(dn: str, update: int = _SECURE) -> dict[str, Any]:
    properties = [_property(_ZONE_TYPE, pack("<I", _PRIMARY)), _property(_ALLOW_UPDATE, pack("<B", update))]
    return {"dn": dn, "class": "dnsZone", "owner": "SY", "dNSProperty": [{"hex": each.hex()} for each in properties]}


def _property(number: int, data: bytes) -> bytes:
    """A dnsProperty (MS-DNSP 2.3.2.1): the name after the data is not used."""
    return pack("<IIIII", len(data), 1, 0, 1, number) + data + bytes(4)


def _record(kind: int, data: bytes) -> bytes:
    """A dnsRecord (MS-DNSP 2.3.2.2) without aging, of the zone's rank."""
    return pack("<HHBBHI", len(data), kind, 5, 0xF0, 0, 1) + pack(">I", _TTL) + bytes(8) + data


def _name(host: str) -> bytes:
    """A name as DNS_COUNT_NAME (MS-DNSP 2.2.2.2.2)."""
    labels = host.split(".")
    body = b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"
    return bytes([len(body), len(labels)]) + body
