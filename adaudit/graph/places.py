"""Where domain controllers lie, for the policies that they get."""

from __future__ import annotations

from adaudit.derive.facts import Facts


def scopes_of_controllers(facts: Facts) -> dict[int | None, set[int]]:
    """Scopes of ``policy_scopes`` whose settings the domain controllers of each domain get."""
    controllers = {row for (row,) in facts.rows("domain_controllers", "object_id")}
    rows = facts.rows("objects", "object_id", "domain_id", "parent_id")
    containers = {(domain, parent) for row, domain, parent in rows if row in controllers}
    scope_of: dict[int | None, int] = dict(facts.rows("policy_scopes", "container_id", "scope_id"))
    found: dict[int | None, set[int]] = {}
    for domain, container in containers:
        if container in scope_of:
            found.setdefault(domain, set()).add(scope_of[container])
    return found
