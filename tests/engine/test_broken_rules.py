"""Each folder of ``broken`` holds the files that replace or join those of ``rules``, and what must be said of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from adaudit.engine import RuleErrors, load_rules
from adaudit.errors import InputError

HERE = Path(__file__).parent
BROKEN = sorted(path for path in (HERE / "broken").iterdir() if path.is_dir())


def test_the_folder_that_the_broken_ones_start_from_is_sound() -> None:
    assert [rule.id for rule in load_rules(HERE / "rules").rules] == [
        "info_accounts",
        "vuln_dormant",
        "vuln_never_expires",
        "vuln_placed",
    ]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda path: path.name)
def test_a_broken_folder_is_refused_with_every_error_in_its_place(broken: Path, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(HERE / "rules", folder)
    shutil.copytree(broken, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("expected.txt"))
    with pytest.raises(RuleErrors) as caught:
        load_rules(folder)
    assert str(caught.value) == (broken / "expected.txt").read_text(encoding="utf-8").strip()
    assert caught.value.exit_code == 4


def test_errors_of_several_files_are_told_together(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(HERE / "rules", folder)
    for name in ("not_toml", "catalogue_with_a_short_row", "no_cases"):
        shutil.copytree(HERE / "broken" / name, folder, dirs_exist_ok=True)
    with pytest.raises(RuleErrors) as caught:
        load_rules(folder)
    assert {error.place.partition(":")[0] for error in caught.value.errors} >= {
        "accounts/vuln_never_expires.toml",
        "accounts/vuln_unanswered.toml",
        "catalogues/colours.toml",
    }


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(HERE / "rules", folder)
    (folder / "accounts" / "vuln_unanswered.toml").write_bytes(b'id = "\xff"')
    with pytest.raises(RuleErrors, match=r"^accounts/vuln_unanswered.toml: is not UTF-8"):
        load_rules(folder)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder of rules"):
        load_rules(tmp_path / "nowhere")


@pytest.mark.parametrize("broken", ["undeclared_column", "no_subject", "syntax_error"])
def test_a_folder_given_by_name_is_bound_to_the_tables_whether_its_cases_are_read_or_not(
    broken: str, tmp_path: Path
) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(HERE / "rules", folder)
    shutil.copytree(HERE / "broken" / broken, folder, dirs_exist_ok=True)
    with pytest.raises(RuleErrors):
        load_rules(folder, with_cases=False)


def test_rules_of_the_program_read_the_same_whether_bound_again_or_not() -> None:
    ids = ("vuln_dnsadmins", "ext_gpp_cpassword", "vuln_permissions_gpo_container_priv", "warning_dont_expire")
    assert load_rules(only=ids, with_cases=False).readings == load_rules(only=ids).readings
