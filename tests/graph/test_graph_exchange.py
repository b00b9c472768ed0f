"""Rights that an installation of Exchange leaves over a domain."""

from __future__ import annotations

import numpy as np

from adaudit.graph.build import draw
from adaudit.graph.goals import goals_of
from adaudit.graph.kinds import EDGE_KINDS
from adaudit.graph.nodes import Nodes
from adaudit.graph.paths.search import shortest_paths
from tests.graph.small_descriptors import guard, sid
from tests.graph.small_forest import HEAD, SmallForest

SERVER, TRUSTED = f"CN=MAIL,{HEAD}", f"CN=Exchange Trusted Subsystem,{HEAD}"
PERMISSIONS = f"CN=Exchange Windows Permissions,{HEAD}"


def test_a_mail_server_takes_the_domain_whose_dacl_its_group_may_write() -> None:
    forest = SmallForest()
    forest.add(SERVER, "computer", rid=1120)
    forest.add(TRUSTED, "group", rid=1110)
    forest.add(PERMISSIONS, "group", rid=1111)
    forest.join(SERVER, TRUSTED)
    forest.join(TRUSTED, PERMISSIONS)
    guard(forest, HEAD, f"D:(A;;WD;;;{sid(1111)})")
    facts = forest.facts()
    nodes = Nodes(facts)
    graph = draw(facts, nodes)
    goals = goals_of(facts, nodes)
    named = {dn: nodes.of_object(n) for n, dn in facts.rows("objects", "object_id", "dn")}
    assert {named[TRUSTED], named[PERMISSIONS], named[SERVER], named[HEAD]} <= set(goals.tolist())
    (path,) = shortest_paths(graph, np.array([named[SERVER]]), np.array([named[HEAD]]), 1)
    assert [EDGE_KINDS[kind].name for kind in graph.kind[path.edges]] == ["MemberOf", "MemberOf", "WriteDacl"]
