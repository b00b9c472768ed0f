"""Every case of every rule that comes with the program."""

from __future__ import annotations

import pytest

from adaudit.engine import empty_database, load_rules, rules_folder, run_cases
from adaudit.engine.load import CASES_SUFFIX

RULE_IDS = sorted(path.name.removesuffix(CASES_SUFFIX) for path in rules_folder().glob(f"*/*{CASES_SUFFIX}"))


@pytest.mark.parametrize("rule_id", RULE_IDS)
def test_every_case_ends_as_it_says(rule_id: str) -> None:
    book = load_rules(only=[rule_id])
    with empty_database(book) as database:
        outcomes = list(run_cases(book, book.rule(rule_id), database))
    assert outcomes
    assert [f"{o.name}: {o.difference}" for o in outcomes if o.difference] == []
