"""Paths through certificate services: certificates that open the session of anybody, or count as membership."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from adaudit.derive.facts import Facts
from adaudit.graph.blocks import Block, Change, Edge, block_of
from adaudit.graph.directory.issuance import group_links
from adaudit.graph.kinds import Difficulty
from adaudit.graph.nodes import Nodes
from adaudit.graph.rights.enrolees import Able, Enrolees, Publication
from adaudit.graph.rights.shares import TAKE, WRITE

NAME_FLAG: Final = "ea1dddc4-60ff-416e-8cc0-17cee534bce7"
ENROLLMENT_FLAG: Final = "d15ef7d8-f226-46db-ae79-b34e560bd12c"

_BY_COMPUTERS: Final = ("ADCSESC3", "ADCSESC13")
"""Edges that take a computer account where the directory has to give a dNSHostName."""


def certificates(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """One edge for each ACE of a template and each authority that issues it, to the domains of the forest or a group.

    An authority counts unless NTAuthCertificates was read and does not hold it; where its certificates or its host were
    not read, or its issuers lead to no root of the directory, the edge is uncertain. Registry settings of authorities
    and controllers, restrictions on enrolment agents and updates cannot be seen.
    """
    yield block_of(_Services(facts, nodes).edges())


class _Services:
    def __init__(self, facts: Facts, nodes: Nodes) -> None:
        self._nodes = nodes
        self._heads = [nodes.of_object(d.object_id) for d in facts.domains if d.object_id is not None]
        self._enrolees = Enrolees(facts)
        self._links = group_links(facts)

    def edges(self) -> Iterator[Edge]:
        yield from self._golden()
        for publication in self._enrolees.published:
            yield from self._chosen_name(publication)
            yield from self._agent(publication)
            yield from self._control(publication)
            yield from self._membership(publication)

    def _golden(self) -> Iterator[Edge]:
        """GoldenCert: whoever holds the key of an authority signs certificates for anybody."""
        for authority in self._enrolees.authorities:
            for host in authority.hosts:
                source = self._nodes.of_object(host)
                edges = (
                    Edge("GoldenCert", source, head, authority.object_id, "dNSHostName", detail=authority.name)
                    for head in self._heads
                )
                yield from (_doubted(edge, authority.is_trusted is None) for edge in edges)

    def _chosen_name(self, on: Publication) -> Iterator[Edge]:
        """ADCSESC1: the request says whose certificate it is. A version 1 template that opens no session does so on an
        authority without the update of CVE-2024-49019 (ESC15)."""
        template = on.template
        is_of_use = template.opens_sessions or template.version == 1
        if not (template.name_choices and template.is_unattended and is_of_use):
            return
        change = Change("change_template", template.object_id, attribute=template.name_choices)
        for each in self._enrolees.of(on):
            for edge in self._to_domains("ADCSESC1", on, each, "msPKI-Certificate-Name-Flag", change):
                yield _doubted(edge, not template.opens_sessions)

    def _agent(self, on: Publication) -> Iterator[Edge]:
        """ADCSESC3: an enrolment agent asks for a certificate in the name of anybody."""
        if not (on.template.is_agent and on.template.is_unattended):
            return
        change = Change("change_template", on.template.object_id, attribute="PEND_ALL_REQUESTS")
        told: set[tuple[int, int]] = set()
        for target in self._enrolees.published:
            if not (target.template.opens_sessions and target.template.is_for_agents):
                continue
            others = [
                self._enrolees.allowed(target.template.object_id),
                self._enrolees.allowed(target.authority.object_id),
            ]
            for each in self._enrolees.of(on, *others):
                if (each.principal_id, each.share.position) in told:
                    continue
                told.add((each.principal_id, each.share.position))
                for edge in self._to_domains("ADCSESC3", on, each, "pKIExtendedKeyUsage", change):
                    yield _doubted(edge._replace(detail=target.template.name), target.authority.is_trusted is None)

    def _control(self, on: Publication) -> Iterator[Edge]:
        """ADCSESC4: whoever can change a template that is published makes it one of those above."""
        template, of_template = on.template, np.array([on.template.object_id])
        reader = self._enrolees.reader
        taking = list(reader.shares(of_template, TAKE))
        taken = {share.position for share in taking}
        writing = [share for share in reader.shares(of_template, WRITE) if share.position not in taken]
        for flag, is_enough in (
            (NAME_FLAG, template.opens_sessions and template.is_unattended),
            (ENROLLMENT_FLAG, template.opens_sessions and template.name_choices and not template.needs_signature),
        ):
            if is_enough:
                writing += reader.shares(of_template, WRITE, (flag,), is_named=True)
        for shares, others in ((taking, ()), (writing, (self._enrolees.allowed(template.object_id),))):
            for each in self._enrolees.able(shares, on, *others):
                yield from self._to_domains("ADCSESC4", on, each, each.share.right, each.share.change)

    def _membership(self, on: Publication) -> Iterator[Edge]:
        """ADCSESC13: the certificate counts as membership of a group."""
        template = on.template
        links = [link for link in self._links if link.oid is not None and link.oid in template.policies]
        if not (links and template.opens_sessions and template.is_unattended):
            return
        for each in self._enrolees.of(on):
            for link in links:
                change = Change("remove_group_link", link.policy)
                group = self._nodes.of_object(link.group)
                edge = self._edge("ADCSESC13", on, each, group, "msPKI-Certificate-Policy", change)
                yield edge._replace(detail=link.oid or "")

    def _to_domains(
        self, kind: str, on: Publication, each: Able, attribute: str, change: Change | None
    ) -> Iterator[Edge]:
        for head in self._heads:
            yield self._edge(kind, on, each, head, attribute, change)

    def _edge(self, kind: str, on: Publication, each: Able, target: int, attribute: str, change: Change | None) -> Edge:
        source = self._nodes.of_principal(each.principal_id)
        edge = each.share.edge(kind, source, target, attribute, on.authority.name)._replace(change=change)
        if on.template.needs_dns_name and kind in _BY_COMPUTERS and edge.difficulty is None:
            edge = edge._replace(difficulty=Difficulty.PREREQUISITE)
        return _doubted(edge, on.authority.is_trusted is None)


def _doubted(edge: Edge, is_doubtful: bool) -> Edge:
    return edge._replace(difficulty=Difficulty.UNCERTAIN) if is_doubtful else edge
