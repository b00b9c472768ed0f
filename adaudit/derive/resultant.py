"""policy_scopes and resultant_settings: what is left of the settings of GPOs, once they override one another."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.bounds import MOST_ROWS
from adaudit.derive.directives import Policy, policies
from adaudit.derive.facts import Facts, build
from adaudit.derive.policy import Chains
from adaudit.schema import TABLES

SIDES: Final = ("computer", "user")
_LOOPBACK: Final = ("software\\policies\\microsoft\\windows\\system", "userpolicymode")
_MODES: Final = {"1": "merge", "2": "replace"}

_MOST_STEPS: Final = 1 << 31
"""Settings that are looked at for all scopes together."""

_ROW_BYTES: Final = 128
"""Text of a setting that counts as one row; what is longer counts as several."""

Numbers = npt.NDArray[np.int32]


class _Link(NamedTuple):
    gpo_id: int
    rank: int
    is_enforced: bool


class _Result(NamedTuple):
    """What wins on a side of a scope: rows of gpo_settings, for each its link, and how many GPOs it beats."""

    rows: Numbers
    links: Numbers
    overridden: Numbers


class _Allowance:
    """What may still be computed of a table; what goes beyond is cut."""

    def __init__(self, facts: Facts, table: str) -> None:
        self._facts, self._table = facts, table
        self._steps, self._rows = _MOST_STEPS, MOST_ROWS

    def take(self, *, steps: int = 0, rows: int = 0) -> bool:
        """Whether so much more is within the bounds; once it was not, nothing is."""
        self._steps -= steps
        self._rows -= rows
        if self._steps < 0 or self._rows < 0:
            self._facts.cut(self._table)
            return False
        return True


def policy_scopes(facts: Facts) -> pa.Table:
    """The scope of every container of which ``applied_gpos`` tells: the first container with the same GPOs in order.

    ``loopback`` is what the resultant setting UserPolicyMode of the computer side says.
    """
    scopes = Scopes(facts)
    allowance = _Allowance(facts, "policy_scopes")
    modes = {scope: scopes.loopback(scope, allowance) for scope in dict.fromkeys(scopes.of.values())}
    return build("policy_scopes", [(container, scope, modes[scope]) for container, scope in scopes.of.items()])


def resultant_settings(facts: Facts) -> pa.Table:
    """Settings left in each scope, in the order of scopes, sides, and rows of ``gpo_settings``; of the first scopes
    where those of all are more than ``MOST_ROWS``.

    Not resolved: security filtering (which of the accounts below a container may apply a GPO), WMI filters, links of
    sites, and item-level targeting, which stands among the settings of an item.
    """
    scopes = Scopes(facts)
    settings = facts.table("gpo_settings")
    filtered = {gpo for gpo, text in facts.rows("gpos", "object_id", "wmi_filter") if text}
    parts = [TABLES["resultant_settings"].arrow_schema.empty_table()]
    for scope, side, links, result in scopes.results(_Allowance(facts, "resultant_settings")):
        won = settings.take(pa.array(result.rows))
        by_link = {
            "gpo_id": [link.gpo_id for link in links],
            "rank": [link.rank for link in links],
            "is_enforced": [link.is_enforced for link in links],
            "has_wmi_filter": [link.gpo_id in filtered for link in links],
        }
        columns: dict[str, Any] = {name: won[name] for name in won.column_names}
        columns |= {name: pa.array(values).take(pa.array(result.links)) for name, values in by_link.items()}
        columns |= {"scope_id": _repeated(scope, won), "side": _repeated(side, won)}
        columns["overridden"] = pa.array(result.overridden)
        parts.append(_declared(columns))
    return pa.concat_tables(parts)


def _declared(columns: dict[str, Any]) -> pa.Table:
    schema = TABLES["resultant_settings"].arrow_schema
    return pa.table([columns[field.name].cast(field.type) for field in schema], schema=schema)


def _repeated(value: int | str, table: pa.Table) -> pa.Array:
    return pa.repeat(value, table.num_rows)


class Scopes:
    """Containers to which the same GPOs apply in the same order, and what wins there."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        applied: dict[int, list[_Link]] = {container: [] for container in Chains(facts).containers()}
        columns = ("container_id", "gpo_id", "rank", "is_enforced")
        met: set[tuple[int, int]] = set()
        for container, gpo, rank, is_enforced in facts.rows("applied_gpos", *columns):
            if gpo is not None and (container, gpo) not in met:
                met.add((container, gpo))
                applied[container].append(_Link(gpo, rank, is_enforced))
        first: dict[tuple[_Link, ...], int] = {}
        self.of = {container: first.setdefault(tuple(links), container) for container, links in applied.items()}
        """Scope of each container."""
        self._links = {scope: list(links) for links, scope in first.items()}
        self._policies, self._size = policies(facts)

    def results(self, allowance: _Allowance) -> Iterator[tuple[int, str, list[_Link], _Result]]:
        """Scopes and sides with the links whose GPO applies to the side, and what wins, as far as allowed."""
        for scope in self._links:
            for side in SIDES:
                links = self._on(scope, side)
                if not allowance.take(steps=self._steps(links, side)):
                    return
                result = self._resolve(links, self._policies[side])
                if not allowance.take(rows=int(self._weights[result.rows].sum())):
                    return
                yield scope, side, links, result

    def loopback(self, scope: int, allowance: _Allowance) -> str | None:
        """merge or replace; None when user policy is taken from where the user is, or that is more than allowed."""
        links = self._on(scope, "computer")
        if not self._modes or not allowance.take(steps=self._steps(links, "computer")):
            return None
        result = self._resolve(links, self._policies["computer"])
        values = [self._modes[row] for row in result.rows.tolist() if row in self._modes]
        return _MODES.get(values[0]) if values else None

    def _steps(self, links: list[_Link], side: str) -> int:
        """What ``_resolve`` looks at."""
        given = self._policies[side]
        found = (given[link.gpo_id] for link in links if link.gpo_id in given)
        return self._size + len(links) + sum(len(policy.rows) + len(policy.removed) for policy in found)

    def _on(self, scope: int, side: str) -> list[_Link]:
        return [link for link in self._links[scope] if link.gpo_id not in self._disabled[side]]

    def _resolve(self, links: list[_Link], given: dict[int, Policy]) -> _Result:
        """From the GPO that yields to all others to the one that wins over all."""
        winner = np.full(self._size, -1, np.int32)
        by_link = np.zeros(self._size, np.int32)
        setters = np.zeros(self._size, np.int32)
        is_present = np.zeros(self._size, np.bool_)
        for position in range(len(links) - 1, -1, -1):
            policy = given.get(links[position].gpo_id)
            if policy is not None:
                winner[policy.removed] = -1
                is_present[policy.removed] = False
                is_set = ~(policy.is_soft & is_present[policy.keys])
                keys = policy.keys[is_set]
                winner[keys] = policy.rows[is_set]
                by_link[keys] = position
                setters[keys] += 1
                is_present[keys] = ~policy.is_deletion[is_set]
        keys = np.flatnonzero(winner >= 0)
        keys = keys[np.argsort(winner[keys], kind="stable")]
        return _Result(winner[keys], by_link[keys], setters[keys] - 1)

    @cached_property
    def _weights(self) -> npt.NDArray[np.int64]:
        """As how many rows each row of gpo_settings counts."""
        settings = self._facts.table("gpo_settings")
        texts = ("section", "name", "value", "file")
        sizes = sum(pc.binary_length(settings[name]).fill_null(0).to_numpy().astype(np.int64) for name in texts)
        weights: npt.NDArray[np.int64] = 1 + sizes // _ROW_BYTES
        return weights

    @cached_property
    def _disabled(self) -> dict[str, set[int]]:
        columns = {"computer": "computer_enabled", "user": "user_enabled"}
        return {
            side: {gpo for gpo, enabled in self._facts.rows("gpos", "object_id", column) if enabled is False}
            for side, column in columns.items()
        }

    @cached_property
    def _modes(self) -> dict[int, str]:
        """Rows of gpo_settings that set UserPolicyMode."""
        columns = ("kind", "section", "name", "value")
        return {
            row: value
            for row, (kind, section, name, value) in enumerate(self._facts.rows("gpo_settings", *columns))
            if kind == "registry" and ((section or "").lower(), (name or "").lower()) == _LOOPBACK
        }
