"""What makes one invented hospital differ from another, read from ``data/hospitals/<name>.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.resources import files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from adaudit.errors import UsageError

HOSPITALS = ("chu-valmorand", "ch-brasselune", "hl-troisormes")
"""From the largest and worst kept to the smallest and best kept."""

AS_OF = datetime(2026, 9, 15, 6)
"""When every sample is said to have been collected, in UTC."""

OperatingSystems = tuple[tuple[str, str, int], ...]
"""operatingSystem, operatingSystemVersion, weight."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Population(_Model):
    """Shares are of 1. ``workstations``, ``servers`` and ``devices``: the systems of the computers of each kind.
    ``joined_by_staff``: some computers belong to whoever joined them. ``aes``: service accounts say they have it."""

    disabled: float
    dormant: float
    never_expires: float
    password_days: int
    generic: float
    services: float
    written_passwords: float
    joined_by_staff: bool = True
    aes: bool = False
    computers: float
    device_share: float
    server_share: float
    workstations: OperatingSystems
    servers: OperatingSystems
    devices: OperatingSystems


class Profile(_Model):
    """``first_person``: number of the first person this hospital employs alone; ``colleagues``: hospital whose people
    also work here, one account in ``one_in``. ``reader``: the ordinary account that collects."""

    name: str
    title: str
    finess: str
    dns: str
    netbios: str
    sid: str
    age_days: int
    accounts: int
    reader: str
    login: Literal["first.last", "initial", "number"]
    first_person: int
    colleagues: str = ""
    one_in: int = 12
    laps: Literal["", "legacy", "windows"] = ""
    population: Population


@dataclass(frozen=True)
class Forest:
    """One hospital with a seed and a number of accounts: everything else follows."""

    profile: Profile
    declarations: dict[str, Any]
    seed: int
    accounts: int

    @cached_property
    def base(self) -> str:
        return ",".join(f"DC={label}" for label in self.profile.dns.split("."))

    @cached_property
    def places(self) -> dict[str, str]:
        """What ``%name%`` stands for in the data files."""
        configuration = f"CN=Configuration,{self.base}"
        return {
            "base": self.base,
            "config": configuration,
            "schema": f"CN=Schema,{configuration}",
            "domaindns": f"DC=DomainDnsZones,{self.base}",
            "forestdns": f"DC=ForestDnsZones,{self.base}",
            "pki": f"CN=Public Key Services,CN=Services,{configuration}",
            "dns": self.profile.dns,
            "netbios": self.profile.netbios,
            "sid": self.profile.sid,
        }

    @property
    def naming_contexts(self) -> Sequence[str]:
        return [self.places[name] for name in ("base", "config", "schema", "domaindns", "forestdns")]

    def key(self, *parts: object) -> tuple[object, ...]:
        """What draws of this forest depend on."""
        return (self.seed, self.profile.name, *parts)


def load_forest(hospital: str, seed: int, accounts: int | None = None) -> Forest:
    """The forest of one of ``HOSPITALS``, by default with its own number of accounts. Raises UsageError."""
    if hospital not in HOSPITALS:
        raise UsageError(f"there is no hospital {hospital!r}; there are {', '.join(HOSPITALS)}")
    source = files("adaudit.samples") / "data" / "hospitals" / f"{hospital}.toml"
    document = tomllib.loads(source.read_text(encoding="utf-8"))
    profile = Profile.model_validate(document.pop("hospital"))
    return Forest(profile, document, seed, accounts or profile.accounts)
