"""A SharpHound archive into a snapshot: two more tables, all else as it was."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import pytest

from adaudit.cli.main import run
from adaudit.derive import derive
from adaudit.derive.facts import Facts
from adaudit.engine import audit, load_rules
from adaudit.engine.model import Status
from adaudit.graph.analysis import Analysis
from adaudit.schema import COLLECTED
from adaudit.snapshot import SnapshotTables, open_snapshot
from tests.importers.sharphound_material import answer, content, group, principal, session, zipped

SAMPLE = Path(__file__).parents[2] / "samples" / "hl-troisormes.adsnap"
UNKNOWN = "S-1-5-21-7-8-9-1104"


class Places(NamedTuple):
    """SIDs of the sample: two computers that are no controllers, and two people."""

    first: str
    second: str
    user: str
    admin: str


@pytest.fixture(scope="module")
def places() -> Places:
    with open_snapshot(SAMPLE) as snapshot:
        computers = snapshot.table("computers").to_pylist()
        users = snapshot.table("users").to_pylist()
    clients = [row["sid"] for row in computers if row["is_enabled"] and not row["is_server_account"]]
    people = [row["sid"] for row in users if row["is_enabled"] and row["rid"] > 1000]
    return Places(*clients[:2], *people[:2])


@pytest.fixture
def archive(tmp_path: Path, places: Places) -> Path:
    first = {
        "ObjectIdentifier": places.first,
        "Sessions": answer(session(places.first, places.user), session(places.first, UNKNOWN)),
        "PrivilegedSessions": answer(session(places.first, places.user, LogonType=2)),
        "LocalGroups": [group(places.first, 544, places.admin, f"{places.first}-500"), group(places.first, 562)],
        "UserRights": [{**answer(principal(places.admin)), "Privilege": "SeRemoteInteractiveLogonRight"}],
    }
    second = {"ObjectIdentifier": places.second, "Status": {"Connectable": False, "Error": "Off"}}
    second |= {"Sessions": answer(failure="Off"), "LocalGroups": None}
    elsewhere = {"ObjectIdentifier": f"{UNKNOWN[:-4]}1999", "Sessions": answer()}
    return zipped(tmp_path / "bh.zip", computers=content("computers", first, second, elsewhere), users=content("users"))


def imported(archive: Path, into: Path, output: Path) -> Path:
    assert run(["import", "sharphound", str(archive), "--into", str(into), "-o", str(output)]) == 0
    return output


def test_sessions_and_local_groups_become_tables_joined_on_sid(archive: Path, places: Places, tmp_path: Path) -> None:
    with open_snapshot(imported(archive, SAMPLE, tmp_path / "new.adsnap")) as snapshot:
        principals = {row["sid"]: row["principal_id"] for row in snapshot.table("principals").to_pylist()}
        sessions = snapshot.table("sessions").to_pylist()
        members = snapshot.table("observed_local_groups").to_pylist()
    user, first = principals[places.user], principals[places.first]
    assert {
        (row["computer_id"], row["user_id"], row["user_sid"], row["logon_type"], row["origin"]) for row in sessions
    } == {
        (first, user, places.user, None, "sessions"),
        (first, user, places.user, 2, "privileged_sessions"),
        (first, None, UNKNOWN, None, "sessions"),
    }
    assert {(row["group_rid"], row["user_right"], row["member_sid"], row["member_id"]) for row in members} == {
        (544, None, places.admin, principals[places.admin]),
        (544, None, f"{places.first}-500", None),
        (None, "SeRemoteInteractiveLogonRight", places.admin, principals[places.admin]),
    }


def test_every_other_table_keeps_its_bytes(archive: Path, tmp_path: Path) -> None:
    before = SAMPLE.read_bytes()
    with open_snapshot(SAMPLE) as old, open_snapshot(imported(archive, SAMPLE, tmp_path / "new.adsnap")) as new:
        for name in COLLECTED.keys() - {"coverage"}:
            assert new.parquet_file(name).readall() == old.parquet_file(name).readall(), name
        kept = old.table("coverage")
        assert new.table("coverage").slice(0, kept.num_rows).equals(kept)
        assert new.manifest.as_of == old.manifest.as_of
        assert list(new.log()) == list(old.log())
    assert SAMPLE.read_bytes() == before


def test_the_manifest_names_the_archive_and_its_hash_as_another_source(archive: Path, tmp_path: Path) -> None:
    with open_snapshot(imported(archive, SAMPLE, tmp_path / "new.adsnap")) as snapshot:
        source = snapshot.manifest.source
    assert source.kind == "samples"
    assert [(file.name, file.sha256) for file in source.files] == [
        ("bh.zip", hashlib.sha256(archive.read_bytes()).hexdigest())
    ]


def test_coverage_says_which_computers_were_asked_and_which_failed(
    archive: Path, places: Places, tmp_path: Path
) -> None:
    with open_snapshot(imported(archive, SAMPLE, tmp_path / "new.adsnap")) as snapshot:
        sids = {row["object_id"]: row["sid"] for row in snapshot.table("computers").to_pylist()}
        rows = [
            row
            for row in snapshot.table("coverage").to_pylist()
            if row["table_name"] in ("sessions", "observed_local_groups")
        ]
    told = {(row["table_name"], sids[row["object_id"]]): (row["status"], row["detail"]) for row in rows}
    assert len(told) == len(rows) == 2 * len(sids)
    assert told["sessions", places.first] == ("collected", None)
    assert told["observed_local_groups", places.first] == ("collected", None)
    assert told["sessions", places.second] == ("failed", "Off")
    assert told["observed_local_groups", places.second] == ("not_attempted", None)
    assert {status for (_, sid), (status, _) in told.items() if sid not in places} == {"not_attempted"}


def test_a_second_archive_adds_to_the_first(archive: Path, places: Places, tmp_path: Path) -> None:
    once = imported(archive, SAMPLE, tmp_path / "once.adsnap")
    late = {"ObjectIdentifier": places.second, "Sessions": answer(session(places.second, places.admin))}
    other = zipped(tmp_path / "later.zip", computers=content("computers", late))
    with open_snapshot(imported(other, once, tmp_path / "twice.adsnap")) as snapshot:
        users = {row["user_sid"] for row in snapshot.table("sessions").to_pylist()}
        coverage = [row["status"] for row in snapshot.table("coverage").to_pylist() if row["table_name"] == "sessions"]
        assert [file.name for file in snapshot.manifest.source.files] == ["bh.zip", "later.zip"]
    assert users == {places.user, UNKNOWN, places.admin}
    assert (coverage.count("collected"), coverage.count("failed")) == (2, 0)


def test_the_same_archive_gives_the_same_snapshot(archive: Path, tmp_path: Path) -> None:
    one, two = (imported(archive, SAMPLE, tmp_path / f"{n}.adsnap").read_bytes() for n in (1, 2))
    assert one == two


def test_edges_follow_from_it_and_from_nothing_in_a_snapshot_without(
    archive: Path, places: Places, tmp_path: Path
) -> None:
    def edges(path: Path) -> set[tuple[str, str, str]]:
        with open_snapshot(path) as snapshot:
            tables = dict(SnapshotTables(snapshot))
        facts = Facts({**tables, **derive(tables)})
        analysis = Analysis(facts)
        sids = {
            node: facts.principals[row["principal_id"]].sid or ""
            for node, row in enumerate(analysis.nodes.table(facts).to_pylist())
            if row["principal_id"] is not None
        }
        rows = analysis.graph.edges_table().to_pylist()
        told = ((row["kind"], sids.get(row["source_id"], ""), sids.get(row["target_id"], "")) for row in rows)
        return {row for row in told if row[0] == "HasSession" or (row[0] == "AdminTo" and row[2] in places)}

    assert edges(SAMPLE) == set()
    assert edges(imported(archive, SAMPLE, tmp_path / "new.adsnap")) == {
        ("HasSession", places.first, places.user),
        ("AdminTo", places.admin, places.first),
    }


def test_an_audit_judges_it_and_tells_what_was_not_asked(archive: Path, tmp_path: Path) -> None:
    with open_snapshot(imported(archive, SAMPLE, tmp_path / "new.adsnap")) as snapshot:
        judged = audit(snapshot, load_rules(with_cases=False))
    assert [result.rule.id for result in judged.results if result.status is Status.ERROR] == []
    assert {gap.status for gap in judged.coverage if gap.table == "sessions"} == {"failed", "not_attempted"}


def test_other_tools_get_the_observed_tables_too(archive: Path, tmp_path: Path) -> None:
    new = imported(archive, SAMPLE, tmp_path / "new.adsnap")
    for form in ("parquet", "csv"):
        assert run(["snapshot", "export", str(new), "--to", form, "-o", str(tmp_path / form)]) == 0
        assert (tmp_path / form / f"sessions.{form}").is_file()
    assert run(["snapshot", "export", str(SAMPLE), "--to", "parquet", "-o", str(tmp_path / "old")]) == 0
    assert not (tmp_path / "old" / "sessions.parquet").exists()


def test_what_is_unknown_is_counted_in_what_the_command_tells(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    imported(archive, SAMPLE, tmp_path / "new.adsnap")
    shown = capsys.readouterr()
    assert "3 sessions and 3 members of local groups; 1 computers answered, 1 did not" in shown.out
    assert "2 SIDs that the snapshot does not know" in shown.err


def test_a_snapshot_is_never_overwritten_by_its_own_import(archive: Path, tmp_path: Path) -> None:
    first = imported(archive, SAMPLE, tmp_path / "new.adsnap")
    before = first.read_bytes()
    command = ["import", "sharphound", str(archive), "--into", str(first), "-o", str(first)]
    assert run(command) == 2
    assert run([*command, "--overwrite"]) == 2
    assert first.read_bytes() == before


def test_an_archive_of_another_forest_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    elsewhere = {"ObjectIdentifier": UNKNOWN, "Sessions": answer(session(UNKNOWN, UNKNOWN))}
    other = zipped(tmp_path / "other.zip", computers=content("computers", elsewhere))
    assert run(["import", "sharphound", str(other), "--into", str(SAMPLE), "-o", str(tmp_path / "new.adsnap")]) == 4
    assert "of another forest" in capsys.readouterr().err
    assert not (tmp_path / "new.adsnap").exists()


def test_nothing_is_written_when_the_archive_is_refused(tmp_path: Path) -> None:
    bad = zipped(tmp_path / "bad.zip", computers=b'{"data":[{')
    assert run(["import", "sharphound", str(bad), "--into", str(SAMPLE), "-o", str(tmp_path / "new.adsnap")]) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["bad.zip"]


def test_what_an_export_for_bloodhound_holds_is_imported_as_it_was(archive: Path, tmp_path: Path) -> None:
    new = imported(archive, SAMPLE, tmp_path / "new.adsnap")
    assert run(["export", "bloodhound", str(new), "-o", str(tmp_path / "out.zip")]) == 0
    again = imported(tmp_path / "out.zip", SAMPLE, tmp_path / "again.adsnap")
    with open_snapshot(new) as one, open_snapshot(again) as other:
        sids = {row["principal_id"]: row["sid"] for row in one.table("principals").to_pylist()}
        for name in ("sessions", "observed_local_groups"):
            known = [row for row in one.table(name).to_pylist() if row["computer_id"] in sids]
            assert other.table(name).to_pylist() == known
