"""The invented domain that every test directory holds, same names, SID and passwords each time; and those beside it."""

from __future__ import annotations

from dataclasses import dataclass

REALM = "CORP.TEST"
NETBIOS = "CORP"
DNS_NAME = "corp.test"
HOST = "dc1"
HOST_NAME = f"{HOST}.{DNS_NAME}"
BASE_DN = "DC=corp,DC=test"
DOMAIN_SID = "S-1-5-21-2754186039-1490217365-3318820471"
ADMIN_PASSWORD = "Testbed-Admin-2026!"
AUDITOR = "auditeur"
AUDITOR_PASSWORD = "Testbed-Lecture-2026!"

PLACES = {
    "base": BASE_DN,
    "config": f"CN=Configuration,{BASE_DN}",
    "schema": f"CN=Schema,CN=Configuration,{BASE_DN}",
    "services": f"CN=Services,CN=Configuration,{BASE_DN}",
    "pki": f"CN=Public Key Services,CN=Services,CN=Configuration,{BASE_DN}",
    "sites": f"CN=Sites,CN=Configuration,{BASE_DN}",
    "domaindns": f"DC=DomainDnsZones,{BASE_DN}",
    "forestdns": f"DC=ForestDnsZones,{BASE_DN}",
    "domain_sid": DOMAIN_SID,
    "auditor_password": AUDITOR_PASSWORD,
}
"""What ``%base%``, ``%config%``… stand for in a scenario."""


@dataclass(frozen=True)
class Machine:
    """A domain controller by its name, and its domain."""

    host: str
    dns_name: str
    netbios: str
    domain_sid: str

    @property
    def host_name(self) -> str:
        return f"{self.host}.{self.dns_name}"

    @property
    def realm(self) -> str:
        return self.dns_name.upper()

    @property
    def base_dn(self) -> str:
        return ",".join(f"DC={label}" for label in self.dns_name.split("."))


FIRST = Machine(HOST, DNS_NAME, NETBIOS, DOMAIN_SID)
SECOND = Machine("dc2", DNS_NAME, NETBIOS, DOMAIN_SID)
ELSEWHERE = Machine("dc1", "lyon.test", "LYON", "S-1-5-21-1830472915-2094731658-3671190254")
"""The controller of every test directory, another one of its domain, and that of a second domain."""
