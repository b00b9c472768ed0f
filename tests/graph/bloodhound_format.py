"""The files of a BloodHound CE collection, version 6, as strict models: what is not declared is refused."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


RIGHT_NAMES: Final = _words(
    """Owns GenericAll GenericWrite WriteOwner WriteDacl AllExtendedRights ForceChangePassword AddMember AddSelf
    AddAllowedToAct ReadLAPSPassword ReadGMSAPassword WriteSPN AddKeyCredentialLink GetChanges GetChangesAll
    GetChangesInFilteredSet WriteAccountRestrictions WriteGPLink WriteAltSecurityIdentities WritePublicInformation
    ManageCA ManageCertificates Enroll WritePKIEnrollmentFlag WritePKINameFlag"""
)

_SID = r"(?:[A-Z0-9.-]+-)?S-1-(?:0X[0-9A-F]{12}|\d+)(?:-\d+)+"
_GUID = r"[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}"

Identifier = Annotated[str, Field(pattern=rf"^(?:{_SID}|{_GUID})$")]
Sid = Annotated[str, Field(pattern=rf"^{_SID}$")]
Guid = Annotated[str, Field(pattern=rf"^{_GUID}$")]
Upper = Annotated[str, Field(pattern=r"^[^a-z]*$")]
Type = Literal[
    *("Base", "User", "Computer", "Group", "GPO", "Domain", "OU", "Container", "Configuration"),
    *("CertTemplate", "RootCA", "AIACA", "EnterpriseCA", "NTAuthStore", "IssuancePolicy"),
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Principal(_Model):
    ObjectIdentifier: Identifier
    ObjectType: Type


class Ace(_Model):
    PrincipalSID: Sid
    PrincipalType: Type
    RightName: Literal[*sorted(RIGHT_NAMES)]
    IsInherited: bool
    IsPermissionForOwnerRightsSid: bool
    IsInheritedPermissionForOwnerRightsSid: bool


class Properties(BaseModel):
    """Common ones; those of a type are checked by name."""

    model_config = ConfigDict(extra="allow", strict=True)
    name: Annotated[str, Field(min_length=1)]
    domain: Upper
    domainsid: Sid | None


class _Object(_Model):
    ObjectIdentifier: Identifier
    Aces: list[Ace] | None
    IsACLProtected: bool = False
    IsDeleted: Literal[False]
    ContainedBy: Principal | None
    Properties: Properties


class _Account(_Object):
    ObjectIdentifier: Sid
    PrimaryGroupSID: Sid | None
    AllowedToDelegate: list[Principal]
    HasSIDHistory: list[Principal]
    UnconstrainedDelegation: bool | None
    DomainSID: Sid


class Target(_Model):
    ComputerSID: Sid
    Port: int
    Service: Literal["SQLAdmin"]


class User(_Account):
    SPNTargets: list[Target]


class Session(_Model):
    UserSID: Sid
    ComputerSID: Sid
    LogonType: int | None = None


class Sessions(_Model):
    Collected: bool
    FailureReason: str | None
    Results: list[Session]


class LocalGroup(_Model):
    Collected: bool
    FailureReason: str | None
    Results: list[Principal]
    LocalNames: list[None]
    ObjectIdentifier: Sid
    Name: Upper


class UserRight(_Model):
    Collected: bool
    FailureReason: str | None
    Results: list[Principal]
    LocalNames: list[None]
    Privilege: Literal["SeRemoteInteractiveLogonRight"]


class Computer(_Account):
    AllowedToAct: list[Principal]
    DumpSMSAPassword: list[Principal]
    Sessions: Sessions
    PrivilegedSessions: Sessions
    RegistrySessions: Sessions
    LocalGroups: list[LocalGroup]
    UserRights: list[UserRight]
    DCRegistryData: None
    Status: None
    SmbInfo: None
    IsWebClientRunning: None
    NTLMRegistryData: None
    IsDC: bool


class Group(_Object):
    ObjectIdentifier: Sid
    Members: list[Principal]
    HasSIDHistory: list[Principal]


class Link(_Model):
    GUID: Guid
    IsEnforced: bool


class Changes(_Model):
    LocalAdmins: list[Principal]
    RemoteDesktopUsers: list[Principal]
    DcomUsers: list[Principal]
    PSRemoteUsers: list[Principal]
    AffectedComputers: list[Principal]


class Trust(_Model):
    TargetDomainSid: Sid | None
    TargetDomainName: Upper
    IsTransitive: bool
    SidFilteringEnabled: bool
    TGTDelegationEnabled: bool
    TrustAttributes: int
    TrustDirection: Literal["Disabled", "Inbound", "Outbound", "Bidirectional"]
    TrustType: Literal["ParentChild", "TreeRoot", "CrossLink", "Forest", "External", "Unknown"]


class Container(_Object):
    ObjectIdentifier: Guid
    ChildObjects: list[Principal]
    InheritanceHashes: list[str]


class Unit(Container):
    Links: list[Link]
    GPOChanges: Changes


class Domain(_Object):
    ObjectIdentifier: Sid
    ChildObjects: list[Principal]
    InheritanceHashes: list[str]
    Links: list[Link]
    GPOChanges: Changes
    Trusts: list[Trust]
    ForestRootIdentifier: Sid | None


class Plain(_Object):
    ObjectIdentifier: Guid


class Authority(Plain):
    DomainSID: Sid | None


class EnterpriseAuthority(Authority):
    HostingComputer: Sid | None
    EnabledCertTemplates: list[Principal]
    HttpEnrollmentEndpoints: None
    CARegistryData: None


class Policy(Plain):
    GroupLink: Principal | None


MODELS: Final[dict[str, type[_Object]]] = {
    "users": User,
    "computers": Computer,
    "groups": Group,
    "domains": Domain,
    "ous": Unit,
    "gpos": Plain,
    "containers": Container,
    "certtemplates": Plain,
    "enterprisecas": EnterpriseAuthority,
    "rootcas": Authority,
    "aiacas": Plain,
    "ntauthstores": Authority,
    "issuancepolicies": Policy,
}

_COMMON: Final = _words(
    """name domain domainsid distinguishedname description whencreated doesanyacegrantownerrights
    doesanyinheritedacegrantownerrights"""
)
_ACCOUNT: Final = _words(
    """samaccountname displayname enabled admincount hasspn serviceprincipalnames dontreqpreauth
    passwordnotreqd pwdneverexpires pwdlastset lastlogon lastlogontimestamp sensitive unconstraineddelegation
    trustedtoauth allowedtodelegate sidhistory smartcardrequired encryptedtextpwdallowed usedeskeyonly
    logonscriptenabled lockedout passwordexpired useraccountcontrol supportedencryptiontypes logonscript
    profilepath"""
)
TEMPLATE_BOOLEANS: Final = _words(
    """requiresmanagerapproval nosecurityextension enrolleesuppliessubject
    subjectaltrequireupn subjectaltrequiredns subjectaltrequiredomaindns subjectaltrequireemail subjectaltrequirespn
    subjectrequireemail authenticationenabled schannelauthenticationenabled"""
)
_CERTIFICATE: Final = _words("certthumbprint certname certchain hasbasicconstraints basicconstraintpathlength")

PROPERTIES: Final[dict[str, frozenset[str]]] = {
    "users": frozenset({*_COMMON, *_ACCOUNT, "email", "title", "homedirectory", "gmsa", "msa"}),
    "computers": frozenset({*_COMMON, *_ACCOUNT, "operatingsystem", "haslaps", "isdc"}),
    "groups": frozenset({*_COMMON, "samaccountname", "admincount", "groupscope"}),
    "domains": frozenset({*_COMMON})
    | _words(
        """functionallevel machineaccountquota dsheuristics collected netbios minpwdlength pwdproperties
        pwdhistorylength lockoutthreshold minpwdage maxpwdage lockoutduration lockoutobservationwindow
        expirepasswordsonsmartcardonlyaccounts"""
    ),
    "ous": frozenset({*_COMMON, "blocksinheritance"}),
    "gpos": frozenset({*_COMMON, "gpcpath"}),
    "containers": frozenset({*_COMMON}),
    "certtemplates": frozenset({*_COMMON, *TEMPLATE_BOOLEANS})
    | _words(
        """schemaversion oid displayname validityperiod renewalperiod enrollmentflag certificatenameflag ekus
        certificateapplicationpolicy certificatepolicy effectiveekus authorizedsignatures applicationpolicies
        issuancepolicies"""
    ),
    "enterprisecas": frozenset({*_COMMON, *_CERTIFICATE})
    | _words(
        """caname dnshostname flags unresolvedpublishedtemplates casecuritycollected
        enrollmentagentrestrictionscollected isuserspecifiessanenabledcollected roleseparationenabledcollected"""
    ),
    "rootcas": frozenset({*_COMMON, *_CERTIFICATE}),
    "aiacas": frozenset({*_COMMON, *_CERTIFICATE, "crosscertificatepair", "hascrosscertificatepair"}),
    "ntauthstores": frozenset({*_COMMON, "certthumbprints"}),
    "issuancepolicies": frozenset({*_COMMON, "certtemplateoid", "oidgrouplink", "displayname"}),
}


class Meta(_Model):
    type: Literal[*MODELS]
    version: Literal[6]
    methods: Annotated[int, Field(ge=0)]
    count: Annotated[int, Field(ge=0)]
    collectorversion: str


def check(content: dict[str, Any]) -> None:
    """Raise unless a file is as the format has it: keys, types, identifiers, names of properties, count."""
    assert list(content) == ["data", "meta"]
    meta = Meta.model_validate(content["meta"])
    assert meta.count == len(content["data"])
    TypeAdapter(list[MODELS[meta.type]]).validate_python(content["data"])
    for each in content["data"]:
        assert each["Properties"].keys() <= PROPERTIES[meta.type], each["Properties"]["name"]
        assert all(ace["PrincipalSID"] != each["ObjectIdentifier"] for ace in each["Aces"] or ())
        assert "distinguishedname" not in each["Properties"] or each["Properties"]["distinguishedname"].isupper()
