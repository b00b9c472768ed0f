"""Whatever single fact is taken away from a case that fires, its rule never says *compliant*."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from adaudit.engine import RuleBook, load_rules
from adaudit.engine.cases import case_tables
from adaudit.engine.database import Database
from adaudit.engine.documents import CaseDocument
from adaudit.engine.judge import judge
from adaudit.engine.load import parameter, read_cases
from adaudit.engine.missing import lay_out
from adaudit.engine.model import Status
from adaudit.schema import COLLECTED, GRAPH

Rows = list[dict[str, Any]]

ALWAYS_THERE = {
    *("objectClass", "objectGUID", "distinguishedName", "name", "isDeleted", "lDAPDisplayName"),  # no object without
    *("nCName", "dnsRoot"),  # the DN of the head of a domain says it too
}


ABOUT_REFUSALS = {"warning_dump_error_rp", "warning_dump_error_vuln_rp"}
"""What is refused is what they tell; an unread descriptor is told by warning_sd_failed_sd_read."""


def attributes_read(case: CaseDocument, facts: frozenset[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Columns given in the case that follow from an attribute and that the rule reads."""
    for name, rows in case.tables.items():
        if name in COLLECTED and not COLLECTED[name].per_value:
            for column in COLLECTED[name].columns:
                is_given = any(row.get(column.name) is not None for row in rows)
                if column.source and column.source not in ALWAYS_THERE and is_given and (name, column.name) in facts:
                    yield name, column.name


def without(tables: dict[str, Rows], table: str, column: str) -> dict[str, Rows]:
    """The rows with one attribute of each refused, told for each object as a collection tells it."""
    hidden = {name: [dict(row) for row in rows] for name, rows in tables.items()}
    bearers = [row for row in hidden[table] if row.get(column) is not None]
    gap = {"table_name": table, "column_name": column, "status": "denied", "reason": "no_read_right"}
    known = {row.get("object_id") for row in hidden.get("objects", [])}
    for row in bearers:
        row[column] = None
        owner = {name: row[name] for name in ("object_id", "domain_id") if row.get(name) is not None}
        hidden.setdefault("coverage", []).append(gap | owner)
        if owner.get("object_id") not in {None, *known}:
            hidden.setdefault("objects", []).append(owner)
    return hidden


@pytest.mark.parametrize(
    "rule_id", [rule.id for rule in load_rules(with_cases=False).rules if rule.id not in ABOUT_REFUSALS]
)
def test_a_rule_is_never_compliant_without_a_fact_that_made_it_fire(
    book: RuleBook, database: Database, rule_id: str
) -> None:
    rule, reading = book.rule(rule_id), book.readings[rule_id]
    has_graph = any(table in GRAPH for table, _ in reading.facts)
    source, document = read_cases(rule.path, book.folder)
    silent = []
    for number, case in enumerate(document.case):
        if case.status != Status.VIOLATIONS or case.incomplete:
            continue
        params = {name: parameter(value) for name, value in case.params.items()}
        given = replace(rule, params=rule.params | params)
        for table, column in attributes_read(case, reading.facts):
            hidden = case.model_copy(update={"tables": without(case.tables, table, column)})
            with database.holding(case_tables(source, number, hidden, has_graph=has_graph)):
                verdict = judge(database, lay_out(database), given, reading, case.as_of)
            if verdict.status in (Status.COMPLIANT, Status.ERROR):
                silent.append(f"{case.name}: {table}.{column}")
    assert silent == []
