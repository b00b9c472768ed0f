"""Whom group policies put in local groups, by the unit whose computers get them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adaudit.graph.bloodhound.collection import Collection
from adaudit.graph.bloodhound.identifiers import Json

_GROUPS: Final = {
    "S-1-5-32-544": "LocalAdmins",
    "S-1-5-32-555": "RemoteDesktopUsers",
    "S-1-5-32-562": "DcomUsers",
    "S-1-5-32-580": "PSRemoteUsers",
}


class PolicyChanges:
    """``GPOChanges`` of domains and organizational units: the members that policies in force give to the local groups
    of the computers for which it is the nearest unit above. Those that a WMI filter or item-level targeting makes
    conditional are told like the others. ``unnamed``: members that were not recognised."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._computers: dict[int, list[int]] = {}
        self._scopes: dict[int, set[int]] = {}
        self._members: dict[int, list[tuple[str, int | None]]] = {}
        scope_of = dict(collection.facts.rows("policy_scopes", "container_id", "scope_id"))
        columns = ("scope_id", "group_sid", "principal_id")
        for scope, group, member in collection.facts.rows("local_group_members", *columns):
            if group in _GROUPS:
                self._members.setdefault(scope, []).append((_GROUPS[group], member))
        parents = dict(collection.facts.rows("objects", "object_id", "parent_id"))
        for (computer,) in collection.facts.rows("computers", "object_id"):
            parent = parents.get(computer)
            if scope_of.get(parent) in self._members:
                unit = self._unit(parent, parents)
                if unit is not None:
                    self._computers.setdefault(unit, []).append(computer)
                    self._scopes.setdefault(unit, set()).add(scope_of[parent])

    def of(self, object_id: int) -> Json:
        domain = next((r["domain_id"] for r in self._collection.rows.of_objects([object_id])), None)
        members = [each for scope in sorted(self._scopes.get(object_id, ())) for each in self._members[scope]]
        return {
            **{
                group: self._collection.principals([id_ for name, id_ in members if name == group], domain)
                for group in _GROUPS.values()
            },
            "AffectedComputers": self._collection.objects(sorted(self._computers.get(object_id, ()))),
        }

    def _unit(self, object_id: int | None, parents: dict[int, int | None]) -> int | None:
        """The nearest domain or organizational unit, itself included."""
        for above in _upwards(object_id, parents):
            thing = self._collection.identifiers.of_object(above)
            if thing is not None and thing.type in ("OU", "Domain"):
                return above
        return None


def _upwards(object_id: int | None, parents: dict[int, int | None]) -> Iterator[int]:
    seen: set[int] = set()
    while object_id is not None and object_id not in seen:
        seen.add(object_id)
        yield object_id
        object_id = parents.get(object_id)
