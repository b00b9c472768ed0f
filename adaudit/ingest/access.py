"""What the account that read the directory was allowed to read, computed from descriptors.

A directory answers a refused attribute with silence; only the descriptor tells it from an attribute
that has no value (MS-ADTS 5.1.3.3.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import duckdb

READ_PROPERTY, LIST_CONTENTS, CONTROL_ACCESS = 0x10, 0x4, 0x100
GENERIC_READ, GENERIC_ALL = 0x8000_0000, 0x1000_0000

_EVERY_TOKEN = ("S-1-1-0", "S-1-5-2", "S-1-5-11", "S-1-5-15")
"""Everyone, Network, Authenticated Users and This Organization: in the token of whoever binds over the network."""

_ADMINISTRATORS = re.compile(r"S-1-5-32-544|S-1-5-21-.+-512")

_FIND_ACCOUNT = """
with accounts as (
    select dn, sid, sam_account_name, user_principal_name, domain_id from users
    union all select dn, sid, sam_account_name, user_principal_name, domain_id from computers
    union all select dn, sid, sam_account_name, user_principal_name, domain_id from managed_service_accounts
)
select a.sid from accounts a join domains d using (domain_id)
where a.sid is not null and (
    a.sid = $name or lower(a.dn) = lower($name) or lower(a.user_principal_name) = lower($name)
    or lower(a.sam_account_name || '@' || d.dns_name) = lower($name)
    or lower(d.netbios_name || '\\' || a.sam_account_name) = lower($name)
    or lower(d.dns_name || '\\' || a.sam_account_name) = lower($name)
)
order by a.sid limit 1
"""

_EXPAND = """
with recursive token as (
    select principal_id from identities where sid in (select unnest($sids))
    union
    select m.group_id from memberships m join token t on m.member_id = t.principal_id
)
select distinct principal_id, i.sid, i.domain_id from token join identities i using (principal_id)
where i.sid is not null
"""


@dataclass(frozen=True)
class Token:
    """The principals that count when the account reads; ``account_sid`` is None when it was not found.

    A BUILTIN group is one principal in each domain. ``administered``: domains of which the account is an
    administrator.
    """

    account_sid: str | None
    principals: frozenset[int]
    administered: frozenset[int]


def account_token(db: duckdb.DuckDBPyConnection, account: str | None) -> Token:
    """The token of ``account`` (UPN, DOMAIN\\name, DN or SID); of an ordinary user when it is not found."""
    found = db.execute(_FIND_ACCOUNT, {"name": account}).fetchone() if account else None
    sid = str(found[0]) if found else None
    held = db.execute(_EXPAND, {"sids": [*_EVERY_TOKEN, *([sid] if sid else [])]}).fetchall()
    administered = {domain for _, bearer, domain in held if domain is not None and _ADMINISTRATORS.fullmatch(bearer)}
    return Token(sid, frozenset(row[0] for row in held), frozenset(administered))


@dataclass(frozen=True)
class AttributeAccess:
    """What a descriptor must grant to read one attribute."""

    name: str
    guid: str | None
    property_set: str | None
    is_confidential: bool


Grant = tuple[bool, int, str | None]
"""An ACE that concerns the account: whether it allows, its mask and object type."""


def grants_by_descriptor(db: duckdb.DuckDBPyConnection, token: Token) -> dict[int, tuple[Grant, ...]]:
    """The ACEs of each descriptor with a DACL that concern reading by ``token``, in their order.

    One that allows on a condition, which cannot be evaluated here, counts for nothing.
    """
    wanted = READ_PROPERTY | LIST_CONTENTS | CONTROL_ACCESS | GENERIC_READ | GENERIC_ALL
    rows = db.execute(
        "select sd_id, is_allow, mask, object_type from aces where trustee_id in (select unnest($principals)) "
        "and not is_inherit_only and is_allow is not null and not (is_allow and has_condition) "
        "and (mask & $wanted) <> 0 order by sd_id, position",
        {"principals": sorted(token.principals), "wanted": wanted},
    ).fetchall()
    granted = {sd_id: tuple(row[1:] for row in group) for sd_id, group in groupby(rows, key=lambda row: row[0])}
    closed = db.execute(
        "select sd_id from security_descriptors where role = 'object' and dacl_state in ('present', 'empty')"
    ).fetchall()
    return {row[0]: granted.get(row[0], ()) for row in closed}


def unreadable(grants: tuple[Grant, ...], attributes: Iterable[AttributeAccess]) -> list[AttributeAccess]:
    """The attributes that the descriptor does not let the account read."""
    return [each for each in attributes if not _may_read(grants, each)]


def hides_children(grants: tuple[Grant, ...]) -> bool:
    """The descriptor does not let the account list what is below the object."""
    return not _decides(grants, LIST_CONTENTS, None, None)


def _may_read(grants: tuple[Grant, ...], attribute: AttributeAccess) -> bool:
    if not _decides(grants, READ_PROPERTY, attribute.guid, attribute.property_set):
        return False
    return not attribute.is_confidential or _decides(grants, CONTROL_ACCESS, attribute.guid, attribute.property_set)


def _decides(grants: tuple[Grant, ...], right: int, guid: str | None, property_set: str | None) -> bool:
    """The first ACE that speaks of the right on the attribute decides; none means refused."""
    covering = right | GENERIC_ALL | (GENERIC_READ if right != CONTROL_ACCESS else 0)
    for is_allow, mask, object_type in grants:
        if mask & covering and object_type in (None, guid, property_set):
            return is_allow
    return False
