"""Types of registry values (MS-GPREG 2.2.1), and their data as text."""

from __future__ import annotations

from typing import Final

_NAMES: Final = {
    0: "REG_NONE",
    1: "REG_SZ",
    2: "REG_EXPAND_SZ",
    3: "REG_BINARY",
    4: "REG_DWORD",
    5: "REG_DWORD_BIG_ENDIAN",
    6: "REG_LINK",
    7: "REG_MULTI_SZ",
    8: "REG_RESOURCE_LIST",
    9: "REG_FULL_RESOURCE_DESCRIPTOR",
    10: "REG_RESOURCE_REQUIREMENTS_LIST",
    11: "REG_QWORD",
}
_TEXTS: Final = {"REG_SZ", "REG_EXPAND_SZ", "REG_LINK"}
NUMBERS: Final = {"REG_DWORD": 4, "REG_DWORD_BIG_ENDIAN": 4, "REG_QWORD": 8}
"""Types whose data is a number, with its size in bytes."""


def type_name(number: int) -> str:
    """``REG_SZ`` …, or ``REG_<number>`` for a type that does not exist."""
    return _NAMES.get(number, f"REG_{number}")


def data_text(value_type: str, data: bytes) -> str:
    """Numbers in decimal, one line per string of a multi-string, other data, and numbers of another size, in hex."""
    if value_type in _TEXTS:
        return data.decode("utf-16-le", "replace").rstrip("\0")
    if value_type == "REG_MULTI_SZ":
        return data.decode("utf-16-le", "replace").rstrip("\0").replace("\0", "\n")
    if len(data) == NUMBERS.get(value_type):
        return str(int.from_bytes(data, "big" if value_type == "REG_DWORD_BIG_ENDIAN" else "little"))
    return data.hex()
