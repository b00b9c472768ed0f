"""What ``report.html`` says, in the reader's order, before it is laid out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from adaudit.engine.model import Audit, Control, Gap, Kind, Result, Status
from adaudit.report.accepted import EXPIRED, UNMATCHED, ExceptionLine, exception_lines
from adaudit.report.cards import Card, Cards, priority_name, priority_of, web
from adaudit.report.first import First, FirstBuilder
from adaudit.report.gaps import column_name, known_reason
from adaudit.report.outlook import OutlookView, outlook_view
from adaudit.report.scoring import ScoresBuilder, ScoresView
from adaudit.report.texts import Texts
from adaudit.report.unanswered import Reason, reasons
from adaudit.report.values import Format, clean
from adaudit.report.verdict import Figures, figures, is_accepted, objects_behind, to_fix

PRIORITIES: Final = (1, 2, 3, 4)


@dataclass(frozen=True)
class OfKind:
    name: str
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Group:
    """The findings of one priority, by kind."""

    priority: int | None
    title: str
    kinds: tuple[OfKind, ...]


@dataclass(frozen=True)
class SummaryLine:
    label: str
    priority: int | None
    numbers: tuple[str, ...]


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
class Excepted:
    """The level once what is accepted is left out."""

    level: int | None
    at_worst: int


@dataclass(frozen=True)
class Page:
    language: str
    forest: str
    facts: tuple[tuple[str, str], ...]
    outlook: OutlookView | None
    level: int | None
    at_worst: int
    excepted: Excepted | None
    figures: Figures
    scores: ScoresView
    warnings: tuple[str, ...]
    summary: tuple[SummaryLine, ...]
    first: First
    groups: tuple[Group, ...]
    accepted: tuple[Card, ...]
    exceptions: tuple[ExceptionLine, ...]
    informations: tuple[Card, ...]
    errors: tuple[Card, ...]
    reasons: tuple[Reason, ...]
    missing_rules: tuple[Control, ...]
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

    def page(self) -> Page:
        audit, texts = self._audit, self._texts
        build = Cards(audit, texts)
        cards = {result.rule.id: build.of_result(result) for result in audit.results}
        by_status = {status: tuple(cards[r.rule.id] for r in audit.results if r.status is status) for status in Status}
        return Page(
            language=texts.language,
            forest=clean(audit.forest) or "—",
            facts=tuple(self._facts()),
            outlook=outlook_view(audit.outlook, texts) if audit.outlook else None,
            level=audit.level.indicative,
            at_worst=audit.level.at_worst,
            excepted=Excepted(audit.excepted.level.indicative, audit.excepted.level.at_worst)
            if audit.excepted
            else None,
            figures=figures(audit),
            scores=ScoresBuilder(audit, cards, texts).scores(),
            warnings=tuple(self._warnings()),
            summary=tuple(self._summary()),
            first=FirstBuilder(audit, cards, texts).first(),
            groups=tuple(self._groups(cards)),
            accepted=tuple(cards[r.rule.id] for r in audit.results if is_accepted(r)),
            exceptions=exception_lines(audit, cards, texts),
            informations=by_status[Status.INFORMATION],
            errors=by_status[Status.ERROR],
            reasons=reasons(audit, cards, texts),
            missing_rules=tuple(self._missing_rules()),
            compliant=tuple(sorted(by_status[Status.COMPLIANT], key=lambda card: (card.family, card.id))),
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
        audit, texts = self._audit, self._texts
        if not audit.is_complete:
            reason = clean(audit.incomplete_reason or "") or texts("summary.no_reason")
            yield texts("summary.incomplete", reason=reason)
        if failed := sum(result.status is Status.ERROR for result in audit.results):
            yield texts.count("summary.errors", failed, str(failed))
        for states, key in ((EXPIRED, "exceptions.warn_expired"), (UNMATCHED, "exceptions.warn_unmatched")):
            if number := sum(use.state in states for use in audit.exceptions):
                yield texts.count(key, number, str(number))

    def _summary(self) -> Iterable[SummaryLine]:
        texts = self._texts
        judged = [r for r in self._audit.results if r.status is not Status.INFORMATION]
        for priority in (*PRIORITIES, None):
            results = [r for r in judged if priority_of(r) == priority]
            if results:
                label = texts("summary.no_level") if priority is None else priority_name(priority, texts)
                yield SummaryLine(label, priority, self._numbers(results))
        yield SummaryLine(texts("summary.total"), None, self._numbers(judged))

    def _numbers(self, results: Sequence[Result]) -> tuple[str, ...]:
        statuses = Counter(result.status for result in results)
        found = [result for result in results if result.status is Status.VIOLATIONS]
        kinds = Counter(result.rule.kind for result in found)
        numbers = (
            *(kinds[kind] for kind in (Kind.VULNERABILITY, Kind.EXTRA, Kind.WARNING)),
            sum(map(objects_behind, found)),
            statuses[Status.COMPLIANT],
            statuses[Status.NOT_ASSESSED],
            statuses[Status.ERROR],
        )
        return tuple(self._format.number(number) if number else "–" for number in numbers)

    def _groups(self, cards: dict[str, Card]) -> Iterable[Group]:
        ordered = [cards[result.rule.id] for result in to_fix(self._audit)]
        for priority, equal in groupby(ordered, key=lambda card: card.priority):
            kinds = tuple(
                OfKind(self._texts(f"kinds.{kind}"), tuple(members))
                for kind, members in groupby(equal, lambda card: card.kind_id)
            )
            yield Group(priority, self._group_title(priority), kinds)

    def _group_title(self, priority: int | None) -> str:
        if priority is None:
            return self._texts("level.group_none")
        return self._texts("level.group", n=priority, name=self._texts(f"priority.{priority}"))

    def _missing_rules(self) -> Iterable[Control]:
        answered = {control for result in self._audit.results for control in result.rule.controls}
        for control in figures(self._audit).catalogue:
            if control.id not in answered:
                yield Control(control.id, control.framework, control.levels, web(control.reference))

    def _coverage(self) -> Iterable[CoverageLine]:
        texts = self._texts

        def key(gap: Gap) -> tuple[str, str, str, str]:
            return gap.table, gap.domain, gap.status, gap.reason

        for (table, domain, status, reason), group in groupby(sorted(self._audit.coverage, key=key), key):
            gaps = list(group)
            columns = dict.fromkeys(
                texts("coverage.all_columns") if gap.column == "*" else column_name(table, gap.column, texts)
                for gap in gaps
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
