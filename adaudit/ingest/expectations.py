"""What a directory is expected to hold and where: against this, its silence is judged."""

from __future__ import annotations

DOMAIN_TABLES = (
    "objects",
    "users",
    "computers",
    "managed_service_accounts",
    "groups",
    "memberships",
    "links",
    "spns",
    "delegations",
    "sid_history",
    "key_credentials",
    "logons",
    "password_policies",
    "organizational_units",
    "gpos",
    "gpo_links",
    "trusts",
    "trust_names",
)
CONFIGURATION_TABLES = (
    "forests",
    "certificate_templates",
    "certificate_authorities",
    "published_templates",
    "certificates",
    "sites",
    "subnets",
    "directory_servers",
    "extended_rights",
    "display_specifier_menus",
)
SCHEMA_TABLES = ("schema_classes", "schema_attributes")
DNS_TABLES = ("dns_zones", "dns_records")

TABLES_OF_PARTITION = {
    "domain": DOMAIN_TABLES,
    "configuration": ("objects", *CONFIGURATION_TABLES),
    "schema": ("objects", *SCHEMA_TABLES),
    "domain_dns": ("objects", *DNS_TABLES),
    "forest_dns": ("objects", *DNS_TABLES),
    "application": ("objects",),
}
"""Tables filled from a naming context, and so incomplete when it was not read."""

TYPED_TABLES = (
    "users",
    "computers",
    "managed_service_accounts",
    "groups",
    "organizational_units",
    "gpos",
    "trusts",
    "certificate_templates",
    "certificate_authorities",
    "schema_classes",
    "schema_attributes",
)
"""Tables with one row per object whose columns are checked for silent refusals."""

ACCOUNT_TABLES = ("users", "computers", "managed_service_accounts")
PRINCIPAL_TABLES = (*ACCOUNT_TABLES, "groups")

RELATION_SOURCES = (
    (
        "memberships",
        "member_id",
        "member",
        ("groups",),
        "select object_id from groups",
        "select object_id from groups g where exists "
        "(select 1 from memberships m where m.group_id = g.principal_id and m.origin = 'member')",
    ),
    (
        "spns",
        "spn",
        "servicePrincipalName",
        ACCOUNT_TABLES,
        "select object_id from all_accounts",
        "select object_id from spns",
    ),
    *(
        (
            "logons",
            column,
            attribute,
            ACCOUNT_TABLES,
            "select object_id from all_accounts where exists (select 1 from logons)",
            f"select object_id from logons where {column} is not null",
        )
        for column, attribute in (
            ("last_logon_raw", "lastLogon"),
            ("logon_count", "logonCount"),
            ("bad_password_count", "badPwdCount"),
            ("bad_password_raw", "badPasswordTime"),
        )
    ),
    (
        "delegations",
        "spn",
        "msDS-AllowedToDelegateTo",
        ACCOUNT_TABLES,
        "select object_id from all_accounts",
        "select object_id from delegations where kind = 'constrained'",
    ),
    (
        "delegations",
        "target_id",
        "msDS-AllowedToActOnBehalfOfOtherIdentity",
        ACCOUNT_TABLES,
        "select object_id from all_accounts",
        "select object_id from all_accounts where rbcd_sd_id is not null",
    ),
    (
        "sid_history",
        "sid",
        "sIDHistory",
        PRINCIPAL_TABLES,
        "select object_id from all_accounts union all select object_id from groups",
        "select object_id from sid_history",
    ),
    (
        "key_credentials",
        "usage",
        "msDS-KeyCredentialLink",
        ("users", "computers"),
        "select object_id from users union all select object_id from computers",
        "select object_id from key_credentials",
    ),
    (
        "gpo_links",
        "gpo_id",
        "gPLink",
        ("organizational_units",),
        "select object_id from organizational_units",
        "select container_id from gpo_links",
    ),
    (
        "published_templates",
        "template_name",
        "certificateTemplates",
        ("certificate_authorities",),
        "select object_id from certificate_authorities",
        "select ca_id from published_templates",
    ),
    (
        "dns_zones",
        "allow_update",
        "dNSProperty",
        ("objects",),
        "select object_id from dns_zones",
        "select object_id from dns_zones where zone_type is not null or allow_update is not null",
    ),
    (
        "links",
        "target_id",
        "managedBy",
        ("computers",),
        "select object_id from computers",
        "select object_id from links where lower(attribute) = 'managedby'",
    ),
    (
        "links",
        "target_id",
        "msDS-ManagedAccountPrecededByLink",
        ("managed_service_accounts",),
        "select object_id from managed_service_accounts where kind = 'dmsa'",
        "select object_id from links where lower(attribute) = 'msds-managedaccountprecededbylink'",
    ),
    (
        "links",
        "target_id",
        "msDS-OIDToGroupLink",
        ("msPKI-Enterprise-Oid",),
        "select object_id from objects where object_class = 'msPKI-Enterprise-Oid' and not is_deleted",
        "select object_id from links where lower(attribute) = 'msds-oidtogrouplink'",
    ),
    *(
        (
            "links",
            "target_id",
            attribute,
            ("computers",),
            "select object_id from computers where is_rodc_account",
            f"select object_id from links where lower(attribute) = '{attribute.lower()}'",
        )
        for attribute in ("msDS-RevealedUsers", "msDS-NeverRevealGroup", "msDS-RevealOnDemandGroup", "msDS-KrbTgtLink")
    ),
    (
        "links",
        "target_id",
        "msDS-AssignedAuthNPolicySilo",
        ("users",),
        "select object_id from users",
        "select object_id from links where lower(attribute) = 'msds-assignedauthnpolicysilo'",
    ),
    *(
        (
            "attributes",
            "text",
            attribute,
            (object_class,),
            f"select object_id from objects where object_class = '{object_class}'",
            f"select object_id from s_attributes join ids using (n) where lower(name) = '{attribute.lower()}'",
        )
        for attribute, object_class in (("msDS-Other-Settings", "nTDSService"), ("possSuperiors", "classSchema"))
    ),
    (
        "trust_names",
        "name",
        "msDS-TrustForestTrustInfo",
        ("trusts",),
        "select object_id from trusts where is_forest_transitive",
        "select object_id from trust_names",
    ),
    (
        "certificates",
        "sha256",
        "cACertificate",
        ("certificationAuthority", "pKIEnrollmentService"),
        "select object_id from objects where object_class in ('certificationAuthority', 'pKIEnrollmentService')",
        "select object_id from certificates",
    ),
    (
        "display_specifier_menus",
        "command",
        "adminContextMenu",
        ("displaySpecifier",),
        "select object_id from objects where object_class = 'displaySpecifier'",
        "select object_id from display_specifier_menus",
    ),
)
"""(table, column, attribute, tables or classes of what may hold it, objects that may, objects that were seen to)."""

FOREST_SOURCES = {
    "crossRefContainer": ("functional_level", "upn_suffixes", "spn_suffixes", "recycle_bin_enabled"),
    "nTDSService": ("ds_heuristics", "tombstone_lifetime_days"),
    "dMD": ("schema_version",),
}
"""Columns of ``forests`` by the class of the one object that holds them."""

CONTAINER_CLASSES = (
    "container",
    "organizationalUnit",
    "domainDNS",
    "builtinDomain",
    "lostAndFound",
    "msDS-PasswordSettingsContainer",
    "msDS-QuotaContainer",
    "rpcContainer",
    "sitesContainer",
    "serversContainer",
    "subnetContainer",
    "configuration",
    "crossRefContainer",
)
"""Classes of objects below which others are expected."""

HOMES = (
    ("trusts", "domain", "cn=system"),
    ("trust_names", "domain", "cn=system"),
    ("gpos", "domain", "cn=policies,cn=system"),
    ("password_policies", "domain", "cn=password settings container,cn=system"),
    ("dns_zones", "domain", "cn=microsoftdns,cn=system"),
    ("dns_records", "domain", "cn=microsoftdns,cn=system"),
    ("dns_zones", "domain_dns", "cn=microsoftdns"),
    ("dns_records", "domain_dns", "cn=microsoftdns"),
    ("dns_zones", "forest_dns", "cn=microsoftdns"),
    ("dns_records", "forest_dns", "cn=microsoftdns"),
    ("certificate_templates", "configuration", "cn=certificate templates,cn=public key services,cn=services"),
    ("certificate_authorities", "configuration", "cn=enrollment services,cn=public key services,cn=services"),
    ("published_templates", "configuration", "cn=enrollment services,cn=public key services,cn=services"),
    ("certificates", "configuration", "cn=public key services,cn=services"),
    ("sites", "configuration", "cn=sites"),
    ("subnets", "configuration", "cn=subnets,cn=sites"),
    ("directory_servers", "configuration", "cn=sites"),
    ("extended_rights", "configuration", "cn=extended-rights"),
    ("display_specifier_menus", "configuration", "cn=displayspecifiers"),
)
"""(table, kind of naming context, container below its head) of tables whose objects are in one place."""

KNOWN_HIDDEN = """
select 'objects' as table_name, '*' as column_name, p.domain_id, 'CN=Deleted Objects,' || p.dn as dn, null as detail
from known_partitions p where p.is_collected and p.kind in ('domain', 'configuration')
    and not exists (
        select 1 from objects o where o.partition_id = p.partition_id and o.is_deleted
            and not starts_with(lower(o.dn), 'cn=deleted objects,')
    )
union all
select 'password_policies', '*', p.domain_id, 'CN=Password Settings Container,CN=System,' || p.dn,
    'msDS-PasswordSettings'
from known_partitions p where p.is_collected and p.kind = 'domain' and not exists (
    select 1 from password_policies f where f.kind = 'fine_grained' and f.domain_id = p.domain_id
)
union all
select 'objects', '*', p.domain_id, 'CN=BCKUPKEY_PREFERRED Secret,CN=System,' || p.dn, 'secret'
from known_partitions p where p.is_collected and p.kind = 'domain' and not exists (
    select 1 from objects o where o.object_class = 'secret' and o.partition_id = p.partition_id
)
union all
select 'objects', '*', p.domain_id,
    'CN=Master Root Keys,CN=Group Key Distribution Service,CN=Services,' || p.dn, 'msKds-ProvRootKey'
from known_partitions p where p.is_collected and p.kind = 'configuration'
    and not exists (select 1 from objects where object_class = 'msKds-ProvRootKey')
"""
"""Objects whose default descriptor hides them from an ordinary account: seeing none says nothing (MS-ADTS 6.1)."""
