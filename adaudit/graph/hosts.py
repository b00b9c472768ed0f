"""Computers by the names that services, policies and people give them."""

from __future__ import annotations

from adaudit.derive.facts import Facts


class Hosts:
    """Computers by DNS name, by name of the account, and by host of their SPNs ``host`` and ``cifs``, which aliases
    have too."""

    def __init__(self, facts: Facts) -> None:
        self._named: dict[str, set[int]] = {}
        computers = set()
        for row, dns, sam in facts.rows("computers", "object_id", "dns_host_name", "sam_account_name"):
            computers.add(row)
            self._add(dns, row)
            self._add((sam or "").removesuffix("$"), row)
        for row, service, host in facts.rows("spns", "object_id", "service_class", "host"):
            if row in computers and service in ("host", "cifs"):
                self._add(host, row)

    def named(self, name: str | None) -> list[int]:
        """Objects of the computers of that name, in any case; several when domains have one each."""
        return sorted(self._named.get((name or "").lower().rstrip("."), ()))

    def _add(self, name: str | None, computer: int | None) -> None:
        if name and computer is not None:
            self._named.setdefault(name.lower().rstrip("."), set()).add(computer)
