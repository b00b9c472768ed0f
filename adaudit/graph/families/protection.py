"""ProtectAdminGroups: what is put on AdminSDHolder comes to all that it protects."""

from __future__ import annotations

from collections.abc import Iterator

from adaudit.derive.facts import Facts
from adaudit.graph.blocks import Block, block
from adaudit.graph.nodes import Nodes
from adaudit.graph.rights.protection import protected_objects


def protection(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """From AdminSDHolder to each object that it protects, within the hour (MS-ADTS 3.1.1.6.1); nothing removes it."""
    holder, protected = protected_objects(facts)
    source, target = nodes.of_objects(holder), nodes.of_objects(protected)
    yield block("ProtectAdminGroups", source, target, bearer=protected, attribute="nTSecurityDescriptor")
