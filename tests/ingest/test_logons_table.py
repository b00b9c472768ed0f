"""The table of what each controller alone knows, and the gaps of what was not asked for."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from adaudit.ingest.ingest import Ingest
from adaudit.snapshot import Snapshot, SourceInfo, open_snapshot
from tests.ingest.conftest import BASE, CONFIGURATION, entry, gaps, guid, rows, skeleton, text, user

CLOSED = "O:DAG:DAD:(A;;RPWP;;;DA)"
TICKS = "133800000000000000"
LOGONS = {
    "lastLogon": "last_logon_raw",
    "logonCount": "logon_count",
    "badPwdCount": "bad_password_count",
    "badPasswordTime": "bad_password_raw",
}


def told(number: int, **attributes: str) -> dict[str, list[bytes]]:
    return {"objectGUID": guid(number), **{name: text(value) for name, value in attributes.items()}}


def sealed(path: Path, *logons: tuple[str, dict[str, list[bytes]]]) -> Snapshot:
    with Ingest(path, source=SourceInfo(kind="ldap", tool="t")) as ingest:
        ingest.partition(BASE)
        ingest.partition(CONFIGURATION)
        for dn, attributes in [*skeleton(), user(10, "u", 1104), user(11, "closed", 1105, sddl=CLOSED)]:
            ingest.add(dn, attributes)
        for server, attributes in logons:
            ingest.logon(server, f"CN=u,CN=Users,{BASE}", attributes)
        ingest.seal(as_of=None, as_of_origin="dc_current_time")
    return open_snapshot(path)


def test_a_controller_that_was_asked_twice_counts_as_it_answered_last(tmp_path: Path) -> None:
    first = ("DC1.chu.example", told(10, lastLogon="1", logonCount="3"))
    again = ("dc1.chu.example", told(10, lastLogon=TICKS, logonCount="4", badPasswordTime="0"))
    with sealed(tmp_path / "x.adsnap", first, again, ("dc2.chu.example", told(10, badPwdCount="2"))) as snapshot:
        one, two = rows(snapshot, "logons")
    assert (one["server"], one["last_logon_at"], one["logon_count"]) == (
        "dc1.chu.example",
        datetime(2024, 12, 30, 2, 40),
        4,
    )
    assert (one["bad_password_at"], one["bad_password_raw"], one["bad_password_count"]) == (None, 0, None)
    assert (two["server"], two["bad_password_count"], two["last_logon_raw"]) == ("dc2.chu.example", 2, None)


def test_what_cannot_be_read_is_told_and_the_rest_is_kept(tmp_path: Path) -> None:
    mixed = told(10, lastLogon="soon", logonCount="7", badPwdCount="9" * 30)
    nobody = {"objectGUID": [b"short"], "logonCount": text("1")}
    with sealed(tmp_path / "x.adsnap", ("dc1", mixed), ("dc1", nobody), ("dc1", told(99, logonCount="1"))) as snapshot:
        (row,) = rows(snapshot, "logons")
        malformed = {column for column, reason, _ in gaps(snapshot, "logons") if reason == "malformed"}
    assert (row["last_logon_raw"], row["logon_count"], row["bad_password_count"]) == (None, 7, None)
    assert malformed == {"last_logon_raw", "bad_password_count", "*"}


def test_nobody_was_asked_unless_somebody_says_so(tmp_path: Path) -> None:
    with sealed(tmp_path / "x.adsnap") as snapshot:
        assert gaps(snapshot, "logons") == [("*", "not_requested", None)]


def test_an_account_whose_logons_may_not_be_read_is_told(tmp_path: Path) -> None:
    with sealed(tmp_path / "x.adsnap", ("dc1", told(10, **dict.fromkeys(LOGONS, "1")))) as snapshot:
        found = gaps(snapshot, "logons")
    assert set(found) == {(column, "no_read_right", f"CN=closed,CN=Users,{BASE}") for column in LOGONS.values()}


def test_a_partition_that_was_left_out_is_told_for_that_reason_alone(seal) -> None:
    notes = [{"status": "not_attempted", "reason": "excluded", "dn": "DC=lyon,DC=example"}]
    lyon = entry(
        6,
        f"CN=LYON,CN=Partitions,{CONFIGURATION}",
        "crossRef",
        nCName=text("DC=lyon,DC=example"),
        dnsRoot=text("lyon.example"),
        systemFlags=text("3"),
    )
    with seal([*skeleton(), lyon], notes=notes) as snapshot:
        reasons = {row["reason"] for row in rows(snapshot, "coverage") if row["detail"] == "DC=lyon,DC=example"}
    assert reasons == {"excluded"}
