"""Settings of group policies as they are once one of them, or what is secret in a file, is removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from adaudit.schema import TABLES

_Row = dict[str, Any]

_RIGHTS: Final = "Privilege Rights"
_RESTRICTED: Final = "Group Membership"
_PREFERRED: Final = "Groups.xml"
_MEMBERS: Final = "__members"
_MEMBER_OF: Final = "__memberof"
_SCRIPT: Final = "script_secret"


def without_setting(settings: pa.Table, gpo: int, attribute: str, detail: str) -> pa.Table | None:
    """``gpo_settings`` without what a setting of a GPO gives; None when nothing of the kind is there.

    ``attribute``: ``section/name`` of a user right or local group, where ``detail`` is the trustee; else the path of a
    registry value in lower case, or the use of the path ``detail``.
    """
    section, _, name = attribute.partition("/")
    own = settings["gpo_id"].to_numpy(zero_copy_only=False) == gpo
    rows = settings.filter(pa.array(own)).to_pylist()
    if section == _RIGHTS:
        left = [row if not _is(row, section, name) else _without(row, detail) for row in rows]
    elif section == _RESTRICTED:
        left = list(_without_member(rows, name, detail))
    elif section == _PREFERRED:
        left = _without_preferred(rows, name, detail)
    else:
        left = [row for row in rows if not _sets(row, attribute, detail)]
    if left == rows:
        return None
    others = settings.filter(pc.invert(pa.array(own)))
    return pa.concat_tables([others, pa.Table.from_pylist(left, TABLES["gpo_settings"].arrow_schema)])


def without_secrets(settings: pa.Table, gpo: int, file: str) -> pa.Table | None:
    """``gpo_settings`` without the elements, keys and lines of a file that hold a secret; None when it has none."""
    rows = settings.to_pylist()
    here = [(row["gpo_id"] == gpo or row["gpo_id"] is None) and row["file"] == file for row in rows]
    secret = {row["section"] for row, is_here in zip(rows, here, strict=True) if is_here and row["is_secret"]}
    left = [
        row
        for row, is_here in zip(rows, here, strict=True)
        if not is_here or (row["section"] not in secret and row["kind"] != _SCRIPT)
    ]
    if len(left) == len(rows):
        return None
    return pa.Table.from_pylist(left, TABLES["gpo_settings"].arrow_schema)


def _is(row: _Row, section: str, name: str) -> bool:
    return row["section"] == section and (row["name"] or "").casefold() == name.casefold()


def _without(row: _Row, trustee: str) -> _Row:
    listed = [each.strip() for each in (row["value"] or "").split(",")]
    return row | {"value": ",".join(each for each in listed if each != trustee)}


def _without_member(rows: list[_Row], group: str, member: str) -> Iterator[_Row]:
    """Restricted groups: a list of members, or of the groups that one is a member of."""
    for row in rows:
        if _is(row, _RESTRICTED, f"{group}{_MEMBERS}"):
            yield _without(row, member)
        elif _is(row, _RESTRICTED, f"{member}{_MEMBER_OF}"):
            yield _without(row, group)
        else:
            yield row


def _without_preferred(rows: list[_Row], group: str, member: str) -> list[_Row]:
    """Preferences: an element for each group, with elements for its members below."""
    groups = {
        (row["file"], row["section"])
        for row in rows
        if (row["name"] or "").lower() in ("groupsid", "groupname") and row["value"] == group
    }
    members = {
        (row["file"], row["section"])
        for row in rows
        if (row["name"] or "").lower() in ("sid", "name")
        and row["value"] == member
        and any(row["file"] == file and (row["section"] or "").startswith(f"{path}/") for file, path in groups)
    }
    return [row for row in rows if (row["file"], row["section"]) not in members]


def _sets(row: _Row, attribute: str, detail: str) -> bool:
    """The row sets a registry value of that path, or names that script, file or package."""
    name, section = (row["name"] or "").lower(), (row["section"] or "").lower()
    if row["kind"] in ("registry", "security_template"):
        return attribute in (f"{section}\\{name}", name.removeprefix("machine\\"))
    return bool(detail) and detail.lower() in (row["value"] or "").lower()
