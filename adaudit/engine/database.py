"""DuckDB as a sandbox: it holds the tables given, in memory, and answers one SELECT at a time."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final

import duckdb
import pyarrow as pa

from adaudit.engine.book import Catalogue, View
from adaudit.engine.statement import Statement, StatementError, parse
from adaudit.schema import TABLES, Kind, Table

MEMORY_LIMIT: Final = "1GB"
MOST_ON_DISK: Final = "16GB"
"""What rules may put aside in the temporary folder, which is on the auditor's own disk; beyond, a rule is in error."""

THREADS: Final = 2

_SQL_TYPES: Final = {
    Kind.ID: "INTEGER",
    Kind.INT: "BIGINT",
    Kind.FLAGS: "BIGINT",
    Kind.BOOL: "BOOLEAN",
    Kind.REAL: "DOUBLE",
    Kind.TEXT: "VARCHAR",
    Kind.GUID: "VARCHAR",
    Kind.SID: "VARCHAR",
    Kind.DN: "VARCHAR",
    Kind.TIME: "TIMESTAMP",
    Kind.TICKS: "BIGINT",
    Kind.BYTES: "BLOB",
    Kind.TEXTS: "VARCHAR[]",
}


class TimedOut(Exception):
    """A statement did not finish within its time."""


@dataclass(frozen=True)
class Answer:
    """Rows of a SELECT."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class Scope:
    """What one rule can see, for as long as it runs."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._shown: dict[str, tuple[str, ...]] = {}

    def show(self, visible: Mapping[str, Sequence[str]]) -> None:
        """Let statements name these columns of tables, views and catalogues, and no others."""
        wanted = {name: tuple(columns) for name, columns in visible.items()}
        changes = [f"drop view temp.{quoted(name)}" for name in self._shown if name not in wanted]
        changes += [_seen(name, columns) for name, columns in wanted.items() if self._shown.get(name) != columns]
        if changes:
            self._cursor.execute("; ".join(("begin", *changes, "commit")))
            self._shown = wanted

    def statements(self, texts: Sequence[str]) -> list[Statement | StatementError]:
        """What each SELECT mentions, or what it says that a rule may not say."""
        return parse(self._cursor, texts)

    def select(self, sql: str, parameters: Mapping[str, object], *, seconds: float | None = None) -> Answer:
        """Run one SELECT with those of the parameters that it names.

        Raises duckdb.Error as DuckDB words it, TimedOut after ``seconds``.
        """
        with self._limited(seconds):
            _execute(self._cursor, sql, parameters)
            description = self._cursor.description or []
            rows = self._cursor.fetchall()
        return Answer(tuple(d[0] for d in description), rows)

    def described(self, sql: str, parameters: Mapping[str, object]) -> dict[str, str]:
        """Name and DuckDB's type of each column of a SELECT that is not run. Raises duckdb.Error when it binds not."""
        _execute(self._cursor, f"describe {sql}", parameters)
        return {name: type_ for name, type_, *_ in self._cursor.fetchall()}

    def keep(self, name: str, sql: str, parameters: Mapping[str, object], *, seconds: float | None = None) -> None:
        """Keep the rows of a SELECT under a name for later statements of this scope."""
        with self._limited(seconds):
            _execute(self._cursor, f"create temp table {quoted(name)} as {sql}", parameters)

    @contextmanager
    def _limited(self, seconds: float | None) -> Iterator[None]:
        expired = threading.Event()

        def interrupt() -> None:
            expired.set()
            self._cursor.interrupt()

        timer = threading.Timer(seconds or 0, interrupt)
        if seconds is not None:
            timer.start()
        try:
            yield
        except duckdb.InterruptException as error:
            if expired.is_set():
                raise TimedOut from error
            raise
        finally:
            timer.cancel()


class Database:
    """The tables of one snapshot, locked: no file, no network, no extension, no setting to change.

    Every declared table, catalogue and view is a relation of the schema ``snapshot``, where the engine's own
    statements find them. Tables that were not given are empty, columns that were not given are null.
    """

    def __init__(
        self,
        tables: Iterable[tuple[str, pa.Table]] = (),
        catalogues: Iterable[Catalogue] = (),
        views: Iterable[View] = (),
    ) -> None:
        self._stack = ExitStack()
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="adaudit-"))
        self._connection = self._stack.enter_context(
            duckdb.connect(
                ":memory:",
                config={
                    "memory_limit": MEMORY_LIMIT,
                    "threads": THREADS,
                    "temp_directory": folder,
                    "autoinstall_known_extensions": False,
                    "autoload_known_extensions": False,
                    "python_enable_replacements": False,
                },
            )
        )
        # As a setting of connect, DuckDB 2.0.0 shows this one and does not heed it.
        self._connection.execute(f"set max_temp_directory_size = '{MOST_ON_DISK}'")
        self._connection.execute("create schema loaded; create schema snapshot")
        loaded: dict[str, list[str]] = {}
        for name, table in tables:
            with self._incoming(table):
                self._connection.execute(f"create table loaded.{quoted(name)} as from incoming")
            loaded[name] = table.column_names
        for catalogue in catalogues:
            with self._incoming(catalogue.table):
                self._connection.execute(f"create table {_relation(catalogue.name)} as from incoming")
        declared = [_declaration(table, loaded.get(table.name, ())) for table in TABLES.values()]
        self._connection.execute("; ".join((*declared, *map(_shared, views))))
        self._connection.execute("set enable_external_access = false")
        self._connection.execute("set lock_configuration = true")

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._stack.close()

    @contextmanager
    def scope(self, visible: Mapping[str, Sequence[str]]) -> Iterator[Scope]:
        """A place where a rule names only the columns ``visible`` of tables, views and catalogues.

        The engine's own statements find all of them, whole, in the schema ``snapshot``.
        """
        with self._connection.cursor() as cursor:
            scope = Scope(cursor)
            scope.show(visible)
            yield scope

    def keep(self, name: str, sql: str, parameters: Mapping[str, object]) -> None:
        """Keep the rows of one of the engine's own statements as a table of the schema ``snapshot``, in place of those
        kept before under that name."""
        _execute(self._connection, f"create or replace table {_relation(name)} as {sql}", parameters)

    @contextmanager
    def holding(self, tables: Mapping[str, pa.Table]) -> Iterator[None]:
        """Put rows in tables that were not given, for as long as the block lasts."""
        try:
            for name, table in tables.items():
                with self._incoming(table):
                    self._connection.execute(f"insert into {_relation(name)} by name from incoming")
            yield
        finally:
            for name in tables:
                self._connection.execute(f"delete from {_relation(name)}")

    @contextmanager
    def _incoming(self, table: pa.Table) -> Iterator[None]:
        self._connection.register("incoming", table)
        try:
            yield
        finally:
            self._connection.unregister("incoming")


def _execute(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, object]) -> None:
    (statement,) = connection.extract_statements(sql)
    connection.execute(statement, {name: parameters[name] for name in statement.named_parameters})


def _declaration(table: Table, loaded: Collection[str]) -> str:
    """Every declared column of a table: null where it was not loaded, no row when nothing was."""
    if not loaded:
        columns = ", ".join(f"{quoted(c.name)} {_SQL_TYPES[c.kind]}" for c in table.columns)
        return f"create table {_relation(table.name)} ({columns})"
    columns = ", ".join(
        quoted(c.name) if c.name in loaded else f"null::{_SQL_TYPES[c.kind]} as {quoted(c.name)}" for c in table.columns
    )
    return f"create view {_relation(table.name)} as select {columns} from loaded.{quoted(table.name)}"


def _shared(view: View) -> str:
    tables = ", ".join(f"{quoted(name)} as not materialized (from {_relation(name)})" for name in read_by(view))
    return f"create view {_relation(view.name)} as with {tables} from ({view.sql}\n)"


def _seen(name: str, columns: Sequence[str]) -> str:
    """What a rule sees of a relation."""
    listed = ", ".join(map(quoted, columns)) or "1 as no_column"
    return f"create or replace temp view {quoted(name)} as select {listed} from {_relation(name)}"


def _relation(name: str) -> str:
    return f"snapshot.{quoted(name)}"


def read_by(view: View) -> tuple[str, ...]:
    """Tables that a view reads."""
    return tuple(dict.fromkeys((*view.tables, *(need.partition(".")[0] for need in view.needs))))


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
