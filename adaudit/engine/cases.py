"""Run a rule's cases: a handful of rows in, a status and subjects out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import pyarrow as pa

from adaudit.derive import derived
from adaudit.derive.facts import Facts
from adaudit.engine.book import Reading, RuleBook
from adaudit.engine.database import Database
from adaudit.engine.documents import CaseDocument
from adaudit.engine.judge import Verdict, judge
from adaudit.engine.load import parameter, read_cases
from adaudit.engine.missing import lay_out
from adaudit.engine.model import Rule
from adaudit.engine.source import Source
from adaudit.schema import COMPUTED, GRAPH, TABLES


@dataclass(frozen=True)
class Outcome:
    """One case run. ``difference`` is empty when the rule answered as expected."""

    rule_id: str
    name: str
    difference: str


def empty_database(book: RuleBook) -> Database:
    """A database without a row, in which any number of cases may run one after the other."""
    return Database((), book.catalogues.values(), book.views.values())


def run_cases(book: RuleBook, rule: Rule, database: Database) -> Iterator[Outcome]:
    """Run every case of a rule in an empty database, which is empty again after each.

    Raises RuleError when a case gives an unknown table, column or type of value.
    """
    source, document = read_cases(rule.path, book.folder)
    for number, case in enumerate(document.case):
        given = _given(rule, source, number, case)
        reading = book.readings[rule.id]
        with database.holding(case_tables(source, number, case, has_graph=_reads_graph(reading))):
            verdict = judge(database, lay_out(database), given, reading, case.as_of)
        yield Outcome(rule.id, case.name, _difference(case, rule, verdict))


def case_tables(source: Source, number: int, case: CaseDocument, *, has_graph: bool) -> dict[str, pa.Table]:
    """The rows of a case as tables with the columns that it gives; computed ones too when the case asks for it.

    ``has_graph``: those of the graph are among these.
    """
    tables = {}
    for name, rows in case.tables.items():
        if name not in TABLES:
            raise source.error(f"{name} is not a table", "case", number, "tables", name)
        declared = TABLES[name].arrow_schema
        given = dict.fromkeys(column for row in rows for column in row)
        for column in given:
            if column not in declared.names:
                raise source.error(f"{name} has no column {column}", "case", number, "tables", name)
        try:
            tables[name] = pa.Table.from_pylist(rows, pa.schema(declared.field(column) for column in given))
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise source.error(f"a value does not fit its column: {error}", "case", number, "tables", name) from error
    if not case.derive:
        return tables
    if computed := sorted(tables.keys() & COMPUTED.keys()):
        raise source.error(f"{computed[0]} is computed, as the case asks", "case", number, "tables", computed[0])
    facts = Facts(tables)
    computed_tables = dict(derived(facts))
    if has_graph:
        from adaudit.graph.analysis import Analysis  # needs scipy

        computed_tables |= dict(Analysis(facts).tables())
    return tables | computed_tables


def _reads_graph(reading: Reading) -> bool:
    return any(table in GRAPH for table, _ in reading.facts)


def _given(rule: Rule, source: Source, number: int, case: CaseDocument) -> Rule:
    """The rule with the parameters of the case."""
    for name in case.params:
        if name not in rule.params:
            raise source.error(f"{name} is not a parameter of the rule", "case", number, "params")
    return replace(rule, params=rule.params | {name: parameter(value) for name, value in case.params.items()})


def _difference(case: CaseDocument, rule: Rule, verdict: Verdict) -> str:
    only = rule.levels[0] if len(rule.levels) == 1 else None
    expected: Counter[tuple[int | None, int | None]] = Counter(
        (s.id, only if s.level is None else s.level) for s in case.subjects
    )
    found: Counter[tuple[int | None, int | None]] = Counter((row.subject, row.level) for row in verdict.rows)
    differences = []
    if verdict.status != case.status:
        differences.append(f"status is {verdict.status}, not {case.status}")
    if verdict.message:
        differences.append(verdict.message)
    if missing := expected - found:
        differences.append(f"missing {_subjects(missing.elements())}")
    if unexpected := found - expected:
        differences.append(f"unexpected {_subjects(unexpected.elements())}")
    if verdict.incomplete != case.incomplete:
        differences.append("is incomplete" if verdict.incomplete else "is not incomplete")
    return "; ".join(differences)


def _subjects(pairs: Iterable[tuple[int | None, int | None]]) -> str:
    shown = sorted(pairs, key=str)
    return ", ".join(f"{subject}" if level is None else f"{subject} (level {level})" for subject, level in shown)
