"""AdminSDHolder, the template of protected objects, in each domain."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow.compute as pc

from adaudit.derive.facts import Facts


class AdminSDHolder(NamedTuple):
    domain_id: int
    object_id: int
    sd_id: int | None


def adminsdholders(facts: Facts) -> list[AdminSDHolder]:
    """Those that were read, with the descriptor where it was."""
    places = {f"cn=adminsdholder,cn=system,{d.dn.lower()}": d.domain_id for d in facts.domains if d.dn}
    objects = facts.table("objects")
    named = Facts({"objects": objects.filter(pc.match_substring(objects["dn"], "CN=AdminSDHolder,", ignore_case=True))})
    return [
        AdminSDHolder(places[dn.lower()], object_id, sd)
        for dn, object_id, sd in named.rows("objects", "dn", "object_id", "sd_id")
        if dn.lower() in places and object_id is not None
    ]
