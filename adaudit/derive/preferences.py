"""Items of Group Policy Preferences, put together again from the rows of resultant_settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

import pyarrow as pa

from adaudit.derive.facts import Facts

_PROPERTIES: Final = re.compile(r"(?P<item>.+)/Properties\[\d+\]", re.IGNORECASE)
_FILTERS: Final = "filters"


class Place(NamedTuple):
    """Where the items of a file are in force."""

    scope_id: int
    side: str
    gpo_id: int | None
    rank: int
    file: str


@dataclass
class Element:
    """An element of the file: its attributes, with names in lower case."""

    path: str
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Item:
    """``properties``: attributes of its Properties; ``below``: elements in them; ``is_targeted``: not everywhere."""

    place: Place
    properties: Mapping[str, str]
    below: tuple[Element, ...]
    is_targeted: bool


def by_scope(settings: pa.Table) -> Iterator[list[dict[str, Any]]]:
    """Rows of resultant_settings, which are in the order of scopes, one scope at a time."""
    columns = ("scope_id", "side", "kind", "section", "name", "value", "gpo_id", "rank", "file", "has_wmi_filter")
    rows = Facts({"resultant_settings": settings}).rows("resultant_settings", *columns)
    for _, some in groupby(rows, itemgetter(0)):
        yield [dict(zip(columns, row, strict=True)) for row in some]


def items(rows: Iterable[Mapping[str, Any]]) -> Iterator[Item]:
    """Items that are not disabled, GPOs of the highest precedence last, as clients process them.

    ``rows``: those of resultant_settings that come from files of preferences, in the order of the table.
    """
    files: dict[Place, dict[str, Element]] = {}
    for row in rows:
        place = Place(row["scope_id"], row["side"], row["gpo_id"], row["rank"] or 0, row["file"] or "")
        elements = files.setdefault(place, {})
        path = row["section"] or ""
        element = elements.setdefault(path, Element(path))
        element.attributes[(row["name"] or "").lower()] = row["value"] or ""
    for place in sorted(files, key=lambda place: (place.scope_id, place.side, -place.rank, place.file)):
        yield from _of_file(place, files[place])


def _of_file(place: Place, elements: Mapping[str, Element]) -> Iterator[Item]:
    off: set[str] = set()
    targeted: set[str] = set()
    below: dict[str, list[Element]] = {}
    for path, element in elements.items():
        if element.attributes.get("disabled") == "1":
            off.add(path)
        for above in _above(path):
            parent, _, tag = above.rpartition("/")
            if tag.lower().startswith(_FILTERS):
                targeted.add(parent)
            if above != path and _PROPERTIES.fullmatch(above):
                below.setdefault(above, []).append(element)
    for path, element in elements.items():
        found = _PROPERTIES.fullmatch(path)
        if found and off.isdisjoint(_above(path)):
            yield Item(place, element.attributes, tuple(below.get(path, ())), found["item"] in targeted)


def _above(path: str) -> Iterator[str]:
    """The element and those around it, from within."""
    while path:
        yield path
        path = path.rpartition("/")[0]
