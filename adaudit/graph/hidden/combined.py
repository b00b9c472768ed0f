"""Rights that make an edge into another object than the one that bears them, or only together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adaudit.derive.control import GET_CHANGES, NEED_GET_CHANGES
from adaudit.derive.facts import ACCOUNT_TABLES, Facts
from adaudit.derive.gaps import Gap, Gaps
from adaudit.graph.directory.issuance import publications, templates_of
from adaudit.graph.families.bad_successor import accounts_that_may_succeed
from adaudit.graph.families.weak_mapping import who_passes_for_another
from adaudit.graph.hidden.placed import Placed
from adaudit.graph.nodes import Nodes
from adaudit.graph.rights.enrolees import ENROLL

_SPLIT: Final = frozenset((GET_CHANGES, *NEED_GET_CHANGES, ENROLL))
"""Extended rights of which a step takes two, be it through different groups."""


def combined_rights(facts: Facts, nodes: Nodes, gaps: Gaps) -> Iterator[Placed]:
    """Descriptors of published templates, their authorities, delegated managed service accounts and accounts that may
    be renamed, all of which lead to a domain; members of groups that hold one of two rights."""
    unread = {gap.object_id: gap for gap in gaps.of("objects", "sd_id") if gap.object_id is not None}
    yield from ((unread[row], None) for row in _of_services(facts) | accounts_that_may_succeed(facts) if row in unread)
    yield from _renamed(facts, nodes, unread)
    unknown = [gap for gap in gaps.of("memberships", "member_id", "group_id") if gap.object_id is not None]
    if unknown:
        holding = facts.objects_of(facts.memberships.closure(_with_one_right(facts)))
        yield from ((gap, None) for gap in unknown if gap.object_id in holding)


def _of_services(facts: Facts) -> set[int]:
    return {each for publication in publications(facts) for each in publication}


def _renamed(facts: Facts, nodes: Nodes, unread: dict[int, Gap]) -> Iterator[Placed]:
    accounts = {row for table in ACCOUNT_TABLES for (row,) in facts.rows(table, "object_id")} & unread.keys()
    passing = who_passes_for_another(facts, nodes) if accounts else frozenset()
    for row in sorted(accounts):
        if passing is None or facts.principal_of_object.get(row) in passing:
            yield unread[row], None


def _with_one_right(facts: Facts) -> set[int]:
    """Trustees of one of the rights, on a head of domain or where certificates of use to an attacker are issued."""
    templates = templates_of(facts)
    issuing = {
        row
        for template, authority in publications(facts)
        if template in templates and templates[template].is_of_use_to_others
        for row in (template, authority)
    }
    places = issuing | {domain.object_id for domain in facts.domains}
    sds = {sd for row, sd in facts.rows("objects", "object_id", "sd_id") if row in places and sd is not None}
    columns = ("sd_id", "principal_id", "object_type")
    rows = facts.rows("descriptor_rights", *columns)
    return {principal for sd, principal, guid in rows if sd in sds and principal is not None and guid in _SPLIT}
