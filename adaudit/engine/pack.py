"""Rule packs: rules that come from elsewhere, of which this process reads nothing but what another has checked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from adaudit.engine.cases import Outcome
from adaudit.engine.confined import Overrun, ask
from adaudit.engine.documents import RuleDocument
from adaudit.engine.judge import ItemRow, Row, Verdict
from adaudit.engine.load import rule_of, rules_folder
from adaudit.engine.model import Gap, Rule, Status
from adaudit.engine.source import RuleError, RuleErrors
from adaudit.errors import InputError, UsageError

_CHECK_SECONDS: Final = 60.0
_CASES_SECONDS: Final = 600.0


@dataclass(frozen=True)
class Pack:
    """A pack without fault. ``columns``: for each base table, those that its rules read; ``base``: the folder of the
    rules that it joins."""

    folder: Path
    base: Path
    rules: tuple[Rule, ...]
    columns: Mapping[str, list[str]]


def load_pack(folder: Path, base: Path | None = None) -> Pack:
    """Read and check a pack beside the rules of ``base`` (None: those that come with the program).

    Raises RuleErrors with all that is wrong, RuleError when the pack cannot even be read within bounds.
    """
    base = rules_folder() if base is None else base
    if not folder.is_dir():
        raise InputError("no such folder of rules", place=str(folder))
    try:
        answer = ask("check", folder=str(folder.absolute()), base=str(base.absolute()), only=[], seconds=_CHECK_SECONDS)
    except Overrun as error:
        raise RuleError(f"the pack cannot be read: {error}", place=str(folder)) from error
    _tell(answer["errors"])
    rules = tuple(_rule(told) for told in answer["rules"])
    if not rules:
        raise RuleError("the pack holds no rule", place=str(folder))
    return Pack(folder, base, rules, answer["columns"])


def run_pack_cases(pack: Pack, rule_ids: Collection[str] = ()) -> list[Outcome]:
    """Run the cases of the rules named, or of all of a pack."""
    if unknown := set(rule_ids) - {rule.id for rule in pack.rules}:
        raise UsageError(f"there is no rule {min(unknown)} in the pack")
    try:
        answer = _ask(pack, "cases", rule_ids, seconds=_CASES_SECONDS)
    except Overrun as error:
        raise RuleError(f"the cases cannot be run: {error}", place=str(pack.folder)) from error
    _tell(answer["errors"])
    return [Outcome(**outcome) for outcome in answer["outcomes"]]


def judge_apart(pack: Pack, rule: Rule, tables: Path, as_of: datetime, *, seconds: float) -> Verdict:
    """Run a rule of a pack on the tables of a folder, as ``judge`` would; whatever it does ends in a verdict."""
    try:
        told = _ask(pack, "judge", [rule.id], tables=str(tables), as_of=as_of.isoformat(), seconds=seconds)
    except Overrun as error:
        return Verdict(Status.ERROR, reason=error.reason, message=str(error))
    return Verdict(
        status=Status(told["status"]),
        rows=tuple(Row(**row) for row in told["rows"]),
        items=tuple(ItemRow(**row) for row in told["items"]),
        examined=told["examined"],
        gaps=tuple(_gap(gap) for gap in told["gaps"]),
        unassessed_levels=(),
        reason=told["reason"],
        message=told["message"],
        seconds=told["seconds"],
    )


def shared_with(pack: Pack, tables: Iterable[tuple[str, pa.Table]], folder: Path) -> Iterator[tuple[str, pa.Table]]:
    """The tables as they come, while those that a pack reads are also written to the folder for its processes."""
    for name, table in tables:
        if name in pack.columns:
            with pa.ipc.new_file(folder / f"{name}.arrow", (read := table.select(pack.columns[name])).schema) as writer:
                writer.write_table(read)
        yield name, table


def _ask(pack: Pack, question: str, only: Iterable[str], *, seconds: float, **details: Any) -> Any:
    folder, base = str(pack.folder.absolute()), str(pack.base.absolute())
    return ask(question, folder=folder, base=base, only=list(only), seconds=seconds, **details)


def _tell(errors: list[list[str]]) -> None:
    if errors:
        raise RuleErrors(RuleError(message, place=place) for message, place in errors)


def _rule(told: dict[str, Any]) -> Rule:
    return rule_of(RuleDocument.model_validate(told["document"]), Path(told["path"]))


def _gap(told: dict[str, Any]) -> Gap:
    return Gap(**{**told, "examples": tuple(told["examples"]), "levels": tuple(told["levels"])})
