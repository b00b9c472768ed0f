"""DCFor: what domain controllers are."""

from __future__ import annotations

from collections.abc import Iterator

from adaudit.derive.controllers import DOMAIN_CONTROLLERS_RID
from adaudit.derive.facts import Facts
from adaudit.graph.blocks import Block, Edge, block_of
from adaudit.graph.directory.identities import disabled_accounts
from adaudit.graph.nodes import Nodes


def controllers(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """From each writable domain controller to the head of its domain."""
    heads = {domain.domain_id: nodes.of_object(domain.object_id) for domain in facts.domains}
    yield block_of(
        Edge("DCFor", nodes.of_object(controller), heads[domain], controller, "userAccountControl")
        for domain, found in writable_controllers(facts).items()
        if domain in heads
        for controller in found
    )


def writable_controllers(facts: Facts) -> dict[int | None, list[int]]:
    """Objects of the domain controllers of each domain that hold every secret of it and are a machine.

    Read-only ones, disabled accounts and those that only look like a controller are left out: without a server in
    CN=Sites, or without its flag and its primary group, wherever the account lies.
    """
    signs = facts.rows("computers", "object_id", "is_server_account", "primary_group_rid")
    flagged = {row for row, is_server, group in signs if is_server or group == DOMAIN_CONTROLLERS_RID}
    sound = flagged - disabled_accounts(facts)
    found: dict[int | None, list[int]] = {}
    columns = ("object_id", "domain_id", "is_rodc", "is_pseudo")
    for controller, domain, is_rodc, is_pseudo in facts.rows("domain_controllers", *columns):
        if controller in sound and not is_rodc and not is_pseudo:
            found.setdefault(domain, []).append(controller)
    return found
