"""The declared part of a forest: what a first installation makes, and what a hospital added to it or did to it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib.resources import files
from itertools import chain
from typing import Any

from adaudit.samples.declared import GLOBAL_GROUP, Declared
from adaudit.samples.organisation import organisation_objects
from adaudit.samples.policies import policy_objects
from adaudit.samples.profile import Forest
from adaudit.samples.sites import controller_objects, site_objects
from adaudit.samples.trusts import trust_objects
from adaudit.samples.zones import zone_objects

_HEADS = ("domainDNS", "configuration", "dMD")
_SCOPES = {"builtin": -2147483643, "global": GLOBAL_GROUP, "local": -2147483644, "universal": -2147483640}
_PROTECTED_RIDS = frozenset((512, 516, 518, 519, 521, 526, 527, 544, 548, 549, 550, 551, 552))
"""Groups that SDProp protects (MS-ADTS 3.1.1.6.1)."""


def declare(forest: Forest) -> Declared:
    """Every object but those of the schema and of the population, with the findings they deserve."""
    document = tomllib.loads((files("adaudit.samples") / "data" / "directory.toml").read_text(encoding="utf-8"))
    own = forest.declarations
    controllers = own["controller"]
    declared = Declared(forest)
    declared.declare(
        chain(
            (each for each in document["object"] if each.get("class") in _HEADS),
            ({"dn": dn, "class": "container"} for dn in document["containers"]),
            (each for each in document["object"] if each.get("class") not in _HEADS),
            _groups(document["groups"], document["members"]),
            organisation_objects(),
            site_objects(own["site"]),
            controller_objects(controllers),
            zone_objects(controllers, own.get("zone", []), forest.profile.dns),
            trust_objects(own.get("trust", []), forest.seed),
            own.get("object", []),
            policy_objects(forest, own.get("gpo", [])),
        )
    )
    declared.expect(own.get("expected", []))
    declared.not_assessed = sorted({*document["not_assessed"], *own.get("not_assessed", [])})
    declared.default_policies = document["default_policy"]
    return declared


def _groups(rows: Iterable[list[Any]], members: dict[str, list[str]]) -> Iterable[dict[str, Any]]:
    for name, number, scope in rows:
        is_builtin = scope == "builtin"
        yield {
            "dn": f"CN={name},CN={'Builtin' if is_builtin else 'Users'},%base%",
            "class": "group",
            "sAMAccountName": name,
            "groupType": _SCOPES[scope],
            "protected": int(str(number).rpartition("-")[2]) in _PROTECTED_RIDS,
            "member": members.get(name, []),
            **({"objectSid": {"sid": number}} if is_builtin else {"rid": number}),
        }
