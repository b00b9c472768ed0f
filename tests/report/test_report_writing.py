"""Files of a report: private, whole, or not there."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from adaudit.errors import UsageError
from adaudit.report.writing import FILES, write_report
from tests.report.audits import full_audit, hostile_audit

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")


def test_the_three_files_are_written_and_the_page_returned(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "out"
    assert write_report(full_audit(), folder, "fr") == folder / "report.html"
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)


@posix
def test_only_the_owner_may_read_them(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        write_report(full_audit(), tmp_path / "out", "fr")
    finally:
        os.umask(previous)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700
    assert {stat.S_IMODE((tmp_path / "out" / name).stat().st_mode) for name in FILES} == {0o600}


def test_a_second_report_replaces_the_first_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("à garder", encoding="utf-8")
    (tmp_path / "findings.json").write_text("{", encoding="utf-8")
    write_report(full_audit(), tmp_path, "fr")
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "à garder"
    assert (tmp_path / "findings.json").read_text(encoding="utf-8").startswith('{\n "format": 1')
    assert len(list(tmp_path.iterdir())) == 4


@posix
def test_a_link_left_in_the_folder_is_not_written_through(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text("intact", encoding="utf-8")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.html").symlink_to(target)
    write_report(full_audit(), tmp_path / "out", "fr")
    assert target.read_text(encoding="utf-8") == "intact"


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="out"):
        write_report(full_audit(), tmp_path / "out", "fr")


def test_the_same_audit_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_report(hostile_audit(), tmp_path / folder, "fr")
    for name in FILES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
