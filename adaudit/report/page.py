"""What ``report.html`` says, in the reader's order, before it is laid out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from adaudit.engine.model import Audit, Control, Gap, Result, Rule, Status
from adaudit.report.evidence import Proof, Proofs
from adaudit.report.gaps import alike, column_name, known_reason, outcome, sentence
from adaudit.report.texts import Texts
from adaudit.report.values import Format, clean
from adaudit.report.verdict import Figures, figures, first_to_fix, objects_behind

LEVELS: Final = (1, 2, 3, 4)
_NO_LEVEL: Final = 9
"""Where results without a level sort."""


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
    """One result, whatever its status."""

    id: str
    title: str
    kind: str
    family: str
    family_id: str
    status: str
    status_id: str
    level: int | None
    levels: str
    count: str
    examined: str
    examined_told: str
    incomplete: bool
    unassessed: str
    reason: str
    why: tuple[Block, ...]
    fix: tuple[Block, ...]
    verify: tuple[Block, ...]
    limits: tuple[Block, ...]
    proofs: tuple[Proof, ...]
    references: tuple[Reference, ...]
    params: tuple[tuple[str, str], ...]
    gaps: tuple[GapLine, ...]


@dataclass(frozen=True)
class Family:
    name: str
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Group:
    """The findings of one level, by family."""

    level: int | None
    title: str
    families: tuple[Family, ...]


@dataclass(frozen=True)
class SummaryLine:
    label: str
    level: int | None
    numbers: tuple[str, ...]


@dataclass(frozen=True)
class Remedy:
    """A reason for which facts are missing, told once."""

    id: str
    name: str
    why: str
    remedy: str


@dataclass(frozen=True)
class CoverageLine:
    table: str
    columns: str
    domain: str
    status: str
    reason: str
    count: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    language: str
    forest: str
    facts: tuple[tuple[str, str], ...]
    level: int | None
    at_worst: int
    figures: Figures
    warnings: tuple[str, ...]
    summary: tuple[SummaryLine, ...]
    first: tuple[Card, ...]
    groups: tuple[Group, ...]
    informations: tuple[Card, ...]
    errors: tuple[Card, ...]
    not_assessed: tuple[Card, ...]
    missing_rules: tuple[Control, ...]
    remedies: tuple[Remedy, ...]
    compliant: tuple[Card, ...]
    coverage: tuple[CoverageLine, ...]
    families: tuple[tuple[str, str], ...]
    statuses: tuple[tuple[str, str], ...]


def build_page(audit: Audit, texts: Texts) -> Page:
    """Every text of the page, masked and harmless to show."""
    return _Builder(audit, texts).page()


class _Builder:
    def __init__(self, audit: Audit, texts: Texts) -> None:
        self._audit = audit
        self._texts = texts
        self._format = Format(texts)
        self._proofs = Proofs(texts)

    def page(self) -> Page:
        audit, texts = self._audit, self._texts
        cards = {result.rule.id: self._card(result) for result in audit.results}
        by_status = {status: tuple(cards[r.rule.id] for r in audit.results if r.status is status) for status in Status}
        return Page(
            language=texts.language,
            forest=clean(audit.forest) or "—",
            facts=tuple(self._facts()),
            level=audit.level.indicative,
            at_worst=audit.level.at_worst,
            figures=figures(audit),
            warnings=tuple(self._warnings()),
            summary=tuple(self._summary()),
            first=tuple(cards[result.rule.id] for result in first_to_fix(audit)),
            groups=tuple(self._groups(by_status[Status.VIOLATIONS])),
            informations=by_status[Status.INFORMATION],
            errors=by_status[Status.ERROR],
            not_assessed=by_status[Status.NOT_ASSESSED],
            missing_rules=tuple(self._missing_rules()),
            remedies=tuple(self._remedies()),
            compliant=by_status[Status.COMPLIANT],
            coverage=tuple(self._coverage()),
            families=tuple(sorted({(card.family_id, card.family) for card in cards.values()}, key=lambda f: f[1])),
            statuses=tuple((s.value, texts(f"status.{s.value}")) for s in Status if by_status[s]),
        )

    def _facts(self) -> Iterable[tuple[str, str]]:
        audit, texts = self._audit, self._texts
        source = audit.source
        yield texts("page.forest"), clean(audit.forest) or "—"
        domains = (
            clean(d.dns or d.sid or "?") + ("" if d.is_collected else f" ({texts('page.domains_unread')})")
            for d in audit.domains
        )
        yield texts("page.domains"), ", ".join(domains) or "—"
        moment = self._format.moment(audit.as_of)
        yield texts("page.as_of"), f"{moment} ({texts.label('origin', audit.as_of_origin)})"
        how = texts.label("source", source.kind)
        if source.server:
            how += f", {texts('page.server', server=clean(source.server))}"
        if source.files:
            how += f"{texts('colon')}{', '.join(clean(file.name) for file in source.files)}"
        yield texts("page.source"), how
        yield texts("page.read_by"), clean(source.account or "") or texts("page.read_unknown")
        yield texts("page.completeness"), texts("page.complete" if audit.is_complete else "page.incomplete")
        yield texts("page.size"), ", ".join(self._sizes())
        yield texts("page.collected_with"), clean(source.tool)
        yield texts("page.judged_with"), audit.tool
        yield texts("page.catalogue"), self._format.value(audit.catalogue_date) if audit.catalogue_date else "—"
        yield texts("page.snapshot"), clean(Path(audit.snapshot_path).name)
        yield texts("page.sha256"), audit.snapshot_sha256

    def _sizes(self) -> Iterable[str]:
        counts = self._audit.counts
        accounts = sum(counts.get(name, 0) for name in ("users", "computers", "managed_service_accounts"))
        for key, number in (("page.objects", counts.get("objects", 0)), ("page.accounts", accounts)):
            yield self._texts.count(key, number, self._format.number(number))

    def _warnings(self) -> Iterable[str]:
        if not self._audit.is_complete:
            reason = clean(self._audit.incomplete_reason or "") or self._texts("summary.no_reason")
            yield self._texts("summary.incomplete", reason=reason)
        if failed := sum(result.status is Status.ERROR for result in self._audit.results):
            yield self._texts.count("summary.errors", failed, str(failed))

    def _summary(self) -> Iterable[SummaryLine]:
        texts = self._texts
        judged = [r for r in self._audit.results if r.status is not Status.INFORMATION]
        for level in (*LEVELS, None):
            results = [r for r in judged if _summary_level(r) == level]
            if results:
                label = texts("summary.no_level") if level is None else texts("level.short", n=level)
                yield SummaryLine(label, level, self._numbers(results))
        yield SummaryLine(texts("summary.total"), None, self._numbers(judged))

    def _numbers(self, results: Sequence[Result]) -> tuple[str, ...]:
        statuses = Counter(result.status for result in results)
        objects = sum(objects_behind(r) for r in results if r.status is Status.VIOLATIONS)
        numbers = (
            statuses[Status.VIOLATIONS],
            objects,
            statuses[Status.COMPLIANT],
            statuses[Status.NOT_ASSESSED],
            statuses[Status.ERROR],
        )
        return tuple(self._format.number(number) for number in numbers)

    def _groups(self, cards: Iterable[Card]) -> Iterable[Group]:
        ordered = sorted(cards, key=lambda c: (c.level or _NO_LEVEL, c.family, c.title))
        for level, of_level in groupby(ordered, key=lambda c: c.level):
            families = tuple(Family(name, tuple(members)) for name, members in groupby(of_level, lambda c: c.family))
            yield Group(level, self._level_title(level), families)

    def _level_title(self, level: int | None) -> str:
        if level is None:
            return self._texts("level.group_none")
        return self._texts("level.group", n=level, name=self._texts(f"level.{level}"))

    def _card(self, result: Result) -> Card:
        rule, texts = result.rule, self._texts
        prose = rule.prose[texts.language]
        objects = objects_behind(result)
        examined = "" if result.examined is None else self._format.number(result.examined)
        return Card(
            id=rule.id,
            title=prose.title,
            kind=texts(f"kind.{rule.kind.value}"),
            family=texts.label("family", rule.family),
            family_id=rule.family,
            status=texts(f"status.{result.status.value}"),
            status_id=result.status.value,
            level=_summary_level(result),
            levels=", ".join(map(str, rule.levels)),
            count=texts.count("finding.subjects", objects, self._format.number(objects)) if objects else "",
            examined=examined,
            examined_told=texts.count("finding.examined", result.examined or 0, examined) if examined else "",
            incomplete=result.incomplete,
            unassessed=", ".join(map(str, result.unassessed_levels)),
            reason=outcome(result, texts),
            why=_blocks(prose.why),
            fix=_blocks(prose.fix),
            verify=_blocks(prose.verify),
            limits=_blocks(prose.limits),
            proofs=self._proofs.of_result(result),
            references=tuple(self._references(rule)),
            params=tuple(
                (texts.label("params", name), self._format.value(list(v) if isinstance(v, tuple) else v, name))
                for name, v in rule.params.items()
            ),
            gaps=tuple(self._gap(gaps) for gaps in alike(result.gaps)),
        )

    def _references(self, rule: Rule) -> Iterable[Reference]:
        for control in rule.controls:
            for known in self._audit.controls.get(control, ()):
                yield Reference(self._texts.label("frameworks", known.framework), known.id, _web(known.reference))

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

    def _missing_rules(self) -> Iterable[Control]:
        answered = {control for result in self._audit.results for control in result.rule.controls}
        for control in figures(self._audit).catalogue:
            if control.id not in answered:
                yield Control(control.id, control.framework, control.levels, _web(control.reference))

    def _remedies(self) -> Iterable[Remedy]:
        told = (gap for result in self._audit.results for gap in result.gaps)
        for code in dict.fromkeys(known_reason(gap.reason, self._texts) for gap in (*told, *self._audit.coverage)):
            name, why, remedy = (self._texts(f"reasons.{code}.{part}") for part in ("name", "why", "remedy"))
            yield Remedy(code, name, why, remedy)

    def _coverage(self) -> Iterable[CoverageLine]:
        texts = self._texts

        def key(gap: Gap) -> tuple[str, str, str, str]:
            return gap.table, gap.domain, gap.status, gap.reason

        for (table, domain, status, reason), group in groupby(sorted(self._audit.coverage, key=key), key):
            gaps = list(group)
            columns = dict.fromkeys(
                texts("coverage.all_columns") if gap.column == "*" else column_name(table, gap.column) for gap in gaps
            )
            yield CoverageLine(
                table=texts.label("tables", table),
                columns=", ".join(columns),
                domain=clean(domain) or texts("not_assessed.everywhere"),
                status=texts.label("gap_status", status),
                reason=texts(f"reasons.{known_reason(reason, texts)}.name"),
                count=self._format.number(sum(gap.count for gap in gaps)),
                examples=tuple(dict.fromkeys(clean(example) for gap in gaps for example in gap.examples))[:3],
            )


def _summary_level(result: Result) -> int | None:
    """The level it breaks; where it breaks none, the lowest that it could."""
    if result.status in (Status.VIOLATIONS, Status.INFORMATION):
        return result.level
    return min(result.rule.levels, default=None)


def _web(address: str) -> str:
    """An address that a link may lead to; empty for any other scheme."""
    return address if address.startswith("https://") else ""


def _blocks(prose: str) -> tuple[Block, ...]:
    """Paragraphs, one per line, and lists, whose lines begin with ``- ``."""
    lines = [line.strip() for line in prose.splitlines() if line.strip()]
    blocks = []
    for is_list, group in groupby(lines, key=lambda line: line.startswith("- ")):
        if is_list:
            blocks.append(Block(tuple(line.removeprefix("- ") for line in group), is_list=True))
        else:
            blocks.extend(Block((line,), is_list=False) for line in group)
    return tuple(blocks)
