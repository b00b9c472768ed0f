"""Computers by the names that clients use for them."""

from __future__ import annotations

from typing import Final

from adaudit.derive.delegation import host_names
from adaudit.derive.facts import Facts

MOST_BEARERS: Final = 16
"""Computers that a name can mean."""

_SHARING: Final = ("host", "cifs")
"""Services of SPNs that are there for every name of a computer, aliases included."""


class HostNames:
    """Computers by name in lower case: that of the account, with the DNS name of its domain or alone, dNSHostName, and
    other names that their SPNs ``host`` and ``cifs`` bear.

    A name that several computers bear gives them all, unless they are so many that it says nothing.
    """

    def __init__(self, facts: Facts) -> None:
        domains: dict[int | None, str | None] = {domain.domain_id: domain.dns_name for domain in facts.domains}
        self._by_name: dict[str, set[int]] = {}
        columns = ("object_id", "domain_id", "sam_account_name", "dns_host_name")
        for object_id, domain, sam, dns in facts.rows("computers", *columns):
            for name in host_names(sam, dns, domains.get(domain)) if object_id is not None else ():
                self._by_name.setdefault(name, set()).add(object_id)
        computers = {object_id for (object_id,) in facts.rows("computers", "object_id")}
        for object_id, service, host in facts.rows("spns", "object_id", "service_class", "host"):
            if service in _SHARING and host and object_id in computers:
                self._by_name.setdefault(host, set()).add(object_id)

    def computers(self, name: str | None) -> list[int]:
        """Objects of the computers of that name, in order."""
        found = self._by_name.get((name or "").lower(), set())
        return sorted(found) if len(found) <= MOST_BEARERS else []
