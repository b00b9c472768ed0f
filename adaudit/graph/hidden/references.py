"""Attributes without a table of their own that were not read on the objects where the graph follows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from adaudit.derive.facts import Facts
from adaudit.derive.gaps import Gap, Gaps
from adaudit.derive.tier0 import ENTRA_CONNECT_PREFIXES
from adaudit.graph.hidden.placed import Placed, is_about
from adaudit.graph.nodes import Nodes

ISSUANCE_POLICY: Final = "msPKI-Enterprise-Oid"


class _Followed(NamedTuple):
    """Attributes that the graph follows from some objects; ``into``: the nodes that they may lead to, None for any."""

    table: str
    columns: tuple[str, ...]
    attributes: tuple[str, ...]
    bearers: frozenset[int]
    into: tuple[int, ...] | None = None

    def hides(self, gap: Gap) -> bool:
        """It was not read of one of the objects, or of a whole domain."""
        if gap.column_name not in self.columns or not self.bearers:
            return False
        return is_about(gap, self.attributes) and (gap.is_wide or gap.object_id in self.bearers)


def references(facts: Facts, nodes: Nodes, gaps: Gaps) -> Iterator[Placed]:
    """Links of read-only controllers, delegated managed service accounts, hosts of service accounts and issuance
    policies; the OIDs of the latter; hosts that the descriptions of Entra Connect's accounts name."""
    for followed in _followed(facts, nodes):
        for gap in gaps.of(followed.table, *followed.columns):
            if followed.hides(gap):
                yield gap, followed.into


def _followed(facts: Facts, nodes: Nodes) -> Iterator[_Followed]:
    policies = frozenset(
        row for row, kind in facts.rows("objects", "object_id", "object_class") if kind == ISSUANCE_POLICY
    )
    read_only = frozenset(row for row, is_rodc in facts.rows("domain_controllers", "object_id", "is_rodc") if is_rodc)
    managed = dict(facts.rows("managed_service_accounts", "object_id", "kind"))
    hosts = frozenset(row for (row,) in facts.rows("computers", "object_id")) if managed else frozenset()
    names = facts.rows("users", "object_id", "sam_account_name")
    synchronisers = frozenset(row for row, name in names if (name or "").startswith(ENTRA_CONNECT_PREFIXES))
    for attributes, bearers, into in (
        (("managedBy", "msDS-RevealOnDemandGroup", "msDS-RevealedUsers"), read_only, None),
        (
            ("msDS-ManagedAccountPrecededByLink",),
            frozenset(row for row, kind in managed.items() if kind == "dmsa"),
            None,
        ),
        (("msDS-HostServiceAccount",), hosts, tuple(map(nodes.of_object, managed))),
        (("msDS-OIDToGroupLink",), policies, None),
    ):
        yield _Followed("links", ("target_id", "target_dn"), attributes, bearers, into)
    yield _Followed("certificate_templates", ("oid",), ("msPKI-Cert-Template-OID",), policies)
    yield _Followed("attributes", ("text",), ("msPKI-Cert-Template-OID",), policies)
    described = tuple(map(nodes.of_object, synchronisers))
    yield _Followed("objects", ("description",), ("description",), synchronisers, described)
