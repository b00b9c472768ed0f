"""The parts in which a directory is read: a naming context, or the deleted objects of one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from adaudit.collect.census import Count
from adaudit.collect.messages import SHOW_DELETED, Control, text
from adaudit.collect.session import Session
from adaudit.ingest.names import dn_key, is_below
from adaudit.schema.requests import SD_FLAGS_OID, SD_FLAGS_VALUE

SD_FLAGS: Final = Control(SD_FLAGS_OID, SD_FLAGS_VALUE)

_DELETED_OBJECTS: Final = b"B:32:18E2EA80684F11D2B9AA00C04F79F805:"
"""Begins the value of wellKnownObjects that names the container of deleted objects (MS-ADTS 6.1.1.4)."""


def visibility(*, is_deleted: bool) -> tuple[Control, ...]:
    """Controls without which the objects of a pass are not seen."""
    return (SHOW_DELETED,) if is_deleted else ()


def controls_for(*, is_deleted: bool) -> tuple[Control, ...]:
    """Controls of the search that reads a pass."""
    return (SD_FLAGS, *visibility(is_deleted=is_deleted))


_CONTAINER: Final = "cn=deleted objects"
"""Its name, as a key: it cannot be renamed."""

Place = tuple[str, bool]
"""A naming context, as a key, and whether its deleted objects are meant."""


@dataclass
class Pass:
    """Everything below ``base``, as one server gives it; ``context`` is the DN of the naming context, as a key.

    ``first_usn``: the highest USN of the server before anything was read. ``is_begun``: objects of it are held;
    ``has_changed``: not all of them as they are now.
    ``faults``: DN → why the object could not be read. ``outcome`` is None until the end was reached;
    ``given_up``: why it will not be.
    """

    session: Session
    base: str
    context: str
    is_deleted: bool
    first_usn: int | None
    is_begun: bool = False
    has_changed: bool = False
    faults: dict[str, str] = field(default_factory=dict)
    references: set[str] = field(default_factory=set)
    deleted_objects: str | None = None
    outcome: Count | None = None
    given_up: str | None = None

    @property
    def place(self) -> Place:
        return self.context, self.is_deleted

    @property
    def visibility(self) -> tuple[Control, ...]:
        """Controls without which its objects are not seen."""
        return visibility(is_deleted=self.is_deleted)

    @property
    def controls(self) -> tuple[Control, ...]:
        return controls_for(is_deleted=self.is_deleted)

    def look_at(self, dn: str, attributes: dict[str, list[bytes]]) -> None:
        """Learn from the head of the naming context where its deleted objects are."""
        if dn == self.base:
            for well in attributes.get("wellKnownObjects", []):
                if well.upper().startswith(_DELETED_OBJECTS):
                    self.deleted_objects = text(well[len(_DELETED_OBJECTS) :])


class Contexts:
    """The naming contexts of the forest, read or not: each object belongs to one of them."""

    def __init__(self, dns: Iterable[str]) -> None:
        self._keys = sorted({dn_key(dn) for dn in dns}, key=len, reverse=True)
        self._below: dict[str, Place] = {}

    def place_of(self, key: str, parent: str, *, is_deleted: bool) -> Place:
        """Where the object is read whose DN and parent these are, as keys; the context is empty when it is in none.
        What lies in a container of deleted objects is a deleted one, though the account may not read that it is."""
        if key in self._keys:
            return key, is_deleted
        place = self._below.get(parent)
        if place is None:
            context = next((head for head in self._keys if is_below(parent, head)), "")
            place = self._below[parent] = context, is_below(parent, f"{_CONTAINER},{context}")
        context, is_in_container = place
        return context, is_deleted or is_in_container or key == f"{_CONTAINER},{context}"
