"""ACEs as BloodHound reads them: which of its rights each allow ACE gives, by the type of the object.

They are told as the descriptor has them: BloodHound knows no deny ACE and resolves OWNER RIGHTS itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from adaudit.decode.flags import FULL_CONTROL, AccessMask, expand_generic
from adaudit.derive.facts import Facts, Ids
from adaudit.derive.names import Names
from adaudit.derive.well_known import (
    ACCOUNT_RESTRICTIONS,
    MEMBERSHIP,
    OWNER_RIGHTS,
    PUBLIC_INFORMATION,
    VALIDATED_WRITE_COMPUTER,
)
from adaudit.graph.bloodhound.identifiers import Identifiers, Json
from adaudit.graph.bloodhound.lookup import Row

_IGNORED: Final = frozenset(("S-1-3-0", "S-1-5-10", "S-1-5-18"))
"""CREATOR OWNER, which no object keeps; SELF, the object itself; Local System, which no path needs."""

_ENROLL: Final = "0e10c968-78fb-11d2-90d4-00c04f79dc55"
_EVERY: Final = (None, "00000000-0000-0000-0000-000000000000")

_WRITABLE: Final = frozenset(
    ("User", "Computer", "Group", "GPO", "OU", "Domain", "CertTemplate", "RootCA", "EnterpriseCA", "AIACA")
) | {"NTAuthStore", "IssuancePolicy"}

_WRITES: Final = {
    ("User", "servicePrincipalName"): "WriteSPN",
    ("Computer", "servicePrincipalName"): "WriteSPN",
    ("User", "msDS-KeyCredentialLink"): "AddKeyCredentialLink",
    ("Computer", "msDS-KeyCredentialLink"): "AddKeyCredentialLink",
    ("User", VALIDATED_WRITE_COMPUTER): "AddKeyCredentialLink",
    ("Computer", VALIDATED_WRITE_COMPUTER): "AddKeyCredentialLink",
    ("User", "altSecurityIdentities"): "WriteAltSecurityIdentities",
    ("Computer", "altSecurityIdentities"): "WriteAltSecurityIdentities",
    ("User", PUBLIC_INFORMATION): "WritePublicInformation",
    ("Computer", PUBLIC_INFORMATION): "WritePublicInformation",
    ("User", ACCOUNT_RESTRICTIONS): "WriteAccountRestrictions",
    ("Computer", ACCOUNT_RESTRICTIONS): "WriteAccountRestrictions",
    ("Computer", "msDS-AllowedToActOnBehalfOfOtherIdentity"): "AddAllowedToAct",
    ("Group", "member"): "AddMember",
    ("Group", MEMBERSHIP): "AddMember",
    ("OU", "gPLink"): "WriteGPLink",
    ("Domain", "gPLink"): "WriteGPLink",
    ("CertTemplate", "msPKI-Certificate-Name-Flag"): "WritePKINameFlag",
    ("CertTemplate", "msPKI-Enrollment-Flag"): "WritePKIEnrollmentFlag",
}
"""Type of object and attribute, or property set by GUID, to the right that writing it is."""

_RESET: Final = "00299570-246d-11d0-a768-00aa006e0529"
_EXTENDED: Final = {
    ("User", _RESET): "ForceChangePassword",
    ("Computer", _RESET): "ForceChangePassword",
    ("Domain", "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2"): "GetChanges",
    ("Domain", "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2"): "GetChangesAll",
    ("Domain", "89e95b76-444d-4c62-991a-0facbeda640c"): "GetChangesInFilteredSet",
    ("CertTemplate", _ENROLL): "Enroll",
    ("EnterpriseCA", _ENROLL): "Enroll",
}
_ALL_EXTENDED: Final = {
    "User": "AllExtendedRights",
    "Domain": "AllExtendedRights",
    "CertTemplate": "AllExtendedRights",
    "EnterpriseCA": "Enroll",
}
_LAPS: Final = frozenset(("ms-Mcs-AdmPwd", "msLAPS-Password", "msLAPS-EncryptedPassword"))


class Given(NamedTuple):
    """A right that a descriptor gives to a principal."""

    principal_id: int
    right: str
    is_inherited: bool
    is_for_owner: bool


class Descriptor(NamedTuple):
    """``given``: in the order of the DACL, the owner first. ``denied``: deny ACEs that apply to the object itself."""

    given: tuple[Given, ...]
    is_protected: bool
    denied: int
    owner_rights: bool
    inherited_owner_rights: bool


class Aces:
    """Rights of descriptors. ``denied``: deny ACEs met on the objects that were asked for, which are not told."""

    def __init__(self, facts: Facts, identifiers: Identifiers) -> None:
        self.denied = 0
        self._identifiers = identifiers
        self._names = Names(facts)
        aces = facts.table("aces")
        sd, position = facts.ids("aces", "sd_id"), facts.ids("aces", "position")
        order = np.lexsort((position, sd))
        self._sd: Ids = sd[order]
        self._aces = aces.take(pa.array(order)).select(
            ["is_allow", "is_inherited", "is_inherit_only", "mask", "object_type", "trustee_id", "trustee_sid"]
        )
        descriptors = facts.table("security_descriptors")
        self._descriptors = descriptors.select(["owner_id", "owner_sid", "is_dacl_protected"])
        ids = facts.ids("security_descriptors", "sd_id")
        self._places: Ids = np.full(int(ids.max(initial=-1)) + 1, -1, np.int64)
        self._places[ids] = np.arange(len(ids))
        self._read = lru_cache(maxsize=1 << 14)(self._descriptor)
        self._rights = lru_cache(maxsize=1 << 16)(self._rights_of)

    def of(
        self,
        sd_id: int | None,
        type_: str,
        domain_id: int | None,
        identifier: str,
        *,
        laps: bool = False,
        readers: int | None = None,
    ) -> Json:
        """The fields of an object that its descriptor tells; ``Aces`` is null when it was not read.

        ``laps``: the object is a computer whose local password the directory may hold. ``readers``: descriptor that
        says who may read the password of a managed service account.
        """
        read = () if readers is None else self._password_readers(readers)
        if sd_id is None or not self._has(sd_id):
            return {"Aces": list(self._told(read, domain_id, identifier)) or None}
        descriptor = self._read(sd_id, type_, laps)
        self.denied += descriptor.denied
        return {
            "Aces": list(self._told((*descriptor.given, *read), domain_id, identifier)),
            "IsACLProtected": descriptor.is_protected,
        }

    def owner_rights(self, sd_id: int | None, type_: str, *, laps: bool) -> Json:
        """Properties by which BloodHound decides what an owner can do."""
        if sd_id is None or not self._has(sd_id):
            return {}
        descriptor = self._read(sd_id, type_, laps)
        return {
            "doesanyacegrantownerrights": descriptor.owner_rights,
            "doesanyinheritedacegrantownerrights": descriptor.inherited_owner_rights,
        }

    def _told(self, given: tuple[Given, ...], domain_id: int | None, identifier: str) -> Iterator[Json]:
        """ACEs of the object that ``identifier`` names, those for itself left out."""
        for principal_id, right, is_inherited, is_for_owner in given:
            principal = self._identifiers.of_principal(principal_id, domain_id)
            if principal is not None and principal.identifier != identifier:
                yield {
                    "PrincipalSID": principal.identifier,
                    "PrincipalType": principal.type,
                    "RightName": right,
                    "IsInherited": is_inherited,
                    "IsPermissionForOwnerRightsSid": is_for_owner,
                    "IsInheritedPermissionForOwnerRightsSid": is_for_owner and is_inherited,
                }

    def _password_readers(self, sd_id: int) -> tuple[Given, ...]:
        """Those to whom the descriptor of a managed service account gives its password (MS-ADTS 3.1.1.4.5.39)."""
        rows = self._rows(sd_id)
        readers = dict.fromkeys(row["trustee_id"] for row in rows if row["is_allow"] and row["trustee_id"] is not None)
        return tuple(Given(reader, "ReadGMSAPassword", False, False) for reader in readers)

    def _has(self, sd_id: int) -> bool:
        return 0 <= sd_id < len(self._places) and bool(self._places[sd_id] >= 0)

    def _rows(self, sd_id: int) -> list[Row]:
        start, end = np.searchsorted(self._sd, [sd_id, sd_id + 1])
        rows: list[Row] = self._aces.slice(start, end - start).to_pylist()
        return rows

    def _descriptor(self, sd_id: int, type_: str, laps: bool) -> Descriptor:
        head = self._descriptors.slice(int(self._places[sd_id]), 1).to_pylist()[0]
        given: list[Given] = []
        if head["owner_id"] is not None and head["owner_sid"] not in _IGNORED:
            given.append(Given(head["owner_id"], "Owns", False, False))
        applying = [row for row in self._rows(sd_id) if not row["is_inherit_only"] and row["mask"]]
        for row in applying:
            sid = row["trustee_sid"]
            if row["is_allow"] and row["trustee_id"] is not None and sid not in _IGNORED:
                rights = self._rights(type_, row["mask"], row["object_type"], laps)
                inherited = bool(row["is_inherited"])
                given += (Given(row["trustee_id"], right, inherited, sid == OWNER_RIGHTS) for right in rights)
        owner_rights = [row for row in applying if row["trustee_sid"] == OWNER_RIGHTS]
        return Descriptor(
            tuple(dict.fromkeys(given)),
            bool(head["is_dacl_protected"]),
            sum(row["is_allow"] is False for row in applying),
            bool(owner_rights),
            any(row["is_inherited"] for row in owner_rights),
        )

    def _rights_of(self, type_: str, mask: int, object_type: str | None, laps: bool) -> tuple[str, ...]:
        return tuple(self._given(type_, expand_generic(mask), object_type, laps=laps))

    def _given(self, type_: str, mask: int, object_type: str | None, *, laps: bool) -> Iterator[str]:
        is_whole = object_type in _EVERY
        if is_whole:
            if mask & FULL_CONTROL == FULL_CONTROL:
                yield "GenericAll"
                return
            if mask & AccessMask.WRITE_DAC:
                yield "WriteDacl"
            if mask & AccessMask.WRITE_OWNER:
                yield "WriteOwner"
        name = self._names.attributes.get(object_type or "", "")
        if mask & AccessMask.DS_CONTROL_ACCESS:
            yield from _extended(type_, None if is_whole else object_type, name, laps=laps)
        if mask & AccessMask.DS_WRITE_PROPERTY:
            if is_whole and type_ in _WRITABLE:
                yield "GenericWrite"
            elif not is_whole:
                right = _WRITES.get((type_, name)) or _WRITES.get((type_, object_type or ""))
                yield from () if right is None else (right,)
        elif (
            mask & AccessMask.DS_SELF
            and type_ == "Group"
            and (is_whole or name == "member" or object_type == MEMBERSHIP)
        ):
            yield "AddSelf"


def _extended(type_: str, object_type: str | None, name: str, *, laps: bool) -> Iterator[str]:
    """``object_type``: None for all extended rights."""
    if object_type is None:
        if type_ == "Computer":
            yield "AllExtendedRights" if laps else "ForceChangePassword"
        elif type_ in _ALL_EXTENDED:
            yield _ALL_EXTENDED[type_]
    elif type_ == "Computer" and laps and name in _LAPS:
        yield "ReadLAPSPassword"
    elif (type_, object_type) in _EXTENDED:
        yield _EXTENDED[type_, object_type]
