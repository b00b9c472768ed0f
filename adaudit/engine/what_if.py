"""What if: a snapshot judged again as it would be once changes are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adaudit.derive import derived
from adaudit.derive.facts import Facts
from adaudit.engine.book import RuleBook
from adaudit.engine.model import Audit
from adaudit.engine.run import audit
from adaudit.graph.analysis import Analysis
from adaudit.graph.answers import told
from adaudit.graph.answers.naming import Naming
from adaudit.graph.site_tier0 import AS_FOUND, SiteTier0
from adaudit.graph.what_if.tables import change_of, number_of, tables_after
from adaudit.snapshot import Snapshot, SnapshotTables


@dataclass(frozen=True)
class WhatIf:
    """``changes`` made on paper, and the audits ``before`` and ``after``: exposure, level, scores, findings."""

    changes: tuple[told.Change, ...]
    before: Audit
    after: Audit


def what_if(
    snapshot: Snapshot,
    book: RuleBook,
    changes: Sequence[int | told.Change],
    *,
    tier0: SiteTier0 = AS_FOUND,
    before: Audit | None = None,
) -> WhatIf:
    """Make changes in a copy of the collected tables and judge them again; nothing is written anywhere.

    ``changes``: by number, as an audit of this snapshot tells them, or as told of another one. ``before``: the audit of
    this snapshot where it is there already. Raises UsageError for a change that is not there or cannot be tried.
    """
    tables = SnapshotTables(snapshot)
    facts = Facts(tables)
    for _ in derived(facts):
        pass
    analysis = Analysis(facts, tier0)
    naming = Naming(facts, analysis.nodes, analysis.graph)
    numbers = [each if isinstance(each, int) else number_of(naming, analysis.graph, each) for each in changes]
    altered = tables_after(facts, [change_of(analysis.graph, number) for number in numbers])
    return WhatIf(
        changes=tuple(naming.change(number) for number in numbers),
        before=audit(snapshot, book, tier0=tier0) if before is None else before,
        after=audit(snapshot, book, tier0=tier0, tables=altered),
    )
