"""Kinds of edges: how each is named, whether paths follow it and what it takes; and what no snapshot can show."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Final, NamedTuple


class Difficulty(IntEnum):
    """What a step takes from who holds its source.

    ``DIRECT``: one operation with ordinary tools. ``PREREQUISITE``: something else that an attacker can usually get: a
    coerced authentication, a computer account, a refresh of policies to wait for. ``UNCERTAIN``: it works or not by
    what cannot be seen: the strength of a password, a patch, a filter.
    """

    DIRECT = 0
    PREREQUISITE = 1
    UNCERTAIN = 2


class EdgeKind(NamedTuple):
    """``is_traversable``: paths follow it. ``is_bloodhound``: BloodHound CE knows an edge of that name."""

    name: str
    is_traversable: bool
    difficulty: Difficulty
    is_bloodhound: bool


_DIRECT, _PREREQUISITE, _UNCERTAIN = Difficulty

_FOLLOWED: Final = (
    # Rights over an object.
    EdgeKind("Owns", True, _DIRECT, True),
    EdgeKind("GenericAll", True, _DIRECT, True),
    EdgeKind("GenericWrite", True, _DIRECT, True),
    EdgeKind("WriteDacl", True, _DIRECT, True),
    EdgeKind("WriteOwner", True, _DIRECT, True),
    EdgeKind("AllExtendedRights", True, _DIRECT, True),
    EdgeKind("NullDacl", True, _DIRECT, False),
    EdgeKind("ForceChangePassword", True, _DIRECT, True),
    EdgeKind("AddMember", True, _DIRECT, True),
    EdgeKind("AddSelf", True, _DIRECT, True),
    EdgeKind("AddKeyCredentialLink", True, _PREREQUISITE, True),
    EdgeKind("AddAllowedToAct", True, _PREREQUISITE, True),
    EdgeKind("WriteAccountRestrictions", True, _PREREQUISITE, True),
    EdgeKind("WriteSPN", True, _UNCERTAIN, True),
    EdgeKind("WriteAltSecurityIdentities", True, _PREREQUISITE, True),
    EdgeKind("WritePublicInformation", True, _PREREQUISITE, True),
    EdgeKind("WriteScriptPath", True, _PREREQUISITE, False),
    EdgeKind("WriteProfilePath", True, _PREREQUISITE, False),
    EdgeKind("WriteGPLink", True, _PREREQUISITE, True),
    EdgeKind("WriteGPCFileSysPath", True, _PREREQUISITE, False),
    EdgeKind("SysvolWrite", True, _DIRECT, False),
    EdgeKind("WriteMsDSGroupMSAMembership", True, _DIRECT, False),
    EdgeKind("CanUseBadSuccessor", True, _PREREQUISITE, False),
    EdgeKind("ProtectAdminGroups", True, _PREREQUISITE, True),
    # Secrets.
    EdgeKind("ReadLAPSPassword", True, _DIRECT, True),
    EdgeKind("SyncLAPSPassword", True, _DIRECT, True),
    EdgeKind("ReadGMSAPassword", True, _DIRECT, True),
    EdgeKind("DumpSMSAPassword", True, _DIRECT, True),
    EdgeKind("DCSync", True, _DIRECT, True),
    EdgeKind("ExposesPassword", True, _DIRECT, False),
    EdgeKind("RodcCachePassword", True, _PREREQUISITE, False),
    # Identities.
    EdgeKind("MemberOf", True, _DIRECT, True),
    EdgeKind("ClaimSpecialIdentity", True, _DIRECT, True),
    EdgeKind("HasSIDHistory", True, _DIRECT, True),
    EdgeKind("DCFor", True, _DIRECT, True),
    EdgeKind("RodcManagedBy", True, _PREREQUISITE, False),
    EdgeKind("DnsAdminsToDC", True, _PREREQUISITE, False),
    EdgeKind("AdConnectSync", True, _DIRECT, False),
    # Containment and group policy.
    EdgeKind("PropagatesACEsTo", True, _DIRECT, False),
    EdgeKind("CanApplyGPO", True, _PREREQUISITE, False),
    EdgeKind("GPLink", True, _PREREQUISITE, True),
    EdgeKind("GPOAppliesTo", True, _PREREQUISITE, False),
    EdgeKind("MachineScript", True, _PREREQUISITE, False),
    EdgeKind("UpdateServer", True, _PREREQUISITE, False),
    # Computers.
    EdgeKind("AdminTo", True, _DIRECT, True),
    EdgeKind("CanRDP", True, _UNCERTAIN, True),
    EdgeKind("CanPSRemote", True, _UNCERTAIN, True),
    EdgeKind("ExecuteDCOM", True, _UNCERTAIN, True),
    EdgeKind("CanBackup", True, _PREREQUISITE, False),
    EdgeKind("LocalPrivileges", True, _PREREQUISITE, False),
    EdgeKind("SQLAdmin", True, _UNCERTAIN, True),
    EdgeKind("HasSession", True, _PREREQUISITE, True),
    # Delegation and trusts.
    EdgeKind("AllowedToDelegate", True, _DIRECT, True),
    EdgeKind("AllowedToAct", True, _DIRECT, True),
    EdgeKind("CoerceToTGT", True, _PREREQUISITE, True),
    EdgeKind("SameForestTrust", True, _DIRECT, True),
    EdgeKind("SpoofSIDHistory", True, _DIRECT, True),
    EdgeKind("AbuseTGTDelegation", True, _PREREQUISITE, True),
    EdgeKind("HasTrustKeys", True, _PREREQUISITE, True),
    # Certificate services.
    EdgeKind("GoldenCert", True, _DIRECT, True),
    EdgeKind("ADCSESC1", True, _DIRECT, True),
    EdgeKind("ADCSESC3", True, _DIRECT, True),
    EdgeKind("ADCSESC4", True, _DIRECT, True),
    EdgeKind("ADCSESC9a", True, _UNCERTAIN, True),
    EdgeKind("ADCSESC9b", True, _UNCERTAIN, True),
    EdgeKind("ADCSESC10a", True, _PREREQUISITE, True),
    EdgeKind("ADCSESC10b", True, _PREREQUISITE, True),
    EdgeKind("ADCSESC13", True, _DIRECT, True),
)

_TOLD: Final = (
    EdgeKind("GetChanges", False, _DIRECT, True),
    EdgeKind("GetChangesAll", False, _DIRECT, True),
    EdgeKind("GetChangesInFilteredSet", False, _DIRECT, True),
    EdgeKind("WriteValidatedSPN", False, _UNCERTAIN, False),
    EdgeKind("WriteUserAccountControl", False, _UNCERTAIN, False),
    EdgeKind("WriteAllowedToDelegateTo", False, _UNCERTAIN, False),
    EdgeKind("WriteUPN", False, _UNCERTAIN, False),
    EdgeKind("WriteDNSHostName", False, _UNCERTAIN, False),
    EdgeKind("CreateChildDMSA", False, _PREREQUISITE, False),
    EdgeKind("MigrateSIDHistory", False, _UNCERTAIN, False),
    EdgeKind("CreateInboundForestTrust", False, _UNCERTAIN, False),
    EdgeKind("CanReanimateTombstone", False, _UNCERTAIN, False),
    EdgeKind("ReadPasswordId", False, _UNCERTAIN, False),
    EdgeKind("Enroll", False, _DIRECT, True),
    EdgeKind("AutoEnroll", False, _DIRECT, False),
    EdgeKind("WritePKIEnrollmentFlag", False, _DIRECT, True),
    EdgeKind("WritePKINameFlag", False, _DIRECT, True),
    EdgeKind("PublishedTo", False, _DIRECT, True),
    EdgeKind("HostsCAService", False, _DIRECT, True),
    EdgeKind("OIDGroupLink", False, _DIRECT, True),
    EdgeKind("SelectiveMemberOf", False, _UNCERTAIN, False),
    EdgeKind("HasSPN", False, _UNCERTAIN, False),
    EdgeKind("DontReqPreauth", False, _UNCERTAIN, False),
    EdgeKind("CrossForestTrust", False, _UNCERTAIN, True),
    EdgeKind("MachineAccountQuota", False, _DIRECT, False),
)

EDGE_KINDS: Final = (*_FOLLOWED, *_TOLD)
"""Every kind of edge that the graph can hold; its place is its code."""

CODE_OF: Final[Mapping[str, int]] = MappingProxyType({kind.name: code for code, kind in enumerate(EDGE_KINDS)})

NOT_MODELLED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "ca_registry": (
            *("ManageCA", "ManageCertificates", "DelegatedEnrollmentAgent"),
            *("ADCSESC6a", "ADCSESC6b", "ADCSESC7", "ADCSESC16"),
        ),
        "dc_registry": ("ADCSESC10a", "ADCSESC10b"),
        "relay": (
            *("CoerceAndRelayNTLMToSMB", "CoerceAndRelayNTLMToADCS"),
            *("CoerceAndRelayNTLMToLDAP", "CoerceAndRelayNTLMToLDAPS"),
        ),
        "hosts": ("LocalSecrets", "SIDCollision"),
        "entra": ("SyncedToEntraUser", "SyncedToADUser"),
    }
)
"""Edges that neither LDAP nor SYSVOL shows, by what would show them: the report lists them. Sessions and local groups
are there once a SharpHound archive was imported; ADCSESC10a and ADCSESC10b where a policy makes them."""
