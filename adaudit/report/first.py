"""What to fix first: what would lift the level, and what is as urgent without moving it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from adaudit.engine.model import Audit, Kind, Result
from adaudit.engine.standing import ObjectToChange
from adaudit.report.cards import Card
from adaudit.report.identities import Identities
from adaudit.report.texts import Texts
from adaudit.report.values import Format, clean
from adaudit.report.verdict import to_fix

MOST_NAMES: Final = 3


@dataclass(frozen=True)
class ToChange:
    """A control that must pass, with the first of the objects to change."""

    card: Card
    threshold: int
    count: str
    names: tuple[str, ...]
    more: str
    note: str


@dataclass(frozen=True)
class Open:
    """A control without an answer; ``card`` is empty when no rule answers it."""

    control: str
    threshold: int
    card: Card | None


@dataclass(frozen=True)
class Lift:
    """The way to the next level. ``later``: how much each further step takes, as known today."""

    target: int
    told: str
    controls: tuple[ToChange, ...]
    not_assessed: tuple[Open, ...]
    later: tuple[str, ...]


@dataclass(frozen=True)
class First:
    """``urgent``: at least as grave as the level, without moving it. ``then``: all the rest."""

    lift: Lift | None
    urgent: tuple[Card, ...]
    then: tuple[Card, ...]


class FirstBuilder:
    def __init__(self, audit: Audit, cards: dict[str, Card], texts: Texts) -> None:
        self._audit = audit
        self._cards = cards
        self._texts = texts
        self._format = Format(texts)
        self._identities = Identities(texts)

    def first(self) -> First:
        lift = self._lift()
        lifting = {change.card.id for change in lift.controls} if lift else set()
        worst = self._audit.level.indicative or 1
        others = [result for result in to_fix(self._audit) if result.rule.id not in lifting]
        urgent = [result for result in others if self._is_urgent(result, worst)]
        told = {result.rule.id for result in urgent}
        return First(
            lift,
            urgent=self._cards_of(urgent),
            then=self._cards_of(result for result in others if result.rule.id not in told),
        )

    def _cards_of(self, results: Iterable[Result]) -> tuple[Card, ...]:
        return tuple(self._cards[result.rule.id] for result in results)

    def _is_urgent(self, result: Result, worst: int) -> bool:
        standing = self._cards[result.rule.id].priority
        return result.rule.kind is not Kind.VULNERABILITY and standing is not None and standing <= worst

    def _lift(self) -> Lift | None:
        """None when no vulnerability fails, or none could be judged."""
        level = self._audit.level.indicative
        steps = {step.target: step for step in self._audit.steps}
        target = (level or 0) + 1
        if target not in steps or level is None:
            return None
        obstacles = steps[target].obstacles
        objects = sum(len(obstacle.objects) for obstacle in obstacles)
        texts, number = self._texts, self._format.number
        return Lift(
            target,
            told=texts(
                "first.lift",
                target=target,
                controls=texts.count("first.controls", len(obstacles), number(len(obstacles))),
                objects=texts.count("first.objects", objects, number(objects)),
            ),
            controls=tuple(
                self._to_change(self._cards[obstacle.rule_id], obstacle.threshold, obstacle.objects)
                for obstacle in obstacles
            ),
            not_assessed=tuple(self._open(target)),
            later=tuple(self._later(target)),
        )

    def _to_change(self, card: Card, threshold: int, objects: Sequence[ObjectToChange]) -> ToChange:
        texts, number = self._texts, self._format.number
        first = (clean(self._identities.name(thing.name, thing.key)) for thing in objects[:MOST_NAMES])
        names = tuple(name or texts("finding.anonymous") for name in first)
        left = len(objects) - len(names)
        accepted = sum(thing.is_accepted for thing in objects)
        return ToChange(
            card=card,
            threshold=threshold,
            count=texts.count("first.objects", len(objects), number(len(objects))),
            names=names,
            more=texts("first.more_names", n=number(left)) if left else "",
            note=texts.count("exceptions.accepted", accepted, number(accepted)) if accepted else "",
        )

    def _open(self, target: int) -> Iterable[Open]:
        told = set()
        for step in self._audit.steps:
            for control in step.not_assessed if step.target <= target else ():
                if control.control not in told:
                    told.add(control.control)
                    card = self._cards[control.rule_ids[0]] if control.rule_ids else None
                    yield Open(control.control, control.threshold, card)

    def _later(self, target: int) -> Iterable[str]:
        texts, number = self._texts, self._format.number
        for step in self._audit.steps:
            if step.target > target:
                found, unknown = len(step.obstacles), len(step.not_assessed)
                yield texts(
                    "first.later",
                    target=step.target,
                    controls=texts.count("first.controls", found, number(found)),
                    unknown=texts.count("first.unknown", unknown, number(unknown)),
                )
