"""``adaudit samples generate``."""

from __future__ import annotations

from pathlib import Path

import pytest

from adaudit.cli.main import run
from adaudit.samples import HOSPITALS, read_truth
from adaudit.snapshot import open_snapshot


def test_it_writes_the_snapshot_and_its_truth_and_says_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "folder"
    assert run(["samples", "generate", "--hospital", "hl-troisormes", "--accounts", "120", "-o", str(folder)]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines() == [str(folder / "hl-troisormes.adsnap")]
    assert told.err == ""
    with open_snapshot(folder / "hl-troisormes.adsnap") as snapshot:
        assert snapshot.manifest.source.kind == "samples"
        assert snapshot.manifest.source.account_sid is not None
        assert snapshot.manifest.complete
    assert read_truth(folder / "hl-troisormes.truth.toml").accounts == 120


def test_all_hospitals_come_with_the_list_of_who_works_in_several(tmp_path: Path) -> None:
    assert run(["samples", "generate", "--accounts", "150", "--seed", "9", "-o", str(tmp_path)]) == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"shared-staff.csv"} | {f"{name}.{kind}" for name in HOSPITALS for kind in ("adsnap", "truth.toml")}


def test_it_replaces_nothing_unless_told_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["samples", "generate", "--hospital", "hl-troisormes", "--accounts", "100", "-o", str(tmp_path)]
    present = tmp_path / "hl-troisormes.adsnap"
    present.write_bytes(b"mine")
    assert run(command) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert present.read_bytes() == b"mine"
    assert run([*command, "--overwrite"]) == 0


@pytest.mark.parametrize("wrong", [["--hospital", "nowhere"], ["--accounts", "3"], ["--seed", "x"]])
def test_a_wrong_option_is_a_usage_error(wrong: list[str], tmp_path: Path) -> None:
    assert run(["samples", "generate", *wrong, "-o", str(tmp_path)]) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert run(["samples", "generate", "-o", str(tmp_path / "file" / "x")]) == 2
