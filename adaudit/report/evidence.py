"""The proof of a finding as tables: what the page shows of subjects, their evidence and the rows behind a number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from adaudit.engine.model import Evidence, Item, Result, Subject
from adaudit.report.identities import Identities
from adaudit.report.texts import Texts
from adaudit.report.values import Format, clean

MOST_ROWS: Final = 100
"""Rows of one finding that the page shows; findings.json holds them all."""

FOLDED_AFTER: Final = 10
"""Rows of a table that stay in sight; the others are folded."""

MOST_VALUES: Final = 50
"""Values of one list of evidence that the page shows."""

_ALREADY_SHOWN: Final = frozenset({"dn", "name", "level", "sid"})


@dataclass(frozen=True)
class Cell:
    """A value, or a list of values of which ``left`` more are not shown."""

    values: tuple[str, ...]
    left: str = ""


@dataclass(frozen=True)
class Nested:
    """A list of records in one evidence column, as a table of its own."""

    label: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: str = ""


@dataclass(frozen=True)
class Row:
    """``note``: the exception that accepts it, or no longer does."""

    name: str
    type: str
    place: str
    note: str
    is_accepted: bool
    level: str
    cells: tuple[Cell, ...]
    nested: tuple[Nested, ...]


@dataclass(frozen=True)
class Proof:
    """A table whose rows beyond ``FOLDED_AFTER`` are folded. ``capped`` says what is not in it."""

    caption: str
    first_header: str
    has_levels: bool
    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    folded: tuple[Row, ...]
    more: str
    capped: str


class Proofs:
    """Builds the tables of findings in one language."""

    def __init__(self, identities: Identities, texts: Texts) -> None:
        self._identities = identities
        self._texts = texts
        self._format = Format(texts)

    def of_result(self, result: Result) -> tuple[Proof, ...]:
        """Subjects first, then for each subject the rows behind its number; at most ``MOST_ROWS`` rows of each kind.

        In the order of levels and names, what is accepted last.
        """
        rule = result.rule
        subjects = sorted(result.subjects, key=lambda s: (bool(s.accepted), s.level or 0, s.name.casefold(), s.key))
        title = rule.prose[self._texts.language].title
        tables = [
            self._proof(
                self._texts("finding.caption", title=title),
                subjects,
                MOST_ROWS,
                rule.evidence,
                has_levels=len(rule.levels) > 1,
                files="findings.csv, findings.json",
            )
        ]
        room = MOST_ROWS
        for subject in subjects[:MOST_ROWS]:
            if rule.detail and subject.items:
                number = len(subject.items)
                caption = self._texts.count(
                    "finding.behind", number, self._format.number(number), name=self._name(subject)
                )
                items = sorted(subject.items, key=lambda item: (item.name.casefold(), item.key))
                tables.append(self._proof(caption, items, room, rule.detail.evidence, files="findings.json"))
                room = max(0, room - number)
        return tuple(table for table in tables if table.rows or table.capped)

    def _proof(
        self,
        caption: str,
        things: Sequence[Subject | Item],
        most: int,
        columns: Sequence[str],
        *,
        files: str,
        has_levels: bool = False,
    ) -> Proof:
        shown = things[:most]
        told = [c for c in columns if c not in _ALREADY_SHOWN and any(t.evidence.get(c) != t.type for t in shown)]
        nested = [c for c in told if any(_records(t.evidence.get(c)) for t in shown)]
        plain = [c for c in told if c not in nested]
        rows = [self._row(thing, plain, nested) for thing in shown]
        folded = rows[FOLDED_AFTER:]
        texts, number = self._texts, self._format.number
        is_subject = any(isinstance(thing, Subject) for thing in things)
        return Proof(
            caption=caption,
            first_header=texts("finding.subject" if is_subject else "finding.item"),
            has_levels=has_levels,
            headers=tuple(texts.label("columns", column) for column in plain),
            rows=tuple(rows[:FOLDED_AFTER]),
            folded=tuple(folded),
            more=texts.count("finding.more", len(folded), number(len(folded))) if folded else "",
            capped=texts("finding.capped", shown=number(len(shown)), total=number(len(things)), files=files)
            if len(shown) < len(things)
            else "",
        )

    def _row(self, thing: Subject | Item, plain: Iterable[str], nested: Iterable[str]) -> Row:
        level = thing.level if isinstance(thing, Subject) else None
        evidence = self._identities.evidence(thing.evidence)
        return Row(
            name=self._name(thing),
            type=clean(self._texts.label("codes.type", thing.type)),
            place=self._place(thing),
            note=self._note(thing),
            is_accepted=isinstance(thing, Subject) and thing.accepted is not None,
            level="" if level is None else str(level),
            cells=tuple(self._cell(evidence.get(column), column) for column in plain),
            nested=tuple(
                table for column in nested if (table := self._nested(evidence.get(column), column)) is not None
            ),
        )

    def _name(self, thing: Subject | Item) -> str:
        return clean(self._identities.name(thing.name, thing.key) or thing.dn or "") or self._texts("finding.anonymous")

    def _place(self, thing: Subject | Item) -> str:
        """Where to find it: its DN as the directory spells it, else its SID."""
        sid = thing.sid if isinstance(thing, Subject) else None
        return clean(thing.dn or str(thing.evidence.get("dn") or "") or sid or "")

    def _note(self, thing: Subject | Item) -> str:
        if not isinstance(thing, Subject) or not (exception := thing.accepted or thing.expired):
            return ""
        return self._texts(
            "exceptions.row" if thing.accepted else "exceptions.row_expired",
            until=self._format.day(exception.until),
            by=clean(exception.accepted_by),
            reason=clean(exception.reason),
        )

    def _cell(self, value: Evidence, column: str) -> Cell:
        if not isinstance(value, list):
            return Cell((self._format.value(value, column),))
        shown = tuple(self._format.value(item, column) for item in value[:MOST_VALUES])
        return Cell(shown or ("—",), self._left(len(value)))

    def _nested(self, value: Evidence, column: str) -> Nested | None:
        records = _records(value)
        if not records:
            return None
        shown = records[:MOST_VALUES]
        names = [
            name for name in dict.fromkeys(n for r in records for n in r) if any(r.get(name) is not None for r in shown)
        ]
        return Nested(
            label=self._texts.label("columns", column),
            headers=tuple(self._texts.label("columns", name) for name in names),
            rows=tuple(tuple(self._format.value(record.get(name), name) for name in names) for record in shown),
            left=self._left(len(records)),
        )

    def _left(self, number: int) -> str:
        left = number - MOST_VALUES
        return self._texts("finding.more_values", n=self._format.number(left)) if left > 0 else ""


def _records(value: Evidence) -> list[dict[str, Evidence]]:
    """The records of a list that holds nothing else; empty for any other value."""
    if not isinstance(value, list):
        return []
    records = [item for item in value if isinstance(item, dict)]
    return records if len(records) == len(value) else []
