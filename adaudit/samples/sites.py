"""Sites, subnets, and the domain controllers in them with what replicates SYSVOL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

_WRITABLE, _READ_ONLY = 532480, 83890176
_SYSVOL = "CN=Domain System Volume"


def site_objects(sites: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The objects of each ``[[site]]``: ``name`` and ``subnets``."""
    for each in sites:
        site = f"CN={each['name']},CN=Sites,%config%"
        yield {"dn": site, "class": "site"}
        yield {"dn": f"CN=Servers,{site}", "class": "serversContainer"}
        yield {"dn": f"CN=NTDS Site Settings,{site}", "class": "nTDSSiteSettings"}
        for subnet in each["subnets"]:
            yield {"dn": f"CN={subnet},CN=Subnets,CN=Sites,%config%", "class": "subnet", "siteObject": site}


def controller_objects(controllers: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The objects of each ``[[controller]]``: ``name``, ``site``, ``system``, ``version``, ``level`` and, where they
    differ from a healthy one's, ``read_only``, ``password_days``, ``logon_days``, ``flags`` and what ``account`` adds
    to its account."""
    for each in controllers:
        name, read_only = each["name"], each.get("read_only", False)
        account = f"CN={name},OU=Domain Controllers,%base%"
        host = f"{name.lower()}.%dns%"
        yield {
            "dn": account,
            "class": "computer",
            "sAMAccountName": f"{name}$",
            "userAccountControl": each.get("flags", _READ_ONLY if read_only else _WRITABLE),
            "primaryGroupID": 521 if read_only else 516,
            "dNSHostName": host,
            "operatingSystem": each["system"],
            "operatingSystemVersion": each["version"],
            "msDS-SupportedEncryptionTypes": 28,
            "servicePrincipalName": [f"{service}/{at}" for service in ("HOST", "ldap", "GC") for at in (name, host)],
            "pwdLastSet": {"days_ago": each.get("password_days", 12)},
            "lastLogonTimestamp": {"days_ago": each.get("logon_days", 4)},
            **each.get("account", {}),
        }
        yield from _server(each, account, host)
        yield from _replication(name, account)


def _server(each: dict[str, Any], account: str, host: str) -> Iterator[dict[str, Any]]:
    server = f"CN={each['name']},CN=Servers,CN={each['site']},CN=Sites,%config%"
    yield {"dn": server, "class": "server", "serverReference": account, "dNSHostName": host}
    yield {
        "dn": f"CN=NTDS Settings,{server}",
        "class": "nTDSDSARO" if each.get("read_only") else "nTDSDSA",
        "msDS-Behavior-Version": each["level"],
        "options": 1,
    }


def _replication(name: str, account: str) -> Iterator[dict[str, Any]]:
    member = f"CN={name},CN=Topology,{_SYSVOL},CN=DFSR-GlobalSettings,CN=System,%base%"
    local = f"CN=DFSR-LocalSettings,{account}"
    yield {"dn": member, "class": "msDFSR-Member", "msDFSR-ComputerReference": account}
    yield {"dn": local, "class": "msDFSR-LocalSettings"}
    yield {"dn": f"{_SYSVOL},{local}", "class": "msDFSR-Subscriber", "msDFSR-MemberReference": member}
    yield {"dn": f"CN=SYSVOL Subscription,{_SYSVOL},{local}", "class": "msDFSR-Subscription"}
