"""Groups, and the well-known identities that other objects refer to."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow.compute as pc

from adaudit.graph.bloodhound.collection import Collection
from adaudit.graph.bloodhound.identifiers import ENTERPRISE_DOMAIN_CONTROLLERS, Json
from adaudit.graph.bloodhound.lookup import Grouped

_COLUMNS = ("principal_id", "sam_account_name", "admin_count", "scope")


def groups(collection: Collection) -> Iterator[Json]:
    """``Members`` are those of the attribute: BloodHound adds primary groups from ``PrimaryGroupSID``.

    Asked for last: the well-known identities are those that the objects before referred to.
    """
    memberships = collection.facts.table("memberships")
    direct = Grouped(
        memberships.filter(pc.not_equal(memberships["origin"], "primary_group")), "group_id", ("member_id",)
    )
    past = Grouped(collection.facts.table("sid_history"), "object_id", ("source_id",))
    for row in collection.rows.of_table("groups", _COLUMNS):
        thing = collection.identifiers.of_object(row["object_id"])
        if thing is None:
            continue
        group, domain = row["principal_id"], row["domain_id"]
        members = [] if group is None else [member["member_id"] for member in direct.of(group)]
        is_known = row["admin_count"] is not None or collection.absence.is_known("groups", "admin_count", row)
        yield {
            **collection.common(thing, row),
            "Members": collection.principals(members, domain),
            "HasSIDHistory": collection.principals([r["source_id"] for r in past.of(row["object_id"])], domain),
            "Properties": {
                **collection.properties(thing, row, row["sam_account_name"] or row["name"] or ""),
                "samaccountname": row["sam_account_name"],
                "admincount": bool(row["admin_count"]) if is_known else None,
                "groupscope": row["scope"],
            },
        }
    yield from _well_known(collection, direct)


def _well_known(collection: Collection, direct: Grouped) -> Iterator[Json]:
    """Identities without object; whoever is always in them, such as Authenticated Users, BloodHound adds itself."""
    controllers = [
        id_
        for id_, is_rodc in collection.facts.rows("domain_controllers", "object_id", "is_rodc")
        if id_ is not None and not is_rodc
    ]
    written: set[str] = set()
    while waiting := sorted(collection.identifiers.referenced.keys() - written):
        for identifier in waiting:
            written.add(identifier)
            principal, domain = collection.identifiers.referenced[identifier]
            members = collection.principals([r["member_id"] for r in direct.of(principal.principal_id)], domain)
            if principal.sid == ENTERPRISE_DOMAIN_CONTROLLERS:
                members = collection.objects(list(controllers))
            fqdn = collection.identifiers.fqdn(domain)
            yield {
                "ObjectIdentifier": identifier,
                "Aces": [],
                "IsACLProtected": False,
                "IsDeleted": False,
                "ContainedBy": None,
                "Members": members,
                "HasSIDHistory": [],
                "Properties": {
                    "name": f"{(principal.name or principal.sid or '').upper()}@{fqdn}",
                    "domain": fqdn,
                    "domainsid": collection.identifiers.domain_sid(domain),
                },
            }
