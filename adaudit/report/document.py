"""``findings.json``, format 1: what scripts and later versions read. Keys may be added, never changed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from adaudit.engine.model import Audit, Evidence, Gap, Item, Level, Result, Subject
from adaudit.engine.score import priority
from adaudit.engine.standing import Acceptance, AcceptanceUse, Scores, Step
from adaudit.report.gaps import fact, known_reason, outcome
from adaudit.report.masking import mask
from adaudit.report.paths_document import paths_part
from adaudit.report.texts import Texts
from adaudit.report.values import masked

FORMAT: Final = 1

SCORE_FORMULA: Final = 1
"""Scores of different formulas are not to be compared."""


def findings(audit: Audit, texts: Texts) -> dict[str, Any]:
    """The whole audit as plain values, as ``findings.schema.json`` declares; passwords masked."""
    return {
        "format": FORMAT,
        "tool": audit.tool,
        "language": texts.language,
        "snapshot": {
            "sha256": audit.snapshot_sha256,
            "as_of": f"{audit.as_of.isoformat()}Z",
            "as_of_origin": audit.as_of_origin,
            "complete": audit.is_complete,
            "incomplete_reason": _maybe(audit.incomplete_reason),
            "source": audit.source.kind,
            "account": _maybe(audit.source.account),
            "forest": mask(audit.forest),
            "domains": [
                {"dns": mask(domain.dns), "sid": domain.sid, "collected": domain.is_collected}
                for domain in audit.domains
            ],
        },
        "catalogue_date": audit.catalogue_date,
        "level": {
            **_level(audit.level),
            "steps": [_step(step, audit, texts) for step in audit.steps],
            "with_exceptions": _level(audit.excepted.level) if audit.excepted else None,
        },
        "scores": {
            "formula": SCORE_FORMULA,
            **_scores(audit.scores),
            "lines": [asdict(line) for line in audit.scores.lines],
            "with_exceptions": _scores(audit.excepted.scores) if audit.excepted else None,
        },
        "paths": paths_part(audit.outlook) if audit.outlook else None,
        "exceptions": [_use(use) for use in audit.exceptions],
        "results": [_result(result, audit, texts) for result in audit.results],
        "coverage": [_gap(gap, texts) for gap in audit.coverage],
    }


def _level(level: Level) -> dict[str, Any]:
    return {"indicative": level.indicative, "at_worst": level.at_worst, "not_assessed": list(level.not_assessed)}


def _step(step: Step, audit: Audit, texts: Texts) -> dict[str, Any]:
    titles = {result.rule.id: result.rule.prose[texts.language].title for result in audit.results}
    return {
        "target": step.target,
        "controls": [
            {
                "rule_id": obstacle.rule_id,
                "title": titles[obstacle.rule_id],
                "controls": list(obstacle.controls),
                "threshold": obstacle.threshold,
                "count": len(obstacle.objects),
                "objects": [
                    {"key": _key(thing.key), "name": mask(thing.name), "accepted": thing.is_accepted}
                    for thing in obstacle.objects
                ],
            }
            for obstacle in step.obstacles
        ],
        "not_assessed": [
            {"control": control.control, "threshold": control.threshold, "rule_ids": list(control.rule_ids)}
            for control in step.not_assessed
        ],
    }


def _scores(scores: Scores) -> dict[str, Any]:
    return {
        "overall": asdict(scores.overall),
        "families": {family: asdict(score) for family, score in scores.families.items()},
    }


def _use(use: AcceptanceUse) -> dict[str, Any]:
    acceptance = use.acceptance
    told = {"rule_id": acceptance.rule, "subject": mask(acceptance.subject), **_acceptance(acceptance)}
    return {**told, "state": use.state.value, "subjects": use.subjects}


def _acceptance(acceptance: Acceptance) -> dict[str, str]:
    return {
        "reason": mask(acceptance.reason),
        "accepted_by": mask(acceptance.accepted_by),
        "until": acceptance.until.isoformat(),
        "place": acceptance.place,
    }


def _result(result: Result, audit: Audit, texts: Texts) -> dict[str, Any]:
    rule = result.rule
    references = [c for control in rule.controls for c in audit.controls.get(control, ())]
    return {
        "rule_id": rule.id,
        "title": rule.prose[texts.language].title,
        "kind": rule.kind.value,
        "family": rule.family,
        "controls": list(rule.controls),
        "levels": list(rule.levels),
        "priority": priority(rule, result.level),
        "severity": rule.severity.value if rule.severity else None,
        "status": result.status.value,
        "incomplete": result.incomplete,
        "level": result.level,
        "unassessed_levels": list(result.unassessed_levels),
        "examined": result.examined,
        "reason": outcome(result, texts),
        "reason_code": result.reason,
        "gaps": [_gap(gap, texts) for gap in result.gaps],
        "subjects": [_subject(subject) for subject in result.subjects],
        "params": {name: list(v) if isinstance(v, tuple) else v for name, v in rule.params.items()},
        "powershell": {"apply": rule.powershell.apply, "undo": rule.powershell.undo} if rule.powershell else None,
        "references": [{"framework": c.framework, "id": c.id, "url": c.reference} for c in references],
    }


def _gap(gap: Gap, texts: Texts) -> dict[str, Any]:
    return {
        "table": gap.table,
        "column": gap.column,
        "domain": mask(gap.domain),
        "status": gap.status,
        "reason": gap.reason,
        "count": gap.count,
        "examples": [mask(example) for example in gap.examples],
        "required": gap.is_required,
        "levels": list(gap.levels),
        "fact": fact(gap, texts),
        "explanation": texts(f"reasons.{known_reason(gap.reason, texts)}.why"),
    }


def _subject(subject: Subject) -> dict[str, Any]:
    return {
        "key": _key(subject.key),
        "type": subject.type,
        "domain": mask(subject.domain),
        "guid": subject.guid,
        "dn": _maybe(subject.dn),
        "sid": subject.sid,
        "name": mask(subject.name),
        "level": subject.level,
        "accepted": _acceptance(subject.accepted) if subject.accepted else None,
        "expired_exception": _acceptance(subject.expired) if subject.expired else None,
        "evidence": _evidence(subject.evidence),
        "items": [_item(item) for item in subject.items],
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "key": _key(item.key),
        "type": item.type,
        "name": mask(item.name),
        "dn": mask(item.dn),
        "evidence": _evidence(item.evidence),
    }


def _evidence(evidence: dict[str, Evidence]) -> dict[str, Evidence]:
    return {name: masked(value) for name, value in evidence.items()}


def _key(key: str) -> str:
    """A GUID or SID as it is; only a key made of a DN can hold a text."""
    return f"dn:{mask(key.removeprefix('dn:'))}" if key.startswith("dn:") else key


def _maybe(text: str | None) -> str | None:
    return None if text is None else mask(text)
