"""What certificate services are made of: who may enrol, what is published where, on which hosts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from adaudit.derive.facts import Facts, Ids
from adaudit.graph.blocks import Block, Change, Edge, block_of
from adaudit.graph.directory.issuance import authorities_of, group_links, publications, templates_of
from adaudit.graph.nodes import Nodes
from adaudit.graph.rights.enrolees import ENROLL
from adaudit.graph.rights.shares import USE, Reader

AUTO_ENROLL: Final = "a05b8cc2-17bc-4802-a710-e7c15ab866a2"


def enrolment(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """Edges that no path follows, each right where an ACE names it; ``certificates`` tells what they make together.

    A right to enrol with an authority is that of the directory; the one of its server's registry decides and is not
    seen.
    """
    templates, authorities = templates_of(facts), authorities_of(facts)
    reader = Reader(facts, _ids((*templates, *authorities)))
    for kind, guid, name, objects in (
        ("Enroll", ENROLL, "Certificate-Enrollment", _ids((*templates, *authorities))),
        ("AutoEnroll", AUTO_ENROLL, "Certificate-AutoEnrollment", _ids(templates)),
    ):
        shares = reader.held_alone(reader.shares(objects, USE, (guid,), is_named=True))
        yield block_of(
            share.edge(kind, nodes.of_principal(share.held.trustee), nodes.of_object(share.object_id), name)
            for share in shares
        )
    yield block_of(
        Edge("PublishedTo", nodes.of_object(template), nodes.of_object(authority), authority, "certificateTemplates")
        for template, authority in publications(facts)
    )
    yield block_of(
        Edge(
            "HostsCAService",
            nodes.of_object(host),
            nodes.of_object(authority.object_id),
            authority.object_id,
            "dNSHostName",
        )
        for authority in authorities.values()
        for host in authority.hosts
    )
    yield block_of(
        Edge(
            *("OIDGroupLink", nodes.of_object(link.policy), nodes.of_object(link.group), link.policy),
            *("msDS-OIDToGroupLink", Change("remove_group_link", link.policy)),
        )
        for link in group_links(facts)
    )


def _ids(objects: Iterable[int]) -> Ids:
    return np.array(sorted(objects), np.int64)
