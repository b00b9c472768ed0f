"""Objects that were never seen, or that lie in a container of which that is true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pyarrow.compute as pc

from adaudit.derive.adminsdholder import adminsdholders
from adaudit.derive.facts import Facts
from adaudit.derive.gaps import Gap, Gaps
from adaudit.graph.directory.issuance import authorities_of
from adaudit.graph.hidden.placed import Placed
from adaudit.graph.nodes import Nodes

APART: Final = ("domain_dns", "forest_dns", "application")
"""Kinds of naming contexts without accounts, groups and policies."""

_TOLD_ELSEWHERE: Final = ("known_hidden", "reference_unseen")
"""Reasons of gaps about objects that hide no path, or that count where something refers to them."""

_OF_CONFIGURATION: Final = re.compile(r"^,cn=services,|,cn=sites,|,cn=public key services,cn=services,")
_SYSTEM: Final = ",cn=system,"
"""Where the configuration holds what the graph is drawn from, and where other tables tell of what was not read."""

_ABOVE: Final = re.compile(r"^(?:[^,\\]|\\.)*,", re.DOTALL)
"""The first RDN of a distinguished name: without it, the name is that of the container."""

_UNSEEN: Final = Gap("objects", "*", None, None, None, "denied", "reference_unseen", None)
_HOST: Final = Gap("computers", "*", None, None, None, "denied", "reference_unseen", None)
_OTHER_DOMAIN: Final = Gap("domains", "*", None, None, None, "not_attempted", "other_domain", None)


def unseen_objects(facts: Facts, nodes: Nodes, gaps: Gaps) -> Iterator[Placed]:
    """What may be there beside the objects that were read."""
    for domain in facts.domains:
        if not domain.is_collected:
            yield _OTHER_DOMAIN._replace(domain_id=domain.domain_id, dn=domain.dn), None
    yield from _refused(facts, gaps)
    yield from _hosts_of_authorities(facts)
    yield from _adminsdholders(facts)
    yield from _referred_to(facts, nodes)
    yield from _in_containers_never_seen(facts, nodes, gaps)


def _refused(facts: Facts, gaps: Gaps) -> Iterator[Placed]:
    """Objects and containers that the source could not read, where accounts, sites or certificate services may be."""
    domains = tuple(f",{domain.dn.lower()}" for domain in facts.domains if domain.dn)
    others = tuple(f",{dn.lower()}" for dn, kind in facts.rows("partitions", "dn", "kind") if dn and kind != "domain")
    for gap in gaps.of("objects"):
        if gap.column_name != "*" or gap.dn is None or gap.reason in _TOLD_ELSEWHERE:
            continue
        place = f",{gap.dn.lower()}"
        if place.endswith(others):
            is_of_use = _OF_CONFIGURATION.search(place) is not None
        else:
            is_of_use = place.endswith(domains) and _SYSTEM not in place
        if is_of_use:
            yield gap, None


def _hosts_of_authorities(facts: Facts) -> Iterator[Placed]:
    """The host of an authority is a computer of the forest: whoever holds it signs certificates for anybody."""
    for authority in authorities_of(facts).values():
        if authority.is_trusted is not False and not authority.hosts:
            yield _HOST._replace(detail=authority.name), None


def _adminsdholders(facts: Facts) -> Iterator[Placed]:
    """Every domain has one: where it was not seen, nobody knows who writes the rights over what it protects."""
    seen = {holder.domain_id for holder in adminsdholders(facts)}
    read = {dn for dn, is_collected in facts.rows("partitions", "dn", "is_collected") if is_collected}
    for domain in facts.domains:
        if domain.dn in read and domain.domain_id not in seen:
            yield _UNSEEN._replace(domain_id=domain.domain_id, dn=f"CN=AdminSDHolder,CN=System,{domain.dn}"), None


def _in_containers_never_seen(facts: Facts, nodes: Nodes, gaps: Gaps) -> Iterator[Placed]:
    """Who controls a container controls what is in it, and policies linked there apply to it."""
    unseen = {gap.dn.lower(): gap for gap in gaps.of("objects") if gap.dn is not None}
    objects = facts.table("objects")
    is_live = pc.invert(objects["is_deleted"].fill_null(False))
    lost = Facts({"objects": objects.filter(pc.and_(objects["parent_id"].is_null(), is_live))})
    for object_id, dn in lost.rows("objects", "object_id", "dn"):
        gap = unseen.get(_ABOVE.sub("", dn or "", count=1).lower())
        if gap is not None:
            yield gap, (nodes.of_object(object_id),)


def _referred_to(facts: Facts, nodes: Nodes) -> Iterator[Placed]:
    """Identities and GPOs that something refers to and that were not seen: nobody knows who controls them."""
    for principal in facts.principals.values():
        if principal.type == "unseen" and principal.dn is not None:
            yield _UNSEEN._replace(dn=principal.dn), (nodes.of_principal(principal.principal_id),)
    for container, gpo, dn, is_enabled in facts.rows("gpo_links", "container_id", "gpo_id", "gpo_dn", "is_enabled"):
        if gpo is None and is_enabled is not False:
            yield _UNSEEN._replace(dn=dn), (nodes.of_object(container), nodes.settings_of(container))
