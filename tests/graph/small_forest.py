"""A directory of a few objects, and the edges that a family tells of it."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import pyarrow as pa

from adaudit.derive import derive
from adaudit.derive.facts import Facts
from adaudit.graph.build import Family
from adaudit.graph.graph import Graph, assemble
from adaudit.graph.nodes import Nodes
from adaudit.schema import TABLES

DOMAIN_SID: Final = "S-1-5-21-1-2-3"
HEAD: Final = "DC=corp,DC=test"

_TABLES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "user": ("users", {"is_enabled": True}),
    "computer": ("computers", {"is_enabled": True}),
    "msDS-GroupManagedServiceAccount": ("managed_service_accounts", {"kind": "gmsa"}),
    "group": ("groups", {}),
    "organizationalUnit": ("organizational_units", {"kind": "ou"}),
    "domainDNS": ("organizational_units", {"kind": "domain"}),
    "site": ("organizational_units", {"kind": "site"}),
    "groupPolicyContainer": ("gpos", {"user_enabled": True, "computer_enabled": True}),
    "server": ("directory_servers", {"settings_class": "nTDSDSA"}),
}
_TYPES: Final = {"user": "user", "computer": "computer", "group": "group"}
_OPEN, _PROTECTED = 0, 1


class Told(NamedTuple):
    """An edge with names: DNs, SIDs of identities without object, ``settings of …``. ``change``: kind of the change,
    then the DN of its object, its principal, attribute and detail."""

    kind: str
    source: str
    target: str
    difficulty: str
    bearer: str | None
    attribute: str | None
    detail: str | None
    change: tuple[str | None, ...] | None


class SmallForest:
    """Rows by table: add what a test speaks of. Descriptor 0 inherits, 1 is protected; both are empty."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {"objects": [], "principals": []}
        self._ids: dict[str, int] = {}
        for is_protected in (False, True):
            self.row("security_descriptors", sd_id=int(is_protected), role="object", domain_id=0, dacl_state="present")
            self.rows["security_descriptors"][-1]["is_dacl_protected"] = is_protected
        self.row("domains", domain_id=0, dn=HEAD, dns_name="corp.test", netbios_name="CORP", sid=DOMAIN_SID)
        self.rows["domains"][0] |= {"is_root": True, "is_collected": True, "object_id": 0}
        self.add(HEAD, "domainDNS", sid=DOMAIN_SID)

    def row(self, table: str, **columns: Any) -> None:
        self.rows.setdefault(table, []).append(columns)

    def add(
        self,
        dn: str,
        object_class: str = "container",
        *,
        sid: str | None = None,
        rid: int | None = None,
        sd: int | None = _OPEN,
        partition: int = 0,
        is_deleted: bool = False,
        **columns: Any,
    ) -> int:
        """An object below the one that its DN says, with its row in the table of its class; returns its id.

        ``rid`` gives it a SID of the domain; ``partition``: naming context.
        """
        object_id = len(self._ids)
        self._ids[dn] = object_id
        name, _, above = dn.partition(",")
        place = {"parent_id": self._ids.get(above), "partition_id": partition, "domain_id": 0, "dn": dn}
        self.row("objects", object_id=object_id, object_class=object_class, sd_id=sd, is_deleted=is_deleted, **place)
        sid = sid if rid is None else f"{DOMAIN_SID}-{rid}"
        principal = None if sid is None else self.identity(sid, object_class, object_id, dn, name.partition("=")[2])
        if object_class in _TABLES:
            table, always = _TABLES[object_class]
            known = {"principal_id": principal, "domain_id": 0, "sid": sid, "rid": rid, "dn": dn}
            declared = {column.name for column in TABLES[table].columns}
            kept = {column: value for column, value in known.items() if column in declared}
            self.row(table, **{"object_id": object_id, **always, **kept, **columns})
        return object_id

    def identity(
        self,
        sid: str,
        object_class: str = "",
        object_id: int | None = None,
        dn: str | None = None,
        name: str | None = None,
    ) -> int:
        """An identity, by default one without object; returns its id."""
        principal_id = len(self.rows["principals"])
        rid = sid.rpartition("-")[2]
        type_ = _TYPES.get(object_class, "well_known" if object_id is None else "")
        domain = 0 if object_id is not None else None
        known = {"sid": sid, "rid": int(rid), "type": type_, "name": name, "dn": dn, "domain_id": domain}
        self.row("principals", principal_id=principal_id, object_id=object_id, **known)
        return principal_id

    def foreign(self, sid: str) -> int:
        """An identity of a domain that was not read; returns its id."""
        principal_id = self.identity(sid)
        self.rows["principals"][principal_id]["type"] = "foreign"
        return principal_id

    def principal(self, name: str) -> int:
        """The identity of that DN or SID."""
        found: int = next(p["principal_id"] for p in self.rows["principals"] if name in (p["dn"], p["sid"]))
        return found

    def join(self, member: str, group: str, origin: str = "member") -> None:
        """A membership; both are told by DN or SID."""
        self.row("memberships", member_id=self.principal(member), group_id=self.principal(group), origin=origin)

    def link(self, container: int, gpo: int | None, *, is_enabled: bool = True, is_enforced: bool = False) -> None:
        """A link of a group policy."""
        options = {"is_enabled": is_enabled, "is_enforced": is_enforced}
        self.row("gpo_links", container_id=container, gpo_id=gpo, order=1, **options)

    def facts(self, **computed: list[dict[str, Any]]) -> Facts:
        """The tables, with the computed ones; ``computed``: those that take their place."""
        given = {name: pa.Table.from_pylist(rows, TABLES[name].arrow_schema) for name, rows in self.rows.items()}
        chosen = {name: pa.Table.from_pylist(rows, TABLES[name].arrow_schema) for name, rows in computed.items()}
        return Facts({**given, **derive(given), **chosen})

    def edges(self, family: Family, **computed: list[dict[str, Any]]) -> list[Told]:
        """What a family tells, in its order."""
        facts = self.facts(**computed)
        nodes = Nodes(facts)
        return _told(facts, nodes, assemble(nodes.count, family(facts, nodes)))


def pairs(edges: list[Told], kind: str) -> set[tuple[str, str]]:
    """Source and target of the edges of a kind."""
    return {(edge.source, edge.target) for edge in edges if edge.kind == kind}


def _told(facts: Facts, nodes: Nodes, graph: Graph) -> list[Told]:
    dns: dict[int | None, str] = dict(facts.rows("objects", "object_id", "dn"))
    sids = {principal.principal_id: principal.sid for principal in facts.principals.values()}

    def name(node: dict[str, Any]) -> str:
        if node["object_id"] is None:
            return sids[node["principal_id"]] or ""
        return f"settings of {dns[node['object_id']]}" if node["aspect"] else dns[node["object_id"]]

    names = [name(node) for node in nodes.table(facts).to_pylist()]
    changes = [
        (
            change["kind"],
            dns.get(change["object_id"]),
            sids.get(change["principal_id"]),
            change["attribute"],
            change["detail"],
        )
        for change in graph.changes_table().to_pylist()
    ]
    return [
        Told(
            edge["kind"],
            names[edge["source_id"]],
            names[edge["target_id"]],
            edge["difficulty"],
            dns.get(edge["object_id"]),
            edge["attribute"],
            edge["detail"],
            None if edge["change_id"] is None else changes[edge["change_id"]],
        )
        for edge in graph.edges_table().to_pylist()
    ]
