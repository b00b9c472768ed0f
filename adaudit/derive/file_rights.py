"""file_rights: what each distinct descriptor of SYSVOL lets its trustees change."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from adaudit.derive.effective import FULL, rights_given
from adaudit.derive.facts import Facts
from adaudit.derive.grants import NULL_DACL, OWNER
from adaudit.schema import TABLES

_RIGHTS: Final = (
    ("owner", OWNER),
    ("null_dacl", NULL_DACL),
    ("full_control", FULL),
    ("write_dacl", 0x40000),
    ("write_owner", 0x80000),
    ("write", 0x2),
    ("append", 0x4),
    ("delete_child", 0x40),
    ("delete", 0x10000),
)
"""Names of rights and their bits (MS-DTYP 2.4.3, MS-SMB2 2.2.13.1)."""

_GENERIC: Final = {0x10000000: 0x1F01FF, 0x40000000: 0x120116}
"""GENERIC_ALL and GENERIC_WRITE on a file; the others change nothing."""


def file_rights(facts: Facts) -> pa.Table:
    """One row per descriptor, trustee and right, in the order of descriptor and position."""
    rights = rights_given(facts, "file", _RIGHTS, _expanded)
    return rights.select(TABLES["file_rights"].arrow_schema.names)


def _expanded(mask: int) -> int:
    for generic, rights in _GENERIC.items():
        if mask & generic:
            mask |= rights
    return mask
