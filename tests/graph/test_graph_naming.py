"""Names and proofs of what the graph tells."""

from __future__ import annotations

from adaudit.graph.analysis import Analysis
from adaudit.graph.answers.naming import Naming
from adaudit.graph.blocks import NONE, Change, Edge, block_of
from adaudit.graph.graph import Graph, assemble
from adaudit.graph.kinds import CODE_OF
from adaudit.graph.nodes import Nodes
from tests.graph.small_forest import DOMAIN_SID, HEAD, SmallForest

ALICE = f"CN=Alice,{HEAD}"
OWNED = 7


def forest() -> SmallForest:
    forest = SmallForest()
    forest.add(f"DC=DomainDnsZones,{HEAD}", "domainDNS")
    forest.add(ALICE, "user", rid=1105)
    owner = {"owner_id": forest.principal(ALICE), "owner_sid": f"{DOMAIN_SID}-1105"}
    forest.row("security_descriptors", sd_id=OWNED, role="object", domain_id=0, dacl_state="present", **owner)
    forest.rows["security_descriptors"][-1]["is_dacl_protected"] = False
    forest.add(f"OU=Soins,{HEAD}", "organizationalUnit", sd=OWNED)
    return forest


def named(forest: SmallForest, graph: Graph | None = None) -> tuple[Naming, Graph]:
    analysis = Analysis(forest.facts())
    drawn = analysis.graph if graph is None else graph
    return Naming(analysis.facts, analysis.nodes, drawn), drawn


def test_the_head_of_a_domain_bears_its_dns_name_and_a_dns_partition_its_own() -> None:
    naming, _ = named(forest())
    assert naming.object(0).name == "corp.test"
    assert naming.object(1).name != "corp.test"


def test_an_owner_is_a_proof_only_of_what_it_owns() -> None:
    naming, graph = named(forest())
    owners = {
        kind: {naming.step(edge).evidence.owner for edge, code in enumerate(graph.kind) if code == CODE_OF[kind]}
        for kind in ("Owns", "PropagatesACEsTo")
    }
    assert owners == {"Owns": {f"{DOMAIN_SID}-1105"}, "PropagatesACEsTo": {None}}


def test_a_change_of_an_object_that_was_not_read_bears_no_name_of_another() -> None:
    given = forest()
    nodes = Nodes(given.facts())
    change = Change("filter_sids", NONE)
    edge = Edge("SpoofSIDHistory", nodes.of_object(2), nodes.of_object(0), 0, "trustAttributes", change)
    naming, _ = named(given, assemble(nodes.count, [block_of([edge])]))
    told = naming.change(0).object
    assert (told.name, told.dn, told.sid) == ("", None, None)
