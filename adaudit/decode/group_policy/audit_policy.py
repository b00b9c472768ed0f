"""audit.csv: advanced audit policy (MS-GPAC 2.2.1)."""

from __future__ import annotations

import csv
from typing import Final

from adaudit.decode.group_policy.builder import Builder
from adaudit.decode.group_policy.text import read_text

_SUBCATEGORY, _GUID, _INCLUSION, _VALUE = 2, 3, 4, 6
_COLUMNS: Final = 7


def read_audit_policy(content: bytes, builder: Builder) -> None:
    """Each subcategory: ``name`` its GUID in lower case without braces, ``section`` its name in the file's language.

    ``value``: 0 unchanged, 1 success, 2 failure, 3 both, 4 none. Options and global object lists have no GUID:
    their ``name`` is what the file calls them (``Option:CrashOnAuditFail``, ``FileGlobalSacl``), ``section`` is "".
    Columns are known by place, since Windows translates their names.
    """
    text, is_sound = read_text(content)
    if not is_sound:
        builder.fail("characters that the encoding of the file does not have")
    rows = csv.reader(text.split("\n"))
    try:
        next(rows, None)
        for row in rows:
            if len(row) >= _COLUMNS:
                _add(row, builder)
            elif any(row):
                builder.fail(f"line {rows.line_num}: {len(row)} columns, not {_COLUMNS}")
    except csv.Error:
        builder.fail(f"line {rows.line_num}: not comma-separated values")


def _add(row: list[str], builder: Builder) -> None:
    guid = row[_GUID].strip().strip("{}").lower()
    subcategory = row[_SUBCATEGORY].strip()
    value = row[_VALUE].strip() or row[_INCLUSION].strip()
    builder.add(subcategory if guid else "", guid or subcategory, value)
