"""Ways to tier 0 that a directory hides are found, or what could not be read says that there may be some."""

from __future__ import annotations

from pathlib import Path

import pytest

from adaudit.decode.sddl import from_sddl
from adaudit.decode.sid import parse_sid
from adaudit.graph.analysis import Analysis
from adaudit.graph.answers.lookup import Lookup
from adaudit.graph.coverage import missing_by_fact
from tests.graph.hospital_domain import NURSE, SERVER, TECHNICIAN, analysed, hospital
from tests.rules.windows import BASE, DC1, PLAIN
from tests.rules.windows_descriptors import FULL, HOLDER, READ, SID, USER

ADMINS, USERS = f"CN=Domain Admins,CN=Users,{BASE}", f"CN=Users,{BASE}"
SERVERS, MANAGED = f"OU=Serveurs,{BASE}", f"CN=gmsa-web,CN=Managed Service Accounts,{BASE}"
NURSE_DN, SERVER_DN = f"CN=infirmier,OU=Utilisateurs,{BASE}", f"CN=SRV-1,{SERVERS}"
CONTROLLERS, DNS = f"OU=Domain Controllers,{BASE}", f"CN=MicrosoftDNS,CN=System,{BASE}"
TECHNICIAN_SID, NURSE_SID, SERVER_SID = (f"{SID}-{rid}" for rid in (TECHNICIAN, NURSE, SERVER))
GONE = "S-1-5-21-7-7-7-1105"
ZERO = "00000000-0000-0000-0000-000000000000"
SCRIPT_PATH = "bf9679a8-0de6-11d0-a285-00aa003049e2"
RBCD, READERS = "msDS-AllowedToActOnBehalfOfOtherIdentity", "msDS-GroupMSAMembership"

Held = dict[str, list[bytes]]


def changed(path: Path, changes: dict[str, Held | None]) -> Analysis:
    """The graph of the hospital with attributes of some objects replaced; None takes the object away."""
    kept = [(dn, held) for dn, held in hospital() if changes.get(dn, {}) is not None]
    assert set(changes) <= {dn for dn, _ in hospital()}
    return analysed(path / "x.adsnap", [(dn, held | (changes.get(dn) or {})) for dn, held in kept])


def exposed(analysis: Analysis) -> set[str]:
    lookup = Lookup(analysis.facts, analysis.nodes)
    every = ("technicien", "infirmier", "svc-jonction", "PC-1$", "SRV-1$", "gmsa-web$")
    found = set(analysis.exposure.node.tolist())
    return {name for name in every if lookup.node(name) in found}


def descriptor(sddl: str) -> Held:
    return {"nTSecurityDescriptor": [from_sddl(sddl, SID)]}


def with_aces(sddl: str, aces: str) -> Held:
    """``aces`` before those of a descriptor."""
    place = sddl.index("(")
    return descriptor(sddl[:place] + aces + sddl[place:])


@pytest.mark.parametrize(
    ("aces", "is_found"),
    [
        (f"(A;;GA;;;{TECHNICIAN_SID})", True),
        (f"(A;;GW;;;{TECHNICIAN_SID})", True),
        (f"(A;;GR;;;{TECHNICIAN_SID})", False),
        (f"(OA;;WP;{ZERO};;{TECHNICIAN_SID})", True),
        (f"(OA;;WP;{USER};;{TECHNICIAN_SID})", False),
        (f"(A;CIIO;{FULL};;;{TECHNICIAN_SID})", False),
        (f"(A;;{FULL};;;{TECHNICIAN_SID})(D;;{FULL};;;{TECHNICIAN_SID})", True),
        (f"(D;;{FULL};;;{TECHNICIAN_SID})(A;;{FULL};;;{TECHNICIAN_SID})", False),
        (f"(D;CIIO;{FULL};;;{TECHNICIAN_SID})(A;;{FULL};;;{TECHNICIAN_SID})", True),
        (f"(D;;{FULL};;;{NURSE_SID})(A;;{FULL};;;{TECHNICIAN_SID})", True),
        (f"(OD;;WP;{SCRIPT_PATH};;{TECHNICIAN_SID})(A;;WP;;;{TECHNICIAN_SID})", True),
    ],
)
def test_what_an_ace_gives_over_domain_admins_is_what_windows_grants(tmp_path: Path, aces: str, is_found: bool) -> None:
    analysis = changed(tmp_path, {ADMINS: with_aces(HOLDER, aces)})
    assert exposed(analysis) == ({"technicien"} if is_found else set())


HIDDEN: dict[str, tuple[dict[str, Held | None], set[str]]] = {
    "a right granted to a SID that only a history bears": (
        {
            NURSE_DN: {"sIDHistory": [parse_sid(GONE)]},
            ADMINS: with_aces(HOLDER, f"(A;;{FULL};;;{GONE})"),
        },
        {"technicien", "infirmier"},
    ),
    "a primary group and nothing else": ({NURSE_DN: {"primaryGroupID": [b"512"]}}, {"technicien"}),
    "a history of a group": (
        {f"CN=Support,{USERS}": {"sIDHistory": [parse_sid(f"{SID}-512")]}},
        {"technicien"},
    ),
    "a protected server under an OU whose policies one may link": (
        {
            SERVERS: with_aces(PLAIN, f"(A;;WD;;;{TECHNICIAN_SID})"),
            SERVER_DN: {"userAccountControl": [b"528384"], **descriptor(f"O:DAG:DAD:PAI{READ}")},
        },
        {"technicien", "SRV-1$"},
    ),
    "what a container holds": ({USERS: with_aces(PLAIN, f"(A;;WO;;;{TECHNICIAN_SID})")}, {"technicien"}),
    "the settings of DNS servers, by the container above": (
        {f"CN=System,{BASE}": with_aces(PLAIN, f"(A;;{FULL};;;{TECHNICIAN_SID})")},
        {"technicien"},
    ),
    "a delegation to another name of a controller": (
        {SERVER_DN: {"msDS-AllowedToDelegateTo": [b"CIFS/dc1.CHU.example:445"]}},
        {"SRV-1$", "svc-jonction"},
    ),
    "a group that contains itself": (
        {ADMINS: {"member": [f"CN=Serveurs web,{USERS}".encode(), f"CN=Domain Admins,{USERS}".encode()]}},
        {"svc-jonction"},
    ),
}


@pytest.mark.parametrize("way", HIDDEN)
def test_a_hidden_way_is_found(tmp_path: Path, way: str) -> None:
    changes, who = HIDDEN[way]
    analysis = changed(tmp_path, changes)
    assert exposed(analysis) == who
    assert analysis.hiding_paths == []


MALFORMED = [b"\x01\x00\x04\x80 no descriptor"]
UNREAD: dict[str, tuple[dict[str, Held | None], dict[str, int]]] = {
    "a descriptor that is none": ({ADMINS: {"nTSecurityDescriptor": MALFORMED}}, {"objects.sd_id": 1}),
    "a stored descriptor that is none": ({DC1: {RBCD: MALFORMED}}, {"delegations.target_id": 1}),
    "readers that are no descriptor, of an administrator's password": (
        {MANAGED: {READERS: MALFORMED}, ADMINS: {"member": [MANAGED.encode()]}},
        {"managed_service_accounts.reader_sd_id": 1},
    ),
    "links that are none": ({CONTROLLERS: {"gPLink": [b"garbage[["]}}, {"gpo_links.gpo_dn": 1}),
    "the container of an administrator": (
        {SERVERS: None, ADMINS: {"member": [SERVER_DN.encode()]}},
        {"objects": 1},
    ),
}


@pytest.mark.parametrize("fact", UNREAD)
def test_what_could_not_be_read_exposes_nobody_and_is_counted(tmp_path: Path, fact: str) -> None:
    changes, missing = UNREAD[fact]
    analysis = changed(tmp_path, changes)
    assert exposed(analysis) <= {"svc-jonction"}, "who owns the server that became an administrator"
    assert missing_by_fact(analysis.hiding_paths) == missing


@pytest.mark.parametrize(
    "changes",
    [{MANAGED: {READERS: MALFORMED}}, {SERVERS: None}, {SERVERS: {"gPLink": [b"garbage[["]}}],
)
def test_what_could_not_be_read_where_no_way_leads_on_does_not_count(
    tmp_path: Path, changes: dict[str, Held | None]
) -> None:
    assert changed(tmp_path, changes).hiding_paths == []
