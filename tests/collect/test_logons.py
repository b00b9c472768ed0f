"""Logons as each of two real controllers of one domain counts them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from adaudit.collect.forest import read_topology
from adaudit.collect.logons import LogonReading
from adaudit.collect.messages import Control, Scope, Search, decode_entry
from adaudit.ingest.ingest import Ingest
from adaudit.schema.requests import LOGON_ATTRIBUTES, REQUESTED_ATTRIBUTES, SD_FLAGS_OID, SD_FLAGS_VALUE
from adaudit.snapshot import SourceInfo, open_snapshot
from tests.collect.forest_of_three import NOBODY, Forest, forest_of_three

if TYPE_CHECKING:
    from tests.collect.conftest import Proxies
    from tests.testbed import Directory

pytestmark = pytest.mark.samba

COLUMNS = {
    "lastLogon": "last_logon_raw",
    "logonCount": "logon_count",
    "badPwdCount": "bad_password_count",
    "badPasswordTime": "bad_password_raw",
}
ASKED = ("objectGUID", *LOGON_ATTRIBUTES)


@pytest.fixture
def forest(
    samba_second: Directory, samba_baseline: Directory, samba_elsewhere: Directory, proxies: Proxies, tmp_path: Path
) -> Iterator[Forest]:
    with forest_of_three(samba_second, samba_baseline, samba_elsewhere, proxies, tmp_path) as walkable:
        yield walkable


def told_by(directory: Directory) -> dict[str, int]:
    """What one controller tells the administrator of the auditor's logons, by ldapsearch."""
    wanted = ("-b", directory.base_dn, "(sAMAccountName=auditeur)", *LOGON_ATTRIBUTES)
    lines = directory.ldapsearch(*wanted, account=directory.admin).splitlines()
    values = dict(line.split(": ") for line in lines if ": " in line)
    return {name: int(values[name]) for name in LOGON_ATTRIBUTES if name in values}


def read(
    forest: Forest, path: Path, *, password: str | None = None
) -> tuple[list[str], dict[str, list[dict[str, Any]]]]:
    """The problems, and the tables once the users of the home domain and the logons were read."""
    domain = forest.home.base_dn
    with Ingest(path, source=SourceInfo(kind="ldap", tool="t")) as ingest, forest.home_session() as home:
        controls = (Control(SD_FLAGS_OID, SD_FLAGS_VALUE),)
        for page in home.search(Search(domain, Scope.SUBTREE, REQUESTED_ATTRIBUTES, controls)):
            for envelope in page.entries:
                ingest.add(*decode_entry(envelope))
        ingest.partition(domain)
        topology, _ = read_topology(home)
        forest.password = password or forest.password
        reading = LogonReading(home, topology, forest.connect, forest.names, ingest, ASKED)
        reading.run([each for each in topology.partitions if each.dn == domain])
        ingest.seal(as_of=None, as_of_origin="dc_current_time", account=forest.home.auditor.user)
    with open_snapshot(path) as snapshot:
        return reading.problems, {name: snapshot.table(name).to_pylist() for name in ("logons", "users", "coverage")}


def test_each_controller_tells_its_own_logons(forest: Forest, samba_baseline: Directory, tmp_path: Path) -> None:
    """By Kerberos: Samba does not count a simple bind."""
    from tests.testbed import kinit

    for directory in (forest.home, samba_baseline, samba_baseline):
        kinit(directory, directory.auditor, tmp_path / "tickets")
    problems, tables = read(forest, tmp_path / "x.adsnap")
    (auditor,) = (row for row in tables["users"] if row["sam_account_name"] == "auditeur")
    read_there = {
        row["server"]: {name: row[column] for name, column in COLUMNS.items() if row[column] is not None}
        for row in tables["logons"]
        if row["object_id"] == auditor["object_id"]
    }
    told = {directory.host: told_by(directory) for directory in (samba_baseline, forest.home)}
    assert problems == []
    assert read_there == told
    first, second = told["dc1.corp.test"], told["dc2.corp.test"]
    assert first["logonCount"] > second["logonCount"] > 0
    assert first["lastLogon"] > second["lastLogon"] > 0
    assert not [row for row in tables["coverage"] if row["table_name"] == "logons"]


def test_a_controller_that_cannot_be_reached_is_a_gap_that_names_it(
    forest: Forest, samba_baseline: Directory, tmp_path: Path
) -> None:
    forest.moved[samba_baseline.host] = NOBODY
    problems, tables = read(forest, tmp_path / "x.adsnap")
    (gap,) = (row for row in tables["coverage"] if row["table_name"] == "logons")
    assert (gap["status"], gap["reason"]) == ("failed", "unreachable")
    assert gap["dn"] == f"CN=DC1,OU=Domain Controllers,{forest.home.base_dn}"
    assert gap["detail"].startswith("dc1.corp.test: ")
    assert problems == [f"logons were not read, {gap['detail']}"]
    assert {row["server"] for row in tables["logons"]} == {"dc2.corp.test"}


def test_another_controller_that_answers_in_its_place_is_not_taken_for_it(forest: Forest, tmp_path: Path) -> None:
    forest.moved["dc1.corp.test"] = forest.home.ip
    problems, tables = read(forest, tmp_path / "x.adsnap")
    assert "another controller answers" in problems[0]
    assert {row["server"] for row in tables["logons"]} == {"dc2.corp.test"}


def test_a_refused_password_is_given_once(forest: Forest, tmp_path: Path) -> None:
    problems, tables = read(forest, tmp_path / "x.adsnap", password="faux")
    assert "wrong user name or password" in problems[0]
    assert forest.refusals() == ["dc1.corp.test"]
    assert {row["server"] for row in tables["logons"]} == {"dc2.corp.test"}
