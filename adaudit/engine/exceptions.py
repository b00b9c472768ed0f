"""``exceptions.toml``: findings that someone answers for, until a date. They are marked, never removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Final

from pydantic import StringConstraints

from adaudit.engine.documents import ControlId, Document, Text
from adaudit.engine.model import Result, Status, Subject
from adaudit.engine.score import is_open
from adaudit.engine.source import RuleErrors, read_document
from adaudit.engine.standing import Acceptance, AcceptanceState, AcceptanceUse

_GUID: Final = r"guid:[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_SID: Final = r"sid:[Ss]-1-[0-9]+(-[0-9]+)*"
_DOMAIN: Final = r"domain:[^\s:]+"
SubjectKey = Annotated[str, StringConstraints(pattern=f"^({_GUID}|{_SID}|{_DOMAIN})$", max_length=300)]

_OF_DOMAINS: Final = frozenset({"domain", "forest"})
_ISSUED_BY_A_DOMAIN: Final = "sid:s-1-5-21-"
"""Other SIDs may name a different account in each domain (BUILTIN): they match only where they are the key."""


class ExceptionDocument(Document):
    rule: ControlId
    subject: SubjectKey
    reason: Text
    accepted_by: Text
    until: date


class ExceptionsDocument(Document):
    exception: list[ExceptionDocument]


def read_exceptions(path: Path) -> tuple[Acceptance, ...]:
    """The entries of a file, in its order.

    Raises RuleErrors with the line of every entry that cannot be used: an unknown key, a subject that is neither a
    GUID, a SID nor a domain, a date that is none, the same rule and subject twice.
    """
    source, document = read_document(path, path.parent, ExceptionsDocument)
    found: dict[tuple[str, str], Acceptance] = {}
    errors = []
    headers = source.headers("exception")
    for position, entry in enumerate(document.exception):
        key = entry.rule, entry.subject.casefold()
        if key in found:
            errors.append(source.error(f"already accepted at {found[key].place}", "exception", position, "subject"))
            continue
        line = headers[position] if len(headers) == len(document.exception) else source.line(("exception", position))
        place = f"{source.name}:{line}"
        found[key] = Acceptance(entry.rule, entry.subject, entry.reason, entry.accepted_by, entry.until, place)
    if errors:
        raise RuleErrors(errors)
    return tuple(found.values())


def accept(
    results: Iterable[Result], acceptances: Sequence[Acceptance], on: date
) -> tuple[tuple[Result, ...], tuple[AcceptanceUse, ...]]:
    """The results with their subjects marked, and what became of each entry on that day."""
    by_rule: dict[str, list[Acceptance]] = {}
    for acceptance in acceptances:
        by_rule.setdefault(acceptance.rule, []).append(acceptance)
    marked = {result.rule.id: _marked(result, by_rule.get(result.rule.id, ()), on) for result in results}
    uses = (_use(acceptance, marked.get(acceptance.rule), on) for acceptance in acceptances)
    return tuple(marked.values()), tuple(uses)


def without_accepted(result: Result) -> Result:
    """The result had the accepted subjects not been found."""
    left = tuple(subject for subject in result.subjects if subject.accepted is None)
    if len(left) == len(result.subjects):
        return result
    level = min((subject.level for subject in left if subject.level is not None), default=None)
    if left:
        return replace(result, subjects=left, level=level)
    status = Status.NOT_ASSESSED if result.incomplete else Status.COMPLIANT
    return replace(result, subjects=(), level=None, incomplete=False, status=status)


def _marked(result: Result, acceptances: Sequence[Acceptance], on: date) -> Result:
    if not acceptances or result.status is not Status.VIOLATIONS:
        return result
    return replace(result, subjects=tuple(_with(subject, acceptances, on) for subject in result.subjects))


def _with(subject: Subject, acceptances: Iterable[Acceptance], on: date) -> Subject:
    """Of several entries that name the subject, the one that lasts longest decides."""
    of_it = [acceptance for acceptance in acceptances if _names(acceptance, subject)]
    if not of_it:
        return subject
    last = max(of_it, key=lambda acceptance: acceptance.until)
    return replace(subject, expired=last) if last.until < on else replace(subject, accepted=last)


def _names(acceptance: Acceptance, subject: Subject) -> bool:
    wanted = acceptance.subject.casefold()
    if wanted.startswith("domain:"):
        return subject.type in _OF_DOMAINS and wanted == f"domain:{subject.domain}".casefold()
    if wanted == subject.key.casefold():
        return True
    return wanted.startswith(_ISSUED_BY_A_DOMAIN) and wanted == f"sid:{subject.sid}".casefold()


def _use(acceptance: Acceptance, result: Result | None, on: date) -> AcceptanceUse:
    named = len({s.key for s in result.subjects if _names(acceptance, s)}) if result else 0
    if acceptance.until < on:
        state = AcceptanceState.EXPIRED
    elif result is None:
        state = AcceptanceState.NO_RULE
    elif result.status is Status.VIOLATIONS and named:
        state = AcceptanceState.IN_FORCE
    elif is_open(result):
        state = AcceptanceState.NOT_ASSESSED
    else:
        state = AcceptanceState.NOT_FOUND
    return AcceptanceUse(acceptance, state, named)
