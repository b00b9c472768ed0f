"""Which facts that a rule rests on are missing, and for whom it matters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from adaudit.engine.book import Fact, Reading
from adaudit.engine.database import Database, Scope
from adaudit.engine.model import Gap, SubjectKind

COLLECTED: Final = "collected"
EXAMPLES: Final = 3

_BEARERS: Final = ("principals", "users", "computers", "managed_service_accounts", "groups")
"""Tables that tell which object bears an identity."""


def all_gaps(database: Database) -> tuple[Gap, ...]:
    """Everything that was not collected, whatever reads it."""
    with database.scope({}) as scope:
        return tuple(_gap(row, is_required=False, levels=()) for row in _rows(database, scope, "true", {}))


def gaps_of(database: Database, scope: Scope, reading: Reading, examined: SubjectKind | None) -> tuple[Gap, ...]:
    """Gaps in what a rule reads, worst first: required ones, then those of one level, then refining ones.

    ``examined``: what the rows of the kept table ``examined`` (column ``subject``) are, when the
    rule names its population: what is missing of other objects is then left out. A gap that names
    no object always counts.
    """
    facts = reading.facts
    condition = "(c.column_name = '*' and c.table_name in $tables or c.table_name || '.' || c.column_name in $columns)"
    parameters = {"tables": sorted({t for t, _ in facts}), "columns": [f"{t}.{c}" for t, c in sorted(facts)]}
    if examined is not None:
        condition += f" and (c.object_id is null or c.object_id in ({_examined_objects(database, examined)}))"
    gaps = []
    for row in _rows(database, scope, condition, parameters):
        table, column = row[0], row[1]
        levels = tuple(sorted(n for n, needs in reading.levels.items() if _touches(table, column, needs)))
        gaps.append(_gap(row, is_required=_touches(table, column, reading.required), levels=levels))
    return tuple(sorted(gaps, key=lambda g: (not g.is_required, not g.levels)))


def _touches(table: str, column: str, facts: Iterable[Fact]) -> bool:
    return any(t == table and column in ("*", c) for t, c in facts)


def _examined_objects(database: Database, examined: SubjectKind) -> str:
    match examined:
        case SubjectKind.OBJECT:
            return "select subject from examined"
        case SubjectKind.PRINCIPAL:
            bearers = " union all ".join(
                f"select principal_id, object_id from {database.relation(name)}" for name in _BEARERS
            )
            return f"select b.object_id from ({bearers}) b join examined e on e.subject = b.principal_id"
        case SubjectKind.DOMAIN:
            objects = database.relation("objects")
            return f"select o.object_id from {objects} o join examined e on e.subject = o.domain_id"
        case SubjectKind.FOREST:
            return f"select object_id from {database.relation('objects')}"


def _rows(database: Database, scope: Scope, condition: str, parameters: dict[str, object]) -> list[tuple[object, ...]]:
    return scope.select(
        f"""
        select c.table_name, c.column_name, coalesce(d.dns_name, ''), c.status, coalesce(c.reason, ''), count(*),
            (list(distinct coalesce(o.dn, c.dn) order by coalesce(o.dn, c.dn)))[1:{EXAMPLES}]
        from {database.relation("coverage")} c
        left join {database.relation("objects")} o on o.object_id = c.object_id
        left join {database.relation("domains")} d on d.domain_id = c.domain_id
        where c.status <> '{COLLECTED}' and {condition}
        group by all
        order by all
        """,
        parameters,
    ).rows


def _gap(row: tuple[object, ...], *, is_required: bool, levels: tuple[int, ...]) -> Gap:
    table, column, domain, status, reason, count, examples = row
    return Gap(table, column, domain, status, reason, count, tuple(e for e in examples if e), is_required, levels)
