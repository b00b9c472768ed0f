"""HasSPN, DontReqPreauth, MachineAccountQuota: what anybody can try or make; told, as no path follows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pyarrow.compute as pc

from adaudit.derive.facts import Facts
from adaudit.derive.well_known import ANONYMOUS, AUTHENTICATED_USERS, EVERYONE
from adaudit.graph.blocks import NONE, Block, Edge, block_of
from adaudit.graph.directory.identities import disabled_accounts, node_of_sid
from adaudit.graph.directory.places import scopes_of_controllers
from adaudit.graph.nodes import Nodes
from adaudit.graph.sources import KRBTGT_RID

_ADD_COMPUTERS: Final = "SeMachineAccountPrivilege"


def roasting(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """Passwords of enabled users that can be tried without being seen, and computers that anybody can join."""
    yield block_of(_with_spn(facts, nodes))
    yield block_of(_without_preauthentication(facts, nodes))
    yield block_of(_quotas(facts, nodes))


def _enabled_users(facts: Facts, column: str) -> Iterator[tuple[int, object]]:
    disabled = disabled_accounts(facts)
    for user, rid, value in facts.rows("users", "object_id", "rid", column):
        if user is not None and user not in disabled and rid != KRBTGT_RID:
            yield user, value


def _with_spn(facts: Facts, nodes: Nodes) -> Iterator[Edge]:
    """A ticket for the service is encrypted with the account's key (Kerberoasting)."""
    authenticated = node_of_sid(facts, nodes, AUTHENTICATED_USERS)
    named: dict[int, str] = {}
    for account, spn in facts.rows("spns", "object_id", "spn"):
        named.setdefault(account, spn or "")
    for user, _ in _enabled_users(facts, "rid"):
        if user in named:
            ends = (authenticated, nodes.of_object(user))
            yield Edge("HasSPN", *ends, user, "servicePrincipalName", detail=named[user])


def _without_preauthentication(facts: Facts, nodes: Nodes) -> Iterator[Edge]:
    """A controller gives what is encrypted with the key of the account to whoever asks (AS-REP roasting)."""
    candidates = (node_of_sid(facts, nodes, sid) for sid in (ANONYMOUS, EVERYONE))
    anybody = next((node for node in candidates if node != NONE), NONE)
    for user, preauth_not_required in _enabled_users(facts, "preauth_not_required"):
        if preauth_not_required:
            yield Edge("DontReqPreauth", anybody, nodes.of_object(user), user, "userAccountControl")


def _quotas(facts: Facts, nodes: Nodes) -> Iterator[Edge]:
    """ms-DS-MachineAccountQuota, for those to whom the policies of controllers give SeMachineAccountPrivilege:
    Authenticated Users when none sets it."""
    given = _joiners(facts)
    everybody = [p.principal_id for p in facts.principals_by_sid.get(AUTHENTICATED_USERS, ())]
    for object_id, domain, quota in facts.rows("domains", "object_id", "domain_id", "machine_account_quota"):
        if quota is not None and quota > 0:
            for principal in given.get(domain, everybody):
                ends = (nodes.of_principal(principal), nodes.of_object(object_id))
                yield Edge("MachineAccountQuota", *ends, object_id, "ms-DS-MachineAccountQuota", detail=str(quota))


def _joiners(facts: Facts) -> dict[int | None, list[int]]:
    """Who may join computers by policy, by domain, for domains whose controllers' policies say so."""
    settings = facts.table("resultant_settings")
    named = Facts({"resultant_settings": settings.filter(pc.equal(settings["name"], _ADD_COMPUTERS))})
    decided = {scope for (scope,) in named.rows("resultant_settings", "scope_id")}
    found: dict[int | None, list[int]] = {}
    for domain, scopes in scopes_of_controllers(facts).items():
        if decided & scopes:
            columns = ("scope_id", "right", "principal_id")
            found[domain] = [
                principal
                for scope, right, principal in facts.rows("user_rights", *columns)
                if scope in scopes and right == _ADD_COMPUTERS and principal is not None
            ]
    return found
