"""Draw the graph of a snapshot from its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from adaudit.derive.facts import Facts
from adaudit.graph.blocks import Block
from adaudit.graph.doubts import doubted
from adaudit.graph.families.bad_successor import bad_successor
from adaudit.graph.families.certificates import certificates
from adaudit.graph.families.containment import containment
from adaudit.graph.families.controllers import controllers
from adaudit.graph.families.delegations import delegations
from adaudit.graph.families.dns_servers import dns_servers
from adaudit.graph.families.enrolment import enrolment
from adaudit.graph.families.history import history
from adaudit.graph.families.laps import laps
from adaudit.graph.families.local_rights import local_rights
from adaudit.graph.families.members import implicit_members, members
from adaudit.graph.families.observed import observed
from adaudit.graph.families.policy import policy
from adaudit.graph.families.policy_files import policy_files
from adaudit.graph.families.policy_secrets import policy_secrets
from adaudit.graph.families.protection import protection
from adaudit.graph.families.read_only_controllers import read_only_controllers
from adaudit.graph.families.replication import replication
from adaudit.graph.families.rights import rights
from adaudit.graph.families.roasting import roasting
from adaudit.graph.families.service_accounts import service_accounts
from adaudit.graph.families.service_hosts import service_hosts
from adaudit.graph.families.special_identities import special_identities
from adaudit.graph.families.sysvol import sysvol
from adaudit.graph.families.trusts import trusts
from adaudit.graph.families.weak_mapping import weak_mapping
from adaudit.graph.graph import Graph, assemble
from adaudit.graph.nodes import Nodes

Family = Callable[[Facts, Nodes], Iterator[Block]]

FAMILIES: tuple[Family, ...] = (
    rights,
    protection,
    replication,
    laps,
    enrolment,
    certificates,
    weak_mapping,
    bad_successor,
    sysvol,
    members,
    implicit_members,
    special_identities,
    history,
    trusts,
    controllers,
    read_only_controllers,
    dns_servers,
    delegations,
    service_accounts,
    service_hosts,
    roasting,
    containment,
    policy,
    local_rights,
    policy_files,
    policy_secrets,
    observed,
)


def draw(facts: Facts, nodes: Nodes) -> Graph:
    """The graph of a snapshot; ``facts`` holds the computed tables too."""
    graph = assemble(nodes.count, (block for family in FAMILIES for block in family(facts, nodes)))
    return doubted(graph, facts, nodes)
