"""control_rights: the rights of descriptor_rights that count, per distinct descriptor and class of object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.accepted import stands_for_everybody
from adaudit.derive.choices import ANY, CHOICES
from adaudit.derive.facts import Facts, Ids
from adaudit.derive.kinds import Kinds, descriptors_and_classes
from adaudit.derive.names import Names
from adaudit.derive.well_known import SELF
from adaudit.schema import TABLES

GET_CHANGES = "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2"
NEED_GET_CHANGES = ("1131f6ad-9c07-11d1-f79f-00c04fc2dcd2", "89e95b76-444d-4c62-991a-0facbeda640c")
"""DS-Replication-Get-Changes-All and -In-Filtered-Set give nothing without DS-Replication-Get-Changes."""

_BLOCK_OWNER_POSITION = 28
"""0-based place of fBlockOwnerImplicitRights in dSHeuristics (MS-ADTS 6.1.1.2.4.1.2)."""


def control_rights(facts: Facts) -> pa.Table:
    """Dangerous rights, in the order of descriptor, class and descriptor_rights.

    SELF is kept on groups only, where it stands for the members: an account has nothing to gain over itself. A
    replication right is kept when its holder, or someone in it, may also ask for changes. An owner has no implicit
    right over computers where dSHeuristics says so.
    """
    rights = facts.table("descriptor_rights")
    kinds = Kinds(facts)
    pairs = descriptors_and_classes(facts)
    sds = np.array([sd for sd, _ in pairs], np.int64)
    distinct_kinds: dict[frozenset[str], int] = {}
    kind = np.array([distinct_kinds.setdefault(kinds.of(*pair), len(distinct_kinds)) for pair in pairs], np.int64)
    subjects, subject = _subjects(rights)
    judge = _Judge(Names(facts))
    levels = np.array([judge.levels(subject, distinct_kinds) for subject in subjects], np.int64)

    row, pair = _expand(facts.ids("descriptor_rights", "sd_id"), sds)
    level = levels.reshape(len(subjects), len(distinct_kinds))[subject[row], kind[pair]]
    counting = level > 0
    row, pair, level = row[counting], pair[counting], level[counting]
    picked = rights.take(pa.array(row))
    targets = pa.array([judge.target(right, guid) for right, guid, _ in subjects], pa.string())
    found = {
        **{name: picked[name] for name in picked.column_names},
        "object_class": pa.array([name for _, name in pairs], pa.string()).take(pa.array(pair)),
        "target": targets.take(pa.array(subject[row])),
        "level": pa.array(level),
    }
    schema = TABLES["control_rights"].arrow_schema
    table = pa.table([found[name] for name in schema.names], schema=schema)
    return table.filter(pa.array(_standing(facts, kinds, table), pa.bool_()))


_Subject = tuple[str, str | None, bool]
"""A right, an object type, and whether SELF is the trustee."""


def _subjects(rights: pa.Table) -> tuple[list[_Subject], Ids]:
    """The distinct subjects, and which one each row is about."""
    keys = pa.table(
        {
            "right": rights["right"],
            "type": rights["object_type"],
            "is_self": pc.equal(rights["trustee_sid"].fill_null(""), SELF),
            "row": pa.array(np.arange(rights.num_rows)),
        }
    )
    grouped = keys.group_by(["right", "type", "is_self"], use_threads=False).aggregate([("row", "list")])
    subject = np.zeros(rights.num_rows, np.int64)
    rows = grouped["row_list"].combine_chunks()
    lengths = rows.value_lengths().to_numpy()
    subject[rows.flatten().to_numpy()] = np.repeat(np.arange(len(lengths)), lengths)
    columns = (grouped[name].to_pylist() for name in ("right", "type", "is_self"))
    return list(zip(*columns, strict=True)), subject


def _expand(rows: Ids, sds: Ids) -> tuple[Ids, Ids]:
    """Each row of an array sorted by descriptor, with each place of that descriptor in ``sds``."""
    starts = np.searchsorted(rows, sds, side="left")
    counts = np.searchsorted(rows, sds, side="right") - starts
    pair = np.repeat(np.arange(len(sds)), counts)
    row = np.arange(len(pair)) + np.repeat(starts - np.cumsum(counts) + counts, counts)
    return row, pair


class _Judge:
    """The choices, with object types named as in this forest."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def target(self, right: str, guid: str | None) -> str | None:
        """The name of what an object type stands for; the GUID itself when nothing tells."""
        if guid is None:
            return None
        names = self._names
        if right in ("create_child", "delete_child"):
            return names.classes.get(guid, guid)
        if right == "control_access":
            return names.rights.get(guid) or names.attributes.get(guid, guid)
        return names.attributes.get(guid) or names.rights.get(guid, guid)

    def levels(self, subject: _Subject, kinds: Iterable[frozenset[str]]) -> list[int]:
        """Level of a subject on objects of each of these kinds; 0 where it does not count.

        The class of an object stands for all its attributes (MS-ADTS 5.1.3.3.3).
        """
        right, guid, is_self = subject
        some = {self.target(right, guid), *self._names.attributes_in(guid)}
        whole = self._names.classes.get(guid or "") if right == "write_property" else None
        choices = [(c.level, c.target, frozenset(c.kinds)) for c in CHOICES if c.right == right]
        return [
            min(
                (
                    level
                    for level, target, on in choices
                    if on & (_of_members(each) if is_self else each)
                    and (target in some or (target is None and whole in each))
                ),
                default=0,
            )
            for each in kinds
        ]


def _of_members(kinds: frozenset[str]) -> frozenset[str]:
    return frozenset(("group", ANY)) if "group" in kinds else frozenset()


def _standing(facts: Facts, kinds: Kinds, rights: pa.Table) -> Iterator[bool]:
    """Whether each row stands once replication rights and blocked owners are looked at."""
    replicating = rights.filter(pc.is_in(rights["object_type"], pa.array(NEED_GET_CHANGES)))
    asking = _Asking(facts, replicating["sd_id"].unique())
    blocks_owners = any(
        text and text[_BLOCK_OWNER_POSITION : _BLOCK_OWNER_POSITION + 1] == "1"
        for (text,) in facts.rows("forests", "ds_heuristics")
    )
    columns = ("sd_id", "object_class", "principal_id", "right", "object_type")
    for sd, object_class, principal, right, guid in zip(*(rights[c].to_pylist() for c in columns), strict=True):
        if right == "control_access" and guid in NEED_GET_CHANGES:
            yield asking.includes(sd, principal)
        else:
            yield not (right == "owner" and blocks_owners and kinds.is_computer(object_class))


class _Asking:
    """Who may ask for changes: holders of DS-Replication-Get-Changes, alone or with all other rights."""

    def __init__(self, facts: Facts, sds: pa.Array) -> None:
        self._facts = facts
        self._holders: dict[int, set[int]] = {}
        rights = facts.table("descriptor_rights")
        here = Facts({"descriptor_rights": rights.filter(pc.is_in(rights["sd_id"], sds))})
        columns = ("sd_id", "principal_id", "right", "object_type")
        for sd, principal, right, guid in here.rows("descriptor_rights", *columns):
            if principal is not None and right in ("control_access", "full_control") and guid in (None, GET_CHANGES):
                self._holders.setdefault(sd, set()).add(principal)
        self._bearers = cache(self._bearers_of)

    def includes(self, sd: int, principal: int | None) -> bool:
        """Somebody is in the identity and in one of the holders, each at any depth."""
        holders = self._holders.get(sd)
        if principal is None or not holders:
            return False
        if any(stands_for_everybody(self._facts, each) for each in (principal, *holders)):
            return True
        return not self._bearers(sd).isdisjoint(self._facts.memberships.closure((principal,)))

    def _bearers_of(self, sd: int) -> set[int]:
        return self._facts.memberships.closure(self._holders[sd])
