"""control_paths: who reaches a privileged object in steps, each of which asks for nothing but itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.adminsdholder import adminsdholders
from adaudit.derive.facts import Facts, build, in_order

DIRECT = 1
"""Level of the rights that a step may use: exploitable without major prerequisite."""

_STEPS_TOLD: Final = 64
"""Longest path told: rights in a hostile chain of a hundred thousand accounts would make as many long paths."""


def control_paths(facts: Facts) -> pa.Table:
    """The shortest way of each identity outside ``privileged_principals`` that has one; see the table's own words.

    Targets: ANSSI's privileged groups, the groups in them and their members, domain controllers, heads of domains and
    AdminSDHolder. The search goes from them to those who may take them, then to those who may take these.
    """
    walk = _Walk(facts)
    walk.start(_targets(facts))
    return build("control_paths", in_order(walk.rows(), 0))


def objects_on_the_way(facts: Facts) -> set[int]:
    """Objects whose control leads to a target, once ``control_paths`` is there: rights over any other do not matter."""
    reached = (facts.principals.get(principal) for (principal,) in facts.rows("control_paths", "principal_id"))
    objects = {principal.object_id for principal in reached if principal and principal.object_id is not None}
    return _Above(facts).closure(objects | _targets(facts))


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
    """Rows of ``objects`` by id."""

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


class _Above:
    """What rules an object without a right over it: the container it inherits from, the GPOs of an account."""

    def __init__(self, facts: Facts) -> None:
        self.objects = _Objects(facts)
        self._protected = frozenset(
            sd
            for sd, is_protected in facts.rows("security_descriptors", "sd_id", "is_dacl_protected")
            if is_protected and sd is not None
        )
        self._accounts = frozenset(facts.accounts())
        self._policies = _policies(facts)

    def of(self, object_id: int) -> list[int]:
        """Its container and GPOs, in the order of ids; none for an object that was not seen."""
        row = self.objects.row(object_id)
        if row is None:
            return []
        container = self.objects.parent(row)
        above = set(self._policies.get(container, ())) if object_id in self._accounts else set()
        if container >= 0 and self.objects.sd(row) not in self._protected:
            above.add(container)
        return sorted(above)

    def closure(self, objects: Iterable[int]) -> set[int]:
        """The objects and all that is above them."""
        found = set(objects)
        waiting = list(found)
        while waiting:
            new = set(self.of(waiting.pop())) - found
            found |= new
            waiting += new
        return found


class _Walk:
    """From level to level: what a right leads to comes after all that needs one right less."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._above = _Above(facts)
        self._accepted = frozenset(p for (p,) in facts.rows("privileged_principals", "principal_id"))
        self._holders = _holders(facts, self._accepted)
        self._seen: set[int] = set()
        self._steps: dict[int, _Step] = {}

    def start(self, targets: Iterable[int]) -> None:
        level = [_Node(t, self._facts.principal_of_object.get(t), 0, t, ()) for t in sorted(targets)]
        while level:
            without_a_right = self._spread(level)
            level = [node for known in without_a_right for node in self._taken(known)]

    def rows(self) -> Iterator[tuple[object, ...]]:
        for principal, step in self._steps.items():
            yield (principal, *step[:-1], list(step.path))

    def _spread(self, level: list[_Node]) -> list[_Node]:
        """The nodes with all that is had along with them: members, containers and GPOs, the nearest first."""
        found = []
        waiting = level
        for node in waiting:
            if node.object_id is None or node.object_id not in self._seen:
                found.append(node)
                waiting += self._members(node)
                if node.object_id is not None:
                    self._seen.add(node.object_id)
                    above = self._above.of(node.object_id)
                    waiting += (node._replace(object_id=each, principal_id=None) for each in above)
        return found

    def _members(self, node: _Node) -> Iterator[_Node]:
        if node.principal_id is not None and node.principal_id in self._facts.memberships.groups:
            members = self._facts.memberships.members_of(node.principal_id)
            yield from self._reach(node, (_Holder(member, "member", None) for member in members), node.depth)

    def _taken(self, node: _Node) -> Iterator[_Node]:
        """Those who hold a right over the node."""
        row = None if node.object_id is None else self._above.objects.row(node.object_id)
        if row is not None:
            place = self._above.objects.sd(row), self._above.objects.name(row, "object_class")
            yield from self._reach(node, self._holders.get(place, ()), node.depth + 1)

    def _reach(self, node: _Node, holders: Iterable[_Holder], depth: int) -> Iterator[_Node]:
        """Nodes of the identities that nothing reached before, each with the first right that it holds."""
        new: dict[int, _Holder] = {}
        for holder in holders:
            if holder.principal_id not in self._steps and holder.principal_id not in self._accepted:
                new.setdefault(holder.principal_id, holder)
        name = self._name(node) if new else ""
        for principal_id, right, target in new.values():
            words = f"{right} {target}" if target else right
            path = (f"{words}: {name}", *node.path[: _STEPS_TOLD - 1])
            self._steps[principal_id] = _Step(depth, right, target, node.object_id, node.goal_id, path)
            principal = self._facts.principals.get(principal_id)
            yield _Node(principal.object_id if principal else None, principal_id, depth, node.goal_id, path)

    def _name(self, node: _Node) -> str:
        row = None if node.object_id is None else self._above.objects.row(node.object_id)
        if row is not None:
            return self._above.objects.name(row, "dn")
        principal = self._facts.principals.get(-1 if node.principal_id is None else node.principal_id)
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
