"""Descriptors for a small directory."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from tests.graph.small_forest import SmallForest

INHERITED, CONTAINER_INHERIT, INHERIT_ONLY = 0x10, 0x2, 0x8

CREATE, SELF, READ, WRITE, CONTROL, DELETE = 0x1, 0x8, 0x10, 0x20, 0x100, 0x10000
WRITE_DAC, WRITE_OWNER, FULL, GENERIC_ALL = 0x40000, 0x80000, 0xF01FF, 0x10000000

MEMBER: Final = "bf9679c0-0de6-11d0-a285-00aa003049e2"
MEMBERSHIP: Final = "bc0ac240-79a9-11d0-9020-00c04fc2d4cf"
RESET: Final = "00299570-246d-11d0-a768-00aa006e0529"
CHANGE_PASSWORD: Final = "ab721a53-1e2f-11d0-9819-00aa0040529b"
GP_LINK: Final = "f30e3bbe-9ff0-11d1-b603-0000f80367c1"
KEY: Final = "5b47d60f-6090-40b2-9f37-2a4de88f3063"
VALIDATED_COMPUTER: Final = "9b026da6-0d3c-465c-8bee-5199d7165cba"


class Given(NamedTuple):
    """An ACE: ``trustee`` by DN or SID."""

    trustee: str
    mask: int
    object_type: str | None = None
    flags: int = 0
    allow: bool = True
    is_conditional: bool = False


def descriptor(
    forest: SmallForest, *aces: Given, owner: str | None = None, state: str = "present", protected: bool = False
) -> int:
    """A descriptor of objects; returns its id. Trustees have to be there already."""
    sd = len(forest.rows["security_descriptors"])
    columns: dict[str, Any] = {"role": "object", "domain_id": 0, "dacl_state": state, "is_dacl_protected": protected}
    if owner is not None:
        columns |= {"owner_id": forest.principal(owner), "owner_sid": sid_of(forest, owner)}
    forest.row("security_descriptors", sd_id=sd, **columns)
    for position, ace in enumerate(aces):
        forest.row(
            "aces",
            sd_id=sd,
            position=position,
            is_allow=ace.allow,
            mask=ace.mask,
            object_type=ace.object_type,
            flags=ace.flags,
            is_inherited=bool(ace.flags & INHERITED),
            is_inherit_only=bool(ace.flags & INHERIT_ONLY),
            has_condition=ace.is_conditional,
            trustee_id=forest.principal(ace.trustee),
            trustee_sid=sid_of(forest, ace.trustee),
        )
    return sd


def sid_of(forest: SmallForest, name: str) -> str | None:
    """The SID of an identity named by DN or SID."""
    sid: str | None = forest.rows["principals"][forest.principal(name)]["sid"]
    return sid
