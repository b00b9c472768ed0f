"""What a rule is, and what judging a snapshot with rules returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal, TypeAlias

from adaudit.engine.standing import Acceptance, AcceptanceUse, Scores, Step
from adaudit.graph.answers.told import Outlook
from adaudit.snapshot import SourceInfo

Parameter: TypeAlias = int | float | str | bool | tuple[str, ...]
Evidence: TypeAlias = "str | int | float | bool | list[Evidence] | dict[str, Evidence] | None"
Language: TypeAlias = Literal["fr", "en"]


class Kind(StrEnum):
    """Kinds of controls, as ANSSI names them; ``extra`` is ours. Only vulnerabilities move the level."""

    VULNERABILITY = "vulnerability"
    WARNING = "warning"
    INFORMATION = "information"
    EXTRA = "extra"


class Severity(StrEnum):
    """How much an extra weighs, which no level of ANSSI tells: ``critical`` leads an ordinary account straight to
    tier 0, ``high`` is a serious part of such a way or of ransomware, ``medium`` weakens, ``low`` is hygiene."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Status(StrEnum):
    VIOLATIONS = "violations"
    COMPLIANT = "compliant"
    NOT_ASSESSED = "not_assessed"
    ERROR = "error"
    INFORMATION = "information"


class Beyond(StrEnum):
    """Where the answer lies when nothing that is collected holds it: ``reason`` of a row of ``unknown``."""

    CA_REGISTRY = "ca_registry"
    DC_REGISTRY = "dc_registry"
    MEMBER_REGISTRY = "member_registry"
    INSTALLED_UPDATES = "installed_updates"
    NOT_PROBED = "not_probed"
    NO_ANSWER = "no_answer"
    NOT_IN_DIRECTORY = "not_in_directory"
    KNOWN_HIDDEN = "known_hidden"


class SubjectKind(StrEnum):
    """What the ``subject`` column of a rule's SELECT holds: an id of that table."""

    PRINCIPAL = "principal"
    OBJECT = "object"
    DOMAIN = "domain"
    FOREST = "forest"


@dataclass(frozen=True)
class Prose:
    """A rule's text in one language; plain text, one paragraph or ``-`` list per block."""

    title: str
    why: str
    fix: str
    verify: str
    limits: str


@dataclass(frozen=True)
class Needs:
    """Facts a rule rests on, as ``table`` or ``table.column``.

    ``required``: without it the rule cannot say *compliant*. ``refining``: it sharpens the
    answer; its absence is told. ``levels``: what is required for one threshold only.
    """

    required: tuple[str, ...]
    refining: tuple[str, ...] = ()
    levels: dict[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Detail:
    """The rows behind a number: ``sql`` returns ``subject`` (of the rule), ``item`` and evidence."""

    sql: str
    item: SubjectKind
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class PowerShell:
    """Texts for an administrator to read, adapt and run; nothing here runs them. ``apply`` only simulates."""

    apply: str
    undo: str


@dataclass(frozen=True)
class Rule:
    """``places``: where an object that was never seen would matter, as ``kind of naming context:RDNs below its
    head``; None when it would anywhere. ``unknown``: a SELECT of those that were read and still cannot be judged.
    ``sql`` is empty when nothing that is collected could show a violation. ``severity``: of extras alone."""

    id: str
    kind: Kind
    family: str
    controls: tuple[str, ...]
    levels: tuple[int, ...]
    severity: Severity | None
    subject: SubjectKind
    needs: Needs
    evidence: tuple[str, ...]
    params: dict[str, Parameter]
    sql: str
    population: str
    places: tuple[str, ...] | None
    unknown: str
    detail: Detail | None
    powershell: PowerShell | None
    prose: dict[Language, Prose]
    path: Path


@dataclass(frozen=True)
class Gap:
    """Facts missing for a rule, grouped: ``count`` objects share table, column, domain, status and reason."""

    table: str
    column: str
    domain: str
    status: str
    reason: str
    count: int
    examples: tuple[str, ...]
    is_required: bool
    levels: tuple[int, ...]


@dataclass(frozen=True)
class Item:
    """An object or identity named in the rows behind a number."""

    key: str
    type: str
    name: str
    dn: str
    evidence: dict[str, Evidence]


@dataclass(frozen=True)
class Subject:
    """What is at fault. ``key`` is ``guid:…`` or ``sid:…``, the same in every snapshot.

    ``accepted``: the exception in force that accepts it; ``expired``: the one that no longer does."""

    key: str
    type: str
    domain: str
    guid: str | None
    dn: str | None
    sid: str | None
    name: str
    level: int | None
    evidence: dict[str, Evidence]
    items: tuple[Item, ...] = ()
    accepted: Acceptance | None = None
    expired: Acceptance | None = None


@dataclass(frozen=True)
class Result:
    """One rule on one snapshot.

    ``reason`` is a code: ``gap`` (not assessed for a gap), ``timeout``, ``failed`` (with
    ``message``) or empty. ``unassessed_levels``: thresholds that a gap may hide.
    """

    rule: Rule
    status: Status
    incomplete: bool
    level: int | None
    examined: int | None
    reason: str
    message: str
    gaps: tuple[Gap, ...]
    subjects: tuple[Subject, ...]
    unassessed_levels: tuple[int, ...]
    seconds: float


@dataclass(frozen=True)
class Level:
    """``indicative``: 5 unless a vulnerability threshold fails, then the lowest failing; null when
    no vulnerability could be judged. ``at_worst``: were everything not assessed to fail.
    ``not_assessed``: ids of vulnerability controls of the catalogue without a full answer."""

    indicative: int | None
    at_worst: int
    not_assessed: tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """The level and the scores that some results give."""

    level: Level
    scores: Scores


@dataclass(frozen=True)
class AuditedDomain:
    dns: str
    sid: str | None
    is_collected: bool


@dataclass(frozen=True)
class Control:
    """A control of a framework: ``levels`` are its thresholds, ``reference`` an address to cite."""

    id: str
    framework: str
    levels: tuple[int, ...]
    reference: str


@dataclass(frozen=True)
class Timing:
    """Seconds that one step took, rules apart: ``derive`` a computed table, or ``load`` a table for the rules."""

    step: str
    name: str
    seconds: float


@dataclass(frozen=True)
class Audit:
    """A judged snapshot: everything a report says comes from here.

    ``level``, ``scores`` and ``steps`` leave exceptions out of account; ``excepted`` is how it stands once the accepted
    subjects are left out, None when no exceptions were given. ``exceptions``: what became of each, in their order.
    ``outlook``: what the attack graph tells, None when it was not drawn. ``well_known_names``: those that tell a
    well-known identity even without its SID, since nothing else in the snapshot bears them.
    """

    tool: str
    snapshot_path: str
    snapshot_sha256: str
    as_of: datetime
    as_of_origin: str
    is_complete: bool
    incomplete_reason: str | None
    source: SourceInfo
    forest: str
    domains: tuple[AuditedDomain, ...]
    counts: dict[str, int]
    catalogue_date: str
    level: Level
    scores: Scores
    steps: tuple[Step, ...]
    excepted: Standing | None
    exceptions: tuple[AcceptanceUse, ...]
    results: tuple[Result, ...]
    controls: dict[str, tuple[Control, ...]]
    coverage: tuple[Gap, ...]
    timings: tuple[Timing, ...] = ()
    outlook: Outlook | None = None
    well_known_names: frozenset[str] = frozenset()
