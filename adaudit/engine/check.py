"""Bind a rule's statements to what it declares, and spell out what it reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import duckdb

from adaudit.engine.book import Catalogue, Fact, Reading, View
from adaudit.engine.database import Database, Scope
from adaudit.engine.model import Rule
from adaudit.engine.source import RuleError, Source
from adaudit.engine.statement import Statement, StatementError, located
from adaudit.schema import TABLES

AS_OF: Final = "as_of"
_ANY_MOMENT: Final = datetime(2000, 1, 1)
_INTEGERS: Final = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER"}

Visible = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Bench:
    """Scopes of an empty database: ``whole`` shows every column, ``stated`` those that one rule may name.

    Showing a rule its columns costs more than binding its statements, and most name no column that they could not see.
    """

    whole: Scope
    stated: Scope


@contextmanager
def open_bench(views: Mapping[str, View], catalogues: Mapping[str, Catalogue]) -> Iterator[Bench]:
    """Where rules that refer to these views and catalogues are bound."""
    columns = {table.name: [column.name for column in table.columns] for table in TABLES.values()}
    columns |= {view.name: list(view.columns) for view in views.values()}
    columns |= {catalogue.name: catalogue.table.column_names for catalogue in catalogues.values()}
    with (
        Database((), catalogues.values(), views.values()) as empty,
        empty.scope(columns) as whole,
        empty.scope({}) as stated,
    ):
        yield Bench(whole, stated)


def check_rule(
    rule: Rule,
    source: Source,
    views: Mapping[str, View],
    catalogues: Mapping[str, Catalogue],
    bench: Bench,
    *,
    binds: bool = True,
) -> tuple[Reading, list[RuleError]]:
    """What a rule reads, and everything wrong with its SQL; the reading counts only without error.

    ``bench``: where one rule after the other is bound. ``binds``: unless its statements are known to bind to the tables
    and to return what the rule says.
    """
    errors = list(_unknown_needs(rule, source, views))
    texts = _statements(rule)
    statements: dict[tuple[str, ...], Statement] = {}
    for keys, parsed in zip(texts, bench.whole.statements(list(texts.values())), strict=True):
        if isinstance(parsed, StatementError):
            errors.append(_at(source, keys, parsed))
        else:
            statements[keys] = parsed
    errors += _parameters(rule, source, list(statements.values()))
    nothing = Reading(frozenset(), frozenset(), {}, {})
    if errors:
        return nothing, errors
    visible = _visible(rule, views, catalogues, list(statements.values()))
    for keys, statement in statements.items():
        for name in sorted(statement.tables - visible.keys()):
            errors.append(source.error(f"table {name} is not among the rule's needs", *keys))
    if binds and not errors:
        oversteps = any(_may_overstep(statement, visible, views) for statement in statements.values())
        if oversteps:
            bench.stated.show(visible)
        errors += _unbound(rule, source, bench.stated if oversteps else bench.whole)
    if errors:
        return nothing, errors
    return _reading(rule, views, visible, list(statements.values())), []


def _unbound(rule: Rule, source: Source, scope: Scope) -> Iterator[RuleError]:
    """What does not bind in the scope, or does not return what the rule says."""
    for keys, sql in _statements(rule).items():
        try:
            types = scope.described(sql, bound(rule, _ANY_MOMENT))
        except duckdb.Error as error:
            yield _at(source, keys, located(error))
        else:
            for message in _faulty_columns(rule, keys, types):
                yield source.error(message, *keys)


def bound(rule: Rule, as_of: datetime) -> dict[str, object]:
    """Values of the parameters that a rule's statements may name."""
    return {AS_OF: as_of} | {name: list(v) if isinstance(v, tuple) else v for name, v in rule.params.items()}


def _statements(rule: Rule) -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {}
    if rule.sql:
        found["sql",] = rule.sql
    if rule.population:
        found["population",] = rule.population
    if rule.unknown:
        found["unknown",] = rule.unknown
    if rule.detail:
        found["detail", "sql"] = rule.detail.sql
    return found


def _at(source: Source, keys: tuple[str, ...], error: StatementError) -> RuleError:
    """The error at its line of the file: a text opened with a line break begins on the next line."""
    located_error = source.error(str(error), *keys)
    start = source.line(keys)
    if not (start and error.line):
        return located_error
    opening = source.text.splitlines()[start - 1].rstrip()
    offset = 1 if opening.endswith(('"""', "'''")) else 0
    return RuleError(located_error.message, place=f"{source.name}:{start + offset + error.line - 1}")


def _all_needs(rule: Rule) -> tuple[str, ...]:
    levels = (need for needs in rule.needs.levels.values() for need in needs)
    return tuple(dict.fromkeys((*rule.needs.required, *rule.needs.refining, *levels)))


def _columns_of(name: str, views: Mapping[str, View]) -> tuple[str, ...] | None:
    if name in views:
        return views[name].columns
    return tuple(c.name for c in TABLES[name].columns) if name in TABLES else None


def _unknown_needs(rule: Rule, source: Source, views: Mapping[str, View]) -> Iterable[RuleError]:
    for need in _all_needs(rule):
        name, _, column = need.partition(".")
        columns = _columns_of(name, views)
        if columns is None:
            yield source.error(f"{name} is neither a table nor a view", "needs")
        elif column and column not in columns:
            yield source.error(f"{name} has no column {column}", "needs")
    for level in rule.needs.levels:
        if level not in rule.levels:
            yield source.error(f"{level} is not a level of the rule", "needs", "levels")


def _parameters(rule: Rule, source: Source, statements: Sequence[Statement]) -> Iterable[RuleError]:
    used = {name for statement in statements for name in statement.parameters}
    for name in sorted(used - rule.params.keys() - {AS_OF}):
        yield source.error(f"${name} is not among the params", "sql")
    if len(statements) == len(_statements(rule)):
        for name in sorted(rule.params.keys() - used - {AS_OF}):
            yield source.error(f"{name} is never used", "params")
    if AS_OF in rule.params:
        yield source.error(f"{AS_OF} is given by the snapshot", "params")


def _visible(
    rule: Rule, views: Mapping[str, View], catalogues: Mapping[str, Catalogue], statements: Sequence[Statement]
) -> Visible:
    visible: Visible = {}
    needs = _all_needs(rule)
    for name in dict.fromkeys(need.partition(".")[0] for need in needs):
        columns = _columns_of(name, views) or ()
        visible[name] = columns if name in needs else tuple(c for c in columns if f"{name}.{c}" in needs)
    for statement in statements:
        for name in sorted(statement.tables & catalogues.keys()):
            visible[name] = tuple(catalogues[name].table.column_names)
    return visible


def _may_overstep(statement: Statement, visible: Visible, views: Mapping[str, View]) -> bool:
    """The statement may be naming a column that its rule does not see."""
    for name in statement.tables & visible.keys():
        hidden = [c for c in _columns_of(name, views) or () if c not in visible[name]]
        if hidden and (statement.has_star or any(statement.mentions(name, column) for column in hidden)):
            return True
    return False


def _faulty_columns(rule: Rule, keys: tuple[str, ...], types: Mapping[str, str]) -> Iterable[str]:
    ids = ["subject"]
    evidence: tuple[str, ...] = ()
    if keys == ("sql",):
        evidence = rule.evidence
        ids += ["level"] if len(rule.levels) > 1 or "level" in types else []
    elif keys == ("unknown",):
        evidence = ("fact", "example")
    elif rule.detail and keys != ("population",):
        evidence = rule.detail.evidence
        ids += ["item"]
    for name in ids:
        if name not in types:
            yield f"returns no column {name}"
        elif types[name] not in _INTEGERS:
            yield f"column {name} is {types[name]}, not an integer"
    for name in evidence:
        if name not in types:
            yield f"returns no column {name}" + ("" if keys == ("unknown",) else ", declared as evidence")


def _reading(
    rule: Rule,
    views: Mapping[str, View],
    visible: Visible,
    statements: Sequence[Statement],
) -> Reading:
    whole = [need for need in _all_needs(rule) if "." not in need]
    used = {name: _used(rule, name, visible[name], statements) for name in whole}
    has_star = any(statement.has_star for statement in statements)

    def facts(needs: Iterable[str]) -> frozenset[Fact]:
        found: set[Fact] = set()
        for need in needs:
            name, _, column = need.partition(".")
            found |= rows_of(name, views)
            for one in (column,) if column else used[name]:
                found |= facts_of(name, one, views)
        return frozenset(found)

    return Reading(
        required=facts(rule.needs.required),
        refining=facts(rule.needs.refining),
        levels={level: facts(needs) for level, needs in rule.needs.levels.items()},
        columns=visible if has_star else visible | used,
    )


def _used(rule: Rule, name: str, columns: Sequence[str], statements: Sequence[Statement]) -> tuple[str, ...]:
    """Columns of a table declared whole that the statements may be speaking of."""
    shown = {*rule.evidence, *(rule.detail.evidence if rule.detail else ())}
    return tuple(c for c in columns if c in shown or any(statement.mentions(name, c) for statement in statements))


def rows_of(name: str, views: Mapping[str, View]) -> set[Fact]:
    """The rows of a table; for a view, those of its tables and all that joins them."""
    if name not in views:
        return {(name, "*")}
    found: set[Fact] = {(table, "*") for table in views[name].tables}
    for need in views[name].needs:
        table, _, column = need.partition(".")
        found |= {(table, "*"), *((table, c.name) for c in TABLES[table].columns if column in ("", c.name))}
    return found


def facts_of(name: str, column: str, views: Mapping[str, View]) -> set[Fact]:
    """A column of a table; for a view, the columns of that name in its tables."""
    if name not in views:
        return {(name, column)}
    return {(t, column) for t in views[name].tables if any(c.name == column for c in TABLES[t].columns)}
