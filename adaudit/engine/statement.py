"""What a rule's SQL may say: one SELECT, over declared tables, with functions from an allow list."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb

_OPERATORS = "+ - * / // % ** ^ || & | << >> ~ ! @ ~~ !~~ ~~* !~~* ~~~ ^@ && @> <@ <->"
_COMPARISON = "between coalesce ifnull nullif greatest least if"
_TEXT = """
    lower upper lcase ucase length len strlen substring substr left right trim ltrim rtrim concat concat_ws replace
    split_part string_split str_split strpos instr position starts_with ends_with prefix suffix contains like_escape
    not_like_escape ilike_escape not_ilike_escape regexp_matches regexp_full_match regexp_extract regexp_extract_all
    regexp_replace regexp_split_to_array lpad rpad reverse ascii chr hex unhex to_hex from_hex printf format translate
    strip_accents levenshtein
"""
_NUMBER = "abs round floor ceil ceiling trunc sign mod pow power sqrt ln log log2 log10 bit_count get_bit xor"
_TIME = """
    to_days to_hours to_minutes to_seconds to_months to_years to_weeks date_diff datediff date_part datepart date_trunc
    datetrunc date_add extract epoch epoch_ms epoch_us year month day strftime age make_date make_timestamp
"""
_LIST = """
    list_value list_contains list_has array_contains list_has_any list_has_all list_intersect list_distinct list_sort
    list_filter list_transform list_concat list_position list_extract list_any_value list_unique array_length unnest
    list_min list_max list_sum array_to_string list_aggregate list_slice array_slice flatten range generate_series
    filter row struct_pack struct_extract array_extract list_string_agg
"""
_AGGREGATE = """
    count count_star sum min max avg median any_value first last arg_min arg_max min_by max_by bool_and bool_or
    bit_and bit_or string_agg group_concat listagg list array_agg count_if countif quantile_cont quantile_disc mode
    row_number rank dense_rank lag lead first_value last_value ntile
"""
FUNCTIONS: Final = frozenset(" ".join((_OPERATORS, _COMPARISON, _TEXT, _NUMBER, _TIME, _LIST, _AGGREGATE)).split())
"""Functions a rule may call: their answer depends on their arguments alone."""

_RELATIONS: Final = frozenset(
    ["SELECT_NODE", "BASE_TABLE", "TABLE_FUNCTION", "JOIN", "SUBQUERY", "EMPTY", "EXPRESSION_LIST"]
)
"""Nodes of the parse tree that rows may come from."""

_MOMENT_WORDS = """
    current_date current_time current_timestamp localtime localtimestamp today now current_user session_user user
    current_role current_catalog current_schema current_database
"""
_MOMENTS: Final = frozenset(_MOMENT_WORDS.split())
"""Words that DuckDB reads as a function call when no column bears the name."""


class StatementError(ValueError):
    """The SQL says something that a rule may not say. ``line`` is 1-based within the text, 0 when unknown."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Statement:
    """What one SELECT mentions, by name, lower case.

    ``columns``: for each table, the columns named through it or one of its aliases; under ``""``
    those named without a table, which may be anyone's. ``has_star``: some ``*`` names them all.
    """

    tables: frozenset[str]
    columns: Mapping[str, frozenset[str]]
    has_star: bool
    parameters: frozenset[str]

    def mentions(self, table: str, column: str) -> bool:
        """The statement may be speaking of this column."""
        return column.lower() in self.columns.get(table, frozenset()) | self.columns[""]


def parse(connection: duckdb.DuckDBPyConnection, texts: Sequence[str]) -> list[Statement | StatementError]:
    """Parse SELECTs without running them, all at once, which costs half as much.

    In the place of anything else, of one that names a schema, or calls a function that is not in ``FUNCTIONS``: what
    is wrong with it.
    """
    trees = ", ".join("json_serialize_sql(?::varchar)" for _ in texts)
    row = connection.execute(f"select {trees}", list(texts)).fetchone() if texts else None
    return [_parsed(connection, sql, json.loads(tree)) for sql, tree in zip(texts, row or (), strict=True)]


def _parsed(connection: duckdb.DuckDBPyConnection, sql: str, tree: dict[str, Any]) -> Statement | StatementError:
    if tree["error"] or len(tree["statements"]) != 1:
        return _not_a_select(connection, sql, tree.get("error_message", ""))
    try:
        return _read(tree["statements"][0]["node"], sql)
    except StatementError as error:
        return error


def _not_a_select(connection: duckdb.DuckDBPyConnection, sql: str, message: str) -> StatementError:
    """What is wrong with a text that does not parse as one SELECT."""
    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        return located(error)
    if len(statements) != 1:
        return StatementError(f"must be exactly one SELECT, not {len(statements)} statements")
    if statements[0].type != duckdb.StatementType.SELECT:
        return StatementError(f"must be a SELECT, not {statements[0].type.name}")
    return StatementError(f"must be a SELECT: {message}")


def _read(tree: dict[str, Any], sql: str) -> Statement:
    nodes = _nodes(tree)
    for node in nodes:
        if refusal := _refusal(node):
            raise StatementError(refusal, _line(node, sql))
    named = {entry["key"].lower() for node in nodes for entry in (node.get("cte_map") or {}).get("map", ())}
    tables = [node for node in nodes if node.get("type") == "BASE_TABLE"]
    aliases: dict[str, set[str]] = {}
    for node in tables:
        name = node["table_name"].lower()
        aliases.setdefault((node["alias"] or name).lower(), set()).add(name)
    columns: dict[str, set[str]] = {"": set()}
    for node in nodes:
        columns[""].update(name.lower() for name in node.get("using_columns", ()))
        if node.get("class") == "COLUMN_REF":
            first, *rest = (part.lower() for part in node["column_names"])
            columns[""].add(first)
            for table in aliases.get(first, ()) if rest else ():
                columns.setdefault(table, set()).add(rest[0])
    return Statement(
        tables=frozenset(node["table_name"].lower() for node in tables) - named,
        columns={table: frozenset(names) for table, names in columns.items()},
        has_star=any(node.get("class") == "STAR" for node in nodes),
        parameters=frozenset(node["identifier"] for node in nodes if node.get("class") == "PARAMETER"),
    )


def _refusal(node: dict[str, Any]) -> str:
    """Why a node of the parse tree is not allowed; empty when it is."""
    kind = node.get("type", "")
    function = node.get("function_name")
    if node.get("sample"):
        return "a sample is not allowed: two runs would differ"
    if "sample" in node and kind not in _RELATIONS:
        return f"{kind} is not allowed as a source of rows"
    if kind == "JOIN" and node.get("ref_type") == "NATURAL":
        return "NATURAL JOIN is not allowed: name the columns"
    if kind == "BASE_TABLE" and (node.get("schema_name") or node.get("catalog_name")):
        return f"{node['table_name']}: a table is named without a schema"
    if node.get("class") == "COLUMN_REF" and len(node["column_names"]) == 1:
        name = node["column_names"][0].lower()
        return f"{name} is not allowed: $as_of is the only now" if name in _MOMENTS else ""
    if function is not None and function.lower() not in FUNCTIONS:
        return f"function {function} is not on the allow list"
    return ""


def _nodes(tree: dict[str, Any]) -> list[dict[str, Any]]:
    """Every object of the parse tree, in no order that matters."""
    found: list[dict[str, Any]] = []
    waiting: list[object] = [tree]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            found.append(value)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return found


def _line(node: dict[str, Any], sql: str) -> int:
    location = node.get("query_location")
    return sql.count("\n", 0, location) + 1 if isinstance(location, int) and location < len(sql) else 0


def located(error: duckdb.Error) -> StatementError:
    """A DuckDB error as one line of text and the line of the SQL it speaks of."""
    message, _, rest = str(error).partition("\n\nLINE ")
    number = rest.partition(":")[0]
    return StatementError(" ".join(message.split()), int(number) if number.isdigit() else 0)
