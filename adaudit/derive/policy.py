"""applied_gpos: which GPOs reach what is directly below a container."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import pyarrow as pa

from adaudit.derive.bounds import MOST_LEVELS, shared_out
from adaudit.derive.facts import Facts, in_order


class _Link(NamedTuple):
    gpo_id: int | None
    link_id: int
    is_enforced: bool


def applied_gpos(facts: Facts) -> pa.Table:
    """GPOs in order of precedence, for every OU, domain head, and container directly above an account.

    Enforced links come first, those of the highest container before the others; then the rest, those of the nearest
    container first. Blocked inheritance stops what is not enforced. A container that is no OU takes what the nearest
    OU or domain head above it has, or that of its domain when what is between was not seen. Links of sites are left
    out: where a machine is, the directory does not say. Where there are more than ``MOST_ROWS``, each container has
    those of the highest precedence.
    """
    chains = Chains(facts)
    links = _links(facts)
    blocking = {row for row, blocks in facts.rows("organizational_units", "object_id", "blocks_inheritance") if blocks}

    def rows(most: int | None) -> Iterator[tuple[int, int | None, int, int, bool]]:
        for container in chains.containers():
            enforced: list[_Link] = []
            others: list[_Link] = []
            is_blocked = False
            for place in chains.above(container):
                here = links.get(place, [])
                enforced = [link for link in here if link.is_enforced] + enforced
                if not is_blocked:
                    others += [link for link in here if not link.is_enforced]
                is_blocked = is_blocked or place in blocking
            for rank, link in enumerate((enforced + others)[:most], start=1):
                yield container, link.gpo_id, link.link_id, rank, link.is_enforced

    table = shared_out(facts, "applied_gpos", len(chains.containers()), rows)
    if any(map(chains.is_too_deep, chains.containers())):
        facts.cut("applied_gpos")
    return table


def _links(facts: Facts) -> dict[int, list[_Link]]:
    """Enabled links by container, the one that wins first."""
    links: dict[int, list[_Link]] = {}
    columns = ("container_id", "order", "gpo_id", "is_enabled", "is_enforced")
    for container, _, gpo, is_enabled, is_enforced in in_order(facts.rows("gpo_links", *columns), 0, 1):
        if is_enabled is not False:
            links.setdefault(container, []).append(_Link(gpo, container, bool(is_enforced)))
    return links


class Chains:
    """OUs and domain heads above each container."""

    def __init__(self, facts: Facts) -> None:
        self._parents: dict[int, int | None] = dict(facts.rows("objects", "object_id", "parent_id"))
        self._domain_of: dict[int, int | None] = dict(facts.rows("objects", "object_id", "domain_id"))
        places = list(facts.rows("organizational_units", "object_id", "domain_id", "kind"))
        self._linkable = {object_id for object_id, _, kind in places if kind in ("ou", "domain")}
        self._is_head = {object_id for object_id, _, kind in places if kind == "domain"}
        self._heads = {domain: object_id for object_id, domain, kind in places if kind == "domain"}
        self._heads.update((d.domain_id, d.object_id) for d in facts.domains if d.object_id is not None)
        above_accounts = {self._parents.get(account) for account in facts.accounts()}
        self._containers = {c for c in self._linkable | above_accounts if c is not None}

    def containers(self) -> list[int]:
        """Containers whose GPOs are told, in the order of objects."""
        return sorted(self._containers)

    def is_told(self, container: int) -> bool:
        """It is one of them."""
        return container in self._containers

    def above(self, container: int) -> list[int]:
        """The container, when GPOs can be linked to it, then those above it up to the domain head."""
        path, _ = self._walk(container)
        return path

    def is_broken(self, container: int) -> bool:
        """Something between the container and its domain head was not seen."""
        return self._walk(container)[1] == "unseen"

    def is_too_deep(self, container: int) -> bool:
        """Its domain head is not within ``MOST_LEVELS``."""
        return self._walk(container)[1] == "too_deep"

    def _walk(self, container: int) -> tuple[list[int], Literal["head", "unseen", "too_deep"]]:
        """The path, and where it ends."""
        path: list[int] = []
        seen: set[int] = set()
        place: int | None = container
        while place is not None and place not in seen and len(seen) < MOST_LEVELS:
            seen.add(place)
            if place in self._linkable:
                path.append(place)
            if place in self._is_head:
                return path, "head"
            place = self._parents.get(place)
        head = self._heads.get(self._domain_of.get(container))
        path += [head] if head is not None and head not in path else []
        return path, "too_deep" if len(seen) == MOST_LEVELS else "unseen"
