"""What rules refer to: frameworks, catalogues and views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from adaudit.engine.book import Catalogue, Framework, View
from adaudit.engine.database import Database, Scope, read_by
from adaudit.engine.documents import CatalogueDocument, FrameworkDocument, ViewDocument
from adaudit.engine.source import Faults, RuleError, Source, read_document
from adaudit.engine.statement import StatementError, located
from adaudit.schema import TABLES

_ARROW_TYPES: Final = {"text": pa.string(), "int": pa.int64(), "bool": pa.bool_(), "date": pa.date32()}

_WHOLE: Final = {table.name: tuple(column.name for column in table.columns) for table in TABLES.values()}


@dataclass(frozen=True)
class Shared:
    """What the rules of a folder refer to, by name."""

    frameworks: Mapping[str, Framework]
    catalogues: Mapping[str, Catalogue]
    views: Mapping[str, View]


def read_shared(folder: Path, faults: Faults) -> Shared:
    """The frameworks, catalogues and views of a folder of rules."""
    return Shared(read_frameworks(folder, faults), read_catalogues(folder, faults), read_views(folder, faults))


def read_shared_of_pack(folder: Path, built_in: Shared, faults: Faults) -> Shared:
    """The catalogues and views of a pack beside the built-in ones, whose names it may not take."""
    catalogues = read_catalogues(folder, faults)
    views = read_views(folder, faults)
    for kind, own, taken in (
        ("catalogues", catalogues, built_in.catalogues),
        ("views", views, built_in.views),
    ):
        for name in sorted(own.keys() & taken.keys()):
            place = f"{kind}/{name.removeprefix('catalogue_')}.toml"
            faults.add([RuleError("has the name of one that comes with the program", place=place)])
    if (folder / "frameworks").is_dir():
        faults.add([RuleError("a pack declares no controls but its rules", place="frameworks")])
    return Shared(built_in.frameworks, {**built_in.catalogues, **catalogues}, {**built_in.views, **views})


def read_frameworks(folder: Path, faults: Faults) -> dict[str, Framework]:
    """The frameworks of a rules folder, by name."""
    found: dict[str, Framework] = {}
    for path in sorted((folder / "frameworks").glob("*.toml")):
        with faults.collected():
            source, document = read_document(path, folder, FrameworkDocument)
            if document.name != path.stem:
                raise source.error(f"{document.name} is not the file's stem {path.stem}", "name")
            found[document.name] = Framework(
                document.name,
                document.date,
                document.source,
                document.reference,
                {control: tuple(levels) for control, levels in document.levels.items()},
                {control: tuple(ids) for control, ids in document.ids.items()},
            )
    return found


def read_catalogues(folder: Path, faults: Faults) -> dict[str, Catalogue]:
    """The catalogues of a rules folder, by the name of their table."""
    found: dict[str, Catalogue] = {}
    for path in sorted((folder / "catalogues").glob("*.toml")):
        with faults.collected():
            source, document = read_document(path, folder, CatalogueDocument)
            name = f"catalogue_{path.stem}"
            found[name] = Catalogue(name, document.doc, document.date, document.source, _table(source, document))
    return found


def _table(source: Source, document: CatalogueDocument) -> pa.Table:
    schema = pa.schema([(name, _ARROW_TYPES[kind]) for name, kind in document.columns.items()])
    for number, row in enumerate(document.rows):
        if len(row) != len(schema):
            raise source.error(f"row {number + 1} has {len(row)} values for {len(schema)} columns", "rows")
    try:
        return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in document.rows], schema)
    except (pa.ArrowException, TypeError) as error:
        raise source.error(f"a value does not fit its column: {error}", "rows") from error


def read_views(folder: Path, faults: Faults) -> dict[str, View]:
    """The views of a rules folder, bound to the tables they read."""
    found: dict[str, View] = {}
    with Database() as empty, empty.scope(_WHOLE) as whole, empty.scope({}) as stated:
        for path in sorted((folder / "views").glob("*.toml")):
            with faults.collected():
                source, document = read_document(path, folder, ViewDocument)
                if document.name != path.stem:
                    raise source.error(f"{document.name} is not the file's stem {path.stem}", "name")
                if document.name in TABLES:
                    raise source.error(f"{document.name} is a table", "name")
                view = View(
                    document.name, document.doc, tuple(document.tables), tuple(document.needs), document.sql, ()
                )
                found[view.name] = replace(view, columns=_view_columns(view, source, whole, stated))
    return found


def _view_columns(view: View, source: Source, whole: Scope, stated: Scope) -> tuple[str, ...]:
    """Output columns of a view, once it is sure that it reads no more than it says.

    ``whole`` shows every table, ``stated`` will show what the view may read.
    """
    for name in read_by(view):
        if name not in TABLES:
            raise source.error(f"{name} is not a table", "tables" if name in view.tables else "needs")
    (parsed,) = whole.statements([view.sql])
    if isinstance(parsed, StatementError):
        raise source.error(str(parsed), "sql") from parsed
    try:
        columns = tuple(whole.described(view.sql, {}))
        stated.show({name: _stated(view, name, columns) for name in read_by(view)})
        stated.described(view.sql, {})
    except duckdb.Error as error:
        raise source.error(f"{located(error)} (a view reads its own columns and its needs)", "sql") from error
    return columns


def _stated(view: View, table: str, columns: Sequence[str]) -> list[str]:
    """Columns of a table that a view with these output columns may read."""
    return [
        c.name
        for c in TABLES[table].columns
        if table in view.needs or f"{table}.{c.name}" in view.needs or (table in view.tables and c.name in columns)
    ]
