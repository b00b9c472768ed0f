"""How each typed column follows from the staged attributes, in SQL.

``e`` is the staged entry, ``i`` its resolved identity (``ids``), ``r`` and ``g`` its RBCD and gMSA
descriptors. Only declared names enter the SQL, never a value from the directory.
"""

from __future__ import annotations

from itertools import groupby

from adaudit.ingest.layout import TABLES_BY_CLASS
from adaudit.schema import COLLECTED, Column, Kind, Table

_UNIX_EPOCH_IN_TICKS = 116_444_736_000_000_000
_LAST_TICK = 2_650_467_743_990_000_000  # the end of year 9999
_DAY_IN_TICKS = 864_000_000_000

_FIXED = {
    "object_id": "i.object_id",
    "principal_id": "i.principal_id",
    "domain_id": "i.domain_id",
    "partition_id": "i.partition_id",
    "dn": "e.dn",
    "rbcd_sd_id": "r.sd_id",
    "reader_sd_id": "g.sd_id",
    "is_enabled": "(e.useraccountcontrol & 2) = 0",
    "rid": r"try_cast(regexp_extract(e.objectsid, '-(\d+)$', 1) as bigint)",
}

_SPECIAL = {
    ("managed_service_accounts", "kind"): (
        "case when list_contains(e.objectclass, 'msDS-GroupManagedServiceAccount') then 'gmsa' "
        "when list_contains(e.objectclass, 'msDS-ManagedServiceAccount') then 'smsa' else 'dmsa' end"
    ),
    ("groups", "scope"): (
        "case when (e.grouptype & 1) <> 0 then 'builtin_local' when (e.grouptype & 2) <> 0 then 'global' "
        "when (e.grouptype & 4) <> 0 then 'domain_local' when (e.grouptype & 8) <> 0 then 'universal' end"
    ),
    ("organizational_units", "kind"): (
        "case when list_contains(e.objectclass, 'site') then 'site' "
        "when list_contains(e.objectclass, 'domainDNS') then 'domain' else 'ou' end"
    ),
    ("organizational_units", "blocks_inheritance"): "(coalesce(e.gpoptions, 0) & 1) <> 0",
    ("gpos", "name"): "e.name",
    ("gpos", "user_enabled"): "(coalesce(e.flags, 0) & 1) = 0",
    ("gpos", "computer_enabled"): "(coalesce(e.flags, 0) & 2) = 0",
    ("certificate_templates", "name"): "e.name",
    ("certificate_templates", "schema_version"): 'coalesce(e."mspki-template-schema-version", 1)',
    ("certificate_authorities", "name"): "e.name",
    ("certificate_authorities", "dns_host_name"): "lower(e.dnshostname)",
    ("sites", "name"): "e.name",
    ("subnets", "prefix"): "e.name",
    ("extended_rights", "name"): "e.name",
    ("extended_rights", "guid"): "lower(e.rightsguid)",
    ("schema_classes", "is_defunct"): "coalesce(e.isdefunct, false)",
    ("schema_attributes", "is_defunct"): "coalesce(e.isdefunct, false)",
    ("schema_attributes", "is_confidential"): "(coalesce(e.searchflags, 0) & 128) <> 0",
}

_FROM_POLICY = {
    "kind": ("'domain'", "'fine_grained'"),
    "name": ("e.name", "e.name"),
    "precedence": ("null", 'e."msds-passwordsettingsprecedence"'),
    "minimum_length": ("e.minpwdlength", 'e."msds-minimumpasswordlength"'),
    "history_length": ("e.pwdhistorylength", 'e."msds-passwordhistorylength"'),
    "requires_complexity": ("(e.pwdproperties & 1) <> 0", 'e."msds-passwordcomplexityenabled"'),
    "stores_reversibly": ("(e.pwdproperties & 16) <> 0", 'e."msds-passwordreversibleencryptionenabled"'),
    "minimum_age_raw": ("e.minpwdage", 'e."msds-minimumpasswordage"'),
    "maximum_age_raw": ("e.maxpwdage", 'e."msds-maximumpasswordage"'),
    "lockout_threshold": ("e.lockoutthreshold", 'e."msds-lockoutthreshold"'),
    "lockout_duration_raw": ("e.lockoutduration", 'e."msds-lockoutduration"'),
    "lockout_window_raw": ("e.lockoutobservationwindow", 'e."msds-lockoutobservationwindow"'),
}
"""Columns of password_policies, from a domain head and from a password settings object (MS-ADTS 3.1.1.4.5)."""

FINE_GRAINED_ATTRIBUTES = tuple(
    (column, fine_grained.removeprefix('e."').removesuffix('"'))
    for column, (_, fine_grained) in _FROM_POLICY.items()
    if fine_grained.startswith('e."')
)
"""Those columns, with the attribute of a password settings object that gives each; lower case."""


def filetime_sql(raw: str) -> str:
    """The moment of a FILETIME; null for zero, never and what is out of range ([MS-DTYP] 2.3.3)."""
    return (
        f"case when {raw} > 0 and {raw} < {_LAST_TICK} then make_timestamp(({raw} - {_UNIX_EPOCH_IN_TICKS}) // 10) end"
    )


def interval_sql(raw: str) -> str:
    """Days of a negative interval in 100 ns; null when it is the unlimited one or not negative but zero."""
    return f"case when {raw} <= 0 and {raw} > -9223372036854775808 then -{raw} / {_DAY_IN_TICKS}.0 end"


_DESCRIPTOR_OF = {
    "rbcd_sd_id": " left join sd_ids r on r.sd = e.rbcd_sd and r.domain_id = i.domain_id",
    "reader_sd_id": " left join sd_ids g on g.sd = e.gmsa_sd and g.domain_id = i.domain_id",
}


def classes_of(table: str) -> tuple[str, ...]:
    """Classes of staged entries that feed a typed table."""
    return tuple(name for name, tables in TABLES_BY_CLASS.items() if table in tables)


def expression(table: Table, column: Column, staged_as: str) -> str:
    """The SQL of one column of ``table`` for entries staged as class ``staged_as``."""
    if table.name == "password_policies" and column.name not in ("object_id", "domain_id"):
        return _policy_expression(column.name, 0 if staged_as == "domainDNS" else 1)
    special = _SPECIAL.get((table.name, column.name)) or _FIXED.get(column.name)
    if special:
        return special
    raw = f'e."{column.source.lower()}"'
    names = {c.name for c in table.columns}
    if column.bit:
        return f"({raw} & {column.bit}) <> 0"
    if column.kind is Kind.TIME and column.name.removesuffix("_at") + "_raw" in names:
        return filetime_sql(raw)
    return raw


def _policy_expression(name: str, way: int) -> str:
    if name.endswith("_days"):
        return interval_sql(_FROM_POLICY[name.removesuffix("_days") + "_raw"][way])
    return _FROM_POLICY[name][way]


def typed_select(table: Table) -> str:
    """The SELECT that gives a typed table all its rows, in the order of object ids."""
    descriptors = "".join(_DESCRIPTOR_OF[c.name] for c in table.columns if c.name in _DESCRIPTOR_OF)
    parts = []
    for _, classes in groupby(classes_of(table.name), TABLES_BY_CLASS.get):
        first, *others = classes
        columns = ", ".join(f'{expression(table, c, first)} as "{c.name}"' for c in table.columns)
        staged = "".join(f' union all from "entries_{name}"' for name in others)
        parts.append(
            f'select {columns} from (from "entries_{first}"{staged}) e join resolved i using (n)'
            f"{descriptors}{_condition(table.name, first)}"
        )
    return " union all ".join(parts) + " order by object_id"


def _condition(table: str, staged_as: str) -> str:
    if staged_as == "domainDNS" and table in ("organizational_units", "password_policies"):
        return " join domains d on d.object_id = i.object_id"
    return ""


PLAIN_TABLES = tuple(
    COLLECTED[name]
    for name in (
        "users",
        "computers",
        "managed_service_accounts",
        "groups",
        "organizational_units",
        "password_policies",
        "gpos",
        "trusts",
        "certificate_templates",
        "certificate_authorities",
        "sites",
        "schema_classes",
        "schema_attributes",
        "extended_rights",
    )
)
"""Typed tables that follow from the entries alone, one row per object."""
