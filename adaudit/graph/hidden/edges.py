"""Every gap that may hide an edge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adaudit.derive.facts import ACCOUNT_TABLES, Facts
from adaudit.derive.gaps import Gaps
from adaudit.graph.directory.issuance import publications
from adaudit.graph.hidden.combined import combined_rights
from adaudit.graph.hidden.placed import Placed
from adaudit.graph.hidden.references import references
from adaudit.graph.hidden.unseen import APART, unseen_objects
from adaudit.graph.nodes import Nodes
from adaudit.schema import TABLES

_Facts = tuple[tuple[str, tuple[str, ...]], ...]

_INTO_BEARER: Final[_Facts] = (
    ("objects", ("sd_id", "object_class")),
    ("memberships", ("member_id", "group_id")),
    ("delegations", ("target_id",)),
    *((table, ("rbcd_sd_id",)) for table in ACCOUNT_TABLES),
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
    ("trusts", ("partner_dns", "partner_netbios", "direction", "trust_attributes")),
    *((table, ("sid", "sam_account_name")) for table in (*ACCOUNT_TABLES, "groups")),
    *((table, ("primary_group_rid", "user_account_control")) for table in ACCOUNT_TABLES),
    ("managed_service_accounts", ("delegated_state",)),
    ("computers", ("dns_host_name",)),
    ("spns", ("spn",)),
    ("directory_servers", ("computer_id",)),
    ("certificate_authorities", ("name", "dns_host_name")),
    ("published_templates", ("template_name",)),
    ("domain_controllers", ()),
    ("domains", ("sid", "dns_name", "netbios_name")),
)
"""Tables and columns of what hides where its bearer leads, which may be anywhere, or which identities are tier 0."""

OF_TEMPLATES: Final = (
    *("schema_version", "name_flag", "enrollment_flag", "ra_signature", "ra_application_policies"),
    *("ekus", "application_policies", "certificate_policies"),
)
"""Columns by which a certificate template leads to the domains; it does so once an authority publishes it."""

_OF_GUIDS: Final = (
    ("schema_attributes", ("name", "guid", "property_set")),
    ("schema_classes", ("name", "guid")),
    ("extended_rights", ("name", "guid")),
)
"""Columns by which ACEs that name a GUID are understood."""

_WHOLE: Final = ("objects", *ACCOUNT_TABLES, "groups", "security_descriptors", "aces")
"""Tables of which whole domains may be missing."""

_KNOWN_HIDDEN: Final = "known_hidden"
"""Reason of containers that no ordinary account reads, such as that of password settings: they are no trusts."""

_TOO_MANY: Final = "too_many"
"""Reason of computed tables that lack rows."""

_NO_FOLDER: Final = "reference_unseen"
"""Reason of policies whose folder is not in SYSVOL: no file of it holds a password."""


def hidden_edges(facts: Facts, nodes: Nodes) -> Iterator[Placed]:
    """A naming context that holds neither accounts nor what decides about them, such as those of DNS, hides nothing."""
    gaps = Gaps(facts)
    apart = {*APART, *(dn for dn, kind in facts.rows("partitions", "dn", "kind") if kind in APART)}
    for table, columns in _INTO_BEARER:
        for gap in gaps.of(table, *columns):
            if gap.object_id is not None:
                yield gap, (nodes.of_object(gap.object_id), nodes.settings_of(gap.object_id))
            elif table != "objects" or (gap.is_wide and gap.detail not in apart):
                yield gap, None
    containers = {dn for dn, reason in facts.rows("coverage", "dn", "reason") if reason == _KNOWN_HIDDEN}
    for table, columns in _ANYWHERE:
        yield from ((gap, None) for gap in gaps.of(table, *columns) if gap.dn is None or gap.dn not in containers)
    published = {template for template, _ in publications(facts)}
    for gap in gaps.of("certificate_templates", *OF_TEMPLATES):
        if gap.object_id is None or gap.object_id in published:
            yield gap, None
    for table, columns in _OF_GUIDS:
        yield from ((gap, None) for gap in gaps.of(table, *columns) if gap.column_name in columns)
    for gap in gaps.of("gpo_settings"):
        if gap.object_id is not None and gap.reason != _NO_FOLDER:
            yield gap, None
    yield from ((gap, None) for gap in gaps.wide(*_WHOLE) if gap.detail not in apart)
    yield from ((gap, None) for gap in gaps.wide(*TABLES["edges"].computed_from) if gap.reason == _TOO_MANY)
    yield from references(facts, nodes, gaps)
    yield from combined_rights(facts, nodes, gaps)
    yield from unseen_objects(facts, nodes, gaps)
