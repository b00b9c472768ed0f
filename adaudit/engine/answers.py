"""Which rule answers which control of which framework, and how far."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from adaudit.engine.book import ANSSI, OWN, RuleBook
from adaudit.engine.model import Beyond, Rule

_OF_ANOTHER_COLLECTION: Final = {Beyond.NO_ANSWER, Beyond.KNOWN_HIDDEN}
"""Reasons that probes which are answered, or a privileged account, make void."""


class Extent(StrEnum):
    """How far a rule answers. ``partly``: for some subjects the answer may lie beyond what is collected.
    ``beyond``: for all of them, so that the rule can only say whom it concerns. ``none``: there is no rule."""

    ANSWERED = "answered"
    PARTLY = "partly"
    BEYOND = "beyond"
    NONE = "none"


@dataclass(frozen=True)
class ControlAnswer:
    """``id`` is how the framework calls the control, ``control`` how we do. ``reasons``: values of ``Beyond``."""

    framework: str
    id: str
    control: str
    rule: str | None
    status: Extent
    reasons: tuple[str, ...]


def answers(book: RuleBook) -> tuple[ControlAnswer, ...]:
    """Every control of every framework of a book: those that declare controls first, then those that map them."""
    rules = {control: rule for rule in book.rules for control in rule.controls}
    declaring = [name for name in (ANSSI, OWN) if name in book.frameworks]
    controls = [control for name in declaring for control in book.frameworks[name].levels]
    return tuple(
        _answer(name, theirs.id, control, rules.get(control))
        for name in (*declaring, *sorted(book.frameworks.keys() - declaring))
        for control in controls
        for theirs in book.frameworks[name].controls(control)
    )


def _answer(framework: str, id_: str, control: str, rule: Rule | None) -> ControlAnswer:
    if rule is None:
        return ControlAnswer(framework, id_, control, None, Extent.NONE, ())
    reasons = tuple(reason.value for reason in Beyond if f"'{reason}'" in rule.unknown)
    judged = Extent.PARTLY if set(reasons) - _OF_ANOTHER_COLLECTION else Extent.ANSWERED
    return ControlAnswer(framework, id_, control, rule.id, judged if rule.sql else Extent.BEYOND, reasons)
