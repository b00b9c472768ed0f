"""ReadGMSAPassword, DumpSMSAPassword, and what a migrated dMSA stands for: secrets of managed service accounts."""

from __future__ import annotations

from collections.abc import Iterator

from adaudit.decode.flags import AccessMask
from adaudit.derive.facts import Facts
from adaudit.graph.blocks import NONE, Block, Change, Edge, block_of
from adaudit.graph.kinds import Difficulty
from adaudit.graph.nodes import Nodes
from adaudit.graph.rights.stored_descriptors import favoured

MIGRATED = 2
"""msDS-DelegatedMSAState of a dMSA that has taken the place of another account."""


def service_accounts(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """Who can be which managed service account."""
    yield block_of(_readers(facts, nodes))
    yield block_of(_hosts(facts, nodes))
    yield block_of(_successors(facts, nodes))


def _readers(facts: Facts, nodes: Nodes) -> Iterator[Edge]:
    """msDS-GroupMSAMembership: domain controllers ask for RIGHT_DS_READ_PROPERTY (MS-ADTS 3.1.1.4.4)."""
    readers = favoured(facts, "gmsa", int(AccessMask.DS_READ_PROPERTY))
    for account, sd in facts.rows("managed_service_accounts", "object_id", "reader_sd_id"):
        for principal, trustee, position, is_certain in readers.get(sd, ()) if account is not None else ():
            yield Edge(
                *("ReadGMSAPassword", nodes.of_principal(principal), nodes.of_object(account)),
                *(account, "msDS-GroupMSAMembership"),
                Change("remove_password_reader", account, trustee),
                sd_id=sd,
                position=position,
                difficulty=None if is_certain else Difficulty.UNCERTAIN,
            )


def _hosts(facts: Facts, nodes: Nodes) -> Iterator[Edge]:
    """msDS-HostServiceAccount: the computer keeps the password, and whoever administers it reads it there."""
    accounts = {row for (row,) in facts.rows("managed_service_accounts", "object_id")}
    for bearer, attribute, target in facts.rows("links", "object_id", "attribute", "target_id"):
        if attribute == "msDS-HostServiceAccount":
            computer, account = bearer, target
        elif attribute == "msDS-HostServiceAccountBL":
            computer, account = target, bearer
        else:
            continue
        if account in accounts and computer is not None:
            principal = facts.principal_of_object.get(computer, NONE)
            change = Change("remove_host_service_account", account, principal)
            ends = (nodes.of_object(computer), nodes.of_object(account))
            yield Edge("DumpSMSAPassword", *ends, bearer, attribute, change)


def _successors(facts: Facts, nodes: Nodes) -> Iterator[Edge]:
    """A migrated dMSA gets the groups and keys of the account that it precedes; controllers patched since August 2025
    ask the account too (msDS-SupersededManagedAccountLink)."""
    columns = ("object_id", "kind", "delegated_state")
    migrated = {row for row, kind, state in facts.rows("managed_service_accounts", *columns) if state == MIGRATED}
    links = list(facts.rows("links", "object_id", "attribute", "target_id"))
    agreed = {(target, row) for row, attribute, target in links if attribute == "msDS-SupersededManagedAccountLink"}
    for account, attribute, target in links:
        if attribute == "msDS-ManagedAccountPrecededByLink" and account in migrated:
            difficulty = Difficulty.DIRECT if (account, target) in agreed else Difficulty.UNCERTAIN
            ends = (nodes.of_object(account), nodes.of_object(target))
            change = Change("remove_succession", account, facts.principal_of_object.get(target, NONE))
            yield Edge("CanUseBadSuccessor", *ends, account, attribute, change, difficulty=difficulty)
