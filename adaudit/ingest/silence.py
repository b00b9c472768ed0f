"""What the silence of a directory hides: attributes that it always sets, and those that the account may not read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import duckdb
import pyarrow as pa

from adaudit.ingest.access import AttributeAccess, Grant, unreadable
from adaudit.ingest.expectations import FOREST_SOURCES, RELATION_SOURCES, TYPED_TABLES
from adaudit.schema import COLLECTED, Column


class Fact(NamedTuple):
    """What follows from an attribute."""

    table: str
    column: str
    attribute: str


class Columns(NamedTuple):
    """Columns of objects that may each be absent: was it not there, or refused?

    ``rows`` is a SELECT of the objects that may hold them, ``object_id`` and those columns.
    """

    rows: str
    facts: tuple[Fact, ...]


class Expected(NamedTuple):
    """An attribute that some objects may hold, each value in a row: were there none, or were they refused?

    ``holders`` and ``present`` are SELECTs of object ids: those that may hold it, those seen to hold it.
    """

    fact: Fact
    holders: str
    present: str


class Silence:
    """Adds to ``gaps`` on a database that holds the finished tables; what was not asked for was not refused."""

    def __init__(self, db: duckdb.DuckDBPyConnection, has_descriptors: bool) -> None:
        self._db = db
        self._has_descriptors = has_descriptors
        self._not_asked: set[tuple[str, str]] = set(
            db.execute(
                "select distinct table_name, column_name from s_notes where dn is null and status = 'not_attempted'"
            ).fetchall()
        )

    def mandatory(self) -> None:
        """Attributes that a directory always sets: absent means that they could not be read."""
        for table in ("objects", *TYPED_TABLES):
            always = [
                c
                for c in COLLECTED[table].columns
                if c.always and c.name != "sd_id" and (table, c.name) not in self._not_asked
            ]
            if not always:
                continue
            alive = f"{table} t" if table == "objects" else f"{table} t join objects o using (object_id)"
            where, domain = ("not t.is_deleted", "t") if table == "objects" else ("not o.is_deleted", "o")
            counts = ", ".join(f"count(*) filter (where {missing(table, c)})" for c in always)
            found = self._db.execute(f"select {counts} from {alive} where {where}").fetchone() or ()
            for column, count in zip(always, found, strict=True):
                if count:
                    self._db.execute(
                        f"""
                        insert into gaps
                        select '{table}', '{column.name}', {domain}.domain_id, t.object_id, null, 'denied',
                            'mandatory_missing', '{column.source}'
                        from {alive} where {where} and {missing(table, column)} and not exists (
                            select 1 from gaps g where g.object_id = t.object_id and g.reason = 'malformed'
                                and g.table_name = '{table}' and g.column_name = '{column.name}'
                        )
                        """
                    )
        self._db.execute("""
            insert into gaps
            select t.table_name, '*', o.domain_id, null, o.dn, 'denied', 'mandatory_missing', 'objectClass'
            from objects o join known_partitions p using (partition_id), principal_tables t
            where o.object_class is null and p.kind = 'domain' and not contains(lower(o.dn), ',cn=system,')
                and lower(o.dn) not like 'cn=ntds quotas,%' and lower(o.dn) <> 'cn=deleted objects,' || p.dn_key
                and not o.is_deleted
            union all
            select t.table_name, '*', o.domain_id, null, o.dn, 'denied', 'mandatory_missing', 'objectClass'
            from objects o join resolved r using (object_id) join homes t on ends_with(r.dn_key, ',' || t.dn_key)
            where o.object_class is null and not o.is_deleted
                and (t.dn_key <> 'cn=system,' || t.head or r.parent_key = t.dn_key)
        """)
        if ("forests", "functional_level") not in self._not_asked:
            self._forest_level()
        self._db.execute("""
            insert into gaps
            select 'domains', 'sid', domain_id, object_id, null, 'denied', 'mandatory_missing', 'objectSid'
            from domains where is_collected and sid is null
        """)
        if self._has_descriptors:
            self._db.execute(
                "insert into gaps select 'objects', 'sd_id', domain_id, object_id, null, 'denied', "
                "'descriptor_unreadable', 'nTSecurityDescriptor' from objects where sd_id is null and not is_deleted"
            )

    def _forest_level(self) -> None:
        self._db.execute("""
            insert into gaps
            select 'forests', 'functional_level', o.domain_id, o.object_id, null, 'denied', 'mandatory_missing',
                'msDS-Behavior-Version'
            from objects o, forests f where o.object_class = 'crossRefContainer' and f.functional_level is null
        """)

    def refused(self, grants: Mapping[int, tuple[Grant, ...]]) -> None:
        """Absent attributes that the account has no right to read, or of objects whose descriptor it could not read."""
        groups = list(expected_columns())
        several = [Expected(Fact(*row[:3]), *row[3:]) for row in RELATION_SOURCES]
        facts = [fact for group in groups for fact in group.facts] + [each.fact for each in several]
        pairs = unreadable(grants, self._access({fact.attribute for fact in facts}))
        self._db.register(
            "refused",
            pa.table(
                [[sd_id for sd_id, _ in pairs], [name for _, name in pairs]],
                schema=pa.schema({"sd_id": pa.int32(), "attribute": pa.string()}),
            ),
        )
        self._db.execute("""
            create temp table suspects as
            select object_id, domain_id, sd_id from objects
            where not is_deleted and (sd_id is null or sd_id in (select sd_id from refused))
        """)
        hidden_whole = self._db.execute("""
            select distinct table_name from typed_objects join suspects using (object_id) where sd_id is null
        """).fetchall()
        hidden = {row[0] for row in hidden_whole}
        refused = {name for _, name in pairs}

        def is_told(fact: Fact) -> bool:
            is_hidden = fact.table in hidden or (bool(hidden) and fact.table not in TYPED_TABLES)
            return fact[:2] not in self._not_asked and (is_hidden or fact.attribute.lower() in refused)

        for group in groups:
            if told := tuple(filter(is_told, group.facts)):
                self._tell_columns(Columns(group.rows, told))
        for each in several:
            if is_told(each.fact):
                self._tell_rows(each)

    def _tell_columns(self, group: Columns) -> None:
        """One statement for all: each costs more to plan than to run."""
        table = group.facts[0].table
        names = [COLLECTED[table].column(fact.column) for fact in group.facts]
        self._insert(
            table,
            f"""
            select object_id, unnest($columns) as column_name, unnest($attributes) as attribute,
                unnest([{", ".join(missing(table, column) for column in names)}]) as is_absent
            from ({group.rows}) t semi join suspects using (object_id)
            """,
            group.facts,
        )

    def _tell_rows(self, expected: Expected) -> None:
        self._insert(
            expected.fact.table,
            f"""
            select object_id, unnest($columns) as column_name, unnest($attributes) as attribute, true as is_absent
            from suspects semi join ({expected.holders}) using (object_id)
            where object_id not in ({expected.present})
            """,
            (expected.fact,),
        )

    def _insert(self, table: str, absent: str, facts: Sequence[Fact]) -> None:
        self._db.execute(
            f"""
            insert into gaps
            select $table, a.column_name, s.domain_id, s.object_id, null, 'denied',
                case when s.sd_id is null then 'descriptor_unreadable' when c.name is not null then 'confidential'
                    else 'no_read_right' end, a.attribute
            from ({absent}) a join suspects s using (object_id)
            left join refused r on r.sd_id = s.sd_id and r.attribute = lower(a.attribute)
            left join confidential c on c.name = lower(a.attribute)
            where a.is_absent and (s.sd_id is null or r.sd_id is not null)
            """,
            {
                "table": table,
                "columns": [fact.column for fact in facts],
                "attributes": [fact.attribute for fact in facts],
            },
        )

    def _access(self, attributes: set[str]) -> list[AttributeAccess]:
        """What reading each attribute takes, by the schema that was read; its name alone when that was not."""
        self._db.execute(
            "create temp table confidential as select lower(name) as name from schema_attributes where is_confidential"
        )
        rows = self._db.execute(
            "select lower(name), guid, property_set, is_confidential from schema_attributes where name is not null"
        ).fetchall()
        known = {row[0]: AttributeAccess(*row) for row in rows}
        names = sorted(attribute.lower() for attribute in attributes)
        return [known.get(name, AttributeAccess(name, None, None, is_confidential=False)) for name in names]


def expected_columns() -> Iterator[Columns]:
    """Every optional attribute from which a column follows, by the objects that may hold it."""
    for table in TYPED_TABLES:
        columns = (c for c in COLLECTED[table].columns if c.source and not c.always and c.name != "rbcd_sd_id")
        yield Columns(f"from {table}", tuple(Fact(table, c.name, c.source) for c in columns))
    for object_class, names in FOREST_SOURCES.items():
        rows = f"select object_id, f.* from objects, forests f where object_class = '{object_class}'"
        sources = {name: COLLECTED["forests"].column(name).source or "msDS-EnabledFeature" for name in names}
        yield Columns(rows, tuple(Fact("forests", name, source) for name, source in sources.items()))
    heads = [COLLECTED["domains"].column(name) for name in ("functional_level", "machine_account_quota")]
    yield Columns("from domains where is_collected", tuple(Fact("domains", c.name, c.source) for c in heads))
    policy = [
        c for c in COLLECTED["password_policies"].columns if c.source.startswith(("min", "max", "pwd", "lockout"))
    ]
    facts = tuple(Fact("password_policies", c.name, c.source) for c in policy)
    yield Columns("from password_policies where kind = 'domain'", facts)


def missing(table: str, column: Column) -> str:
    """True of a row whose attribute was absent: a moment or a duration may be null although it was read."""
    stem, _, ending = column.name.rpartition("_")
    as_read = f"{stem}_raw"
    if ending in ("at", "days") and any(c.name == as_read for c in COLLECTED[table].columns):
        return f't."{as_read}" is null'
    return f't."{column.name}" is null'
