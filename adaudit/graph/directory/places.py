"""Where domain controllers lie, for the policies that they get."""

from __future__ import annotations

import pyarrow.compute as pc

from adaudit.derive.facts import Facts


def scopes_of_controllers(facts: Facts) -> dict[int | None, set[int]]:
    """Scopes of ``policy_scopes`` whose settings the domain controllers of each domain get."""
    found = {domain: {scope for scope in of if scope is not None} for domain, of in _scopes(facts).items()}
    return {domain: scopes for domain, scopes in found.items() if scopes}


def domains_whose_controllers_get(facts: Facts, path: str, number: int) -> set[int | None]:
    """Domains on each controller of which policies set a registry value to a number, whatever filters say. ``path``: as
    in ``registry_in_force``."""
    columns = ("scope_id", "side", "path", "number", "is_conditional")
    setting = {
        scope
        for scope, side, where, value, is_conditional in facts.rows("registry_in_force", *columns)
        if side == "computer" and where == path and value == number and not is_conditional
    }
    return {domain for domain, found in _scopes(facts).items() if found <= setting}


def _scopes(facts: Facts) -> dict[int | None, set[int | None]]:
    """Scopes of the controllers of each domain; None for those of a container without policies."""
    objects = facts.table("objects")
    is_controller = pc.is_in(objects["object_id"], facts.table("domain_controllers")["object_id"].combine_chunks())
    here = Facts({"objects": objects.filter(is_controller)})
    scope_of: dict[int | None, int] = dict(facts.rows("policy_scopes", "container_id", "scope_id"))
    found: dict[int | None, set[int | None]] = {}
    for domain, container in set(here.rows("objects", "domain_id", "parent_id")):
        found.setdefault(domain, set()).add(scope_of.get(container))
    return found
