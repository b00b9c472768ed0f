"""SYSVOL of the hospital, read over SMB from a running controller: what comes out is what was planted."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from adaudit.collect.authentication import Simple
from adaudit.collect.log import CollectionLog
from adaudit.collect.sysvol import SysvolReader
from adaudit.importers.ldif_entries import LdifFile
from adaudit.ingest.ingest import Ingest
from adaudit.schema import COLLECTED
from adaudit.snapshot import Snapshot, SourceInfo, open_snapshot

if TYPE_CHECKING:
    from tests.testbed import Directory

pytestmark = pytest.mark.samba

AUTHENTICATED_USERS = "S-1-5-11"
MODIFY = 0x1301BF
OBJECTS = "(|(objectClass=domainDNS)(objectClass=groupPolicyContainer)(objectClass=group))"
WANTED = ("objectClass", "objectGUID", "objectSid", "sAMAccountName", "groupType", "name", "gPCFileSysPath")
MADE_BY_SAMBA = {
    rf"corp.test\Policies\{{{guid}}}\GPT.INI"
    for guid in ("31B2F340-016D-11D2-945F-00C04FB984F9", "6AC1786C-016F-11D2-945F-00C04FB984F9")
}


def read(directory: Directory, folder: Path) -> Path:
    """A snapshot of the policies and groups of the domain, by ldapsearch, and of its SYSVOL."""
    folder.mkdir()
    dump = folder / "dump.ldif"
    dump.write_text(directory.ldapsearch("-o", "ldif-wrap=no", "-b", directory.base_dn, OBJECTS, *WANTED))
    destination = folder / "sysvol.adsnap"
    source = SourceInfo(kind="ldap", tool="test")
    with Ingest(destination, source=source) as ingest, CollectionLog(folder / "collection.log") as log:
        ingest.partition(directory.base_dn)
        for entry in LdifFile(dump).entries():
            ingest.add(entry.dn, entry.attributes)
        reader = SysvolReader(Simple(directory.auditor.user, directory.auditor.password), ingest, log, timeout=20)
        assert reader.read(directory.host, "corp.test", directory.base_dn, address=directory.ip) == []
        return ingest.seal(as_of=None, as_of_origin="newest_change", log=log.path)


@pytest.fixture(scope="module")
def path(samba_scenario: Directory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return read(samba_scenario, tmp_path_factory.mktemp("sysvol") / "first")


@pytest.fixture(scope="module")
def snapshot(path: Path) -> Snapshot:
    return open_snapshot(path)


def rows(snapshot: Snapshot, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = snapshot.table(table).to_pylist()
    return found


def test_every_planted_file_and_nothing_else_comes_out_with_its_hash_and_owner(
    snapshot: Snapshot, samba_scenario: Directory
) -> None:
    owners = {row["sd_id"]: row["owner_id"] for row in rows(snapshot, "security_descriptors")}
    names = {row["principal_id"]: row["name"] for row in rows(snapshot, "principals")}
    found = {
        row["path"]: (row["sha256"], names.get(owners.get(row["sd_id"])))
        for row in rows(snapshot, "sysvol_files")
        if not row["is_folder"] and row["path"] not in MADE_BY_SAMBA
    }
    planted = {file.path: (file.sha256, file.owner) for file in samba_scenario.scenario.planted if file.sha256}
    assert found == planted


def test_every_file_and_folder_is_there_as_on_the_disk_of_the_controller(
    snapshot: Snapshot, samba_scenario: Directory
) -> None:
    on_disk = {}
    for file in sorted((samba_scenario.sysvol / "corp.test").rglob("*")):
        name = str(file.relative_to(samba_scenario.sysvol)).replace("/", "\\")
        content = None if file.is_dir() else file.read_bytes()
        digest = None if content is None else hashlib.sha256(content).hexdigest()
        on_disk[name] = (digest, None if content is None else len(content))
    closed = {name for name in on_disk if "{A1B4C0DE-0012-" in name and name.endswith("GPT.INI")}
    found = {row["path"]: (row["sha256"], row["size"]) for row in rows(snapshot, "sysvol_files")}
    assert found == {"corp.test": (None, None)} | {name: on_disk[name] for name in on_disk.keys() - closed}


def test_the_settings_come_out_exactly_as_planted(snapshot: Snapshot, samba_scenario: Directory) -> None:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows(snapshot, "gpo_settings"):
        path = "\\".join(("corp.test", *(("Policies", row["policy"]) if row["policy"] else ()), row["file"]))
        settings = found.setdefault(path, [])
        assert row["position"] == len(settings)
        columns = ("kind", "section", "name", "value", "value_type", "is_secret")
        settings.append(tuple(row[column] for column in columns))
    planted = {file.path: list(file.settings) for file in samba_scenario.scenario.planted if file.settings}
    for made_by_samba in MADE_BY_SAMBA:
        planted[made_by_samba] = [("policy_version", "General", "Version", "0", "", False)]
    assert found == planted


def test_no_planted_password_is_anywhere_in_the_snapshot(path: Path, samba_scenario: Directory) -> None:
    secrets = {secret for file in samba_scenario.scenario.planted for secret in file.secrets}
    assert len(secrets) >= 7
    secrets |= {samba_scenario.auditor.password}
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
        for name in filter(lambda name: name.endswith(".parquet"), archive.namelist()):
            with archive.open(name) as table:
                members[f"{name}, decompressed"] = repr(pq.read_table(table).to_pylist()).encode()
    forms = {form for secret in secrets for form in (secret.encode(), secret.encode("utf-16-le"))}
    forms |= {repr(secret)[1:-1].encode() for secret in secrets}
    assert {(name, form) for name, content in members.items() for form in forms if form in content} == set()


def test_files_belong_to_the_policy_in_whose_folder_they_are(snapshot: Snapshot) -> None:
    gpos = {row["object_id"]: row["name"] for row in rows(snapshot, "gpos")}
    for table in ("sysvol_files", "gpo_settings"):
        for row in rows(snapshot, table):
            expected = None if "-00FF-" in row["policy"] else row["policy"] or None
            assert gpos.get(row["gpo_id"]) == expected, row


def test_sides_follow_the_folder(snapshot: Snapshot) -> None:
    sides = {(row["file"].partition("\\")[0].lower(), row["side"]) for row in rows(snapshot, "gpo_settings")}
    assert sides == {("machine", "computer"), ("user", "user"), ("gpt.ini", "both"), ("scripts", "both")}


def test_a_policy_whose_folder_is_closed_or_gone_is_not_taken_for_empty(
    snapshot: Snapshot, samba_scenario: Directory
) -> None:
    gpos = {row["object_id"]: row["name"] for row in rows(snapshot, "gpos")}
    gaps = {
        (gpos[row["object_id"]], row["reason"])
        for row in rows(snapshot, "coverage")
        if row["table_name"] == "gpo_settings" and row["object_id"] is not None
    }
    assert gaps == samba_scenario.scenario.policy_gaps
    assert not [r for r in rows(snapshot, "coverage") if r["table_name"] == "gpo_settings" and r["object_id"] is None]


def test_a_closed_folder_is_listed_with_what_was_refused(snapshot: Snapshot) -> None:
    [closed] = [row for row in rows(snapshot, "sysvol_files") if row["path"].endswith("-000000000012}")]
    assert (closed["is_folder"], closed["sd_id"], closed["error"]) == (True, None, "STATUS_ACCESS_DENIED")


def test_a_script_that_anyone_may_change_shows_by_its_rights(snapshot: Snapshot) -> None:
    [script] = [row for row in rows(snapshot, "sysvol_files") if row["path"].endswith("inventaire.ps1")]
    rights = {row["trustee_sid"]: row["mask"] for row in rows(snapshot, "aces") if row["sd_id"] == script["sd_id"]}
    assert rights[AUTHENTICATED_USERS] & MODIFY == MODIFY


def test_two_readings_give_equal_tables(snapshot: Snapshot, samba_scenario: Directory, tmp_path: Path) -> None:
    with open_snapshot(read(samba_scenario, tmp_path / "second")) as second:
        for name in COLLECTED:
            assert second.table(name).equals(snapshot.table(name)), name


def test_the_audit_trail_tells_what_was_read(path: Path) -> None:
    events = [json.loads(line) for line in (path.parent / "collection.log").read_text().splitlines()]
    assert [(event["event"], event["operation"], event["share"]) for event in events] == [
        ("smb", "connect", "SYSVOL"),
        ("smb", "read", "SYSVOL"),
    ]
    assert events[1]["files"] > 60
