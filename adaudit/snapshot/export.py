"""Take the tables out of a snapshot: a folder of Parquet or CSV files, or one DuckDB file."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, TypeAlias

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from adaudit.errors import IncompleteError, UsageError
from adaudit.schema import STORED
from adaudit.snapshot.reader import Snapshot
from adaudit.snapshot.writer import MANIFEST_NAME, table_member

ExportForm: TypeAlias = Literal["parquet", "csv", "duckdb"]

_FORMULA: Final = r"^\s*[=+\-@]|^[\t\r\n]"
"""Text that a spreadsheet would take for a formula."""


def export_snapshot(snapshot: Snapshot, form: ExportForm, destination: Path, *, overwrite: bool = False) -> Path:
    """Write every table of a snapshot to ``destination``, for its owner alone, and return it.

    It is built beside and moved in place when whole. Raises UsageError when the destination exists and
    ``overwrite`` is not set, or is not what an earlier export left; InputError when a table cannot be decoded;
    IncompleteError when writing fails.
    """
    _check_destination(destination, form, overwrite=overwrite)
    try:
        with tempfile.TemporaryDirectory(dir=destination.parent, prefix=".adaudit-") as private:
            built = Path(private) / "export"
            _WRITERS[form](snapshot, built)
            if destination.exists():
                destination.rename(Path(private) / "replaced")
            built.rename(destination)
    except (OSError, duckdb.Error) as error:
        raise IncompleteError(f"cannot be written: {error}", place=str(destination)) from error
    return destination


def _check_destination(destination: Path, form: ExportForm, *, overwrite: bool) -> None:
    place = str(destination)
    if not destination.parent.is_dir():
        raise UsageError(f"the folder {destination.parent} does not exist", place=place)
    if not destination.exists():
        return
    if not overwrite:
        raise UsageError("exists already (--overwrite replaces it)", place=place)
    if form == "duckdb":
        if not destination.is_file():
            raise UsageError("is not a file: it will not be replaced by one", place=place)
        return
    if not destination.is_dir():
        raise UsageError("is not a folder: it will not be replaced by one", place=place)
    exported = {MANIFEST_NAME} | {f"{name}.{kind}" for name in STORED for kind in ("parquet", "csv")}
    if strange := sorted(entry.name for entry in destination.iterdir() if entry.name not in exported):
        raise UsageError(f"holds {strange[0]!r}, which no export wrote: it will not be replaced", place=place)


def _write_parquet(snapshot: Snapshot, folder: Path) -> None:
    _make_folder(snapshot, folder)
    for name in snapshot.manifest.tables:
        target = _private_file(folder / table_member(name))
        with target.open("wb") as file:
            shutil.copyfileobj(snapshot.parquet_file(name), file)


def _write_csv(snapshot: Snapshot, folder: Path) -> None:
    _make_folder(snapshot, folder)
    for name in snapshot.manifest.tables:
        table = STORED[name]
        target = _private_file(folder / f"{name}.csv")
        schema = pa.schema([(field.name, _csv_type(field.type)) for field in table.arrow_schema])
        with csv.CSVWriter(str(target), schema) as writer:
            for batch in snapshot.batches(name):
                writer.write_batch(pa.record_batch([_csv_column(column) for column in batch.columns], schema=schema))


def _csv_type(arrow_type: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_binary(arrow_type) or pa.types.is_list(arrow_type) else arrow_type


def _csv_column(column: pa.Array) -> pa.Array:
    """Lists as JSON, bytes as hexadecimal; text that a spreadsheet would run is preceded by an apostrophe."""
    if pa.types.is_list(column.type):
        values = (None if value is None else json.dumps(value, ensure_ascii=False) for value in column.to_pylist())
        return pa.array(values, pa.string())
    if pa.types.is_binary(column.type):
        return pa.array((None if value is None else value.hex() for value in column.to_pylist()), pa.string())
    if pa.types.is_string(column.type):
        quoted = pc.binary_join_element_wise("'", column, "")
        return pc.if_else(pc.match_substring_regex(column, _FORMULA), quoted, column)
    return column


def _make_folder(snapshot: Snapshot, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    _private_file(folder / MANIFEST_NAME).write_text(snapshot.manifest.model_dump_json(indent=1), encoding="utf-8")


def _private_file(path: Path) -> Path:
    path.touch(mode=0o600)
    return path


def _write_duckdb(snapshot: Snapshot, path: Path) -> None:
    with duckdb.connect(str(path)) as database:
        path.chmod(0o600)
        for name in snapshot.manifest.tables:
            table = STORED[name]
            database.register("batch", table.arrow_schema.empty_table())
            database.execute(f'CREATE TABLE "{name}" AS FROM batch')
            for batch in snapshot.batches(name):
                database.register("batch", pa.Table.from_batches([batch]))
                database.execute(f'INSERT INTO "{name}" FROM batch')
            database.unregister("batch")
            database.execute(f'COMMENT ON TABLE "{name}" IS {_literal(table.doc)}')
            for column in table.columns:
                database.execute(f'COMMENT ON COLUMN "{name}"."{column.name}" IS {_literal(column.doc)}')
        database.execute("CREATE TABLE manifest (snapshot_sha256 VARCHAR, json VARCHAR)")
        database.execute("INSERT INTO manifest VALUES (?, ?)", [snapshot.sha256, snapshot.manifest.model_dump_json()])


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_WRITERS: Final[dict[ExportForm, Callable[[Snapshot, Path], None]]] = {
    "parquet": _write_parquet,
    "csv": _write_csv,
    "duckdb": _write_duckdb,
}
