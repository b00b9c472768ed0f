"""Files that are not, or no longer, sound snapshots: each is refused with one error, and nothing is touched."""

from __future__ import annotations

import io
import json
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adaudit.errors import InputError
from adaudit.schema import COLLECTED
from adaudit.snapshot import SnapshotWriter, open_snapshot, reader
from adaudit.snapshot.archive import ArchiveWriter
from tests.snapshot.material import HEADER, contents_of, rebuild, rows, with_table


def refuse(path: Path, match: str) -> None:
    """Opening fails with this message, names the file and changes nothing around it."""
    before = {entry: entry.read_bytes() for entry in path.parent.iterdir() if entry.is_file()}
    with pytest.raises(InputError, match=match) as caught:
        open_snapshot(path)
    assert str(path) in str(caught.value)
    assert {entry: entry.read_bytes() for entry in path.parent.iterdir() if entry.is_file()} == before


def with_manifest(path: Path, change: Callable[[dict[str, object]], None]) -> Path:
    contents = contents_of(path)
    manifest = json.loads(contents["manifest.json"])
    change(manifest)
    return rebuild(path, contents | {"manifest.json": json.dumps(manifest).encode()})


def test_rebuilding_a_snapshot_gives_a_sound_one(sealed: Path) -> None:
    before = sealed.read_bytes()
    rebuild(sealed, contents_of(sealed))
    assert sealed.read_bytes() == before


@pytest.mark.parametrize("offset_from_end", [False, True])
def test_a_snapshot_cut_anywhere_is_refused(sealed: Path, offset_from_end: bool) -> None:
    whole = sealed.read_bytes()
    cut = sealed.with_name("cut.adsnap")
    for length in (*range(200), *range(200, len(whole), 997)):
        cut.write_bytes(whole[: len(whole) - 1 - length] if offset_from_end else whole[:length])
        with pytest.raises(InputError):
            open_snapshot(cut)


def test_a_snapshot_with_any_byte_altered_is_refused(sealed: Path) -> None:
    whole = sealed.read_bytes()
    altered = sealed.with_name("altered.adsnap")
    directory = len(whole) - 8000
    for position in (*range(0, 3000, 7), *range(3000, directory, 499), *range(directory, len(whole))):
        altered.write_bytes(whole[:position] + bytes([whole[position] ^ 0x10]) + whole[position + 1 :])
        with pytest.raises(InputError):
            open_snapshot(altered)


def test_data_before_or_after_the_archive_is_refused(sealed: Path) -> None:
    whole = sealed.read_bytes()
    sealed.write_bytes(whole + b"more")
    refuse(sealed, "truncated, or is followed by other data")
    sealed.write_bytes(b"MZ" + whole)
    refuse(sealed, "not an adaudit snapshot")


def test_a_missing_file_a_folder_and_an_unreadable_one_are_refused(tmp_path: Path) -> None:
    refuse(tmp_path / "missing.adsnap", "no such file")
    (tmp_path / "folder.adsnap").mkdir()
    refuse(tmp_path / "folder.adsnap", "is a folder")


def test_a_path_that_the_system_refuses_is_refused(sealed: Path) -> None:
    with pytest.raises(InputError, match=r"Not a directory|no such file"):
        open_snapshot(sealed / "below a file")


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\3\4", b"not a zip at all" * 100, b"PK\3\4" + bytes(5000)])
def test_what_is_not_an_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.adsnap"
    path.write_bytes(data)
    refuse(path, "not an adaudit snapshot|truncated")


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_packed_again_is_refused(sealed: Path, compression: int) -> None:
    contents = contents_of(sealed)
    with zipfile.ZipFile(sealed, "w", compression) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    refuse(sealed, "re-packed or altered")


def patched_entry(path: Path, name: str, offset: int, value: bytes) -> None:
    """Overwrite bytes of the central directory entry of ``name``."""
    whole = bytearray(path.read_bytes())
    entry = whole.rindex(name.encode()) - 46
    whole[entry + offset : entry + offset + len(value)] = value
    path.write_bytes(bytes(whole))


@pytest.mark.parametrize(
    ("what", "offset", "value"),
    [
        ("encrypted", 8, struct.pack("<H", 1)),
        ("compressed", 10, struct.pack("<H", 8)),
        ("a link", 38, struct.pack("<I", (stat.S_IFLNK | 0o777) << 16)),
        ("with a comment", 32, struct.pack("<H", 5)),
        ("with a longer name", 28, struct.pack("<H", 60000)),
    ],
)
def test_a_member_that_is_not_plainly_stored_is_refused(sealed: Path, what: str, offset: int, value: bytes) -> None:
    patched_entry(sealed, "users.parquet", offset, value)
    refuse(sealed, "directory is damaged|entry for .* was altered")


def test_a_member_declared_larger_than_the_file_is_refused(sealed: Path) -> None:
    patched_entry(sealed, "users.parquet", 46 + len("users.parquet") + 4, struct.pack("<QQ", 1 << 50, 1 << 50))
    refuse(sealed, "not where the archive's layout calls for")


def test_members_that_overlap_are_refused(sealed: Path) -> None:
    patched_entry(sealed, "users.parquet", 46 + len("users.parquet") + 20, struct.pack("<Q", 0))
    refuse(sealed, "not where the archive's layout calls for")


@pytest.mark.parametrize("name", ["/etc/passwd", "../escape.parquet", "notes.txt", "tier0.parquet", "C:\\x.parquet"])
def test_an_unknown_member_is_refused_whatever_its_name(sealed: Path, name: str) -> None:
    rebuild(sealed, contents_of(sealed) | {name: b"x"})
    refuse(sealed, "unknown member")


def test_a_member_given_twice_is_refused(sealed: Path) -> None:
    with sealed.open("wb") as target:
        archive = ArchiveWriter(target)
        for _ in range(2):
            archive.add("manifest.json", io.BytesIO(b"{}"), size=2, crc=zlib.crc32(b"{}"))
        archive.finish()
    refuse(sealed, "'manifest.json' more than once")


def test_too_many_members_are_refused_before_they_are_read(sealed: Path) -> None:
    rebuild(sealed, {f"m{number}.parquet": b"" for number in range(1000)})
    refuse(sealed, "declares 1000 members")


def test_a_missing_table_is_refused(sealed: Path) -> None:
    contents = contents_of(sealed)
    del contents["aces.parquet"]
    rebuild(sealed, contents)
    refuse(sealed, "aces.parquet is missing")


def test_an_archive_without_manifest_is_refused(sealed: Path) -> None:
    contents = contents_of(sealed)
    del contents["manifest.json"]
    rebuild(sealed, contents)
    refuse(sealed, "no manifest")


def test_a_table_that_does_not_match_its_hash_is_refused(sealed: Path) -> None:
    contents = contents_of(sealed)
    rebuild(sealed, contents | {"users.parquet": contents["computers.parquet"]})
    refuse(sealed, "users.parquet was altered")


def test_a_newer_format_says_which_adaudit_is_needed(sealed: Path) -> None:
    def newer(manifest: dict[str, object]) -> None:
        manifest["format"] = 3
        manifest["source"] = {"tool": "adaudit 7.1.0", "unknown": []}
        manifest["invention"] = True

    with_manifest(sealed, newer)
    refuse(sealed, "snapshot format 3: it needs adaudit 7.1.0 or later; this adaudit reads format 2")


@pytest.mark.parametrize(
    ("key", "value", "match"),
    [
        ("format", 0, "format 0 is not one that this adaudit reads"),
        ("format", "1", "a whole number is expected"),
        ("format", True, "a whole number is expected"),
        ("as_of", "yesterday", "as_of"),
        ("as_of_origin", "guess", "as_of_origin"),
        ("complete", False, "incomplete_reason"),
        ("surprise", 1, "surprise"),
        ("tables", {}, "does not list the tables"),
        ("source", {"kind": "ldap", "tool": 3}, "source.tool"),
    ],
)
def test_a_manifest_that_is_not_as_declared_is_refused(sealed: Path, key: str, value: object, match: str) -> None:
    with_manifest(sealed, lambda manifest: manifest.update({key: value}))
    refuse(sealed, match)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"format": 1e999}'])
def test_a_manifest_that_is_not_a_json_object_is_refused(sealed: Path, data: bytes) -> None:
    rebuild(sealed, contents_of(sealed) | {"manifest.json": data})
    refuse(sealed, "is not JSON|a whole number is expected")


def test_an_oversized_manifest_is_refused_unread(sealed: Path) -> None:
    rebuild(sealed, contents_of(sealed) | {"manifest.json": b" " * (reader.MAX_MANIFEST_BYTES + 1)})
    refuse(sealed, "the manifest is larger")


def parquet(table: pa.Table, **options: object) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", **options)
    return buffer.getvalue()


def test_a_table_with_other_columns_is_refused(sealed: Path) -> None:
    with_table(sealed, "sites", parquet(pa.table({"object_id": [1]})), 1)
    refuse(sealed, "table sites: the columns are not those of the format")


def test_a_table_with_other_types_is_refused(sealed: Path) -> None:
    with_table(sealed, "sites", parquet(pa.table({"object_id": ["one"], "name": ["Paris"]})), 1)
    refuse(sealed, "the columns are not those of the format")


def test_a_row_count_that_is_not_the_declared_one_is_refused(sealed: Path) -> None:
    with_table(sealed, "sites", contents_of(sealed)["sites.parquet"], 7)
    refuse(sealed, "has 0 rows where the manifest declares 7")


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1PAR1", b"PAR1" + b"\xff" * 40 + struct.pack("<I", 20) + b"PAR1"])
def test_a_table_that_is_not_parquet_is_refused(sealed: Path, data: bytes) -> None:
    with_table(sealed, "sites", data, 0)
    refuse(sealed, "table sites")


def test_a_footer_beyond_the_limit_is_refused_unread(sealed: Path) -> None:
    with_table(sealed, "sites", b"PAR1" + struct.pack("<I", reader.MAX_FOOTER_BYTES + 1) + b"PAR1", 0)
    refuse(sealed, "its footer is too large")


def test_declared_sizes_beyond_the_limit_are_refused_before_reading(
    sealed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pa.table({"object_id": pa.array([0] * 5000, pa.int32()), "name": ["x" * 1000] * 5000})
    with_table(sealed, "sites", parquet(table, use_dictionary=False), 5000)
    open_snapshot(sealed).close()
    monkeypatch.setattr(reader, "MAX_TABLE_BYTES", 1_000_000)
    refuse(sealed, "declares 5000 rows")
    monkeypatch.setattr(reader, "MAX_TABLE_BYTES", 1 << 40)
    monkeypatch.setattr(reader, "MAX_TABLE_ROWS", 4999)
    refuse(sealed, "declares 5000 rows")


@pytest.mark.parametrize(("limit", "value"), [("MAX_TABLE_BYTES", 200_000_000), ("MAX_EXPANSION", 1000)])
def test_a_small_table_that_decodes_to_a_huge_one_is_stopped(
    sealed: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    """A dictionary holds the long value once: nothing in the metadata tells what the rows decode to."""
    table = pa.table({"object_id": pa.array([0] * 50_000, pa.int32()), "name": ["x" * 10_000] * 50_000})
    with_table(sealed, "sites", parquet(table), 50_000)
    assert sealed.stat().st_size < 200_000
    monkeypatch.setattr(reader, "MAX_EXPANSION", 1 << 40)
    monkeypatch.setattr(reader, limit, value)
    with open_snapshot(sealed) as snapshot, pytest.raises(InputError, match="decodes to more than"):
        snapshot.table("sites")


def test_text_that_is_not_utf8_is_refused(sealed: Path) -> None:
    schema = COLLECTED["sites"].arrow_schema
    name = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(struct.pack("<ii", 0, 2)), pa.py_buffer(b"\xff\xfe")]
    )
    with_table(sealed, "sites", parquet(pa.table([pa.array([0], pa.int32()), name], schema=schema)), 1)
    with open_snapshot(sealed) as snapshot, pytest.raises(InputError, match=r"table sites: .*cannot be decoded"):
        snapshot.table("sites")


def test_damaged_pages_behind_right_hashes_are_refused(sealed: Path) -> None:
    data = bytearray(contents_of(sealed)["objects.parquet"])
    data[4:200] = bytes(196)
    with_table(sealed, "objects", bytes(data), 2)
    with open_snapshot(sealed) as snapshot, pytest.raises(InputError, match="table objects"):
        snapshot.table("objects")


@pytest.mark.parametrize("id_", [-1, 2**31 - 1])
def test_an_id_that_is_no_row_is_refused_when_it_is_read(tmp_path: Path, id_: int) -> None:
    with SnapshotWriter(tmp_path / "x.adsnap") as writer:
        writer.write_table("sites", rows("sites", {"object_id": id_, "name": "Brest"}))
        writer.seal(HEADER)
    with (
        open_snapshot(tmp_path / "x.adsnap") as snapshot,
        pytest.raises(InputError, match="column object_id: an id is no row of any table"),
    ):
        snapshot.table("sites")
