"""What the types of objects share: their facts by object, and the fields that all of them have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from adaudit.derive.facts import Facts
from adaudit.graph.bloodhound.aces import Aces
from adaudit.graph.bloodhound.identifiers import Identifiers, Json, Thing
from adaudit.graph.bloodhound.lookup import Absence, Attributes, Grouped, Row, Rows
from adaudit.graph.bloodhound.values import unix, upper

_ATTRIBUTES = (
    *("msPKI-RA-Policies", "pKIOverlapPeriod", "flags", "msPKI-Cert-Template-OID", "pwdProperties"),
    "msDS-ExpirePasswordsOnSmartCardOnlyAccounts",
)


class Collection:
    """``mask``: what hides the passwords that people write in texts. ``unnamed``: references that were left out
    because the identity or object is known by its DN alone, or is of no type that BloodHound knows."""

    def __init__(self, facts: Facts, mask: Callable[[str], str]) -> None:
        self.facts = facts
        self.mask = mask
        self.unnamed = 0
        self.attributes = Attributes(facts, _ATTRIBUTES)
        self.identifiers = Identifiers(facts, self.attributes)
        self.aces = Aces(facts, self.identifiers)
        self.rows = Rows(facts)
        self.absence = Absence(facts)

    def common(self, thing: Thing, row: Row, *, laps: bool = False, readers: int | None = None) -> Json:
        """Fields of every object; ``Properties`` is added by its type. ``readers``: descriptor that says who may read
        the password of a managed service account."""
        contained = self.identifiers.of_object(row["parent_id"])
        return {
            "ObjectIdentifier": thing.identifier,
            **self.aces.of(row["sd_id"], thing.type, row["domain_id"], thing.identifier, laps=laps, readers=readers),
            "IsDeleted": False,
            "ContainedBy": None if contained is None else contained.as_json(),
        }

    def properties(self, thing: Thing, row: Row, name: str, *, laps: bool = False) -> Json:
        """Properties of every object. ``name``: without its domain."""
        domain = row["domain_id"]
        return {
            "name": f"{name.upper()}@{self.identifiers.fqdn(domain)}",
            "domain": self.identifiers.fqdn(domain),
            "domainsid": self.identifiers.domain_sid(domain),
            "distinguishedname": upper(row["dn"]),
            "description": self.text(row["description"]),
            "whencreated": unix(row["created_at"]),
            **self.aces.owner_rights(row["sd_id"], thing.type, laps=laps),
        }

    def text(self, value: str | None) -> str | None:
        return None if value is None else self.mask(value)

    def principals(self, ids: Iterable[int | None], domain_id: int | None) -> list[Json]:
        """Identities in their order, each once."""
        return self._told(self.identifiers.of_principal(id_, domain_id) for id_ in ids)

    def objects(self, ids: Iterable[int | None]) -> list[Json]:
        """Objects in their order, each once."""
        return self._told(self.identifiers.of_object(id_) for id_ in ids)

    def children(self, object_id: int) -> list[Json]:
        """Objects directly in a container that have a type."""
        found = (self.identifiers.of_object(row["object_id"]) for row in self._children.of(object_id))
        return [thing.as_json() for thing in found if thing is not None]

    def links(self, object_id: int) -> list[Json]:
        """Policies linked to a container and enabled, that of the highest precedence first."""
        told = []
        for row in self._links.of(object_id):
            policy = self.identifiers.of_object(row["gpo_id"])
            if policy is None:
                self.unnamed += 1
            elif row["is_enabled"]:
                told.append({"GUID": policy.identifier, "IsEnforced": bool(row["is_enforced"])})
        return told

    def targets(self, object_id: int, attribute: str) -> list[int | None]:
        """Objects that a DN-valued attribute refers to."""
        return [row["target_id"] for row in self._references.of(object_id) if row["attribute"] == attribute]

    def _told(self, things: Iterator[Thing | None]) -> list[Json]:
        told: dict[Thing, None] = {}
        for thing in things:
            if thing is None:
                self.unnamed += 1
            else:
                told[thing] = None
        return [thing.as_json() for thing in told]

    @cached_property
    def _children(self) -> Grouped:
        return Grouped(self.facts.table("objects"), "parent_id", ("object_id",))

    @cached_property
    def _links(self) -> Grouped:
        return Grouped(
            self.facts.table("gpo_links").sort_by("order"), "container_id", ("gpo_id", "is_enabled", "is_enforced")
        )

    @cached_property
    def _references(self) -> Grouped:
        return Grouped(self.facts.table("links"), "object_id", ("attribute", "target_id"))
