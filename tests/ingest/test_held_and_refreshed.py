"""What an ingestion holds, and how what is read again, dropped or refreshed replaces it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adaudit.ingest.ingest import Ingest
from adaudit.schema import COLLECTED
from adaudit.snapshot import SourceInfo, open_snapshot
from tests.ingest.conftest import BASE, CONFIGURATION, Entry, entry, group, guid, skeleton, text, user

Tables = dict[str, list[dict[str, Any]]]


class Run:
    """An ingestion that is fed step by step."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ingest = Ingest(path, source=SourceInfo(kind="samples", tool="test"))
        self.ingest.partition(BASE)
        self.ingest.partition(CONFIGURATION)

    def add(self, *entries: Entry) -> None:
        for dn, attributes in entries:
            self.ingest.add(dn, attributes)

    def tables(self) -> Tables:
        self.ingest.seal(as_of=None, as_of_origin="newest_change")
        with open_snapshot(self.path) as snapshot:
            return {name: snapshot.table(name).to_pylist() for name in COLLECTED}


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = Run(tmp_path / "x.adsnap")
    with made.ingest:
        yield made


def tables_of(tmp_path: Path, *entries: Entry) -> Tables:
    """Those of the entries, each read once."""
    other = Run(tmp_path / "other.adsnap")
    with other.ingest:
        other.add(*entries)
        return other.tables()


def g(number: int) -> str:
    first = struct.pack(">I", struct.unpack("<I", struct.pack("<I", number))[0]).hex()
    return f"{first}-0000-0000-0000-000000000000"


def u(number: int, **attributes: Any) -> Entry:
    return user(number, f"u{number}", 1100 + number, **attributes)


def dn(number: int) -> str:
    return f"CN=u{number},CN=Users,{BASE}"


def test_an_object_read_again_replaces_all_that_was_read_of_it(run: Run, tmp_path: Path) -> None:
    before = u(20, servicePrincipalName=text("http/a"), info=text("old"), lastLogon=text("x"), manager=text(dn(21)))
    after = u(20, description=text("new"))
    run.add(*skeleton(), before, u(21), group(30, "G", 1200, member=text(dn(20))))
    run.ingest.held()
    run.add(after)
    assert run.tables() == tables_of(tmp_path, *skeleton(), after, u(21), group(30, "G", 1200, member=text(dn(20))))


def test_an_object_that_changed_its_class_is_in_its_new_table_alone(run: Run) -> None:
    run.add(*skeleton(), u(20), group(20, "G", 1200))
    tables = run.tables()
    assert tables["users"] == []
    assert [row["sam_account_name"] for row in tables["groups"]] == ["G"]


def test_a_dropped_object_leaves_no_trace_unless_it_is_read_again(run: Run, tmp_path: Path) -> None:
    run.add(*skeleton(), u(20, info=text("x")), u(21))
    run.ingest.drop([g(20), g(21)])
    run.add(u(21, info=text("back")))
    assert run.tables() == tables_of(tmp_path, *skeleton(), u(21, info=text("back")))


def test_an_object_without_guid_is_dropped_by_its_dn(run: Run, tmp_path: Path) -> None:
    run.add(*skeleton(), u(20, objectGUID=[]), u(21))
    run.ingest.drop([dn(20)])
    assert run.tables() == tables_of(tmp_path, *skeleton(), u(21))


def test_two_objects_that_claim_one_guid_are_told_in_coverage(run: Run) -> None:
    imposter = u(21, whenCreated=text("20210101120000.0Z"), objectGUID=guid(20))
    run.add(*skeleton(), u(20), imposter)
    tables = run.tables()
    assert [row["dn"] for row in tables["users"]] == [dn(21)]
    (told,) = [row for row in tables["coverage"] if row["dn"] == dn(20)]
    assert (told["status"], told["reason"], told["detail"]) == (
        "failed",
        "malformed",
        f"objectGUID: also that of {dn(21)}",
    )


def test_refreshed_values_replace_what_was_read_and_absent_ones_go(run: Run, tmp_path: Path) -> None:
    old = {"lastLogon": text("1"), "logonCount": text("7"), "badPwdCount": text("2"), "msDS-ResultantPSO": text("CN=p")}
    new = {"lastLogon": text("133800000000000000"), "badPasswordTime": text("5"),
           "msDS-User-Account-Control-Computed": text("-2147483632")}  # fmt: skip
    other = {"lastLogon": text("3"), "badPwdCount": text("0"), "info": text("kept")}
    run.add(*skeleton(), u(20, **old), u(21, **other))
    run.ingest.refresh(g(20), {"lastLogon": text("4")})
    run.ingest.refresh(g(20), new)
    assert run.tables() == tables_of(tmp_path, *skeleton(), u(20, **new), u(21, **other))


def test_the_values_of_an_object_without_a_column_for_them_are_refreshed_too(run: Run, tmp_path: Path) -> None:
    def contact(**attributes: Any) -> Entry:
        return entry(20, f"CN=c,{BASE}", "contact", **attributes)

    run.add(*skeleton(), contact(lastLogon=text("1"), logonCount=text("2")))
    run.ingest.refresh(g(20), {"lastLogon": text("8")})
    assert run.tables() == tables_of(tmp_path, *skeleton(), contact(lastLogon=text("8")))


def test_a_malformed_value_is_no_longer_told_once_refreshed(run: Run, tmp_path: Path) -> None:
    run.add(*skeleton(), u(20, lastLogon=text("soon")))
    run.ingest.refresh(g(20), {"lastLogon": text("8")})
    assert run.tables() == tables_of(tmp_path, *skeleton(), u(20, lastLogon=text("8")))


def test_an_object_read_after_it_was_refreshed_is_as_it_was_read(run: Run, tmp_path: Path) -> None:
    run.add(*skeleton(), u(20))
    run.ingest.refresh(g(20), {"lastLogon": text("8")})
    run.add(u(20, lastLogon=text("9")))
    assert run.tables() == tables_of(tmp_path, *skeleton(), u(20, lastLogon=text("9")))


@pytest.mark.parametrize("values", [["x"], ["007"], ["1", "2"], [str(2**63)]])
def test_a_value_that_cannot_be_refreshed_is_refused(run: Run, values: list[str]) -> None:
    with pytest.raises(ValueError, match=r"plain integer|64 bits|invalid"):
        run.ingest.refresh(g(20), {"lastLogon": text(*values)})


def test_what_is_held_is_one_row_for_each_object_as_read_last(run: Run) -> None:
    run.add(*skeleton(), u(20, uSNChanged=text("10")), u(21), u(22, sddl=""))
    none_gone, objects = run.ingest.held().changes()
    before = {row["guid"]: row for row in objects.to_pylist()}
    run.add(user(20, "renamed", 1120, uSNChanged=text("11")))
    run.ingest.drop([g(21)])
    gone, objects = run.ingest.held().changes()
    after = {row["guid"]: row for row in objects.to_pylist()}
    assert (before[g(20)]["dn"], before[g(20)]["usn_changed"]) == (dn(20), 10)
    assert (after[g(20)]["dn"], after[g(20)]["usn_changed"]) == (f"CN=renamed,CN=Users,{BASE}", 11)
    assert before[g(20)]["sd"] == after[g(20)]["sd"] == before[g(21)]["sd"]
    assert before[g(22)]["sd"] is None
    assert (none_gone, sorted(gone), list(after)) == ([], [g(20), g(21)], [g(20)])
    assert run.ingest.held().changes().objects.num_rows == 0


def test_neighbours_are_what_an_object_names_and_what_names_it(run: Run) -> None:
    run.add(
        *skeleton(),
        u(20, memberOf=text(f"CN=G,CN=Users,{BASE}")),
        u(21, manager=text(dn(20).upper())),
        u(22, seeAlso=text(dn(21))),
        u(23, directReports=text(dn(22))),
        group(30, "G", 1200, member=text(dn(20))),
    )
    held = run.ingest.held()
    assert held.neighbours([g(20)]) == {g(21), g(30)}
    assert held.neighbours([g(22)]) == {g(21), g(23)}
    assert held.neighbours([g(30), g(23)]) == {g(20), g(22)}
    assert held.neighbours([]) == set()


def test_objects_are_found_below_others_at_any_depth(run: Run) -> None:
    unit = f"OU=Soins,{BASE}"
    run.add(
        *skeleton(),
        entry(40, unit, "organizationalUnit"),
        entry(41, f"OU=Nuit\\, jour,{unit}", "organizationalUnit"),
        entry(42, f"CN=x,ou=NUIT\\, jour,{unit}", "contact"),
        entry(43, f"CN=y,OU=Autres Soins,{BASE}", "contact"),
        entry(44, f"OU=Secret,{BASE}", "organizationalUnit", objectGUID=[]),
        entry(45, f"CN=z,OU=Secret,{BASE}", "contact"),
    )
    held = run.ingest.held()
    assert held.below([f"OU=Secret,{BASE}"]) == {g(45)}
    assert held.below([g(40)]) == {g(41), g(42)}
    assert held.below([g(40), g(41)]) == {g(42)}
    assert held.below([g(43)]) == set()
