"""Domains, organizational units, other containers and group policies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adaudit.graph.bloodhound.collection import Collection
from adaudit.graph.bloodhound.identifiers import Json
from adaudit.graph.bloodhound.lookup import Row
from adaudit.graph.bloodhound.policies import PolicyChanges
from adaudit.graph.bloodhound.trusts import trusts_by_domain
from adaudit.graph.bloodhound.values import span

_LEVELS: Final = {
    0: "2000 Mixed/Native",
    1: "2003 Interim",
    2: "2003",
    3: "2008",
    4: "2008 R2",
    5: "2012",
    6: "2012 R2",
    7: "2016",
    10: "2025",
}
"""msDS-Behavior-Version (MS-ADTS 6.1.4.1) by the versions of Windows Server."""


def domains(collection: Collection, changes: PolicyChanges) -> Iterator[Json]:
    """The domains whose partition was read."""
    heuristics = next((text for (text,) in collection.facts.rows("forests", "ds_heuristics")), None)
    trusts = trusts_by_domain(collection)
    columns = ("netbios_name", "functional_level", "machine_account_quota", "is_collected", "dns_name", "sid")
    policies = {
        row["object_id"]: row
        for row in collection.facts.table("password_policies").to_pylist()
        if row["kind"] == "domain"
    }
    for row in collection.rows.of_table("domains", columns):
        thing = collection.identifiers.of_object(row["object_id"])
        if thing is None:
            continue
        level = row["functional_level"]
        yield {
            **collection.common(thing, row),
            "ChildObjects": collection.children(row["object_id"]),
            "Trusts": trusts.get(row["domain_id"], []),
            "Links": collection.links(row["object_id"]),
            "GPOChanges": changes.of(row["object_id"]),
            "InheritanceHashes": [],
            "ForestRootIdentifier": collection.identifiers.domain_sid(collection.identifiers.root),
            "Properties": {
                **collection.properties(thing, row, ""),
                "name": collection.identifiers.fqdn(row["domain_id"]),
                "domainsid": row["sid"],
                "netbios": row["netbios_name"],
                "collected": bool(row["is_collected"]),
                "functionallevel": None if level is None else _LEVELS.get(level, str(level)),
                "machineaccountquota": row["machine_account_quota"],
                "dsheuristics": heuristics,
                **_password_policy(collection, row["object_id"], policies.get(row["object_id"], {})),
            },
        }


def _password_policy(collection: Collection, head: int, policy: Row) -> Json:
    expire = collection.attributes.text(head, "msDS-ExpirePasswordsOnSmartCardOnlyAccounts")
    return {
        "minpwdlength": policy.get("minimum_length"),
        "pwdproperties": collection.attributes.number(head, "pwdProperties"),
        "pwdhistorylength": policy.get("history_length"),
        "lockoutthreshold": policy.get("lockout_threshold"),
        "minpwdage": span(policy.get("minimum_age_raw")),
        "maxpwdage": span(policy.get("maximum_age_raw")),
        "lockoutduration": span(policy.get("lockout_duration_raw")),
        "lockoutobservationwindow": span(policy.get("lockout_window_raw")),
        "expirepasswordsonsmartcardonlyaccounts": None if expire is None else expire == "TRUE",
    }


def organizational_units(collection: Collection, changes: PolicyChanges) -> Iterator[Json]:
    for row in collection.rows.of_table("organizational_units", ("blocks_inheritance",)):
        thing = collection.identifiers.of_object(row["object_id"])
        if thing is None or thing.type != "OU":
            continue
        yield {
            **collection.common(thing, row),
            "ChildObjects": collection.children(row["object_id"]),
            "Links": collection.links(row["object_id"]),
            "GPOChanges": changes.of(row["object_id"]),
            "InheritanceHashes": [],
            "Properties": {
                **collection.properties(thing, row, row["name"] or ""),
                "blocksinheritance": row["blocks_inheritance"],
            },
        }


def containers(collection: Collection) -> Iterator[Json]:
    """Containers by class, and all that lies above another object that BloodHound knows."""
    kinds = ("Container", "Configuration")
    ids = sorted(id_ for kind in kinds for id_ in collection.identifiers.of_type(kind))
    for row in collection.rows.of_objects(ids):
        thing = collection.identifiers.of_object(row["object_id"])
        if thing is not None:
            yield {
                **collection.common(thing, row),
                "ChildObjects": collection.children(row["object_id"]),
                "InheritanceHashes": [],
                "Properties": collection.properties(thing, row, row["name"] or ""),
            }


def policies(collection: Collection) -> Iterator[Json]:
    for row in collection.rows.of_table("gpos", ("file_system_path",)):
        thing = collection.identifiers.of_object(row["object_id"])
        if thing is not None:
            path = row["file_system_path"]
            yield {
                **collection.common(thing, row),
                "Properties": {
                    **collection.properties(thing, row, row["display_name"] or row["name"] or ""),
                    "gpcpath": None if path is None else path.upper(),
                },
            }
