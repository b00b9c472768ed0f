"""What the silence of a directory hides: attributes that it always sets, and those that the account may not read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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


class Question(NamedTuple):
    """Facts that some objects may hold: were they not there, or refused?

    ``holders``: typed tables or classes of those objects. ``rows`` is a SELECT of ``object_id`` and ``absent``: for
    each fact, in their order, whether it is not there.
    """

    holders: tuple[str, ...]
    facts: tuple[Fact, ...]
    rows: str


class Silence:
    """Adds to ``gaps`` on a database that holds the finished tables; what was not asked for was not refused.

    Many questions are put in one statement, as each statement costs more to plan than to run.
    """

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
        questions = list(mandatory_questions())
        facts = [
            (number, place, *fact)
            for number, question in enumerate(questions)
            for place, fact in enumerate(question.facts, 1)
            if fact[:2] not in self._not_asked
        ]
        self._register("mandatory", facts, {"question": pa.int32(), "place": pa.int32(), **_FACT})
        self._db.execute(f"""
            insert into gaps
            select m.table_name, m.column_name, o.domain_id, a.object_id, null, 'denied', 'mandatory_missing',
                m.attribute
            from ({_answers(enumerate(questions))}) a join mandatory m using (question) join objects o using (object_id)
            where a.absent[m.place] and not exists (
                select 1 from gaps g where g.object_id = a.object_id and g.reason = 'malformed'
                    and g.table_name = m.table_name and g.column_name = m.column_name
            )
        """)
        self._db.execute("""
            insert into gaps
            select t.table_name, '*', o.domain_id, null, o.dn, 'denied', 'mandatory_missing', 'objectClass'
            from objects o join known_partitions p using (partition_id), principal_tables t
            where o.object_class is null and p.kind = 'domain' and not contains(lower(o.dn), ',cn=system,')
                and lower(o.dn) not like 'cn=ntds quotas,%' and lower(o.dn) <> 'cn=deleted objects,' || p.dn_key
                and not o.is_deleted
            union all
            select t.table_name, '*', o.domain_id, null, o.dn, 'denied', 'mandatory_missing', 'objectClass'
            from objects o join ids using (object_id) join entries e using (n)
            join homes t on ends_with(e.dn_key, ',' || t.dn_key)
            where o.object_class is null and not o.is_deleted
                and (t.dn_key <> 'cn=system,' || t.head or e.parent_key = t.dn_key)
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
        questions = list(expected_questions())
        attributes = self._access({fact.attribute for question in questions for fact in question.facts})
        reasons = [{each.name: "descriptor_unreadable" for each in attributes}]
        numbers: dict[tuple[Grant, ...], int] = {}
        for signature in grants.values():
            if signature not in numbers:
                numbers[signature] = len(reasons)
                reasons.append(
                    {
                        each.name: "confidential" if each.is_confidential else "no_read_right"
                        for each in unreadable(signature, attributes)
                    }
                )
        refusing = [(sd_id, numbers[signature]) for sd_id, signature in grants.items() if reasons[numbers[signature]]]
        self._register("refusing", refusing, {"sd_id": pa.int32(), "signature": pa.int32()})
        self._db.execute("""
            create temp table suspects as
            select object_id, domain_id, object_class, coalesce(r.signature, 0) as signature
            from objects o left join refusing r using (sd_id)
            where not is_deleted and (o.sd_id is null or r.signature is not null)
        """)
        met = self._db.execute("""
            select table_name, signature from suspects join typed_objects using (object_id)
            union select object_class, signature from suspects
        """).fetchall()
        refused = [
            (signature, number, place, *fact, reasons[signature][fact.attribute.lower()])
            for number, question in enumerate(questions)
            for signature in {signature for holder, signature in met if holder in question.holders}
            for place, fact in enumerate(question.facts, 1)
            if fact[:2] not in self._not_asked and fact.attribute.lower() in reasons[signature]
        ]
        if refused:
            self._tell({number: questions[number] for _, number, *_ in refused}, refused)

    def _tell(self, questions: Mapping[int, Question], refused: Sequence[tuple[object, ...]]) -> None:
        kinds = {"signature": pa.int32(), "question": pa.int32(), "place": pa.int32(), **_FACT, "reason": pa.string()}
        self._register("refused", refused, kinds)
        self._db.execute(f"""
            insert into gaps
            select r.table_name, r.column_name, s.domain_id, s.object_id, null, 'denied', r.reason, r.attribute
            from ({_answers(questions.items(), "semi join suspects using (object_id)")}) a
            join suspects s using (object_id) join refused r using (signature, question)
            where a.absent[r.place]
        """)

    def _access(self, attributes: set[str]) -> list[AttributeAccess]:
        """What reading each attribute takes, by the schema that was read; its name alone when that was not."""
        names = sorted(attribute.lower() for attribute in attributes)
        rows = self._db.execute(
            "select lower(name), guid, property_set, is_confidential from schema_attributes "
            "where lower(name) in (select unnest($names))",
            {"names": names},
        ).fetchall()
        known = {row[0]: AttributeAccess(*row) for row in rows}
        return [known.get(name, AttributeAccess(name, None, None, is_confidential=False)) for name in names]

    def _register(self, name: str, rows: Sequence[tuple[object, ...]], kinds: dict[str, pa.DataType]) -> None:
        columns = zip(*rows, strict=True) if rows else [()] * len(kinds)
        self._db.register(name, pa.table(list(columns), schema=pa.schema(kinds)))


_FACT = {"table_name": pa.string(), "column_name": pa.string(), "attribute": pa.string()}


def _answers(questions: Iterable[tuple[int, Question]], condition: str = "") -> str:
    """The rows of numbered questions, with the number of each: of all objects, or of those that a join leaves."""
    return " union all ".join(
        f"select {number} as question, object_id, absent from ({question.rows}) {condition}"
        for number, question in questions
    )


def mandatory_questions() -> Iterator[Question]:
    """Every attribute that a directory always sets on what a typed table, or the one of objects, holds."""
    for table in ("objects", *TYPED_TABLES):
        rows = "from objects where not is_deleted" if table == "objects" else f"from {table}"
        always = (c for c in COLLECTED[table].columns if c.always and c.name != "sd_id")
        if facts := tuple(Fact(table, c.name, c.source) for c in always):
            yield _of_columns((table,), facts, rows)


def expected_questions() -> Iterator[Question]:
    """Every optional attribute from which something follows, by the objects that may hold it."""
    for table in TYPED_TABLES:
        columns = (c for c in COLLECTED[table].columns if c.source and not c.always and c.name != "rbcd_sd_id")
        yield _of_columns((table,), tuple(Fact(table, c.name, c.source) for c in columns), f"from {table}")
    for object_class, names in FOREST_SOURCES.items():
        rows = f"select object_id, f.* from objects, forests f where object_class = '{object_class}'"
        sources = {name: COLLECTED["forests"].column(name).source or "msDS-EnabledFeature" for name in names}
        yield _of_columns((object_class,), tuple(Fact("forests", *source) for source in sources.items()), rows)
    heads = [COLLECTED["domains"].column(name) for name in ("functional_level", "machine_account_quota")]
    facts = tuple(Fact("domains", c.name, c.source) for c in heads)
    yield _of_columns(("objects",), facts, "from domains where is_collected")
    policy = [
        c for c in COLLECTED["password_policies"].columns if c.source.startswith(("min", "max", "pwd", "lockout"))
    ]
    facts = tuple(Fact("password_policies", c.name, c.source) for c in policy)
    yield _of_columns(("objects",), facts, "from password_policies where kind = 'domain'")
    for *fact, holders, rows, present in RELATION_SOURCES:
        absent = f"select object_id, [true] as absent from ({rows}) where object_id not in ({present})"
        yield Question(holders, (Fact(*fact),), absent)


def _of_columns(holders: tuple[str, ...], facts: tuple[Fact, ...], rows: str) -> Question:
    """``rows`` is a SELECT of the objects that may hold some columns, ``object_id`` and those columns."""
    flags = [missing(fact.table, COLLECTED[fact.table].column(fact.column)) for fact in facts]
    absent = f"select object_id, [{', '.join(flags)}] as absent from ({rows}) t where {' or '.join(flags)}"
    return Question(holders, facts, absent)


def missing(table: str, column: Column) -> str:
    """True of a row whose attribute was absent: a moment or a duration may be null although it was read."""
    stem, _, ending = column.name.rpartition("_")
    as_read = f"{stem}_raw"
    if ending in ("at", "days") and any(c.name == as_read for c in COLLECTED[table].columns):
        return f't."{as_read}" is null'
    return f't."{column.name}" is null'
