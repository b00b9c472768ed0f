"""A new forest of Windows Server 2016 or later with a certificate authority, as installation leaves it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import chain

from adaudit.decode.sddl import from_sddl
from adaudit.decode.sid import parse_sid
from tests.rules.windows_descriptors import (
    APPLICATION_HEAD,
    CONFIGURATION_HEAD,
    CONTROLLER,
    DNS_SERVER,
    FULL,
    HEAD,
    HOLDER,
    INHERITED,
    OF_AUTHORITY,
    POLICY,
    PUBLISHED,
    READ,
    SCHEMA_HEAD,
    SID,
    TRUSTED,
    ZONE,
    ordinary_group,
    template,
)
from tests.rules.windows_policies import DEFAULT_CONTROLLERS, DEFAULT_DOMAIN

BASE = "DC=chu,DC=example"
CONFIGURATION = f"CN=Configuration,{BASE}"
SCHEMA = f"CN=Schema,{CONFIGURATION}"
PKI = f"CN=Public Key Services,CN=Services,{CONFIGURATION}"
DC1 = f"CN=DC1,OU=Domain Controllers,{BASE}"
AUTHORITY = f"CN=CA1,CN=Computers,{BASE}"

Entry = tuple[str, dict[str, list[bytes]]]
TRUE = [b"TRUE"]
KEPT = [b"-1946157056"]
"""systemFlags of the places of installation: not to be deleted, moved or renamed (MS-ADTS 2.2.10)."""

PASSWORD_POLICY = {
    "minPwdLength": [b"7"],
    "pwdHistoryLength": [b"24"],
    "pwdProperties": [b"1"],
    "maxPwdAge": [b"-36288000000000"],
    "minPwdAge": [b"-864000000000"],
    "lockoutThreshold": [b"0"],
    "lockoutDuration": [b"-18000000000"],
    "lockOutObservationWindow": [b"-18000000000"],
}
POLICIES = {
    DEFAULT_DOMAIN: "Default Domain Policy",
    DEFAULT_CONTROLLERS: "Default Domain Controllers Policy",
}
SECURITY_EXTENSION = "[{827D319E-6EAC-11D2-A4EA-00C04F79F83A}{803E14A0-B4FB-11D0-A0D0-00A0C90F574B}]"

DOMAIN_GROUPS = {
    498: "Enterprise Read-only Domain Controllers",
    512: "Domain Admins",
    513: "Domain Users",
    514: "Domain Guests",
    515: "Domain Computers",
    516: "Domain Controllers",
    517: "Cert Publishers",
    518: "Schema Admins",
    519: "Enterprise Admins",
    520: "Group Policy Creator Owners",
    521: "Read-only Domain Controllers",
    522: "Cloneable Domain Controllers",
    525: "Protected Users",
    526: "Key Admins",
    527: "Enterprise Key Admins",
    553: "RAS and IAS Servers",
    571: "Allowed RODC Password Replication Group",
    572: "Denied RODC Password Replication Group",
    1101: "DnsAdmins",
    1102: "DnsUpdateProxy",
}
DOMAIN_LOCAL = (517, 553, 571, 572, 1101)
BUILTIN_GROUPS = {
    544: "Administrators",
    545: "Users",
    546: "Guests",
    548: "Account Operators",
    549: "Server Operators",
    550: "Print Operators",
    551: "Backup Operators",
    552: "Replicator",
    554: "Pre-Windows 2000 Compatible Access",
    555: "Remote Desktop Users",
    556: "Network Configuration Operators",
    557: "Incoming Forest Trust Builders",
    558: "Performance Monitor Users",
    559: "Performance Log Users",
    560: "Windows Authorization Access Group",
    561: "Terminal Server License Servers",
    562: "Distributed COM Users",
    568: "IIS_IUSRS",
    569: "Cryptographic Operators",
    573: "Event Log Readers",
    574: "Certificate Service DCOM Access",
    578: "Hyper-V Administrators",
    580: "Remote Management Users",
    582: "Storage Replica Administrators",
}
MEMBERS = {
    512: ["Administrator"],
    518: ["Administrator"],
    519: ["Administrator"],
    520: ["Administrator"],
    544: ["Administrator", "Domain Admins", "Enterprise Admins"],
    545: ["Domain Users"],
    546: ["Domain Guests", "Guest"],
    572: [
        "Cert Publishers",
        "Domain Admins",
        "Domain Controllers",
        "Enterprise Admins",
        "Group Policy Creator Owners",
        "Read-only Domain Controllers",
        "Schema Admins",
        "krbtgt",
    ],
}
EVERYBODY = {
    545: ["S-1-5-4", "S-1-5-11"],
    554: ["S-1-5-11"],
    560: ["S-1-5-9"],
    568: ["S-1-5-17"],
    574: ["S-1-5-11"],
}
"""Members of builtin groups that are no accounts."""


def text(*values: object) -> list[bytes]:
    return [str(value).encode() for value in values]


PLAIN = f"O:DAG:DAD:AI{READ}{INHERITED}(A;;{FULL};;;SY)(A;;{FULL};;;DA)"
PEOPLE = "person organizationalPerson user"
MACHINE = f"{PEOPLE} computer"
SERVER = f"CN=DC1,CN=Servers,CN=Site,CN=Sites,{CONFIGURATION}"
SYSTEM = {
    "operatingSystem": text("Windows Server 2025 Standard"),
    "operatingSystemVersion": text("10.0 (26100)"),
    "msDS-SupportedEncryptionTypes": text(28),
}


def entries() -> Iterator[Entry]:
    """Every object of the forest, with its GUID."""
    every = chain(domain(), identities(), machines(), configuration(), authority(), schema_and_zones())
    for number, (dn, held) in enumerate(every, start=1):
        yield dn, {**held, "objectGUID": [struct.pack("<I", number) + bytes(12)]}


def entry(dn: str, classes: str, sddl: str, rid: int | str | None = None, **more: list[bytes]) -> Entry:
    held = {
        "objectClass": text("top", *classes.split()),
        "whenCreated": text("20250101120000.0Z"),
        "whenChanged": text("20250301120000.0Z"),
        "name": text(dn.split("=", 1)[1].split(",", 1)[0]),
        "nTSecurityDescriptor": [from_sddl(sddl, SID)],
        **{name.replace("_", "-"): values for name, values in more.items()},
    }
    if rid is not None:
        held["objectSid"] = [parse_sid(rid if isinstance(rid, str) else f"{SID}-{rid}")]
    return dn, held


def group(name: str, rid: int | str, sddl: str, members: list[str]) -> Entry:
    is_builtin = isinstance(rid, str)
    kind = text(-2147483643 if is_builtin else -2147483644 if rid in DOMAIN_LOCAL else -2147483646)
    dn = f"CN={name},CN={'Builtin' if is_builtin else 'Users'},{BASE}"
    mark = {"adminCount": text(1)} if sddl == HOLDER and rid not in (526, 527) else {}
    return entry(dn, "group", sddl, rid, sAMAccountName=text(name), groupType=kind, member=text(*members), **mark)


def account(dn: str, rid: int, classes: str, control: int, primary: int, sddl: str, **more: list[bytes]) -> Entry:
    return entry(
        dn,
        classes,
        sddl,
        rid,
        sAMAccountName=text(dn.split("=", 1)[1].split(",", 1)[0] + ("$" if "computer" in classes else "")),
        userAccountControl=text(control),
        primaryGroupID=text(primary),
        isCriticalSystemObject=[] if dn == AUTHORITY else TRUE,
        **{"pwdLastSet": text(133850000000000000), "lastLogonTimestamp": text(133850000000000000)} | more,
    )


def linked(policy: str) -> list[bytes]:
    return text(f"[LDAP://CN={policy},CN=Policies,CN=System,{BASE};0]")


def domain() -> Iterator[Entry]:
    yield entry(
        BASE,
        "domain domainDNS",
        HEAD,
        SID,
        msDS_Behavior_Version=text(7),
        gPLink=linked(DEFAULT_DOMAIN),
        ms_DS_MachineAccountQuota=text(10),
        msDS_ExpirePasswordsOnSmartCardOnlyAccounts=TRUE,
        **PASSWORD_POLICY,
    )
    for name, classes in (
        ("System", "container"),
        ("Users", "container"),
        ("Builtin", "builtinDomain"),
        ("Computers", "container"),
        ("ForeignSecurityPrincipals", "container"),
        ("Managed Service Accounts", "container"),
    ):
        yield entry(f"CN={name},{BASE}", classes, PLAIN, systemFlags=KEPT, isCriticalSystemObject=TRUE)
    yield entry(
        f"OU=Domain Controllers,{BASE}",
        "organizationalUnit",
        PLAIN,
        gPLink=linked(DEFAULT_CONTROLLERS),
        systemFlags=KEPT,
        isCriticalSystemObject=TRUE,
    )
    yield entry(f"CN=AdminSDHolder,CN=System,{BASE}", "container", HOLDER)
    yield entry(f"CN=Policies,CN=System,{BASE}", "container", PLAIN + "(A;;CC;;;PA)")
    for place in ("CN=WMIPolicy", "CN=SOM,CN=WMIPolicy"):
        yield entry(f"{place},CN=System,{BASE}", "container", PLAIN + "(A;;CCLCRPWPLORC;;;PA)")
    for policy, name in POLICIES.items():
        yield entry(
            f"CN={policy},CN=Policies,CN=System,{BASE}",
            "container groupPolicyContainer",
            POLICY,
            displayName=text(name),
            flags=text(0),
            versionNumber=text(3),
            gPCFunctionalityVersion=text(2),
            gPCFileSysPath=text(rf"\\chu.example\sysvol\chu.example\Policies\{policy}"),
            gPCMachineExtensionNames=text(SECURITY_EXTENSION),
        )
    yield entry(f"CN=MicrosoftDNS,CN=System,{BASE}", "container", DNS_SERVER)
    yield entry(f"DC=RootDNSServers,CN=MicrosoftDNS,CN=System,{BASE}", "dnsZone", ZONE)


def identities() -> Iterator[Entry]:
    for rid, name in DOMAIN_GROUPS.items():
        is_protected = rid in (498, 512, 516, 518, 519, 521, 526, 527)
        inside = [AUTHORITY] if rid == 517 else [f"CN={each},CN=Users,{BASE}" for each in MEMBERS.get(rid, ())]
        yield group(name, rid, HOLDER if is_protected else ordinary_group(), inside)
    for rid, name in BUILTIN_GROUPS.items():
        inside = [f"CN={each},CN=Users,{BASE}" for each in MEMBERS.get(rid, ())]
        inside += [f"CN={each},CN=ForeignSecurityPrincipals,{BASE}" for each in EVERYBODY.get(rid, ())]
        is_protected = rid in (544, 548, 549, 550, 551, 552)
        yield group(name, f"S-1-5-32-{rid}", HOLDER if is_protected else ordinary_group(), inside)
    for sid in sorted({sid for sids in EVERYBODY.values() for sid in sids}):
        yield entry(f"CN={sid},CN=ForeignSecurityPrincipals,{BASE}", "foreignSecurityPrincipal", PLAIN, sid)
    marked = {"adminCount": text(1)}
    yield account(f"CN=Administrator,CN=Users,{BASE}", 500, PEOPLE, 512, 513, HOLDER, logonCount=text(3), **marked)
    yield account(
        f"CN=krbtgt,CN=Users,{BASE}",
        502,
        PEOPLE,
        514,
        513,
        HOLDER,
        servicePrincipalName=text("kadmin/changepw"),
        msDS_SupportedEncryptionTypes=text(0),
        lastLogonTimestamp=[],
        **marked,
    )
    guest = f"CN=Guest,CN=Users,{BASE}"
    never = {"pwdLastSet": text(0), "lastLogonTimestamp": []}
    yield account(guest, 501, PEOPLE, 0x10222, 514, PLAIN, **never)


def machines() -> Iterator[Entry]:
    yield account(
        DC1,
        1000,
        MACHINE,
        0x82000,
        516,
        CONTROLLER,
        dNSHostName=text("DC1.chu.example"),
        servicePrincipalName=text("HOST/DC1", "HOST/DC1.chu.example", "ldap/DC1.chu.example/chu.example"),
        **SYSTEM,
    )
    replication = f"CN=Domain System Volume,CN=DFSR-GlobalSettings,CN=System,{BASE}"
    yield entry(f"CN=DFSR-GlobalSettings,CN=System,{BASE}", "msDFSR-GlobalSettings", PLAIN, msDFSR_Flags=text(48))
    yield entry(replication, "msDFSR-ReplicationGroup", PLAIN)
    yield entry(f"CN=DFSR-LocalSettings,{DC1}", "msDFSR-LocalSettings", PLAIN + f"(A;;{FULL};;;{SID}-1000)")
    subscriber = f"CN=Domain System Volume,CN=DFSR-LocalSettings,{DC1}"
    yield entry(subscriber, "msDFSR-Subscriber", PLAIN)
    yield entry(
        f"CN=SYSVOL Subscription,{subscriber}",
        "msDFSR-Subscription",
        PLAIN,
        msDFSR_Enabled=TRUE,
        msDFSR_ReadOnly=text("FALSE"),
        msDFSR_RootPath=text(r"C:\Windows\SYSVOL\domain"),
    )
    yield account(AUTHORITY, 1104, MACHINE, 0x1000, 515, CONTROLLER, dNSHostName=text("CA1.chu.example"), **SYSTEM)


def configuration() -> Iterator[Entry]:
    yield entry(CONFIGURATION, "configuration", CONFIGURATION_HEAD)
    yield entry(f"CN=Partitions,{CONFIGURATION}", "crossRefContainer", PUBLISHED, msDS_Behavior_Version=text(7))
    yield entry(
        f"CN=CHU,CN=Partitions,{CONFIGURATION}",
        "crossRef",
        TRUSTED,
        nCName=text(BASE),
        dnsRoot=text("chu.example"),
        nETBIOSName=text("CHU"),
        systemFlags=text(3),
    )
    for dn, classes in (
        (f"CN=Services,{CONFIGURATION}", "container"),
        (f"CN=Windows NT,CN=Services,{CONFIGURATION}", "container"),
        (f"CN=Sites,{CONFIGURATION}", "sitesContainer"),
        (f"CN=Site,CN=Sites,{CONFIGURATION}", "site"),
        (f"CN=Servers,CN=Site,CN=Sites,{CONFIGURATION}", "serversContainer"),
    ):
        yield entry(dn, classes, TRUSTED)
    service = f"CN=Directory Service,CN=Windows NT,CN=Services,{CONFIGURATION}"
    yield entry(service, "nTDSService", TRUSTED, tombstoneLifetime=text(180))
    yield entry(SERVER, "server", TRUSTED, dNSHostName=text("DC1.chu.example"), serverReference=text(DC1))
    yield entry(f"CN=NTDS Settings,{SERVER}", "applicationSettings nTDSDSA", TRUSTED, msDS_Behavior_Version=text(7))


def authority() -> Iterator[Entry]:
    yield entry(PKI, "container", TRUSTED)
    for name, sddl in {
        "AIA": PUBLISHED,
        "CDP": PUBLISHED,
        "Certification Authorities": PUBLISHED,
        "Certificate Templates": TRUSTED,
        "Enrollment Services": TRUSTED,
        "KRA": TRUSTED,
        "OID": TRUSTED,
    }.items():
        yield entry(f"CN={name},{PKI}", "container", sddl)
    yield entry(f"CN=NTAuthCertificates,{PKI}", "certificationAuthority", TRUSTED)
    yield entry(f"CN=CHU-CA,CN=AIA,{PKI}", "certificationAuthority", PUBLISHED)
    yield entry(f"CN=CA1,CN=CDP,{PKI}", "container", OF_AUTHORITY)
    yield entry(f"CN=CHU-CA,CN=KRA,{PKI}", "msPKI-PrivateKeyRecoveryAgent", OF_AUTHORITY)
    yield entry(
        f"CN=CHU-CA,CN=Enrollment Services,{PKI}",
        "pKIEnrollmentService",
        OF_AUTHORITY,
        dNSHostName=text("CA1.chu.example"),
        certificateTemplates=text("User", "Machine", "SubCA", "WebServer"),
    )
    for name, sddl, flag, uses in (
        ("User", template("DU"), 0xA6000000 - (1 << 32), ["1.3.6.1.5.5.7.3.2"]),
        ("Machine", template("DC", automatic="DC"), 0x18000000, ["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"]),
        ("SubCA", template(), 1, []),
        ("WebServer", template(), 1, ["1.3.6.1.5.5.7.3.1"]),
    ):
        yield entry(
            f"CN={name},CN=Certificate Templates,{PKI}",
            "pKICertificateTemplate",
            sddl,
            msPKI_Certificate_Name_Flag=text(flag),
            msPKI_Enrollment_Flag=text(0),
            pKIExtendedKeyUsage=text(*uses),
        )


def schema_and_zones() -> Iterator[Entry]:
    yield entry(SCHEMA, "dMD", SCHEMA_HEAD)
    yield entry(
        f"CN=User,{SCHEMA}", "classSchema", f"O:SAG:SAD:AI{READ}(A;CIID;CCLCSWRPWPLOCRRCWDWO;;;SA)(A;CIID;{FULL};;;SY)"
    )
    yield entry(f"DC=DomainDnsZones,{BASE}", "domain domainDNS", APPLICATION_HEAD)
    yield entry(f"CN=MicrosoftDNS,DC=DomainDnsZones,{BASE}", "container", DNS_SERVER)
    yield entry(f"DC=chu.example,CN=MicrosoftDNS,DC=DomainDnsZones,{BASE}", "dnsZone", ZONE)
