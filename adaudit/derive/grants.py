"""What each ACE of each distinct descriptor gives on the object itself, as arrays.

The computation is done on all ACEs at once. Python only decides, for each pair of trustees met, whether a deny ACE for
the one applies to the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache, cached_property
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adaudit.decode.flags import AccessMask, expand_generic
from adaudit.derive.denying import MOST_PARTIAL, Denying, Mask
from adaudit.derive.facts import Facts, Ids, distinct, ids_of
from adaudit.derive.names import Names
from adaudit.derive.tokens import Tokens
from adaudit.derive.well_known import EVERYONE, OWNER_RIGHTS

SCOPED: Final = int(
    AccessMask.DS_CREATE_CHILD
    | AccessMask.DS_DELETE_CHILD
    | AccessMask.DS_SELF
    | AccessMask.DS_READ_PROPERTY
    | AccessMask.DS_WRITE_PROPERTY
    | AccessMask.DS_CONTROL_ACCESS
)
"""Rights that an object type narrows; the other bits of an ACE with an object type give nothing (MS-ADTS 5.1.3.3.3)."""

OWNER: Final = 1 << 40
NULL_DACL: Final = 1 << 41
"""Bits of ours, above those of an access mask."""

_ACE_COLUMNS: Final = (
    *("sd_id", "position", "mask", "trustee_id", "trustee_sid", "object_type"),
    *("is_allow", "is_inherited", "is_inherit_only", "has_condition"),
)

_NO_TYPE: Final = "00000000-0000-0000-0000-000000000000"


class Trustee(NamedTuple):
    principal_id: int | None
    sid: str | None


@dataclass(frozen=True)
class Denials:
    """What deny ACEs take from some holders of a grant, or from some of what it gives; what they take from all holders
    of all that it gives is no longer in its mask. One row per grant and deny ACE before it, conditional ones left out.

    ``grant``: row of the grants, in ascending order. ``principal``: whom the deny ACE is for. ``mask``: bits that both
    have. ``object_type``: code in ``types``, the narrower or the wider of the two.
    """

    grant: Ids
    principal: Ids
    mask: Ids
    object_type: Ids

    def __len__(self) -> int:
        return len(self.grant)


@dataclass(frozen=True)
class Grants:
    """One row per ACE that allows something and applies to the object, in the order of descriptor and position; then
    one per owner with implicit rights (``mask`` is ``OWNER``), one per NULL or absent DACL (``NULL_DACL``, for
    Everyone), both with position -1.

    ``sd``: row of ``security_descriptors``. ``mask``: generic bits expanded, without bits that an object type excludes
    and without those that deny ACEs take from every holder (MS-DTYP 2.5.3.2). ``trustee``: code in ``trustees``.
    ``object_type``: code in ``types``, 0 standing for all. ``is_conditional``: callback ACE.
    ``is_owner_rights``: the ACE is for OWNER RIGHTS; its trustee here is the owner.
    """

    sd: Ids
    position: Ids
    mask: Ids
    trustee: Ids
    object_type: Ids
    is_inherited: Mask
    is_conditional: Mask
    is_owner_rights: Mask
    trustees: tuple[Trustee, ...]
    types: tuple[str | None, ...]
    denials: Denials

    def __len__(self) -> int:
        return len(self.sd)

    @cached_property
    def principal(self) -> Ids:
        """Identity of each row's trustee; -1 when it has none."""
        return _principals(self.trustees)[self.trustee]

    def take(self, index: Ids | Mask) -> Grants:
        """Some of the rows, without their denials."""
        rows = {name: getattr(self, name)[index] for name in _ROW_COLUMNS}
        return Grants(**rows, trustees=self.trustees, types=self.types, denials=_no_denials())


_ROW_COLUMNS: Final = (
    *("sd", "position", "mask", "trustee", "object_type"),
    *("is_inherited", "is_conditional", "is_owner_rights"),
)


@dataclass
class _Aces:
    """ACEs that apply to the object, in the order of descriptor and position; trustees and types are codes."""

    sd: Ids
    position: Ids
    mask: Ids
    trustee: Ids
    object_type: Ids
    is_allow: Mask
    is_inherited: Mask
    is_conditional: Mask
    is_owner_rights: Mask

    def take(self, index: Ids | Mask) -> _Aces:
        return _Aces(**{name: values[index] for name, values in vars(self).items()})


class _Codes:
    """Trustees and object types as small numbers; type 0 is "all"."""

    def __init__(self) -> None:
        self.trustees: dict[Trustee, int] = {}
        self.types: dict[str | None, int] = {None: 0, _NO_TYPE: 0}

    def trustee(self, principal_id: int, sid: str | None) -> int:
        return self.trustees.setdefault(Trustee(None if principal_id < 0 else principal_id, sid), len(self.trustees))

    def trustee_codes(self, principals: Ids, sids: pa.ChunkedArray) -> Ids:
        encoded = sids.combine_chunks().dictionary_encode()
        texts = [*encoded.dictionary.to_pylist(), None]
        numbers = encoded.indices.fill_null(len(texts) - 1).to_numpy().astype(np.int64)
        codes, place = distinct((principals + 1) * len(texts) + numbers)
        pairs = (divmod(pair, len(texts)) for pair in codes.tolist())
        return np.array([self.trustee(principal - 1, texts[number]) for principal, number in pairs], np.int64)[place]

    def type_codes(self, guids: pa.ChunkedArray) -> Ids:
        encoded = guids.combine_chunks().dictionary_encode()
        codes = [self._type(guid) for guid in [*encoded.dictionary.to_pylist(), None]]
        places: Ids = encoded.indices.fill_null(len(codes) - 1).to_numpy()
        return np.array(codes, np.int64)[places]

    def types_in_order(self) -> tuple[str | None, ...]:
        return tuple(guid for guid in self.types if guid != _NO_TYPE)

    def _type(self, guid: str | None) -> int:
        return self.types.setdefault(guid, len(self.types) - 1)


_OBJECT_GRANTS: WeakKeyDictionary[Facts, Grants] = WeakKeyDictionary()


def descriptor_grants(facts: Facts) -> Grants:
    """What each ACE of the descriptors of objects gives, computed once for these facts: see ``Grants``."""
    found = _OBJECT_GRANTS.get(facts)
    if found is None:
        found = _OBJECT_GRANTS[facts] = read_grants(facts, "object", expand_generic)
    return found


def read_grants(facts: Facts, role: str, expand: Callable[[int], int]) -> Grants:
    """What each ACE of the descriptors of a role gives. ``expand``: what the generic bits of a mask mean for the role.

    A deny ACE takes away what a later allow ACE gives to the same trustee, to a group in it, and for Everyone and
    Authenticated Users to all they comprise; never what an earlier one gave (MS-DTYP 2.5.3.2). A deny on a property set
    takes away its attributes; a deny on an attribute leaves "all attributes" in the mask and is told in ``denials``. A
    conditional deny protects nothing. A malformed descriptor without a DACL opens nothing: nobody knows what it says.
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
    aces = aces.take(aces.trustee != nobody)
    denying = Denying(aces.sd, ~aces.is_allow & ~aces.is_conditional)
    if denying.is_cut:
        facts.cut("file_rights" if role == "file" else "descriptor_rights")
    allows, denials = _allowed(aces, denying, codes, Names(facts), Tokens(facts))
    rows = [allows]
    rows.append(_whole({sd: t for sd, t in owners.items() if t != nobody and sd not in limited_owners}, OWNER))
    everyone = next(iter(facts.principals_by_sid.get(EVERYONE, ())), None)
    anyone = codes.trustee(everyone.principal_id if everyone else -1, EVERYONE)
    open_to_all = [
        sd
        for sd, state, error in sds.rows("security_descriptors", "sd_id", "dacl_state", "error")
        if state in ("null", "absent") and error is None and sd is not None
    ]
    rows.append(_whole(dict.fromkeys(open_to_all, anyone), NULL_DACL))
    columns = {name: np.concatenate([getattr(part, name) for part in rows]) for name in _ROW_COLUMNS}
    return Grants(**columns, trustees=tuple(codes.trustees), types=codes.types_in_order(), denials=denials)


def _read(facts: Facts, codes: _Codes, sds: Ids, expand: Callable[[int], int]) -> _Aces:
    """Effective ACEs of those descriptors; masks without generic bits, and without what an object type excludes."""
    table = facts.table("aces").select(_ACE_COLUMNS)
    wanted = pc.and_(
        pc.invert(table["is_inherit_only"].fill_null(False)),
        pc.and_(table["is_allow"].is_valid(), pc.is_in(table["sd_id"], pa.array(sds, pa.int32()))),
    )
    applying = table.filter(wanted)

    def flags(name: str) -> Mask:
        values: Mask = applying[name].fill_null(False).to_numpy()
        return values

    masks, place = distinct(ids_of(applying["mask"]))
    mask = np.array([expand(each) if each >= 0 else 0 for each in masks.tolist()], np.int64)[place]
    types = codes.type_codes(applying["object_type"])
    aces = _Aces(
        sd=ids_of(applying["sd_id"]),
        position=ids_of(applying["position"]),
        mask=np.where(types == 0, mask, mask & SCOPED),
        trustee=codes.trustee_codes(ids_of(applying["trustee_id"]), applying["trustee_sid"]),
        object_type=types,
        is_allow=flags("is_allow"),
        is_inherited=flags("is_inherited"),
        is_conditional=flags("has_condition"),
        is_owner_rights=np.zeros(len(types), bool),
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
    aces.is_owner_rights = np.isin(aces.trustee, substitutes)
    limited = aces.sd[aces.is_owner_rights].tolist()
    aces.trustee[aces.is_owner_rights] = [owners[sd] for sd in limited]
    return set(limited)


def _allowed(aces: _Aces, denying: Denying, codes: _Codes, names: Names, tokens: Tokens) -> tuple[_Aces, Denials]:
    """Allow ACEs, their masks reduced by the deny ACEs that come before and apply, and what else these take."""
    mask = aces.mask.copy()
    set_of = np.full(len(codes.types), -1, np.int64)
    is_class = np.zeros(len(codes.types), bool)
    for guid, code in codes.types.items():
        set_of[code] = codes.types.get(names.property_set_of.get(guid or "", ""), -1) if code else -1
        is_class[code] = guid in names.classes
    trustees = list(codes.trustees)

    @cache
    def applies(deny: int, allow: int) -> bool:
        denied, allowed = trustees[deny], trustees[allow]
        if denied == allowed:
            return True
        if denied.principal_id is None or allowed.principal_id is None:
            return False
        return tokens.carries(allowed.principal_id, denied.principal_id)

    partial: list[tuple[Ids, Ids]] = []
    left = MOST_PARTIAL
    for deny, allow in denying.pairs(aces.is_allow):
        kind, other = aces.object_type[deny], aces.object_type[allow]
        covers = (kind == 0) | (kind == other) | (kind == set_of[other])
        meets = covers | (other == 0) | (other == set_of[kind]) | is_class[kind] | is_class[other]
        meets &= (aces.mask[deny] & mask[allow]) != 0
        deny, allow, covers = deny[meets], allow[meets], covers[meets]
        pairs, place = distinct(aces.trustee[deny] * len(trustees) + aces.trustee[allow])
        verdicts = [applies(*divmod(pair, len(trustees))) for pair in pairs.tolist()]
        concerned = covers & np.array(verdicts, bool)[place]
        np.bitwise_and.at(mask, allow[concerned], ~aces.mask[deny[concerned]])
        told = np.nonzero(~concerned)[0][:left]
        left -= len(told)
        partial.append((deny[told], allow[told]))
    kept = aces.is_allow & (mask != 0)
    denials = _denials(aces, mask, np.where(kept, np.cumsum(kept) - 1, -1), partial, _principals(tuple(trustees)))
    aces.mask = mask
    return aces.take(kept), denials


def _denials(aces: _Aces, mask: Ids, row: Ids, partial: list[tuple[Ids, Ids]], principals: Ids) -> Denials:
    """Pairs of a deny ACE and an allow ACE as denials. ``row``: of each ACE in the grants; -1 when it is not there."""
    empty = np.zeros(0, np.int64)
    deny, allow = (np.concatenate([pair[n] for pair in partial] or [empty]) for n in (0, 1))
    bits = aces.mask[deny] & mask[allow]
    standing = (row[allow] >= 0) & (bits != 0)
    deny, allow, bits = deny[standing], allow[standing], bits[standing]
    order = np.lexsort((deny, allow))
    deny, allow = deny[order], allow[order]
    return Denials(row[allow], principals[aces.trustee[deny]], bits[order], aces.object_type[deny])


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
        is_owner_rights=np.zeros(count, bool),
    )


def _principals(trustees: tuple[Trustee, ...]) -> Ids:
    return np.array([-1 if t.principal_id is None else t.principal_id for t in trustees], np.int64)


def _no_denials() -> Denials:
    return Denials(*(np.zeros(0, np.int64) for _ in fields(Denials)))
