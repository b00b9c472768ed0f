"""descriptor_rights: what each distinct descriptor gives on the object itself.

The computation is done on arrays of all ACEs at once. Python only decides, for each pair of trustees met, whether a
deny ACE for the one applies to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adaudit.decode.flags import FULL_CONTROL, AccessMask, expand_generic
from adaudit.derive.facts import Facts, Ids
from adaudit.derive.names import Names
from adaudit.derive.tokens import Tokens
from adaudit.derive.well_known import EVERYONE, OWNER_RIGHTS
from adaudit.schema import TABLES

SCOPED = (
    AccessMask.DS_CREATE_CHILD
    | AccessMask.DS_DELETE_CHILD
    | AccessMask.DS_SELF
    | AccessMask.DS_READ_PROPERTY
    | AccessMask.DS_WRITE_PROPERTY
    | AccessMask.DS_CONTROL_ACCESS
)
"""Rights that an object type narrows; the other bits of an ACE with an object type give nothing (MS-ADTS 5.1.3.3.3)."""

OWNER, NULL_DACL, FULL = 1 << 40, 1 << 41, 1 << 42
"""Bits of ours, above those of an access mask."""

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

_NO_TYPE = "00000000-0000-0000-0000-000000000000"
_PAIRS_AT_ONCE = 4_000_000


@dataclass
class _Aces:
    """ACEs that apply to the object, in the order of descriptor and position; trustees and types are codes."""

    sd: Ids
    position: Ids
    mask: Ids
    trustee: Ids
    object_type: Ids
    is_allow: npt.NDArray[np.bool_]
    is_inherited: npt.NDArray[np.bool_]
    is_conditional: npt.NDArray[np.bool_]

    def take(self, index: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> _Aces:
        return _Aces(**{name: values[index] for name, values in vars(self).items()})


@dataclass(frozen=True)
class _Trustee:
    principal_id: int | None
    sid: str | None


class _Codes:
    """Trustees and object types as small numbers; type 0 is "all"."""

    def __init__(self) -> None:
        self.trustees: dict[_Trustee, int] = {}
        self.types: dict[str | None, int] = {None: 0, _NO_TYPE: 0}

    def trustee(self, principal_id: int, sid: str | None) -> int:
        return self.trustees.setdefault(_Trustee(None if principal_id < 0 else principal_id, sid), len(self.trustees))

    def trustee_codes(self, principals: Ids, sids: pa.ChunkedArray) -> Ids:
        encoded = sids.combine_chunks().dictionary_encode()
        texts = [*encoded.dictionary.to_pylist(), None]
        numbers = encoded.indices.fill_null(len(texts) - 1).to_numpy().astype(np.int64)
        distinct, inverse = np.unique((principals + 1) * len(texts) + numbers, return_inverse=True)
        pairs = (divmod(pair, len(texts)) for pair in distinct.tolist())
        return np.array([self.trustee(principal - 1, texts[number]) for principal, number in pairs], np.int64)[inverse]

    def type_codes(self, guids: pa.ChunkedArray) -> Ids:
        encoded = guids.combine_chunks().dictionary_encode()
        codes = [self.types.setdefault(guid, len(self.types)) for guid in [*encoded.dictionary.to_pylist(), None]]
        places: Ids = encoded.indices.fill_null(len(codes) - 1).to_numpy()
        return np.array(codes, np.int64)[places]


def descriptor_rights(facts: Facts) -> pa.Table:
    """One row per descriptor of an object, trustee, right and object type; see ``rights_given``."""
    return rights_given(facts, "object", RIGHTS, expand_generic)


def rights_given(facts: Facts, role: str, rights: Sequence[tuple[str, int]], expand: Callable[[int], int]) -> pa.Table:
    """Rights that descriptors of a role give, in the order of descriptor and position, as ``descriptor_rights`` tells.

    ``rights``: names and bits of those that count; ``expand``: what the generic bits of a mask mean for the role.

    ``full_control`` stands for every other right and is not repeated as those. A deny ACE takes away what a later
    allow ACE gives to the same trustee, to a group in it, and for Everyone and Authenticated Users to all they
    comprise; never what an earlier one gave (MS-DTYP 2.5.3.2). A deny on an attribute leaves "all attributes" as it
    is; a deny on a property set takes away its attributes. A conditional deny protects nothing.
    """
    descriptors = facts.table("security_descriptors")
    of_role = descriptors.filter(pc.equal(descriptors["role"], role))
    sds = Facts({"security_descriptors": of_role})
    codes = _Codes()
    owners = dict(
        zip(
            sds.ids("security_descriptors", "sd_id").tolist(),
            codes.trustee_codes(sds.ids("security_descriptors", "owner_id"), of_role["owner_sid"]).tolist(),
            strict=True,
        )
    )
    aces = _read(facts, codes, np.array(sorted(owners), np.int64), expand)
    limited_owners = _give_owner_rights(aces, codes, owners)
    nobody = codes.trustee(-1, None)
    allows = _allowed(aces.take(aces.trustee != nobody), codes, Names(facts), Tokens(facts))
    rows = [_merge(allows)]
    rows.append(_whole({sd: t for sd, t in owners.items() if t != nobody and sd not in limited_owners}, OWNER))
    everyone = next(iter(facts.principals_by_sid.get(EVERYONE, ())), None)
    anyone = codes.trustee(everyone.principal_id if everyone else -1, EVERYONE)
    open_to_all = [
        sd
        for sd, state in sds.rows("security_descriptors", "sd_id", "dacl_state")
        if state in ("null", "absent") and sd is not None
    ]
    rows.append(_whole(dict.fromkeys(open_to_all, anyone), NULL_DACL))
    return _table(rows, codes, rights)


def _read(facts: Facts, codes: _Codes, sds: Ids, expand: Callable[[int], int]) -> _Aces:
    """Effective ACEs of those descriptors; masks without generic bits, and without what an object type excludes."""
    table = facts.table("aces")
    wanted = pc.and_(
        pc.invert(table["is_inherit_only"].fill_null(False)),
        pc.and_(table["is_allow"].is_valid(), pc.is_in(table["sd_id"], pa.array(sds, pa.int32()))),
    )
    applying = Facts({"aces": table.filter(wanted)})
    columns = applying.table("aces")

    def flags(name: str) -> npt.NDArray[np.bool_]:
        values: npt.NDArray[np.bool_] = columns[name].fill_null(False).to_numpy()
        return values

    masks, inverse = np.unique(applying.ids("aces", "mask"), return_inverse=True)
    expanded = np.array([expand(mask) if mask >= 0 else 0 for mask in masks.tolist()], np.int64)
    types = codes.type_codes(columns["object_type"])
    mask = expanded[inverse]
    aces = _Aces(
        sd=applying.ids("aces", "sd_id"),
        position=applying.ids("aces", "position"),
        mask=np.where(types == 0, mask, mask & SCOPED),
        trustee=codes.trustee_codes(applying.ids("aces", "trustee_id"), columns["trustee_sid"]),
        object_type=types,
        is_allow=flags("is_allow"),
        is_inherited=flags("is_inherited"),
        is_conditional=flags("has_condition"),
    )
    is_after = (aces.sd[1:] > aces.sd[:-1]) | (
        (aces.sd[1:] == aces.sd[:-1]) & (aces.position[1:] >= aces.position[:-1])
    )
    return aces if is_after.all() else aces.take(np.lexsort((aces.position, aces.sd)))


def _give_owner_rights(aces: _Aces, codes: _Codes, owners: dict[int, int]) -> set[int]:
    """Turn ACEs for OWNER RIGHTS into ACEs for the owner; returns the descriptors that have one.

    Such an ACE, whatever it gives, replaces the owner's implicit right to change the DACL (MS-DTYP 2.5.3.2).
    """
    substitutes = [code for trustee, code in codes.trustees.items() if trustee.sid == OWNER_RIGHTS]
    concerned = np.nonzero(np.isin(aces.trustee, substitutes))[0]
    limited = aces.sd[concerned].tolist()
    aces.trustee[concerned] = [owners[sd] for sd in limited]
    return set(limited)


def _allowed(aces: _Aces, codes: _Codes, names: Names, tokens: Tokens) -> _Aces:
    """Allow ACEs, their masks reduced by the deny ACEs that come before and apply."""
    mask = aces.mask.copy()
    set_of = np.full(len(codes.types), -1, np.int64)
    for guid, code in codes.types.items():
        set_of[code] = codes.types.get(names.property_set_of.get(guid or "", ""), -1) if code else -1
    trustees = list(codes.trustees)

    @cache
    def applies(deny: int, allow: int) -> bool:
        denied, allowed = trustees[deny], trustees[allow]
        if denied == allowed:
            return True
        if denied.principal_id is None or allowed.principal_id is None:
            return False
        return denied.principal_id in tokens.of(allowed.principal_id)

    for deny, allow in _pairs(aces):
        kind, other = aces.object_type[deny], aces.object_type[allow]
        met = (kind == 0) | (kind == other) | (kind == set_of[other])
        met &= (aces.mask[deny] & mask[allow]) != 0
        deny, allow = deny[met], allow[met]
        distinct, inverse = np.unique(aces.trustee[deny] * len(trustees) + aces.trustee[allow], return_inverse=True)
        verdicts = [applies(*divmod(pair, len(trustees))) for pair in distinct.tolist()]
        concerned = np.array(verdicts, bool)[inverse]
        np.bitwise_and.at(mask, allow[concerned], ~aces.mask[deny[concerned]])
    aces.mask = mask
    return aces.take(aces.is_allow & (mask != 0))


def _pairs(aces: _Aces) -> Iterator[tuple[Ids, Ids]]:
    """Every deny ACE with each allow ACE after it in the same descriptor, as two arrays of indexes, in batches."""
    denies = np.nonzero(~aces.is_allow & ~aces.is_conditional)[0]
    ends = np.searchsorted(aces.sd, aces.sd[denies], side="right")
    counts = ends - denies - 1
    done = 0
    while done < len(denies):
        upto = done + max(1, int(np.searchsorted(np.cumsum(counts[done:]), _PAIRS_AT_ONCE)))
        chosen, lengths = denies[done:upto], counts[done:upto]
        deny = np.repeat(chosen, lengths)
        within = np.arange(len(deny)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        after = deny + 1 + within
        is_allow = aces.is_allow[after]
        yield deny[is_allow], after[is_allow]
        done = upto


def _merge(aces: _Aces) -> _Aces:
    """Rights that another ACE gives to the same trustee on the same type are told once, unconditional ones first."""
    is_full = (aces.mask & FULL_CONTROL) == FULL_CONTROL
    aces.mask = np.where(is_full, FULL, aces.mask)
    aces = aces.take(np.lexsort((aces.position, aces.is_conditional, aces.object_type, aces.trustee, aces.sd)))
    repeats = np.zeros(len(aces.sd), bool)
    repeats[1:] = (
        (aces.sd[1:] == aces.sd[:-1])
        & (aces.trustee[1:] == aces.trustee[:-1])
        & (aces.object_type[1:] == aces.object_type[:-1])
    )
    given: dict[int, int] = {}
    for index in np.nonzero(repeats)[0].tolist():
        before = given.get(index - 1, int(aces.mask[index - 1]))
        mask = 0 if before & FULL else int(aces.mask[index]) & ~before
        given = {index: before | mask}
        aces.mask[index] = mask
    return aces


def _whole(trustees: dict[int, int], right: int) -> _Aces:
    """Rights that no ACE gives, one per descriptor."""
    count = len(trustees)
    return _Aces(
        sd=np.array(list(trustees), np.int64),
        position=np.full(count, -1),
        mask=np.full(count, right),
        trustee=np.array(list(trustees.values()), np.int64),
        object_type=np.zeros(count, np.int64),
        is_allow=np.ones(count, bool),
        is_inherited=np.zeros(count, bool),
        is_conditional=np.zeros(count, bool),
    )


def _table(parts: list[_Aces], codes: _Codes, rights: Sequence[tuple[str, int]]) -> pa.Table:
    aces = _Aces(**{name: np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])})
    bearing = [np.nonzero(aces.mask & bit)[0] for _, bit in rights]
    index = np.concatenate(bearing)
    right = np.repeat(np.arange(len(rights)), [len(rows) for rows in bearing])
    order = np.lexsort((right, aces.position[index], aces.sd[index]))
    index, right = index[order], right[order]
    by_ace = pa.array(index)
    trustees = pa.array(aces.trustee[index])
    guids = {code: guid for guid, code in codes.types.items() if code} | {0: None}
    columns = {
        "sd_id": pa.array(aces.sd[index], pa.int32()),
        "principal_id": pa.array([t.principal_id for t in codes.trustees], pa.int32()).take(trustees),
        "trustee_sid": pa.array([t.sid for t in codes.trustees], pa.string()).take(trustees),
        "right": pa.array([name for name, _ in rights], pa.string()).take(pa.array(right)),
        "object_type": pa.array([guids.get(code) for code in range(max(guids) + 1)], pa.string()).take(
            pa.array(aces.object_type[index])
        ),
        "position": pa.array(aces.position, mask=aces.position < 0).take(by_ace),
        "is_inherited": pa.array(aces.is_inherited, mask=aces.position < 0).take(by_ace),
        "is_conditional": pa.array(aces.is_conditional).take(by_ace),
    }
    return pa.table(columns, schema=TABLES["descriptor_rights"].arrow_schema)
