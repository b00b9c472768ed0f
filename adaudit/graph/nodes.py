"""Nodes of the attack graph: which row of ``nodes`` stands for an object, an identity or a container's settings."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adaudit.derive.facts import Facts
from adaudit.graph.blocks import NONE, Ids
from adaudit.schema import TABLES

SETTINGS: Final = "settings"
"""Aspect of a container: the group policy settings that the accounts directly in it get."""


class Nodes:
    """First the objects, in the order of their ids; then identities without object; then settings of containers.

    The settings of a container are a node of their own because a right to link policies there gives what is in it
    without giving the container; a container has one when a user or computer lies directly in it, or a GPO
    applies to it; so has a site with servers.
    """

    def __init__(self, facts: Facts) -> None:
        objects = facts.ids("objects", "object_id")
        self.of_object_id: Ids = _places(objects)
        principals = facts.ids("principals", "principal_id")
        bearers = facts.ids("principals", "object_id")
        alone = _lookup(self.of_object_id, bearers) == NONE
        self.of_principal_id: Ids = np.full(int(principals.max(initial=NONE)) + 1, NONE, np.int64)
        self.of_principal_id[principals] = np.where(
            alone, len(objects) + np.cumsum(alone) - 1, _lookup(self.of_object_id, bearers)
        )
        first = len(objects) + int(alone.sum())
        containers = _containers_of_accounts(facts)
        containers = containers[_lookup(self.of_object_id, containers) != NONE]
        self.settings_of_object_id: Ids = np.full(len(self.of_object_id), NONE, np.int64)
        self.settings_of_object_id[containers] = first + np.arange(len(containers))
        self.count = first + len(containers)
        self.object_id: Ids = np.concatenate((objects, np.full(int(alone.sum()), NONE), containers))
        self.principal_id: Ids = np.full(self.count, NONE, np.int64)
        self.principal_id[self.of_principal_id[principals]] = principals
        self.is_settings: npt.NDArray[np.bool_] = np.arange(self.count) >= first

    def of_object(self, object_id: int | None) -> int:
        """The node of an object; ``NONE`` for none."""
        return _one(self.of_object_id, object_id)

    def of_principal(self, principal_id: int | None) -> int:
        """The node of an identity: that of its object where it has one."""
        return _one(self.of_principal_id, principal_id)

    def settings_of(self, object_id: int | None) -> int:
        """The node of the settings that accounts directly in a container get; ``NONE`` for any other object."""
        return _one(self.settings_of_object_id, object_id)

    def of_objects(self, object_ids: Ids) -> Ids:
        return _lookup(self.of_object_id, object_ids)

    def of_principals(self, principal_ids: Ids) -> Ids:
        return _lookup(self.of_principal_id, principal_ids)

    def settings_of_objects(self, object_ids: Ids) -> Ids:
        return _lookup(self.settings_of_object_id, object_ids)

    def table(self, facts: Facts) -> pa.Table:
        """The table ``nodes``."""
        of_object = _column(facts, "objects", "object_id", "domain_id")
        of_principal = _column(facts, "principals", "principal_id", "domain_id")
        domain = _lookup(of_object, self.object_id)
        domain = np.where(domain == NONE, _lookup(of_principal, self.principal_id), domain)
        columns = (np.arange(self.count), self.object_id, self.principal_id, domain)
        ids = [pa.array(values, pa.int32(), mask=values == NONE) for values in columns]
        aspect = pa.array(np.full(self.count, SETTINGS, object), pa.string(), mask=~self.is_settings)
        return pa.table([*ids, aspect], schema=TABLES["nodes"].arrow_schema)


def _containers_of_accounts(facts: Facts) -> Ids:
    """Objects directly in which an account lies, those to which a GPO applies, and sites with servers, in order."""
    parent = _column(facts, "objects", "object_id", "parent_id")
    accounts = np.concatenate([facts.ids(table, "object_id") for table in ("users", "computers")])
    containers = (_lookup(parent, accounts), facts.ids("applied_gpos", "container_id"))
    found: Ids = np.unique(np.concatenate((*containers, facts.ids("directory_servers", "site_id"))))
    return found[found >= 0]


def _places(ids: Ids) -> Ids:
    """The place of each id, by id."""
    places: Ids = np.full(int(ids.max(initial=NONE)) + 1, NONE, np.int64)
    places[ids] = np.arange(len(ids))
    return places


def _column(facts: Facts, table: str, key: str, column: str) -> Ids:
    """A column of ids, by the key of its rows."""
    keys = facts.ids(table, key)
    values: Ids = np.full(int(keys.max(initial=NONE)) + 1, NONE, np.int64)
    values[keys] = facts.ids(table, column)
    return values


def _lookup(values: Ids, ids: Ids) -> Ids:
    known = (ids >= 0) & (ids < len(values))
    found: Ids = np.full(len(ids), NONE, np.int64)
    found[known] = values[ids[known]]
    return found


def _one(values: Ids, id_: int | None) -> int:
    return int(values[id_]) if id_ is not None and 0 <= id_ < len(values) else NONE
