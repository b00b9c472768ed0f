"""Edges that a fact which was not read might forbid: they are uncertain, whatever they would be otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal, NamedTuple

import numpy as np

from adaudit.derive.bounds import MOST_LEVELS
from adaudit.derive.facts import ACCOUNT_TABLES, Facts
from adaudit.derive.gaps import Gap, Gaps
from adaudit.graph.blocks import NONE, Ids
from adaudit.graph.families.members import IMPLICIT
from adaudit.graph.graph import Graph, Mask
from adaudit.graph.hidden.edges import OF_TEMPLATES
from adaudit.graph.hidden.placed import is_about
from adaudit.graph.kinds import CODE_OF, Difficulty
from adaudit.graph.nodes import Nodes
from adaudit.graph.tree import containers


class _Doubt(NamedTuple):
    """Columns of a table, read of the object at one ``end`` of edges of these kinds, that may forbid the edge.
    ``attribute``: of the edges concerned; ``named``: what the columns hold, where it is one attribute among others."""

    kinds: tuple[str, ...]
    end: Literal["source", "target", "bearer"]
    table: str
    columns: tuple[str, ...]
    attribute: str | None = None
    named: str | None = None


_DOUBTS: Final = (
    *(
        doubt
        for table in ACCOUNT_TABLES
        for doubt in (
            _Doubt(("AllowedToDelegate", "AllowedToAct", "SQLAdmin"), "source", table, ("user_account_control",)),
            _Doubt(("MemberOf",), "source", table, ("user_account_control",), attribute=IMPLICIT),
        )
    ),
    _Doubt(("MemberOf",), "target", "groups", ("is_security",)),
    _Doubt(("GPLink",), "source", "gpos", ("wmi_filter",)),
    _Doubt(("GPLink",), "source", "objects", ("sd_id",)),
    _Doubt(("SpoofSIDHistory",), "bearer", "trusts", ("direction", "trust_type", "trust_attributes")),
    _Doubt(
        *(("RodcCachePassword",), "bearer", "links", ("target_id", "target_dn")),
        *("msDS-RevealOnDemandGroup", "msDS-NeverRevealGroup"),
    ),
    _Doubt(("ADCSESC1", "ADCSESC3", "ADCSESC4", "ADCSESC13"), "bearer", "certificate_templates", OF_TEMPLATES),
)


def doubted(graph: Graph, facts: Facts, nodes: Nodes) -> Graph:
    """The same graph, where what was not read makes edges uncertain: whether an account is enabled, what keeps a policy
    or a link from applying, what limits a trust, a template, a read-only controller, whether a group is in tokens."""
    gaps = Gaps(facts)
    is_doubted: Mask = np.zeros(len(graph), bool)
    for doubt in _DOUBTS:
        unread = [gap for gap in gaps.of(doubt.table, *doubt.columns) if _is_of(gap, doubt)]
        if unread:
            is_doubted |= _concerned(graph, doubt) & _are_at(_ends(graph, nodes, doubt.end), unread, facts, doubt.table)
    is_doubted |= _maybe_blocked(graph, facts, nodes, gaps)
    if not is_doubted.any():
        return graph
    return replace(graph, difficulty=np.where(is_doubted, np.int8(Difficulty.UNCERTAIN), graph.difficulty))


def _is_of(gap: Gap, doubt: _Doubt) -> bool:
    return gap.column_name in doubt.columns and (doubt.named is None or is_about(gap, (doubt.named,)))


def _concerned(graph: Graph, doubt: _Doubt) -> Mask:
    found: Mask = np.isin(graph.kind, [CODE_OF[kind] for kind in doubt.kinds])
    if doubt.attribute is not None:
        found &= graph.attribute == (graph.texts.index(doubt.attribute) if doubt.attribute in graph.texts else NONE)
    return found


def _ends(graph: Graph, nodes: Nodes, end: str) -> Ids:
    """The object at one end of each edge."""
    if end == "bearer":
        return graph.bearer.astype(np.int64)
    return nodes.object_id[graph.source if end == "source" else graph.target]


def _are_at(objects: Ids, unread: list[Gap], facts: Facts, table: str) -> Mask:
    found: Mask = np.isin(objects, [gap.object_id for gap in unread if gap.object_id is not None])
    domains = {gap.domain_id for gap in unread if gap.is_wide}
    if domains:
        rows = facts.table(table)
        ids = facts.ids(table, "object_id")
        if None not in domains and "domain_id" in rows.column_names:
            ids = ids[np.isin(facts.ids(table, "domain_id"), [each for each in domains if each is not None])]
        found |= np.isin(objects, ids)
    return found


def _maybe_blocked(graph: Graph, facts: Facts, nodes: Nodes, gaps: Gaps) -> Mask:
    """Links from above a container that may block inheritance, gPOptions not having been read."""
    found: Mask = np.zeros(len(graph), bool)
    unread = [gap for gap in gaps.of("organizational_units", "blocks_inheritance") if gap.column_name != "*"]
    if not unread:
        return found
    links = np.flatnonzero(graph.kind == CODE_OF["GPLink"])
    parent = containers(facts)
    place, bearer = nodes.object_id[graph.target[links]], graph.bearer[links]
    for _ in range(MOST_LEVELS):
        is_below = (place != NONE) & (place != bearer)
        if not is_below.any():
            break
        found[links[is_below & _are_at(place, unread, facts, "organizational_units")]] = True
        place = np.where(is_below, parent[place], NONE)
    return found
