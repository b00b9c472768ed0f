"""Exceptions: what the file may hold, whom an entry names, and what becomes of level and scores."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from adaudit.engine import RuleError, RuleErrors, read_exceptions
from adaudit.engine.exceptions import accept, without_accepted
from adaudit.engine.model import Audit, Kind, Result, Status, SubjectKind
from adaudit.engine.source import Source
from adaudit.engine.standing import Acceptance, AcceptanceState
from tests.engine.conftest import AS_OF, account, gap
from tests.report.audits import DOMAIN_SID, result, rule, subject

Judge = Callable[..., Audit]
ENTRY = """
[[exception]]
rule = "vuln_never_expires"
subject = "sid:S-1-5-21-1-2-3-1001"
reason = "Automate de biologie, remplacé en mars"
accepted_by = "RSSI"
until = 2027-03-31
"""
FOREVER = {"password_never_expires": True}
TODAY = date(2026, 11, 1)


def acceptance(subject_key: str, rule_id: str = "vuln_a", until: date = date(2027, 1, 1)) -> Acceptance:
    return Acceptance(rule_id, subject_key, "why", "who", until, "exceptions.toml:1")


def written(folder: Path, text: str) -> Path:
    path = folder / "exceptions.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_entry_is_read_with_its_place(tmp_path: Path) -> None:
    assert read_exceptions(written(tmp_path, ENTRY)) == (
        Acceptance(
            "vuln_never_expires",
            "sid:S-1-5-21-1-2-3-1001",
            "Automate de biologie, remplacé en mars",
            "RSSI",
            date(2027, 3, 31),
            "exceptions.toml:2",
        ),
    )


@pytest.mark.parametrize(
    ("changed", "into", "said"),
    [
        ('subject = "sid:S-1-5-21-1-2-3-1001"', 'subject = "compte1"', "exceptions.toml:4: "),
        ('subject = "sid:S-1-5-21-1-2-3-1001"', 'subject = "dn:cn=compte1"', "exceptions.toml:4: "),
        ('subject = "sid:S-1-5-21-1-2-3-1001"', "", "exceptions.toml:2: exception.0.subject: missing"),
        ('reason = "Automate de biologie, remplacé en mars"', 'reason = "  "', "exceptions.toml:5: "),
        ("until = 2027-03-31", 'until = "2027-03-31"', "exceptions.toml:7: "),
        ("until = 2027-03-31", "until = 2027-03-31T00:00:00", "exceptions.toml:7: "),
        ("until = 2027-03-31", "until = 2027-02-31", "is not TOML"),
        ("until", "forever = true\nuntil", "exceptions.toml:7: exception.0.forever: unknown key"),
        ("[[exception]]", "[[exceptions]]", "exception: missing"),
        (ENTRY, ENTRY + ENTRY.replace("S-1", "s-1"), "exceptions.toml:11: exception.1.subject: already accepted at"),
    ],
)
def test_an_entry_that_does_not_fit_is_refused_with_its_line(
    tmp_path: Path, changed: str, into: str, said: str
) -> None:
    with pytest.raises(RuleError, match=re.escape(said)) as caught:
        read_exceptions(written(tmp_path, ENTRY.replace(changed, into)))
    assert caught.value.exit_code == 4


def test_every_wrong_entry_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(RuleErrors) as caught:
        read_exceptions(written(tmp_path, ENTRY.replace("RSSI", " ") + ENTRY.replace("2027-03-31", "0")))
    assert [error.place for error in caught.value.errors] == ["exceptions.toml:6", "exceptions.toml:14"]


def test_the_places_of_many_entries_take_one_reading_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Source, "line")
    long = ENTRY.replace('"Automate de biologie, remplacé en mars"', '"""\n[[exception]]\n"""')
    others = [ENTRY.replace("-1001", f"-{rid}") for rid in (1002, 1003)]
    found = read_exceptions(written(tmp_path, long + "".join(others)))
    assert [each.place for each in found] == ["exceptions.toml:2", "exceptions.toml:11", "exceptions.toml:18"]


def test_of_thousands_of_wrong_entries_the_first_are_told_and_the_others_counted(tmp_path: Path) -> None:
    with pytest.raises(RuleErrors) as caught:
        read_exceptions(written(tmp_path, "[[exception]]\nrule = 'nobody'\n" * 3000))
    *told, left = str(caught.value).splitlines()
    assert told[0].startswith("exceptions.toml:2: exception.0.rule: ")
    assert (len(told), left) == (50, "exceptions.toml: and 14950 more errors")


def test_an_accepted_subject_stays_and_both_levels_are_told(tmp_path: Path, judged: Judge) -> None:
    entries = read_exceptions(written(tmp_path, ENTRY))
    audit = judged(account(1, **FOREVER, admin_count=1), account(2, **FOREVER), exceptions=entries)
    found = next(r for r in audit.results if r.rule.id == "vuln_never_expires")
    assert [(s.name, s.accepted is not None) for s in found.subjects] == [("compte1", True), ("compte2", False)]
    assert audit.level.indicative == 1
    assert audit.excepted is not None
    assert audit.excepted.level.indicative == 2
    assert audit.excepted.scores.overall.best > audit.scores.overall.best
    assert [use.state for use in audit.exceptions] == [AcceptanceState.IN_FORCE]


def test_without_a_file_there_is_no_second_level(judged: Judge) -> None:
    assert judged(account(1, **FOREVER)).excepted is None


def test_a_gap_still_counts_at_worst_once_all_that_was_found_is_accepted(tmp_path: Path, judged: Judge) -> None:
    entries = read_exceptions(written(tmp_path, ENTRY))
    audit = judged(account(1, **FOREVER), gap("users", "admin_count"), exceptions=entries)
    assert audit.excepted is not None
    assert "vuln_never_expires" in audit.excepted.level.not_assessed


@pytest.mark.parametrize(
    ("until", "state"), [(TODAY, AcceptanceState.IN_FORCE), (date(2026, 10, 31), AcceptanceState.EXPIRED)]
)
def test_the_date_is_the_last_day_and_is_read_against_the_snapshot(
    judged: Judge, until: date, state: AcceptanceState
) -> None:
    assert AS_OF.date() == TODAY
    entry = acceptance("sid:S-1-5-21-1-2-3-1001", "vuln_never_expires", until)
    audit = judged(account(1, **FOREVER), exceptions=[entry])
    found = next(r for r in audit.results if r.rule.id == "vuln_never_expires").subjects[0]
    assert audit.exceptions[0].state is state
    assert (found.accepted is None, found.expired is None) == (
        (state is AcceptanceState.EXPIRED),
        found.accepted is entry,
    )


def one(**of_subject: object) -> Result:
    return result(rule("vuln_a", "A"), level=1, subjects=(subject(7, "svc-pacs", **of_subject),))


@pytest.mark.parametrize(
    ("key", "of_subject", "is_named"),
    [
        ("guid:00000000-0000-0000-0000-000000000007", {}, True),
        ("guid:00000000-0000-0000-0000-00000000000A", {"key": "guid:00000000-0000-0000-0000-00000000000a"}, True),
        ("guid:00000000-0000-0000-0000-000000000008", {}, False),
        (f"sid:{DOMAIN_SID}-1007", {}, True),
        (f"sid:{DOMAIN_SID}-100", {}, False),
        ("sid:S-1-1-0", {"key": "sid:S-1-1-0", "sid": "S-1-1-0"}, True),
        ("sid:S-1-5-32-544", {"sid": "S-1-5-32-544"}, False),
        ("domain:chu.example", {}, False),
        ("domain:CHU.example", {"type": "domain"}, True),
        ("domain:labo.chu.example", {"type": "domain"}, False),
        ("domain:chu.example", {"type": "forest"}, True),
    ],
)
def test_a_subject_is_named_by_its_key_its_own_sid_or_as_the_domain(
    key: str, of_subject: dict[str, object], is_named: bool
) -> None:
    marked, uses = accept([one(**of_subject)], [acceptance(key)], TODAY)
    assert (marked[0].subjects[0].accepted is not None) is is_named
    assert uses[0].state is (AcceptanceState.IN_FORCE if is_named else AcceptanceState.NOT_FOUND)


def test_an_entry_that_matches_nothing_says_why() -> None:
    key = "guid:00000000-0000-0000-0000-000000000099"
    results = [
        one(),
        result(rule("vuln_b", "B"), Status.NOT_ASSESSED),
        result(rule("info_c", "C", kind=Kind.INFORMATION), Status.INFORMATION, subjects=(subject(153, "x"),)),
    ]
    entries = [acceptance(key, rule_id) for rule_id in ("vuln_a", "vuln_b", "info_c", "vuln_gone")]
    assert [use.state for use in accept(results, entries, TODAY)[1]] == [
        AcceptanceState.NOT_FOUND,
        AcceptanceState.NOT_ASSESSED,
        AcceptanceState.NOT_FOUND,
        AcceptanceState.NO_RULE,
    ]


def test_the_entry_that_lasts_longest_decides() -> None:
    entries = [acceptance(f"sid:{DOMAIN_SID}-1007", until=date(2026, 1, 1)), acceptance(one().subjects[0].key)]
    marked, uses = accept([one()], entries, TODAY)
    assert marked[0].subjects[0].accepted is entries[1]
    assert [use.state for use in uses] == [AcceptanceState.EXPIRED, AcceptanceState.IN_FORCE]


def test_what_is_left_without_the_accepted_is_judged_again() -> None:
    domain = subject(1, "chu.example", type="domain")
    all_accepted, _ = accept(
        [result(rule("vuln_a", "A", subject=SubjectKind.DOMAIN), level=1, subjects=(domain,))],
        [acceptance("domain:chu.example")],
        TODAY,
    )
    left = without_accepted(all_accepted[0])
    assert (left.status, left.level, left.subjects) == (Status.COMPLIANT, None, ())
