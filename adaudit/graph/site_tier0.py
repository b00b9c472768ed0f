"""What a site adds to tier 0 (hypervisor, backup, deployment …) and which extended entries it leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import pyarrow as pa

from adaudit.derive.facts import Facts
from adaudit.derive.tier0 import Row, core, extended, tier0_of
from adaudit.errors import InputError
from adaudit.graph.answers.lookup import Lookup, NotFound
from adaudit.graph.blocks import NONE
from adaudit.graph.nodes import Nodes


@dataclass(frozen=True)
class SiteEntry:
    """``by``: what ``value`` is. ``place``: file and line, for errors."""

    by: Literal["sid", "dn", "name"]
    value: str
    reason: str
    place: str


@dataclass(frozen=True)
class SiteTier0:
    """The entries of a site, in the order of its file."""

    add: tuple[SiteEntry, ...] = ()
    remove: tuple[SiteEntry, ...] = ()


AS_FOUND: Final = SiteTier0()
"""A site that adds and removes nothing."""

_Bearer = tuple[int | None, int | None]


def site_tier0(facts: Facts, nodes: Nodes, site: SiteTier0) -> pa.Table:
    """The table ``tier0`` as the site wants it: what it adds is a layer of its own, with members and closure.

    Raises InputError with the place of the first entry that names nothing, or several things, or removes what is no
    extended entry.
    """
    lookup = Lookup(facts, nodes)
    kept = {*core(facts), *extended(facts)}
    for entry in site.remove:
        kept -= set(_removed(entry, kept, list(_bearers(entry, facts, nodes, lookup))))
    added: set[Row] = {
        (*bearer, "site", entry.reason) for entry in site.add for bearer in _bearers(entry, facts, nodes, lookup)
    }
    return tier0_of(facts, kept | added)


def _removed(entry: SiteEntry, named: set[Row], bearers: list[_Bearer]) -> Iterator[Row]:
    rows = [row for row in named if any(_is_of(row, bearer) for bearer in bearers)]
    if any(layer == "core" for _, _, layer, _ in rows):
        raise InputError(f"{entry.value} is of the core of tier 0, which cannot be removed", place=entry.place)
    if not rows:
        raise InputError(f"{entry.value} is no entry of tier 0 that can be removed", place=entry.place)
    yield from rows


def _is_of(row: Row, bearer: _Bearer) -> bool:
    return any(here is not None and here == there for here, there in zip(row[:2], bearer, strict=True))


def _bearers(entry: SiteEntry, facts: Facts, nodes: Nodes, lookup: Lookup) -> Iterator[_Bearer]:
    """Identity and object of what an entry names; a BUILTIN SID names one for each domain."""
    if entry.by == "sid":
        identities = facts.principals_by_sid.get(entry.value.upper(), [])
        if not identities:
            raise InputError(f"no identity has the SID {entry.value}", place=entry.place)
        yield from ((identity.principal_id, identity.object_id) for identity in identities)
        return
    try:
        node = lookup.node(entry.value)
    except NotFound as error:
        raise InputError(error.message, place=entry.place) from error
    principal, object_id = int(nodes.principal_id[node]), int(nodes.object_id[node])
    yield None if principal == NONE else principal, None if object_id == NONE else object_id
