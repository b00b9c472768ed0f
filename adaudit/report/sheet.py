"""``findings.csv``: one row per subject, for a spreadsheet set to French."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Final

from adaudit.engine.model import Audit, Result, Subject
from adaudit.engine.standing import AcceptanceState
from adaudit.report.identities import Identities
from adaudit.report.texts import Texts
from adaudit.report.values import Format, clean

COLUMNS: Final = (
    "rule_id",
    "title",
    "kind",
    "family",
    "controls",
    "status",
    "incomplete",
    "level",
    "type",
    "name",
    "domain",
    "dn",
    "sid",
    "guid",
    "key",
    "evidence",
    "items",
    "severity",
    "exception",
    "accepted_by",
    "accepted_until",
    "accepted_reason",
)
"""``items`` is the number of objects behind the subject; they are in findings.json.
``exception``: in_force or expired."""

LONGEST_CELL: Final = 32_000
"""A spreadsheet cell holds 32,767 characters; what is longer ends by saying where the rest is."""

_FORMULA: Final = re.compile(r"\s*[=+\-@＝＋－＠]")


def sheet(audit: Audit, texts: Texts) -> str:
    """The text of the file: UTF-8 with a byte order mark, semicolons, every cell quoted, one line per row.

    A cell that a spreadsheet would run as a formula is preceded by an apostrophe; line breaks are shown as ``\\n``.
    """
    target = io.StringIO()
    writer = csv.writer(target, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    identities = Identities(texts, audit.well_known_names)
    for result in audit.results:
        for subject in result.subjects:
            writer.writerow([_cell(value) for value in _row(result, subject, identities, texts)])
    return f"\ufeff{target.getvalue()}"


def _row(result: Result, subject: Subject, identities: Identities, texts: Texts) -> Iterator[str]:
    rule = result.rule
    yield from (rule.id, rule.prose[texts.language].title, rule.kind.value, rule.family, " ".join(rule.controls))
    yield from (result.status.value, "true" if result.incomplete else "false")
    yield "" if subject.level is None else str(subject.level)
    yield subject.type
    yield from map(clean, (identities.name(subject.name, subject.key), subject.domain, subject.dn or ""))
    yield from (subject.sid or "", subject.guid or "", clean(subject.key))
    shown = Format(texts)
    yield " | ".join(
        f"{texts.label('columns', name)}{texts('colon')}{shown.value(value, name)}"
        for name, value in identities.evidence(subject.evidence).items()
    )
    yield str(len(subject.items))
    yield rule.severity.value if rule.severity else ""
    yield from _exception(subject)


def _exception(subject: Subject) -> tuple[str, str, str, str]:
    if exception := subject.accepted or subject.expired:
        state = AcceptanceState.IN_FORCE if subject.accepted else AcceptanceState.EXPIRED
        told = clean(exception.accepted_by), exception.until.isoformat(), clean(exception.reason)
        return state.value, *told
    return "", "", "", ""


def _cell(text: str) -> str:
    if len(text) > LONGEST_CELL:
        text = f"{text[:LONGEST_CELL]}… (findings.json)"
    return f"'{text}" if _FORMULA.match(text) else text
