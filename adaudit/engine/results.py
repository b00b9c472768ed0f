"""What a rule found, with its subjects named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from adaudit.engine.database import Database
from adaudit.engine.judge import ItemRow, Row, Verdict
from adaudit.engine.model import Item, Result, Rule, Status, Subject, SubjectKind
from adaudit.engine.subjects import Identity, identities

Names = Mapping[SubjectKind, Mapping[int | None, Identity]]


def results_of(database: Database, judged: Sequence[tuple[Rule, Verdict]]) -> Iterator[Result]:
    """The verdicts with their subjects named, each name sought once whatever the number of rules that found it."""
    wanted: dict[SubjectKind, set[int | None]] = {kind: set() for kind in SubjectKind}
    for rule, verdict in judged:
        wanted[rule.subject].update(row.subject for row in verdict.rows)
        if rule.detail:
            wanted[rule.detail.item].update(row.item for row in verdict.items)
    names = {kind: identities(database, kind, ids) for kind, ids in wanted.items()}
    for rule, verdict in judged:
        yield _result(names, rule, verdict)


def _result(names: Names, rule: Rule, verdict: Verdict) -> Result:
    """The verdict with its subjects named; an error when one of them is nothing of the snapshot."""
    try:
        subjects = _subjects(names, rule, verdict)
    except KeyError as error:
        verdict = Verdict(
            Status.ERROR, reason="failed", message=f"{error.args[0]} is no {rule.subject} of the snapshot"
        )
        subjects = ()
    return Result(
        rule=rule,
        status=verdict.status,
        incomplete=verdict.incomplete,
        level=verdict.level,
        examined=verdict.examined,
        reason=verdict.reason,
        message=verdict.message,
        gaps=verdict.gaps,
        subjects=subjects,
        unassessed_levels=verdict.unassessed_levels,
        seconds=verdict.seconds,
    )


def _subjects(names: Names, rule: Rule, verdict: Verdict) -> tuple[Subject, ...]:
    """The subjects found, worst level first, then by key. KeyError for an id that names nothing."""
    named = names[rule.subject]
    behind: dict[int | None, list[Item]] = {}
    if rule.detail:
        items = names[rule.detail.item]
        for row in verdict.items:
            behind.setdefault(row.subject, []).append(_item(items[row.item], row))
    subjects = [_subject(named[row.subject], row, behind.get(row.subject, [])) for row in verdict.rows]
    return tuple(sorted(subjects, key=lambda s: (s.level or 0, s.key, str(s.evidence))))


def _subject(identity: Identity, row: Row, items: list[Item]) -> Subject:
    return Subject(
        key=identity.key,
        type=identity.type,
        domain=identity.domain,
        guid=identity.guid,
        dn=identity.dn,
        sid=identity.sid,
        name=identity.name,
        level=row.level,
        evidence=row.evidence,
        items=tuple(sorted(items, key=lambda i: (i.key, str(i.evidence)))),
    )


def _item(identity: Identity, row: ItemRow) -> Item:
    return Item(identity.key, identity.type, identity.name, identity.dn or "", row.evidence)
