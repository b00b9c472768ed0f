"""What a snapshot misses, laid out once so that each rule can ask it in plain comparisons.

Joins and places cost DuckDB far more to plan than to answer, and nearly every rule asks.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from adaudit.engine.database import Database
from adaudit.schema import COMPUTED

FOREST_WIDE: Final = ("configuration", "schema", "domain_dns", "forest_dns", "application")
"""Kinds of naming contexts that hold nothing a rule needs unless one of its places is there."""


class Lack(NamedTuple):
    """What rows of ``coverage`` that are told as one gap have in common; ``column`` is ``*`` for whole rows."""

    table: str
    column: str
    domain: str
    status: str
    reason: str

    @property
    def is_known_hidden(self) -> bool:
        """Objects that no ordinary account ever sees: they count for the rules that name their place."""
        return self.table == "objects" and self.reason == "known_hidden"


_LACKS: Final = """
select distinct c.table_name, c.column_name, coalesce(d.dns_name, '') as domain, c.status,
    coalesce(c.reason, '') as reason
from snapshot.coverage c
left join snapshot.domains d on d.domain_id = c.domain_id
where c.status <> 'collected'
"""

_MISSING: Final = f"""
with lacks as (
    select row_number() over (order by table_name, column_name, domain, status, reason) - 1 as number, * from ({_LACKS})
), contexts as (
    select dn, any_value(kind) as kind from snapshot.partitions group by dn
), heads as (
    select coalesce(list(struct_pack(kind := kind, dn := ',' || lower(dn))) filter (dn is not null), []) as all_heads
    from snapshot.partitions
), told as (
    select c.table_name, c.column_name, coalesce(d.dns_name, '') as domain, c.status, coalesce(c.reason, '') as reason,
        c.object_id, coalesce(o.dn, c.dn) as dn, ',' || lower(c.dn) as unseen, coalesce(n.kind, c.detail, '') as context
    from snapshot.coverage c
    left join snapshot.objects o on o.object_id = c.object_id
    left join snapshot.domains d on d.domain_id = c.domain_id
    left join contexts n on n.dn = c.detail
    where c.status <> 'collected'
)
select l.number as lack, t.object_id, t.dn,
    t.unseen is not null and t.table_name = 'objects' and t.reason = 'known_hidden' as is_known_hidden,
    case
        when t.object_id is not null or t.table_name in $computed then null
        when t.unseen is not null then nullif(
            list_transform(
                list_filter(h.all_heads, lambda head: ends_with(t.unseen, head.dn)),
                lambda head: struct_pack(kind := head.kind, path := left(t.unseen, len(t.unseen) - len(head.dn)))
            ), []
        )
        when t.table_name = 'objects' and t.context in $forest_wide then [struct_pack(kind := t.context, path := '')]
    end as whereabouts
from told t
join lacks l on l.table_name is not distinct from t.table_name
    and l.column_name is not distinct from t.column_name
    and l.domain = t.domain and l.status = t.status and l.reason = t.reason
cross join heads h
"""

_BEARERS: Final = """
select principal_id, object_id from snapshot.principals
union select principal_id, object_id from snapshot.users
union select principal_id, object_id from snapshot.computers
union select principal_id, object_id from snapshot.managed_service_accounts
union select principal_id, object_id from snapshot.groups
"""


def lay_out(database: Database) -> tuple[Lack, ...]:
    """Everything that the database misses, in the order in which gaps are told; of it, two tables are kept.

    ``snapshot.missing`` has a row for each row of ``coverage`` that tells of something not collected: the position of
    its ``lack`` in the answer; ``object_id``; ``dn`` of the object, or of one that was never seen; ``whereabouts``,
    where that one is: ``kind`` of each naming context that holds it and the lower-case ``path`` below its head, which
    is empty or begins with a comma. They are null where the place does not matter or is in no known naming context, so
    that the row counts for every rule. A whole naming context that was not read, which ``detail`` names by DN or kind,
    is where its head is, but for one of a domain, which is anywhere. Gaps of computed tables are placed by those who
    compute them. ``is_known_hidden``: only a place below the head of its naming context makes it count.

    ``snapshot.bearers`` pairs each principal with the objects that stand for it.
    """
    with database.scope({}) as scope:
        lacks = tuple(Lack(*row) for row in scope.select(f"{_LACKS} order by all", {}).rows)
    if lacks:
        database.keep("missing", _MISSING, {"computed": list(COMPUTED), "forest_wide": list(FOREST_WIDE)})
        database.keep("bearers", _BEARERS, {})
    return lacks
