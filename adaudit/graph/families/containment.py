"""Containment: what control of a container gives over what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.facts import Facts
from adaudit.graph.blocks import NONE, Block, Ids, block
from adaudit.graph.nodes import Nodes
from adaudit.graph.tree import containers, settings_below

_NO_CONTAINERS: Final = ("users", "computers", "managed_service_accounts", "groups", "gpos")
"""Objects whose node stands for less than full control of what they may hold."""

_KRBTGT_RID: Final = 502


def containment(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """PropagatesACEsTo, CanApplyGPO and GPOAppliesTo, none of which an administrator can remove."""
    yield _inherited(facts, nodes)
    yield _imposed(facts, nodes)
    yield _applied(facts, nodes)


def _inherited(facts: Facts, nodes: Nodes) -> Block:
    """From a container to each object in it whose DACL takes inheritable ACEs (MS-DTYP 2.4.6, SE_DACL_PROTECTED).

    An object whose descriptor was not read has no edge.
    """
    objects, descriptors = facts.table("objects"), facts.table("security_descriptors")
    is_open = pc.equal(descriptors["is_dacl_protected"], pa.scalar(False))
    open_sds = Facts({"security_descriptors": descriptors.filter(is_open)}).ids("security_descriptors", "sd_id")
    child, sd = facts.ids("objects", "object_id"), facts.ids("objects", "sd_id")
    parent = containers(facts)[child]
    holds = parent != NONE
    for table in _NO_CONTAINERS:
        holds &= ~np.isin(parent, facts.ids(table, "object_id"))
    is_live = ~objects["is_deleted"].fill_null(False).to_numpy()
    chosen = holds & is_live & np.isin(sd, open_sds)
    source, target = nodes.of_objects(parent[chosen]), nodes.of_objects(child[chosen])
    edges = block("PropagatesACEsTo", source, target, bearer=child[chosen], attribute="nTSecurityDescriptor")
    return replace(edges, sd_id=sd[chosen])


def _imposed(facts: Facts, nodes: Nodes) -> Block:
    """From an OU, a domain head or a site to the settings that a policy linked to it reaches when it is enforced."""
    container, settings = settings_below(facts, nodes)
    return block("CanApplyGPO", nodes.of_objects(container), settings, bearer=container, attribute="gPLink")


def _applied(facts: Facts, nodes: Nodes) -> Block:
    """From the settings of a container to each user and computer directly in it, disabled ones included.

    Left out: accounts that log on nowhere, krbtgt and those of trusts.
    """
    users = facts.table("users")
    log_on_nowhere = pc.or_(
        pc.equal(users["rid"], _KRBTGT_RID).fill_null(False), users["is_trust_account"].fill_null(False)
    )
    people = Facts({"users": users.filter(pc.invert(log_on_nowhere))}).ids("users", "object_id")
    accounts: Ids = np.concatenate((people, facts.ids("computers", "object_id")))
    accounts = accounts[np.isin(accounts, facts.ids("objects", "object_id"))]
    settings = nodes.settings_of_objects(containers(facts)[accounts])
    has_settings = settings != NONE
    accounts, settings = accounts[has_settings], settings[has_settings]
    return block("GPOAppliesTo", settings, nodes.of_objects(accounts), bearer=accounts, attribute="distinguishedName")
