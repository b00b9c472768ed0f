"""ADCSESC9a and ADCSESC9b: another account's name, put for a moment on an account that one holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adaudit.derive.facts import Facts
from adaudit.graph.blocks import Block, Change, Edge, block_of
from adaudit.graph.directory.issuance import templates_of
from adaudit.graph.directory.places import domains_whose_controllers_get
from adaudit.graph.kinds import Difficulty
from adaudit.graph.nodes import Nodes
from adaudit.graph.rights.enrolees import Enrolees, Publication
from adaudit.graph.rights.renamers import Renamers

_BINDING: Final = r"system\currentcontrolset\services\kdc\strongcertificatebindingenforcement"
_FULL_ENFORCEMENT: Final = 2


def weak_mapping(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """From whoever can rename an account that may enrol, and act as it, to the domains whose controllers may go by the
    name in a certificate alone: one without the extension that ties it to an account (MS-WCCE 2.2.2.7.7.4).

    One edge for each identity, template and authority, proved by a right over one of the accounts; the change is that
    of the template. Whether controllers demand the extension is in their registry: uncertain, and no edge to a domain
    where policies set StrongCertificateBindingEnforcement to 2 on every controller.
    """
    if not any(template.maps_by_name for template in templates_of(facts).values()):
        return
    enrolees = Enrolees(facts)
    weak = [on for on in enrolees.published if on.template.maps_by_name]
    strict = domains_whose_controllers_get(facts, _BINDING, _FULL_ENFORCEMENT)
    heads = [nodes.of_object(domain.object_id) for domain in facts.domains if domain.domain_id not in strict]
    if weak and heads:
        renamers = Renamers(facts)
        for on in weak:
            identities = frozenset(each.principal_id for each in enrolees.of(on))
            yield block_of(_edges(nodes, heads, on, identities, renamers))


def _edges(
    nodes: Nodes, heads: list[int], on: Publication, enrolees: frozenset[int], renamers: Renamers
) -> Iterator[Edge]:
    template = on.template
    change = Change("change_template", template.object_id, attribute="NO_SECURITY_EXTENSION")
    for kind, name, is_so in (
        ("ADCSESC9a", "userPrincipalName", template.names_user),
        ("ADCSESC9b", "dNSHostName", template.names_host),
    ):
        found = renamers.of(enrolees, name, machines_alone=template.needs_dns_name) if is_so else {}
        for principal, share in found.items():
            source = nodes.of_principal(principal)
            for head in heads:
                edge = share.edge(kind, source, head, share.right, template.name)
                yield edge._replace(change=change, difficulty=Difficulty.UNCERTAIN)
