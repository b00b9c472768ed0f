"""On which computers the settings of a scope are in force."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from adaudit.derive.facts import Facts
from adaudit.graph.blocks import NONE, Ids
from adaudit.graph.families.controllers import writable_controllers
from adaudit.graph.tree import containers

_NOWHERE: Final[Ids] = np.zeros(0, np.int64)


class Controller(NamedTuple):
    """A domain controller; ``domain_id`` is that of its account. ``is_writable``: it changes the domain itself."""

    object_id: int
    domain_id: int | None
    is_writable: bool


class ScopedComputers:
    """Computers by scope of ``policy_scopes``, domain controllers apart; those that no machine bears are left out."""

    def __init__(self, facts: Facts) -> None:
        writable = {row for found in writable_controllers(facts).values() for row in found}
        controllers = {
            row: Controller(row, domain, row in writable)
            for row, domain in facts.rows("domain_controllers", "object_id", "domain_id")
        }
        pseudo = {row for row, is_pseudo in facts.rows("domain_controllers", "object_id", "is_pseudo") if is_pseudo}
        self.controllers = [controller for row, controller in controllers.items() if row not in pseudo]
        """Those of every scope."""
        scope_of = dict(facts.rows("policy_scopes", "container_id", "scope_id"))
        computers: Ids = np.intersect1d(facts.ids("computers", "object_id"), facts.ids("objects", "object_id"))
        places = containers(facts)[computers].tolist()
        scope: Ids = np.array([scope_of.get(place, NONE) for place in places], np.int64)
        by_scope = np.argsort(scope, kind="stable")
        computers, scope = computers[by_scope], scope[by_scope]
        is_member = ~np.isin(computers, facts.ids("domain_controllers", "object_id"))
        scopes, first = np.unique(scope[is_member], return_index=True)
        self._members: dict[int, Ids] = dict(
            zip(scopes.tolist(), np.split(computers[is_member], first[1:]), strict=False)
        )
        self._controllers: dict[int, list[Controller]] = {}
        for row, place in zip(computers[~is_member].tolist(), scope[~is_member].tolist(), strict=True):
            if row in controllers and row not in pseudo:
                self._controllers.setdefault(place, []).append(controllers[row])

    def members_of(self, scope: int) -> Ids:
        """Objects of the computers that are no domain controllers."""
        return self._members.get(scope, _NOWHERE)

    def all_of(self, scope: int) -> Ids:
        """Objects of all computers."""
        controllers: Ids = np.array([controller.object_id for controller in self.controllers_of(scope)], np.int64)
        return np.concatenate((self.members_of(scope), controllers))

    def controllers_of(self, scope: int) -> list[Controller]:
        """Domain controllers of the scope."""
        return self._controllers.get(scope, [])
