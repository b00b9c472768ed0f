"""Judge a snapshot with every rule of a book."""

from __future__ import annotations

from collections.abc import Sequence

from adaudit import __version__
from adaudit.engine.book import ANSSI, RuleBook
from adaudit.engine.database import Database
from adaudit.engine.exceptions import accept, without_accepted
from adaudit.engine.gaps import all_gaps
from adaudit.engine.judge import SECONDS, ItemRow, Row, Verdict, judge
from adaudit.engine.level import level_of
from adaudit.engine.loading import Loading, columns_read
from adaudit.engine.model import Audit, AuditedDomain, Item, Result, Rule, Standing, Status, Subject, SubjectKind
from adaudit.engine.score import scores_of
from adaudit.engine.standing import Acceptance
from adaudit.engine.steps import steps_of
from adaudit.engine.subjects import Identity, identities
from adaudit.snapshot import Snapshot


def audit(
    snapshot: Snapshot,
    book: RuleBook,
    *,
    seconds: float = SECONDS,
    exceptions: Sequence[Acceptance] | None = None,
) -> Audit:
    """Judge a snapshot: every rule gets a result, in the order of ids, whatever becomes of the others.

    ``seconds``: time that one statement of a rule may take. ``exceptions``: what ``read_exceptions`` returned.
    """
    manifest = snapshot.manifest
    loading = Loading(snapshot, columns_read(book))
    with Database(loading.tables(), book.catalogues.values(), book.views.values()) as database:
        found = tuple(_result(database, book, rule, snapshot, seconds) for rule in book.rules)
        domains = _domains(database)
        forest = identities(database, SubjectKind.FOREST, [0])[0].domain
        coverage = all_gaps(database)
    found, uses = accept(found, exceptions or (), manifest.as_of.date())
    standing = _standing(found, book)
    answered = {control for rule in book.rules for control in rule.controls}
    anssi = book.frameworks.get(ANSSI)
    return Audit(
        tool=f"adaudit {__version__}",
        snapshot_path=str(snapshot.path),
        snapshot_sha256=snapshot.sha256,
        as_of=manifest.as_of,
        as_of_origin=manifest.as_of_origin,
        is_complete=manifest.complete,
        incomplete_reason=manifest.incomplete_reason,
        source=manifest.source,
        forest=forest,
        domains=domains,
        counts={name: table.rows for name, table in manifest.tables.items()},
        catalogue_date=anssi.date.isoformat() if anssi else "",
        level=standing.level,
        scores=standing.scores,
        steps=steps_of(found, book.vulnerabilities),
        excepted=None if exceptions is None else _standing([without_accepted(result) for result in found], book),
        exceptions=uses,
        results=found,
        controls=book.references(sorted(answered | set(book.vulnerabilities))),
        coverage=coverage,
        timings=tuple(loading.timings),
    )


def _standing(results: Sequence[Result], book: RuleBook) -> Standing:
    return Standing(level_of(results, book.vulnerabilities), scores_of(results))


def _result(database: Database, book: RuleBook, rule: Rule, snapshot: Snapshot, seconds: float) -> Result:
    verdict = judge(database, rule, book.readings[rule.id], snapshot.manifest.as_of, seconds=seconds)
    try:
        subjects = _subjects(database, rule, verdict)
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


def _subjects(database: Database, rule: Rule, verdict: Verdict) -> tuple[Subject, ...]:
    """The subjects found, worst level first, then by key. KeyError for an id that names nothing."""
    named = identities(database, rule.subject, (row.subject for row in verdict.rows))
    behind: dict[int | None, list[Item]] = {}
    if rule.detail:
        items = identities(database, rule.detail.item, (row.item for row in verdict.items))
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


def _domains(database: Database) -> tuple[AuditedDomain, ...]:
    with database.scope({}) as scope:
        rows = scope.select("select dns_name, sid, is_collected from snapshot.domains order by domain_id", {}).rows
    return tuple(AuditedDomain(dns or "", sid, bool(collected)) for dns, sid, collected in rows)
