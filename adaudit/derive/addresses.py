"""controller_addresses: where domain controllers are, by DNS and by subnets."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from functools import cached_property

import pyarrow as pa

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
    rows = []
    for object_id, host in facts.rows("domain_controllers", "object_id", "dns_host_name"):
        for address in addresses.get(host or "", ()):
            if not (address.is_loopback or address.is_link_local):
                rows.append((object_id, str(address), *subnets.around(address)))
    return build("controller_addresses", in_order(rows, 0, 1))


def _addresses(facts: Facts) -> dict[str, set[Address]]:
    """Addresses by host name, lower case."""
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
        found.setdefault(zone if name == _APEX else f"{name}.{zone}", set()).add(address)
    return found


class _Subnets:
    """Declared subnets, the longest first."""

    def __init__(self, facts: Facts) -> None:
        self._rows = list(facts.rows("subnets", "object_id", "site_id", "prefix"))

    def around(self, address: Address) -> tuple[int | None, int | None]:
        """The subnet and its site; None twice when no subnet contains the address."""
        for network, subnet, site in self._longest_first:
            if network.version == address.version and address in network:
                return subnet, site
        return None, None

    @cached_property
    def _longest_first(self) -> list[tuple[Network, int, int | None]]:
        return sorted(self._networks(), key=lambda row: (-row[0].prefixlen, row[1]))

    def _networks(self) -> Iterator[tuple[Network, int, int | None]]:
        for subnet, site, prefix in self._rows:
            try:
                yield ipaddress.ip_network(prefix or ""), subnet, site
            except ValueError:
                continue
