"""Which facts that a rule rests on are missing, and for whom it matters."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from adaudit.engine.book import Fact, Reading
from adaudit.engine.database import Database, Scope
from adaudit.engine.model import Gap, SubjectKind
from adaudit.schema import COMPUTED, TABLES

COLLECTED: Final = "collected"
EXAMPLES: Final = 3

_EXAMINED_OBJECTS: Final = {
    SubjectKind.OBJECT: "select subject from examined",
    SubjectKind.PRINCIPAL: """
        select b.object_id
        from (
            select principal_id, object_id from snapshot.principals
            union all select principal_id, object_id from snapshot.users
            union all select principal_id, object_id from snapshot.computers
            union all select principal_id, object_id from snapshot.managed_service_accounts
            union all select principal_id, object_id from snapshot.groups
        ) b
        join examined e on e.subject = b.principal_id""",
    SubjectKind.DOMAIN: "select o.object_id from snapshot.objects o join examined e on e.subject = o.domain_id",
    SubjectKind.FOREST: "select object_id from snapshot.objects",
}
"""Objects that a rule's population stands for, by what its subjects are."""

_GAPS: Final = """
select c.table_name, c.column_name, coalesce(d.dns_name, ''), c.status, coalesce(c.reason, ''), count(*),
    (list(distinct coalesce(o.dn, c.dn) order by coalesce(o.dn, c.dn)))[1:$examples]
from snapshot.coverage c
left join snapshot.objects o on o.object_id = c.object_id
left join snapshot.domains d on d.domain_id = c.domain_id
where c.status <> 'collected' and {condition}
group by all
order by all
"""

_SEEN_BY_NOBODY: Final = "(c.table_name = 'objects' and coalesce(c.reason, '') = 'known_hidden')"
"""Objects that no ordinary account ever sees: they count for the rules that name their place."""

_IN_PLACES: Final = f"""(
    c.object_id is not null or c.table_name in $computed
    or c.dn is null and not (
        c.table_name = 'objects'
        and coalesce((select any_value(n.kind) from snapshot.partitions n where n.dn = c.detail), c.detail, '')
            in (select unnest($elsewhere))
    )
    or c.dn is not null and not exists (
        select 1 from snapshot.partitions n
        where lower(c.dn) = lower(n.dn) or ends_with(lower(c.dn), ',' || lower(n.dn))
    )
    or exists (
        select 1
        from (select unnest($places) as place) p
        join snapshot.partitions n on starts_with(p.place, n.kind || ':')
        cross join lateral (select substr(p.place, length(n.kind) + 2) as path, lower(n.dn) as head) w
        cross join lateral (select if(w.path = '', w.head, w.path || ',' || w.head) as wanted, lower(c.dn) as dn) f
        where (w.path <> '' or not {_SEEN_BY_NOBODY}) and (
            f.dn = f.wanted or ends_with(f.dn, ',' || f.wanted)
            or ends_with(f.wanted, ',' || f.dn) and (f.dn = w.head or ends_with(f.dn, ',' || w.head))
        )
    )
)"""
"""The DN of a coverage row is at a place, below it or above it: what is hidden above hides what is below.

Objects of a whole naming context that was not read, which ``detail`` names by DN or kind, count when a place is in one
of that kind. Gaps of computed tables are placed by those who compute them."""

_IDENTIFYING: Final = [
    f"{table.name}.{column.name}"
    for table in TABLES.values()
    for column in table.columns
    if column.source in ("objectSid", "sAMAccountName")
]
"""What tells who an object is: one that does not show it may belong to any population."""

_FOREST_WIDE: Final = ("configuration", "schema", "domain_dns", "forest_dns", "application")
"""Kinds of naming contexts that hold nothing a rule needs unless one of its places is there."""


def all_gaps(database: Database) -> tuple[Gap, ...]:
    """Everything that was not collected, whatever reads it."""
    with database.scope({}) as scope:
        return tuple(_gap(row, is_required=False, levels=()) for row in _rows(scope, "true", {}))


def missing_facts(database: Database) -> frozenset[Fact]:
    """Tables and columns of which something was not collected, ``*`` for rows: most rules read none of them."""
    asked = "select distinct table_name, column_name from snapshot.coverage where status <> 'collected'"
    with database.scope({}) as scope:
        return frozenset((table, column) for table, column in scope.select(asked, {}).rows)


def gaps_of(
    scope: Scope,
    missing: Collection[Fact],
    reading: Reading,
    examined: SubjectKind | None,
    places: tuple[str, ...] | None,
) -> tuple[Gap, ...]:
    """Gaps in what a rule reads, worst first: required ones, then those of one level, then refining ones.

    ``missing``: what ``missing_facts`` tells of the snapshot. ``examined``: what the rows of the kept table
    ``examined`` (column ``subject``) are, when the rule names its population: what is missing of other objects is then
    left out, but for what tells who they are. ``places``: where objects never seen would matter (``Rule.places``). A
    gap that names neither object nor DN counts, unless it is a naming context without a place.
    """
    facts = reading.facts
    if not any(_touches(table, column, facts) for table, column in missing):
        return ()
    tables = sorted({table for table, _ in facts})
    condition = """(
        c.table_name in $tables and c.column_name = '*' or c.table_name in $per_value
        or c.table_name || '.' || c.column_name in $columns
    )"""
    parameters: dict[str, object] = {
        "tables": tables,
        "per_value": [table for table in tables if TABLES[table].per_value],
        "columns": [f"{table}.{column}" for table, column in sorted(facts)],
    }
    if examined is not None:
        condition += f""" and (
            c.object_id is null or c.object_id in ({_EXAMINED_OBJECTS[examined]})
            or c.table_name || '.' || c.column_name in $identifying
        )"""
        parameters["identifying"] = _IDENTIFYING
    if places is None:
        condition += f" and not {_SEEN_BY_NOBODY}"
    else:
        condition += f" and {_IN_PLACES}"
        needed = {place.partition(":")[0] for place in places}
        parameters |= {
            "places": [place.lower() for place in places],
            "computed": list(COMPUTED),
            "elsewhere": [kind for kind in _FOREST_WIDE if kind not in needed],
        }
    gaps = []
    for row in _rows(scope, condition, parameters):
        table, column = row[0], row[1]
        levels = tuple(sorted(n for n, needs in reading.levels.items() if _touches(table, column, needs)))
        gaps.append(_gap(row, is_required=_touches(table, column, reading.required), levels=levels))
    return tuple(sorted(gaps, key=lambda g: (not g.is_required, not g.levels)))


def _touches(table: str, column: str, facts: Iterable[Fact]) -> bool:
    return any(t == table and (column in ("*", c) or TABLES[t].per_value) for t, c in facts)


def _rows(scope: Scope, condition: str, parameters: dict[str, object]) -> list[tuple[Any, ...]]:
    return scope.select(_GAPS.format(condition=condition), parameters | {"examples": EXAMPLES}).rows


def _gap(row: tuple[Any, ...], *, is_required: bool, levels: tuple[int, ...]) -> Gap:
    table, column, domain, status, reason, count, examples = row
    return Gap(table, column, domain, status, reason, count, tuple(e for e in examples if e), is_required, levels)
