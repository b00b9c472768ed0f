"""control_paths: who reaches a privileged object in steps, each of which asks for nothing but itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.adminsdholder import adminsdholders
from adaudit.derive.facts import Facts, build, in_order

DIRECT = 1
"""Level of the rights that a step may use: exploitable without major prerequisite."""

ACCOUNT_TABLES = ("users", "computers", "managed_service_accounts")


def control_paths(facts: Facts) -> pa.Table:
    """The shortest way of each identity outside ``privileged_principals`` that has one; see the table's own words.

    Targets: ANSSI's privileged groups, the groups in them and their members, domain controllers, heads of domains and
    AdminSDHolder. The search goes from them to those who may take them, then to those who may take these.
    """
    return build("control_paths", in_order(_walked(facts).rows(), 0))


def objects_on_the_way(facts: Facts) -> set[int]:
    """Objects whose control leads to a target: who holds rights over any other does not matter."""
    return _walked(facts).seen


def _walked(facts: Facts) -> _Walk:
    walk = _Walk(facts)
    walk.start(_targets(facts))
    return walk


def _targets(facts: Facts) -> set[int]:
    privileged = {group for (group,) in facts.rows("privileged_groups", "principal_id")}
    privileged |= facts.memberships.closure(privileged) & facts.memberships.groups
    groups = {facts.principals[p].object_id for p in privileged if p in facts.principals}
    found = {object_id for (object_id,) in facts.rows("privileged_accounts", "object_id")} | groups
    found |= {object_id for (object_id,) in facts.rows("domain_controllers", "object_id")}
    found |= {domain.object_id for domain in facts.domains}
    found |= {holder.object_id for holder in adminsdholders(facts)}
    return {object_id for object_id in found if object_id is not None}


class _Holder(NamedTuple):
    principal_id: int
    right: str
    target: str | None


class _Step(NamedTuple):
    """How an identity gets at a target: ``depth`` counts the rights used, not the memberships."""

    depth: int
    right: str
    target: str | None
    object_id: int | None
    goal_id: int
    path: tuple[str, ...]


class _Node(NamedTuple):
    """What leads to a target once it is controlled, object or identity without one, and the steps that follow."""

    object_id: int | None
    principal_id: int | None
    depth: int
    goal_id: int
    path: tuple[str, ...]


class _Objects:
    """Descriptor, class, container and DN of objects, by id."""

    def __init__(self, facts: Facts) -> None:
        self._table = facts.table("objects")
        ids = facts.ids("objects", "object_id")
        self._order = np.argsort(ids, kind="stable")
        self._ids = ids[self._order]
        self._sd = facts.ids("objects", "sd_id")
        self._parent = facts.ids("objects", "parent_id")

    def row(self, object_id: int) -> int | None:
        place = int(np.searchsorted(self._ids, object_id))
        is_there = place < len(self._ids) and self._ids[place] == object_id
        return int(self._order[place]) if is_there else None

    def sd(self, row: int) -> int:
        return int(self._sd[row])

    def parent(self, row: int) -> int:
        return int(self._parent[row])

    def name(self, row: int, column: str) -> str:
        return self._table[column][row].as_py() or ""


class _Walk:
    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._objects = _Objects(facts)
        self._accepted = frozenset(p for (p,) in facts.rows("privileged_principals", "principal_id"))
        self._holders = _holders(facts, self._accepted)
        self._protected = frozenset(
            sd
            for sd, is_protected in facts.rows("security_descriptors", "sd_id", "is_dacl_protected")
            if is_protected and sd is not None
        )
        self._accounts = frozenset(
            object_id for table in ACCOUNT_TABLES for (object_id,) in facts.rows(table, "object_id")
        )
        self._policies = _policies(facts)
        self.seen: set[int] = set()
        self._steps: dict[int, _Step] = {}
        self._waiting: deque[_Node] = deque()

    def start(self, targets: Iterable[int]) -> None:
        for target in sorted(targets):
            self._waiting.append(_Node(target, self._facts.principal_of_object.get(target), 0, target, ()))
        while self._waiting:
            node = self._waiting.popleft()
            if node.object_id is None:
                self._reach_members(node, self._name(node.principal_id))
            elif node.object_id not in self.seen:
                self.seen.add(node.object_id)
                self._follow(node, node.object_id)

    def rows(self) -> Iterator[tuple[object, ...]]:
        for principal, step in self._steps.items():
            yield (principal, *step[:-1], list(step.path))

    def _follow(self, node: _Node, object_id: int) -> None:
        row = self._objects.row(object_id)
        if row is None:
            return
        dn, sd = self._objects.name(row, "dn"), self._objects.sd(row)
        for holder in self._holders.get((sd, self._objects.name(row, "object_class")), ()):
            words = " ".join(filter(None, (holder.right, holder.target)))
            path = (f"{words}: {dn}", *node.path)
            self._reach(
                holder.principal_id,
                _Step(node.depth + 1, holder.right, holder.target, object_id, node.goal_id, path),
            )
        self._reach_members(node, dn)
        container = self._objects.parent(row)
        above = set(self._policies.get(container, ())) if object_id in self._accounts else set()
        if container >= 0 and sd not in self._protected:
            above.add(container)
        self._waiting.extendleft(node._replace(object_id=each, principal_id=None) for each in sorted(above))

    def _reach(self, principal_id: int, step: _Step) -> None:
        """A step without a right comes before those that cost one more."""
        if principal_id in self._accepted or principal_id in self._steps:
            return
        self._steps[principal_id] = step
        principal = self._facts.principals.get(principal_id)
        object_id = principal.object_id if principal else None
        node = _Node(object_id, principal_id, step.depth, step.goal_id, step.path)
        if step.right == "member":
            self._waiting.appendleft(node)
        else:
            self._waiting.append(node)

    def _reach_members(self, node: _Node, name: str) -> None:
        if node.principal_id is None or node.principal_id not in self._facts.memberships.groups:
            return
        path = (f"member: {name}", *node.path)
        for member in self._facts.memberships.members_of(node.principal_id):
            self._reach(member, _Step(node.depth, "member", None, node.object_id, node.goal_id, path))

    def _name(self, principal_id: int | None) -> str:
        principal = self._facts.principals.get(-1 if principal_id is None else principal_id)
        return (principal.name or principal.sid or "") if principal else ""


def _holders(facts: Facts, accepted: frozenset[int]) -> dict[tuple[int, str], list[_Holder]]:
    """Who holds a direct right, by descriptor and class."""
    rights = facts.table("control_rights")
    trusted = pc.is_in(rights["principal_id"], pa.array(sorted(accepted), pa.int32()))
    direct = Facts({"control_rights": rights.filter(pc.and_(pc.equal(rights["level"], DIRECT), pc.invert(trusted)))})
    found: dict[tuple[int, str], list[_Holder]] = {}
    columns = ("sd_id", "object_class", "principal_id", "right", "target")
    for sd, object_class, principal, right, target in direct.rows("control_rights", *columns):
        if principal is not None:
            found.setdefault((sd, object_class), []).append(_Holder(principal, right, target))
    return found


def _policies(facts: Facts) -> dict[int, set[int]]:
    """GPOs that apply below a container."""
    found: dict[int, set[int]] = {}
    for container, gpo in facts.rows("applied_gpos", "container_id", "gpo_id"):
        if container is not None and gpo is not None:
            found.setdefault(container, set()).add(gpo)
    return found
