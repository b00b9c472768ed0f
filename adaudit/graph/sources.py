"""Whom exposure counts: accounts that can log on, identities that stand for everybody, identities of elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from adaudit.derive.accepted import stands_for_everybody
from adaudit.derive.facts import Facts
from adaudit.derive.well_known import EVERYONE
from adaudit.graph.blocks import NONE, Ids
from adaudit.graph.directory.identities import enabled_accounts, node_of_sid
from adaudit.graph.directory.partners import trusts_of
from adaudit.graph.nodes import Nodes

GUEST_RID: Final = 501
KRBTGT_RID: Final = 502

_ACCOUNTS: Final = frozenset(("user", "computer", "managed_service_account"))

CLAIMED_SIDS: Final = ("S-1-5-2", "S-1-5-15", "S-1-18-1", "S-1-5-64-10", "S-1-5-64-14", "S-1-5-64-21", "S-1-5-65-1")
"""Identities that whoever logs on can have by the way it does so: Network, This Organization, an identity that an
authority asserts, NTLM, SChannel and Digest Authentication, This Organization Certificate."""


@dataclass(frozen=True)
class Sources:
    """Nodes, each kind in order and without repeats; those in tier 0 are still among them.

    ``users``, ``computers``, ``managed_service_accounts``: accounts not known to be disabled, without trust accounts
    and krbtgt. ``everyone_like``: identities that any account has or may get, Anonymous included. ``foreign``:
    identities of domains that were not read, and partners of trusts: the nodes of these trusts.
    """

    users: Ids
    computers: Ids
    managed_service_accounts: Ids
    everyone_like: Ids
    foreign: Ids

    @property
    def accounts(self) -> Ids:
        """Accounts of every kind, in order."""
        return np.unique(np.concatenate((self.users, self.computers, self.managed_service_accounts)))


def sources_of(facts: Facts, nodes: Nodes) -> Sources:
    """The nodes from which paths to tier 0 are counted."""
    everyone_like, foreign = [], []
    for principal in facts.principals.values():
        if principal.type == "foreign":
            foreign.append(principal.principal_id)
        elif principal.type not in _ACCOUNTS and (
            principal.sid in CLAIMED_SIDS or stands_for_everybody(facts, principal.principal_id)
        ):
            everyone_like.append(principal.principal_id)
    trusts = [trust.object_id for trust in trusts_of(facts) if not trust.is_ours]
    partners = nodes.of_objects(np.array(trusts, np.int64))
    return Sources(
        users=_accounts(facts, nodes, "users"),
        computers=_accounts(facts, nodes, "computers"),
        managed_service_accounts=_accounts(facts, nodes, "managed_service_accounts"),
        everyone_like=_distinct(nodes.of_principals(np.array(everyone_like, np.int64))),
        foreign=_distinct(np.concatenate((nodes.of_principals(np.array(foreign, np.int64)), partners))),
    )


def with_guest_as_everyone(facts: Facts, nodes: Nodes, accounts: Ids) -> Ids:
    """The nodes of accounts, in order, that of Guest replaced by that of Everyone where the snapshot has it."""
    users = np.stack((facts.ids("users", "object_id"), facts.ids("users", "rid")))
    is_guest = np.isin(accounts, nodes.of_objects(users[0, users[1] == GUEST_RID]))
    everyone = node_of_sid(facts, nodes, EVERYONE)
    if everyone == NONE or not is_guest.any():
        return accounts
    return np.union1d(accounts[~is_guest], everyone)


def _accounts(facts: Facts, nodes: Nodes, table: str) -> Ids:
    accounts = enabled_accounts(facts, (table,))
    return _distinct(nodes.of_objects(accounts.object_id[~accounts.is_trust & (accounts.rid != KRBTGT_RID)]))


def _distinct(nodes: Ids) -> Ids:
    found: Ids = np.unique(nodes[nodes != NONE])
    return found
