"""registry_in_force: the registry values that the settings in force leave on computers and for users."""

from __future__ import annotations

from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.facts import Facts, build
from adaudit.derive.preferences import Item, items

_TEMPLATE_HIVE: Final = "machine\\"
_HIVES: Final = {"computer": "hkey_local_machine", "user": "hkey_current_user"}
_READ: Final = ("scope_id", "side", "section", "name", "value", "gpo_id", "file", "has_wmi_filter")
_SOFT: Final = "**soft."


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
    left: dict[_Key, _Value] = {}
    for kind, path_of in (("registry", _path_in_registry_policy), ("security_template", _path_in_template)):
        paths: dict[tuple[str | None, str | None], str | None] = {}
        here = Facts({"resultant_settings": settings.filter(pc.equal(settings["kind"], kind))})
        for scope, side, section, name, value, gpo, file, has_filter in here.rows("resultant_settings", *_READ):
            if (section, name) not in paths:
                paths[section, name] = path_of(section or "", name or "")
            path = paths[section, name]
            if path is not None:
                told = _Value(value or "", _decimal(value), kind, gpo, file, bool(has_filter))
                left[_Key(scope, side, path)] = told
    is_preference = pc.and_(
        pc.equal(settings["kind"], "preference"), pc.ends_with(pc.utf8_lower(settings["file"]), "registry.xml")
    )
    rows = settings.filter(is_preference).to_pylist()
    filtered = {row["gpo_id"] for row in rows if row["has_wmi_filter"]}
    for item in items(rows):
        _apply(left, item, has_wmi_filter=item.place.gpo_id in filtered)
    return build("registry_in_force", [(*key, *left[key]) for key in sorted(left)])


def _path_in_registry_policy(section: str, name: str) -> str | None:
    if name.lower().startswith(_SOFT):
        name = name[len(_SOFT) :]
    return None if name.startswith("**") else f"{section}\\{name}".lower()


def _path_in_template(section: str, name: str) -> str | None:
    if section != "Registry Values" or not name.lower().startswith(_TEMPLATE_HIVE):
        return None
    return name[len(_TEMPLATE_HIVE) :].lower()


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
