"""ADCSESC9 and ADCSESC10: another account's name, put for a moment on an account that one holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Final, NamedTuple

from adaudit.derive.facts import Facts
from adaudit.graph.blocks import Block, Change, Edge, block_of
from adaudit.graph.directory.issuance import Template, templates_of
from adaudit.graph.directory.places import domains_whose_controllers_get, scopes_of_controllers
from adaudit.graph.kinds import Difficulty
from adaudit.graph.nodes import Nodes
from adaudit.graph.rights.enrolees import Enrolees
from adaudit.graph.rights.holders import Holders
from adaudit.graph.rights.renamers import Renamers

_BINDING: Final = r"system\currentcontrolset\services\kdc\strongcertificatebindingenforcement"
_DISABLED, _FULL_ENFORCEMENT = 0, 2
_MAPPING: Final = r"system\currentcontrolset\control\securityproviders\schannel\certificatemappingmethods"
_BY_USER_NAME: Final = 0x4

_OMITTED: Final = "ADCSESC9a", "ADCSESC9b"
_IGNORED: Final = "ADCSESC10a", "ADCSESC10b"
"""Edges by user name and by host name: the template omits the account, controllers ignore it."""


class _Way(NamedTuple):
    """Why controllers of a domain may go by a name alone. ``concerns``: templates whose certificates they take so.
    ``change``: of the policy; None where it is that of each template."""

    kinds: tuple[str, str]
    head: int
    concerns: Callable[[Template], bool]
    change: Change | None
    difficulty: Difficulty | None


def weak_mapping(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """From whoever can rename an account that may enrol, and act as it, to the domains whose controllers may go by the
    name in a certificate alone.

    ADCSESC9: certificates without the extension that ties them to an account (MS-WCCE 2.2.2.7.7.4). Whether controllers
    demand it is in their registry: uncertain, and no edge to a domain where policies set
    StrongCertificateBindingEnforcement to 2 on every controller. ADCSESC10: any certificate for logon, where a policy
    of controllers has Schannel map user principal names, or sets that value to 0, which controllers updated since 2023
    ignore: uncertain. One edge for each identity and change, proved by a right over one of the accounts.
    """
    ways = [*_by_templates(facts, nodes), *_by_policies(facts, nodes)]
    if ways:
        yield block_of(_edges(facts, nodes, ways))


def who_passes_for_another(facts: Facts, nodes: Nodes) -> frozenset[int] | None:
    """Identities that get a certificate by which controllers take them for whoever bears their name, and those in them;
    None for all who log on."""
    ways = [*_by_templates(facts, nodes), *_by_policies(facts, nodes)]
    if not ways:
        return frozenset()
    enrolees = Enrolees(facts)
    concerned = (
        on for on in enrolees.published if on.template.is_unattended and any(way.concerns(on.template) for way in ways)
    )
    identities = frozenset(each.principal_id for on in concerned for each in enrolees.of(on))
    return Holders(facts).comprised(identities)


def _by_templates(facts: Facts, nodes: Nodes) -> Iterator[_Way]:
    omits_account: Callable[[Template], bool] = attrgetter("maps_by_name")
    if any(omits_account(template) for template in templates_of(facts).values()):
        strict = domains_whose_controllers_get(facts, _BINDING, _FULL_ENFORCEMENT)
        for domain in facts.domains:
            if domain.domain_id not in strict:
                yield _Way(_OMITTED, nodes.of_object(domain.object_id), omits_account, None, Difficulty.UNCERTAIN)


def _by_policies(facts: Facts, nodes: Nodes) -> Iterator[_Way]:
    columns = ("scope_id", "side", "path", "number", "gpo_id", "is_conditional")
    scopes = scopes_of_controllers(facts)
    for scope, side, path, number, gpo, is_conditional in facts.rows("registry_in_force", *columns):
        is_mapped = path == _MAPPING and number is not None and bool(number & _BY_USER_NAME)
        if side == "computer" and (is_mapped or (path == _BINDING and number == _DISABLED)):
            concerns = attrgetter("opens_schannel_sessions" if is_mapped else "opens_sessions")
            change = None if gpo is None else Change("remove_policy_setting", gpo, attribute=path)
            difficulty = None if is_mapped and not is_conditional else Difficulty.UNCERTAIN
            for domain in facts.domains:
                if scope in scopes.get(domain.domain_id, ()):
                    yield _Way(_IGNORED, nodes.of_object(domain.object_id), concerns, change, difficulty)


def _edges(facts: Facts, nodes: Nodes, ways: list[_Way]) -> Iterator[Edge]:
    enrolees, renamers = Enrolees(facts), Renamers(facts)
    told: set[tuple[str, int, int, Change | None]] = set()
    for on in enrolees.published:
        template = on.template
        here = [way for way in ways if template.is_unattended and way.concerns(template)]
        identities = frozenset(each.principal_id for each in enrolees.of(on)) if here else frozenset()
        own = Change("change_template", template.object_id, attribute="NO_SECURITY_EXTENSION")
        for place, (name, is_so) in enumerate(
            (("userPrincipalName", template.names_user), ("dNSHostName", template.names_host))
        ):
            found = renamers.of(identities, name, machines_alone=template.needs_dns_name) if here and is_so else {}
            for way in here:
                kind, change = way.kinds[place], own if way.kinds is _OMITTED else way.change
                for principal, share in found.items():
                    proof = (kind, principal, way.head, change)
                    if proof not in told:
                        told.add(proof)
                        source = nodes.of_principal(principal)
                        edge = share.edge(kind, source, way.head, share.right, template.name)
                        is_sure = edge.difficulty is None and on.authority.is_trusted
                        yield edge._replace(
                            change=change, difficulty=way.difficulty if is_sure else Difficulty.UNCERTAIN
                        )
