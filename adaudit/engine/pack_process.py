"""The process in which a rule pack is read, tested and judged: a question comes by stdin, an answer goes to a file.

Both are JSON. Its address space is bounded before anything of the pack is opened; ``adaudit.engine.confined`` kills it
when its time is over.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from adaudit.engine.book import RuleBook
from adaudit.engine.cases import empty_database, run_cases
from adaudit.engine.database import Database
from adaudit.engine.documents import RuleDocument
from adaudit.engine.judge import judge
from adaudit.engine.load import load_pack_here
from adaudit.engine.loading import columns_read
from adaudit.engine.missing import lay_out
from adaudit.engine.source import RuleError, RuleErrors, read_document

_LARGEST_FILE: Final = 1024**3
"""Bytes of one file that the process may write: DuckDB spills what memory does not hold."""

Asked = dict[str, Any]


def main() -> None:
    asked = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_AS, (asked["memory"], asked["memory"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer = json.dumps({"answer": _ANSWERS[asked["question"]](asked)})
    except MemoryError:
        answer = json.dumps({"failed": f"needs more than {asked['memory'] // 1024**2} MiB of memory"})
    Path(asked["answer"]).write_text(answer, encoding="utf-8")


def _check(asked: Asked) -> dict[str, Any]:
    """Everything wrong with a pack; else its rules, as written, and the columns of base tables that they read."""
    try:
        book = _book(asked)
    except RuleErrors as errors:
        return {"errors": [[error.message, error.place] for error in errors.errors]}
    documents = [(rule, read_document(rule.path, book.folder, RuleDocument)[1]) for rule in book.rules]
    rules = [{"path": str(rule.path), "document": document.model_dump(mode="json")} for rule, document in documents]
    return {"errors": [], "rules": rules, "columns": columns_read(book)}


def _cases(asked: Asked) -> dict[str, Any]:
    """What became of the cases of a pack."""
    book = _book(asked)
    try:
        with empty_database(book) as database:
            outcomes = [asdict(outcome) for rule in book.rules for outcome in run_cases(book, rule, database)]
    except RuleError as error:
        return {"errors": [[error.message, error.place]]}
    return {"errors": [], "outcomes": outcomes}


def _judge(asked: Asked) -> dict[str, Any]:
    """The verdict of one rule on tables that lie in a folder as Arrow files."""
    book = _book(asked)
    (rule,) = book.rules
    tables = [(path.stem, _table(path)) for path in sorted(Path(asked["tables"]).glob("*.arrow"))]
    as_of = datetime.fromisoformat(asked["as_of"])
    with Database(tables, book.catalogues.values(), book.views.values()) as database:
        reading = book.readings[rule.id]
        return asdict(judge(database, lay_out(database), rule, reading, as_of, seconds=asked["seconds"]))


def _book(asked: Asked) -> RuleBook:
    return load_pack_here(Path(asked["folder"]), Path(asked["base"]), only=asked["only"])


def _table(path: Path) -> pa.Table:
    with pa.ipc.open_file(path) as reader:
        return reader.read_all()


_ANSWERS: Final[dict[str, Callable[[Asked], dict[str, Any]]]] = {"check": _check, "cases": _cases, "judge": _judge}


if __name__ == "__main__":
    main()
