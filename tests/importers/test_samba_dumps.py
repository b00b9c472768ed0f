"""Dumps that the usual tools make of a real directory."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from adaudit.importers.ldif import import_ldif
from adaudit.schema import COLLECTED
from adaudit.snapshot import Snapshot, open_snapshot

if TYPE_CHECKING:
    from tests.testbed import Directory

pytestmark = pytest.mark.samba


@pytest.fixture(scope="module")
def dumps(samba_baseline: Directory, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return samba_baseline.ldapsearch_dump(tmp_path_factory.mktemp("dumps"))


def tables(path: Path) -> dict[str, list[dict[str, object]]]:
    with open_snapshot(path) as snapshot:
        return {name: snapshot.table(name).to_pylist() for name in COLLECTED}


def access(snapshot: Snapshot) -> dict[str, tuple[object, ...]]:
    """Owner, inheritance and DACL of every object, by DN."""
    aces: dict[int, list[tuple[object, ...]]] = {}
    ace_columns = [name for name in COLLECTED["aces"].arrow_schema.names if name not in ("sd_id", "trustee_id")]
    for row in snapshot.table("aces").to_pylist():
        aces.setdefault(row["sd_id"], []).append(tuple(row[name] for name in ace_columns))
    descriptors = {
        row["sd_id"]: (row["owner_sid"], row["group_sid"], row["is_dacl_protected"], row["dacl_state"], row["error"])
        for row in snapshot.table("security_descriptors").to_pylist()
    }
    return {
        row["dn"]: (descriptors[row["sd_id"]], aces.get(row["sd_id"]))
        for row in snapshot.table("objects").to_pylist()
        if row["sd_id"] is not None
    }


def test_every_entry_of_the_dumps_becomes_one_object(dumps: list[Path], tmp_path: Path) -> None:
    imported = import_ldif(dumps, tmp_path / "x.adsnap")
    entries = sum(line.startswith(("dn: ", "dn:: ")) for path in dumps for line in path.read_text().splitlines())
    assert imported.objects == entries > 3000
    assert imported.incomplete_reason is None
    assert imported.differing == ()
    found = tables(imported.path)
    assert len(found["objects"]) == entries
    assert not [row for row in found["coverage"] if row["status"] in ("truncated", "failed")]
    contexts = [path for path in dumps if "deleted objects" not in path.name]
    assert [row["is_collected"] for row in found["partitions"]] == [True] * len(contexts)


def test_compressed_dumps_in_another_order_give_the_same_tables(dumps: list[Path], tmp_path: Path) -> None:
    compressed = []
    for path in reversed(dumps):
        compressed.append(tmp_path / f"{path.name}.gz")
        compressed[-1].write_bytes(gzip.compress(path.read_bytes(), compresslevel=1))
    plain = tables(import_ldif(dumps, tmp_path / "plain.adsnap").path)
    assert tables(import_ldif(compressed, tmp_path / "compressed.adsnap").path) == plain


def test_ldbsearch_and_ldapsearch_show_the_same_access(
    samba_baseline: Directory, dumps: list[Path], tmp_path: Path
) -> None:
    """ldbsearch prints descriptors in SDDL, ldapsearch gives their bytes: two readings, one meaning."""
    printed = tmp_path / "ldbsearch.ldif"
    command = ["ldbsearch", "-H", str(samba_baseline.folder / "private" / "sam.ldb"), "--cross-ncs"]
    done = subprocess.run([*command, "*", "nTSecurityDescriptor"], check=True, capture_output=True)
    printed.write_bytes(done.stdout)
    with (
        open_snapshot(import_ldif(dumps, tmp_path / "a.adsnap").path) as by_ldapsearch,
        open_snapshot(import_ldif([printed], tmp_path / "b.adsnap").path) as by_ldbsearch,
    ):
        expected = access(by_ldapsearch)
        shown = access(by_ldbsearch)
        assert len(expected) > 3000
        assert {dn: shown.get(dn) for dn in expected} == expected
        for name in ("domains", "trusts", "schema_classes", "schema_attributes"):
            columns = [column for column in COLLECTED[name].arrow_schema.names if column != "object_id"]
            rows = [snapshot.table(name, columns).to_pylist() for snapshot in (by_ldapsearch, by_ldbsearch)]
            assert sorted(map(repr, rows[0])) == sorted(map(repr, rows[1]))
