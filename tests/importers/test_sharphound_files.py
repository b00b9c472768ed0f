"""Reading the files of a SharpHound archive: its versions, its oddities, and what must be refused."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaudit.errors import InputError
from adaudit.importers import json_stream, sharphound_archive
from adaudit.importers.json_stream import JsonStream
from adaudit.importers.sharphound import read_observations
from adaudit.importers.sharphound_records import LOCAL_GROUPS, SESSIONS, LocalMember, Observations, Session, Sid
from tests.importers.sharphound_material import answer, content, group, principal, session, zipped

PC = "S-1-5-21-1-2-3-1101"
USER = "S-1-5-21-1-2-3-1201"


def read(tmp_path: Path, *files: bytes) -> Observations:
    return read_observations(zipped(tmp_path / "x.zip", **{f"part{n}": data for n, data in enumerate(files)}))


def at(sid: str, domain: str | None = None) -> Sid:
    return Sid(sid, domain)


def test_sessions_of_every_origin_are_told_apart(tmp_path: Path) -> None:
    told = {
        "Sessions": answer(session(PC, USER)),
        "PrivilegedSessions": answer(session(PC, USER, LogonType=2)),
        "RegistrySessions": answer(session(PC, USER)),
    }
    found = read(
        tmp_path,
        content("computers", {"ObjectIdentifier": PC, **told}),
        content("sessions", session(PC, USER, LogonType=10)),
    )
    assert {(s.origin, s.logon_type) for s in found.sessions} == {
        ("sessions", None),
        ("privileged_sessions", 2),
        ("registry_sessions", None),
        ("file", 10),
    }
    assert {(s.computer, s.user) for s in found.sessions} == {(at(PC), at(USER))}


def test_local_groups_are_those_that_give_something_with_the_right_to_log_on_remotely(tmp_path: Path) -> None:
    groups = [group(PC, rid, USER) for rid in (544, 545, 551, 555, 562, 580)]
    rights = [
        {**answer(principal(USER)), "Privilege": "SeRemoteInteractiveLogonRight", "LocalNames": []},
        {**answer(principal(USER)), "Privilege": "SeDebugPrivilege", "LocalNames": []},
    ]
    found = read(tmp_path, content("computers", {"ObjectIdentifier": PC, "LocalGroups": groups, "UserRights": rights}))
    assert found.members == {
        *(LocalMember(at(PC), rid, None, at(USER)) for rid in (544, 551, 555, 562, 580)),
        LocalMember(at(PC), None, "SeRemoteInteractiveLogonRight", at(USER)),
    }


def test_legacy_files_have_a_field_for_each_group(tmp_path: Path) -> None:
    told = {"LocalAdmins": answer(principal(USER)), "DcomUsers": answer(principal(USER)), "PSRemoteUsers": None}
    found = read(tmp_path, content("computers", {"ObjectIdentifier": PC, **told}, version=4))
    assert {member.group_rid for member in found.members} == {544, 562}


def test_files_of_local_groups_alone_name_the_computer_in_the_identifier(tmp_path: Path) -> None:
    found = read(tmp_path, content("localgroups", group(PC, 544, USER)))
    assert found.members == {LocalMember(at(PC), 544, None, at(USER))}


def test_a_byte_order_mark_other_cases_of_keys_nulls_and_split_files_are_taken(tmp_path: Path) -> None:
    odd = {
        "OBJECTIDENTIFIER": PC.lower(),
        "sessions": {"COLLECTED": True, "results": [{"usersid": USER, "COMPUTERSID": PC}]},
    }
    nulls = {"ObjectIdentifier": PC, "Sessions": None, "LocalGroups": None, "UserRights": None, "Status": None}
    first = b"\xef\xbb\xbf" + content("computers", odd)
    found = read(
        tmp_path, first, content("computers", nulls), json.dumps({"meta": {"type": "users"}, "data": None}).encode()
    )
    assert found.sessions == {Session(at(PC), at(USER), None, "sessions")}
    assert found.asked == {(SESSIONS, PC): None}


def test_a_count_that_was_left_at_zero_says_nothing(tmp_path: Path) -> None:
    assert len(read(tmp_path, content("sessions", session(PC, USER), count=0)).sessions) == 1


def test_a_json_file_alone_is_an_archive_of_one(tmp_path: Path) -> None:
    path = tmp_path / "computers.json"
    path.write_bytes(content("computers", {"ObjectIdentifier": PC, "Sessions": answer(session(PC, USER))}))
    assert len(read_observations(path).sessions) == 1


def test_well_known_members_bear_their_domain(tmp_path: Path) -> None:
    members = ("CORP.TEST-S-1-5-11", "S-1-5-32-544")
    found = read(tmp_path, content("computers", {"ObjectIdentifier": PC, "LocalGroups": [group(PC, 544, *members)]}))
    assert {member.member for member in found.members} == {at("S-1-5-11", "CORP.TEST"), at("S-1-5-32-544")}


def test_identities_that_are_no_sid_are_counted(tmp_path: Path) -> None:
    told = {"ObjectIdentifier": PC, "Sessions": answer(session(PC, "BOB@CORP.TEST"), session(PC, None))}
    found = read(tmp_path, content("computers", told, {"ObjectIdentifier": "PC01"}))
    assert found.sessions == set()
    assert found.unusable == 3


def test_a_computer_that_failed_is_told_with_its_reason_and_one_that_answered_once_has_answered(tmp_path: Path) -> None:
    down = {"ObjectIdentifier": PC, "Status": {"Connectable": False, "Error": "PwdLastSetOutOfRange"}}
    silent = {**down, "Sessions": answer(failure="NotConnectable"), "LocalGroups": [group(PC, 544, failure="x")]}
    assert read(tmp_path, content("computers", silent)).asked == {
        (SESSIONS, PC): "PwdLastSetOutOfRange",
        (LOCAL_GROUPS, PC): "PwdLastSetOutOfRange",
    }
    refused = {"ObjectIdentifier": PC, "PrivilegedSessions": answer(failure="ErrorAccessDenied"), "Sessions": answer()}
    assert read(tmp_path, content("computers", refused)).asked == {(SESSIONS, PC): None}
    not_asked = {"ObjectIdentifier": PC, "Sessions": {"Collected": False, "FailureReason": None, "Results": []}}
    assert read(tmp_path, content("computers", not_asked)).asked == {}


def test_fields_of_other_types_tell_nothing(tmp_path: Path) -> None:
    """A user file with the fields of computers is a user file."""
    users = content("users", {"ObjectIdentifier": USER, "Sessions": answer(session(PC, USER))}, session(PC, USER))
    assert read(tmp_path, users, content("computers")).sessions == set()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "'{' is expected"),
        (b"[]", "'{' is expected"),
        (b'{"data":[', "element 1: is not JSON"),
        (b'{"data":[{}', "',' is expected"),
        (b'{"data":[{}],"meta":{"type":"computers","version":6,"count":1}} x', "something follows"),
        (b'{"data":[]}', "not a file of a collection"),
        (b'{"meta":{"type":"computers","version":6}}', "not a file of a collection"),
        (b'{"data":[],"data":[],"meta":{}}', "each once"),
        (b'{"data":[NaN],"meta":{}}', "is not JSON"),
        (b'{"data":[7],"meta":{"type":"computers","version":6}}', "element 1: an object is expected"),
        (b'{"data":[],"meta":[]}', "'meta' is not an object"),
        (b'{"data":["\xff"],"meta":{}}', "is not UTF-8"),
        (b'{"data":[{"a":' + b"[" * 200_000, "is not JSON"),
        (b'{"data":[' + b"1" * 5000 + b'],"meta":{}}', "is not JSON"),
        (content("computers", version=7), "meta.version is 7"),
        (content("computers", version=None), "meta.version is None"),
        (content("nothing"), "meta.type is not one"),
        (content("computers", count=2), "declares 2 objects and holds 0"),
        (content("computers", {"ObjectIdentifier": PC, "Sessions": []}), "element 1: sessions: an object is expected"),
        (content("computers", {"ObjectIdentifier": PC, "LocalGroups": {}}), "localgroups: a list is expected"),
        (content("computers", {"ObjectIdentifier": PC, "LocalGroups": [1]}), "localgroups: an object is expected"),
    ],
)
def test_a_file_that_is_not_sharphounds_is_refused_with_its_place(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(InputError) as refusal:
        read(tmp_path, data)
    assert message in str(refusal.value)
    assert "x.zip, 20261101120000_part0.json" in refusal.value.place


def test_an_archive_without_computers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file of computers"):
        read(tmp_path, content("users"))
    with pytest.raises(InputError, match="no file of computers"):
        read(tmp_path)


def test_an_archive_within_the_archive_is_refused(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", computers=content("computers"))
    with pytest.raises(InputError, match="an archive within the archive"):
        read(tmp_path, inner.read_bytes())


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", computers=content("computers", {"ObjectIdentifier": PC, "text": "a" * 5000}))
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with pytest.raises(InputError, match="damaged"):
        read_observations(path)
    path.write_bytes(whole[:80] + b"\0\0\0\0" + whole[84:])
    with pytest.raises(InputError, match="damaged"):
        read_observations(path)


def test_a_zip_bomb_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.json", "w") as file:
        for _ in range(80):
            file.write(b" " * (1 << 20))
    with pytest.raises(InputError, match="expands more than 200 times"):
        read_observations(tmp_path / "x.zip")


def test_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = content("computers", {"ObjectIdentifier": PC, "text": "a" * 3_000_000})
    with monkeypatch.context() as patched:
        patched.setattr(json_stream, "MAX_ELEMENT_CHARS", 1_000_000)
        with pytest.raises(InputError, match="element 1: more than 1000000 characters"):
            read(tmp_path, data)
    with monkeypatch.context() as patched:
        patched.setattr(sharphound_archive, "MAX_FILES", 1)
        with pytest.raises(InputError, match="holds 2 files"):
            read(tmp_path, data, data)
    monkeypatch.setattr(sharphound_archive, "MAX_TOTAL_BYTES", 1000)
    with pytest.raises(InputError, match="expands to more than 1000 bytes"):
        read(tmp_path, data)


class Drops:
    """Hands out a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data, self._size = data, size

    def read(self, size: int) -> bytes:
        taken, self._data = self._data[: self._size], self._data[self._size :]
        return taken


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(values, max_size=6), st.integers(1, 9), st.booleans())
def test_elements_are_those_of_json_wherever_the_file_is_cut(data: list[object], size: int, spaced: bool) -> None:
    text = json.dumps({"data": data, "meta": {"type": "x"}}, indent=2 if spaced else None, ensure_ascii=False)
    stream = JsonStream(Drops(text.encode("utf-8", "surrogatepass"), size), "x")
    assert list(stream.elements()) == data
    assert stream.meta == {"type": "x"}
    assert stream.count == len(data)
