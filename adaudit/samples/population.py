"""The people, machines and groups of a hospital, object by object: number n needs none of those before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from adaudit.samples.declared import POPULATION_RID
from adaudit.samples.draft import Attributes, Draft, sid, text
from adaudit.samples.draw import Draw
from adaudit.samples.organisation import (
    GENERIC_OU,
    LEAVERS_OU,
    SERVICES_OU,
    STAFF_OU,
    department_of,
)
from adaudit.samples.people import Person, person
from adaudit.samples.profile import Forest, load_forest
from adaudit.samples.times import NEVER, filetime_ago

APPLICATIONS = (
    "DPI",
    "PACS",
    "RIS",
    "SIL",
    "GAM",
    "GTA",
    "Blocs",
    "Urgences",
    "Chimio",
    "Pharma",
    "Dictée",
    "Archives",
)
NORMAL, DISABLED, NEVER_EXPIRES = 0x200, 0x2, 0x10000
_AES = 0x18
_SEND_AS = "ab721a54-1e2f-11d0-9819-00aa0040529b"
_OWN_DESCRIPTOR = 25
"""One account in so many has a descriptor of its own, as is measured in real directories."""
_COLLEAGUE_STRIDE = 7
_LARGEST_UNIT, _SMALLEST_UNIT, _FEWEST_UNITS = 40, 6, 24


@dataclass(frozen=True, slots=True)
class Staff:
    """An account of a person, and how it was used: days since it was made, and since it last did something."""

    dn: str
    person: Person
    unit: int
    is_disabled: bool
    never_expires: bool
    created_days: int
    password_days: int
    logon_days: int | None


class Population:
    """Accounts of the staff, generic and service accounts; computers and groups are in modules of their own."""

    def __init__(self, forest: Forest) -> None:
        self.forest = forest
        shares = forest.profile.population
        self.computers = int(forest.accounts * shares.computers)
        self.generic = int(forest.accounts * shares.generic)
        self.services = int(forest.accounts * shares.services)
        self.staff = max(forest.accounts - self.computers - self.generic - self.services, 1)
        self.unit_size = min(max(self.staff // _FEWEST_UNITS, _SMALLEST_UNIT), _LARGEST_UNIT)
        self.units = -(-self.staff // self.unit_size)
        self.first_computer_rid = POPULATION_RID + self.staff + self.generic + self.services

    def sid(self, rid: int) -> str:
        return f"{self.forest.profile.sid}-{rid}"

    def staff_sid(self, number: int) -> str:
        return self.sid(POPULATION_RID + number)

    @cached_property
    def _colleagues(self) -> int:
        """How many people the hospital whose staff also works here employs."""
        name = self.forest.profile.colleagues
        return Population(load_forest(name, self.forest.seed)).staff if name else 0

    @cached_property
    def _first_colleague(self) -> int:
        return load_forest(self.forest.profile.colleagues, self.forest.seed).profile.first_person

    def person_number(self, number: int) -> int:
        """Who member ``number`` of the staff is: some are people of another hospital too."""
        profile = self.forest.profile
        rank, place = divmod(number, profile.one_in)
        if place == profile.one_in - 1 and rank * _COLLEAGUE_STRIDE < self._colleagues:
            return self._first_colleague + rank * _COLLEAGUE_STRIDE
        return profile.first_person + number

    def person(self, number: int) -> Person:
        return person(self.forest.seed, self.person_number(number))

    def member(self, number: int) -> Staff:
        """Member ``number`` of the staff."""
        shares = self.forest.profile.population
        draw = Draw(*self.forest.key("staff", number))
        who, unit = self.person(number), number // self.unit_size
        is_disabled, is_dormant = draw.chance(shares.disabled), draw.chance(shares.dormant)
        ou = LEAVERS_OU if is_disabled else f"OU={department_of(unit)},{STAFF_OU}"
        homonym = f" {who.homonym + 1}" if who.homonym else ""
        created, password, logon = use(draw, shares.password_days, is_dormant=is_dormant)
        return Staff(
            f"CN={who.full_name}{homonym},{ou},{self.forest.base}",
            who,
            unit,
            is_disabled,
            draw.chance(shares.never_expires),
            created,
            password,
            logon,
        )

    def login(self, number: int) -> str:
        return self.person(number).login(self.forest.profile.login, number)

    def accounts(self) -> Iterator[Draft]:
        """Every account but computers, in the order of RIDs."""
        for number in range(self.staff):
            yield self._staff_draft(number)
        rid = POPULATION_RID + self.staff
        for number in range(self.generic):
            yield self._generic_draft(number, rid + number)
        for number in range(self.services):
            yield self._service_draft(number, rid + self.generic + number)

    def _staff_draft(self, number: int) -> Draft:
        member, login, profile = self.member(number), self.login(number), self.forest.profile
        who = member.person
        flags = NORMAL | DISABLED * member.is_disabled | NEVER_EXPIRES * member.never_expires
        attributes: Attributes = {
            **account(login, self.staff_sid(number), flags, member.password_days, member.logon_days),
            "userPrincipalName": text(f"{login}@{profile.dns}"),
            "givenName": text(who.first),
            "sn": text(who.last.upper()),
            "displayName": text(who.full_name),
            "title": text(who.profession),
            "department": text(f"{department_of(member.unit)} UF{member.unit:04}"),
            "mail": text(f"{login}@{profile.dns}"),
            "employeeID": text(f"{profile.finess[-3:]}{number:06}"),
        }
        if who.registration:
            attributes["employeeNumber"] = text(who.registration)
        aces = ""
        if number % _OWN_DESCRIPTOR == 1:
            aces = f"(OA;;CR;{_SEND_AS};;{self.staff_sid(number - 1)})"
        return Draft(member.dn, "user", attributes, aces=aces, created_days=member.created_days, is_leaf=True)

    def _generic_draft(self, number: int, rid: int) -> Draft:
        draw = Draw(*self.forest.key("generic", number))
        unit = draw.below(self.units)
        name = f"poste-uf{unit:04}-{number:03}"
        attributes = {
            **account(name, self.sid(rid), NORMAL | NEVER_EXPIRES, draw.between(200, 900), draw.between(0, 12)),
            "displayName": text(f"Poste de soins UF{unit:04}"),
        }
        if draw.chance(self.forest.profile.population.written_passwords):
            attributes["description"] = text(f"Session partagée, mdp : Soins{draw.between(10, 99)}!")
        return Draft(f"CN={name},{GENERIC_OU},{self.forest.base}", "user", attributes, created_days=1500, is_leaf=True)

    def _service_draft(self, number: int, rid: int) -> Draft:
        draw = Draw(*self.forest.key("service", number))
        application = APPLICATIONS[number % len(APPLICATIONS)]
        name = f"svc-{application.lower()}-{number:03}".replace("é", "e")
        attributes = {
            **account(name, self.sid(rid), NORMAL | NEVER_EXPIRES, draw.between(100, 1000), draw.between(0, 10)),
            "displayName": text(f"Service {application}"),
            "servicePrincipalName": text(f"MSSQLSvc/srv-{name[4:]}.{self.forest.profile.dns}:1433"),
        }
        if self.forest.profile.population.aes:
            attributes["msDS-SupportedEncryptionTypes"] = text(_AES)
        return Draft(f"CN={name},{SERVICES_OU},{self.forest.base}", "user", attributes, created_days=2000, is_leaf=True)


def use(draw: Draw, password_days: int, *, is_dormant: bool) -> tuple[int, int, int | None]:
    """Days since an account was made, changed its password and logged on; None when it never did."""
    if is_dormant:
        created = draw.between(1600, 4500)
        return created, draw.between(1200, created), None if draw.chance(0.2) else draw.between(400, 1100)
    created = draw.between(20, 4500)
    return created, draw.below(min(created, password_days)), draw.below(14)


def account(login: str, sid_text: str, flags: int, password_days: int, logon_days: int | None) -> Attributes:
    """What every account bears."""
    attributes: Attributes = {
        "objectSid": sid(sid_text),
        "sAMAccountName": text(login),
        "userAccountControl": text(flags),
        "pwdLastSet": text(filetime_ago(password_days)),
        "primaryGroupID": text(513),
        "accountExpires": text(NEVER),
        "badPwdCount": text(0),
    }
    if logon_days is not None:
        attributes["lastLogonTimestamp"] = text(filetime_ago(logon_days))
    return attributes
