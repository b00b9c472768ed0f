"""What a statement could do if it passed every check before it: the database itself must refuse."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from adaudit.engine.database import Database, TimedOut
from adaudit.schema import TABLES

SECRET = "not for a rule"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "secret.csv"
    path.write_text(SECRET, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "sql",
    [
        "from read_csv('{file}')",
        "from read_text('{file}')",
        "from read_blob('{file}')",
        "from '{file}'",
        "from glob('{folder}/*')",
        "copy (select 1) to '{folder}/out.csv'",
        "attach '{folder}/other.duckdb' as other",
        "export database '{folder}/dump'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set memory_limit = '100GB'",
        "set lock_configuration = false",
        "select getenv('HOME')",
        "from stranger",
    ],
)
def test_no_statement_leaves_the_database(sql: str, file: Path) -> None:
    stranger = pa.table({"a": [SECRET]})
    before = sorted(file.parent.iterdir())
    with Database() as database, database.scope({}) as scope, pytest.raises(duckdb.Error):
        scope.select(sql.format(file=file.as_posix(), folder=file.parent.as_posix()), {})
    assert sorted(file.parent.iterdir()) == before
    assert stranger.num_rows == 1


def test_a_rule_sees_only_the_columns_it_declares() -> None:
    users = pa.Table.from_pylist([{"object_id": 1, "dn": "CN=a"}], TABLES["users"].arrow_schema)
    with Database([("users", users)]) as database, database.scope({"users": ["object_id"]}) as scope:
        assert scope.select("from users", {}).columns == ("object_id",)
        with pytest.raises(duckdb.BinderException):
            scope.select("select dn from users", {})
        with pytest.raises(duckdb.CatalogException):
            scope.select("from computers", {})


def test_what_one_rule_keeps_the_next_does_not_see() -> None:
    with Database() as database:
        with database.scope({"users": ["object_id"]}) as scope:
            scope.keep("examined", "select object_id from users", {})
            assert scope.select("from examined", {}).rows == []
        with database.scope({}) as scope, pytest.raises(duckdb.CatalogException):
            scope.select("from examined", {})


def test_a_column_that_was_not_loaded_is_null_and_a_table_that_was_not_is_empty() -> None:
    with (
        Database([("users", pa.table({"object_id": pa.array([4], pa.int32())}))]) as database,
        database.scope({"users": ["object_id", "dn"], "computers": ["dn"]}) as scope,
    ):
        assert scope.select("select object_id, dn from users", {}).rows == [(4, None)]
        assert scope.select("from computers", {}).rows == []


def test_a_statement_that_runs_too_long_is_interrupted() -> None:
    start = time.monotonic()
    with Database() as database, database.scope({}) as scope, pytest.raises(TimedOut):
        scope.select("select count(*) from range(100000000000) t(a) where a % 7 = 3", {}, seconds=0.2)
    assert time.monotonic() - start < 30


def test_temporary_files_go_to_a_private_folder_that_disappears() -> None:
    with Database() as database, database.scope({}) as scope:
        folder = Path(scope.select("select current_setting('temp_directory')", {}).rows[0][0])
        assert folder.is_dir()
    assert not folder.exists()


def test_what_a_statement_puts_aside_on_disk_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adaudit.engine.database.MEMORY_LIMIT", "60MB")
    monkeypatch.setattr("adaudit.engine.database.MOST_ON_DISK", "1MB")
    with Database() as database, database.scope({}) as scope, pytest.raises(duckdb.OutOfMemoryException):
        scope.select("select md5(a::varchar) as t from range(2000000) r(a) group by t having count(*) > 1", {})
