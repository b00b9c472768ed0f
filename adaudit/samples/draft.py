"""A directory object before it is stamped with what a directory adds: GUID, times, inherited rights."""

from __future__ import annotations

from dataclasses import dataclass, field

from adaudit.decode.sid import parse_sid

Attributes = dict[str, list[bytes]]


@dataclass
class Draft:
    """``sddl`` replaces the default descriptor of the class, ``aces`` (SDDL) come before those of either, ``owner``
    is a SID or an SDDL name. ``created_days``: how long before the collection. ``is_leaf``: nothing is below it."""

    dn: str
    object_class: str
    attributes: Attributes = field(default_factory=dict)
    sddl: str = ""
    aces: str = ""
    owner: str = ""
    created_days: int | None = None
    is_leaf: bool = False


def text(*values: object) -> list[bytes]:
    return [str(value).encode() for value in values]


def sid(value: str) -> list[bytes]:
    return [parse_sid(value)]
