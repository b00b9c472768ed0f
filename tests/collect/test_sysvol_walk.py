"""SYSVOL of servers that Samba is not: hostile names, folders without end, locked files, lines that break."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from adaudit.collect import sysvol_walk
from adaudit.collect.authentication import ClientCertificate, Simple
from adaudit.collect.log import CollectionLog
from adaudit.collect.smb import Listed, LoginRefused, SmbLost, SmbRefused
from adaudit.collect.sysvol import SysvolReader
from adaudit.collect.sysvol_walk import Reading, read_sysvol
from adaudit.decode.group_policy import Setting
from adaudit.decode.sddl import from_sddl
from adaudit.ingest.files import FILE_TABLES

BASE = "DC=chu,DC=example"
POLICY = r"chu.example\Policies\{31B2F340-016D-11D2-945F-00C04FB984F9}"
DESCRIPTOR = from_sddl("O:BAG:SYD:(A;;FA;;;BA)", "S-1-5-21-1-2-3")
DENIED, LOCKED = 0xC0000022, 0xC0000043


@dataclass
class Server:
    """Answers as a session does: a content for a file, names for a folder, an error for what it will not give."""

    tree: dict[str, bytes | list[str] | Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def list(self, folder: str) -> Generator[Listed, None, None]:
        self.asked.append(folder)
        names = self.tree.get(folder, [])
        if isinstance(names, Exception):
            raise names
        for name in names:
            assert isinstance(name, str)
            inside = self.tree.get(f"{folder}\\{name}", [])
            is_folder = "." not in name
            size = len(inside) if isinstance(inside, bytes) else 0
            yield Listed(name, is_folder, name.startswith("link"), size, datetime(2026, 1, 2))

    def read(self, file: str) -> Generator[bytes, None, None]:
        self.asked.append(file)
        content = self.tree[file]
        if isinstance(content, Exception):
            raise content
        assert isinstance(content, bytes)
        for start in range(0, len(content), 10):
            yield content[start : start + 10]

    def descriptor(self, path: str) -> bytes:
        return DESCRIPTOR


class Taken:
    """Takes what an ingestion would."""

    def __init__(self) -> None:
        self.files: list[dict[str, Any]] = []
        self.settings: list[str] = []
        self.gaps: list[tuple[str, str, str, str, str, str]] = []

    def sysvol_file(self, domain: str, path: str, **facts: Any) -> None:
        self.files.append({"path": path, **facts})

    def gpo_setting(self, domain: str, path: str, position: int, setting: Setting) -> None:
        self.settings.append(setting.value)

    def sysvol_gap(self, domain: str, status: str, reason: str, **where: Any) -> None:
        for table in where.get("tables", FILE_TABLES):
            place = where.get("path", ""), where["detail"]
            self.gaps.append((table, where.get("column", "*"), status, reason, *place))

    def told(self, reason: str) -> set[tuple[str, str, str]]:
        return {(table, column, status) for table, column, status, why, *_ in self.gaps if why == reason}


def walked(server: Server) -> tuple[Reading, Taken]:
    taken = Taken()
    return read_sysvol(server, "chu.example", BASE, taken), taken


def everything(status: str) -> set[tuple[str, str, str]]:
    return {(table, "*", status) for table in FILE_TABLES}


def of_scripts(status: str) -> set[tuple[str, str, str]]:
    return {("sysvol_files", "*", status), ("gpo_settings", "is_secret", status)}


@pytest.mark.parametrize(
    "name",
    [r"..\..\Windows", "a/b", "nul\0", "file:stream", "*", "\ud800", "", "x" * 256, "tab\t", "\x7f"],
    ids=["up", "slash", "NUL", "stream", "star", "surrogate", "empty", "long", "control", "delete"],
)
def test_a_name_that_cannot_be_asked_for_is_told_and_not_asked_for(name: str) -> None:
    server = Server({"chu.example": ["scripts"], r"chu.example\scripts": [name, "sain.txt"]})
    server.tree[r"chu.example\scripts\sain.txt"] = b"rien"
    _, taken = walked(server)
    assert server.asked == ["chu.example", r"chu.example\scripts", r"chu.example\scripts\sain.txt"]
    assert [row["path"] for row in taken.files] == server.asked
    assert taken.told("malformed") == of_scripts("failed")


def test_a_name_listed_twice_is_read_once() -> None:
    server = Server({"chu.example": ["a.txt", "a.txt"], r"chu.example\a.txt": b"rien"})
    _, taken = walked(server)
    assert server.asked.count(r"chu.example\a.txt") == 1
    assert taken.told("malformed") == everything("failed")


def test_a_link_is_listed_and_not_followed() -> None:
    server = Server({"chu.example": ["scripts"], r"chu.example\scripts": ["link"]})
    _, taken = walked(server)
    assert r"chu.example\scripts\link" not in server.asked
    assert taken.files[-1]["error"] == "a link, which is not followed"
    assert taken.told("server_error") == of_scripts("not_attempted")


def test_a_folder_in_itself_without_end_is_left_at_a_depth() -> None:
    class Endless(Server):
        def list(self, folder: str) -> Generator[Listed, None, None]:
            yield Listed("encore", is_folder=True, is_link=False, size=0, modified_at=None)

    reading, taken = walked(Endless())
    assert reading.problem is None
    assert len(taken.files) == sysvol_walk.DEEPEST + 1
    assert taken.told("too_large") == of_scripts("truncated")


def test_a_listing_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(Server):
        def list(self, folder: str) -> Generator[Listed, None, None]:
            for number in range(10**9):
                yield Listed(f"{number}.txt", is_folder=False, is_link=False, size=0, modified_at=None)

    monkeypatch.setattr(sysvol_walk, "MOST_ENTRIES", 500)
    reading, taken = walked(Endless())
    assert reading.problem == "more than 500 files and folders"
    assert taken.told("too_large") == everything("truncated")


def test_a_file_too_large_to_decode_is_hashed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysvol_walk, "LARGEST_DECODED", 20)
    server = Server({"chu.example": ["Policies"], r"chu.example\Policies": [POLICY.rpartition("\\")[2]]})
    server.tree |= {POLICY: ["GPT.INI"], rf"{POLICY}\GPT.INI": b"[General]\r\nVersion=7\r\n"}
    _, taken = walked(server)
    assert taken.files[-1]["sha256"]
    assert taken.settings == []
    assert taken.told("too_large") == {("gpo_settings", "*", "truncated")}


def test_a_file_without_end_is_not_read_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(Server):
        def read(self, file: str) -> Generator[bytes, None, None]:
            for _ in range(10**9):
                yield bytes(100)

    monkeypatch.setattr(sysvol_walk, "LARGEST_HASHED", 5000)
    _, taken = walked(Endless({"chu.example": ["image.iso"]}))
    assert taken.files[-1]["sha256"] is None
    assert taken.told("too_large") == {("sysvol_files", "sha256", "truncated")}


@pytest.mark.parametrize(
    ("status", "expected"), [(DENIED, ("denied", "no_read_right")), (LOCKED, ("failed", "server_error"))]
)
def test_a_file_that_cannot_be_read_hides_its_settings_and_no_others(status: int, expected: tuple[str, str]) -> None:
    server = Server({"chu.example": ["Policies"], r"chu.example\Policies": [POLICY.rpartition("\\")[2]]})
    server.tree |= {POLICY: ["GPT.INI", "Registry.pol"], rf"{POLICY}\GPT.INI": b"[General]\r\nVersion=7\r\n"}
    server.tree[rf"{POLICY}\Registry.pol"] = SmbRefused(status, place="dc1")
    reading, taken = walked(server)
    assert reading.problem is None
    places = {(table, column, told, why) for table, column, told, why, path, _ in taken.gaps}
    assert places == {("sysvol_files", "sha256", *expected), ("gpo_settings", "*", *expected)}
    assert {path for *_, path, _ in taken.gaps} == {rf"{POLICY}\Registry.pol"}
    assert taken.settings == ["7"]
    assert taken.files[-1]["error"] in ("STATUS_ACCESS_DENIED", "STATUS_SHARING_VIOLATION")


@pytest.mark.parametrize("folder", [r"chu.example\scripts", rf"{POLICY}\User"])
def test_a_script_that_cannot_be_read_hides_its_secrets_and_no_setting(folder: str) -> None:
    server = Server({"chu.example": ["Policies", "scripts"], r"chu.example\Policies": [POLICY.rpartition("\\")[2]]})
    server.tree |= {POLICY: ["User"], folder: ["ouverture.cmd"]}
    server.tree[rf"{folder}\ouverture.cmd"] = SmbRefused(DENIED, place="dc1")
    _, taken = walked(server)
    assert taken.told("no_read_right") == {
        ("sysvol_files", "sha256", "denied"),
        ("gpo_settings", "is_secret", "denied"),
    }


def test_a_folder_of_scripts_that_cannot_be_listed_hides_no_setting_of_a_policy() -> None:
    server = Server({"chu.example": ["scripts"], r"chu.example\scripts": SmbRefused(DENIED, place="dc1")})
    _, taken = walked(server)
    assert taken.told("no_read_right") == of_scripts("denied")


@pytest.mark.parametrize(
    "name",
    [
        "Groups.xml.bak",
        "Groups.xml~",
        "unattend.xml",
        "sysprep.inf_old",
        "ouverture.cmd.20240102",
        "poste.json",
        "cle.pem",
    ],
)
def test_copies_of_files_and_answers_of_installers_are_searched_for_secrets(name: str) -> None:
    server = Server({"chu.example": ["scripts"], r"chu.example\scripts": [name]})
    server.tree[rf"chu.example\scripts\{name}"] = b'<Properties cpassword="abcd" />'
    _, taken = walked(server)
    assert taken.settings == ['<Properties cpassword="******" />']


def test_an_encoded_script_is_told_as_not_read() -> None:
    server = Server({"chu.example": ["scripts"], r"chu.example\scripts": ["ouverture.vbe"]})
    server.tree[r"chu.example\scripts\ouverture.vbe"] = b"#@~^FgAAAA==dOM,'PrT+r@#@&xAcAAA==^#~@"
    _, taken = walked(server)
    assert taken.told("malformed") == {("gpo_settings", "is_secret", "failed")}


def test_a_damaged_file_of_settings_is_kept_and_told() -> None:
    server = Server({"chu.example": ["Policies"], r"chu.example\Policies": [POLICY.rpartition("\\")[2]]})
    server.tree |= {POLICY: ["Registry.pol"], rf"{POLICY}\Registry.pol": b"PReg\1\0\0\0[\0X\0"}
    _, taken = walked(server)
    assert taken.files[-1]["sha256"]
    assert taken.told("malformed") == {("gpo_settings", "*", "failed")}


def test_folders_of_policies_that_cannot_be_listed_leave_the_whole_domain_unknown() -> None:
    server = Server({"chu.example": ["Policies"]})
    server.tree[r"chu.example\Policies"] = SmbRefused(DENIED, place="dc1")
    _, taken = walked(server)
    assert taken.told("no_read_right") == everything("denied")
    assert {path for *_, path, _ in taken.gaps} == {""}


def test_the_folder_of_the_replication_service_is_left_alone() -> None:
    server = Server({"chu.example": ["DfsrPrivate", "scripts"]})
    walked(server)
    assert server.asked == ["chu.example", r"chu.example\scripts"]


def test_a_session_lost_on_the_way_leaves_what_was_read() -> None:
    server = Server({"chu.example": ["a.txt", "b.txt"], r"chu.example\a.txt": b"lu"})
    server.tree[r"chu.example\b.txt"] = SmbLost("no answer in time", place="dc1")
    reading, taken = walked(server)
    assert reading.problem == "no answer in time"
    assert [row["path"] for row in taken.files] == ["chu.example", r"chu.example\a.txt"]
    assert taken.told("interrupted") == everything("failed")
    assert {path for *_, path, _ in taken.gaps} == {""}


def reader(taken: Taken, folder: Path, credentials: Simple | ClientCertificate) -> SysvolReader:
    return SysvolReader(credentials, taken, CollectionLog(folder / "log"), timeout=2)


def test_without_a_way_to_log_in_nothing_is_tried_and_it_is_no_failure(tmp_path: Path) -> None:
    taken = Taken()
    certificate = ClientCertificate(tmp_path / "absent.pem")
    assert reader(taken, tmp_path, certificate).read("dc1", "chu.example", BASE, address="127.0.0.1") == []
    assert taken.told("no_session") == everything("not_attempted")


def test_a_server_that_does_not_answer_is_a_failure(tmp_path: Path) -> None:
    taken = Taken()
    credentials = Simple("auditeur@chu.example", "x")
    [problem] = reader(taken, tmp_path, credentials).read("dc1", "chu.example", BASE, address="127.0.0.250")
    assert problem.startswith("SYSVOL: dc1:445: ")
    assert taken.told("no_session") == everything("failed")


def test_after_a_refused_login_no_other_server_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def refuse(host: str, *_: object, **__: object) -> None:
        tried.append(host)
        raise LoginRefused("wrong user name or password", place=host)

    monkeypatch.setattr("adaudit.collect.sysvol.SmbSession", refuse)
    taken = Taken()
    sysvol = reader(taken, tmp_path, Simple("auditeur@chu.example", "x"))
    assert sysvol.read("dc1", "chu.example", BASE)
    taken.gaps.clear()
    sysvol.read("dc2", "labo.chu.example", f"DC=labo,{BASE}")
    assert tried == ["dc1"]
    assert taken.told("no_session") == everything("denied")
