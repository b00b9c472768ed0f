"""A rule pack: it adds rules, and whatever it is made of it harms nothing but itself."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from adaudit.cli.main import run
from adaudit.engine import RuleError, RuleErrors, confined, load_pack
from adaudit.engine.load import load_pack_here
from adaudit.engine.model import Audit, Result, Status
from adaudit.errors import InputError
from tests.engine.conftest import RULES, account, gap

PACK = Path(__file__).parent / "pack"
RULE = "services/pack_generic_accounts.toml"
SQL = 'sql = "select principal_id as subject, dn from enabled_accounts where starts_with(dn, $prefix)"'

GIGABYTES = "replace(rpad(dn, 100000000, 'x'), 'x', rpad(dn, 1000, 'y'))"
ENDLESS = "with recursive t(n) as (select 1 union all select n + 1 from t) select max(n)::integer from t"
UNINTERRUPTED = "levenshtein(rpad(dn, 400000, 'x'), rpad(dn, 400000, 'y'))"

Judge = Callable[..., Audit]


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACK, tmp_path / "pack"))


def change(pack: Path, old: str, new: str, name: str = RULE) -> None:
    path = pack / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def query(pack: Path, sql: str) -> None:
    """Give the rule of the pack another SELECT."""
    change(pack, SQL, f"sql = '''{sql}'''")
    change(pack, 'params = { prefix = "CN=generique" }\n', "")


def of_pack(audit: Audit) -> Result:
    return next(result for result in audit.results if result.rule.id.startswith("pack_"))


def without_pack(audit: Audit) -> list[tuple[str, Status, int]]:
    results = (result for result in audit.results if not result.rule.id.startswith("pack_"))
    return [(result.rule.id, result.status, len(result.subjects)) for result in results]


def test_a_rule_of_a_pack_is_judged_with_the_others(judged: Judge) -> None:
    generic = account(1, dn="CN=generique1,DC=chu,DC=example")
    audit = judged(generic, account(2, password_never_expires=True), pack=load_pack(PACK, RULES))
    result = of_pack(audit)
    assert (result.status, result.level) == (Status.VIOLATIONS, None)
    assert [(subject.sid, subject.evidence) for subject in result.subjects] == [
        ("S-1-5-21-1-2-3-1001", {"dn": "CN=generique1,DC=chu,DC=example"})
    ]
    assert [r.rule.id for r in audit.results] == sorted(r.rule.id for r in audit.results)
    assert without_pack(audit) == without_pack(judged(generic, account(2, password_never_expires=True)))


def test_a_gap_in_what_a_pack_needs_is_not_assessed(judged: Judge) -> None:
    result = of_pack(judged(account(1), gap("users", "dn"), pack=load_pack(PACK, RULES)))
    assert (result.status, result.gaps[0].column) == (Status.NOT_ASSESSED, "dn")


def test_a_pack_changes_neither_level_nor_scores(judged: Judge) -> None:
    rows = account(1, dn="CN=generique1,DC=chu,DC=example")
    with_it, without = judged(rows, pack=load_pack(PACK, RULES)), judged(rows)
    assert (with_it.level, with_it.scores, with_it.steps) == (without.level, without.scores, without.steps)


@pytest.mark.parametrize(
    ("subject", "seconds", "reason", "message"),
    [
        (f"length({GIGABYTES})", 20.0, "failed", "memory"),
        ("list_sum(range(2000000000))", 20.0, "failed", "memory"),
        (f"({ENDLESS})", 2.0, "timeout", "not finished after 2 s"),
        ("dn::integer", 20.0, "failed", "conversion error"),
        ("987654", 20.0, "failed", "987654 is no principal of the snapshot"),
    ],
)
def test_a_rule_that_overruns_or_fails_is_in_error_for_itself_alone(
    judged: Judge, pack: Path, subject: str, seconds: float, reason: str, message: str
) -> None:
    query(pack, f"select {subject} as subject, dn from enabled_accounts")
    audit = judged(account(1), pack=load_pack(pack, RULES), seconds=seconds)
    result = of_pack(audit)
    assert (result.status, result.reason) == (Status.ERROR, reason)
    assert message in result.message.lower()
    assert without_pack(audit) == without_pack(judged(account(1)))


def test_a_call_that_nothing_interrupts_is_killed(judged: Judge, pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    query(pack, f"select {UNINTERRUPTED} as subject, dn from enabled_accounts")
    loaded = load_pack(pack, RULES)
    monkeypatch.setattr(confined, "START_SECONDS", 8.0)
    audit = judged(account(1), pack=loaded, seconds=2.0)
    result = of_pack(audit)
    assert (result.status, result.reason, result.message) == (Status.ERROR, "timeout", "killed after 10 s")
    assert without_pack(audit) == without_pack(judged(account(1)))


def test_a_pack_that_cannot_even_be_read_within_its_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined, "MEMORY", 1024**2)
    with pytest.raises(RuleError, match="the pack cannot be read"):
        load_pack(PACK, RULES)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ('family = "services"', 'family = "services"\ncolour = "red"', f"{RULE}:5: colour: unknown key"),
        ('kind = "extra"', 'kind = "vulnerability"', f"{RULE}:2: kind: a rule of a pack is an extra, not"),
        (
            '"pack_generic_accounts"\nkind',
            '"vuln_dormant"\nkind',
            f"{RULE}:2: kind: a rule of kind extra has an id in pack_*",
        ),
        ('["pack_generic_accounts"]', '["vuln_dormant"]', f"{RULE}:5: controls: a rule of a pack answers itself alone"),
        ("subject = ", "levels = [1]\nsubject = ", f"{RULE}:6: levels: a rule of a pack has no level of ANSSI"),
        (SQL, 'sql = "select 1; select 2"', f"{RULE}:9: sql: must be exactly one SELECT"),
        (SQL, 'sql = "drop table users"', f"{RULE}:9: sql: must be a SELECT"),
        (
            SQL,
            'sql = "select principal_id as subject from users where dn > $prefix"',
            f"{RULE}:9: sql: table users is not among",
        ),
        ("prefix)", "prefix) and sid is null", f"{RULE}:9: sql: Binder Error"),
        ("prefix)", "prefix) and random() < 1", f"{RULE}:9: sql: function random is not on the allow list"),
        ("prefix)", "prefix) and now() < now()", f"{RULE}:9: sql: function now is not on the allow list"),
        ("[en]", "[en_GB]", f"{RULE}: en: missing"),
        ('title = "Generic account"\n', "", f"{RULE}:21: en.title: missing"),
    ],
)
def test_a_pack_with_a_fault_is_refused_in_its_place(pack: Path, old: str, new: str, error: str) -> None:
    change(pack, old, new)
    with pytest.raises(RuleErrors) as caught:
        load_pack_here(pack, RULES)
    assert error in str(caught.value)


def test_what_a_pack_brings_may_not_bear_a_built_in_name(pack: Path) -> None:
    for name in ("views/people.toml", "catalogues/colours.toml"):
        (pack / name).parent.mkdir(exist_ok=True)
        shutil.copy(RULES / name, pack / name)
    shutil.copytree(RULES / "frameworks", pack / "frameworks")
    with pytest.raises(RuleErrors) as caught:
        load_pack_here(pack, RULES)
    assert str(caught.value).splitlines() == [
        "catalogues/colours.toml: has the name of one that comes with the program",
        "views/people.toml: has the name of one that comes with the program",
        "frameworks: a pack declares no controls but its rules",
    ]


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("services/pack_deep.toml", "a = " + "[" * 100_000, "services/pack_deep.toml: is nested too deep"),
        ("services/pack_long.toml", "a = " + "9" * 100_000, "services/pack_long.toml: is not TOML"),
        ("services/pack_other.cases.toml", "", "services/pack_other.cases.toml: these cases have no rule beside them"),
    ],
)
def test_a_hostile_file_of_a_pack_is_an_error_in_its_place(pack: Path, name: str, text: str, error: str) -> None:
    (pack / name).write_text(text, encoding="utf-8")
    with pytest.raises(RuleErrors) as caught:
        load_pack(pack, RULES)
    assert str(caught.value).startswith(error)


def test_sql_nested_without_end_is_refused(pack: Path) -> None:
    query(pack, "select " + "(" * 50_000 + "1" + ")" * 50_000 + " as subject, dn from enabled_accounts")
    with pytest.raises(RuleError):
        load_pack(pack, RULES)


def test_a_missing_case_and_an_empty_pack_are_refused(pack: Path, tmp_path: Path) -> None:
    (pack / "services" / "pack_generic_accounts.cases.toml").unlink()
    with pytest.raises(RuleErrors, match=r"has no pack_generic_accounts\.cases\.toml beside it"):
        load_pack_here(pack, RULES)
    (tmp_path / "empty").mkdir()
    with pytest.raises(RuleError, match="the pack holds no rule"):
        load_pack(tmp_path / "empty", RULES)


def test_a_pack_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder of rules"):
        load_pack(tmp_path / "nowhere", RULES)


def test_the_rules_command_lists_shows_lints_and_tests_a_pack(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--folder", str(RULES), "--rules", str(pack)]
    assert run(["rules", "list", "--json", *options]) == 0
    assert [rule["id"] for rule in json.loads(capsys.readouterr().out)] == [
        *("info_accounts", "pack_generic_accounts", "vuln_dormant", "vuln_never_expires", "vuln_placed")
    ]
    assert run(["rules", "show", "pack_generic_accounts", *options]) == 0
    assert capsys.readouterr().out.startswith("pack_generic_accounts - Compte générique")
    assert run(["rules", "lint", *options]) == 0
    assert capsys.readouterr().out == "1 rules, nothing wrong\n"
    assert run(["rules", "test", *options]) == 0
    assert capsys.readouterr().out == "1 rules, 3 cases, 0 failed\n"
    change(pack, "[{ id = 7", "[{ id = 8", "services/pack_generic_accounts.cases.toml")
    assert run(["rules", "test", *options]) == 4
    assert "missing 8; unexpected 7" in capsys.readouterr().out
    assert run(["rules", "test", "pack_nowhere", *options]) == 2


def test_no_secret_of_the_environment_reaches_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, str] = {}

    def started(*_: object, env: dict[str, str], **__: object) -> None:
        given.update(env)
        raise subprocess.TimeoutExpired("python", 1.0)

    monkeypatch.setenv("ADAUDIT_PASSWORD", "Hopital2024!")
    monkeypatch.setattr(subprocess, "run", started)
    with pytest.raises(RuleError, match="killed after"):
        load_pack(PACK, RULES)
    assert "PYTHONPATH" in given
    assert "Hopital2024!" not in given.values()
