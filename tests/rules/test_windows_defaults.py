"""An unmodified forest of Windows Server 2016 or later with a certificate authority: no rule on rights finds anything.

The descriptors are those that Windows gives, from the defaultSecurityDescriptor of the classes (MS-ADSC), what the
installation sets (MS-ADTS 6.1) and what AD CS and the DNS service add.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from adaudit.decode.sddl import from_sddl
from adaudit.decode.sid import parse_sid
from adaudit.engine import audit, load_rules
from adaudit.engine.model import Audit, Status
from adaudit.ingest import Ingest
from adaudit.snapshot import SourceInfo, open_snapshot

SID = "S-1-5-21-1-2-3"
BASE = "DC=chu,DC=example"
CONFIGURATION = f"CN=Configuration,{BASE}"
SCHEMA = f"CN=Schema,{CONFIGURATION}"
PKI = f"CN=Public Key Services,CN=Services,{CONFIGURATION}"
DC1 = f"CN=DC1,OU=Domain Controllers,{BASE}"
AUTHORITY = f"CN=CA1,CN=Computers,{BASE}"
DNS_ADMINS, AUTHORITY_SID = f"{SID}-1101", f"{SID}-1104"
Entry = tuple[str, dict[str, list[bytes]]]

FULL = "CCDCLCSWRPWPDTLOCRSDRCWDWO"
READ = "(A;;LCRPLORC;;;AU)"
ENROLL = "0e10c968-78fb-11d2-90d4-00c04f79dc55"
AUTOENROLL = "a05b8cc2-17bc-4802-a710-e7c15ab866a2"
USER, COMPUTER, GROUP, PERSON = (
    "bf967aba-0de6-11d0-a285-00aa003049e2",
    "bf967a86-0de6-11d0-a285-00aa003049e2",
    "bf967a9c-0de6-11d0-a285-00aa003049e2",
    "4828cc14-1437-45bc-9b07-ad6f015e5f28",
)
CHANGES, SYNCHRONIZE, TOPOLOGY, ALL_CHANGES, FILTERED = (
    "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2",
    "1131f6ab-9c07-11d1-f79f-00c04fc2dcd2",
    "1131f6ac-9c07-11d1-f79f-00c04fc2dcd2",
    "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2",
    "89e95b76-444d-4c62-991a-0facbeda640c",
)


def may(right: str, *whom: str, flags: str = "", mask: str = "CR", inherited: str = "") -> str:
    return "".join(f"(OA;{flags};{mask};{right};{inherited};{who})" for who in whom)


REPLICATION = (
    may(CHANGES, "ED", "BA", "RO")
    + may(SYNCHRONIZE, "ED", "BA")
    + may(TOPOLOGY, "ED", "BA")
    + may(ALL_CHANGES, "BA", "DD")
    + may(FILTERED, "ED", "BA")
)
SELF_SERVICE = may("91e647de-d96f-4b70-9557-d63ff4f3ccd8", "PS", flags="CI", mask="RPWPCR")
TO_COMPUTERS_BELOW = (
    may("9b026da6-0d3c-465c-8bee-5199d7165cba", "CO", "PS", flags="CIIO", mask="SW", inherited=COMPUTER)
    + may("5b47d60f-6090-40b2-9f37-2a4de88f3063", "KA", "EK", flags="CI", mask="RPWP")
    + may("3f78c3e5-f79a-46bd-a0b8-9d18116ddc79", "PS", flags="CIOI", mask="RPWP")
    + may("ea1b7b93-5e48-46d5-bc6c-4df4fda78a35", "PS", flags="CIIO", mask="SWWP", inherited=COMPUTER)
)
PRE_WINDOWS_2000 = "".join(
    may(properties, "RU", flags="CIIO", mask="RP", inherited=kind)
    for kind in (USER, PERSON)
    for properties in (
        "4c164200-20c0-11d0-a768-00aa006e0529",
        "5f202010-79a5-11d0-9020-00c04fc2d4cf",
        "bc0ac240-79a9-11d0-9020-00c04fc2d4cf",
        "59ba2f42-79a2-11d0-9020-00c04fc2d3cf",
        "037088f8-0ae1-11d2-b422-00a0c968f939",
    )
) + "".join(f"(OA;CIIO;LCRPLORC;;{kind};RU)" for kind in (USER, PERSON, GROUP))
HEAD = (
    "O:BAG:BAD:AI"
    + REPLICATION
    + SELF_SERVICE
    + TO_COMPUTERS_BELOW
    + PRE_WINDOWS_2000
    + may("e2a36dc9-ae17-47c3-b58b-be34c55ba633", "S-1-5-32-557")
    + may("3e0f7e18-2c7a-4c10-ba82-4d926db99a3e", "CN")
    + may("280f369c-67c7-438e-ae98-1d46f3c6f541", "AU")
    + may("ccc2dc7d-a6ad-4a7a-8846-c04e3cc53501", "AU")
    + may("05c74c5e-4deb-43b4-bd9f-86664c2a7fd5", "AU")
    + may("c7407360-20bf-11d0-a768-00aa006e0529", "RU", mask="RP")
    + may("b8119fd0-04f6-4762-ab7a-4986c76b3f9a", "RU", "AU", mask="RP")
    + may("b7c69e6d-2cc7-11d2-854e-00a0c983f608", "ED", flags="CIIO", mask="RP", inherited=USER)
    + "(A;;CCLCSWRPWPLOCRRCWDWO;;;DA)(A;CI;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;EA)(A;CI;LC;;;RU)"
    + "(A;CI;CCLCSWRPWPLOCRSDRCWDWO;;;BA)(A;;RP;;;WD)(A;;LCRPLORC;;;ED)"
    + READ
    + f"(A;;{FULL};;;SY)"
)
HOLDER = (
    "O:DAG:DAD:PAI"
    + may("ab721a53-1e2f-11d0-9819-00aa0040529b", "WD", "PS")
    + may("ab721a54-1e2f-11d0-9819-00aa0040529b", "PS")
    + SELF_SERVICE
    + may("5805bc62-bdc9-4428-a5e2-856a0f4c185e", "S-1-5-32-561", mask="RPWP")
    + may("6db69a1c-9422-11d1-aebd-0000f80367c1", "S-1-5-32-561", mask="RPWP")
    + may("46a9b11d-60ae-405a-b7e8-ff8a58d456d2", "S-1-5-32-560", mask="RP")
    + may("bf967a7f-0de6-11d0-a285-00aa003049e2", "CA", mask="RPWP")
    + f"(OA;;LCRPLORC;;{USER};RU)(OA;;LCRPLORC;;{PERSON};RU)(A;;CCDCLCSWRPWPLOCRRCWDWO;;;DA)"
    + f"(A;;CCDCLCSWRPWPLOCRRCWDWO;;;EA)(A;;CCDCLCSWRPWPLOCRSDRCWDWO;;;BA){READ}(A;;{FULL};;;SY)"
)
INHERITED = (
    may("5b47d60f-6090-40b2-9f37-2a4de88f3063", "KA", "EK", flags="CIID", mask="RPWP")
    + may("9b026da6-0d3c-465c-8bee-5199d7165cba", "DA", "PS", flags="CIID", mask="SW", inherited=COMPUTER)
    + may("3f78c3e5-f79a-46bd-a0b8-9d18116ddc79", "PS", flags="CIOIID", mask="RPWP")
    + "(A;CIID;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;EA)(A;CIID;LC;;;RU)(A;CIID;CCLCSWRPWPLOCRSDRCWDWO;;;BA)"
)
CONTROLLER = (
    f"O:DAG:DAD:AI(A;;{FULL};;;DA)(A;;{FULL};;;AO)(A;;{FULL};;;SY)(A;;LCRPDTLOCRSDRC;;;DA){READ}(A;;CCDC;;;PS)"
    + may("4c164200-20c0-11d0-a768-00aa006e0529", "DA", mask="WP")
    + may("ab721a53-1e2f-11d0-9819-00aa0040529b", "WD")
    + may("bf967aa8-0de6-11d0-a285-00aa003049e2", "PO", mask="CCDC")
    + may("bf967a7f-0de6-11d0-a285-00aa003049e2", "CA", mask="RPWP")
    + may("f3a64788-5306-11d1-a9c5-0000f80367c1", "PS", "DA", mask="SW")
    + may("72e39547-7b18-11d1-adef-00c04fd8d5cd", "PS", "DA", mask="SW")
    + may("77b5b886-944a-11d1-aebd-0000f80367c1", "PS", mask="RPWP")
    + may("46a9b11d-60ae-405a-b7e8-ff8a58d456d2", "S-1-5-32-560", mask="RP")
    + INHERITED
)
POLICY = (
    f"O:DAG:DAD:PAI(A;CI;{FULL};;;DA)(A;CI;{FULL};;;EA)(A;CI;{FULL};;;SY)(A;CIIO;{FULL};;;CO)"
    "(A;CI;LCRPLORC;;;AU)(A;CI;LCRPLORC;;;ED)" + may("edacfd8f-ffb3-11d1-b41d-00a0c968f939", "AU", flags="CI")
)
CONFIGURATION_HEAD = f"O:EAG:EAD:AI{REPLICATION}{READ}(A;CI;{FULL};;;EA)(A;CI;{FULL};;;DA)(A;CI;{FULL};;;SY)"
SCHEMA_HEAD = (
    f"O:SAG:SAD:AI{REPLICATION}"
    + may(ALL_CHANGES, "RO")
    + may("e12b56b6-0a95-11d1-adbb-00c04fd8d5cd", "SA", flags="CI", mask="WP")
    + "(A;CI;LCRPLORC;;;AU)(A;CI;CCLCSWRPWPLOCRRCWDWO;;;SA)(A;CI;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;SY)"
)
APPLICATION_HEAD = (
    f"O:DAG:DAD:AI{REPLICATION}(A;;RP;;;WD){READ}(A;;CCLCSWRPWPLOCRRCWDWO;;;DA)(A;CI;CCLCSWRPWPLOCRSDRCWDWO;;;BA)"
    f"(A;;{FULL};;;SY)(A;CI;{FULL};;;EA)(A;CI;LC;;;RU)"
)
ZONE = (
    f"O:SYG:BAD:AI(A;;{FULL};;;DA)(A;;CC;;;AU)(A;;LCRPLORC;;;WD)(A;;{FULL};;;SY)"
    f"(A;CI;{FULL};;;ED)(A;CI;{FULL};;;{DNS_ADMINS})"
)
DNS_SERVER = f"O:SYG:BAD:AI(A;;{FULL};;;DA)(A;CI;{FULL};;;{DNS_ADMINS})(A;;{FULL};;;SY)(A;CI;{FULL};;;ED){READ}"
ADMINISTERED = f"(A;CIID;{FULL};;;EA)(A;CIID;{FULL};;;DA)(A;CIID;{FULL};;;SY)"
PUBLISHED = f"O:EAG:EAD:AI(A;CI;{FULL};;;CA){READ}{ADMINISTERED}"
TRUSTED = f"O:EAG:EAD:AI{READ}(A;;{FULL};;;BA){ADMINISTERED}"
OF_AUTHORITY = f"O:EAG:EAD:AI(A;;{FULL};;;{AUTHORITY_SID}){READ}{may(ENROLL, 'AU')}{ADMINISTERED}"


def template(*enrolees: str, automatic: str = "") -> str:
    rights = may(ENROLL, "DA", "EA", mask="RPWPCR") + may(ENROLL, *enrolees, mask="RPWPCR")
    return (
        f"O:EAG:EAD:PAI{rights}{may(AUTOENROLL, automatic) if automatic else ''}"
        f"(A;;CCDCLCSWRPWPDTLOSDRCWDWO;;;DA)(A;;CCDCLCSWRPWPDTLOSDRCWDWO;;;EA){READ}"
    )


def ordinary_group() -> str:
    return f"O:DAG:DAD:AI(A;;{FULL};;;DA)(A;;{FULL};;;AO)(A;;{FULL};;;SY)(A;;LCRPLORC;;;PS){READ}" + may(
        "ab721a55-1e2f-11d0-9819-00aa0040529b", "AU"
    )


def text(*values: object) -> list[bytes]:
    return [str(value).encode() for value in values]


def entries() -> Iterator[Entry]:
    number = 0

    def entry(dn: str, classes: str, sddl: str, rid: int | str | None = None, **more: list[bytes]) -> Entry:
        nonlocal number
        number += 1
        held = {
            "objectClass": text("top", *classes.split()),
            "objectGUID": [struct.pack("<I", number) + bytes(12)],
            "whenCreated": text("20250101120000.0Z"),
            "whenChanged": text("20250301120000.0Z"),
            "name": text(dn.split("=", 1)[1].split(",", 1)[0]),
            "nTSecurityDescriptor": [from_sddl(sddl, SID)],
            **{name.replace("_", "-"): values for name, values in more.items()},
        }
        if rid is not None:
            held["objectSid"] = [parse_sid(rid if isinstance(rid, str) else f"{SID}-{rid}")]
        return dn, held

    def group(name: str, rid: int | str, sddl: str = HOLDER, place: str = "CN=Users", **more: list[bytes]) -> Entry:
        kind = text(-2147483643 if isinstance(rid, str) else -2147483646)
        dn = f"CN={name},{place},{BASE}"
        return entry(dn, "group", sddl, rid, sAMAccountName=text(name), groupType=kind, **more)

    def account(dn: str, rid: int, classes: str, control: int, primary: int, sddl: str, **more: list[bytes]) -> Entry:
        return entry(
            dn,
            classes,
            sddl,
            rid,
            sAMAccountName=text(dn.split("=", 1)[1].split(",", 1)[0] + ("$" if "computer" in classes else "")),
            userAccountControl=text(control),
            pwdLastSet=text(133850000000000000),
            lastLogonTimestamp=text(133850000000000000),
            primaryGroupID=text(primary),
            **more,
        )

    members = text(f"CN=Administrator,CN=Users,{BASE}")
    plain = f"O:DAG:DAD:AI{READ}{INHERITED}(A;;{FULL};;;SY)(A;;{FULL};;;DA)"
    user_classes = "person organizationalPerson user"
    yield entry(BASE, "domain domainDNS", HEAD, SID, msDS_Behavior_Version=text(7))
    yield entry(f"CN=System,{BASE}", "container", plain)
    yield entry(f"CN=Users,{BASE}", "container", plain)
    yield entry(f"CN=Builtin,{BASE}", "builtinDomain", plain)
    yield entry(
        f"OU=Domain Controllers,{BASE}",
        "organizationalUnit",
        plain,
        gPLink=text(f"[LDAP://cn={{6AC1786C-016F-11D2-945F-00C04FB984F9}},cn=policies,cn=system,{BASE};0]"),
    )
    yield entry(f"CN=Computers,{BASE}", "container", plain)
    yield entry(f"CN=AdminSDHolder,CN=System,{BASE}", "container", HOLDER)
    yield entry(f"CN=Policies,CN=System,{BASE}", "container", plain + may(GROUP, "PA", mask="CC"))
    policy = f"CN={{6AC1786C-016F-11D2-945F-00C04FB984F9}},CN=Policies,CN=System,{BASE}"
    yield entry(policy, "container groupPolicyContainer", POLICY, displayName=text("Default DC Policy"), flags=text(0))
    yield entry(f"CN=MicrosoftDNS,CN=System,{BASE}", "container", DNS_SERVER)
    yield entry(f"DC=RootDNSServers,CN=MicrosoftDNS,CN=System,{BASE}", "dnsZone", ZONE)
    domain_groups = {512: "Domain Admins", 516: "Domain Controllers", 518: "Schema Admins", 519: "Enterprise Admins"}
    for rid, name in (domain_groups | {526: "Key Admins", 527: "Enterprise Key Admins"}).items():
        yield group(name, rid, member=members if rid in (512, 518, 519) else [])
    for rid, name in {544: "Administrators", 548: "Account Operators", 549: "Server Operators"}.items():
        admins = text(*(f"CN={g},CN=Users,{BASE}" for g in ("Domain Admins", "Enterprise Admins"))) + members
        yield group(name, f"S-1-5-32-{rid}", place="CN=Builtin", member=admins if rid == 544 else [])
    for rid, name in {550: "Print Operators", 551: "Backup Operators"}.items():
        yield group(name, f"S-1-5-32-{rid}", place="CN=Builtin")
    yield group("Cert Publishers", 517, ordinary_group(), member=text(AUTHORITY))
    yield group("DnsAdmins", 1101, ordinary_group())
    for rid, name in {513: "Domain Users", 515: "Domain Computers", 553: "RAS and IAS Servers"}.items():
        yield group(name, rid, ordinary_group())
    yield account(f"CN=Administrator,CN=Users,{BASE}", 500, user_classes, 512, 513, HOLDER)
    yield account(f"CN=krbtgt,CN=Users,{BASE}", 502, user_classes, 514, 513, HOLDER)
    server = f"CN=DC1,CN=Servers,CN=Site,CN=Sites,{CONFIGURATION}"
    computer = f"{user_classes} computer"
    system = {"operatingSystem": text("Windows Server 2022 Standard"), "operatingSystemVersion": text("10.0 (20348)")}
    yield account(
        DC1,
        1000,
        computer,
        0x82000,
        516,
        CONTROLLER,
        dNSHostName=text("DC1.chu.example"),
        servicePrincipalName=text("HOST/DC1", "HOST/DC1.chu.example", "ldap/DC1.chu.example/chu.example"),
        **system,
    )
    replication = f"CN=Domain System Volume,CN=DFSR-GlobalSettings,CN=System,{BASE}"
    yield entry(f"CN=DFSR-GlobalSettings,CN=System,{BASE}", "msDFSR-GlobalSettings", plain)
    yield entry(replication, "msDFSR-ReplicationGroup", plain)
    yield entry(f"CN=DFSR-LocalSettings,{DC1}", "msDFSR-LocalSettings", plain + f"(A;;{FULL};;;{SID}-1000)")
    yield entry(f"CN=Domain System Volume,CN=DFSR-LocalSettings,{DC1}", "msDFSR-Subscriber", plain)
    yield account(AUTHORITY, 1104, computer, 0x1000, 515, CONTROLLER, dNSHostName=text("CA1.chu.example"))

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
        (f"CN=Sites,{CONFIGURATION}", "sitesContainer"),
        (f"CN=Site,CN=Sites,{CONFIGURATION}", "site"),
        (f"CN=Servers,CN=Site,CN=Sites,{CONFIGURATION}", "serversContainer"),
    ):
        yield entry(dn, classes, TRUSTED)
    yield entry(server, "server", TRUSTED, dNSHostName=text("DC1.chu.example"), serverReference=text(DC1))
    yield entry(f"CN=NTDS Settings,{server}", "applicationSettings nTDSDSA", TRUSTED, msDS_Behavior_Version=text(7))
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
    yield entry(SCHEMA, "dMD", SCHEMA_HEAD)
    yield entry(
        f"CN=User,{SCHEMA}", "classSchema", f"O:SAG:SAD:AI{READ}(A;CIID;CCLCSWRPWPLOCRRCWDWO;;;SA)(A;CIID;{FULL};;;SY)"
    )
    yield entry(f"DC=DomainDnsZones,{BASE}", "domain domainDNS", APPLICATION_HEAD)
    yield entry(f"CN=MicrosoftDNS,DC=DomainDnsZones,{BASE}", "container", DNS_SERVER)
    yield entry(f"DC=chu.example,CN=MicrosoftDNS,DC=DomainDnsZones,{BASE}", "dnsZone", ZONE)


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    path = tmp_path_factory.mktemp("windows") / "x.adsnap"
    with Ingest(path, source=SourceInfo(kind="samples", tool="test")) as ingest:
        for partition in (BASE, CONFIGURATION, SCHEMA, f"DC=DomainDnsZones,{BASE}"):
            ingest.partition(partition)
        for dn, attributes in entries():
            ingest.add(dn, {name: values for name, values in attributes.items() if values})
        ingest.seal(as_of=None, as_of_origin="newest_change")
    with open_snapshot(path) as snapshot:
        return audit(snapshot, load_rules())


def test_no_rule_finds_anything_in_what_windows_installs(audited: Audit) -> None:
    found = {
        (result.rule.id, subject.dn, str(subject.evidence))
        for result in audited.results
        for subject in result.subjects
        if result.rule.id != "vuln_dsheuristics_bad"  # level 4: not set by default
    }
    assert found == set()


@pytest.mark.parametrize(
    "rule",
    [
        "vuln_adcs_template_control",
        "vuln_permissions_adminsdholder",
        "vuln_permissions_dc",
        "vuln_permissions_naming_context",
        "vuln_permissions_schema",
        "vuln_permissions_msdns",
        "vuln_privileged_members_perm",
    ],
)
def test_the_rights_of_that_forest_were_examined(audited: Audit, rule: str) -> None:
    (result,) = [each for each in audited.results if each.rule.id == rule]
    assert result.examined
    assert result.status is Status.COMPLIANT, result.gaps
