"""tier0: the crown of the directory."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pyarrow as pa

from adaudit.derive.adminsdholder import adminsdholders
from adaudit.derive.closure import closure
from adaudit.derive.facts import Facts, build, in_order

CORE_DOMAIN_RIDS = (500, 502, 512, 516, 526)
CORE_ROOT_RIDS = (518, 519, 527)
CORE_BUILTIN_RIDS = (544, 551)
ENTERPRISE_DOMAIN_CONTROLLERS = "S-1-5-9"

EXTENDED_DOMAIN_RIDS = (517,)
"""Cert Publishers."""

EXTENDED_BUILTIN_RIDS = (548, 549, 550, 557, 559, 562, 569)
"""Account, Server and Print Operators, Incoming Forest Trust Builders, Performance Log Users, Distributed COM Users,
Cryptographic Operators."""

EXTENDED_NAMES = frozenset(
    ("DnsAdmins", "Exchange Trusted Subsystem", "Exchange Windows Permissions", "AZUREADSSOACC$")
)
"""Without a fixed SID; products give these names in every language."""

ENTRA_CONNECT_PREFIXES = ("MSOL_", "AAD_")

PKI_CLASSES = frozenset(
    ("pKIEnrollmentService", "certificationAuthority", "pKICertificateTemplate", "msPKI-Enterprise-Oid")
)

Row = tuple[int | None, int | None, str, str]
"""Principal, object, layer, reason."""


def tier0(facts: Facts) -> pa.Table:
    """Core and extended tier 0 with the transitive members of their groups, and their closure."""
    return tier0_of(facts, {*core(facts), *extended(facts)})


def tier0_of(facts: Facts, named: Collection[Row]) -> pa.Table:
    """The table, from the rows that are named: members of groups and the closure come with them."""
    rows = set(named)
    groups = {(principal, reason) for principal, _, _, reason in rows if principal in facts.memberships.groups}
    for group, reason in groups:
        if group is not None:
            members = facts.memberships.closure((group,)) - {group}
            rows.update((*_both(facts, member), "member", reason) for member in members)
    objects = {object_id for _, object_id, _, _ in rows if object_id is not None}
    rows.update((None, object_id, "closure", reason) for object_id, reason in closure(facts, objects))
    return build("tier0", in_order(rows, 0, 1, 2, 3))


def core(facts: Facts) -> Iterator[Row]:
    """What is tier 0 in every directory."""
    yield from _by_sid(facts, CORE_DOMAIN_RIDS, CORE_ROOT_RIDS, CORE_BUILTIN_RIDS, "core")
    for principal in facts.principals_by_sid.get(ENTERPRISE_DOMAIN_CONTROLLERS, ()):
        yield principal.principal_id, principal.object_id, "core", ENTERPRISE_DOMAIN_CONTROLLERS
    for domain in facts.domains:
        if domain.object_id is not None:
            yield facts.principal_of_object.get(domain.object_id), domain.object_id, "core", "domainDNS"
    for holder in adminsdholders(facts):
        yield None, holder.object_id, "core", "AdminSDHolder"
    for object_id, principal in facts.rows("domain_controllers", "object_id", "principal_id"):
        yield principal, object_id, "core", "domain controller"


def extended(facts: Facts) -> Iterator[Row]:
    """What a site may leave out."""
    yield from _by_sid(facts, EXTENDED_DOMAIN_RIDS, (), EXTENDED_BUILTIN_RIDS, "extended")
    for principal in facts.principals.values():
        name = principal.name or ""
        if name in EXTENDED_NAMES:
            yield principal.principal_id, principal.object_id, "extended", name
        elif name.startswith(ENTRA_CONNECT_PREFIXES) and principal.type == "user":
            yield principal.principal_id, principal.object_id, "extended", "Entra Connect account"
    for object_id, object_class in facts.rows("objects", "object_id", "object_class"):
        if object_class in PKI_CLASSES:
            yield None, object_id, "extended", object_class
    authorities = {(host or "").lower() for (host,) in facts.rows("certificate_authorities", "dns_host_name")} - {""}
    for object_id, principal, host in facts.rows("computers", "object_id", "principal_id", "dns_host_name"):
        if (host or "").lower() in authorities:
            yield principal, object_id, "extended", "host of a certification authority"


def _by_sid(
    facts: Facts, in_domain: tuple[int, ...], in_root: tuple[int, ...], builtin: tuple[int, ...], layer: str
) -> Iterator[Row]:
    sids = {f"S-1-5-32-{rid}": f"S-1-5-32-{rid}" for rid in builtin}
    for domain in facts.domains:
        for rid in (*in_domain, *(in_root if domain.is_root else ())):
            sids[f"{domain.sid}-{rid}"] = f"RID {rid}"
    for sid, reason in sids.items():
        for principal in facts.principals_by_sid.get(sid, ()):
            yield principal.principal_id, principal.object_id, layer, reason


def _both(facts: Facts, principal_id: int) -> tuple[int, int | None]:
    principal = facts.principals.get(principal_id)
    return principal_id, principal.object_id if principal else None
