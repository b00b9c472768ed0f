"""The journal: what it keeps, what it never keeps, whose it is, and what a crash leaves of it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaudit.collect.intake import Intake
from adaudit.collect.journal import Journal, Origin, folder_of, stands_in
from adaudit.collect.messages import decode_entry, encode_entry, read_envelope
from adaudit.collect.scope import Scope
from adaudit.errors import IncompleteError, UsageError
from adaudit.ingest.ingest import Ingest
from adaudit.schema.requests import SECRET_ATTRIBUTES
from adaudit.snapshot import SourceInfo

REQUEST = {"server": "dc1.corp.test", "account": "auditeur@corp.test"}
SECRET = b"a secret of the directory"

NAMES = st.text(st.sampled_from("abcdefgh-"), min_size=1, max_size=12)
ATTRIBUTES = st.dictionaries(NAMES, st.lists(st.binary(max_size=200), min_size=1, max_size=3), max_size=5)


def entry(number: int) -> bytes:
    return encode_entry(f"CN={number},DC=corp,DC=test", {"cn": [b"%d" % number], "description": [bytes(500)]})


def write(output: Path, *pages: list[int]) -> None:
    with Journal(output, REQUEST) as journal:
        for page in pages:
            for number in page:
                journal.append(entry(number))
            journal.flush()


def replayed(output: Path) -> list[bytes]:
    with Journal(output, REQUEST) as journal:
        return [decode_entry(envelope)[1]["cn"][0] for envelope in journal.replay()]


@given(st.text(max_size=60), ATTRIBUTES)
def test_an_entry_that_is_encoded_again_says_the_same(dn: str, attributes: dict[str, list[bytes]]) -> None:
    told = {name: list(values) for name, values in attributes.items()}
    assert decode_entry(read_envelope(encode_entry(dn, told))) == (dn, attributes)


def test_what_was_read_comes_back_in_its_order_and_more_can_follow(tmp_path: Path) -> None:
    output = tmp_path / "x.adsnap"
    write(output, [1, 2, 3], [4])
    with Journal(output, REQUEST) as journal:
        assert len(list(journal.replay())) == 4
        journal.append(entry(5))
        journal.flush()
    assert replayed(output) == [b"1", b"2", b"3", b"4", b"5"]


@pytest.mark.parametrize("lost", [1, 300, 500, 700])
def test_a_page_that_a_crash_left_unfinished_is_cut_off(tmp_path: Path, lost: int) -> None:
    output = tmp_path / "x.adsnap"
    write(output, [1, 2], [3, 4])
    entries = folder_of(output) / "entries"
    os.truncate(entries, entries.stat().st_size - lost)
    assert replayed(output) == [b"1", b"2"]
    with Journal(output, REQUEST) as journal:
        list(journal.replay())
        journal.append(entry(9))
        journal.flush()
    assert replayed(output) == [b"1", b"2", b"9"]


def test_a_page_that_a_power_cut_left_as_zeros_is_cut_off(tmp_path: Path) -> None:
    output = tmp_path / "x.adsnap"
    write(output, [1, 2], [3, 4])
    entries = folder_of(output) / "entries"
    content = bytearray(entries.read_bytes())
    content[-600:] = bytes(600)
    entries.write_bytes(content)
    assert replayed(output) == [b"1", b"2"]


def test_only_the_owner_may_look(tmp_path: Path) -> None:
    output = tmp_path / "x.adsnap"
    with Journal(output, REQUEST) as journal:
        journal.append(entry(1))
        journal.flush()
        journal.unsettle(["a"])
    folder = folder_of(output)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    folder_of(tmp_path / "x.adsnap").mkdir(mode=0o755)
    with pytest.raises(UsageError, match="not a folder of yours alone"):
        Journal(tmp_path / "x.adsnap", REQUEST)


def test_nothing_is_left_of_a_journal_without_objects_or_with_a_complete_snapshot(tmp_path: Path) -> None:
    with Journal(tmp_path / "x.adsnap", REQUEST) as journal:
        journal.unsettle(["a"])
    assert list(tmp_path.iterdir()) == []
    with Journal(tmp_path / "x.adsnap", REQUEST) as journal:
        journal.append(entry(1))
        journal.flush()
        journal.finish()
    assert list(tmp_path.iterdir()) == []


def test_the_journal_of_another_request_is_refused_and_kept(tmp_path: Path) -> None:
    output = tmp_path / "x.adsnap"
    write(output, [1])
    with pytest.raises(UsageError, match=r"asked for differently \(account\).*--overwrite"):
        Journal(output, {**REQUEST, "account": "other@corp.test"})
    assert replayed(output) == [b"1"]


def test_overwrite_begins_anew_where_another_request_was(tmp_path: Path) -> None:
    output = tmp_path / "x.adsnap"
    write(output, [1])
    with Journal(output, {**REQUEST, "account": "other@corp.test"}, overwrite=True) as journal:
        assert journal.is_empty
    assert list(tmp_path.iterdir()) == []


def test_overwrite_goes_on_with_the_same_request(tmp_path: Path) -> None:
    output = tmp_path / "x.adsnap"
    write(output, [1])
    with Journal(output, REQUEST, overwrite=True) as journal:
        assert len(list(journal.replay())) == 1


def test_two_processes_do_not_share_a_journal(tmp_path: Path) -> None:
    output = tmp_path / "x.adsnap"
    other = (
        "import sys; from pathlib import Path; from adaudit.collect.journal import Journal; "
        f"j = Journal(Path({str(output)!r}), {REQUEST!r}); j.append(b'0'); j.flush(); print(); sys.stdin.read()"
    )
    process = subprocess.Popen([sys.executable, "-c", other], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    with pytest.raises(UsageError, match="another process is at work"):
        Journal(output, REQUEST)
    process.kill()
    process.communicate()
    with Journal(output, REQUEST) as journal:
        assert not journal.is_empty


def test_what_is_unsettled_and_where_objects_came_from_outlives_the_process(tmp_path: Path) -> None:
    output = tmp_path / "x.adsnap"
    origin = Origin(service="CN=NTDS Settings", invocation_id="a", highest_usn=7, token="b")
    with Journal(output, REQUEST) as journal:
        journal.append(entry(1))
        journal.flush()
        journal.unsettle(["one"])
        journal.unsettle(["two"])
        journal.begin("DC=corp,DC=test", origin)
    with Journal(output, REQUEST) as journal:
        assert journal.unsettled == {"one", "two"}
        assert journal.origin("DC=corp,DC=test") == origin
        journal.restart()
        assert journal.is_empty
        assert journal.unsettled == frozenset()
        assert journal.origin("DC=corp,DC=test") is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"invocation_id": "other"}, "begun with"),
        ({"highest_usn": 6}, "older"),
        ({"token": "other"}, "other groups"),
        ({}, None),
    ],
)
def test_what_came_from_another_database_or_account_does_not_compare(
    change: dict[str, object], told: str | None
) -> None:
    before = Origin(service="CN=NTDS Settings", invocation_id="a", highest_usn=7, token="b")
    difference = before.model_copy(update=change).difference(before)
    assert (told in difference) if told and difference else difference is told


def test_only_the_snapshot_that_a_journal_left_may_be_replaced(tmp_path: Path) -> None:
    output = tmp_path / "x.adsnap"
    with Journal(output, REQUEST) as journal:
        journal.append(entry(1))
        journal.flush()
        output.write_bytes(b"incomplete")
        journal.sealed(output)
    assert stands_in(output)
    output.write_bytes(b"precious")
    assert not stands_in(output)


def test_a_full_disk_is_one_error(tmp_path: Path) -> None:
    with Journal(tmp_path / "x.adsnap", REQUEST) as journal:
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, journal._entries.fileno())
        os.close(full)
        journal.append(entry(1))
        with pytest.raises(IncompleteError, match=os.strerror(errno.ENOSPC)):
            journal.flush()


def test_no_secret_and_nothing_excluded_reaches_the_disk(tmp_path: Path) -> None:
    output = tmp_path / "x.adsnap"
    secrets = {name.upper(): [SECRET, SECRET] for name in sorted(SECRET_ATTRIBUTES)}
    told = {
        "objectClass": [b"top"],
        "cn": [b"x"],
        "employeeID": [b"private"],
        "userPassword;binary": [SECRET],
        **secrets,
    }
    message = read_envelope(encode_entry("CN=x,DC=corp,DC=test", told))
    with (
        Journal(output, REQUEST) as journal,
        Ingest(output, source=SourceInfo(kind="ldap", tool="test")) as ingest,
    ):
        intake = Intake(ingest, journal, Scope(excluded=("employeeID",)))
        _, taken = intake.take(message, None, ())
        journal.flush()
        (kept,) = journal.replay()
        assert decode_entry(kept) == ("CN=x,DC=corp,DC=test", taken)
    assert "employeeID" not in taken
    assert {name.lower() for name in taken} > SECRET_ATTRIBUTES
    written = (folder_of(output) / "entries").read_bytes()
    assert SECRET not in written
    assert b"private" not in written


def test_a_link_in_the_place_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    folder_of(tmp_path / "x.adsnap").symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(UsageError, match="not a folder of yours alone"):
        write(tmp_path / "x.adsnap", [1])
    assert list(elsewhere.iterdir()) == []
