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
    return build(
        "policy_targets",
        [
            (container, scopes[container], *places.get(container, (None, None, None))[1:], role, count)
            for (container, role), count in sorted(counts.items())
        ],
    )


def _role(system: str | None) -> str | None:
    """What an operatingSystem makes of a member of the domain; None when it is not Windows."""
    lowered = (system or "").lower()
    if not lowered:
        return "unknown"
    if "windows" not in lowered:
        return None
    return "server" if "server" in lowered else "workstation"
