"""The invented domain that every test directory holds: same names, SID and passwords each time."""

from __future__ import annotations

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
