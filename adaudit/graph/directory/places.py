"""Where domain controllers lie, for the policies that they get."""

from __future__ import annotations

import pyarrow.compute as pc

from adaudit.derive.facts import Facts


def scopes_of_controllers(facts: Facts) -> dict[int | None, set[int]]:
    """Scopes of ``policy_scopes`` whose settings the domain controllers of each domain get."""
    objects = facts.table("objects")
    is_controller = pc.is_in(objects["object_id"], facts.table("domain_controllers")["object_id"].combine_chunks())
    here = Facts({"objects": objects.filter(is_controller)})
    containers = set(here.rows("objects", "domain_id", "parent_id"))
    scope_of: dict[int | None, int] = dict(facts.rows("policy_scopes", "container_id", "scope_id"))
    found: dict[int | None, set[int]] = {}
    for domain, container in containers:
        if container in scope_of:
            found.setdefault(domain, set()).add(scope_of[container])
    return found
