"""DnsAdminsToDC: who configures the DNS servers that domain controllers are, a library to load included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pyarrow.compute as pc

from adaudit.decode.flags import AccessMask
from adaudit.derive.facts import Facts
from adaudit.graph.blocks import Block, Edge, block_of
from adaudit.graph.families.controllers import writable_controllers
from adaudit.graph.nodes import Nodes
from adaudit.graph.rights.shares import TAKE, Reader

_GROUP: Final = "dnsadmins"
_SETTINGS: Final = "cn=microsoftdns,cn=system,"
_WRITE: Final = TAKE | int(AccessMask.DS_WRITE_PROPERTY)


def dns_servers(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """The group DnsAdmins, whose name is the same in every language, and whoever else may write on CN=MicrosoftDNS of
    CN=System, whose descriptor DNS servers ask (MS-DNSP 3.1.4), or controls what that lies in. Privileged identities
    are left out: they need no DNS.
    """
    controllers = {
        domain: [nodes.of_object(controller) for controller in found]
        for domain, found in writable_controllers(facts).items()
    }
    groups = facts.rows("groups", "object_id", "principal_id", "domain_id", "sam_account_name")
    administrators = [row for row in groups if row[0] is not None and (row[3] or "").lower() == _GROUP]
    told = {principal for _, principal, _, _ in administrators}
    told.update(principal for (principal,) in facts.rows("privileged_principals", "principal_id"))
    yield block_of(
        Edge("DnsAdminsToDC", nodes.of_object(group), controller, group, "sAMAccountName")
        for group, _, domain, _ in administrators
        for controller in controllers.get(domain, ())
    )
    yield block_of(_writers(facts, nodes, controllers, told))


_Controllers = dict[int | None, list[int]]


def _writers(facts: Facts, nodes: Nodes, controllers: _Controllers, told: set[int]) -> Iterator[Edge]:
    objects = facts.table("objects")
    here = Facts({"objects": objects.filter(pc.starts_with(pc.utf8_lower(objects["dn"]), _SETTINGS))})
    domain_of: dict[int, int | None] = dict(here.rows("objects", "object_id", "domain_id"))
    for settings, domain in domain_of.items():
        for controller in controllers.get(domain, ()):
            yield Edge("DnsAdminsToDC", nodes.of_object(settings), controller, settings, "full_control")
    reader = Reader(facts, here.ids("objects", "object_id"))
    for share in reader.held_alone(reader.shares(here.ids("objects", "object_id"), _WRITE)):
        if share.held.trustee not in told:
            source = nodes.of_principal(share.held.trustee)
            for controller in controllers.get(domain_of.get(share.object_id), ()):
                yield share.edge("DnsAdminsToDC", source, controller, share.right)
