"""Who can log on, and the nodes of identities known by SID."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from adaudit.derive.facts import ACCOUNT_TABLES, Facts
from adaudit.graph.blocks import NONE, Ids
from adaudit.graph.directory.partners import Partners
from adaudit.graph.nodes import Nodes

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Accounts:
    """Accounts as arrays; ``rid`` is ``NONE`` where it was not read."""

    object_id: Ids
    rid: Ids
    is_trust: Mask
    is_server: Mask
    is_read_only: Mask


def enabled_accounts(facts: Facts, tables: tuple[str, ...] = ACCOUNT_TABLES) -> Accounts:
    """Accounts that can log on: all but those known to be disabled."""
    parts = []
    for table in tables:
        rows = facts.table(table)
        is_enabled = rows["is_enabled"].fill_null(True).to_numpy()
        flags = [
            rows[column].fill_null(False).to_numpy()[is_enabled]
            for column in ("is_trust_account", "is_server_account", "is_rodc_account")
        ]
        parts.append((facts.ids(table, "object_id")[is_enabled], facts.ids(table, "rid")[is_enabled], *flags))
    return Accounts(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def foreign_that_log_on(facts: Facts) -> list[int]:
    """Identities of other forests that trusts let in."""
    partners = Partners(facts)
    return [p.principal_id for p in facts.principals.values() if p.type == "foreign" and partners.may_log_on(p.sid)]


def identities_that_log_on(facts: Facts) -> frozenset[int]:
    """Identities of accounts that can log on, and those of other forests that trusts let in."""
    of_object = facts.principal_of_object
    here = (of_object.get(each) for each in enabled_accounts(facts).object_id.tolist())
    return frozenset(each for each in here if each is not None).union(foreign_that_log_on(facts))


def node_of_sid(facts: Facts, nodes: Nodes, sid: str) -> int:
    """The node of an identity that exists once in the snapshot; ``NONE`` when nothing refers to it."""
    return next((nodes.of_principal(p.principal_id) for p in facts.principals_by_sid.get(sid, ())), NONE)


def disabled_accounts(facts: Facts) -> set[int]:
    """Objects of accounts known to be disabled."""
    found: set[int] = set()
    for table in ACCOUNT_TABLES:
        is_enabled = facts.table(table)["is_enabled"].fill_null(True).to_numpy()
        found.update(facts.ids(table, "object_id")[~is_enabled].tolist())
    return found
