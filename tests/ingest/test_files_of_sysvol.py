"""Files of SYSVOL, the settings in them and answers to probes, in their tables and in coverage."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from adaudit.decode.group_policy import Setting
from adaudit.decode.sddl import from_sddl
from adaudit.ingest.ingest import Ingest
from adaudit.snapshot import Snapshot, SourceInfo, open_snapshot
from tests.ingest.conftest import BASE, CONFIGURATION, DOMAIN_SID, Entry, entry, rows, skeleton, text

GUID = "{31B2F340-016D-11D2-945F-00C04FB984F9}"
FOLDER = rf"chu.example\Policies\{GUID}"
SETTING = Setting("registry", r"Software\Policies", "Enabled", "1", "REG_DWORD")

Told = Callable[[Ingest], None]


def policy(number: int, name: str, path: str | None) -> Entry:
    attributes: dict[str, Any] = {} if path is None else {"gPCFileSysPath": text(path)}
    return entry(number, f"CN={name},CN=Policies,CN=System,{BASE}", "container groupPolicyContainer", **attributes)


def on_share(folder: str) -> str:
    return rf"\\chu.example\SysVol\{folder}"


@pytest.fixture
def taken(tmp_path: Path) -> Callable[..., Snapshot]:
    """A snapshot of the forest, of more entries and of what is told of SYSVOL."""

    def _taken(told: Told = lambda _ingest: None, entries: tuple[Entry, ...] = ()) -> Snapshot:
        with Ingest(tmp_path / "x.adsnap", source=SourceInfo(kind="samples", tool="test")) as ingest:
            for partition in (BASE, CONFIGURATION):
                ingest.partition(partition)
            for dn, attributes in (*skeleton(), *entries):
                ingest.add(dn, attributes)
            told(ingest)
            return open_snapshot(ingest.seal(as_of=None, as_of_origin="newest_change"))

    return _taken


def files(ingest: Ingest, *paths: str) -> None:
    for path in ("chu.example", r"chu.example\Policies", *paths):
        ingest.sysvol_file(BASE, path, is_folder="." not in path.rpartition("\\")[2])


def gaps(snapshot: Snapshot, table: str) -> set[tuple[str, str, str | None, str | None]]:
    """(status, reason, policy, detail) of the coverage rows of a table, which all are of the domain."""
    names = {row["object_id"]: row["name"] for row in rows(snapshot, "objects")}
    found = [row for row in rows(snapshot, "coverage") if row["table_name"] == table]
    assert {row["domain_id"] for row in found} <= {0}
    return {(row["status"], row["reason"], names.get(row["object_id"]), row["detail"]) for row in found}


def gpo_names(snapshot: Snapshot, table: str) -> set[str | None]:
    names = {row["object_id"]: row["name"] for row in rows(snapshot, "gpos")}
    return {names.get(row["gpo_id"]) for row in rows(snapshot, table) if row["policy"]}


@pytest.mark.parametrize("path", [on_share(FOLDER), on_share(FOLDER).lower() + "\\", None])
def test_a_folder_belongs_to_the_policy_whose_path_or_name_it_bears(
    taken: Callable[..., Snapshot], path: str | None
) -> None:
    def told(ingest: Ingest) -> None:
        files(ingest, FOLDER, rf"{FOLDER}\MACHINE\Registry.pol")
        ingest.gpo_setting(BASE, rf"{FOLDER}\MACHINE\Registry.pol", 0, SETTING)

    snapshot = taken(told, (policy(20, GUID, path),))
    assert gpo_names(snapshot, "sysvol_files") == {GUID}
    assert gpo_names(snapshot, "gpo_settings") == {GUID}
    assert gaps(snapshot, "gpo_settings") == set()


def test_a_path_that_leads_to_a_folder_wins_over_the_name(taken: Callable[..., Snapshot]) -> None:
    other = "{6AC1786C-016F-11D2-945F-00C04FB984F9}"
    policies = (policy(20, GUID, on_share(r"chu.example\Policies\{0}")), policy(21, other, on_share(FOLDER)))
    snapshot = taken(lambda ingest: files(ingest, FOLDER), policies)
    assert gpo_names(snapshot, "sysvol_files") == {other}
    assert {(reason, name) for _, reason, name, _ in gaps(snapshot, "gpo_settings")} == {("reference_unseen", GUID)}


def test_a_setting_tells_side_file_and_position(taken: Callable[..., Snapshot]) -> None:
    secret = Setting("script_secret", "2", "net use", "net use ******", "", is_secret=True)

    def told(ingest: Ingest) -> None:
        ingest.gpo_setting(BASE, r"chu.example\scripts\ouverture.cmd", 0, secret)
        ingest.gpo_setting(BASE, rf"{FOLDER}\User\Registry.pol", 1, SETTING)
        ingest.gpo_setting(BASE, rf"{FOLDER}\User\Registry.pol", 0, SETTING)

    found = rows(taken(told), "gpo_settings")
    columns = ("policy", "side", "file", "kind", "section", "name", "value", "value_type", "is_secret", "position")
    registry = ("registry", r"Software\Policies", "Enabled", "1", "REG_DWORD", False)
    assert [tuple(row[column] for column in columns) for row in found] == [
        ("", "both", r"scripts\ouverture.cmd", "script_secret", "2", "net use", "net use ******", "", True, 0),
        (GUID, "user", r"User\Registry.pol", *registry, 0),
        (GUID, "user", r"User\Registry.pol", *registry, 1),
    ]


def test_the_owner_and_the_trustees_of_a_file_are_principals_of_its_domain(taken: Callable[..., Snapshot]) -> None:
    descriptor = from_sddl("O:BAG:DAD:(A;;FA;;;BA)(A;;0x1200a9;;;AU)", DOMAIN_SID)

    def told(ingest: Ingest) -> None:
        ingest.sysvol_file(BASE, "chu.example", is_folder=True, descriptor=descriptor)

    snapshot = taken(told)
    [file] = rows(snapshot, "sysvol_files")
    [sd] = [row for row in rows(snapshot, "security_descriptors") if row["sd_id"] == file["sd_id"]]
    assert (sd["role"], sd["domain_id"], sd["owner_sid"]) == ("file", 0, "S-1-5-32-544")
    principals = {row["principal_id"]: (row["sid"], row["domain_id"]) for row in rows(snapshot, "principals")}
    trustees = [principals[row["trustee_id"]] for row in rows(snapshot, "aces") if row["sd_id"] == sd["sd_id"]]
    assert trustees == [("S-1-5-32-544", 0), ("S-1-5-11", None)]
    assert principals[sd["owner_id"]] == ("S-1-5-32-544", 0)


def test_a_descriptor_that_cannot_be_read_is_told(taken: Callable[..., Snapshot]) -> None:
    def told(ingest: Ingest) -> None:
        ingest.sysvol_file(BASE, "chu.example", is_folder=True, descriptor=b"\1\0\4\x80")

    [row] = [row for row in rows(taken(told), "coverage") if row["table_name"] == "sysvol_files"]
    assert (row["column_name"], row["status"], row["reason"]) == ("sd_id", "failed", "malformed")


def test_without_sysvol_in_the_source_nothing_is_known_of_it(taken: Callable[..., Snapshot]) -> None:
    snapshot = taken(entries=(policy(20, GUID, on_share(FOLDER)),))
    for table in ("sysvol_files", "gpo_settings"):
        assert gaps(snapshot, table) == {("not_attempted", "not_in_source", None, "SYSVOL of chu.example")}


def test_what_is_told_of_the_whole_stands_for_every_policy(taken: Callable[..., Snapshot]) -> None:
    def told(ingest: Ingest) -> None:
        files(ingest)
        ingest.sysvol_gap(BASE, "failed", "interrupted", detail="the line was cut")

    snapshot = taken(told, (policy(20, GUID, on_share(FOLDER)),))
    assert gaps(snapshot, "gpo_settings") == {("failed", "interrupted", None, "the line was cut")}


def test_what_is_told_of_a_file_concerns_its_policy_alone(taken: Callable[..., Snapshot]) -> None:
    path = rf"{FOLDER}\Machine\Registry.pol"

    def told(ingest: Ingest) -> None:
        files(ingest, FOLDER)
        ingest.sysvol_gap(BASE, "denied", "no_read_right", path=path, tables=("gpo_settings",))

    snapshot = taken(told, (policy(20, GUID, on_share(FOLDER)),))
    assert gaps(snapshot, "gpo_settings") == {("denied", "no_read_right", GUID, path)}
    assert gaps(snapshot, "sysvol_files") == set()


def test_sysvol_left_out_on_request_is_told_as_such(taken: Callable[..., Snapshot]) -> None:
    snapshot = taken(lambda ingest: ingest.sysvol_gap(BASE, "not_attempted", "excluded"))
    assert gaps(snapshot, "sysvol_files") == {("not_attempted", "excluded", None, None)}


def test_the_answer_to_a_probe_is_a_row(taken: Callable[..., Snapshot]) -> None:
    moment = datetime(2026, 3, 1, 12, 0)
    snapshot = taken(lambda ingest: ingest.probe("dc1.chu.example", "smb", "signing", "required", moment, None))
    assert rows(snapshot, "probes") == [
        {
            "server": "dc1.chu.example",
            "probe": "smb",
            "name": "signing",
            "value": "required",
            "asked_at": moment,
            "asked_by": None,
        }
    ]
    assert not [row for row in rows(snapshot, "coverage") if row["table_name"] == "probes"]


def test_without_probes_their_answers_are_not_known(taken: Callable[..., Snapshot]) -> None:
    [row] = [row for row in rows(taken(), "coverage") if row["table_name"] == "probes"]
    assert (row["status"], row["reason"]) == ("not_attempted", "probe_off")
