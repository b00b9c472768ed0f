"""MemberOf: groups of accounts and groups, primary and implicit ones included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.facts import ACCOUNT_TABLES, Facts
from adaudit.derive.well_known import ANONYMOUS, AUTHENTICATED_USERS, EVERYONE
from adaudit.graph.blocks import CHANGE_CODE, NONE, Block, Change, Changes, Edge, Ids, block, block_of
from adaudit.graph.directory.identities import enabled_accounts, foreign_that_log_on, node_of_sid
from adaudit.graph.directory.partners import Partners
from adaudit.graph.directory.places import scopes_of_controllers
from adaudit.graph.kinds import Difficulty
from adaudit.graph.nodes import Nodes
from adaudit.graph.sources import GUEST_RID

IMPLICIT: Final = "implicit"
"""Attribute of a membership that no attribute holds: it comes with the logon (MS-PAC 4.1.2.1, MS-DTYP 2.4.2.4)."""

ENTERPRISE_READ_ONLY_RID: Final = 498

_DEFAULT_GROUPS: Final = {"users": 513, "computers": 515, "managed_service_accounts": 515}
_ANONYMOUS_IN_EVERYONE: Final = r"system\currentcontrolset\control\lsa\everyoneincludesanonymous"

Mask = npt.NDArray[np.bool_]


def members(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """Direct memberships with the change that removes them.

    Distribution groups give nothing: they are in no token, so memberships in them are left out. Identities of another
    forest that selective authentication keeps out are told apart (SelectiveMemberOf), as no path follows them.
    """
    member, group = (facts.ids("memberships", column) for column in ("member_id", "group_id"))
    origin = facts.table("memberships")["origin"]
    source, target = nodes.of_principals(member), nodes.of_principals(group)
    sound = (source != NONE) & (target != NONE) & ~np.isin(group, _distribution_groups(facts))
    is_selective = np.isin(member, _selective(facts))
    for name, attribute in (("member", "member"), ("member_of", "memberOf")):
        shown = sound & pc.equal(origin, name).fill_null(False).to_numpy()
        for kind, here in (("MemberOf", shown & ~is_selective), ("SelectiveMemberOf", shown & is_selective)):
            groups = nodes.object_id[target[here]]
            bearer = groups if attribute == "member" else nodes.object_id[source[here]]
            change, changes = _changes("remove_member", groups, member[here], groups != NONE)
            yield block(
                *(kind, source[here], target[here]), bearer=bearer, attribute=attribute, change=change, changes=changes
            )
    primary = np.nonzero(sound & pc.equal(origin, "primary_group").fill_null(False).to_numpy())[0]
    accounts = nodes.object_id[source[primary]]
    is_chosen = ~_is_default(facts, member[primary], group[primary]) & (accounts != NONE)
    change, changes = _changes("change_primary_group", accounts, group[primary], is_chosen)
    yield block(
        *("MemberOf", source[primary], target[primary]),
        bearer=accounts,
        attribute="primaryGroupID",
        change=change,
        changes=changes,
    )


def implicit_members(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """Identities that come with a logon: Authenticated Users, Everyone, those of domain controllers; no change
    removes them.

    Disabled accounts have none, as they cannot log on; Guest is in Everyone alone; Anonymous in nothing, unless a
    policy of controllers says that Everyone includes it.
    """
    everyone, authenticated = (node_of_sid(facts, nodes, sid) for sid in (EVERYONE, AUTHENTICATED_USERS))
    accounts = enabled_accounts(facts)
    is_guest = accounts.rid == GUEST_RID
    common = everyone if authenticated == NONE else authenticated
    yield _all_in(nodes.of_objects(accounts.object_id[~is_guest]), common, accounts.object_id[~is_guest])
    yield _all_in(nodes.of_objects(accounts.object_id[is_guest]), everyone, accounts.object_id[is_guest])
    foreign = np.array(foreign_that_log_on(facts), np.int64)
    yield _all_in(nodes.of_principals(foreign), common, NONE)
    controllers = accounts.object_id[accounts.is_server & ~accounts.is_read_only]
    yield _all_in(nodes.of_objects(controllers), node_of_sid(facts, nodes, "S-1-5-9"), controllers)
    read_only = accounts.object_id[accounts.is_read_only]
    roots = [d.sid for d in facts.domains if d.is_root and d.sid]
    for root in roots:
        enterprise = node_of_sid(facts, nodes, f"{root}-{ENTERPRISE_READ_ONLY_RID}")
        yield _all_in(nodes.of_objects(read_only), enterprise, read_only)
    yield block_of(
        [
            Edge("MemberOf", authenticated, everyone, NONE, IMPLICIT),
            *_anonymous(facts, node_of_sid(facts, nodes, ANONYMOUS), everyone),
        ]
    )


def _all_in(source: Ids, group: int, bearer: Ids | int) -> Block:
    return block("MemberOf", source, np.full(len(source), group, np.int64), bearer=bearer, attribute=IMPLICIT)


def _changes(kind: str, object_id: Ids, principal_id: Ids, is_possible: Mask) -> tuple[Ids, Changes]:
    """One change for each edge that one can remove, and the number of that change, edge by edge."""
    count = int(is_possible.sum())
    none = np.full(count, NONE, np.int64)
    number = np.where(is_possible, np.cumsum(is_possible) - 1, NONE)
    code = np.full(count, CHANGE_CODE[kind], np.int64)
    return number, Changes(code, object_id[is_possible], principal_id[is_possible], none, none, none, none)


def _distribution_groups(facts: Facts) -> Ids:
    groups = facts.table("groups")
    return Facts({"groups": groups.filter(pc.equal(groups["is_security"], pa.scalar(False)))}).ids(
        "groups", "principal_id"
    )


def _selective(facts: Facts) -> Ids:
    partners = Partners(facts)
    found = [p.principal_id for p in facts.principals.values() if p.type == "foreign" and partners.is_selective(p.sid)]
    return np.array(found, np.int64)


def _is_default(facts: Facts, member: Ids, group: Ids) -> Mask:
    """The primary group is the one that an account of that kind is made with."""
    known = facts.ids("principals", "principal_id")
    rid = np.full(int(known.max(initial=NONE)) + 1, NONE, np.int64)
    rid[known] = facts.ids("principals", "rid")
    default = np.full(len(rid), NONE, np.int64)
    for table in ACCOUNT_TABLES:
        rows = facts.table(table)
        is_read_only, is_server = (
            rows[column].fill_null(False).to_numpy() for column in ("is_rodc_account", "is_server_account")
        )
        usual = np.where(facts.ids(table, "rid") == GUEST_RID, 514, _DEFAULT_GROUPS[table])
        principal = facts.ids(table, "principal_id")
        chosen = (principal >= 0) & (principal < len(default))
        default[principal[chosen]] = np.where(is_read_only, 521, np.where(is_server, 516, usual))[chosen]
    same: Mask = rid[group] == default[member]
    return same


def _anonymous(facts: Facts, anonymous: int, everyone: int) -> Iterator[Edge]:
    """Whoever does not log on is in Everyone where a policy of domain controllers says EveryoneIncludesAnonymous."""
    scopes = set().union(*scopes_of_controllers(facts).values())
    columns = ("scope_id", "side", "path", "number", "gpo_id", "is_conditional")
    principal = next((p.principal_id for p in facts.principals_by_sid.get(ANONYMOUS, ())), NONE)
    for scope, side, path, number, gpo, is_conditional in facts.rows("registry_in_force", *columns):
        if scope in scopes and side == "computer" and path == _ANONYMOUS_IN_EVERYONE and number == 1:
            change = None if gpo is None else Change("remove_policy_setting", gpo, principal, path)
            difficulty = Difficulty.UNCERTAIN if is_conditional else None
            bearer = NONE if gpo is None else gpo
            yield Edge("MemberOf", anonymous, everyone, bearer, path, change, difficulty=difficulty)
