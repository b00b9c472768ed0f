from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from adaudit.engine import load_rules
from adaudit.engine.model import Audit, Result, Status
from tests.engine.conftest import RULES, account, gap

Judge = Callable[..., Audit]
FOREVER = {"password_never_expires": True}


def result(audit: Audit, rule_id: str = "vuln_never_expires") -> Result:
    return next(r for r in audit.results if r.rule.id == rule_id)


def test_without_row_nor_gap_the_rule_is_compliant(judged: Judge) -> None:
    found = result(judged(account(1)))
    assert (found.status, found.incomplete, found.examined, found.gaps) == (Status.COMPLIANT, False, 1, ())


def test_a_row_is_a_violation_with_the_names_of_its_subject(judged: Judge) -> None:
    audit = judged(account(1, **FOREVER, password_last_set_at=datetime(2020, 2, 3, 4, 5, 6)))
    (subject,) = result(audit).subjects
    assert result(audit).status is Status.VIOLATIONS
    assert subject.key == "guid:00000000-0000-0000-0000-000000000001"
    assert (subject.type, subject.domain, subject.name) == ("user", "chu.example", "compte1")
    assert subject.sid == "S-1-5-21-1-2-3-1001"
    assert subject.evidence == {"dn": "CN=compte1,DC=chu,DC=example", "password_last_set_at": "2020-02-03T04:05:06Z"}


def test_a_gap_without_row_prevents_compliance(judged: Judge) -> None:
    found = result(judged(account(1, is_enabled=None), gap("users", "is_enabled", object_id=1, domain_id=0)))
    assert (found.status, found.reason, found.unassessed_levels) == (Status.NOT_ASSESSED, "gap", (1, 2))
    (hole,) = found.gaps
    assert (hole.table, hole.column, hole.domain, hole.count) == ("users", "is_enabled", "chu.example", 1)
    assert hole.examples == ("CN=compte1,DC=chu,DC=example",)
    assert hole.is_required


def test_a_gap_never_hides_what_was_found(judged: Judge) -> None:
    found = result(judged(account(1, **FOREVER), gap("users", "*", dn="OU=Caché,DC=chu,DC=example")))
    assert (found.status, found.incomplete, len(found.subjects)) == (Status.VIOLATIONS, True, 1)


def test_a_gap_of_an_object_outside_the_population_does_not_count(judged: Judge) -> None:
    disabled = account(1, is_enabled=False, password_never_expires=None)
    found = result(judged(disabled, gap("users", "password_never_expires", object_id=1)))
    assert (found.status, found.gaps) == (Status.COMPLIANT, ())


def test_an_object_that_does_not_show_who_it_is_may_be_of_any_population(judged: Judge, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(RULES, folder)
    path = folder / "accounts" / "vuln_never_expires.toml"
    of_guest = path.read_text(encoding="utf-8").replace("where is_enabled is distinct from false", "where rid = 501", 1)
    path.write_text(of_guest.replace('"users.is_enabled",', '"users.is_enabled", "users.rid",', 1), encoding="utf-8")
    hidden = account(1, sid=None, rid=None, is_enabled=None)
    book = load_rules(folder)
    nameless = judged(hidden, gap("users", "rid", object_id=1), rules=book)
    assert result(nameless).status is Status.NOT_ASSESSED
    assert result(judged(hidden, gap("users", "is_enabled", object_id=1), rules=book)).status is Status.COMPLIANT


def test_a_gap_that_names_no_object_always_counts(judged: Judge) -> None:
    assert result(judged(gap("users", "password_never_expires"))).status is Status.NOT_ASSESSED


def test_a_gap_in_what_the_rule_does_not_read_does_not_count(judged: Judge) -> None:
    assert result(judged(account(1), gap("users", "mail"), gap("computers", "*"))).status is Status.COMPLIANT


def test_a_fact_told_as_collected_is_no_gap(judged: Judge) -> None:
    assert result(judged(account(1), gap("users", "*", status="collected"))).status is Status.COMPLIANT


def test_a_gap_in_a_refining_need_is_told_and_changes_nothing(judged: Judge) -> None:
    found = result(judged(account(1), gap("users", "password_last_set_at")))
    assert (found.status, [g.is_required for g in found.gaps]) == (Status.COMPLIANT, [False])


def test_a_gap_in_the_need_of_one_level_leaves_the_others_assessed(judged: Judge) -> None:
    found = result(judged(account(1), gap("users", "admin_count")))
    assert (found.status, found.unassessed_levels) == (Status.NOT_ASSESSED, (1,))
    found = result(judged(account(1, **FOREVER), gap("users", "admin_count")))
    assert (found.status, found.level, found.unassessed_levels) == (Status.VIOLATIONS, 2, (1,))


def test_gaps_of_the_same_kind_are_counted_together(judged: Judge) -> None:
    refused = [gap("users", "is_enabled", object_id=n, domain_id=0) for n in range(1, 6)]
    found = result(judged(*(account(n, is_enabled=None) for n in range(1, 6)), *refused))
    assert [(g.count, len(g.examples)) for g in found.gaps] == [(5, 3)]


def test_a_need_on_a_view_is_a_need_on_its_tables_and_on_what_joins_them(judged: Judge) -> None:
    old = {"last_logon_timestamp_at": datetime(2026, 10, 1)}
    assert result(judged(account(1, **old)), "vuln_dormant").status is Status.COMPLIANT
    for table, column in (("users", "last_logon_timestamp_at"), ("users", "*"), ("domains", "dns_name")):
        assert result(judged(account(1, **old), gap(table, column)), "vuln_dormant").status is Status.NOT_ASSESSED


def test_information_is_never_a_violation(judged: Judge) -> None:
    found = result(judged(account(1), account(2)), "info_accounts")
    (subject,) = found.subjects
    assert (found.status, found.level) == (Status.INFORMATION, None)
    assert subject.evidence == {"accounts": 2, "colours": ["red", "green"]}
    assert result(judged(gap("users", "*")), "info_accounts").status is Status.NOT_ASSESSED


def test_a_number_comes_with_the_rows_behind_it(judged: Judge) -> None:
    quiet = account(1, last_logon_timestamp_at=datetime(2024, 1, 1))
    found = result(judged(quiet, account(2, last_logon_timestamp_at=datetime(2026, 10, 1))), "vuln_dormant")
    (subject,) = found.subjects
    assert (subject.type, subject.key) == ("domain", "guid:00000000-0000-0000-0000-000000000000")
    assert subject.evidence == {"dormant": 1, "percent": 50.0}
    assert [(item.name, item.evidence) for item in subject.items] == [
        ("compte1", {"dn": "CN=compte1,DC=chu,DC=example"})
    ]


def test_subjects_come_worst_level_first_then_by_key(judged: Judge) -> None:
    audit = judged(account(3, **FOREVER), account(1, **FOREVER), account(2, **FOREVER, admin_count=1))
    assert [(s.level, s.name) for s in result(audit).subjects] == [(1, "compte2"), (2, "compte1"), (2, "compte3")]


def test_a_row_whose_subject_is_not_known_is_still_a_violation(judged: Judge) -> None:
    found = result(judged({"users": [{"object_id": 0, "is_enabled": True, **FOREVER, "dn": "CN=Sans SID"}]}))
    (subject,) = found.subjects
    assert (subject.key, subject.type, subject.evidence["dn"]) == ("unknown", "unknown", "CN=Sans SID")


@pytest.mark.parametrize(
    ("sql", "reason", "message"),
    [
        (
            "select cast(u.dn as integer) as subject, 1 as level, u.dn, null as password_last_set_at from users u",
            "failed",
            "CN=",
        ),
        ("select 4000 as subject, 1 as level, u.dn, null as password_last_set_at from users u", "failed", "4000 is no"),
        (
            "select u.principal_id as subject, 4 as level, u.dn, null as password_last_set_at from users u",
            "failed",
            "4",
        ),
        (
            "select u.principal_id as subject, 1 as level, u.dn, (select count(*) from range(100000000000) t(a) "
            "where a % 7 = u.principal_id) as password_last_set_at from users u",
            "timeout",
            "0.5 s",
        ),
    ],
    ids=["fails", "names nothing", "undeclared level", "endless"],
)
def test_a_rule_that_fails_fails_alone(judged: Judge, tmp_path: Path, sql: str, reason: str, message: str) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(RULES, folder)
    path = folder / "accounts" / "vuln_never_expires.toml"
    before, start, rest = path.read_text(encoding="utf-8").partition('\nsql = """')
    _, end, after = rest.partition('"""')
    path.write_text(f"{before}{start}{sql}{end}{after}", encoding="utf-8")
    audit = judged(account(1), rules=load_rules(folder), seconds=0.5)
    found = result(audit)
    assert (found.status, found.reason) == (Status.ERROR, reason)
    assert message in found.message
    assert result(audit, "info_accounts").status is Status.INFORMATION
    assert "vuln_never_expires" in audit.level.not_assessed


def test_the_same_snapshot_gives_the_same_answer(judged: Judge) -> None:
    parts = [account(n, **FOREVER, admin_count=n % 2) for n in range(1, 40)]

    def answers() -> list[tuple[object, ...]]:
        audit = judged(*parts)
        return [(r.rule.id, r.status, r.subjects, r.gaps, r.examined) for r in audit.results]

    assert answers() == answers()


def test_an_audit_says_where_it_comes_from(judged: Judge) -> None:
    audit = judged(account(1), gap("groups", "*"))
    assert (audit.forest, audit.as_of, audit.is_complete) == ("chu.example", datetime(2026, 11, 1), True)
    assert [(d.dns, d.sid, d.is_collected) for d in audit.domains] == [("chu.example", "S-1-5-21-1-2-3", True)]
    assert audit.counts["users"] == 1
    assert audit.catalogue_date == "2026-09-03"
    assert [(g.table, g.status) for g in audit.coverage if g.table == "groups"] == [("groups", "denied")]
    assert [(c.framework, c.id, c.reference) for c in audit.controls["vuln_never_expires"]] == [
        ("anssi", "vuln_never_expires", "https://example.test/controls#vuln_never_expires"),
        ("mitre", "T1078.002", "https://example.test/techniques/T1078/002/"),
    ]


def test_only_a_name_that_nothing_else_bears_tells_a_well_known_identity(judged: Judge) -> None:
    known = [
        {"principal_id": 11, "sid": "S-1-5-11", "type": "well_known", "name": "Authenticated Users"},
        {"principal_id": 12, "sid": "S-1-1-0", "type": "well_known", "name": "Everyone"},
        {"principal_id": 13, "sid": "S-1-5-21-1-2-3-1500", "type": "group", "name": "Everyone"},
    ]
    assert judged(account(1), {"principals": known}).well_known_names == {"Authenticated Users"}
