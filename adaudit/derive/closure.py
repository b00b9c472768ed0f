"""The closure of tier 0: what holds its objects, what applies to them, where its controllers are placed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.facts import Facts


def closure(facts: Facts, members: Collection[int]) -> Iterator[tuple[int, str]]:
    """Objects that decide about tier 0 by their place, each with the reason; none of ``members``, which are tier 0.

    Server objects of domain controllers; GPOs that apply to what holds a member, or to the site of a controller; OUs
    and containers that hold any of these, up to the head of the domain or naming context.
    """
    servers: dict[int, str] = {}
    policies: dict[int, str] = {}
    sites = set()
    columns = ("object_id", "site_id", "settings_class")
    for server, site, settings in facts.rows("directory_servers", *columns):
        if settings is not None and server is not None:
            servers[server] = "server object of a domain controller"
            sites.add(site)
    tree = _Tree(facts)
    holding = tree.holders(members)
    told = tree.names(holding)
    for container, gpo in facts.rows("applied_gpos", "container_id", "gpo_id"):
        if gpo is not None and container in holding:
            policies.setdefault(gpo, f"applies to {told[container]}")
    names = tree.names(site for site in sites if site is not None)
    for container, gpo, is_enabled in facts.rows("gpo_links", "container_id", "gpo_id", "is_enabled"):
        if gpo is not None and container in names and is_enabled is not False:
            policies.setdefault(gpo, f"applies to {names[container]}")
    found = servers | policies
    held = tree.holders({*members, *found})
    children = tree.names(held.values())
    found |= {container: f"holds {children[child]}" for container, child in held.items() if container not in found}
    for object_id, reason in found.items():
        if object_id not in members:
            yield object_id, reason


class _Tree:
    """What is directly in what."""

    def __init__(self, facts: Facts) -> None:
        self._objects = facts.table("objects")
        ids = facts.ids("objects", "object_id")
        order = np.argsort(ids, kind="stable")
        self._ids, self._parents = ids[order], facts.ids("objects", "parent_id")[order]
        self._heads = {domain.object_id for domain in facts.domains}

    def holders(self, objects: Iterable[int]) -> dict[int, int]:
        """Every container above the objects, up to the head of the domain, with the first of them that is in it."""
        found: dict[int, int] = {}
        for object_id in sorted(objects):
            child, place = object_id, self._above(object_id)
            while place is not None and place not in found:
                found[place] = child
                child, place = place, self._above(place)
        return found

    def names(self, objects: Iterable[int]) -> dict[int, str]:
        """The DN of each object."""
        wanted = sorted(set(objects))
        here = self._objects.filter(pc.is_in(self._objects["object_id"], pa.array(wanted, pa.int32())))
        dns = dict(zip(here["object_id"].to_pylist(), here["dn"].to_pylist(), strict=True))
        return {object_id: dns.get(object_id) or "" for object_id in wanted}

    def _above(self, object_id: int) -> int | None:
        place = int(np.searchsorted(self._ids, object_id))
        if object_id in self._heads or place == len(self._ids) or self._ids[place] != object_id:
            return None
        parent = int(self._parents[place])
        return parent if parent >= 0 else None
