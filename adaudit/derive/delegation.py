"""delegation_targets: which accounts a constrained delegation reaches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from adaudit.derive.bounds import bounded
from adaudit.derive.facts import ACCOUNT_TABLES, Facts, build, in_order

KRBTGT_RID = 502


def delegation_targets(facts: Facts) -> pa.Table:
    """One row per delegation and account reached; one without target when nothing bears the SPN.

    The service class of a ticket can be replaced by whoever holds it: a host reached under one name is reached
    under all, so that an SPN nobody bears still leads to the computer it names.
    """
    index = _Index(facts)
    columns = ("object_id", "principal_id", "spn", "protocol_transition", "service_class", "host", "kind")
    rows = facts.rows("delegations", *columns)
    constrained = in_order((row for row in rows if row[-1] == "constrained" and row[2] is not None), 0, 2)

    def reaching() -> Iterator[Sequence[Any]]:
        for object_id, principal, spn, transition, service, host, _ in constrained:
            reached = [*index.reached(object_id, spn.lower(), service, host)]
            for target, match in in_order(reached, 0) or [(None, None)]:
                yield object_id, principal, spn, transition, target, match

    return build("delegation_targets", bounded(facts, "delegation_targets", reaching()))


class _Index:
    """Accounts by SPN, hosts by name, krbtgt by realm."""

    def __init__(self, facts: Facts) -> None:
        self._by_spn: dict[str, set[int]] = {}
        self._by_host: dict[str, set[int]] = {}
        for object_id, spn, service, host in facts.rows("spns", "object_id", "spn", "service_class", "host"):
            if object_id is None:
                continue
            if spn is not None:
                self._by_spn.setdefault(spn.lower(), set()).add(object_id)
            if service == "host" and host:
                self._by_host.setdefault(host, set()).add(object_id)
        domains = {domain.domain_id: domain for domain in facts.domains}
        columns = ("object_id", "domain_id", "sam_account_name", "dns_host_name")
        self._domain_of: dict[int, int | None] = {}
        for object_id, domain_id, sam, dns in facts.rows("computers", *columns):
            domain = domains.get(domain_id)
            for name in host_names(sam, dns, domain.dns_name if domain else None) if object_id is not None else ():
                self._by_host.setdefault(name, set()).add(object_id)
        for table in ACCOUNT_TABLES:
            self._domain_of.update(facts.rows(table, "object_id", "domain_id"))
        self._krbtgt: dict[int | None, int] = {
            domain.domain_id: p.object_id
            for domain in facts.domains
            for p in facts.principals_by_sid.get(f"{domain.sid}-{KRBTGT_RID}", ())
            if p.object_id is not None
        }
        self._realms = {
            name.lower(): domain.domain_id
            for domain in facts.domains
            for name in (domain.dns_name, domain.netbios_name)
            if name
        }

    def reached(self, source: int, spn: str, service: str | None, host: str | None) -> Iterator[tuple[int | None, str]]:
        if service == "krbtgt":
            yield self._krbtgt.get(self._realms.get(host or "", self._domain_of.get(source))), "krbtgt"
        elif bearers := self._by_spn.get(spn):
            yield from ((bearer, "spn") for bearer in bearers)
        elif host:
            yield from ((computer, "host") for computer in self._by_host.get(host, ()))


def host_names(sam: str | None, dns: str | None, domain: str | None) -> Iterator[str]:
    """The names, in lower case, under which clients know a computer."""
    short = (sam or "").removesuffix("$").lower()
    if short:
        yield short
        if domain:
            yield f"{short}.{domain.lower()}"
    if dns:
        yield dns.lower()
        yield dns.lower().partition(".")[0]
