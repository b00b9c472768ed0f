"""Group policies: whose settings they decide, by links to OUs, domain heads and sites."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from adaudit.derive.accepted import stands_for_everybody
from adaudit.derive.facts import Facts
from adaudit.derive.well_known import EVERYONE_LIKE_SIDS
from adaudit.graph.blocks import NONE, Block, Change, Edge, block_of
from adaudit.graph.kinds import Difficulty
from adaudit.graph.nodes import Nodes

_APPLY_GROUP_POLICY: Final = "edacfd8f-ffb3-11d1-b41d-00a0c968f939"


def policy(facts: Facts, nodes: Nodes) -> Iterator[Block]:
    """GPLink, from a policy to the settings of each container it applies to, and GPOAppliesTo for those of sites.

    A policy whose side is disabled counts: whoever controls it can enable it. One that a WMI filter or its own
    permissions keep from most accounts is uncertain.
    """
    yield block_of(_links(facts, nodes))
    yield block_of(_controllers_of_sites(facts, nodes))


def _links(facts: Facts, nodes: Nodes) -> Iterator[Edge]:
    policies = list(_policies(facts))
    dns: dict[int | None, str] = {found.object_id: found.dn for found in policies}
    filtered = _filtered(facts, policies)
    for gpo, container, bearer in (*_in_domains(facts), *_in_sites(facts)):
        dn = dns.get(gpo, "")
        yield Edge(
            "GPLink",
            nodes.of_object(gpo),
            nodes.settings_of(container),
            NONE if bearer is None else bearer,
            "gPLink",
            None if bearer is None else Change("remove_gpo_link", bearer, detail=dn),
            detail=dn,
            difficulty=Difficulty.UNCERTAIN if gpo in filtered else None,
        )


_Link = tuple[int | None, int | None, int | None]
"""GPO, container and bearer of the link."""


def _in_domains(facts: Facts) -> Iterator[_Link]:
    yield from facts.rows("applied_gpos", "gpo_id", "container_id", "link_id")


def _in_sites(facts: Facts) -> Iterator[_Link]:
    sites = {site for site, kind in facts.rows("organizational_units", "object_id", "kind") if kind == "site"}
    for gpo, container, is_enabled in facts.rows("gpo_links", "gpo_id", "container_id", "is_enabled"):
        if container in sites and is_enabled is not False:
            yield gpo, container, container


def _controllers_of_sites(facts: Facts, nodes: Nodes) -> Iterator[Edge]:
    """The domain controllers of a site get its settings; where other machines are, the directory does not say."""
    for server, site, computer in facts.rows("directory_servers", "object_id", "site_id", "computer_id"):
        bearer = NONE if server is None else server
        yield Edge("GPOAppliesTo", nodes.settings_of(site), nodes.of_object(computer), bearer, "serverReference")


class _Policy(NamedTuple):
    object_id: int
    dn: str
    sd_id: int | None
    has_wmi_filter: bool


def _policies(facts: Facts) -> Iterator[_Policy]:
    wmi_filters = dict(facts.rows("gpos", "object_id", "wmi_filter"))
    objects = _among(facts, "objects", "object_id", wmi_filters)
    for gpo, dn, sd in objects.rows("objects", "object_id", "dn", "sd_id"):
        yield _Policy(gpo, dn or "", sd, bool(wmi_filters[gpo]))


def _filtered(facts: Facts, policies: Iterable[_Policy]) -> frozenset[int]:
    """GPOs with a WMI filter, and those that nobody who stands for everybody may apply (MS-GPOL 3.2.5.1.6).

    A descriptor that was not read filters nothing.
    """
    here = _among(facts, "descriptor_rights", "sd_id", (found.sd_id for found in policies))
    columns = ("sd_id", "principal_id", "trustee_sid", "right", "object_type")
    open_to_all = {
        sd
        for sd, principal, sid, right, object_type in here.rows("descriptor_rights", *columns)
        if (right in ("full_control", "null_dacl") or _applies(right, object_type))
        and (sid in EVERYONE_LIKE_SIDS or (principal is not None and stands_for_everybody(facts, principal)))
    } | {None}
    return frozenset(found.object_id for found in policies if found.has_wmi_filter or found.sd_id not in open_to_all)


def _applies(right: str, object_type: str | None) -> bool:
    return right == "control_access" and object_type in (None, _APPLY_GROUP_POLICY)


def _among(facts: Facts, table: str, column: str, ids: Iterable[int | None]) -> Facts:
    """The rows of a table whose id is one of these."""
    rows = facts.table(table)
    return Facts({table: rows.filter(pc.is_in(rows[column], pa.array(set(ids) - {None}, pa.int32())))})
