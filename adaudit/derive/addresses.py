"""controller_addresses: where domain controllers are, by DNS and by subnets."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from functools import cache
from operator import itemgetter

import pyarrow as pa

from adaudit.derive.bounds import bounded
from adaudit.derive.facts import Facts, build, in_order

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_ADDRESS_TYPES = ("A", "AAAA")
_APEX = "@"


def controller_addresses(facts: Facts) -> pa.Table:
    """One row per address that the zones of the directory give to the name of a domain controller.

    The subnet is the longest one that contains the address, as the locator of Windows chooses it (MS-ADTS 6.1.1.2.2.2);
    loopback and link-local addresses, which no subnet describes, are left out.
    """
    subnets = _Subnets(facts)
    addresses = _addresses(facts)

    @cache
    def located(host: str) -> list[tuple[str, int | None, int | None]]:
        found = ((str(address), *subnets.around(address)) for address in addresses.get(host, ()))
        return sorted(found, key=itemgetter(0))

    def rows() -> Iterator[tuple[int, str, int | None, int | None]]:
        for object_id, host in facts.rows("domain_controllers", "object_id", "dns_host_name"):
            for found in located(host or ""):
                yield object_id, *found

    return build("controller_addresses", bounded(facts, "controller_addresses", rows()))


def _addresses(facts: Facts) -> dict[str, set[Address]]:
    """Addresses by host name, lower case; without loopback and link-local ones."""
    zones = dict(facts.rows("dns_zones", "object_id", "name"))
    found: dict[str, set[Address]] = {}
    for zone_id, name, kind, data in facts.rows("dns_records", "zone_id", "name", "type", "data"):
        zone = zones.get(zone_id)
        if kind not in _ADDRESS_TYPES or zone is None or name is None:
            continue
        try:
            address = ipaddress.ip_address(data or "")
        except ValueError:
            continue
        if not (address.is_loopback or address.is_link_local):
            found.setdefault(zone if name == _APEX else f"{name}.{zone}", set()).add(address)
    return found


class _Subnets:
    """Declared subnets."""

    def __init__(self, facts: Facts) -> None:
        self._by_network: dict[Network, tuple[int, int | None]] = {}
        for subnet, site, prefix in in_order(facts.rows("subnets", "object_id", "site_id", "prefix"), 0):
            try:
                self._by_network.setdefault(ipaddress.ip_network(prefix or ""), (subnet, site))
            except ValueError:
                continue
        self._lengths = sorted({network.prefixlen for network in self._by_network}, reverse=True)

    def around(self, address: Address) -> tuple[int | None, int | None]:
        """The longest subnet that contains the address, and its site; None twice when none does."""
        for length in self._lengths:
            if length <= address.max_prefixlen:
                network = ipaddress.ip_network((address, length), strict=False)
                if network in self._by_network:
                    return self._by_network[network]
        return None, None
