"""One result as the page shows it, whatever its status."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from adaudit.engine.model import Audit, Gap, Kind, PowerShell, Result, Rule
from adaudit.engine.score import priority
from adaudit.report.evidence import Proof, Proofs
from adaudit.report.gaps import alike, known_reason, outcome, sentence
from adaudit.report.identities import Identities
from adaudit.report.texts import Texts
from adaudit.report.values import Format, clean
from adaudit.report.verdict import accepted_subjects, is_accepted, objects_behind

OPEN_UP_TO: Final = 2
"""Findings of this priority or a higher one are laid open; the others are folded below their title."""


@dataclass(frozen=True)
class Block:
    """A paragraph, or the points of a list."""

    points: tuple[str, ...]
    is_list: bool


@dataclass(frozen=True)
class Reference:
    framework: str
    id: str
    address: str


@dataclass(frozen=True)
class GapLine:
    text: str
    reason: str
    count: str
    examples: tuple[str, ...]
    levels: str


@dataclass(frozen=True)
class Card:
    """``priority``: 1 to 4, None for informations. ``grade``: the level or severity in words. ``points``: what it
    costs. ``notes``: short remarks below the title."""

    id: str
    title: str
    kind: str
    kind_id: str
    family: str
    family_id: str
    status: str
    status_id: str
    priority: int | None
    grade: str
    levels: str
    count: str
    examined: str
    examined_told: str
    points: str
    notes: tuple[str, ...]
    incomplete: bool
    is_folded: bool
    unassessed: str
    reason: str
    why: tuple[Block, ...]
    fix: tuple[Block, ...]
    verify: tuple[Block, ...]
    limits: tuple[Block, ...]
    powershell: PowerShell | None
    proofs: tuple[Proof, ...]
    references: tuple[Reference, ...]
    params: tuple[tuple[str, str], ...]
    gaps: tuple[GapLine, ...]


class Cards:
    """Builds cards in one language."""

    def __init__(self, audit: Audit, texts: Texts) -> None:
        self._controls = audit.controls
        self._points = {line.rule_id: line.points for line in audit.scores.lines}
        self._texts = texts
        self._format = Format(texts)
        self._proofs = Proofs(Identities(texts, audit.well_known_names), texts)

    def of_result(self, result: Result) -> Card:
        rule, texts = result.rule, self._texts
        prose = rule.prose[texts.language]
        objects = objects_behind(result)
        examined = "" if result.examined is None else self._format.number(result.examined)
        standing = priority_of(result)
        return Card(
            id=rule.id,
            title=prose.title,
            kind=texts(f"kind.{rule.kind.value}"),
            kind_id=rule.kind.value,
            family=texts.label("family", rule.family),
            family_id=rule.family,
            status=texts(f"status.{result.status.value}"),
            status_id=result.status.value,
            priority=standing,
            grade=grade(result, texts),
            levels=self._levels(rule),
            count=texts.count("finding.subjects", objects, self._format.number(objects)) if objects else "",
            examined=examined,
            examined_told=texts.count("finding.examined", result.examined or 0, examined) if examined else "",
            points=self._cost(result),
            notes=tuple(self._notes(result)),
            incomplete=result.incomplete,
            is_folded=_is_folded(result, standing),
            unassessed=", ".join(map(str, result.unassessed_levels)),
            reason=outcome(result, texts),
            why=_blocks(prose.why),
            fix=_blocks(prose.fix),
            verify=_blocks(prose.verify),
            limits=_blocks(prose.limits),
            powershell=rule.powershell,
            proofs=self._proofs.of_result(result),
            references=tuple(self._references(rule)),
            params=tuple(self._params(rule)),
            gaps=tuple(self._gap(gaps) for gaps in alike(result.gaps)),
        )

    def _params(self, rule: Rule) -> Iterable[tuple[str, str]]:
        """Those that a reader would weigh; findings.json has the constants too."""
        labels = self._texts.section("params")
        for name, value in rule.params.items():
            if name in labels:
                yield labels[name], self._format.value(list(value) if isinstance(value, tuple) else value, name)

    def _levels(self, rule: Rule) -> str:
        if rule.severity is not None:
            return self._texts(f"severity.{rule.severity.value}")
        return ", ".join(map(str, rule.levels))

    def _cost(self, result: Result) -> str:
        points = self._points.get(result.rule.id, 0.0)
        shown = self._format.number(round(points, 1))
        return self._texts.count("finding.points", int(points), shown) if points else ""

    def _notes(self, result: Result) -> Iterable[str]:
        accepted, expired = accepted_subjects(result), {s.key for s in result.subjects if s.expired}
        if is_accepted(result):
            yield self._texts("exceptions.all_accepted")
        elif accepted:
            yield self._texts.count("exceptions.accepted", accepted, self._format.number(accepted))
        if expired:
            yield self._texts.count("exceptions.expired_count", len(expired), self._format.number(len(expired)))

    def _references(self, rule: Rule) -> Iterable[Reference]:
        for control in rule.controls:
            for known in self._controls.get(control, ()):
                yield Reference(self._texts.label("frameworks", known.framework), known.id, web(known.reference))

    def _gap(self, gaps: Sequence[Gap]) -> GapLine:
        texts, gap = self._texts, gaps[0]
        levels = ", ".join(map(str, gap.levels))
        return GapLine(
            text=sentence(gaps, texts),
            reason=known_reason(gap.reason, texts),
            count=texts.count("not_assessed.objects", gap.count, self._format.number(gap.count)),
            examples=tuple(clean(example) for example in gap.examples),
            levels=texts("finding.threshold" if len(gap.levels) == 1 else "finding.thresholds", levels=levels)
            if levels
            else "",
        )


def priority_of(result: Result) -> int | None:
    """Of what it found; where it found nothing, of the worst that it could."""
    return priority(result.rule, result.level)


def priority_name(priority: int, texts: Texts) -> str:
    return texts("summary.priority", n=priority, name=texts(f"priority.{priority}"))


def grade(result: Result, texts: Texts) -> str:
    """A level of ANSSI, an indicative one, or a severity, in words."""
    rule = result.rule
    if rule.severity is not None:
        return texts(f"severity.{rule.severity.value}")
    level = result.level if result.level is not None else min(rule.levels, default=None)
    if level is None:
        return texts(f"kind.{rule.kind.value}")
    return texts("level.indicative_short" if rule.kind is Kind.WARNING else "level.short", n=level)


def web(address: str) -> str:
    """An address that a link may lead to; empty for any other scheme."""
    return address if address.startswith("https://") else ""


def _is_folded(result: Result, standing: int | None) -> bool:
    return standing is None or standing > OPEN_UP_TO or result.rule.kind is Kind.WARNING or is_accepted(result)


def _blocks(prose: str) -> tuple[Block, ...]:
    """Paragraphs, one per line, and lists, whose lines begin with ``- ``; a French quotation mark keeps to its word."""
    kept = prose.replace("« ", "«\u00a0").replace(" »", "\u00a0»")
    lines = [line.strip() for line in kept.splitlines() if line.strip()]
    blocks = []
    for is_list, group in groupby(lines, key=lambda line: line.startswith("- ")):
        if is_list:
            blocks.append(Block(tuple(line.removeprefix("- ") for line in group), is_list=True))
        else:
            blocks.extend(Block((line,), is_list=False) for line in group)
    return tuple(blocks)
