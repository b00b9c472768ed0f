"""Which facts that a rule rests on are missing, and for whom it matters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from adaudit.engine.book import Fact, Reading
from adaudit.engine.database import Database, Scope
from adaudit.engine.missing import Lack
from adaudit.engine.model import Gap, SubjectKind
from adaudit.schema import TABLES

EXAMPLES: Final = 3

_EXAMINED_OBJECTS: Final = {
    SubjectKind.OBJECT: "select subject from examined",
    SubjectKind.PRINCIPAL: """
        select b.object_id from snapshot.bearers b join examined e on e.subject = b.principal_id""",
    SubjectKind.DOMAIN: "select o.object_id from snapshot.objects o join examined e on e.subject = o.domain_id",
    SubjectKind.FOREST: "select object_id from snapshot.objects",
}
"""Objects that a rule's population stands for, by what its subjects are."""

_GAPS: Final = """
select m.lack, count(*), min(distinct m.dn, $examples)
from snapshot.missing m
where {condition}
group by m.lack
order by m.lack
"""

_AT_A_PLACE: Final = """len(list_filter($places, lambda place:
    (place.path <> '' or not m.is_known_hidden) and len(list_filter(m.whereabouts, lambda here:
        here.kind = place.kind and (ends_with(here.path, place.path) or ends_with(place.path, here.path))
    )) > 0
)) > 0"""
"""What was never seen is at a place, below it or above it: what is hidden above hides what is below."""

_IDENTIFYING: Final = frozenset(
    (table.name, column.name)
    for table in TABLES.values()
    for column in table.columns
    if column.source in ("objectSid", "sAMAccountName")
)
"""What tells who an object is: one that does not show it may belong to any population."""


def all_gaps(database: Database, lacks: Sequence[Lack]) -> tuple[Gap, ...]:
    """Everything that was not collected, whatever reads it."""
    if not lacks:
        return ()
    with database.scope({}) as scope:
        rows = _rows(scope, "true", {})
    return tuple(_gap(lacks[n], count, dns, is_required=False, levels=()) for n, count, dns in rows)


def gaps_of(
    scope: Scope,
    lacks: Sequence[Lack],
    reading: Reading,
    examined: SubjectKind | None,
    places: tuple[str, ...] | None,
) -> tuple[Gap, ...]:
    """Gaps in what a rule reads, worst first: required ones, then those of one level, then refining ones.

    ``lacks``: what ``lay_out`` tells of the snapshot. ``examined``: what the rows of the kept table ``examined``
    (column ``subject``) are, when the rule names its population: what is missing of other objects is then left out, but
    for what tells who they are. ``places``: where objects never seen would matter (``Rule.places``). A gap that names
    neither object nor DN counts, unless it is a naming context without a place.
    """
    facts = reading.facts
    touched = [
        number
        for number, lack in enumerate(lacks)
        if _touches(lack, facts) and not (places is None and lack.is_known_hidden)
    ]
    if not touched:
        return ()
    condition = "list_contains($lacks, m.lack)"
    parameters: dict[str, object] = {"lacks": touched}
    if examined is not None:
        condition += f""" and (
            m.object_id is null or m.object_id in ({_EXAMINED_OBJECTS[examined]})
            or list_contains($identifying, m.lack)
        )"""
        parameters["identifying"] = [n for n in touched if (lacks[n].table, lacks[n].column) in _IDENTIFYING]
    if places is not None:
        condition += " and m.whereabouts is null" if not places else f" and (m.whereabouts is null or {_AT_A_PLACE})"
        parameters["places"] = [_place(place) for place in places]
    gaps = []
    for number, count, dns in _rows(scope, condition, parameters):
        lack = lacks[number]
        levels = tuple(sorted(level for level, needs in reading.levels.items() if _touches(lack, needs)))
        gaps.append(_gap(lack, count, dns, is_required=_touches(lack, reading.required), levels=levels))
    return tuple(sorted(gaps, key=lambda g: (not g.is_required, not g.levels)))


def _touches(lack: Lack, facts: Iterable[Fact]) -> bool:
    return any(t == lack.table and (lack.column in ("*", c) or TABLES[t].per_value) for t, c in facts)


def _place(place: str) -> dict[str, str]:
    """A place of a rule, as ``snapshot.missing`` tells whereabouts."""
    kind, _, path = place.lower().partition(":")
    return {"kind": kind, "path": path and f",{path}"}


def _rows(scope: Scope, condition: str, parameters: dict[str, object]) -> list[tuple[Any, ...]]:
    return scope.select(_GAPS.format(condition=condition), parameters | {"examples": EXAMPLES}).rows


def _gap(lack: Lack, count: int, dns: list[str] | None, *, is_required: bool, levels: tuple[int, ...]) -> Gap:
    return Gap(*lack, count, tuple(dn for dn in dns or () if dn), is_required, levels)
