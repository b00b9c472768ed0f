"""descriptor_rights: what each distinct descriptor gives on the object itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from adaudit.decode.flags import FULL_CONTROL, AccessMask
from adaudit.derive.facts import Facts
from adaudit.derive.grants import NULL_DACL, OWNER, Grants, descriptor_grants, read_grants
from adaudit.schema import TABLES

FULL = 1 << 42
"""A bit of ours, above those of an access mask."""

RIGHTS: tuple[tuple[str, int], ...] = (
    ("owner", OWNER),
    ("null_dacl", NULL_DACL),
    ("full_control", FULL),
    ("write_dacl", AccessMask.WRITE_DAC),
    ("write_owner", AccessMask.WRITE_OWNER),
    ("write_property", AccessMask.DS_WRITE_PROPERTY),
    ("self_write", AccessMask.DS_SELF),
    ("create_child", AccessMask.DS_CREATE_CHILD),
    ("delete_child", AccessMask.DS_DELETE_CHILD),
    ("delete", AccessMask.DELETE),
    ("delete_tree", AccessMask.DS_DELETE_TREE),
    ("control_access", AccessMask.DS_CONTROL_ACCESS),
    ("read_property", AccessMask.DS_READ_PROPERTY),
    ("list_contents", AccessMask.DS_LIST_CONTENTS),
    ("list_object", AccessMask.DS_LIST_OBJECT),
)
"""Names of rights over an object and their bits."""


def descriptor_rights(facts: Facts) -> pa.Table:
    """One row per descriptor of an object, trustee, right and object type; see ``rights_given``."""
    return _table(descriptor_grants(facts), RIGHTS)


def rights_given(facts: Facts, role: str, rights: Sequence[tuple[str, int]], expand: Callable[[int], int]) -> pa.Table:
    """Rights that descriptors of a role give, in the order of descriptor and position, as ``descriptor_rights`` tells.

    ``rights``: names and bits of those that count; ``expand``: what the generic bits of a mask mean for the role.

    ``full_control`` stands for every other right and is not repeated as those. What deny ACEs take away: see
    ``read_grants``.
    """
    return _table(read_grants(facts, role, expand), rights)


def _merge(grants: Grants) -> Grants:
    """Rights that another ACE gives to the same trustee on the same type are told once, unconditional ones first."""
    is_full = (grants.mask & FULL_CONTROL) == FULL_CONTROL
    grants = replace(grants, mask=np.where(is_full, FULL, grants.mask))
    no_ace = grants.position < 0
    order = (grants.position, grants.is_conditional, grants.object_type, grants.trustee, grants.sd, no_ace)
    grants = grants.take(np.lexsort(order))
    repeats = np.zeros(len(grants), bool)
    repeats[1:] = (
        ((grants.position[1:] < 0) == (grants.position[:-1] < 0))
        & (grants.sd[1:] == grants.sd[:-1])
        & (grants.trustee[1:] == grants.trustee[:-1])
        & (grants.object_type[1:] == grants.object_type[:-1])
    )
    given: dict[int, int] = {}
    for index in np.nonzero(repeats)[0].tolist():
        before = given.get(index - 1, int(grants.mask[index - 1]))
        mask = 0 if before & FULL else int(grants.mask[index]) & ~before
        given = {index: before | mask}
        grants.mask[index] = mask
    return grants


def _table(grants: Grants, rights: Sequence[tuple[str, int]]) -> pa.Table:
    grants = _merge(grants)
    bearing = [np.nonzero(grants.mask & bit)[0] for _, bit in rights]
    index = np.concatenate(bearing)
    right = np.repeat(np.arange(len(rights)), [len(rows) for rows in bearing])
    order = np.lexsort((right, grants.position[index], grants.sd[index]))
    index, right = index[order], right[order]
    by_ace = pa.array(index)
    trustees = pa.array(grants.trustee[index])
    columns = {
        "sd_id": pa.array(grants.sd[index], pa.int32()),
        "principal_id": pa.array([t.principal_id for t in grants.trustees], pa.int32()).take(trustees),
        "trustee_sid": pa.array([t.sid for t in grants.trustees], pa.string()).take(trustees),
        "right": pa.array([name for name, _ in rights], pa.string()).take(pa.array(right)),
        "object_type": pa.array(grants.types, pa.string()).take(pa.array(grants.object_type[index])),
        "position": pa.array(grants.position, mask=grants.position < 0).take(by_ace),
        "is_inherited": pa.array(grants.is_inherited, mask=grants.position < 0).take(by_ace),
        "is_conditional": pa.array(grants.is_conditional).take(by_ace),
    }
    return pa.table(columns, schema=TABLES["descriptor_rights"].arrow_schema)
