"""What would lift the level: the controls to pass at each step, the objects to change, and what is unknown there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from adaudit.engine.model import Detail, Kind, Result, Status, SubjectKind
from adaudit.engine.standing import Acceptance
from adaudit.engine.steps import steps_of
from tests.report.audits import full_audit, result, rule, subject

CATALOGUE = {"vuln_a": (1, 3), "vuln_b": (1,), "vuln_c": (2,)}


def rows(rule_id: str, *levels: int) -> Result:
    subjects = tuple(subject(n, f"u{n}", level=level) for n, level in enumerate(levels))
    return result(rule(rule_id, rule_id, levels=CATALOGUE[rule_id]), subjects=subjects, level=min(levels))


def test_each_step_names_the_rules_that_fail_its_threshold_the_fewest_objects_first() -> None:
    steps = steps_of([rows("vuln_a", 1, 1, 3), rows("vuln_b", 1)], CATALOGUE)
    assert [step.target for step in steps] == [2, 3, 4, 5]
    assert [(o.rule_id, [thing.name for thing in o.objects]) for o in steps[0].obstacles] == [
        ("vuln_b", ["u0"]),
        ("vuln_a", ["u0", "u1"]),
    ]
    assert [(o.rule_id, o.threshold, len(o.objects)) for o in steps[2].obstacles] == [("vuln_a", 3, 1)]


def test_what_has_no_answer_is_named_apart_at_the_step_it_may_prevent() -> None:
    gap_at_3 = result(rule("vuln_a", "A", levels=(1, 3)), Status.NOT_ASSESSED, unassessed_levels=(3,))
    steps = steps_of([gap_at_3, rows("vuln_b", 1)], CATALOGUE)
    assert [(o.control, o.rule_ids) for step in steps for o in step.not_assessed] == [
        ("vuln_c", ()),
        ("vuln_a", ("vuln_a",)),
    ]
    assert [len(step.not_assessed) for step in steps] == [0, 1, 1, 0]


def test_objects_behind_a_number_are_the_ones_to_change() -> None:
    dormant = full_audit().results[2].subjects[0].items
    domain = subject(1, "chu.example", type="domain", items=dormant)
    of = rule("vuln_b", "B", subject=SubjectKind.DOMAIN, detail=Detail("", SubjectKind.OBJECT, ("dn",)))
    step = steps_of([result(of, level=1, subjects=(domain,))], CATALOGUE)[0]
    assert [thing.key for thing in step.obstacles[0].objects] == [item.key for item in dormant]


def test_warnings_and_extras_are_in_no_step() -> None:
    warning = result(rule("warning_a", "A", kind=Kind.WARNING), level=1, subjects=(subject(1, "x"),))
    assert [step.obstacles for step in steps_of([warning], {})] == [(), (), (), ()]


def test_an_accepted_object_stays_in_the_step_and_says_so() -> None:
    accepted = Acceptance("vuln_b", "sid:S-1-1-0", "why", "who", date(2027, 1, 1), "x.toml:1")
    found = rows("vuln_b", 1)
    found = replace(found, subjects=(replace(found.subjects[0], accepted=accepted),))
    assert [thing.is_accepted for thing in steps_of([found], CATALOGUE)[0].obstacles[0].objects] == [True]
