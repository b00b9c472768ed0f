"""domain_controllers."""

from __future__ import annotations

import pyarrow as pa

from adaudit.derive.facts import Facts, build, in_order

DOMAIN_CONTROLLERS_RID = 516
READ_ONLY_RID = 521

_COLUMNS = (
    "object_id",
    "principal_id",
    "domain_id",
    "primary_group_rid",
    "is_server_account",
    "is_rodc_account",
    "dns_host_name",
    "dn",
)


def domain_controllers(facts: Facts) -> pa.Table:
    """Computers that one sign at least shows to be domain controllers, in the order of objects.

    The signs: primary group 516 or 521, SERVER_TRUST or PARTIAL_SECRETS, a server object that refers to the account,
    a place below OU=Domain Controllers of a domain. ``is_pseudo`` is false when no server object at all was seen,
    since every forest has one.
    """
    servers = {
        computer: (server, settings)
        for server, computer, settings in in_order(
            facts.rows("directory_servers", "object_id", "computer_id", "settings_class"), 0
        )
        if computer is not None
    }
    sites_were_read = facts.table("directory_servers").num_rows > 0
    places = controller_places(facts)
    rows = []
    for object_id, principal, domain, group, is_server, is_rodc, host, dn in facts.rows("computers", *_COLUMNS):
        server, settings = servers.get(object_id, (None, None))
        in_place = (dn or "").lower().endswith(places)
        if group in (DOMAIN_CONTROLLERS_RID, READ_ONLY_RID) or is_server or is_rodc or server is not None or in_place:
            read_only = group == READ_ONLY_RID or bool(is_rodc) or settings == "nTDSDSARO"
            is_pseudo = sites_were_read and server is None
            rows.append((object_id, principal, domain, read_only, is_pseudo, server, host and host.lower()))
    return build("domain_controllers", in_order(rows, 0))


def controller_places(facts: Facts) -> tuple[str, ...]:
    """How the DN, in lower case, of what is below OU=Domain Controllers ends, for each domain."""
    return tuple(f",ou=domain controllers,{domain.dn.lower()}" for domain in facts.domains if domain.dn)
