"""DnsAdminsToDC: who configures the DNS servers that domain controllers are, a library to load included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.facts import Facts
from adaudit.graph.blocks import NONE, Block, Change, Edge, block_of
from adaudit.graph.families.controllers import writable_controllers
from adaudit.graph.nodes import Nodes

_GROUP: Final = "dnsadmins"
_SETTINGS: Final = "cn=microsoftdns,cn=system,"
_RIGHTS: Final = ("full_control", "write_property", "write_dacl", "write_owner", "owner", "null_dacl")


def dns_servers(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """The group DnsAdmins, whose name is the same in every language, and whoever else may write on CN=MicrosoftDNS of
    CN=System, whose descriptor DNS servers ask (MS-DNSP 3.1.4). Privileged identities are left out: they need no DNS.
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
    for settings, domain, sd in here.rows("objects", "object_id", "domain_id", "sd_id"):
        for principal, position, right, is_inherited in _rights(facts, sd):
            if principal in told:
                continue
            change = None if is_inherited else _removal(settings, principal, sd, position)
            for controller in controllers.get(domain, ()):
                yield Edge(
                    *("DnsAdminsToDC", nodes.of_principal(principal), controller, settings, right, change),
                    sd_id=sd,
                    position=position,
                )


def _rights(facts: Facts, sd: int | None) -> Iterator[tuple[int, int, str, bool]]:
    """Trustees that may change the settings, once per ACE: position, right, and whether the ACE is inherited."""
    rights = facts.table("descriptor_rights")
    of_whole = pc.and_(pc.equal(rights["sd_id"], pa.scalar(sd, pa.int32())), pc.is_null(rights["object_type"]))
    here = Facts({"descriptor_rights": rights.filter(of_whole)})
    told = set()
    columns = ("principal_id", "position", "right", "is_inherited")
    for principal, position, right, is_inherited in here.rows("descriptor_rights", *columns):
        place = (principal, NONE if position is None else position)
        if right in _RIGHTS and principal is not None and place not in told:
            told.add(place)
            yield *place, right, bool(is_inherited)


def _removal(settings: int, principal: int, sd: int | None, position: int) -> Change:
    sd_id = NONE if sd is None else sd
    if position == NONE:
        return Change("set_owner", settings, principal, sd_id=sd_id)
    return Change("remove_ace", settings, principal, sd_id=sd_id, position=position)
