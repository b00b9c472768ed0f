"""Trusts: what the partner of a trust can do to the domain that holds it. The partner is the node of the trust."""

from __future__ import annotations

from collections.abc import Iterator

from adaudit.derive.facts import Facts
from adaudit.graph.blocks import NONE, Block, Change, Edge, block_of
from adaudit.graph.directory.partners import Trust, trusts_of
from adaudit.graph.kinds import Difficulty
from adaudit.graph.nodes import Nodes


def trusts(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """Trusts within the forest, which is one boundary (SameForestTrust), and those with others.

    A partner of the same forest is its domain head; one that was not read has no node.
    """
    heads: dict[int | None, int] = {domain.domain_id: nodes.of_object(domain.object_id) for domain in facts.domains}
    by_name = {domain.dns_name.lower(): domain for domain in facts.domains if domain.dns_name}
    accounts = _trust_accounts(facts)
    edges: list[Edge] = []
    for trust in trusts_of(facts):
        here = heads.get(trust.domain_id, NONE)
        sibling = by_name.get((trust.partner_dns or "").lower())
        partner = heads[sibling.domain_id] if sibling else nodes.of_object(trust.object_id)
        if sibling:
            edges += _within(trust, here, partner)
        elif not trust.is_ours:
            edges += _across(trust, here, partner)
        if trust.is_inbound is not False:
            account = nodes.of_object(accounts.get((trust.domain_id, f"{trust.partner_netbios}$".lower())))
            edges.append(Edge("HasTrustKeys", partner, account, trust.object_id, "trustDirection"))
    yield block_of(edges)


def _within(trust: Trust, here: int, partner: int) -> Iterator[Edge]:
    for source, target in ((here, partner), (partner, here)):
        yield Edge("SameForestTrust", source, target, trust.object_id, "trustAttributes")


def _across(trust: Trust, here: int, partner: int) -> Iterator[Edge]:
    """From who trusts to who is trusted when told; from the partner to the domain when it can be taken."""
    proof = (trust.object_id, "trustAttributes")
    if trust.is_outbound is not False:
        yield Edge("CrossForestTrust", here, partner, trust.object_id, "trustDirection")
    if trust.is_inbound is not False:
        yield Edge("CrossForestTrust", partner, here, trust.object_id, "trustDirection")
    if trust.lets_foreign_sids_through:
        is_partial = trust.is_treated_as_external and trust.is_forest_transitive
        difficulty = Difficulty.UNCERTAIN if is_partial or trust.trust_attributes is None else None
        yield Edge(
            "SpoofSIDHistory", partner, here, *proof, Change("filter_sids", trust.object_id), difficulty=difficulty
        )
    delegates = trust.allows_tgt_delegation and not trust.forbids_tgt_delegation and not trust.is_quarantined
    if trust.is_inbound and delegates:
        yield Edge("AbuseTGTDelegation", partner, here, *proof, Change("forbid_tgt_delegation", trust.object_id))


def _trust_accounts(facts: Facts) -> dict[tuple[int | None, str], int]:
    """Enabled accounts by which a trusting domain logs on, by domain and name in lower case."""
    columns = ("domain_id", "sam_account_name", "object_id", "is_trust_account", "is_enabled")
    return {
        (domain, (name or "").lower()): object_id
        for domain, name, object_id, is_trust, is_enabled in facts.rows("users", *columns)
        if is_trust and is_enabled is not False and object_id is not None
    }
