"""DuckDB as a sandbox: it holds the tables given, in memory, and answers one SELECT at a time."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final

import duckdb
import pyarrow as pa

from adaudit.engine.book import Catalogue, View
from adaudit.engine.statement import Statement, parse
from adaudit.schema import TABLES, Kind, Table

MEMORY_LIMIT: Final = "1GB"
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
    """Rows of a SELECT; ``types`` are DuckDB's names of the column types."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class Scope:
    """What one rule can see, for as long as it runs."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    def select(self, sql: str, parameters: Mapping[str, object], *, seconds: float | None = None) -> Answer:
        """Run one SELECT with those of the parameters that it names.

        Raises duckdb.Error as DuckDB words it, TimedOut after ``seconds``.
        """
        with self._limited(seconds):
            self._execute(sql, parameters)
            description = self._cursor.description or []
            rows = self._cursor.fetchall()
        return Answer(tuple(d[0] for d in description), tuple(str(d[1]) for d in description), rows)

    def keep(self, name: str, sql: str, parameters: Mapping[str, object], *, seconds: float | None = None) -> None:
        """Keep the rows of a SELECT under a name for later statements of this scope."""
        with self._limited(seconds):
            self._execute(f"create temp table {quoted(name)} as {sql}", parameters)

    def _execute(self, sql: str, parameters: Mapping[str, object]) -> None:
        (statement,) = self._cursor.extract_statements(sql)
        self._cursor.execute(statement, {name: parameters[name] for name in statement.named_parameters})

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

    Tables that were not given are empty, columns that were not given are null.
    """

    def __init__(
        self,
        tables: Iterable[tuple[str, pa.Table]] = (),
        catalogues: Iterable[Catalogue] = (),
        views: Iterable[View] = (),
    ) -> None:
        self._views = {view.name: view for view in views}
        self._loaded: dict[str, frozenset[str]] = {}
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
        self._connection.execute("create schema loaded; create schema snapshot")
        for name, table in tables:
            self._load(name, table)
        for catalogue in catalogues:
            self._load(catalogue.name, catalogue.table)
        for declared in TABLES.values():
            self._connection.execute(f"create view snapshot.{quoted(declared.name)} as {self._whole(declared)}")
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

        The engine's own statements find every declared table in the schema ``snapshot``.
        """
        with self._connection.cursor() as cursor:
            for name, columns in visible.items():
                listed = ", ".join(map(quoted, columns)) or "1 as no_column"
                cursor.execute(f"create temp view {quoted(name)} as select {listed} from {self._relation(name)}")
            yield Scope(cursor)

    def statement(self, sql: str) -> Statement:
        """What one SELECT mentions. Raises StatementError for what a rule may not say."""
        return parse(self._connection, sql)

    def _load(self, name: str, table: pa.Table) -> None:
        self._connection.register("incoming", table)
        self._connection.execute(f"create table loaded.{quoted(name)} as from incoming")
        self._connection.unregister("incoming")
        self._loaded[name] = frozenset(table.column_names)

    def _whole(self, table: Table) -> str:
        """Every declared column of a table: null where it was not loaded, no row when nothing was."""
        loaded = self._loaded.get(table.name, frozenset())
        columns = ", ".join(
            quoted(c.name) if c.name in loaded else f"null::{_SQL_TYPES[c.kind]} as {quoted(c.name)}"
            for c in table.columns
        )
        rows = f"from loaded.{quoted(table.name)}" if loaded else "where false"
        return f"select {columns} {rows}"

    def _relation(self, name: str) -> str:
        view = self._views.get(name)
        if view is None:
            return f"{'snapshot' if name in TABLES else 'loaded'}.{quoted(name)}"
        tables = ", ".join(f"{quoted(t)} as not materialized (from snapshot.{quoted(t)})" for t in read_by(view))
        return f"(with {tables} from ({view.sql}\n))"


def read_by(view: View) -> tuple[str, ...]:
    """Tables that a view reads."""
    return tuple(dict.fromkeys((*view.tables, *(need.partition(".")[0] for need in view.needs))))


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
