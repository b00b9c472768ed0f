"""What is missing from the tables of the graph, as rows of ``coverage``.

A gap hides edges into some nodes, or edges that may lead anywhere. Whoever reaches tier 0 by edges that were not seen
does so by a last one, and that one enters a node from which known edges go on: a gap counts for exposure when it can
hide an edge into such a node. Every gap counts for the edges themselves.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.facts import ACCOUNT_TABLES, Facts, build
from adaudit.derive.gaps import Gap, Gaps
from adaudit.graph.blocks import NONE
from adaudit.graph.graph import Mask
from adaudit.graph.nodes import Nodes
from adaudit.schema import TABLES

_EDGES: Final = ("edges", "changes")
_PATHS: Final = ("exposure", "choke_points")

_Facts = tuple[tuple[str, tuple[str, ...]], ...]

_INTO_BEARER: Final[_Facts] = (
    ("objects", ("sd_id", "object_class")),
    ("memberships", ("member_id", "group_id")),
    ("delegations", ("target_id",)),
    ("managed_service_accounts", ("reader_sd_id",)),
    ("gpo_links", ("gpo_id", "gpo_dn")),
    ("gpo_settings", ()),
    ("sysvol_files", ("sd_id",)),
    ("users", ("script_path",)),
    ("computers", ("laps_expires_raw", "windows_laps_expires_raw")),
)
"""Tables and columns of what hides edges that enter its bearer, or what its bearer decides."""

_ANYWHERE: Final[_Facts] = (
    ("delegations", ("spn",)),
    ("sid_history", ("sid",)),
    ("trusts", ("direction", "trust_attributes")),
    *((table, ("primary_group_rid", "user_account_control")) for table in ACCOUNT_TABLES),
    ("computers", ("dns_host_name",)),
    ("spns", ("spn",)),
    ("directory_servers", ("computer_id",)),
    *((table, ()) for table in ("certificate_authorities", "certificate_templates", "published_templates")),
    ("domain_controllers", ()),
)
"""Tables and columns of what hides where its bearer leads, which may be anywhere, or which controllers there are."""

_WHOLE: Final = ("objects", *ACCOUNT_TABLES, "groups", "security_descriptors", "aces")
"""Tables of which whole domains may be missing."""

_KNOWN_HIDDEN: Final = "known_hidden"
"""Reason of containers that no ordinary account reads, such as that of password settings: they are no trusts."""

_TOO_MANY: Final = "too_many"
"""Reason of computed tables that lack rows."""

_APART: Final = ("domain_dns", "forest_dns", "application")
"""Kinds of naming contexts without accounts, groups and policies."""

_ABOVE: Final = re.compile(r"^(?:[^,\\]|\\.)*,", re.DOTALL)
"""The first RDN of a distinguished name: without it, the name is that of the container."""

_UNSEEN: Final = Gap("objects", "*", None, None, None, "denied", "reference_unseen", None)
_OTHER_DOMAIN: Final = Gap("domains", "*", None, None, None, "not_attempted", "other_domain", None)

_Placed = tuple[Gap, tuple[int, ...] | None]
"""A gap with the nodes that it may hide edges into; None when these may be any."""


def hiding_paths(facts: Facts, nodes: Nodes, leads_on: Mask) -> list[Gap]:
    """The gaps that can hide a path. ``leads_on``: nodes of tier 0 and those that reach it."""
    found = _gaps(facts, nodes)
    return list(
        dict.fromkeys(gap for gap, into in found if into is None or any(n != NONE and leads_on[n] for n in into))
    )


def graph_coverage(facts: Facts, nodes: Nodes, hiding: Iterable[Gap]) -> pa.Table:
    """The rows of ``coverage`` that the tables of the graph add. ``hiding``: the gaps that can hide a path."""
    of_edges = (gap._replace(table_name=table, column_name="*") for gap, _ in _gaps(facts, nodes) for table in _EDGES)
    lost = Gaps(facts).as_lost_rows(hiding)
    of_paths = (gap._replace(table_name=table) for gap in lost for table in _PATHS)
    return build("coverage", dict.fromkeys((*of_edges, *of_paths)))


def missing_by_fact(gaps: Iterable[Gap]) -> dict[str, int]:
    """How many gaps by ``table.column``, or by table where rows are missing, the most first."""
    names = (f"{gap.table_name}" if gap.column_name == "*" else f"{gap.table_name}.{gap.column_name}" for gap in gaps)
    return dict(Counter(names).most_common())


def _gaps(facts: Facts, nodes: Nodes) -> Iterator[_Placed]:
    """A naming context that holds neither accounts nor what decides about them, such as those of DNS, hides nothing."""
    gaps = Gaps(facts)
    apart = {*_APART, *(dn for dn, kind in facts.rows("partitions", "dn", "kind") if kind in _APART)}
    for table, columns in _INTO_BEARER:
        for gap in gaps.of(table, *columns):
            if gap.object_id is not None:
                yield gap, (nodes.of_object(gap.object_id), nodes.settings_of(gap.object_id))
            elif table != "objects" or (gap.is_wide and gap.detail not in apart):
                yield gap, None
    containers = {dn for dn, reason in facts.rows("coverage", "dn", "reason") if reason == _KNOWN_HIDDEN}
    for table, columns in _ANYWHERE:
        yield from ((gap, None) for gap in gaps.of(table, *columns) if gap.dn is None or gap.dn not in containers)
    yield from ((gap, None) for gap in gaps.wide(*_WHOLE) if gap.detail not in apart)
    yield from ((gap, None) for gap in gaps.wide(*TABLES["edges"].computed_from) if gap.reason == _TOO_MANY)
    read_only = {row for row, is_rodc in facts.rows("domain_controllers", "object_id", "is_rodc") if is_rodc}
    for gap in gaps.of("links", "target_id"):
        if gap.object_id in read_only:
            yield gap, None
    for domain in facts.domains:
        if not domain.is_collected:
            yield _OTHER_DOMAIN._replace(domain_id=domain.domain_id, dn=domain.dn), None
    yield from _never_seen(facts, nodes)
    yield from _in_containers_never_seen(facts, nodes, gaps)


def _in_containers_never_seen(facts: Facts, nodes: Nodes, gaps: Gaps) -> Iterator[_Placed]:
    """Who controls a container controls what is in it, and policies linked there apply to it."""
    unseen = {gap.dn.lower(): gap for gap in gaps.of("objects") if gap.dn is not None}
    objects = facts.table("objects")
    is_live = pc.invert(objects["is_deleted"].fill_null(False))
    lost = Facts({"objects": objects.filter(pc.and_(objects["parent_id"].is_null(), is_live))})
    for object_id, dn in lost.rows("objects", "object_id", "dn"):
        gap = unseen.get(_ABOVE.sub("", dn or "", count=1).lower())
        if gap is not None:
            yield gap, (nodes.of_object(object_id),)


def _never_seen(facts: Facts, nodes: Nodes) -> Iterator[_Placed]:
    """Identities and GPOs that something refers to and that were not seen: nobody knows who controls them."""
    for principal in facts.principals.values():
        if principal.type == "unseen" and principal.dn is not None:
            yield _UNSEEN._replace(dn=principal.dn), (nodes.of_principal(principal.principal_id),)
    for container, gpo, dn, is_enabled in facts.rows("gpo_links", "container_id", "gpo_id", "gpo_dn", "is_enabled"):
        if gpo is None and is_enabled is not False:
            yield _UNSEEN._replace(dn=dn), (nodes.of_object(container), nodes.settings_of(container))
