"""user_rights and local_group_members: what policies in force give to whom on computers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.bounds import bounded
from adaudit.derive.facts import Facts, build
from adaudit.derive.preferences import Item, by_scope, items
from adaudit.derive.trustees import Trustees

_RIGHTS, _GROUPS = "Privilege Rights", "Group Membership"
_MEMBERS: Final = "__members"
_MEMBER_OF: Final = "__memberof"

_Member = tuple[int, str, str, str, int | None, bool]
"""Scope, group and member as read, origin, GPO, and whether it is conditional."""


def user_rights(facts: Facts) -> pa.Table:
    """One row per scope, right and trustee, in the order of ``resultant_settings``; of a right of nobody, none."""
    trustees = Trustees(facts)

    def rows() -> Iterator[tuple[Any, ...]]:
        for scope, right, value, gpo, has_filter in _lines(facts, _RIGHTS):
            for trustee in _listed(value):
                found = trustees.find(trustee, gpo)
                yield scope, right, trustee, found.sid, found.principal_id, found.is_anyone, gpo, has_filter

    return build("user_rights", bounded(facts, "user_rights", rows()))


def local_group_members(facts: Facts) -> pa.Table:
    """One row per scope, group and member: those of restricted groups, then those that preferences add."""
    trustees = Trustees(facts)

    def rows() -> Iterator[tuple[Any, ...]]:
        for scope, group, member, origin, gpo, is_conditional in chain(_restricted(facts), _preferred(facts)):
            group_sid = trustees.find(group, gpo).sid
            found = trustees.find(member, gpo)
            identity = (found.sid, found.principal_id, found.is_anyone)
            yield scope, group, group_sid, member, *identity, origin, gpo, is_conditional

    return build("local_group_members", bounded(facts, "local_group_members", rows()))


def _lines(facts: Facts, section: str) -> Iterator[tuple[int, str, str, int | None, bool]]:
    settings = facts.table("resultant_settings")
    is_line = pc.and_(pc.equal(settings["kind"], "security_template"), pc.equal(settings["section"], section))
    here = Facts({"resultant_settings": settings.filter(is_line)})
    columns = ("scope_id", "name", "value", "gpo_id", "has_wmi_filter")
    for scope, name, value, gpo, has_filter in here.rows("resultant_settings", *columns):
        yield scope, name or "", value or "", gpo, bool(has_filter)


def _restricted(facts: Facts) -> Iterator[_Member]:
    for scope, name, value, gpo, has_filter in _lines(facts, _GROUPS):
        for other in _listed(value):
            if name.lower().endswith(_MEMBERS):
                yield scope, name[: -len(_MEMBERS)], other, "restricted_group", gpo, has_filter
            elif name.lower().endswith(_MEMBER_OF):
                yield scope, other, name[: -len(_MEMBER_OF)], "restricted_group", gpo, has_filter


def _preferred(facts: Facts) -> Iterator[_Member]:
    settings = facts.table("resultant_settings")
    is_groups = pc.and_(
        pc.equal(settings["kind"], "preference"), pc.ends_with(pc.utf8_lower(settings["file"]), "groups.xml")
    )
    for rows in by_scope(settings.filter(is_groups)):
        filtered = {row["gpo_id"] for row in rows if row["has_wmi_filter"]}
        for item in items(rows):
            place = item.place
            group = item.properties.get("groupsid") or item.properties.get("groupname")
            if group and item.properties.get("action", "U").upper() != "D":
                for member in _added(item):
                    is_conditional = item.is_targeted or place.gpo_id in filtered
                    yield place.scope_id, group, member, "preference", place.gpo_id, is_conditional


def _added(item: Item) -> Iterator[str]:
    for element in item.below:
        member = element.attributes.get("sid") or element.attributes.get("name")
        if member and element.attributes.get("action", "ADD").upper() == "ADD":
            yield member


def _listed(value: str) -> list[str]:
    return [each.strip() for each in value.split(",") if each.strip()]
