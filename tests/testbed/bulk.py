"""A domain of a given size for benchmarks: 20 users to 5 computers to 3 groups, 3 memberships per object."""

from __future__ import annotations

import json
from typing import Any

from .domain import BASE_DN, PLACES
from .scenario import Scenario, load_scenario

_UNITS = 40
_MEMBERSHIPS_OF_A_USER = 4
_OWN_DESCRIPTOR_EVERY = 25
_DIRECTORY_SERVICE = f"CN=Directory Service,CN=Windows NT,{PLACES['services']}"
_UNIQUENESS_UNCHECKED = "000000000100000000023"


def bulk_scenario(count: int) -> Scenario:
    """``count`` objects below 40 units; about one in 25 has a descriptor of its own, as delegations leave them."""
    users, computers = count * 20 // 28, count * 5 // 28
    groups = count - users - computers
    objects: list[dict[str, Any]] = [
        {"dn": _DIRECTORY_SERVICE, "existing": True, "dSHeuristics": _UNIQUENESS_UNCHECKED},
        *json.loads(load_scenario("baseline").instructions)["objects"],
        *({"dn": _unit(number), "objectClass": "organizationalUnit"} for number in range(min(_UNITS, count))),
        *(_group(number) for number in range(groups)),
        *(_user(number, groups) for number in range(users)),
        *(_computer(number, groups) for number in range(computers)),
        {"dn": _DIRECTORY_SERVICE, "existing": True, "dSHeuristics": []},
    ]
    instructions = json.dumps({"objects": objects, "files": []})
    dns = tuple(dict.fromkeys(entry["dn"] for entry in objects))
    return Scenario(f"bulk{count}", instructions, dns, frozenset(), frozenset(), (), (), frozenset())


def _unit(number: int) -> str:
    return f"OU=Service {number % _UNITS:02},{BASE_DN}"


def _group(number: int) -> dict[str, Any]:
    """Groups nest as a tree, eight to each."""
    entry = {"dn": _group_dn(number), "objectClass": "group", "sAMAccountName": f"GRP-{number:06}"}
    return entry | ({"groups": [_group_dn((number - 1) // 8)]} if number else {})


def _group_dn(number: int) -> str:
    return f"CN=GRP-{number:06},{_unit(number)}"


def _user(number: int, groups: int) -> dict[str, Any]:
    memberships = {(number * 7 + each * 13) % groups for each in range(_MEMBERSHIPS_OF_A_USER)}
    entry = {
        "dn": f"CN=Agent {number:06},{_unit(number)}",
        "objectClass": "user",
        "sAMAccountName": f"agent{number:06}",
        "userPrincipalName": f"agent{number:06}@corp.test",
        "displayName": f"Agent n° {number:06}",
        "givenName": "Agent",
        "sn": f"{number:06}",
        "mail": f"agent{number:06}@corp.test",
        "department": f"Service {number % _UNITS:02}",
        "userAccountControl": 512,
        "pwdLastSet": {"days_ago": number % 2000},
        "lastLogonTimestamp": {"days_ago": number % 700},
        "groups": [_group_dn(each) for each in sorted(memberships)],
    }
    if number % _OWN_DESCRIPTOR_EVERY == 0:
        entry["aces"] = [f"(OA;;WP;bf967a39-0de6-11d0-a285-00aa003049e2;;%sid:GRP-{number % groups:06}%)"]
    return entry


def _computer(number: int, groups: int) -> dict[str, Any]:
    name = f"POSTE-{number:06}"
    return {
        "dn": f"CN={name},{_unit(number)}",
        "objectClass": "computer",
        "sAMAccountName": f"{name}$",
        "userAccountControl": 4096,
        "dNSHostName": f"{name.lower()}.corp.test",
        "servicePrincipalName": [f"HOST/{name}", f"HOST/{name.lower()}.corp.test"],
        "operatingSystem": "Windows 11 Entreprise",
        "operatingSystemVersion": "10.0 (22631)",
        "groups": [_group_dn(number % groups)],
    }
