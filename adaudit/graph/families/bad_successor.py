"""CanUseBadSuccessor: a delegated managed service account that succeeds whichever account one likes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.facts import Facts, Ids
from adaudit.derive.names import Names
from adaudit.graph.blocks import Block, Edge, block_of
from adaudit.graph.kinds import Difficulty
from adaudit.graph.nodes import Nodes
from adaudit.graph.rights.shares import CREATE, TAKE, WRITE, Reader, Shares

DELEGATED_ACCOUNT: Final = "msDS-DelegatedManagedServiceAccount"

_CONTAINERS: Final = ("organizationalUnit", "container", "domainDNS")
"""Classes of objects below which the schema lets such an account be made (its possSuperiors)."""

_SUCCESSION: Final = ("msDS-DelegatedMSAState", "msDS-ManagedAccountPrecededByLink")
_KIND: Final = "CanUseBadSuccessor"
_BUILD: Final = re.compile(r"\(([0-9]{1,9})\)$")
_BUILD_OF_2025: Final = 26100
_SCHEMA_OF_2025: Final = 91


def bad_successor(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """Whoever may make a delegated managed service account, or write which account one succeeds, gets the domain.

    Only where the schema knows the class and a controller of the domain runs Windows Server 2025; uncertain where none
    is known to and one tells no version. Of the two attributes of the succession an attack needs both: a right on one
    by name is uncertain. Whoever takes a container can make such an account there: no change removes that edge. The
    update of August 2025, which asks for rights over the account succeeded too, cannot be seen.
    """
    is_in_schema = _is_in_schema(facts)
    if is_in_schema is False:
        return
    names = Names(facts)
    making = {guid for guid, name in names.classes.items() if name == DELEGATED_ACCOUNT}
    writing = {guid for guid, name in names.attributes.items() if name in _SUCCESSION}
    writing |= {names.property_set_of[guid] for guid in writing if guid in names.property_set_of}
    for domain in facts.domains:
        runs_2025 = _runs_2025(facts, domain.domain_id)
        if domain.object_id is None or runs_2025 is False:
            continue
        usual = None if runs_2025 and is_in_schema else Difficulty.UNCERTAIN
        head = nodes.of_object(domain.object_id)
        containers, accounts = _containers(facts, domain.domain_id), _accounts(facts, domain.domain_id)
        yield block_of(
            Edge(_KIND, nodes.of_object(each), head, each, "full_control", difficulty=usual)
            for each in containers.tolist()
        )
        reader = Reader(facts, np.concatenate((containers, accounts)))
        for shares, attribute, difficulty in (
            (reader.shares(containers, CREATE, making), "create_child", usual),
            (reader.shares(accounts, WRITE | TAKE), "write_property", usual),
            (reader.shares(accounts, WRITE, writing, is_named=True), _SUCCESSION[0], Difficulty.UNCERTAIN),
        ):
            held = _once(reader.held_alone(shares))
            yield held.block(_KIND, nodes, np.full(len(held), head), attribute, difficulty)


def accounts_that_may_succeed(facts: Facts) -> set[int]:
    """Delegated managed service accounts of which whoever writes the succession gets the domain."""
    if _is_in_schema(facts) is False:
        return set()
    domains = (d.domain_id for d in facts.domains if _runs_2025(facts, d.domain_id) is not False)
    return {account for domain in domains for account in _accounts(facts, domain).tolist()}


def _once(shares: Shares) -> Shares:
    """The first of those that one change takes from one identity: an ACE inherited by every OU is told once."""
    first = np.unique(np.stack((shares.principal, shares.change)), axis=1, return_index=True)[1]
    return shares.take(np.sort(first))


def _containers(facts: Facts, domain_id: int) -> Ids:
    """Containers of the domain in which accounts can be, in order."""
    domain_partitions = [p for p, kind in facts.rows("partitions", "partition_id", "kind") if kind == "domain"]
    objects = facts.table("objects")
    chosen = pc.and_(
        pc.is_in(objects["object_class"], pa.array(_CONTAINERS)),
        pc.and_(
            pc.equal(objects["domain_id"], domain_id),
            pc.is_in(objects["partition_id"], pa.array(domain_partitions, pa.int32())),
        ),
    )
    alive = objects.filter(pc.and_not(chosen, objects["is_deleted"].fill_null(False)))
    return np.sort(Facts({"objects": alive}).ids("objects", "object_id"))


def _accounts(facts: Facts, domain_id: int) -> Ids:
    """Delegated managed service accounts of the domain, in order."""
    rows = facts.rows("managed_service_accounts", "object_id", "domain_id", "kind")
    return np.array(sorted(row for row, domain, kind in rows if domain == domain_id and kind == "dmsa"), np.int64)


def _is_in_schema(facts: Facts) -> bool | None:
    """The forest has the class; None when nothing of its schema was read."""
    classes = {name for (name,) in facts.rows("schema_classes", "name")}
    if classes:
        return DELEGATED_ACCOUNT in classes
    versions = [version for (version,) in facts.rows("forests", "schema_version") if version is not None]
    return max(versions) >= _SCHEMA_OF_2025 if versions else None


def _runs_2025(facts: Facts, domain_id: int) -> bool | None:
    """A domain controller runs Windows Server 2025 or later; None when one may, as its version was not read."""
    rows = facts.rows("domain_controllers", "object_id", "domain_id", "is_pseudo")
    controllers = {row for row, domain, is_pseudo in rows if domain == domain_id and not is_pseudo}
    rows = facts.rows("computers", "object_id", "operating_system", "operating_system_version")
    told = [_is_2025(system, version) for row, system, version in rows if row in controllers]
    if True in told:
        return True
    return None if None in told or not told else False


def _is_2025(system: str | None, version: str | None) -> bool | None:
    if system is None and version is None:
        return None
    build = _BUILD.search(version or "")
    return "2025" in (system or "") or (build is not None and int(build[1]) >= _BUILD_OF_2025)
