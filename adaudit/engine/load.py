"""Read a rules folder: every file checked, every error told at once."""

from __future__ import annotations

import importlib.resources
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

import adaudit
from adaudit.engine.book import ANSSI, OWN, Framework, Reading, RuleBook
from adaudit.engine.check import check_rule, open_bench
from adaudit.engine.documents import CasesDocument, ProseDocument, RuleDocument
from adaudit.engine.model import Detail, Kind, Needs, Parameter, PowerShell, Prose, Rule
from adaudit.engine.shared import Shared, read_shared, read_shared_of_pack
from adaudit.engine.source import Faults, RuleError, RuleErrors, Source, read_document
from adaudit.errors import InputError, UsageError

CASES_SUFFIX: Final = ".cases.toml"
_PREFIXES: Final = {
    Kind.VULNERABILITY: "vuln_",
    Kind.WARNING: "warning_",
    Kind.INFORMATION: "info_",
    Kind.EXTRA: "ext_",
}
_PACK_PREFIXES: Final = {Kind.EXTRA: "pack_"}
_SHARED_FOLDERS: Final = {"views", "catalogues", "frameworks"}


def rules_folder() -> Path:
    """The rules that come with the program: inside an installed package, else beside its sources."""
    installed = Path(str(importlib.resources.files(adaudit))) / "_rules"
    return installed if installed.is_dir() else Path(adaudit.__file__).parents[1] / "rules"


def load_rules(folder: Path | None = None, *, only: Collection[str] = (), with_cases: bool = True) -> RuleBook:
    """Read and check the rules of a folder (None: those that come with the program).

    ``only``: the ids of the rules to read; all of them by default. ``with_cases``: check what is written in their
    cases too; to judge a snapshot it is enough that they are there, and that the statements of the rules that come with
    the program were bound to the tables when it was tested.

    Raises RuleErrors with all that is wrong, InputError when there is no such folder.
    """
    binds = with_cases or folder is not None
    folder = _existing(rules_folder() if folder is None else folder)
    faults = Faults()
    return _load(folder, read_shared(folder, faults), faults, only, is_pack=False, with_cases=with_cases, binds=binds)


def load_pack_here(folder: Path, base: Path, *, only: Collection[str] = ()) -> RuleBook:
    """Read and check a pack beside the rules of ``base``: the book holds its rules alone, with the views of both.

    A pack is hostile until proved otherwise: ``adaudit.engine.pack`` calls this in a process of its own.
    """
    faults = Faults()
    built_in = read_shared(_existing(base), faults)
    faults.tell()
    return _load(_existing(folder), read_shared_of_pack(folder, built_in, faults), faults, only, is_pack=True)


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise InputError("no such folder of rules", place=str(folder))
    return folder


def _load(
    folder: Path,
    shared: Shared,
    faults: Faults,
    only: Collection[str],
    *,
    is_pack: bool,
    with_cases: bool = True,
    binds: bool = True,
) -> RuleBook:
    rules: dict[str, Rule] = {}
    readings: dict[str, Reading] = {}
    with open_bench(shared.views, shared.catalogues) as binding:
        for path in _rule_files(folder, only):
            with faults.collected():
                source, document = read_document(path, folder, RuleDocument)
                errors = [
                    *_placing(source, document, rules, _PACK_PREFIXES if is_pack else _PREFIXES),
                    *(_own_control(source, document) if is_pack else _controls(source, document, shared.frameworks)),
                    *_shape(source, document),
                    *(_cases(source, document, folder) if with_cases else _has_cases(source)),
                ]
                rule = rule_of(document, path)
                reading, faulty = check_rule(rule, source, shared.views, shared.catalogues, binding, binds=binds)
                if errors or faulty:
                    raise RuleErrors((*errors, *faulty))
                rules[rule.id], readings[rule.id] = rule, reading
    faults.add(_strays(folder))
    faults.tell()
    ordered = tuple(rules[i] for i in sorted(rules))
    return RuleBook(folder, ordered, readings, shared.views, shared.catalogues, shared.frameworks)


def read_cases(rule_path: Path, folder: Path) -> tuple[Source, CasesDocument]:
    """The cases beside a rule. Raises RuleError when they cannot be used."""
    return read_document(rule_path.with_suffix(CASES_SUFFIX), folder, CasesDocument)


def _rule_files(folder: Path, only: Collection[str]) -> list[Path]:
    families = sorted(p for p in folder.iterdir() if p.is_dir() and p.name not in _SHARED_FOLDERS)
    paths = [p for family in families for p in sorted(family.glob("*.toml")) if not p.name.endswith(CASES_SUFFIX)]
    if unknown := set(only) - {path.stem for path in paths}:
        raise UsageError(f"there is no rule {min(unknown)}; `adaudit rules list` names them all")
    return [path for path in paths if not only or path.stem in only]


def _strays(folder: Path) -> Iterator[RuleError]:
    for path in sorted(folder.glob(f"*/*{CASES_SUFFIX}")):
        if not path.with_name(path.name.removesuffix(CASES_SUFFIX) + ".toml").is_file():
            yield RuleError("these cases have no rule beside them", place=path.relative_to(folder).as_posix())


def rule_of(document: RuleDocument, path: Path) -> Rule:
    """The rule that a document declares."""
    detail = document.detail
    return Rule(
        id=document.id,
        kind=document.kind,
        family=document.family,
        controls=tuple(document.controls),
        levels=tuple(sorted(document.levels)),
        severity=document.severity,
        subject=document.subject,
        needs=Needs(
            tuple(document.needs.required),
            tuple(document.needs.refining),
            {int(level): tuple(needs) for level, needs in document.needs.levels.items()},
        ),
        evidence=tuple(document.evidence),
        params={name: parameter(value) for name, value in document.params.items()},
        sql=document.sql or "",
        population=document.population or "",
        unknown=document.unknown or "",
        places=tuple(document.places) if document.places is not None else None,
        detail=Detail(detail.sql, detail.item, tuple(detail.evidence)) if detail else None,
        powershell=PowerShell(document.powershell.apply, document.powershell.undo) if document.powershell else None,
        prose={"fr": _prose(document.fr), "en": _prose(document.en)},
        path=path,
    )


def parameter(value: int | float | str | bool | list[str]) -> Parameter:
    return tuple(value) if isinstance(value, list) else value


def _prose(document: ProseDocument) -> Prose:
    return Prose(document.title, document.why, document.fix, document.verify, document.limits)


def _placing(
    source: Source, document: RuleDocument, rules: Mapping[str, Rule], prefixes: Mapping[Kind, str]
) -> Iterator[RuleError]:
    path = source.path
    if document.id != path.stem:
        yield source.error(f"{document.id} is not the file's stem {path.stem}", "id")
    if document.id in rules:
        yield source.error(f"{document.id} is already the id of {rules[document.id].path.parent.name}/", "id")
    if document.family != path.parent.name:
        yield source.error(f"{document.family} is not the folder {path.parent.name}", "family")
    prefix = prefixes.get(document.kind)
    if prefix is None:
        yield source.error(f"a rule of a pack is an extra, not a rule of kind {document.kind}", "kind")
    elif not document.id.startswith(prefix):
        yield source.error(f"a rule of kind {document.kind} has an id in {prefix}*", "kind")


def _own_control(source: Source, document: RuleDocument) -> Iterator[RuleError]:
    if document.controls != [document.id]:
        yield source.error("a rule of a pack answers itself alone", "controls")
    if document.levels:
        yield source.error("a rule of a pack has no level of ANSSI", "levels")


def _controls(source: Source, document: RuleDocument, frameworks: Mapping[str, Framework]) -> Iterator[RuleError]:
    if document.id not in document.controls:
        yield source.error(f"{document.id} is not among the controls it answers", "controls")
    known: dict[str, tuple[int, ...]] = {}
    for name in (ANSSI, OWN):
        if name in frameworks:
            known |= frameworks[name].levels
    for control in document.controls:
        if control not in known:
            yield source.error(f"{control} is in no framework", "controls")
    allowed = {level for control in document.controls for level in known.get(control, ())}
    for level in document.levels:
        if level not in allowed:
            yield source.error(f"{level} is not a level of its controls ({sorted(allowed)})", "levels")
    if document.kind == "vulnerability" and not document.levels:
        yield source.error("a vulnerability has at least one level", "levels")


def _shape(source: Source, document: RuleDocument) -> Iterator[RuleError]:
    """What one key asks of another."""
    if document.kind == "extra" and document.severity is None:
        yield source.error("an extra has a severity", "severity")
    if document.kind != "extra" and document.severity is not None:
        yield source.error("only an extra has a severity", "severity")
    if document.sql is None and not (document.unknown and document.population):
        yield source.error("a rule without sql has a population, and tells in unknown why it cannot be judged", "sql")
    if document.sql is None and (document.evidence or document.detail):
        yield source.error("a rule without sql finds nothing to show evidence of", "evidence")


def _has_cases(source: Source) -> Iterator[RuleError]:
    if not source.path.with_suffix(CASES_SUFFIX).is_file():
        yield source.error(f"has no {source.path.stem}{CASES_SUFFIX} beside it")


def _cases(source: Source, document: RuleDocument, folder: Path) -> Iterator[RuleError]:
    if missing := list(_has_cases(source)):
        yield from missing
        return
    try:
        cases_source, cases = read_cases(source.path, folder)
    except RuleErrors as errors:
        yield from errors.errors
        return
    except RuleError as error:
        yield error
        return
    if document.sql and not any(c.status in ("violations", "information") and c.subjects for c in cases.case):
        yield cases_source.error("no case fires")
    if not any(case.status in ("compliant", "information") and not case.subjects for case in cases.case):
        yield cases_source.error("no case stays quiet")
    required = {*document.needs.required, *(n for needs in document.needs.levels.values() for n in needs)}
    can_miss = document.sql is None or any(not need.startswith("coverage") for need in required)
    if can_miss and not any(case.status == "not_assessed" for case in cases.case):
        yield cases_source.error("no case is not assessed, though the rule has required needs")
