"""The computers of a hospital: workstations, servers, and medical devices with the systems they were sold with."""

from __future__ import annotations

from collections.abc import Iterator

from adaudit.samples.draft import Draft, text
from adaudit.samples.draw import Draw
from adaudit.samples.organisation import COMPUTERS_OU, DEVICES_OU, SERVERS_OU, department_of
from adaudit.samples.population import APPLICATIONS, DISABLED, Population, account, use
from adaudit.samples.profile import OperatingSystems
from adaudit.samples.times import filetime_ago

_WORKSTATION = 0x1000
_OWN_DESCRIPTOR = 25
_MODALITIES = ("IRM", "SCAN", "ECHO", "RADIO", "ECG", "AUTOMAT", "PERF", "ENDO")
_LAPS_EXPIRATION = {"legacy": "ms-Mcs-AdmPwdExpirationTime", "windows": "msLAPS-PasswordExpirationTime"}


def computer_name(population: Population, number: int) -> tuple[str, str, OperatingSystems]:
    """Name, organizational unit and possible systems of computer ``number``."""
    shares, prefix = population.forest.profile.population, population.forest.profile.netbios[:3]
    draw = Draw(*population.forest.key("kind", number))
    if draw.chance(shares.device_share):
        return f"{draw.pick(_MODALITIES)}-{number:06}", DEVICES_OU, shares.devices
    if draw.chance(shares.server_share):
        application = draw.pick(APPLICATIONS).replace("é", "e").upper()
        return f"S-{application[:6]}-{number:06}", SERVERS_OU, shares.servers
    department = department_of(draw.below(population.units))
    return f"{prefix}-PC-{number:06}", f"OU={department},{COMPUTERS_OU}", shares.workstations


def computer_dn(population: Population, number: int) -> str:
    name, ou, _ = computer_name(population, number)
    return f"CN={name},{ou},{population.forest.base}"


def computers(population: Population) -> Iterator[Draft]:
    """Every computer but the domain controllers, in the order of RIDs."""
    for number in range(population.computers):
        yield _draft(population, number)


def _draft(population: Population, number: int) -> Draft:
    profile = population.forest.profile
    name, ou, systems = computer_name(population, number)
    draw = Draw(*population.forest.key("computer", number))
    is_dormant = draw.chance(profile.population.dormant)
    flags = _WORKSTATION | DISABLED * draw.chance(profile.population.disabled / 2)
    created, password, logon = use(draw, 30, is_dormant=is_dormant)
    system, version = _system(draw, systems)
    host = f"{name.lower()}.{profile.dns}"
    rid = population.first_computer_rid + number
    attributes = {
        **account(f"{name}$", population.sid(rid), flags, password, logon),
        "primaryGroupID": text(515),
        "dNSHostName": text(host),
        "operatingSystem": text(system),
        "operatingSystemVersion": text(version),
        "servicePrincipalName": text(f"HOST/{name}", f"HOST/{host}"),
        "msDS-SupportedEncryptionTypes": text(28),
    }
    if profile.laps and not is_dormant:
        attributes[_LAPS_EXPIRATION[profile.laps]] = text(filetime_ago(-draw.between(1, 30)))
    owner, aces = "", ""
    if number % _OWN_DESCRIPTOR == 1:
        someone = population.staff_sid(number % population.staff)
        owner, aces = (someone, "") if profile.population.joined_by_staff else ("", f"(A;;LC;;;{someone})")
    dn = f"CN={name},{ou},{population.forest.base}"
    return Draft(dn, "computer", attributes, aces=aces, owner=owner, created_days=created, is_leaf=True)


def _system(draw: Draw, systems: OperatingSystems) -> tuple[str, str]:
    place = draw.below(sum(weight for _, _, weight in systems))
    for system, version, weight in systems:
        if place < weight:
            return system, version
        place -= weight
    raise AssertionError("the weights cover every draw")
