"""The part ``paths`` of ``findings.json``: what the attack graph tells, in numbers and names."""

from __future__ import annotations

from typing import Any

from adaudit.graph.answers.told import Change, ChokePoint, EntryPoint, Outlook, Path, Plan, Thing
from adaudit.report.masking import mask


def paths_part(outlook: Outlook) -> dict[str, Any]:
    """Plain values as ``findings.schema.json`` declares; passwords in names masked."""
    return {
        "accounts": outlook.accounts,
        "exposed": {"total": outlook.exposed_accounts, **outlook.exposed},
        "distances": {str(steps): accounts for steps, accounts in outlook.distances.items()},
        "tier0": outlook.tier0,
        "plan": plan_part(outlook.plan),
        "choke_points": [_choke_point(choke) for choke in outlook.choke_points],
        "everyone_like": [_path(path) for path in outlook.everyone_like],
        "foreign": [_path(path) for path in outlook.foreign],
        "shortest": [_path(path) for path in outlook.paths],
        "entry_points": [_entry_point(entry) for entry in outlook.entry_points],
        "missing": dict(outlook.missing),
        "uncertain": dict(outlook.uncertain),
        "not_modelled": {reason: list(kinds) for reason, kinds in outlook.not_modelled.items()},
    }


def plan_part(plan: Plan) -> dict[str, Any]:
    """A plan, as in ``findings.json``."""
    return {
        "steps": [
            {**change_part(step.change), "gain": step.gain, "left": step.left, "edges": step.edges}
            for step in plan.steps
        ],
        "least": plan.least,
        "is_least": plan.is_least,
        "irreducible": plan.irreducible,
        "why": dict(plan.why),
    }


def change_part(change: Change) -> dict[str, Any]:
    """A change, as in ``findings.json``."""
    return {
        "number": change.number,
        "change": change.kind,
        "object": _thing(change.object),
        "principal": None if change.principal is None else _thing(change.principal),
        "attribute": mask(change.attribute),
        "detail": mask(change.detail),
        "ace": None if change.ace is None else {"position": change.ace.position, "sddl": change.ace.sddl},
    }


def _choke_point(choke: ChokePoint) -> dict[str, Any]:
    return {
        "node": None if choke.thing is None else _thing(choke.thing),
        "change": None if choke.change is None else change_part(choke.change),
        "accounts": choke.accounts,
        "exact": choke.is_exact,
    }


def _entry_point(entry: EntryPoint) -> dict[str, Any]:
    return {
        "given": mask(entry.given),
        "node": None if entry.thing is None else _thing(entry.thing),
        "candidates": [mask(candidate) for candidate in entry.candidates],
        "path": None if entry.path is None else _path(entry.path),
    }


def _path(path: Path) -> dict[str, Any]:
    return {
        "length": path.length,
        "nodes": [_thing(node) for node in path.nodes],
        "edges": [
            {
                "source": mask(step.source),
                "target": mask(step.target),
                "kind": step.kind,
                "difficulty": step.difficulty,
                "change": step.change,
            }
            for step in path.edges
        ],
    }


def _thing(thing: Thing) -> dict[str, Any]:
    return {"key": mask(thing.key), "name": mask(thing.name), "type": thing.type}
