"""policy_targets: the computers to which settings apply."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa

from adaudit.derive.facts import Facts, build


def policy_targets(facts: Facts) -> pa.Table:
    """Enabled Windows computers counted by container and role, in the order of containers and roles.

    A computer whose flags could not be read counts as enabled, one without operating system as Windows.
    """
    scopes = dict(facts.rows("policy_scopes", "container_id", "scope_id"))
    places = {row[0]: row[1:] for row in facts.rows("objects", "object_id", "parent_id", "domain_id", "dn")}
    controllers = dict(facts.rows("domain_controllers", "object_id", "is_pseudo"))
    counts: Counter[tuple[int, str]] = Counter()
    for object_id, is_enabled, system in facts.rows("computers", "object_id", "is_enabled", "operating_system"):
        container = places[object_id][0] if object_id in places else None
        if container is not None and container in scopes and is_enabled is not False and not controllers.get(object_id):
            role = "controller" if object_id in controllers else _role(system)
            if role is not None:
                counts[container, role] += 1
    unread = _Unread(facts)
    rows = []
    for (container, role), count in sorted(counts.items()):
        _, domain, dn = places.get(container, (None, None, None))
        rows.append((container, scopes[container], domain, dn, role, count, not unread.concerns(container, domain)))
    return build("policy_targets", rows)


def _role(system: str | None) -> str | None:
    """What an operatingSystem makes of a member of the domain; None when it is not Windows."""
    lowered = (system or "").lower()
    if not lowered:
        return "unknown"
    if "windows" not in lowered:
        return None
    return "server" if "server" in lowered else "workstation"


class _Unread:
    """Domains of whose GPOs nothing was read, and GPOs of which something was not."""

    def __init__(self, facts: Facts) -> None:
        gaps = {
            (gpo, domain)
            for table, column, domain, gpo, status in facts.rows(
                "coverage", "table_name", "column_name", "domain_id", "object_id", "status"
            )
            if table == "gpo_settings" and column == "*" and status != "collected"
        }
        self._domains = {domain for gpo, domain in gaps if gpo is None}
        gpos = {gpo for gpo, _ in gaps} | {None}
        self._containers = {
            container for container, gpo in facts.rows("applied_gpos", "container_id", "gpo_id") if gpo in gpos
        }

    def concerns(self, container: int, domain: int | None) -> bool:
        """Something that applies to the container may be unknown."""
        return None in self._domains or domain in self._domains or container in self._containers
