"""What BloodHound calls each object and identity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

from adaudit.derive.facts import Facts, Principal
from adaudit.graph.bloodhound.lookup import Attributes

Json: TypeAlias = dict[str, object]

ENTERPRISE_DOMAIN_CONTROLLERS: Final = "S-1-5-9"
_WITH_SID: Final = frozenset(("User", "Computer", "Group", "Domain"))
_TYPES: Final = {"user": "User", "managed_service_account": "User", "computer": "Computer", "group": "Group"}
_STORES: Final = {
    "certification authorities": "RootCA",
    "aia": "AIACA",
    "public key services": "NTAuthStore",
}
"""What a certificationAuthority is, by the name of the container above it."""

_OTHER_OIDS: Final = frozenset(("1", "3"))
"""``flags`` of an msPKI-Enterprise-Oid object that stands for a template or an application policy; 2, or a value that
was not read, is for an issuance policy."""


class Thing(NamedTuple):
    """An object or identity as other objects refer to it."""

    identifier: str
    type: str

    def as_json(self) -> Json:
        return {"ObjectIdentifier": self.identifier, "ObjectType": self.type}


class Identifiers:
    """Identifiers and types. Objects of no type that BloodHound knows have none, nor do deleted ones.

    ``referenced``: well-known identities that were asked for, by identifier, each with its domain. ``nameless``:
    objects left out because the SID or GUID that identifies them was not read.
    """

    def __init__(self, facts: Facts, attributes: Attributes) -> None:
        self.referenced: dict[str, tuple[Principal, int]] = {}
        self.domains = {domain.domain_id: domain for domain in facts.domains}
        self.root = next((domain.domain_id for domain in facts.domains if domain.is_root), 0)
        self.nameless = 0
        self._principals = facts.principals
        self._types = dict(_types(facts, attributes))
        self._things = dict(self._named(facts))

    def of_type(self, type_: str) -> list[int]:
        """Objects of a type that have an identifier, in the order of their ids."""
        return sorted(id_ for id_, thing in self._things.items() if thing.type == type_)

    def of_object(self, object_id: int | None) -> Thing | None:
        return self._things.get(-1 if object_id is None else object_id)

    def of_principal(self, principal_id: int | None, domain_id: int | None) -> Thing | None:
        """``domain_id``: domain of the object that refers to it, in which a well-known SID is understood.

        None for an identity known by its DN alone. A well-known identity counts as a group, as in other collectors.
        """
        principal = self._principals.get(-1 if principal_id is None else principal_id)
        if principal is None or principal.sid is None:
            return None
        found = self.of_object(principal.object_id)
        if found is not None:
            return found
        if principal.sid.startswith("S-1-5-21-"):
            return Thing(principal.sid, _TYPES.get(principal.type or "", "Base"))
        home = self.root if principal.sid == ENTERPRISE_DOMAIN_CONTROLLERS else principal.domain_id
        home = domain_id if home is None else home
        identifier = f"{self.fqdn(home)}-{principal.sid}"
        self.referenced.setdefault(identifier, (principal, self.root if home is None else home))
        return Thing(identifier, "Group")

    def fqdn(self, domain_id: int | None) -> str:
        """DNS name of a domain in upper case, that of the forest root when none is told."""
        domain = self.domains.get(self.root if domain_id is None else domain_id)
        return ((domain.dns_name if domain else None) or "").upper()

    def domain_sid(self, domain_id: int | None) -> str | None:
        domain = self.domains.get(-1 if domain_id is None else domain_id)
        return domain.sid if domain else None

    def _named(self, facts: Facts) -> Iterator[tuple[int, Thing]]:
        sids = _sids(facts)
        for object_id, guid, domain_id in facts.rows("objects", "object_id", "guid", "domain_id"):
            type_ = self._types.get(object_id)
            if type_ is None:
                continue
            identifier = sids.get(object_id) if type_ in _WITH_SID else guid
            if identifier is None:
                self.nameless += 1
            elif type_ not in _WITH_SID or identifier.startswith("S-1-5-21-"):
                yield object_id, Thing(identifier.upper(), type_)
            else:
                yield object_id, Thing(f"{self.fqdn(domain_id)}-{identifier}", type_)


def _sids(facts: Facts) -> dict[int, str | None]:
    tables = ("users", "computers", "managed_service_accounts", "groups", "domains")
    return {id_: sid for table in tables for id_, sid in facts.rows(table, "object_id", "sid") if id_ is not None}


def _types(facts: Facts, attributes: Attributes) -> Iterator[tuple[int, str]]:
    """Type by object, containers included: those of that class and whatever else lies above an object that has one."""
    deleted = {id_ for id_, is_deleted in facts.rows("objects", "object_id", "is_deleted") if is_deleted}
    typed = {id_: type_ for id_, type_ in _by_table(facts) if id_ is not None and id_ not in deleted}
    classes = dict(facts.rows("objects", "object_id", "object_class"))
    parents = dict(facts.rows("objects", "object_id", "parent_id"))
    names = {id_: (name or "").lower() for id_, name in facts.rows("objects", "object_id", "name")}
    for id_, object_class in classes.items():
        if id_ in deleted:
            continue
        if object_class == "certificationAuthority" and names.get(parents[id_]) in _STORES:
            typed[id_] = _STORES[names[parents[id_]]]
        elif object_class == "msPKI-Enterprise-Oid" and _is_issuance_policy(attributes, id_):
            typed[id_] = "IssuancePolicy"
    kinds = dict(facts.rows("partitions", "partition_id", "kind"))
    partitions = dict(facts.rows("objects", "object_id", "partition_id"))
    plain = {
        id_
        for id_, object_class in classes.items()
        if object_class == "container"
        and id_ not in deleted
        and kinds.get(partitions[id_]) in ("domain", "configuration")
    }
    waiting = [parents[id_] for id_ in (*typed, *plain)]
    while waiting:
        above = waiting.pop()
        if above in classes and above not in typed and above not in plain and above not in deleted:
            plain.add(above)
            waiting.append(parents[above])
    yield from typed.items()
    for id_ in plain - typed.keys():
        yield id_, "Configuration" if classes[id_] == "configuration" else "Container"


def _is_issuance_policy(attributes: Attributes, object_id: int) -> bool:
    """The container of these objects is of their class, and has no OID."""
    has_oid = attributes.text(object_id, "msPKI-Cert-Template-OID") is not None
    return has_oid and attributes.text(object_id, "flags") not in _OTHER_OIDS


def _by_table(facts: Facts) -> Iterator[tuple[int | None, str]]:
    for table, type_ in (
        ("users", "User"),
        ("managed_service_accounts", "User"),
        ("computers", "Computer"),
        ("groups", "Group"),
        ("gpos", "GPO"),
        ("certificate_templates", "CertTemplate"),
        ("certificate_authorities", "EnterpriseCA"),
    ):
        yield from ((id_, type_) for (id_,) in facts.rows(table, "object_id"))
    for id_, kind in facts.rows("organizational_units", "object_id", "kind"):
        if kind == "ou":
            yield id_, "OU"
    for domain in facts.domains:
        yield domain.object_id, "Domain"
