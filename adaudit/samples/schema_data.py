"""The part of the schema that the samples have: classes, attributes and rights with their true identifiers.

The files of ``data/`` hold facts of MS-ADA1, MS-ADA2, MS-ADA3, MS-ADSC and MS-ADTS 6.1.1.2.7, for Windows Server 2016.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class SchemaClass:
    """``chain``: the class and those above it, from top down, as objectClass lists them."""

    cn: str
    name: str
    parent: str
    oid: str
    guid: str
    default_sddl: str
    chain: tuple[str, ...]


@cache
def classes() -> dict[str, SchemaClass]:
    """The classes by lDAPDisplayName."""
    found = {row["name"]: row for row in rows("classes")}

    def chain(name: str) -> tuple[str, ...]:
        return ("top",) if name == "top" else (*chain(found[name]["parent"]), name)

    return {name: SchemaClass(**row, chain=chain(name)) for name, row in found.items()}


def rows(name: str) -> list[dict[str, str]]:
    """The rows of ``data/<name>.csv``."""
    content = (files("adaudit.samples") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(content.splitlines()))
