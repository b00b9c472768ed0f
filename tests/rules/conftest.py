from __future__ import annotations

from collections.abc import Iterator

import pytest

from adaudit.engine import RuleBook, empty_database, load_rules
from adaudit.engine.database import Database


@pytest.fixture(scope="package")
def book() -> RuleBook:
    """The rules that come with the program."""
    return load_rules()


@pytest.fixture(scope="package")
def database(book: RuleBook) -> Iterator[Database]:
    """Where their cases run, one after the other."""
    with empty_database(book) as opened:
        yield opened
