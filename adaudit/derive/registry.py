"""registry_in_force: the registry values that the settings in force leave on computers and for users."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.facts import Facts, build
from adaudit.derive.preferences import Item, by_scope, items

_TEMPLATE_HIVE: Final = "machine\\"
_HIVES: Final = {"computer": "hkey_local_machine", "user": "hkey_current_user"}
_SOFT: Final = "**soft."

_Paths = dict[tuple[str, str | None, str | None], str | None]
"""Path of the value that a kind, section and name write; None when they write none."""


class _Key(NamedTuple):
    scope_id: int
    side: str
    path: str


class _Value(NamedTuple):
    value: str
    number: int | None
    source: str
    gpo_id: int | None
    file: str | None
    is_conditional: bool


def registry_in_force(facts: Facts) -> pa.Table:
    """One row per scope, side and value, in that order; values that a policy deletes are left out."""
    settings = facts.table("resultant_settings")
    is_preference = pc.and_(
        pc.equal(settings["kind"], "preference"), pc.ends_with(pc.utf8_lower(settings["file"]), "registry.xml")
    )
    wanted = pc.or_(pc.is_in(settings["kind"], pa.array(list(_PATH_IN))), is_preference)
    paths: _Paths = {}
    scopes = by_scope(settings.filter(wanted))
    return build("registry_in_force", (row for rows in scopes for row in _in_scope(rows, paths)))


def _in_scope(rows: Sequence[Mapping[str, Any]], paths: _Paths) -> Iterator[tuple[Any, ...]]:
    left: dict[_Key, _Value] = {}
    for kind, path_of in _PATH_IN.items():
        for row in rows:
            if row["kind"] == kind:
                named = (kind, row["section"], row["name"])
                if named not in paths:
                    paths[named] = path_of(row["section"] or "", row["name"] or "")
                path = paths[named]
                if path is not None:
                    value, has_filter = row["value"], bool(row["has_wmi_filter"])
                    told = _Value(value or "", _decimal(value), kind, row["gpo_id"], row["file"], has_filter)
                    left[_Key(row["scope_id"], row["side"], path)] = told
    preferences = [row for row in rows if row["kind"] == "preference"]
    filtered = {row["gpo_id"] for row in preferences if row["has_wmi_filter"]}
    for item in items(preferences):
        _apply(left, item, has_wmi_filter=item.place.gpo_id in filtered)
    for key in sorted(left):
        yield (*key, *left[key])


def _path_in_registry_policy(section: str, name: str) -> str | None:
    if name.lower().startswith(_SOFT):
        name = name[len(_SOFT) :]
    return None if name.startswith("**") else f"{section}\\{name}".lower()


def _path_in_template(section: str, name: str) -> str | None:
    if section != "Registry Values" or not name.lower().startswith(_TEMPLATE_HIVE):
        return None
    return name[len(_TEMPLATE_HIVE) :].lower()


_PATH_IN: Final[Mapping[str, Callable[[str, str], str | None]]] = MappingProxyType(
    {"registry": _path_in_registry_policy, "security_template": _path_in_template}
)
"""The kinds of settings that write values, in the order in which clients process them."""


def _apply(left: dict[_Key, _Value], item: Item, *, has_wmi_filter: bool) -> None:
    """What an item does: create writes only what is not there, delete leaves nothing (MS-GPPREF 2.2.1.2)."""
    given = item.properties
    if given.get("hive", "").lower() != _HIVES[item.place.side]:
        return
    path = f"{given.get('key', '')}\\{given.get('name', '')}".lower()
    key = _Key(item.place.scope_id, item.place.side, path)
    action = given.get("action", "U").upper()
    if action == "D":
        left.pop(key, None)
    elif action != "C" or key not in left:
        text = given.get("value", "")
        number = _hexadecimal(text) if "word" in given.get("type", "").lower() else _decimal(text)
        value = text if number is None else str(number)
        conditional = has_wmi_filter or item.is_targeted
        left[key] = _Value(value, number, "preference", item.place.gpo_id, item.place.file, conditional)


def _decimal(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _hexadecimal(text: str) -> int | None:
    try:
        number = int(text, 16)
    except ValueError:
        return None
    return number if 0 <= number < 1 << 63 else None
