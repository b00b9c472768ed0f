"""Findings and exposure once changes are made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adaudit.engine import RuleBook, load_rules
from adaudit.engine.model import Audit, Status
from adaudit.engine.what_if import what_if
from adaudit.errors import UsageError
from adaudit.snapshot import open_snapshot
from tests.engine.conftest import Rows, account

ADMINS: Rows = {
    "objects": [
        {
            "object_id": 9,
            "guid": "00000000-0000-0000-0000-000000000009",
            "dn": "CN=Admins du domaine,DC=chu,DC=example",
            "domain_id": 0,
            "object_class": "group",
        }
    ],
    "principals": [
        {
            "principal_id": 9,
            "object_id": 9,
            "domain_id": 0,
            "sid": "S-1-5-21-1-2-3-512",
            "rid": 512,
            "type": "group",
            "name": "Admins du domaine",
        }
    ],
    "groups": [{"object_id": 9, "principal_id": 9, "domain_id": 0}],
    "sid_history": [{"object_id": 1, "principal_id": 1, "sid": "S-1-5-21-1-2-3-512", "source_id": 9}],
}
RULE = "vuln_sidhistory_dangerous"


def status(audit: Audit, rule: str) -> tuple[Status, bool]:
    (result,) = [result for result in audit.results if result.rule.id == rule]
    return result.status, bool(result.subjects)


@pytest.fixture(scope="module")
def rules() -> RuleBook:
    return load_rules(with_cases=False)


def test_a_change_of_the_plan_lowers_exposure_and_what_rules_find(
    judged: Callable[..., Audit], rules: RuleBook
) -> None:
    before = judged(account(1), ADMINS, rules=rules)
    assert before.outlook is not None
    assert before.outlook.exposed_accounts == 1
    (step,) = before.outlook.plan.steps
    digest = Path(before.snapshot_path).read_bytes()
    with open_snapshot(Path(before.snapshot_path)) as snapshot:
        by_number = what_if(snapshot, rules, [step.change.number], before=before)
        as_told = what_if(snapshot, rules, [step.change], before=before)
        with pytest.raises(UsageError, match="there is no change 99"):
            what_if(snapshot, rules, [99], before=before)
    assert Path(before.snapshot_path).read_bytes() == digest
    for tried in (by_number, as_told):
        assert tried.changes == (step.change,)
        assert tried.after.outlook is not None
        assert tried.after.outlook.exposed_accounts == step.left == 0
        assert status(tried.before, RULE) == (Status.VIOLATIONS, True)
        assert status(tried.after, RULE)[1] is False
