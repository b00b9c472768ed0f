"""Judge a snapshot with every rule of a book."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from adaudit import __version__
from adaudit.engine.book import ANSSI, RuleBook
from adaudit.engine.database import Database
from adaudit.engine.exceptions import accept, without_accepted
from adaudit.engine.gaps import all_gaps
from adaudit.engine.judge import SECONDS, Verdict, judge
from adaudit.engine.level import level_of
from adaudit.engine.loading import Loading, columns_read
from adaudit.engine.missing import Lack, lay_out
from adaudit.engine.model import Audit, AuditedDomain, Result, Rule, Standing, SubjectKind
from adaudit.engine.pack import Pack, judge_apart, shared_with
from adaudit.engine.results import results_of
from adaudit.engine.score import scores_of
from adaudit.engine.standing import Acceptance
from adaudit.engine.steps import steps_of
from adaudit.engine.subjects import identities, well_known_names
from adaudit.graph.site_tier0 import AS_FOUND, SiteTier0
from adaudit.snapshot import Snapshot, SnapshotTables


def audit(
    snapshot: Snapshot,
    book: RuleBook,
    *,
    seconds: float = SECONDS,
    exceptions: Sequence[Acceptance] | None = None,
    pack: Pack | None = None,
    tier0: SiteTier0 = AS_FOUND,
    entry_points: Sequence[str] = (),
    tables: Mapping[str, pa.Table] | None = None,
) -> Audit:
    """Judge a snapshot: every rule gets a result, in the order of ids, whatever becomes of the others.

    ``seconds``: time that one statement of a rule may take, or a whole rule of a pack. ``exceptions``: what
    ``read_exceptions`` returned. ``pack``: rules to judge as well; neither level nor scores know of them. ``tier0``:
    what ``read_site_tier0`` returned. ``entry_points``: what ``read_entry_points`` returned, or any names. ``tables``:
    collected tables in place of those of the snapshot.
    """
    manifest = snapshot.manifest
    loading = Loading(
        SnapshotTables(snapshot) if tables is None else tables,
        columns_read(book),
        pack.columns if pack else {},
        tier0=tier0,
        entry_points=entry_points,
    )
    with TemporaryDirectory(prefix="adaudit-") as folder:
        shared = Path(folder)
        loaded = shared_with(pack, loading.tables(), shared) if pack else loading.tables()
        with Database(loaded, book.catalogues.values(), book.views.values()) as database:
            lacks = lay_out(database)
            verdicts = tuple(_verdicts(database, lacks, book, pack, shared, manifest.as_of, seconds))
            found = tuple(results_of(database, verdicts))
            domains = _domains(database)
            forest = identities(database, SubjectKind.FOREST, [0])[0].domain
            coverage = all_gaps(database, lacks)
            names = well_known_names(database)
    found, uses = accept(sorted(found, key=lambda result: result.rule.id), exceptions or (), manifest.as_of.date())
    standing = _standing(found, book)
    answered = {control for result in found for control in result.rule.controls}
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
        outlook=loading.outlook,
        well_known_names=names,
    )


def _standing(results: Sequence[Result], book: RuleBook) -> Standing:
    own = [result for result in results if result.rule.id in book.readings]
    return Standing(level_of(own, book.vulnerabilities), scores_of(own))


def _verdicts(
    database: Database,
    lacks: Sequence[Lack],
    book: RuleBook,
    pack: Pack | None,
    tables: Path,
    as_of: datetime,
    seconds: float,
) -> Iterator[tuple[Rule, Verdict]]:
    for rule in book.rules:
        yield rule, judge(database, lacks, rule, book.readings[rule.id], as_of, seconds=seconds)
    if pack:
        for rule in pack.rules:
            yield rule, judge_apart(pack, rule, tables, as_of, seconds=seconds)


def _domains(database: Database) -> tuple[AuditedDomain, ...]:
    with database.scope({}) as scope:
        rows = scope.select("select dns_name, sid, is_collected from snapshot.domains order by domain_id", {}).rows
    return tuple(AuditedDomain(dns or "", sid, bool(collected)) for dns, sid, collected in rows)
