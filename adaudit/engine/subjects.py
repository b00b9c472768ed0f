"""Name what a rule found: ids of one snapshot become keys that hold between snapshots."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from adaudit.engine.database import Database
from adaudit.engine.model import SubjectKind

UNKNOWN_KEY: Final = "unknown"
"""Key of a row whose rule could not tell its subject: an account whose SID was not readable, say."""


@dataclass(frozen=True)
class Identity:
    """A subject's names. ``key`` is ``guid:…``, else ``sid:…``, else ``dn:…`` when only a reference to it was seen."""

    key: str
    type: str
    domain: str
    guid: str | None
    dn: str | None
    sid: str | None
    name: str


_NAMES: Final = {
    SubjectKind.PRINCIPAL: """
        select p.principal_id, p.type, d.dns_name, o.guid, coalesce(o.dn, p.dn), p.sid, coalesce(p.name, o.name)
        from snapshot.principals p
        left join snapshot.objects o on o.object_id = p.object_id
        left join snapshot.domains d on d.domain_id = coalesce(p.domain_id, o.domain_id)
        where p.principal_id in (select unnest($ids))""",
    SubjectKind.OBJECT: """
        select o.object_id, coalesce(o.object_class, 'object'), d.dns_name, o.guid, o.dn, p.sid,
            coalesce(p.name, g.display_name, o.name)
        from snapshot.objects o
        left join snapshot.principals p on p.object_id = o.object_id
        left join snapshot.gpos g on g.object_id = o.object_id
        left join snapshot.domains d on d.domain_id = o.domain_id
        where o.object_id in (select unnest($ids))""",
    SubjectKind.DOMAIN: """
        select d.domain_id, 'domain', d.dns_name, o.guid, d.dn, d.sid, d.dns_name
        from snapshot.domains d
        left join snapshot.objects o on o.object_id = d.object_id
        where d.domain_id in (select unnest($ids))""",
    SubjectKind.FOREST: """
        select 0, 'forest', coalesce(f.dns_name, d.dns_name), o.guid, d.dn, d.sid, coalesce(f.dns_name, d.dns_name)
        from (select 1) as one
        left join snapshot.forests f on true
        left join snapshot.domains d on d.is_root
        left join snapshot.objects o on o.object_id = d.object_id
        where 0 in (select unnest($ids))
        limit 1""",
}
"""For each kind of subject: its id, then the fields of ``Identity`` but for the key."""

UNKNOWN: Final = Identity(UNKNOWN_KEY, "unknown", "", None, None, None, "")


def identities(database: Database, kind: SubjectKind, ids: Iterable[int | None]) -> dict[int | None, Identity]:
    """The identity of each id; a null id is ``UNKNOWN``. KeyError on use for an id of nothing."""
    wanted = sorted({i for i in ids if i is not None})
    named: dict[int | None, Identity] = {None: UNKNOWN}
    if not wanted:
        return named
    with database.scope({}) as scope:
        for id_, *names in scope.select(_NAMES[kind], {"ids": wanted}).rows:
            named[id_] = _identity(*names)
    return named


def well_known_names(database: Database) -> frozenset[str]:
    """The names that well-known identities bear and no object of the directory does."""
    names = "select name from snapshot.principals group by name having bool_and(type = 'well_known')"
    with database.scope({}) as scope:
        return frozenset(name for (name,) in scope.select(names, {}).rows if name)


def _identity(
    type_: str, domain: str | None, guid: str | None, dn: str | None, sid: str | None, name: str | None
) -> Identity:
    key = f"guid:{guid}" if guid else f"sid:{sid}" if sid else f"dn:{(dn or '').lower()}"
    return Identity(key, type_, domain or "", guid, dn, sid, name or dn or sid or "")
