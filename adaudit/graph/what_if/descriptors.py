"""Descriptors as they are once ACEs or owners are changed: an object that shared one gets one of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Final

import numpy as np
import pyarrow as pa

from adaudit.decode.flags import AceFlags, expand_generic
from adaudit.derive.adminsdholder import adminsdholders
from adaudit.derive.facts import Facts
from adaudit.graph.rights.protection import protected_objects
from adaudit.graph.tree import containers
from adaudit.schema import TABLES

Ace = dict[str, Any]
Alter = Callable[[dict[str, Any], list[Ace]], None]
"""What changes a descriptor: its row, and its ACEs in the order of the DACL."""

_NULL: Final = "null"


class Descriptors:
    """The descriptors of some facts, to be altered one bearer at a time; ``put_into`` then tells what became of them.

    ``bearers``: tables and columns that refer to a descriptor, each with the column that names the bearer.
    """

    bearers: Final = (
        ("objects", "object_id", "sd_id"),
        ("users", "object_id", "rbcd_sd_id"),
        ("computers", "object_id", "rbcd_sd_id"),
        ("managed_service_accounts", "object_id", "rbcd_sd_id"),
        ("managed_service_accounts", "object_id", "reader_sd_id"),
        ("sysvol_files", "path", "sd_id"),
    )

    def __init__(self, facts: Facts) -> None:
        self._next = int(facts.ids("security_descriptors", "sd_id").max(initial=-1)) + 1
        self._own: dict[tuple[str, str], dict[Any, int]] = defaultdict(dict)
        self._rows: dict[int, dict[str, Any]] = {}
        self._aces: dict[int, list[Ace]] = {}
        self._made: dict[tuple[int, Hashable], int] = {}
        self._of_sd = {name: _Rows(facts.table(name)) for name in ("security_descriptors", "aces")}

    def of(self, table: str, column: str, bearer: Any, sd: int) -> int:
        """The descriptor that a bearer of ``sd`` has by now."""
        return self._own[table, column].get(bearer, sd)

    def aces(self, sd: int) -> list[Ace]:
        """The ACEs of a descriptor, in the order of the DACL."""
        if sd not in self._aces:
            self._aces[sd] = sorted(self._of_sd["aces"].of(sd), key=lambda ace: ace["position"])
        return self._aces[sd]

    def is_protected(self, sd: int) -> bool:
        row = self._row(sd)
        return row is not None and bool(row["is_dacl_protected"])

    def alter(self, table: str, column: str, bearer: Any, sd: int, alter: Alter, alike: Hashable) -> None:
        """Give the bearer an altered descriptor, which it shares with those alike that had the same one."""
        before = self.of(table, column, bearer, sd)
        row = self._row(before)
        if row is None:
            return
        own = self._made.setdefault((before, alike), self._next)
        if own == self._next:
            self._next += 1
            self._rows[own] = row | {"sd_id": own, "raw": None}
            self._aces[own] = [ace | {"sd_id": own} for ace in self.aces(before)]
            alter(self._rows[own], self._aces[own])
        self._own[table, column][bearer] = own

    def put_into(self, tables: dict[str, pa.Table]) -> None:
        """Put the altered descriptors, and who bears them, into the tables."""
        made = sorted({sd for own in self._own.values() for sd in own.values()})
        for name, rows in (
            ("security_descriptors", [self._rows[sd] for sd in made]),
            ("aces", [ace for sd in made for ace in self._aces[sd]]),
        ):
            if rows:
                added = pa.Table.from_pylist(rows, TABLES[name].arrow_schema)
                tables[name] = pa.concat_tables([tables[name], added])
        for table, key, column in self.bearers:
            if own := self._own.get((table, column)):
                tables[table] = _with_own(tables[table], key, column, own)

    def _row(self, sd: int) -> dict[str, Any] | None:
        if sd not in self._rows:
            self._rows.update((sd, row) for row in self._of_sd["security_descriptors"].of(sd))
        return self._rows.get(sd)


class _Rows:
    """Rows of a table by descriptor."""

    def __init__(self, table: pa.Table) -> None:
        sds = table["sd_id"].cast(pa.int64()).fill_null(-1).to_numpy()
        self._table = table
        self._order = np.argsort(sds, kind="stable")
        self._sds = sds[self._order]

    def of(self, sd: int) -> list[dict[str, Any]]:
        start, end = np.searchsorted(self._sds, [sd, sd + 1])
        found: list[dict[str, Any]] = self._table.take(pa.array(self._order[start:end])).to_pylist()
        return found


def _with_own(table: pa.Table, key: str, column: str, own: dict[Any, int]) -> pa.Table:
    values = [own.get(bearer, sd) for bearer, sd in zip(table[key].to_pylist(), table[column].to_pylist(), strict=True)]
    place = table.column_names.index(column)
    return table.set_column(place, column, pa.array(values, pa.int32()))


class ObjectRights:
    """Rights over objects: what is removed from a container is gone from what inherits it."""

    def __init__(self, facts: Facts, descriptors: Descriptors) -> None:
        self._descriptors = descriptors
        ids = facts.ids("objects", "object_id")
        self._sd: dict[int, int] = dict(zip(ids.tolist(), facts.ids("objects", "sd_id").tolist(), strict=True))
        parents = containers(facts)[ids]
        order = np.argsort(parents, kind="stable")
        self._parents, self._children = parents[order], ids[order]
        self._admins = domain_admins(facts)
        self._domain = dict(facts.rows("objects", "object_id", "domain_id"))
        self._protected: defaultdict[int, list[int]] = defaultdict(list)
        holders = {holder.object_id for holder in adminsdholders(facts)}
        if holders:
            for holder, protected in zip(*(values.tolist() for values in protected_objects(facts)), strict=True):
                self._protected[holder].append(protected)

    def remove_ace(self, object_id: int, position: int) -> bool:
        """Remove the ACE at a place of the object's DACL as it was, and its copies below when it is explicit there.

        A negative place stands for a NULL DACL, which becomes an empty one. False when there is no such ACE.
        """
        sd = self._sd.get(object_id, -1)
        if position < 0:
            self._alter(object_id, _close, "close")
            return sd >= 0
        ace = next((ace for ace in self._descriptors.aces(sd) if ace["position"] == position), None)
        if ace is None:
            return False
        self._alter(object_id, lambda _, aces: _drop(aces, lambda each: each["position"] == position), position)
        if not (ace["flags"] or 0) & AceFlags.INHERITED:
            key = _key(ace)
            self._remove_below(object_id, key)
            for protected in self._protected.get(object_id, ()):
                self._alter(protected, lambda _, aces: _drop(aces, lambda each: _is_explicit(each, key)), ("own", key))
        return True

    def set_owner(self, object_id: int) -> bool:
        """Make Domain Admins the owner; False when they were not seen."""
        admins = self._admins.get(self._domain.get(object_id))
        if admins is None:
            return False
        owner_id, owner_sid = admins
        self._alter(object_id, lambda row, _: row.update(owner_id=owner_id, owner_sid=owner_sid), ("owner", owner_sid))
        return True

    def _remove_below(self, object_id: int, key: tuple[Any, ...]) -> None:
        """Inherited copies, down to where inheritance stops or another explicit ACE gives the same."""
        waiting, seen = self._in(object_id), {object_id}
        while waiting:
            child = waiting.pop()
            if child in seen:
                continue
            seen.add(child)
            sd = self._descriptors.of("objects", "sd_id", child, self._sd[child])
            if sd < 0 or self._descriptors.is_protected(sd):
                continue
            aces = self._descriptors.aces(sd)
            if any(_is_inherited(ace, key) for ace in aces):
                self._alter(child, lambda _, aces: _drop(aces, lambda each: _is_inherited(each, key)), ("below", key))
            if not any(_is_explicit(ace, key) for ace in aces):
                waiting += self._in(child)

    def _in(self, object_id: int) -> list[int]:
        start, end = np.searchsorted(self._parents, [object_id, object_id + 1])
        found: list[int] = self._children[start:end].tolist()
        return found

    def _alter(self, object_id: int, alter: Alter, alike: Hashable) -> None:
        sd = self._sd.get(object_id, -1)
        if sd >= 0:
            self._descriptors.alter("objects", "sd_id", object_id, sd, alter, alike)


def without_trustee(trustee: int, owner: tuple[int, str] | None = None) -> Alter:
    """Remove what a descriptor gives to an identity; a NULL DACL, which favours everybody, becomes empty.

    ``owner``: who owns in its place.
    """

    def alter(row: dict[str, Any], aces: list[Ace]) -> None:
        if owner is not None and row["owner_id"] == trustee:
            row["owner_id"], row["owner_sid"] = owner
        if row["dacl_state"] == _NULL:
            _close(row, aces)
        _drop(aces, lambda each: each["trustee_id"] == trustee and each["is_allow"])

    return alter


def _close(row: dict[str, Any], aces: list[Ace]) -> None:
    row["dacl_state"] = "empty"
    aces.clear()


def _drop(aces: list[Ace], is_gone: Callable[[Ace], bool]) -> None:
    aces[:] = [ace for ace in aces if not is_gone(ace)]


def _key(ace: Ace) -> tuple[Any, ...]:
    """What an ACE and its inherited copies have in common: trustee, rights with generic ones expanded, object type."""
    trustee = ace["trustee_sid"] if ace["trustee_id"] is None else ace["trustee_id"]
    return trustee, ace["is_allow"], expand_generic(ace["mask"] or 0), ace["object_type"]


def _is_inherited(ace: Ace, key: tuple[Any, ...]) -> bool:
    return bool((ace["flags"] or 0) & AceFlags.INHERITED) and _key(ace) == key


def _is_explicit(ace: Ace, key: tuple[Any, ...]) -> bool:
    return not (ace["flags"] or 0) & AceFlags.INHERITED and _key(ace) == key


def domain_admins(facts: Facts) -> dict[int | None, tuple[int, str]]:
    """Domain Admins by domain: principal and SID."""
    sids = {f"{domain.sid}-512": domain.domain_id for domain in facts.domains}
    found: Iterable[tuple[int | None, tuple[int, str]]] = (
        (sids[principal.sid], (principal.principal_id, principal.sid))
        for principal in facts.principals.values()
        if principal.sid in sids
    )
    return dict(found)
