"""Which columns follow from an attribute: where to tell of one that could not be read, or came in part."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from adaudit.ingest.columns import FINE_GRAINED_ATTRIBUTES
from adaudit.ingest.layout import TABLES_BY_CLASS
from adaudit.ingest.multivalued import (
    BINARY_LINK_ATTRIBUTES,
    CERTIFICATE_ATTRIBUTES,
    LINK_ATTRIBUTES,
    MENU_ATTRIBUTES,
)
from adaudit.schema import COLLECTED
from adaudit.schema.requests import SECRET_ATTRIBUTES

Fact = tuple[str, str]
"""A table and one of its columns."""

_UNTYPED: Fact = ("attributes", "text")

_BESIDE_THE_DECLARED: dict[Fact, tuple[str, ...]] = {
    ("links", "target_dn"): (*LINK_ATTRIBUTES, *BINARY_LINK_ATTRIBUTES),
    ("memberships", "member_id"): ("memberOf",),
    ("certificates", "sha256"): CERTIFICATE_ATTRIBUTES,
    ("display_specifier_menus", "value"): MENU_ATTRIBUTES,
    ("dns_records", "data"): ("dNSRecord",),
    ("forests", "recycle_bin_enabled"): ("msDS-EnabledFeature",),
    ("directory_servers", "options"): ("options",),
    ("secrets", "attribute"): tuple(sorted(SECRET_ATTRIBUTES)),
    ("directory_servers", "functional_level"): ("msDS-Behavior-Version",),
    **{("password_policies", column): (attribute,) for column, attribute in FINE_GRAINED_ATTRIBUTES},
}


def _declared() -> Iterator[tuple[str, Fact]]:
    for table in COLLECTED.values():
        yield from ((column.source, (table.name, column.name)) for column in table.columns if column.source)
    for fact, attributes in _BESIDE_THE_DECLARED.items():
        yield from ((attribute, fact) for attribute in attributes)


def _by_attribute() -> dict[str, tuple[Fact, ...]]:
    found: dict[str, dict[Fact, None]] = defaultdict(dict)
    for attribute, fact in _declared():
        found[attribute.lower()][fact] = None
    return {attribute: tuple(facts) for attribute, facts in found.items()}


COLUMNS_OF = _by_attribute()
"""Attribute, lower case → the columns that follow from it."""


def columns_of(attribute: str) -> tuple[Fact, ...]:
    """The columns that follow from an attribute, given without options; the untyped table holds any other."""
    return COLUMNS_OF.get(attribute.lower(), (_UNTYPED,))


def columns_filled(attribute: str, staged_as: str) -> tuple[Fact, ...]:
    """Those of ``columns_of`` that an object of layout ``staged_as`` fills."""
    own = ("objects", *TABLES_BY_CLASS.get(staged_as, ()))
    filled = [fact for fact in columns_of(attribute) if fact[0] in own or COLLECTED[fact[0]].per_value]
    return tuple(filled) or (_UNTYPED,)
