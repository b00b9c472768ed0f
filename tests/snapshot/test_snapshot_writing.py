from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adaudit.errors import InternalError, UsageError
from adaudit.schema import COLLECTED
from adaudit.snapshot import SnapshotWriter, open_snapshot
from tests.snapshot.material import HEADER, rows

posix_permissions = pytest.mark.skipif(os.name == "nt", reason="Windows keeps permissions in ACLs")


def test_what_was_written_is_read_back(sealed: Path) -> None:
    with open_snapshot(sealed) as snapshot:
        assert snapshot.table("objects", ["dn"]).to_pylist() == [
            {"dn": "DC=corp,DC=test"},
            {"dn": "CN=Zoé,DC=corp,DC=test"},
        ]
        assert snapshot.table("attributes")["bytes"].to_pylist() == [b"\x00\xff"]
        assert snapshot.manifest.as_of == HEADER.as_of
        assert snapshot.manifest.source == HEADER.source
        assert snapshot.sha256 == hashlib.sha256(sealed.read_bytes()).hexdigest()


def test_tables_that_were_not_written_are_empty_with_their_columns(sealed: Path) -> None:
    with open_snapshot(sealed) as snapshot:
        assert snapshot.manifest.tables.keys() == COLLECTED.keys()
        users = snapshot.table("users")
        assert users.num_rows == 0
        assert users.schema.equals(COLLECTED["users"].arrow_schema)


def test_columns_come_in_the_order_asked_for(sealed: Path) -> None:
    with open_snapshot(sealed) as snapshot:
        assert snapshot.table("objects", ["dn", "object_id"]).column_names == ["dn", "object_id"]
        with pytest.raises(KeyError):
            snapshot.table("objects", ["no_such_column"])
        with pytest.raises(KeyError):
            snapshot.table("tier0")


def test_any_zip_tool_and_pandas_read_a_snapshot(sealed: Path) -> None:
    with zipfile.ZipFile(sealed) as archive:
        assert archive.testzip() is None
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}
        manifest = json.loads(archive.read("manifest.json"))
        objects = archive.read("objects.parquet")
    assert manifest["as_of"] == "2026-11-01T08:30:00Z"
    assert manifest["tables"]["objects"]["sha256"] == hashlib.sha256(objects).hexdigest()
    assert list(pd.read_parquet(io.BytesIO(objects))["dn"]) == ["DC=corp,DC=test", "CN=Zoé,DC=corp,DC=test"]


def test_the_same_facts_give_the_same_bytes(tmp_path: Path) -> None:
    contents = []
    for name in ("a.adsnap", "b.adsnap"):
        with SnapshotWriter(tmp_path / name) as writer:
            writer.write_table("domains", rows("domains", {"domain_id": 0, "dns_name": "corp.test"}))
            contents.append(writer.seal(HEADER).read_bytes())
    assert contents[0] == contents[1]


@posix_permissions
def test_only_the_owner_may_read_what_is_written_from_the_start(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path / "x.adsnap") as writer:
        assert stat.S_IMODE(writer.folder.stat().st_mode) == 0o700
        path = writer.seal(HEADER)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_interrupted_writing_leaves_no_trace_and_keeps_the_earlier_snapshot(sealed: Path) -> None:
    before = sealed.read_bytes()

    def interrupted() -> None:
        with SnapshotWriter(sealed) as writer:
            writer.write_table("domains", rows("domains", {"domain_id": 0}))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert sealed.read_bytes() == before
    assert list(sealed.parent.iterdir()) == [sealed]


def test_sealing_replaces_an_earlier_snapshot(sealed: Path) -> None:
    with SnapshotWriter(sealed) as writer:
        writer.seal(HEADER)
    with open_snapshot(sealed) as snapshot:
        assert snapshot.table("objects").num_rows == 0
    assert list(sealed.parent.iterdir()) == [sealed]


def test_a_destination_without_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        SnapshotWriter(tmp_path / "missing" / "x.adsnap")
    with pytest.raises(UsageError, match="is a folder"):
        SnapshotWriter(tmp_path)


def test_a_table_with_other_columns_is_not_sealed(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path / "x.adsnap") as writer:
        pq.write_table(pa.table({"surprise": [1]}), writer.table_path("sites"))
        with pytest.raises(InternalError, match="table sites"):
            writer.seal(HEADER)
    assert list(tmp_path.iterdir()) == []


def test_computed_tables_are_never_stored(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path / "x.adsnap") as writer, pytest.raises(KeyError):
        writer.table_path("tier0")
