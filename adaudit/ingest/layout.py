"""Which attributes are staged for which class of object, and under which type.

An attribute is staged once although several columns may follow from it (userAccountControl gives a
dozen); ``columns.py`` says how each column follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pyarrow as pa

from adaudit.ingest.values import CONVERTERS, Convert, to_classes
from adaudit.schema import ARROW_TYPES, COLLECTED, Kind

COMMON = "objects"
"""Objects that no typed table describes are staged here."""

STAGED_KINDS: dict[str, Kind] = {
    "objectSid": Kind.SID,
    "objectClass": Kind.TEXTS,
    "userAccountControl": Kind.FLAGS,
    "groupType": Kind.FLAGS,
    "gPOptions": Kind.INT,
    "flags": Kind.FLAGS,
    "pwdProperties": Kind.FLAGS,
    "trustDirection": Kind.FLAGS,
    "trustAttributes": Kind.FLAGS,
    "searchFlags": Kind.FLAGS,
    "rightsGuid": Kind.TEXT,
}
"""Attributes from which several kinds of columns follow, or whose column is computed from another kind."""

NOT_STAGED = frozenset(
    {
        "nTSecurityDescriptor",
        "msDS-AllowedToActOnBehalfOfOtherIdentity",
        "msDS-GroupMSAMembership",
        "siteObject",
        "serverReference",
        "dNSProperty",
    }
)
"""Sources of columns that descriptors, links or other rows of their own provide."""

EXTRA_ATTRIBUTES: dict[str, tuple[tuple[str, Kind], ...]] = {
    "domains": (
        ("nETBIOSName", Kind.TEXT),
        ("dnsRoot", Kind.TEXTS),
        ("nCName", Kind.DN),
        ("systemFlags", Kind.INT),
    ),
    "password_policies": (
        ("msDS-MinimumPasswordLength", Kind.INT),
        ("msDS-PasswordHistoryLength", Kind.INT),
        ("msDS-PasswordComplexityEnabled", Kind.BOOL),
        ("msDS-PasswordReversibleEncryptionEnabled", Kind.BOOL),
        ("msDS-MinimumPasswordAge", Kind.TICKS),
        ("msDS-MaximumPasswordAge", Kind.TICKS),
        ("msDS-LockoutThreshold", Kind.INT),
        ("msDS-LockoutDuration", Kind.TICKS),
        ("msDS-LockoutObservationWindow", Kind.TICKS),
    ),
    "directory_servers": (("options", Kind.FLAGS), ("msDS-Behavior-Version", Kind.INT)),
}
"""Attributes that columns of a table need beside their declared source."""

TABLES_BY_CLASS: dict[str, tuple[str, ...]] = {
    "msDS-GroupManagedServiceAccount": ("managed_service_accounts",),
    "msDS-ManagedServiceAccount": ("managed_service_accounts",),
    "msDS-DelegatedManagedServiceAccount": ("managed_service_accounts",),
    "computer": ("computers",),
    "user": ("users",),
    "group": ("groups",),
    "domainDNS": ("domains", "organizational_units", "password_policies"),
    "organizationalUnit": ("organizational_units",),
    "site": ("sites", "organizational_units"),
    "groupPolicyContainer": ("gpos",),
    "trustedDomain": ("trusts",),
    "pKICertificateTemplate": ("certificate_templates",),
    "pKIEnrollmentService": ("certificate_authorities",),
    "msDS-PasswordSettings": ("password_policies",),
    "dnsZone": ("dns_zones",),
    "subnet": ("subnets",),
    "server": ("directory_servers",),
    "nTDSDSA": ("directory_servers",),
    "classSchema": ("schema_classes",),
    "attributeSchema": ("schema_attributes",),
    "controlAccessRight": ("extended_rights",),
    "crossRef": ("domains",),
    "crossRefContainer": ("forests",),
    "nTDSService": ("forests",),
    "dMD": ("forests",),
    "foreignSecurityPrincipal": ("foreign_principals",),
}
"""Typed tables that an object's classes feed; the first class found, in this order, decides."""

_GATHERED_TABLES = frozenset(("domains", "forests", "directory_servers", "foreign_principals"))
GATHERED_LAYOUTS = frozenset(
    name for name, tables in TABLES_BY_CLASS.items() if not _GATHERED_TABLES.isdisjoint(tables)
)
"""Classes whose tables gather several objects in a row, or hold no row of them: their attributes are kept as well."""

STAGED_WITHOUT_TABLE: dict[str, tuple[tuple[str, Kind], ...]] = {"foreign_principals": (("objectSid", Kind.SID),)}

FIXED = pa.schema(
    [
        ("n", pa.int32()),
        ("dn", pa.string()),
        ("dn_key", pa.string()),
        ("parent_key", pa.string()),
        ("sd", pa.int32()),
        ("rbcd_sd", pa.int32()),
        ("gmsa_sd", pa.int32()),
    ]
)
"""What is staged of every object besides attributes: its number, names and descriptors."""

COMMON_SLOTS = frozenset(column.source.lower() for column in COLLECTED["objects"].columns if column.source)
"""Attributes, lower case, that the table of objects holds."""

SD_SLOT, RBCD_SLOT, GMSA_SLOT = 4, 5, 6


@dataclass(frozen=True)
class Layout:
    """How objects of some classes are staged: ``slots`` maps an attribute, lower case, to its place and converter."""

    name: str
    schema: pa.Schema
    slots: dict[str, tuple[int, Convert]]


def layout_for(classes: frozenset[str]) -> Layout:
    """The layout of an object with these classes."""
    for name, tables in TABLES_BY_CLASS.items():
        if name in classes:
            return _layout(name, tables)
    return _layout(COMMON, ())


def layouts() -> tuple[Layout, ...]:
    """Every layout there is, each of which has a staged table even when no object uses it."""
    return tuple(_layout(name, tables) for name, tables in (*TABLES_BY_CLASS.items(), (COMMON, ())))


@cache
def _layout(name: str, tables: tuple[str, ...]) -> Layout:
    kinds: dict[str, Kind] = {}
    for table in (COMMON, *tables):
        columns = COLLECTED[table].columns if table in COLLECTED else ()
        declared = [(c.source, c.kind) for c in columns if c.source]
        for attribute, kind in (*declared, *EXTRA_ATTRIBUTES.get(table, ()), *STAGED_WITHOUT_TABLE.get(table, ())):
            if attribute not in NOT_STAGED:
                kinds[attribute] = STAGED_KINDS.get(attribute, kind)
    schema = FIXED
    slots = {}
    for attribute, kind in kinds.items():
        slots[attribute.lower()] = (len(schema), to_classes if attribute == "objectClass" else CONVERTERS[kind])
        schema = schema.append(pa.field(attribute.lower(), ARROW_TYPES[kind]))
    return Layout(name, schema, slots)
