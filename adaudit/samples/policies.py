"""Group policy objects and where they are linked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from adaudit.samples.draw import guid_bytes
from adaudit.samples.profile import Forest

_ENFORCED = 2
_SECURITY_SETTINGS = "[{827D319E-6EAC-11D2-A4EA-00C04F79F83A}{803E14A0-B4FB-11D0-A0D0-00A0C90F574B}]"


def policy_objects(forest: Forest, policies: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The object of each ``[[gpo]]`` (``name``, ``links``: dn of containers, ``enforced``) and its links; ``aces``,
    ``owner`` and ``expected`` as for objects."""
    for each in policies:
        name = policy_name(forest, each["name"])
        dn = f"CN={name},CN=Policies,CN=System,%base%"
        yield {
            "dn": dn,
            "class": "groupPolicyContainer",
            "displayName": each["name"],
            "flags": 0,
            "versionNumber": 3,
            "gPCFunctionalityVersion": 2,
            "gPCFileSysPath": rf"\\%dns%\sysvol\%dns%\Policies\{name}",
            "gPCMachineExtensionNames": _SECURITY_SETTINGS,
            **{key: each[key] for key in ("aces", "owner", "expected") if key in each},
        }
        link = f"[LDAP://{dn};{_ENFORCED if each.get('enforced') else 0}]"
        for container in each.get("links", ()):
            yield {"dn": container, "existing": True, "gPLink": link}


def policy_name(forest: Forest, display_name: str) -> str:
    """The GUID in braces that names a policy and its folder."""
    return "{" + str(UUID(bytes_le=guid_bytes(forest.profile.name, "gpo", display_name))).upper() + "}"
