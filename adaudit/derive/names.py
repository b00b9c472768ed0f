"""What the GUIDs in ACEs name: by this forest's schema where it was read, by well-known GUIDs otherwise."""

from __future__ import annotations

from functools import cached_property

from adaudit.derive import well_known
from adaudit.derive.facts import Facts


class Names:
    """GUIDs to names. ``property_set_of``: the set that an attribute, by GUID, is in."""

    def __init__(self, facts: Facts) -> None:
        self.attributes = {guid: name for guid, (name, _) in well_known.ATTRIBUTES.items()}
        self.property_set_of = {guid: group for guid, (_, group) in well_known.ATTRIBUTES.items() if group}
        self.rights = dict(well_known.RIGHTS)
        self.classes = dict(well_known.CLASSES)
        for name, guid, property_set in facts.rows("schema_attributes", "name", "guid", "property_set"):
            if guid and name:
                self.attributes[guid] = name
                self.property_set_of.pop(guid, None)
                if property_set:
                    self.property_set_of[guid] = property_set
        self.rights.update(
            (guid, name) for guid, name in facts.rows("extended_rights", "guid", "name") if guid and name
        )
        self.classes.update(
            (guid, name) for guid, name in facts.rows("schema_classes", "guid", "name") if guid and name
        )

    @cached_property
    def _by_property_set(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for guid, property_set in self.property_set_of.items():
            if guid in self.attributes:
                found.setdefault(property_set, []).append(self.attributes[guid])
        return found

    def attributes_in(self, property_set: str | None) -> list[str]:
        """Names of the attributes in a property set; none for anything else."""
        return self._by_property_set.get(property_set or "", [])
