"""Steps of the attack graph as the page shows them: each with one proof, which everything else refers to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from adaudit.graph.answers.told import Ace, Change, Evidence, Path, Step, Thing
from adaudit.report.identities import Identities
from adaudit.report.texts import Texts
from adaudit.report.values import clean

LONGEST_NAME: Final = 80
LONGEST_VALUE: Final = 1000
"""Characters of a DN, a value or an ACE that the page shows."""


@dataclass(frozen=True)
class Named:
    """A node in words; ``type_id``: its class, as the directory spells it."""

    key: str
    name: str
    type: str
    type_id: str
    place: str
    sid: str


@dataclass(frozen=True)
class Proof:
    """Why a step exists and how to remove it. ``facts``: label and value; ``rank``: the change of the plan that
    removes it; ``difficulty`` is empty for what one ordinary operation does."""

    number: int
    source: Named
    target: Named
    kind: str
    verb: str
    why: str
    fix: str
    difficulty: str
    facts: tuple[tuple[str, str], ...]
    change: str
    rank: int | None


@dataclass(frozen=True)
class Chain:
    """A path: where it starts, then a step after the other."""

    start: Named
    proofs: tuple[Proof, ...]


class Steps:
    """Names and numbers the steps of one report: a step told in several places has one number."""

    def __init__(self, changes: Iterable[Change], ranks: Mapping[int, int], texts: Texts) -> None:
        self._changes = {change.number: change for change in changes}
        self._ranks = ranks
        self._texts = texts
        self._identities = Identities(texts)
        self._proofs: dict[tuple[Step, str, str], Proof] = {}

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """Every step told so far, in the order of the numbers."""
        return tuple(self._proofs.values())

    def named(self, thing: Thing) -> Named:
        name = self._identities.name(thing.name, thing.key) or thing.dn or thing.sid or ""
        return Named(
            key=thing.key,
            name=short(name, LONGEST_NAME) or self._texts("finding.anonymous"),
            type=self._type(thing.type),
            type_id=thing.type,
            place=short(thing.dn or "", LONGEST_VALUE),
            sid=short(thing.sid or "", LONGEST_NAME),
        )

    def chain(self, path: Path) -> Chain:
        pairs = zip(path.edges, path.nodes, path.nodes[1:], strict=False)
        return Chain(self.named(path.nodes[0]), tuple(self.proof(step, a, b) for step, a, b in pairs))

    def proof(self, step: Step, source: Thing, target: Thing) -> Proof:
        key = step, source.key, target.key
        if key not in self._proofs:
            self._proofs[key] = self._proof(len(self._proofs) + 1, step, source, target)
        return self._proofs[key]

    def known(self, steps: Sequence[Step], things: Mapping[str, Thing]) -> tuple[Proof, ...]:
        """Proofs of steps by the things that their keys name; a step of an unknown key is named by the key."""
        return tuple(self.proof(step, _of(step.source, things), _of(step.target, things)) for step in steps)

    def change(self, change: Change) -> str:
        """A change as an order to an administrator."""
        settings = (self._texts.label("settings", setting) for setting in change.attribute.split(", "))
        values = {
            "object": self.named(change.object).name,
            "principal": self.named(change.principal).name if change.principal else "?",
            "attribute": short(", ".join(settings), LONGEST_VALUE),
            "detail": short(change.detail, LONGEST_VALUE),
        }
        words = self._texts.section(f"changes.{change.kind}")
        order: str = words["do"] if change.principal else words.get("do_for_all", words["do"])
        return order.format(**values)

    def setting(self, attribute: str, value: str) -> Iterator[tuple[str, str]]:
        """An attribute, right or setting as facts, with its value where it has one."""
        if attribute:
            told = self._texts.label("codes.right", attribute)
            named = attribute if told == attribute else f"{told} ({attribute})"
            yield self._texts("proofs.attribute"), short(named, LONGEST_VALUE)
        if value:
            yield self._texts("proofs.value"), short(value, LONGEST_VALUE)

    def ace(self, ace: Ace) -> Iterator[tuple[str, str]]:
        """An ACE as facts: its text, its place, where it comes from."""
        texts = self._texts
        yield texts("proofs.ace"), short(ace.sddl, LONGEST_VALUE)
        yield texts("proofs.position"), texts("proofs.position_value", n=ace.position)
        if not ace.is_inherited:
            yield texts("proofs.inheritance"), texts("proofs.explicit")
        elif ace.origin is None:
            yield texts("proofs.inheritance"), texts("proofs.inherited_unknown")
        else:
            origin = self.named(ace.origin)
            told = f"{origin.name} – {origin.place}" if origin.place else origin.name
            yield texts("proofs.inheritance"), texts("proofs.inherited", name=told)

    def _proof(self, number: int, step: Step, source: Thing, target: Thing) -> Proof:
        texts = self._texts
        change = None if step.change is None else self._changes.get(step.change)
        return Proof(
            number=number,
            source=self.named(source),
            target=self.named(target),
            kind=step.kind,
            verb=texts(f"edges.{step.kind}.verb"),
            why=texts(f"edges.{step.kind}.why"),
            fix=texts(f"edges.{step.kind}.fix"),
            difficulty="" if step.difficulty == "direct" else texts.label("difficulty", step.difficulty),
            facts=tuple(self._facts(step.evidence)),
            change=self.change(change) if change else "",
            rank=None if step.change is None else self._ranks.get(step.change),
        )

    def _facts(self, evidence: Evidence) -> Iterator[tuple[str, str]]:
        texts = self._texts
        bearer = self.named(evidence.object)
        yield texts("proofs.bearer"), f"{bearer.name} ({bearer.type})"
        for label, value in (("dn", bearer.place), ("sid", bearer.sid)):
            if value:
                yield texts(f"proofs.{label}"), value
        yield from self.setting(evidence.attribute, evidence.detail)
        if evidence.owner:
            yield texts("proofs.owner"), short(evidence.owner, LONGEST_NAME)
        if evidence.ace is not None:
            yield from self.ace(evidence.ace)

    def _type(self, type_: str) -> str:
        known = self._texts.section("things").get(type_) or self._texts.label("codes.type", type_)
        return short(known, LONGEST_NAME)


def short(text: str, most: int) -> str:
    """Text of a directory, masked, harmless and no longer than ``most``."""
    cleaned = clean(text)
    return cleaned if len(cleaned) <= most else f"{cleaned[: most - 1]}…"


def _of(key: str, things: Mapping[str, Thing]) -> Thing:
    return things.get(key) or Thing(key, key, "object", "", None, None)
