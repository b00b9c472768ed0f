"""Read a rules folder: every file checked, every error told at once."""

from __future__ import annotations

import importlib.resources
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

import adaudit
from adaudit.engine.book import ANSSI, OWN, Catalogue, Framework, Reading, RuleBook, View
from adaudit.engine.check import check_rule
from adaudit.engine.database import Database, read_by
from adaudit.engine.documents import (
    CasesDocument,
    CatalogueDocument,
    FrameworkDocument,
    ProseDocument,
    RuleDocument,
    ViewDocument,
)
from adaudit.engine.model import Detail, Needs, Parameter, Prose, Rule
from adaudit.engine.source import RuleError, RuleErrors, Source, read_document
from adaudit.engine.statement import StatementError, located
from adaudit.errors import InputError, UsageError
from adaudit.schema import TABLES

CASES_SUFFIX: Final = ".cases.toml"
_SHARED_FOLDERS: Final = {"views", "catalogues", "frameworks"}
_ARROW_TYPES: Final = {"text": pa.string(), "int": pa.int64(), "bool": pa.bool_(), "date": pa.date32()}


def rules_folder() -> Path:
    """The rules that come with the program: inside an installed package, else beside its sources."""
    installed = Path(str(importlib.resources.files(adaudit))) / "_rules"
    return installed if installed.is_dir() else Path(adaudit.__file__).parents[1] / "rules"


def load_rules(folder: Path | None = None, *, only: Collection[str] = ()) -> RuleBook:
    """Read and check the rules of a folder (None: those that come with the program).

    ``only``: the ids of the rules to read; all of them by default.

    Raises RuleErrors with all that is wrong, InputError when there is no such folder.
    """
    folder = rules_folder() if folder is None else folder
    if not folder.is_dir():
        raise InputError("no such folder of rules", place=str(folder))
    faults = _Faults()
    frameworks = _frameworks(folder, faults)
    catalogues = _catalogues(folder, faults)
    views = _views(folder, faults)
    rules: dict[str, Rule] = {}
    readings: dict[str, Reading] = {}
    with Database((), catalogues.values(), views.values()) as empty:
        for path in _rule_files(folder, only):
            with faults.collected():
                source, document = read_document(path, folder, RuleDocument)
                errors = [*_placing(source, document, rules), *_controls(source, document, frameworks)]
                errors += _cases(source, document, folder)
                rule = _rule(document, path)
                reading, faulty = check_rule(rule, source, views, catalogues, empty)
                if errors or faulty:
                    raise RuleErrors((*errors, *faulty))
                rules[rule.id], readings[rule.id] = rule, reading
    faults.add(_strays(folder))
    faults.tell()
    return RuleBook(folder, tuple(rules[i] for i in sorted(rules)), readings, views, catalogues, frameworks)


def read_cases(rule_path: Path, folder: Path) -> tuple[Source, CasesDocument]:
    """The cases beside a rule. Raises RuleError when they cannot be used."""
    return read_document(rule_path.with_suffix(CASES_SUFFIX), folder, CasesDocument)


class _Faults:
    """Errors met so far, one per place."""

    def __init__(self) -> None:
        self._errors: list[RuleError] = []

    @contextmanager
    def collected(self) -> Iterator[None]:
        try:
            yield
        except RuleErrors as errors:
            self._errors += errors.errors
        except RuleError as error:
            self._errors.append(error)

    def add(self, errors: Iterable[RuleError]) -> None:
        self._errors += errors

    def tell(self) -> None:
        if self._errors:
            raise RuleErrors(self._errors)


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


def _rule(document: RuleDocument, path: Path) -> Rule:
    detail = document.detail
    return Rule(
        id=document.id,
        kind=document.kind,
        family=document.family,
        controls=tuple(document.controls),
        levels=tuple(sorted(document.levels)),
        subject=document.subject,
        needs=Needs(
            tuple(document.needs.required),
            tuple(document.needs.refining),
            {int(level): tuple(needs) for level, needs in document.needs.levels.items()},
        ),
        evidence=tuple(document.evidence),
        params={name: parameter(value) for name, value in document.params.items()},
        sql=document.sql,
        population=document.population or "",
        detail=Detail(detail.sql, detail.item, tuple(detail.evidence)) if detail else None,
        prose={"fr": _prose(document.fr), "en": _prose(document.en)},
        path=path,
    )


def parameter(value: int | float | str | bool | list[str]) -> Parameter:
    return tuple(value) if isinstance(value, list) else value


def _prose(document: ProseDocument) -> Prose:
    return Prose(document.title, document.why, document.fix, document.verify, document.limits)


def _placing(source: Source, document: RuleDocument, rules: Mapping[str, Rule]) -> Iterator[RuleError]:
    path = source.path
    if document.id != path.stem:
        yield source.error(f"{document.id} is not the file's stem {path.stem}", "id")
    if document.id in rules:
        yield source.error(f"{document.id} is already the id of {rules[document.id].path.parent.name}/", "id")
    if document.family != path.parent.name:
        yield source.error(f"{document.family} is not the folder {path.parent.name}", "family")
    prefix = {"vulnerability": "vuln_", "warning": "warning_", "information": "info_", "extra": "ext_"}[document.kind]
    if not document.id.startswith(prefix):
        yield source.error(f"a rule of kind {document.kind} has an id in {prefix}*", "kind")


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


def _cases(source: Source, document: RuleDocument, folder: Path) -> Iterator[RuleError]:
    if not source.path.with_suffix(CASES_SUFFIX).is_file():
        yield source.error(f"has no {source.path.stem}{CASES_SUFFIX} beside it")
        return
    try:
        cases_source, cases = read_cases(source.path, folder)
    except RuleErrors as errors:
        yield from errors.errors
        return
    except RuleError as error:
        yield error
        return
    if not any(case.status in ("violations", "information") and case.subjects for case in cases.case):
        yield cases_source.error("no case fires")
    if not any(case.status in ("compliant", "information") and not case.subjects for case in cases.case):
        yield cases_source.error("no case stays quiet")
    required = {*document.needs.required, *(n for needs in document.needs.levels.values() for n in needs)}
    if any(not n.startswith("coverage") for n in required) and not any(c.status == "not_assessed" for c in cases.case):
        yield cases_source.error("no case is not assessed, though the rule has required needs")


def _frameworks(folder: Path, faults: _Faults) -> dict[str, Framework]:
    found: dict[str, Framework] = {}
    for path in sorted((folder / "frameworks").glob("*.toml")):
        with faults.collected():
            source, document = read_document(path, folder, FrameworkDocument)
            if document.name != path.stem:
                raise source.error(f"{document.name} is not the file's stem {path.stem}", "name")
            found[document.name] = Framework(
                document.name,
                document.date,
                document.source,
                document.reference,
                {control: tuple(levels) for control, levels in document.levels.items()},
                {control: tuple(ids) for control, ids in document.ids.items()},
            )
    return found


def _catalogues(folder: Path, faults: _Faults) -> dict[str, Catalogue]:
    found: dict[str, Catalogue] = {}
    for path in sorted((folder / "catalogues").glob("*.toml")):
        with faults.collected():
            source, document = read_document(path, folder, CatalogueDocument)
            name = f"catalogue_{path.stem}"
            found[name] = Catalogue(name, document.doc, document.date, document.source, _table(source, document))
    return found


def _table(source: Source, document: CatalogueDocument) -> pa.Table:
    schema = pa.schema([(name, _ARROW_TYPES[kind]) for name, kind in document.columns.items()])
    for number, row in enumerate(document.rows):
        if len(row) != len(schema):
            raise source.error(f"row {number + 1} has {len(row)} values for {len(schema)} columns", "rows")
    try:
        return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in document.rows], schema)
    except (pa.ArrowException, TypeError) as error:
        raise source.error(f"a value does not fit its column: {error}", "rows") from error


def _views(folder: Path, faults: _Faults) -> dict[str, View]:
    found: dict[str, View] = {}
    for path in sorted((folder / "views").glob("*.toml")):
        with faults.collected():
            source, document = read_document(path, folder, ViewDocument)
            if document.name != path.stem:
                raise source.error(f"{document.name} is not the file's stem {path.stem}", "name")
            if document.name in TABLES:
                raise source.error(f"{document.name} is a table", "name")
            view = View(document.name, document.doc, tuple(document.tables), tuple(document.needs), document.sql, ())
            found[view.name] = replace(view, columns=_view_columns(view, source))
    return found


def _view_columns(view: View, source: Source) -> tuple[str, ...]:
    """Output columns of a view, once it is sure that it reads no more than it says."""
    for name in read_by(view):
        if name not in TABLES:
            raise source.error(f"{name} is not a table", "tables")
    everything = {name: [c.name for c in TABLES[name].columns] for name in read_by(view)}
    try:
        with Database() as empty:
            empty.statement(view.sql)
            with empty.scope(everything) as scope:
                columns = scope.select(view.sql, {}).columns
            stated = {
                name: [c for c in all_columns if (c in columns and name in view.tables) or f"{name}.{c}" in view.needs]
                for name, all_columns in everything.items()
            }
            stated |= {name: everything[name] for name in view.needs if name in everything}
            with empty.scope(stated) as scope:
                scope.select(view.sql, {})
    except duckdb.Error as error:
        raise source.error(f"{located(error)} (a view reads its own columns and its needs)", "sql") from error
    except StatementError as error:
        raise source.error(str(error), "sql") from error
    return columns
