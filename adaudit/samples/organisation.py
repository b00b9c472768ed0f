"""How a hospital arranges its directory: departments, units of work, organizational units, delegated support."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

DEPARTMENTS = ("Soins", "Imagerie", "Laboratoire", "Pharmacie", "Administration", "DSI", "Biomédical")
_UNITS = (
    "Soins",
    "Administration",
    "Soins",
    "Imagerie",
    "Soins",
    "Laboratoire",
    "Soins",
    "Pharmacie",
    "Administration",
)
_RARE_UNITS = ("DSI", "Biomédical")

STAFF_OU, LEAVERS_OU, COMPUTERS_OU = "OU=Utilisateurs", "OU=Départs", "OU=Postes"
SERVERS_OU, DEVICES_OU, GROUPS_OU = "OU=Serveurs", "OU=Équipements biomédicaux", "OU=Groupes"
SERVICES_OU, GENERIC_OU, ADMINISTRATORS_OU = "OU=Comptes de service", "OU=Comptes génériques", "OU=Administration SI"
_TOP = (
    STAFF_OU,
    LEAVERS_OU,
    COMPUTERS_OU,
    SERVERS_OU,
    DEVICES_OU,
    GROUPS_OU,
    SERVICES_OU,
    GENERIC_OU,
    ADMINISTRATORS_OU,
)

SUPPORT = "GG-Support-Proximite"
_USER, _COMPUTER = "bf967aba-0de6-11d0-a285-00aa003049e2", "bf967a86-0de6-11d0-a285-00aa003049e2"
_FORCE_CHANGE = "00299570-246d-11d0-a768-00aa006e0529"


def department_of(unit: int) -> str:
    """The department of unit of work number ``unit``."""
    lap, place = divmod(unit, len(_UNITS) + 1)
    return _UNITS[place] if place < len(_UNITS) else _RARE_UNITS[lap % len(_RARE_UNITS)]


def organisation_objects() -> Iterator[dict[str, Any]]:
    """The organizational units, and the support group that resets passwords and adds workstations in two of them."""
    for ou in _TOP:
        yield {"dn": f"{ou},%base%", "class": "organizationalUnit"}
    yield {
        "dn": f"CN={SUPPORT},{GROUPS_OU},%base%",
        "class": "group",
        "sAMAccountName": SUPPORT,
        "groupType": -2147483646,
    }
    reset = f"(OA;CIIO;CR;{_FORCE_CHANGE};{_USER};%sid:{SUPPORT}%)"
    yield {"dn": f"{STAFF_OU},%base%", "existing": True, "aces": [reset]}
    add = f"(OA;CI;CCDC;{_COMPUTER};;%sid:{SUPPORT}%)"
    yield {"dn": f"{COMPUTERS_OU},%base%", "existing": True, "aces": [add]}
    for department in DEPARTMENTS:
        yield {"dn": f"OU={department},{STAFF_OU},%base%", "class": "organizationalUnit"}
        yield {"dn": f"OU={department},{COMPUTERS_OU},%base%", "class": "organizationalUnit"}
