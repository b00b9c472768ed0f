"""Who can reach tier 0 and what stops it, as the page says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from adaudit.graph.answers.told import Change, ChokePoint, EntryPoint, Outlook, Path, PlanStep, Thing
from adaudit.report.gaps import column_name
from adaudit.report.picture import PictureView, picture_view
from adaudit.report.steps import LONGEST_NAME, Chain, Named, Proof, Steps, short
from adaudit.report.texts import Texts
from adaudit.report.values import Format

MOST_CHAINS: Final = 40
"""Paths of one list that the page shows."""

OPEN_CHAINS: Final = 6
"""Paths of one list that stay in sight; the others are folded."""


@dataclass(frozen=True)
class Part:
    """A part of the sentence that opens the report; ``anchor``: what proves it, if anything does."""

    text: str
    anchor: str = ""


@dataclass(frozen=True)
class Chains:
    shown: tuple[Chain, ...]
    folded: tuple[Chain, ...]
    left: str


@dataclass(frozen=True)
class Entry:
    """What was given, what it means or why it means nothing, the way from there."""

    given: str
    told: str
    chain: Chain | None


@dataclass(frozen=True)
class PlanLine:
    """``entry``: the ACE to remove, as facts; ``examples``: some of the steps that it removes."""

    rank: int
    told: str
    how: str
    gain: str
    left: str
    left_number: str
    removes: str
    entry: tuple[tuple[str, str], ...]
    examples: tuple[Proof, ...]


@dataclass(frozen=True)
class Counted:
    """A line of a table: what, how many, and its share of the largest between 0 and 100."""

    text: str
    number: str
    share: int = 0
    anchor: str = ""


@dataclass(frozen=True)
class Unseen:
    reason: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class OutlookView:
    """``is_grave``: somebody reaches tier 0, or it cannot be told. ``is_minimum``: there may be more accounts."""

    opening: tuple[Part, ...]
    is_grave: bool
    kinds: str
    tier0: str
    is_minimum: bool
    missing_told: str
    everyone: Chains
    foreign: Chains
    entries: tuple[Entry, ...]
    plan: tuple[PlanLine, ...]
    least: str
    irreducible: str
    why: tuple[Counted, ...]
    is_all_done: bool
    paths: Chains
    distances: tuple[Counted, ...]
    chokes: tuple[Counted, ...]
    missing: tuple[Counted, ...]
    uncertain: tuple[Counted, ...]
    not_modelled: tuple[Unseen, ...]
    picture: PictureView | None
    proofs: tuple[Proof, ...]


def outlook_view(outlook: Outlook, texts: Texts) -> OutlookView:
    """Every text masked and harmless; each step has one proof, numbered in the order of first mention."""
    return _Builder(outlook, texts).view()


def exposure_told(exposed: int, accounts: int, missing: Mapping[str, int], texts: Texts) -> str:
    """How many accounts of how many reach tier 0; at least so many where facts are ``missing``."""
    if not exposed:
        return _nobody(accounts, missing, texts)
    return " ".join(_who_reach(exposed, accounts, is_minimum=is_minimum(exposed, accounts, missing), texts=texts))


def _nobody(accounts: int, missing: Mapping[str, int], texts: Texts) -> str:
    if not accounts:
        return texts("exposure.no_accounts")
    return texts.count("exposure.none_found" if missing else "exposure.none", accounts, Format(texts).number(accounts))


def is_minimum(exposed: int, accounts: int, missing: Mapping[str, int]) -> bool:
    """Whether facts that are missing may hide more accounts: not once all of them are counted."""
    return bool(missing) and exposed < accounts


def gain_told(step: PlanStep, texts: Texts) -> str:
    """What a change of the plan brings by itself."""
    return (
        texts.count("plan.gain", step.gain, Format(texts).number(step.gain)) if step.gain else texts("plan.gain_later")
    )


def _who_reach(exposed: int, accounts: int, *, is_minimum: bool, texts: Texts) -> tuple[str, str]:
    number = Format(texts).number
    who = texts.count(
        f"exposure.{'who_least' if is_minimum else 'who'}", exposed, number(exposed), total=number(accounts)
    )
    return who, texts.count("exposure.reach", exposed, "")


class _Builder:
    def __init__(self, outlook: Outlook, texts: Texts) -> None:
        self._outlook = outlook
        self._texts = texts
        self._number = Format(texts).number
        self._ranks = {step.change.number: rank for rank, step in enumerate(outlook.plan.steps, start=1)}
        changes = (*outlook.changes, *(step.change for step in outlook.plan.steps))
        self._steps = Steps(changes, self._ranks, texts)
        self._things = {thing.key: thing for thing in _things(outlook)}

    def view(self) -> OutlookView:
        outlook, texts = self._outlook, self._texts
        plan = outlook.plan
        missing = sum(outlook.missing.values())
        return OutlookView(
            opening=tuple(self._opening()),
            is_grave=bool(outlook.exposed_accounts or outlook.everyone_like or outlook.missing),
            kinds=self._kinds(),
            tier0=texts("exposure.tier0", n=self._number(outlook.tier0)),
            is_minimum=self._is_minimum() and bool(outlook.exposed_accounts),
            missing_told=texts.count("exposure.missing_told", missing, self._number(missing)) if missing else "",
            entries=tuple(map(self._entry, sorted(outlook.entry_points, key=_rank))),
            everyone=self._chains(outlook.everyone_like),
            foreign=self._chains(outlook.foreign),
            plan=tuple(self._line(rank, step) for rank, step in enumerate(plan.steps, start=1)),
            least=self._least(),
            irreducible=texts.count("plan.irreducible", plan.irreducible, self._number(plan.irreducible))
            if plan.irreducible
            else "",
            why=self._by_kind(plan.why),
            is_all_done=bool(plan.steps) and plan.steps[-1].left == 0 and not outlook.missing,
            paths=self._chains(outlook.paths),
            distances=self._distances(),
            chokes=tuple(map(self._choke, outlook.choke_points)),
            missing=tuple(self._missing()),
            uncertain=self._by_kind(outlook.uncertain),
            not_modelled=tuple(
                Unseen(texts.label("not_modelled", reason), kinds) for reason, kinds in outlook.not_modelled.items()
            ),
            picture=picture_view(outlook.drawn, self._steps, texts) if outlook.drawn.nodes else None,
            proofs=self._steps.proofs,
        )

    def _opening(self) -> Iterator[Part]:
        """The sentence: how many of how many, and what the plan brings it to."""
        outlook, texts, number = self._outlook, self._texts, self._number
        exposed, steps = outlook.exposed_accounts, outlook.plan.steps
        if not exposed:
            is_open = bool(outlook.accounts and outlook.missing)
            yield Part(_nobody(outlook.accounts, outlook.missing, texts), "unread" if is_open else "")
            return
        who, reach = _who_reach(exposed, outlook.accounts, is_minimum=self._is_minimum(), texts=texts)
        yield Part(who, "distances")
        yield Part(" ")
        yield Part(reach, "paths")
        yield Part(self._texts("exposure.then"))
        if not steps:
            yield Part(texts("exposure.no_change"), "irreducible" if outlook.plan.irreducible else "")
        else:
            left = number(steps[-1].left)
            yield Part(texts.count("exposure.these", len(steps), number(len(steps))), "plan")
            yield Part(" ")
            yield Part(
                texts.count("exposure.bring_known" if outlook.missing else "exposure.bring", len(steps), "", left=left),
                f"plan-{len(steps)}",
            )
        yield Part(".")

    def _is_minimum(self) -> bool:
        """Whether facts that are missing may hide more accounts: not once all of them are counted."""
        outlook = self._outlook
        return is_minimum(outlook.exposed_accounts, outlook.accounts, outlook.missing)

    def _kinds(self) -> str:
        texts = self._texts
        known = texts.section("exposure")
        told = [
            texts.count(f"exposure.kind_{kind if f'kind_{kind}' in known else 'other'}", n, self._number(n))
            for kind, n in sorted(self._outlook.exposed.items(), key=lambda item: -item[1])
            if n
        ]
        return texts("exposure.of_kinds", kinds=", ".join(told)) if told else ""

    def _entry(self, entry: EntryPoint) -> Entry:
        texts = self._texts
        if entry.thing is None and entry.candidates:
            names = ", ".join(short(name, LONGEST_NAME) for name in entry.candidates)
            told = texts("exposure.entry_ambiguous", names=names)
        elif entry.thing is None:
            told = texts("exposure.entry_unknown")
        elif entry.path is None:
            told = texts("exposure.entry_no_path")
        elif not entry.path.length:
            told = texts("exposure.entry_tier0")
        else:
            told = texts.count("exposure.entry_path", entry.path.length, self._number(entry.path.length))
        chain = self._steps.chain(entry.path) if entry.path is not None and entry.path.length else None
        return Entry(short(entry.given, LONGEST_NAME), told, chain)

    def _chains(self, paths: Sequence[Path]) -> Chains:
        chains = tuple(map(self._steps.chain, paths[:MOST_CHAINS]))
        left = len(paths) - len(chains)
        return Chains(
            chains[:OPEN_CHAINS],
            chains[OPEN_CHAINS:],
            self._texts.count("paths.not_shown", left, self._number(left)) if left else "",
        )

    def _line(self, rank: int, step: PlanStep) -> PlanLine:
        texts, number, change = self._texts, self._number, step.change
        return PlanLine(
            rank=rank,
            told=self._steps.change(change),
            how=texts(f"changes.{change.kind}.how"),
            gain=gain_told(step, texts),
            left=texts.count("plan.left", step.left, number(step.left)),
            left_number=number(step.left),
            removes=texts.count("plan.removes", step.edges, number(step.edges)),
            entry=tuple(self._entry_of(change)),
            examples=self._steps.known(step.examples, self._things),
        )

    def _entry_of(self, change: Change) -> Iterator[tuple[str, str]]:
        """What to change and for whom, by names that nothing else bears, and the very value or ACE."""
        for thing in (change.object, change.principal):
            if thing is not None:
                named = self._steps.named(thing)
                told = " – ".join(text for text in (named.place, named.sid) if text)
                yield f"{named.name} ({named.type})", told or "—"
        yield from self._steps.setting(change.attribute, change.detail)
        if change.ace is not None:
            yield from self._steps.ace(change.ace)

    def _least(self) -> str:
        plan = self._outlook.plan
        if not plan.steps or not plan.is_least:
            return ""
        key = "plan.minimal" if plan.least >= len(plan.steps) else "plan.at_least"
        return self._texts.count(key, plan.least, self._number(plan.least))

    def _distances(self) -> tuple[Counted, ...]:
        distances = self._outlook.distances
        most = max(distances.values(), default=1) or 1
        return tuple(
            Counted(self._number(steps), self._number(accounts), round(100 * accounts / most))
            for steps, accounts in sorted(distances.items())
        )

    def _choke(self, choke: ChokePoint) -> Counted:
        number = self._number(choke.accounts)
        rank = self._ranks.get(choke.change.number) if choke.change else None
        return Counted(
            text=self._steps.change(choke.change) if choke.change else self._told(choke),
            number=number if choke.is_exact else self._texts("paths.bound", n=number),
            anchor=f"plan-{rank}" if rank else "",
        )

    def _told(self, choke: ChokePoint) -> str:
        if choke.thing is None:
            return self._texts("finding.anonymous")
        named: Named = self._steps.named(choke.thing)
        return f"{named.name} ({named.type})"

    def _missing(self) -> Iterator[Counted]:
        """Facts of coverage by the names that the rest of the page gives them."""
        texts = self._texts
        for fact, count in sorted(self._outlook.missing.items(), key=lambda item: (-item[1], item[0])):
            table, _, column = fact.partition(".")
            told = texts.label("tables", table)
            if column not in ("", "*"):
                told += f"{texts('colon')}{column_name(table, column, texts)}"
            yield Counted(short(told, LONGEST_NAME), self._number(count))

    def _by_kind(self, numbers: Mapping[str, int]) -> tuple[Counted, ...]:
        return tuple(
            Counted(kind, self._number(number), anchor=self._texts(f"edges.{kind}.why"))
            for kind, number in sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
        )


def _things(outlook: Outlook) -> Iterator[Thing]:
    """Everything that the outlook names: what the keys of a step can mean."""
    given = (entry.path for entry in outlook.entry_points if entry.path is not None)
    for path in (*outlook.paths, *outlook.everyone_like, *outlook.foreign, *given):
        yield from path.nodes
    yield from outlook.drawn.nodes
    for step in outlook.plan.steps:
        yield step.change.object
        if step.change.principal is not None:
            yield step.change.principal
        yield from (example.evidence.object for example in step.examples)


def _rank(entry: EntryPoint) -> tuple[bool, bool, int]:
    """Those with a way to tier 0 first, the shortest first; those that were not found last."""
    return entry.path is None, entry.thing is None, entry.path.length if entry.path else 0
