"""Every control of the catalogue has its answer, or says why none can be read."""

from __future__ import annotations

import pytest

from adaudit.engine import load_rules
from adaudit.engine.answers import ControlAnswer, Extent, answers

CONTROLS = 296


@pytest.fixture(scope="module")
def found() -> tuple[ControlAnswer, ...]:
    return answers(load_rules(with_cases=False))


def test_no_control_of_any_framework_is_without_a_rule(found: tuple[ControlAnswer, ...]) -> None:
    missing = sorted({answer.control for answer in found if answer.status is Extent.NONE})
    assert not missing, ", ".join(missing)


def test_the_catalogue_holds_every_control_once(found: tuple[ControlAnswer, ...]) -> None:
    own = [answer.control for answer in found if answer.id == answer.control]
    assert len(own) == len(set(own)) == CONTROLS


def test_a_control_that_nothing_collected_can_answer_says_where_its_answer_lies(
    found: tuple[ControlAnswer, ...],
) -> None:
    beyond = [answer for answer in found if answer.status is Extent.BEYOND]
    assert beyond
    silent = [answer.control for answer in beyond if not answer.reasons]
    assert not silent, ", ".join(silent)
