"""privileged_principals: whose rights over privileged objects are in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.adminsdholder import adminsdholders
from adaudit.derive.facts import Facts, build
from adaudit.derive.gaps import Gaps
from adaudit.derive.well_known import EVERYONE_LIKE_RIDS, EVERYONE_LIKE_SIDS, SEND_TO

SYSTEM_SIDS = frozenset(("S-1-5-18", "S-1-5-9", "S-1-3-0"))
"""Local System, Enterprise Domain Controllers, and CREATOR OWNER, which stands for nobody in an effective ACE."""

BUILT_IN_ACCOUNT_RIDS = frozenset((500, 502))
"""Administrator and krbtgt of each domain."""


def privileged_principals(facts: Facts) -> pa.Table:
    """Privileged groups, their members and nested groups, the system, and what is protected like AdminSDHolder.

    Identities that stand for everybody are never accepted, even when someone nested them in a privileged group: what
    they may do has to be seen. The groups of read-only domain controllers (521, 498) are not accepted either: the
    default rights of 498 (DS-Replication-Get-Changes alone) let nobody take anything. SELF is judged with the rights.
    """
    reasons: dict[int, str] = {}
    roots = [group for (group,) in facts.rows("privileged_groups", "principal_id")]
    for group in roots:
        reasons.setdefault(group, "privileged_group")
    for member in facts.memberships.closure(roots):
        if not stands_for_everybody(facts, member):
            reasons.setdefault(member, "privileged_member")
    for principal in facts.principals.values():
        if principal.sid in SYSTEM_SIDS or _is_built_in(facts, principal.rid, principal.sid):
            reasons.setdefault(principal.principal_id, "system")
    for principal_id in _protected_like_adminsdholder(facts, frozenset(reasons)):
        reasons.setdefault(principal_id, "protected_like_adminsdholder")
    return build("privileged_principals", sorted(reasons.items()))


def stands_for_everybody(facts: Facts, principal_id: int) -> bool:
    """Everyone, Authenticated Users, Domain Users and the like: identities that any account has or may get."""
    principal = facts.principals.get(principal_id)
    if principal is None or principal.sid is None:
        return False
    in_domain = principal.sid.startswith("S-1-5-21-")
    return principal.sid in EVERYONE_LIKE_SIDS or (in_domain and principal.rid in EVERYONE_LIKE_RIDS)


def _is_built_in(facts: Facts, rid: int | None, sid: str | None) -> bool:
    return rid in BUILT_IN_ACCOUNT_RIDS and any(sid == f"{domain.sid}-{rid}" for domain in facts.domains)


class _Ace(NamedTuple):
    """What makes two ACEs identical: the flag that tells inherited ones apart is left out."""

    type: int | None
    flags: int
    mask: int | None
    object_type: str | None
    inherited_object_type: str | None
    trustee: int | str | None


_INHERITED = 0x10
_BENIGN_TRUSTEES = frozenset(("S-1-5-10", "S-1-5-9"))
_ALLOW_OBJECT = 0x05


def _protected_like_adminsdholder(facts: Facts, accepted: frozenset[int]) -> Iterator[int]:
    """Accounts and groups whose DACL is protected and holds only AdminSDHolder's ACEs or harmless ones.

    Harmless: SELF, Enterprise Domain Controllers, and Send-To. The owner has to be accepted already. A group
    counts when its members were read, none of them is a group, and each is protected so, or accepted already.
    """
    descriptors = _protected_descriptors(facts, accepted)
    bearers = {
        principal: domain
        for table in ("users", "computers", "managed_service_accounts", "groups")
        for principal, domain in facts.rows(table, "principal_id", "domain_id")
        if principal is not None
    }
    wanted = {facts.principals[p].object_id: p for p in bearers if p in facts.principals}
    protected = {
        principal
        for object_id, sd in facts.rows("objects", "object_id", "sd_id")
        if sd is not None
        and (principal := wanted.get(object_id)) is not None
        and bearers[principal] in descriptors.get(sd, ())
    }
    memberships = facts.memberships
    unread = {gap.object_id for gap in Gaps(facts).of("memberships", "member_id", "group_id")}
    safe = (protected - memberships.groups) | accepted
    for principal in sorted(protected):
        if principal not in memberships.groups or (
            facts.principals[principal].object_id not in unread
            and all(member in safe and member not in memberships.groups for member in memberships.members_of(principal))
        ):
            yield principal


def _protected_descriptors(facts: Facts, accepted: frozenset[int]) -> dict[int, set[int]]:
    """Descriptors like AdminSDHolder's: those of the domains where they are."""
    holders = {holder.domain_id: holder.sd_id for holder in adminsdholders(facts) if holder.sd_id is not None}
    candidates = [
        sd
        for sd, role, is_protected, state, owner in facts.rows(
            "security_descriptors", "sd_id", "role", "is_dacl_protected", "dacl_state", "owner_id"
        )
        if sd is not None and role == "object" and is_protected and state in ("present", "empty") and owner in accepted
    ]
    aces = _aces(facts, {*candidates, *holders.values()})
    alike: dict[int, set[int]] = {}
    for domain, holder in holders.items():
        template = {ace for ace, _ in aces.get(holder, ())}
        for sd in candidates:
            if all(ace in template or is_harmless for ace, is_harmless in aces.get(sd, ())):
                alike.setdefault(sd, set()).add(domain)
    return alike


def _aces(facts: Facts, descriptors: Iterable[int]) -> dict[int, list[tuple[_Ace, bool]]]:
    table = facts.table("aces")
    chosen = Facts({"aces": table.filter(pc.is_in(table["sd_id"], pa.array(sorted(descriptors), pa.int32())))})
    found: dict[int, list[tuple[_Ace, bool]]] = {}
    for sd, type_, flags, mask, object_type, inherited_type, sid, trustee in chosen.rows(
        "aces", "sd_id", "type", "flags", "mask", "object_type", "inherited_object_type", "trustee_sid", "trustee_id"
    ):
        key = sid if trustee is None else trustee
        ace = _Ace(type_, (flags or 0) & ~_INHERITED, mask, object_type, inherited_type, key)
        is_harmless = sid in _BENIGN_TRUSTEES or (type_ == _ALLOW_OBJECT and object_type == SEND_TO)
        found.setdefault(sd, []).append((ace, is_harmless))
    return found
