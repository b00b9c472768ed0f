"""What holds for all the rules together, and for the facts they refer to."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict

from adaudit.engine import RuleBook
from adaudit.engine.load import read_cases
from adaudit.report.texts import Texts


def test_the_catalogue_of_anssi_is_whole(book: RuleBook) -> None:
    kinds = Counter(control.partition("_")[0] for control in book.frameworks["anssi"].levels)
    assert kinds == {"vuln": 76, "warning": 37, "info": 13}
    strictest = Counter(min(levels) for levels in book.vulnerabilities.values())
    assert strictest == {1: 37, 2: 18, 3: 17, 4: 4}


def test_mappings_speak_only_of_declared_controls(book: RuleBook) -> None:
    declared = {*book.frameworks["anssi"].levels, *book.frameworks["adaudit"].levels}
    for framework in book.frameworks.values():
        assert set(framework.ids) <= declared, framework.name


def test_a_rule_says_the_same_things_in_both_languages(book: RuleBook) -> None:
    for rule in book.rules:
        french, english = asdict(rule.prose["fr"]), asdict(rule.prose["en"])
        assert french.keys() == english.keys(), rule.id
        for key in ("title", "why", "fix", "limits"):
            assert french[key] != english[key], f"{rule.id}: {key} is not translated"
        assert steps(french["fix"]) == steps(english["fix"]), f"{rule.id}: fix has not the same steps"


def test_prose_names_a_column_as_the_report_heads_it(book: RuleBook) -> None:
    columns = Texts("fr").section("columns").keys()
    for rule in book.rules:
        for prose in rule.prose.values():
            words = set(re.findall(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b", " ".join(asdict(prose).values())))
            assert words & columns == set(), rule.id


def test_titles_are_one_line_and_distinct(book: RuleBook) -> None:
    for language in ("fr", "en"):
        titles = [rule.prose[language].title for rule in book.rules]
        assert [title for title in titles if "\n" in title or title.endswith(".")] == []
        assert [title for title, count in Counter(titles).items() if count > 1] == []


def test_names_of_cases_are_distinct_within_a_rule(book: RuleBook) -> None:
    for rule in book.rules:
        names = Counter(case.name for case in read_cases(rule.path, book.folder)[1].case)
        assert [name for name, count in names.items() if count > 1] == [], rule.id


def test_every_threshold_of_the_rules_has_a_case_that_fires_at_it(book: RuleBook) -> None:
    for rule in book.rules:
        fired = {
            subject.level or min(rule.levels, default=None)
            for case in read_cases(rule.path, book.folder)[1].case
            for subject in case.subjects
        }
        assert set(rule.levels) <= fired, rule.id


def test_one_rule_answers_a_control(book: RuleBook) -> None:
    answers = Counter(control for rule in book.rules for control in rule.controls)
    assert [control for control, count in answers.items() if count > 1] == []


def test_a_rule_answers_every_threshold_of_its_controls(book: RuleBook) -> None:
    for rule in book.rules:
        thresholds = {level for control in rule.controls for level in book.vulnerabilities.get(control, ())}
        assert thresholds <= set(rule.levels), rule.id


def steps(text: str) -> int:
    return len(re.findall(r"^- ", text, flags=re.MULTILINE))
