"""Names for what the graph holds as numbers: nodes, steps with their proofs, paths, changes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from adaudit.decode.descriptor import Ace as DecodedAce
from adaudit.decode.sddl import ace_to_sddl
from adaudit.derive.facts import Facts, Ids
from adaudit.graph.answers.told import Ace, Change, Evidence, Path, Step, Thing
from adaudit.graph.blocks import CHANGE_KINDS, NONE
from adaudit.graph.graph import Graph
from adaudit.graph.kinds import EDGE_KINDS, Difficulty
from adaudit.graph.nodes import Nodes

_ACE_COLUMNS = (
    *("position", "type", "is_allow", "flags", "mask", "object_type", "inherited_object_type"),
    *("trustee_sid", "has_condition", "is_inherited"),
)


class Naming:
    """Looks names up one at a time: a graph has millions of nodes, a report names some hundreds."""

    def __init__(self, facts: Facts, nodes: Nodes, graph: Graph) -> None:
        self._facts = facts
        self._nodes = nodes
        self._graph = graph
        self._objects = _Rows(facts, "objects", "object_id")
        self._policies = _Rows(facts, "gpos", "object_id")
        self._principals = _Rows(facts, "principals", "principal_id")
        self._owners = _Rows(facts, "security_descriptors", "sd_id")
        self._domains: dict[int | None, str] = {d.domain_id: d.dns_name or "" for d in facts.domains}
        self._heads = {d.object_id: d.dns_name for d in facts.domains if d.object_id is not None}
        self._things: dict[int, Thing] = {}

    def thing(self, node: int) -> Thing:
        """A node by its names; the settings of a container are named as the container."""
        if node not in self._things:
            object_id = int(self._nodes.object_id[node])
            principal_id = int(self._nodes.principal_id[node])
            self._things[node] = self._named(object_id, principal_id)
        return self._things[node]

    def object(self, object_id: int) -> Thing:
        """An object by its names; a thing without any when it is not known."""
        node = self._nodes.of_object(object_id)
        return self._named(NONE, NONE) if node == NONE else self.thing(node)

    def step(self, edge: int) -> Step:
        """An edge, by its row in the graph, with its proof."""
        graph = self._graph
        source, target = self.thing(int(graph.source[edge])), self.thing(int(graph.target[edge]))
        change = int(graph.change[edge])
        return Step(
            source=source.key,
            target=target.key,
            kind=EDGE_KINDS[graph.kind[edge]].name,
            difficulty=Difficulty(graph.difficulty[edge]).name.lower(),
            evidence=self._evidence(edge, change),
            change=None if change == NONE else change,
        )

    def path(self, nodes: Sequence[int], edges: Sequence[int]) -> Path:
        """A path from its nodes and the edges between them."""
        return Path(tuple(self.thing(node) for node in nodes), tuple(self.step(edge) for edge in edges))

    def change(self, number: int) -> Change:
        """A change by its row in the table ``changes``."""
        changes, texts = self._graph.changes, self._graph.texts
        principal = self._nodes.of_principal(int(changes.principal_id[number]))
        attribute, detail = int(changes.attribute[number]), int(changes.detail[number])
        sd_id, position = int(changes.sd_id[number]), int(changes.position[number])
        return Change(
            number=number,
            kind=CHANGE_KINDS[changes.kind[number]],
            object=self.object(int(changes.object_id[number])),
            principal=None if principal == NONE else self.thing(principal),
            attribute="" if attribute == NONE else texts[attribute],
            detail="" if detail == NONE else texts[detail],
            ace=self._ace(sd_id, position, None),
        )

    def _named(self, object_id: int, principal_id: int) -> Thing:
        row = self._objects.row(object_id) if object_id != NONE else {}
        if principal_id == NONE and object_id != NONE:
            principal_id = self._facts.principal_of_object.get(object_id, NONE)
        principal = self._principals.row(principal_id) if principal_id != NONE else {}
        policy = self._policies.row(object_id) if object_id != NONE else {}
        sid, guid, dn = principal.get("sid"), row.get("guid"), row.get("dn") or principal.get("dn")
        domain = self._domains.get(row.get("domain_id") if row else principal.get("domain_id"), "")
        kind = row.get("object_class") or principal.get("type") or "object"
        names = self._heads.get(object_id), policy.get("display_name"), principal.get("name"), row.get("name"), dn, sid
        name = next(filter(None, names), "")
        key = f"guid:{guid}" if guid else f"sid:{sid}" if sid else f"dn:{(dn or '').lower()}"
        return Thing(key, name, kind, domain, dn, sid)

    def _evidence(self, edge: int, change: int) -> Evidence:
        graph = self._graph
        named, detail = int(graph.attribute[edge]), int(graph.detail[edge])
        attribute = "" if named == NONE else graph.texts[named]
        sd_id, position = int(graph.sd_id[edge]), int(graph.position[edge])
        bearer = int(graph.bearer[edge])
        place = int(graph.changes.object_id[change]) if change != NONE else NONE
        return Evidence(
            object=self.object(bearer) if bearer != NONE else self.thing(int(graph.target[edge])),
            attribute=attribute,
            detail="" if detail == NONE else graph.texts[detail],
            ace=self._ace(sd_id, position, None if place in (NONE, bearer) else place),
            owner=self._owners.row(sd_id).get("owner_sid") if attribute == "owner" else None,
        )

    def _ace(self, sd_id: int, position: int, origin: int | None) -> Ace | None:
        """The ACE at a place of a descriptor; None when there is none, or the tables do not hold it."""
        if NONE in (sd_id, position):
            return None
        for row in self._aces_of(sd_id):
            if row["position"] == position:
                decoded = DecodedAce(
                    position=position,
                    type=row["type"] or 0,
                    is_allow=row["is_allow"],
                    flags=row["flags"] or 0,
                    mask=row["mask"] or 0,
                    object_type=row["object_type"],
                    inherited_object_type=row["inherited_object_type"],
                    trustee=row["trustee_sid"] or "",
                    has_condition=bool(row["has_condition"]),
                )
                is_inherited = bool(row["is_inherited"])
                bearer = self.object(origin) if is_inherited and origin is not None else None
                return Ace(position, ace_to_sddl(decoded), is_inherited, bearer)
        return None

    def _aces_of(self, sd_id: int) -> list[dict[str, Any]]:
        order, sds = self._aces
        start, end = np.searchsorted(sds, [sd_id, sd_id + 1])
        rows = self._facts.table("aces").select(list(_ACE_COLUMNS)).take(pa.array(order[start:end]))
        found: list[dict[str, Any]] = rows.to_pylist()
        return found

    @cached_property
    def _aces(self) -> tuple[Ids, Ids]:
        sds = self._facts.ids("aces", "sd_id")
        order = np.argsort(sds, kind="stable")
        return order, sds[order]


class _Rows:
    """Rows of a table by id, each read when asked for."""

    def __init__(self, facts: Facts, table: str, key: str) -> None:
        self._table = facts.table(table)
        ids = facts.ids(table, key)
        self._order = np.argsort(ids, kind="stable")
        self._ids = ids[self._order]

    def row(self, id_: int) -> dict[str, Any]:
        """The row of an id; empty when there is none."""
        place = int(np.searchsorted(self._ids, id_))
        if place == len(self._ids) or self._ids[place] != id_:
            return {}
        found: dict[str, Any] = self._table.slice(int(self._order[place]), 1).to_pylist()[0]
        return found
