"""Descriptors as SDDL for the small forest of the tests."""

from __future__ import annotations

from adaudit.decode.descriptor import parse_descriptor
from adaudit.decode.flags import AceFlags
from adaudit.decode.sddl import from_sddl
from tests.graph.small_forest import DOMAIN_SID, SmallForest


def guard(forest: SmallForest, dn: str, sddl: str) -> int:
    """Gives an object a descriptor of its own; identities that it names and that are not there are added."""
    descriptor = parse_descriptor(from_sddl(sddl, DOMAIN_SID))
    sd_id = len(forest.rows["security_descriptors"])
    owner = None if descriptor.owner is None else _identity(forest, descriptor.owner)
    whose = {"owner_sid": descriptor.owner, "owner_id": owner, "dacl_state": descriptor.dacl_state}
    forest.row("security_descriptors", sd_id=sd_id, role="object", domain_id=0, **whose)
    for ace in descriptor.aces:
        forest.row(
            "aces",
            sd_id=sd_id,
            position=ace.position,
            type=ace.type,
            is_allow=ace.is_allow,
            mask=ace.mask,
            flags=ace.flags,
            object_type=ace.object_type,
            trustee_sid=ace.trustee,
            is_inherited=bool(ace.flags & AceFlags.INHERITED),
            is_inherit_only=bool(ace.flags & AceFlags.INHERIT_ONLY),
            trustee_id=_identity(forest, ace.trustee),
            has_condition=ace.has_condition,
        )
    (row,) = (row for row in forest.rows["objects"] if row["dn"] == dn)
    row["sd_id"] = sd_id
    return sd_id


def sid(rid: int) -> str:
    """The SID of an account of the small forest."""
    return f"{DOMAIN_SID}-{rid}"


def _identity(forest: SmallForest, of: str) -> int:
    known = [row["principal_id"] for row in forest.rows["principals"] if row["sid"] == of]
    return known[0] if known else forest.identity(of)
