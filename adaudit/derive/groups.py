"""nested_groups, and ANSSI's privileged groups with their members."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from adaudit.derive.bounds import bounded, shared_out
from adaudit.derive.facts import Domain, Facts, Principal, build, in_order

BUILTIN_PRIVILEGED = (544, 548, 549, 550, 551)
"""Administrators, Account, Server, Print and Backup Operators, in the BUILTIN domain of each domain."""

DOMAIN_PRIVILEGED = (512, 516, 526)
"""Domain Admins, Domain Controllers, Key Admins."""

ROOT_PRIVILEGED = (518, 519, 527)
"""Schema Admins, Enterprise Admins, Enterprise Key Admins: in the forest root domain."""

SINCE_2016 = frozenset((526, 527))
"""Groups that a forest without a domain controller of 2016 or later does not have."""


def nested_groups(facts: Facts) -> pa.Table:
    """Every pair of a group and a group that contains it at any depth; a group is never its own ancestor.

    Where there are more than ``MOST_ROWS``, each group has the nearest of those that contain it.
    """
    memberships = facts.memberships

    def pairs(most: int | None) -> Iterator[tuple[int, int, int]]:
        for group in memberships.nested:
            for ancestor, depth in sorted(memberships.above(group, most).items()):
                yield group, ancestor, depth

    return shared_out(facts, "nested_groups", len(memberships.nested), pairs)


def privileged_sids(domain: Domain) -> Iterator[tuple[str, int]]:
    """SID and RID of the privileged groups that a domain of known SID should have."""
    for rid in BUILTIN_PRIVILEGED:
        yield f"S-1-5-32-{rid}", rid
    if domain.sid is not None:
        for rid in (*DOMAIN_PRIVILEGED, *(ROOT_PRIVILEGED if domain.is_root else ())):
            yield f"{domain.sid}-{rid}", rid


def privileged_groups(facts: Facts) -> pa.Table:
    """Privileged groups that an identity stands for, in the order of principals; those never seen have no row."""
    rows = [
        (principal.principal_id, principal.object_id, domain.domain_id, sid, rid)
        for domain in facts.domains
        for sid, rid in privileged_sids(domain)
        for principal in facts.principals_by_sid.get(sid, ())
        if _belongs(principal, domain)
    ]
    return build("privileged_groups", in_order(rows, 0, 2))


def _belongs(principal: Principal, domain: Domain) -> bool:
    """BUILTIN SIDs are the same in every domain: the domain tells them apart."""
    is_builtin = (principal.sid or "").startswith("S-1-5-32-")
    return not is_builtin or principal.domain_id == domain.domain_id


def privileged_accounts(facts: Facts) -> pa.Table:
    """Members that are no group, at any depth; the order is that of groups, then of accounts."""
    roots = [group for (group,) in facts.rows("privileged_groups", "principal_id")]
    memberships = facts.memberships
    not_accounts = memberships.groups.union(roots)

    def members() -> Iterator[tuple[int | None, ...]]:
        for root in roots:
            for reached in sorted(memberships.below(root)):
                if reached.principal_id not in not_accounts:
                    member = facts.principals.get(reached.principal_id)
                    known = (member.object_id, member.domain_id) if member else (None, None)
                    yield reached.principal_id, *known, root, reached.depth, reached.via

    return build("privileged_accounts", bounded(facts, "privileged_accounts", members()))
