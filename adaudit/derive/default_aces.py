"""default_aces: the rights that new objects of each class get by default."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from adaudit.decode.descriptor import ALLOW_TYPES, DENY_TYPES, parse_descriptor
from adaudit.decode.errors import DecodeError
from adaudit.decode.sddl import from_sddl
from adaudit.derive.facts import Facts, build

_NO_DOMAIN: Final = "S-1-5-21-0-0-0"
"""In whose name two-letter names of domain groups are read, so that a SID of a domain written out stands apart."""

_Row = tuple[
    int, str | None, int | None, bool | None, int | None, int | None, str | None, str | None, bool | None, str | None
]


def default_aces(facts: Facts) -> pa.Table:
    """One row per ACE of each class's default descriptor, in their order; one with ``error`` when it cannot be read."""
    rows: list[_Row] = []
    for class_id, name, text in facts.rows("schema_classes", "object_id", "name", "default_sddl"):
        if class_id is not None and text:
            rows += _aces(class_id, name, text)
    return build("default_aces", rows)


def _aces(class_id: int, name: str | None, text: str) -> Iterator[_Row]:
    try:
        descriptor = parse_descriptor(from_sddl(text, _NO_DOMAIN))
    except DecodeError as error:
        yield class_id, name, None, None, None, None, None, None, None, str(error)
        return
    for position, ace in enumerate(descriptor.aces):
        allows = True if ace.type in ALLOW_TYPES else False if ace.type in DENY_TYPES else None
        in_any_domain = ace.trustee.startswith(f"{_NO_DOMAIN}-")
        trustee = f"RID {ace.trustee.rpartition('-')[2]}" if in_any_domain else ace.trustee
        is_explicit = ace.trustee.startswith("S-1-5-21-") and not in_any_domain
        yield class_id, name, position, allows, ace.flags, ace.mask, ace.object_type, trustee, is_explicit, None
