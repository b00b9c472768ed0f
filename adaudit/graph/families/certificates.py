"""Paths through certificate services: certificates that open the session of anybody, or count as membership."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np

from adaudit.derive.facts import Facts
from adaudit.derive.grants import NULL_DACL
from adaudit.graph.blocks import Block, Change, Edge, block_of
from adaudit.graph.directory.issuance import (
    Authority,
    Template,
    authorities_of,
    group_links,
    publications,
    templates_of,
)
from adaudit.graph.families.enrolment import ENROLL
from adaudit.graph.kinds import Difficulty
from adaudit.graph.nodes import Nodes
from adaudit.graph.rights.holders import Held, Holders
from adaudit.graph.rights.shares import TAKE, USE, WRITE, Reader, Share

NAME_FLAG: Final = "ea1dddc4-60ff-416e-8cc0-17cee534bce7"
ENROLLMENT_FLAG: Final = "d15ef7d8-f226-46db-ae79-b34e560bd12c"

_DOMAIN_USERS: Final = 513
_BY_COMPUTERS: Final = ("ADCSESC3", "ADCSESC13")
"""Edges that take a computer account where the directory has to give a dNSHostName."""


class _Publication(NamedTuple):
    """A template with an authority that issues it and that controllers accept for logon."""

    template: Template
    authority: Authority


class _Able(NamedTuple):
    """An identity and the ACE of the template that lets it."""

    principal_id: int
    share: Share


def certificates(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """One edge for each ACE of a template and each authority that issues it, to the domains of the forest or a group.

    An authority counts unless NTAuthCertificates was read and does not hold it; where its certificates or its host were
    not read, or its issuers lead to no root of the directory, the edge is uncertain. Registry settings of authorities
    and controllers, restrictions on enrolment agents and updates cannot be seen.
    """
    yield block_of(_Services(facts, nodes).edges())


class _Services:
    def __init__(self, facts: Facts, nodes: Nodes) -> None:
        self._facts, self._nodes = facts, nodes
        self._heads = [nodes.of_object(d.object_id) for d in facts.domains if d.object_id is not None]
        templates, authorities = templates_of(facts), authorities_of(facts)
        self._authorities = [each for each in authorities.values() if each.is_trusted is not False]
        self._published = [
            _Publication(templates[template], authorities[authority])
            for template, authority in publications(facts)
            if template in templates and authority in authorities and authorities[authority].is_trusted is not False
        ]
        self._published.sort(key=lambda on: on.authority.is_trusted is None)
        objects = np.array(sorted({*templates, *authorities}), np.int64)
        self._reader, self._holders = Reader(facts, objects), Holders(facts)
        self._links = group_links(facts)
        self._may_enrol: dict[int, list[Share]] = {}

    def edges(self) -> Iterator[Edge]:
        yield from self._golden()
        for publication in self._published:
            yield from self._chosen_name(publication)
            yield from self._agent(publication)
            yield from self._control(publication)
            yield from self._membership(publication)
            yield from self._weak_mapping(publication)

    def _golden(self) -> Iterator[Edge]:
        """GoldenCert: whoever holds the key of an authority signs certificates for anybody."""
        for authority in self._authorities:
            for host in authority.hosts:
                source = self._nodes.of_object(host)
                edges = (
                    Edge("GoldenCert", source, head, authority.object_id, "dNSHostName", detail=authority.name)
                    for head in self._heads
                )
                yield from (_doubted(edge, authority.is_trusted is None) for edge in edges)

    def _chosen_name(self, on: _Publication) -> Iterator[Edge]:
        """ADCSESC1: the request says whose certificate it is. A version 1 template that opens no session does so on an
        authority without the update of CVE-2024-49019 (ESC15)."""
        template = on.template
        is_of_use = template.opens_sessions or template.version == 1
        if not (template.name_choices and template.is_unattended and is_of_use):
            return
        change = Change("change_template", template.object_id, attribute=template.name_choices)
        for each in self._enrolees(on):
            for edge in self._to_domains("ADCSESC1", on, each, "msPKI-Certificate-Name-Flag", change):
                yield _doubted(edge, not template.opens_sessions)

    def _agent(self, on: _Publication) -> Iterator[Edge]:
        """ADCSESC3: an enrolment agent asks for a certificate in the name of anybody."""
        if not (on.template.is_agent and on.template.is_unattended):
            return
        change = Change("change_template", on.template.object_id, attribute="PEND_ALL_REQUESTS")
        told: set[tuple[int, int]] = set()
        for target in self._published:
            if not (target.template.opens_sessions and target.template.is_for_agents):
                continue
            others = [self._allowed(target.template.object_id), self._allowed(target.authority.object_id)]
            for each in self._enrolees(on, *others):
                if (each.principal_id, each.share.position) in told:
                    continue
                told.add((each.principal_id, each.share.position))
                for edge in self._to_domains("ADCSESC3", on, each, "pKIExtendedKeyUsage", change):
                    yield _doubted(edge._replace(detail=target.template.name), target.authority.is_trusted is None)

    def _control(self, on: _Publication) -> Iterator[Edge]:
        """ADCSESC4: whoever can change a template that is published makes it one of those above."""
        template, of_template = on.template, np.array([on.template.object_id])
        taking = list(self._reader.shares(of_template, TAKE))
        taken = {share.position for share in taking}
        writing = [share for share in self._reader.shares(of_template, WRITE) if share.position not in taken]
        for flag, is_enough in (
            (NAME_FLAG, template.opens_sessions and template.is_unattended),
            (ENROLLMENT_FLAG, template.opens_sessions and template.name_choices and not template.needs_signature),
        ):
            if is_enough:
                writing += self._reader.shares(of_template, WRITE, (flag,), is_named=True)
        for shares, others in ((taking, ()), (writing, (self._allowed(template.object_id),))):
            for each in self._able(shares, on, *others):
                yield from self._to_domains("ADCSESC4", on, each, each.share.right, each.share.change)

    def _membership(self, on: _Publication) -> Iterator[Edge]:
        """ADCSESC13: the certificate counts as membership of a group."""
        template = on.template
        links = [link for link in self._links if link.oid is not None and link.oid in template.policies]
        if not (links and template.opens_sessions and template.is_unattended):
            return
        for each in self._enrolees(on):
            for link in links:
                change = Change("remove_group_link", link.policy)
                group = self._nodes.of_object(link.group)
                edge = self._edge("ADCSESC13", on, each, group, "msPKI-Certificate-Policy", change)
                yield edge._replace(detail=link.oid or "")

    def _weak_mapping(self, on: _Publication) -> Iterator[Edge]:
        """ADCSESC9a, ADCSESC9b: a certificate that is tied to an account by name alone. The attack also writes the name
        of an account that may enrol, and takes controllers that accept such certificates."""
        template = on.template
        if not (template.omits_account and template.opens_sessions and template.is_unattended):
            return
        change = Change("change_template", template.object_id, attribute="NO_SECURITY_EXTENSION")
        for kind, is_so in (("ADCSESC9a", template.names_user), ("ADCSESC9b", template.names_host)):
            for each in self._enrolees(on) if is_so else ():
                yield from self._to_domains(kind, on, each, "msPKI-Enrollment-Flag", change)

    def _enrolees(self, on: _Publication, *others: list[Held]) -> Iterator[_Able]:
        """Who may enrol for the template with the authority and holds the other rights: no user where the directory has
        to give a dNSHostName."""
        for each in self._able(self._enrolment(on.template.object_id), on, *others):
            if not (on.template.needs_dns_name and self._is_user(each.principal_id)):
                yield each

    def _able(self, shares: Iterable[Share], on: _Publication, *others: list[Held]) -> Iterator[_Able]:
        """Who holds one of these rights and may enrol with the authority."""
        with_authority = self._allowed(on.authority.object_id)
        for share in shares:
            for principal in self._holders.of_all([share.held], with_authority, *others):
                yield _Able(principal, share)

    def _to_domains(
        self, kind: str, on: _Publication, each: _Able, attribute: str, change: Change | None
    ) -> Iterator[Edge]:
        for head in self._heads:
            yield self._edge(kind, on, each, head, attribute, change)

    def _edge(
        self, kind: str, on: _Publication, each: _Able, target: int, attribute: str, change: Change | None
    ) -> Edge:
        source = self._nodes.of_principal(each.principal_id)
        edge = each.share.edge(kind, source, target, attribute, on.authority.name)._replace(change=change)
        if on.template.needs_dns_name and kind in _BY_COMPUTERS and edge.difficulty is None:
            edge = edge._replace(difficulty=Difficulty.PREREQUISITE)
        return _doubted(edge, on.authority.is_trusted is None)

    def _enrolment(self, object_id: int) -> list[Share]:
        """Rights to enrol for a template or with an authority."""
        known = self._may_enrol.get(object_id)
        if known is None:
            known = list(self._reader.shares(np.array([object_id]), USE | NULL_DACL, (ENROLL,)))
            self._may_enrol[object_id] = known
        return known

    def _allowed(self, object_id: int) -> list[Held]:
        return [share.held for share in self._enrolment(object_id)]

    def _is_user(self, principal_id: int) -> bool:
        principal = self._facts.principals.get(principal_id)
        return principal is not None and (principal.type == "user" or principal.rid == _DOMAIN_USERS)


def _doubted(edge: Edge, is_doubtful: bool) -> Edge:
    return edge._replace(difficulty=Difficulty.UNCERTAIN) if is_doubtful else edge
