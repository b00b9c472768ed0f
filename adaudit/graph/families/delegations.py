"""AllowedToDelegate, AllowedToAct, CoerceToTGT: who can act as others by Kerberos delegation."""

from __future__ import annotations

from collections.abc import Iterator

from adaudit.decode.flags import AccessMask
from adaudit.derive.facts import ACCOUNT_TABLES, Facts
from adaudit.graph.blocks import NONE, Block, Change, Edge, block_of
from adaudit.graph.directory.delegated_services import delegated_services
from adaudit.graph.directory.identities import disabled_accounts
from adaudit.graph.kinds import Difficulty
from adaudit.graph.nodes import Nodes
from adaudit.graph.rights.stored_descriptors import favoured


def delegations(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """Delegations of accounts that can log on; a disabled account gets no ticket to delegate."""
    disabled = disabled_accounts(facts)
    computers = {row for (row,) in facts.rows("computers", "object_id")}
    yield block_of(_constrained(facts, nodes, disabled, computers))
    yield block_of(_unconstrained(facts, nodes, disabled))
    yield block_of(_resource_based(facts, nodes, disabled, computers))


def _constrained(facts: Facts, nodes: Nodes, disabled: set[int], computers: set[int]) -> Iterator[Edge]:
    """msDS-AllowedToDelegateTo (MS-SFU 3.2.5.2): the service class of the ticket can be changed by its holder, so that
    each target stands for its account. Without protocol transition, somebody has to be made to come first. What is
    gained on a service that a user runs is the service's matter: uncertain. Who may not be impersonated is not judged.
    One change takes away every SPN of a service.
    """
    for service in delegated_services(facts):
        account = service.account
        if account in disabled:
            continue
        change = Change("remove_delegation_target", account, detail=service.spelled)
        for spn, target, has_transition, match in service.reached:
            if target not in computers and match != "krbtgt":
                difficulty = Difficulty.UNCERTAIN
            else:
                difficulty = Difficulty.DIRECT if has_transition else Difficulty.PREREQUISITE
            yield Edge(
                *("AllowedToDelegate", nodes.of_object(account), nodes.of_object(target)),
                *(account, "msDS-AllowedToDelegateTo", change),
                detail=spn,
                difficulty=difficulty,
            )


def _unconstrained(facts: Facts, nodes: Nodes, disabled: set[int]) -> Iterator[Edge]:
    """TRUSTED_FOR_DELEGATION of what is no domain controller: one that is made to come leaves its ticket there."""
    heads: dict[int | None, int] = {domain.domain_id: nodes.of_object(domain.object_id) for domain in facts.domains}
    trusted = {row for row, kind in facts.rows("delegations", "object_id", "kind") if kind == "unconstrained"}
    for table in ACCOUNT_TABLES:
        for account, domain, is_server in facts.rows(table, "object_id", "domain_id", "is_server_account"):
            if account in trusted and account not in disabled and not is_server:
                ends = (nodes.of_object(account), heads.get(domain, NONE))
                change = Change("remove_unconstrained_delegation", account)
                yield Edge("CoerceToTGT", *ends, account, "userAccountControl", change)


def _resource_based(facts: Facts, nodes: Nodes, disabled: set[int], computers: set[int]) -> Iterator[Edge]:
    """msDS-AllowedToActOnBehalfOfOtherIdentity: domain controllers ask for DS_CONTROL_ACCESS (MS-SFU 3.2.5.2.3)."""
    trusted = favoured(facts, "rbcd", int(AccessMask.DS_CONTROL_ACCESS))
    for table in ACCOUNT_TABLES:
        for target, sd in facts.rows(table, "object_id", "rbcd_sd_id"):
            for principal, trustee, position, is_certain in trusted.get(sd, ()) if target is not None else ():
                identity = facts.principals.get(principal)
                if identity is None or identity.object_id in disabled:
                    continue
                is_sure = is_certain and target in computers
                yield Edge(
                    *("AllowedToAct", nodes.of_principal(principal), nodes.of_object(target)),
                    *(target, "msDS-AllowedToActOnBehalfOfOtherIdentity"),
                    Change("remove_rbcd_trustee", target, trustee),
                    sd_id=sd,
                    position=position,
                    difficulty=None if is_sure else Difficulty.UNCERTAIN,
                )
