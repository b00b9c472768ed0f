"""RodcCachePassword and RodcManagedBy: what a read-only domain controller holds, and who manages it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from adaudit.derive.facts import ACCOUNT_TABLES, Facts
from adaudit.derive.well_known import AUTHENTICATED_USERS, EVERYONE
from adaudit.graph.blocks import CHANGE_CODE, NONE, Block, Change, Changes, Edge, Ids, block, block_of
from adaudit.graph.kinds import Difficulty
from adaudit.graph.nodes import Nodes

_ALLOWED: Final = "msDS-RevealOnDemandGroup"
_DENIED: Final = "msDS-NeverRevealGroup"
_REVEALED: Final = "msDS-RevealedUsers"
_MANAGER: Final = "managedBy"


def read_only_controllers(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """Whoever holds a read-only controller holds the passwords that it keeps, or may ask for (MS-DRSR 4.1.10.5.14).

    Accounts that a denied group contains at any depth are left out, unless their password was sent already.
    """
    links = _links(facts)
    yield block_of(_managers(facts, nodes, links))
    members = _Members(facts)
    for controller, attributes in links.items():
        denied = members.of(attributes.get(_DENIED, ()))
        allowed = np.setdiff1d(members.of(attributes.get(_ALLOWED, ())), denied)
        target = nodes.of_objects(allowed)
        source = np.full(len(target), nodes.of_object(controller), np.int64)
        change, changes = np.zeros(len(target), np.int64), _caching(controller)
        yield block(
            *("RodcCachePassword", source, target),
            bearer=controller,
            attribute=_ALLOWED,
            change=change,
            changes=changes,
        )
        yield block_of(_revealed(facts, nodes, controller, attributes.get(_REVEALED, ())))


def _links(facts: Facts) -> dict[int, dict[str, list[int]]]:
    """Objects that each read-only controller refers to, by attribute."""
    found: dict[int, dict[str, list[int]]] = {
        row: {}
        for row, is_rodc in facts.rows("domain_controllers", "object_id", "is_rodc")
        if is_rodc and row is not None
    }
    for bearer, attribute, target in facts.rows("links", "object_id", "attribute", "target_id"):
        if bearer in found and target is not None:
            found[bearer].setdefault(attribute, []).append(target)
    return found


def _managers(facts: Facts, nodes: Nodes, links: dict[int, dict[str, list[int]]]) -> Iterator[Edge]:
    """Whom managedBy names is in the local Administrators of the controller."""
    for controller, attributes in links.items():
        for manager in attributes.get(_MANAGER, ()):
            change = Change("clear_managed_by", controller, facts.principal_of_object.get(manager, NONE))
            ends = (nodes.of_object(manager), nodes.of_object(controller))
            yield Edge("RodcManagedBy", *ends, controller, _MANAGER, change)


def _revealed(facts: Facts, nodes: Nodes, controller: int, accounts: list[int] | tuple[()]) -> Iterator[Edge]:
    """Passwords that were sent stay until they change: the account has to be denied, then its password changed."""
    for account in dict.fromkeys(accounts):
        principal = facts.principal_of_object.get(account, NONE)
        change = Change("restrict_password_caching", controller, principal, _DENIED)
        ends = (nodes.of_object(controller), nodes.of_object(account))
        yield Edge("RodcCachePassword", *ends, controller, _REVEALED, change, difficulty=Difficulty.DIRECT)


def _caching(controller: int) -> Changes:
    """The change that empties the groups whose passwords a controller may ask for."""
    code = CHANGE_CODE["restrict_password_caching"]
    values = (code, controller, NONE, 0, NONE, NONE, NONE)
    return Changes(*(np.array([value], np.int64) for value in values))


class _Members:
    """Accounts in groups at any depth, all of them for Authenticated Users and Everyone."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._accounts: Ids = np.unique(np.concatenate([facts.ids(table, "object_id") for table in ACCOUNT_TABLES]))
        self._everybody = {
            p.principal_id for sid in (AUTHENTICATED_USERS, EVERYONE) for p in facts.principals_by_sid.get(sid, ())
        }

    def of(self, objects: list[int] | tuple[()]) -> Ids:
        """Objects of the accounts, in order."""
        identities = {self._facts.principal_of_object.get(each, NONE) for each in objects}
        reached = self._facts.memberships.closure(identities)
        if reached & self._everybody:
            return self._accounts
        principals = self._facts.principals
        bearers = [p.object_id for each in reached if (p := principals.get(each)) and p.object_id is not None]
        found: Ids = np.intersect1d(self._accounts, np.array(bearers, np.int64))
        return found
