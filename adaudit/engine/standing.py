"""What is concluded from all results together: scores, the way to the next level, and the exceptions that were used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


@dataclass(frozen=True)
class Acceptance:
    """An entry of ``exceptions.toml``: one subject of one rule, accepted up to and including ``until``.

    ``subject``: ``guid:…``, ``sid:…`` or ``domain:`` and a DNS name. ``place``: its file and line.
    """

    rule: str
    subject: str
    reason: str
    accepted_by: str
    until: date
    place: str


class AcceptanceState(StrEnum):
    """What became of an entry; ``expired`` whether or not the finding is still there."""

    IN_FORCE = "in_force"
    EXPIRED = "expired"
    NO_RULE = "no_rule"
    NOT_ASSESSED = "not_assessed"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class AcceptanceUse:
    """``subjects``: how many subjects of the rule's findings the entry names."""

    acceptance: Acceptance
    state: AcceptanceState
    subjects: int


@dataclass(frozen=True)
class ScoreLine:
    """What one rule costs.

    ``priority``: of what was found, 1 to 4; None when nothing was.
    ``weight``: points were everything at fault. ``objects``: distinct subjects found, all counted alike; ``share``:
    the part of the weight that so many cost, 0 to 1. ``open_points``: what the unknown could add.
    ``family_gain``, ``global_gain``: how much these scores would rise, were the rule mended.
    """

    rule_id: str
    family: str
    priority: int | None
    weight: float
    objects: int
    share: float
    points: float
    open_points: float
    family_gain: float
    global_gain: float


@dataclass(frozen=True)
class Score:
    """0 to 100, 100 being nothing found: ``best`` were all that is unknown to pass, ``worst`` were it to fail.

    ``assessed``: share of the weight of the rules that have a full answer, 0 to 1.
    """

    best: float
    worst: float
    assessed: float
    points: float
    open_points: float


@dataclass(frozen=True)
class Scores:
    """``families``: those with a rule that counts, in the order of their names. ``lines``: the rules that cost or could
    cost points, the dearest first."""

    overall: Score
    families: dict[str, Score]
    lines: tuple[ScoreLine, ...]


@dataclass(frozen=True)
class ObjectToChange:
    key: str
    name: str
    is_accepted: bool


@dataclass(frozen=True)
class Obstacle:
    """A rule that fails the threshold below a step, with the objects to change: those behind a number where there is
    one."""

    rule_id: str
    controls: tuple[str, ...]
    threshold: int
    objects: tuple[ObjectToChange, ...]


@dataclass(frozen=True)
class OpenControl:
    """A control that may fail the threshold below a step. ``rule_ids``: those that answer it, none at times."""

    control: str
    threshold: int
    rule_ids: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """What must pass to go from ``target`` - 1 to ``target``; reaching it also takes every step below."""

    target: int
    obstacles: tuple[Obstacle, ...]
    not_assessed: tuple[OpenControl, ...]
