"""What to do with each attribute of an object, which its classes decide; made once and remembered."""

from __future__ import annotations

from functools import partial

from adaudit.ingest.layout import (
    COMMON_SLOTS,
    GATHERED_LAYOUTS,
    GMSA_SLOT,
    RBCD_SLOT,
    SD_SLOT,
    TABLES_BY_CLASS,
    Layout,
    layout_for,
)
from adaudit.ingest.multivalued import Multivalued, Take
from adaudit.ingest.values import Convert
from adaudit.schema import COLLECTED
from adaudit.schema.requests import SECRET_ATTRIBUTES

_DESCRIPTORS = {
    "ntsecuritydescriptor": (SD_SLOT, "object", "sd_id"),
    "msds-allowedtoactonbehalfofotheridentity": (RBCD_SLOT, "rbcd", "rbcd_sd_id"),
    "msds-groupmsamembership": (GMSA_SLOT, "gmsa", "reader_sd_id"),
}
"""Attribute → its place in the row, the role of the descriptor, and the column of the tables that refer to it."""

_REPEATS_THE_NAME = frozenset({"cn", "ou", "dc", "l", "c", "o", "distinguishedname"})
"""Attributes that repeat the DN or its first RDN: kept only when they say something else."""

_NAMES_REMEMBERED = 5000
"""More attributes of a class, or combinations of classes, than any schema has; a hostile source may invent more."""

Action = tuple[int, Convert | None, Take | None]
"""What to do with an attribute: convert it into a place of the row, or stage its values, or both; neither when it
repeats the name."""


class Plan:
    """What to do with each attribute of objects of some classes; attribute names are matched without case."""

    def __init__(self, layout: Layout, *, is_deleted: bool, multivalued: Multivalued) -> None:
        self.name = layout.name
        self.width = len(layout.schema)
        self.actions: dict[str, Action] = {}
        self._slots = dict(layout.slots)
        columns = {"sd_id"}.union(*(_columns(table) for table in TABLES_BY_CLASS.get(layout.name, ())))
        for attribute, (slot, role, column) in _DESCRIPTORS.items():
            if column in columns:
                self._slots[attribute] = (slot, partial(multivalued.descriptor, role))
        self._takers = {} if is_deleted else dict(multivalued.takers)
        self._takers |= dict.fromkeys(SECRET_ATTRIBUTES, multivalued.take_secret)
        self._keep = multivalued.keep
        self._also_kept = layout.slots.keys() - COMMON_SLOTS if layout.name in GATHERED_LAYOUTS else frozenset()

    def action(self, name: str) -> Action:
        """What to do with the attribute ``name``."""
        lower, option, _ = name.lower().partition(";")
        action: Action
        if option:
            action = (-1, None, self._takers[lower] if lower in SECRET_ATTRIBUTES else _refuse_option)
        elif lower in self._slots:
            action = (*self._slots[lower], self._keep if lower in self._also_kept else None)
        elif lower in _REPEATS_THE_NAME:
            action = (-1, None, None)
        else:
            action = (-1, None, self._takers.get(lower, self._keep))
        if len(self.actions) < _NAMES_REMEMBERED:
            self.actions[name] = action
        return action


class Plans:
    """The plan of every object. One serves a layout; combinations of classes are remembered up to a bound."""

    def __init__(self, multivalued: Multivalued) -> None:
        self._multivalued = multivalued
        self._of_classes: dict[tuple[tuple[bytes, ...], bool], Plan] = {}
        self._of_layout: dict[tuple[str, bool], Plan] = {}

    def of(self, attributes: dict[str, list[bytes]]) -> Plan:
        """Deleted objects feed no typed table: what they held is no longer in force, and is kept as attributes."""
        classes = tuple(attributes.get("objectClass") or _any_case(attributes, "objectclass"))
        is_deleted = attributes.get("isDeleted") == [b"TRUE"]
        plan = self._of_classes.get((classes, is_deleted))
        if plan is None:
            layout = layout_for(frozenset() if is_deleted else _class_names(classes))
            plan = self._of_layout.get((layout.name, is_deleted))
            if plan is None:
                plan = Plan(layout, is_deleted=is_deleted, multivalued=self._multivalued)
                self._of_layout[layout.name, is_deleted] = plan
            if len(self._of_classes) < _NAMES_REMEMBERED:
                self._of_classes[classes, is_deleted] = plan
        return plan


def _columns(table: str) -> set[str]:
    return {column.name for column in COLLECTED[table].columns} if table in COLLECTED else set()


def _refuse_option(_n: int, name: str, _values: list[bytes]) -> None:
    raise ValueError(f"the option {name.partition(';')[2][:100]!r} is not understood")


def _any_case(attributes: dict[str, list[bytes]], lower: str) -> list[bytes]:
    return next((values for name, values in attributes.items() if name.lower() == lower), [])


def _class_names(classes: tuple[bytes, ...]) -> frozenset[str]:
    return frozenset(value.decode("utf-8", "backslashreplace") for value in classes)
