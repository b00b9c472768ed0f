"""A new Windows forest in which a hospital put what every hospital has, and took no wrong decision."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from adaudit.decode.sddl import from_sddl
from adaudit.decode.sid import parse_sid
from adaudit.derive import derive
from adaudit.derive.facts import Facts
from adaudit.graph.analysis import Analysis
from adaudit.ingest.ingest import Ingest
from adaudit.snapshot import SnapshotTables, SourceInfo, open_snapshot
from tests.rules.windows import (
    BASE,
    CONFIGURATION,
    DOMAIN_GROUPS,
    MACHINE,
    PEOPLE,
    PLAIN,
    SCHEMA,
    SYSTEM,
    TRUSTED,
    Entry,
    account,
    domain,
    entries,
    entry,
    group,
    identities,
    machines,
    text,
)
from tests.rules.windows_descriptors import (
    COMPUTER,
    CONTROLLER,
    FULL,
    GROUP,
    INHERITED,
    READ,
    SELF_SERVICE,
    SID,
    USER,
    may,
    ordinary_group,
)
from tests.rules.windows_policies import ROOT, files, settings

RESET, LOCKOUT = "00299570-246d-11d0-a768-00aa006e0529", "28630ebf-41d5-11d1-a9c1-0000f80367c1"
LAPS_PASSWORD: Final = "a1b2c3d4-0000-4000-8000-000000000001"
GMSA: Final = f"{MACHINE} msDS-GroupManagedServiceAccount"

HELPDESK, JOINER, LAPS_READERS, SERVERS, EDITORS = 1201, 1202, 1203, 1204, 1205
TECHNICIAN, NURSE, SERVER, WORKSTATION, RODC, RODC_KRBTGT, SYNCHRONISER, SEAMLESS, MANAGED = range(1301, 1310)

PERSON: Final = (
    f"O:DAG:DAD:AI(A;;{FULL};;;DA)(A;;{FULL};;;AO)(A;;{FULL};;;SY)(A;;RC;;;AU)"
    + may("ab721a53-1e2f-11d0-9819-00aa0040529b", "WD", "PS")
    + may("ab721a54-1e2f-11d0-9819-00aa0040529b", "PS")
    + may("ab721a56-1e2f-11d0-9819-00aa0040529b", "PS")
    + may("77b5b886-944a-11d1-aebd-0000f80367c1", "PS", mask="RPWP")
    + may("e45795b2-9455-11d1-aebd-0000f80367c1", "PS", mask="RPWP")
    + may("e45795b3-9455-11d1-aebd-0000f80367c1", "PS", mask="RPWP")
    + may("037088f8-0ae1-11d2-b422-00a0c968f939", "RS", mask="RP")
    + may("4c164200-20c0-11d0-a768-00aa006e0529", "RS", mask="RP")
    + may("bc0ac240-79a9-11d0-9020-00c04fc2d4cf", "RS", mask="RP")
    + may("bf967a7f-0de6-11d0-a285-00aa003049e2", "CA", mask="RPWP")
    + may("5805bc62-bdc9-4428-a5e2-856a0f4c185e", "S-1-5-32-561", mask="RPWP")
    + may("46a9b11d-60ae-405a-b7e8-ff8a58d456d2", "S-1-5-32-560", mask="RP")
    + SELF_SERVICE
    + INHERITED
    + f"(OA;CIIOID;LCRPLORC;;{GROUP};RU)(OA;CIID;LCRPLORC;;{USER};RU)"
)
"""A user, as the class gives it (MS-ADSC defaultSecurityDescriptor of user)."""

JOINED: Final = CONTROLLER.replace("O:DAG:DA", f"O:{SID}-{JOINER}G:DU").replace(
    f"(A;;{FULL};;;DA)", f"(A;;{FULL};;;DA)(A;;LCRPDTLOCRSDRC;;;{SID}-{JOINER})", 1
) + may("4c164200-20c0-11d0-a768-00aa006e0529", f"{SID}-{JOINER}", mask="WP")
"""A computer that a service account joined to the domain: its own, with the rights of who creates one."""


def unit(name: str, aces: str = "") -> Entry:
    return entry(f"OU={name},{BASE}", "organizationalUnit", PLAIN + aces)


def global_group(name: str, rid: int, *members: str) -> Entry:
    return group(name, rid, ordinary_group(), list(members))


def organisation() -> Iterator[Entry]:
    """OUs with the delegations that everybody makes: helpdesk over people, joining over workstations, LAPS readers."""
    people, workstations, servers = (f"OU={each},{BASE}" for each in ("Utilisateurs", "Postes", "Serveurs"))
    helpdesk = f"{SID}-{HELPDESK}"
    yield unit(
        "Utilisateurs",
        may(RESET, helpdesk, flags="CIIO", inherited=USER)
        + may(LOCKOUT, helpdesk, flags="CIIO", mask="RPWP", inherited=USER),
    )
    yield unit(
        "Postes",
        may(COMPUTER, f"{SID}-{JOINER}", flags="CI", mask="CCDC")
        + may(LAPS_PASSWORD, f"{SID}-{LAPS_READERS}", flags="CIIO", mask="RPCR", inherited=COMPUTER),
    )
    yield unit("Serveurs")
    technician, nurse = f"CN=technicien,{people}", f"CN=infirmier,{people}"
    helped = PERSON + may(RESET, helpdesk, flags="CIID", inherited=USER)
    yield account(technician, TECHNICIAN, PEOPLE, 512, 513, helped)
    yield account(nurse, NURSE, PEOPLE, 512, 513, helped)
    yield account(f"CN=svc-jonction,CN=Users,{BASE}", JOINER, PEOPLE, 0x10200, 513, PERSON)
    for name, rid in (("Support", HELPDESK), ("Lecteurs LAPS", LAPS_READERS), ("Redacteurs GPO", EDITORS)):
        yield global_group(name, rid, technician)
    yield account(
        f"CN=PC-1,{workstations}",
        WORKSTATION,
        MACHINE,
        0x1000,
        515,
        JOINED + may(LAPS_PASSWORD, f"{SID}-{LAPS_READERS}", flags="CIID", mask="RPCR", inherited=COMPUTER),
        **{"ms-Mcs-AdmPwdExpirationTime": text(133850000000000000), "dNSHostName": text("PC-1.chu.example")},
    )
    yield account(f"CN=SRV-1,{servers}", SERVER, MACHINE, 0x1000, 515, JOINED, dNSHostName=text("SRV-1.chu.example"))
    yield global_group("Serveurs web", SERVERS, f"CN=SRV-1,{servers}")
    readers = from_sddl(f"O:SYD:(A;;{FULL};;;{SID}-{SERVERS})", SID)
    yield account(
        f"CN=gmsa-web,CN=Managed Service Accounts,{BASE}",
        MANAGED,
        GMSA,
        0x1000,
        515,
        CONTROLLER,
        **{"msDS-GroupMSAMembership": [readers], "msDS-ManagedPasswordInterval": text(30)},
    )
    yield entry(
        f"CN=ms-Mcs-AdmPwd,{SCHEMA}",
        "attributeSchema",
        f"O:SAG:SAD:AI{READ}",
        lDAPDisplayName=text("ms-Mcs-AdmPwd"),
        attributeID=text("1.2.840.113556.1.8000.2554.50051.45980.28112.18903.35903.6685103.1224907.2.1"),
        schemaIDGUID=[_guid(LAPS_PASSWORD)],
        searchFlags=text(904),
    )


def read_only_controller() -> Iterator[Entry]:
    """One on a remote site, as its promotion leaves it."""
    dn = f"CN=RODC1,OU=Domain Controllers,{BASE}"
    krbtgt = f"CN=krbtgt_4242,CN=Users,{BASE}"
    denied = [f"CN={each},CN=Users,{BASE}" for each in ("Denied RODC Password Replication Group",)]
    denied += [f"CN={each} Operators,CN=Builtin,{BASE}" for each in ("Account", "Server", "Backup")]
    yield account(krbtgt, RODC_KRBTGT, PEOPLE, 514, 513, PERSON)
    yield account(
        dn,
        RODC,
        MACHINE,
        0x5001000,
        521,
        CONTROLLER,
        dNSHostName=text("RODC1.chu.example"),
        **{
            "msDS-KrbTgtLink": text(krbtgt),
            "msDS-RevealOnDemandGroup": text(f"CN=Allowed RODC Password Replication Group,CN=Users,{BASE}"),
            "msDS-NeverRevealGroup": text(*denied, f"CN=Administrators,CN=Builtin,{BASE}"),
        },
        **SYSTEM,
    )
    server = f"CN=RODC1,CN=Servers,CN=Site,CN=Sites,{CONFIGURATION}"
    yield entry(server, "server", TRUSTED, dNSHostName=text("RODC1.chu.example"), serverReference=text(dn))
    yield entry(f"CN=NTDS Settings,{server}", "applicationSettings nTDSDSA nTDSDSARO", TRUSTED)


def entra_connect() -> Iterator[Entry]:
    """Its account and the computer account of seamless single sign-on."""
    yield account(f"CN=MSOL_0123456789ab,CN=Users,{BASE}", SYNCHRONISER, PEOPLE, 0x10200, 513, PERSON)
    yield account(f"CN=AZUREADSSOACC,CN=Computers,{BASE}", SEAMLESS, MACHINE, 0x1000, 515, CONTROLLER)


ROOT_ONLY: Final = (498, 518, 519, 527)
CHILD: Final = f"DC=enfant,{BASE}"
_SID_BYTES = parse_sid(SID)[2:]
_CHILD_SID_BYTES = parse_sid("S-1-5-21-1-2-4")[2:]


def child_domain() -> Iterator[Entry]:
    """The same as the first, below it and with another SID; Enterprise Admins and the like stay those of the root."""
    of_root = tuple(f"CN={DOMAIN_GROUPS[rid]},CN=Users,{BASE}" for rid in ROOT_ONLY)
    for dn, held in (*domain(), *identities(), *machines()):
        if not dn.startswith((*of_root, "CN=CA1,")):
            told = {name: [_of_child(value) for value in values] for name, values in held.items()}
            yield _below(dn), told | {"member": [each for each in told.get("member", ()) if b"CN=CA1," not in each]}
    yield entry(
        f"CN=ENFANT,CN=Partitions,{CONFIGURATION}",
        "crossRef",
        TRUSTED,
        nCName=text(CHILD),
        dnsRoot=text("enfant.chu.example"),
        nETBIOSName=text("ENFANT"),
        systemFlags=text(3),
        trustParent=text(f"CN=CHU,CN=Partitions,{CONFIGURATION}"),
    )
    for here, there, sid, attributes in (
        (BASE, "enfant.chu.example", "S-1-5-21-1-2-4", 32),
        (CHILD, "chu.example", SID, 32),
    ):
        yield entry(
            f"CN={there},CN=System,{here}",
            "leaf trustedDomain",
            PLAIN,
            trustPartner=text(there),
            flatName=text(there.partition(".")[0].upper()),
            securityIdentifier=[parse_sid(sid)],
            trustDirection=text(3),
            trustType=text(2),
            trustAttributes=text(attributes),
        )


def _below(dn: str) -> str:
    return dn.replace(BASE, CHILD)


def _of_child(value: bytes) -> bytes:
    roots = b"|".join(re.escape(struct.pack("<I", rid)) for rid in ROOT_ONLY)
    moved = re.sub(re.escape(_SID_BYTES[6:]) + b"(?!" + roots + b")", _CHILD_SID_BYTES[6:], value, flags=re.DOTALL)
    kept = moved if value[:1] == b"\x01" else moved.replace(BASE.encode(), CHILD.encode())
    return kept if b"Enterprise" not in value and b"Schema Admins" not in value else value


FRENCH: Final = {
    "Domain Admins": "Admins du domaine",
    "Domain Users": "Utilisateurs du domaine",
    "Domain Guests": "Invités du domaine",
    "Domain Computers": "Ordinateurs du domaine",
    "Enterprise Admins": "Administrateurs de l’entreprise",
    "Schema Admins": "Administrateurs du schéma",
    "Cert Publishers": "Éditeurs de certificats",
    "Administrators": "Administrateurs",
    "Account Operators": "Opérateurs de compte",
    "Server Operators": "Opérateurs de serveur",
    "Print Operators": "Opérateurs d’impression",
    "Backup Operators": "Opérateurs de sauvegarde",
    "Remote Desktop Users": "Utilisateurs du Bureau à distance",
    "Pre-Windows 2000 Compatible Access": "Accès compatible pré-Windows 2000",
}


def in_french(every: Iterable[Entry]) -> Iterator[Entry]:
    """The same directory, with the names of a French installation."""
    for dn, held in every:
        told = {name: [_french(value) for value in values] for name, values in held.items()}
        yield (
            _french(dn.encode()).decode(),
            told | {name: held[name] for name in ("nTSecurityDescriptor", "objectSid", "objectClass") if name in held},
        )


def _french(value: bytes) -> bytes:
    for english, french in FRENCH.items():
        value = re.sub(rf"\b{english}\b".encode(), french.encode(), value)
    return value


def hospital() -> Iterator[Entry]:
    """All of it but the child domain."""
    yield from entries()
    yield from organisation()
    yield from read_only_controller()
    yield from entra_connect()


def analysed(path: Path, every: Iterable[Entry], *children: str) -> Analysis:
    """The graph of these objects, with the default policies of Windows in SYSVOL."""
    with Ingest(path, source=SourceInfo(kind="samples", tool="test")) as ingest:
        for partition in (
            BASE,
            CONFIGURATION,
            SCHEMA,
            *(f"DC={zones},{BASE}" for zones in ("DomainDnsZones", "ForestDnsZones")),
            *children,
        ):
            ingest.partition(partition)
        for number, (dn, attributes) in enumerate(every, start=1):
            held = {name: values for name, values in attributes.items() if values}
            ingest.add(dn, {**held, "objectGUID": [struct.pack("<I", number) + bytes(12)]})
        for head in (BASE, *children):
            name = head.removeprefix("DC=").replace(",DC=", ".")
            for file, is_folder, descriptor in files():
                path_ = file.replace(ROOT, name)
                size = None if is_folder else 1
                ingest.sysvol_file(head, path_, is_folder=is_folder, size=size, descriptor=descriptor)
            for position, (file, setting) in enumerate(settings()):
                ingest.gpo_setting(head, file.replace(ROOT, name), position, setting)
        ingest.seal(as_of=None, as_of_origin="newest_change")
    with open_snapshot(path) as snapshot:
        tables = dict(SnapshotTables(snapshot))
    return Analysis(Facts(tables | derive(tables)))


def _guid(text_: str) -> bytes:
    first, second, third, *rest = text_.split("-")
    return struct.pack("<IHH", int(first, 16), int(second, 16), int(third, 16)) + bytes.fromhex("".join(rest))
