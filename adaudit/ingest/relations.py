"""The SQL of the tables that relate objects and identities to each other.

It reads staged tables, ``entries_<class>`` of ``layout`` and ``s_<name>`` of ``multivalued``, and what ``identities``
makes of them; a finished table has its own name.
"""

from __future__ import annotations

from adaudit.ingest.identities import SCOPE

_IDENTITY_OF = "{alias}.sid = {sid} and {alias}.scope = " + SCOPE

RELATIONS: dict[str, str] = {
    "objects": """
        select i.object_id, e.guid, e.dn, p.object_id as parent_id, i.partition_id, i.domain_id, e.name,
            e.objectclass[-1] as object_class, e.objectclass as object_classes,
            coalesce(e.isdeleted, false) as is_deleted, coalesce(e.isrecycled, false) as is_recycled,
            e.whencreated as created_at, e.whenchanged as changed_at,
            e.usncreated as usn_created, e.usnchanged as usn_changed, e.systemflags as system_flags, e.description,
            e.displayname as display_name, s.sd_id
        from entries e join ids i using (n) left join by_dn p on p.dn_key = e.parent_key
        left join sd_ids s on s.sd = e.sd and s.domain_id = i.domain_id
        order by i.object_id
    """,
    "principals": """
        select principal_id, sid, rid, domain_id, object_id, type, name, dn from identities order by principal_id
    """,
    "domains": """
        select d.domain_id, d.dn, d.dns_name, d.netbios_name, d.sid, d.is_root, d.is_collected, i.object_id,
            e."msds-behavior-version" as functional_level, e."ms-ds-machineaccountquota" as machine_account_quota,
            e.ntmixeddomain as nt_mixed_domain
        from known_domains d left join by_dn h on h.dn_key = d.dn_key left join ids i on i.object_id = h.object_id
        left join "entries_domainDNS" e on e.n = i.n
        order by d.domain_id
    """,
    "forests": """
        select d.*, c.functional_level, m.schema_version, s.*, c.upn_suffixes, c.spn_suffixes, c.recycle_bin_enabled
        from (select min(dns_name) as dns_name from known_domains where is_root) d,
            (
                select min("msds-behavior-version") as functional_level, first(upnsuffixes) as upn_suffixes,
                    first("msds-spnsuffixes") as spn_suffixes, bool_or(n in (
                        select n from s_links where lower(attribute) = 'msds-enabledfeature'
                            and key like 'cn=recycle bin feature,%'
                    )) as recycle_bin_enabled
                from "entries_crossRefContainer"
            ) c,
            (select max(objectversion) as schema_version from "entries_dMD") m,
            (
                select min(dsheuristics) as ds_heuristics, min(tombstonelifetime) as tombstone_lifetime_days
                from "entries_nTDSService" where dn_key like 'cn=directory service,cn=windows nt,%'
            ) s
    """,
    "partitions": """
        select partition_id, dn, kind, domain_id, is_collected from known_partitions order by partition_id
    """,
    "security_descriptors": f"""
        select s.sd_id, d.role, s.domain_id, d.raw, d.control, d.is_dacl_protected, d.dacl_state, d.owner_sid,
            p.principal_id as owner_id, d.group_sid, d.ace_count, d.error
        from sd_ids s join s_descriptors d using (sd)
        left join identities p on {_IDENTITY_OF.format(alias="p", sid="d.owner_sid", domain="s.domain_id")}
        order by s.sd_id
    """,
    "aces": f"""
        select s.sd_id, a.position, a.type, a.is_allow, a.flags, a.is_inherited, a.is_inherit_only, a.mask,
            a.object_type, a.inherited_object_type, a.trustee_sid, p.principal_id as trustee_id, a.has_condition
        from sd_ids s join s_aces a using (sd)
        left join identities p on {_IDENTITY_OF.format(alias="p", sid="a.trustee_sid", domain="s.domain_id")}
        order by s.sd_id, a.position
    """,
    "memberships": """
        with pairs as (
            select p.principal_id as member_id, g.principal_id as group_id, 1 as rank
            from named_principals p join resolved g using (n) where not p.is_back_link
            union all
            select r.principal_id, p.principal_id, 2
            from primary_groups g join resolved r using (object_id) join identities p on p.sid = g.sid and p.scope = -1
            union all
            select r.principal_id, p.principal_id, 3
            from named_principals p join resolved r using (n) where p.is_back_link
        )
        select member_id, group_id,
            case min(rank) when 1 then 'member' when 2 then 'primary_group' else 'member_of' end as origin
        from pairs where member_id is not null and group_id is not null
        group by member_id, group_id order by group_id, member_id
    """,
    "links": """
        with all_links as (
            select n, attribute, position, dn, key, prefix from s_links
            union all
            select n, 'member', row_number() over (partition by n order by m.dn) - 1, m.dn, m.key, null
            from named_principals m join resolved r using (n)
            where not m.is_back_link and (r.principal_id is null or m.principal_id is null)
        )
        select i.object_id, l.attribute, l.position, l.dn as target_dn, t.object_id as target_id, l.prefix
        from all_links l join ids i using (n) left join by_dn t on t.dn_key = l.key
        order by i.object_id, l.attribute, l.position
    """,
    "spns": """
        select r.object_id, r.principal_id, s.* exclude (n) from s_spns s join resolved r using (n)
        order by r.object_id, s.spn
    """,
    "sid_history": f"""
        select r.object_id, r.principal_id, h.sid, p.principal_id as source_id
        from s_sid_histories h join resolved r using (n)
        left join identities p on {_IDENTITY_OF.format(alias="p", sid="h.sid", domain="r.domain_id")}
        order by r.object_id, h.sid
    """,
    "key_credentials": """
        select i.object_id, k.* exclude (n) from s_key_credentials k join ids i using (n)
        order by i.object_id, k.position
    """,
    "trust_names": """
        select i.object_id, t.* exclude (n) from s_trust_names t join ids i using (n) order by i.object_id, t.position
    """,
    "certificates": """
        select r.object_id, c.attribute, c.position,
            case when e.dn_key like 'cn=ntauthcertificates,cn=public key services,%' then 'ntauth'
                when e.parent_key like 'cn=certification authorities,cn=public key services,%' then 'root'
                when e.parent_key like 'cn=aia,cn=public key services,%' then 'aia'
                when e.parent_key like 'cn=enrollment services,cn=public key services,%' then 'enrollment'
                when r.principal_id is not null then 'account' else 'other' end as store,
            c.* exclude (n, attribute, position)
        from s_certificates c join resolved r using (n) join entries e using (n)
        order by r.object_id, c.attribute, c.position
    """,
    "published_templates": """
        select i.object_id as ca_id, p.template_name, min(t.object_id) as template_id
        from s_published p join ids i using (n)
        left join (
            select lower(e.name) as name, i.object_id from "entries_pKICertificateTemplate" e join ids i using (n)
        ) t on t.name = lower(p.template_name)
        group by i.object_id, p.template_name order by ca_id, p.template_name
    """,
    "display_specifier_menus": """
        select i.object_id, m.* exclude (n) from s_menus m join ids i using (n)
        order by i.object_id, m.attribute, m.position
    """,
    "dns_zones": """
        select i.object_id, i.domain_id, i.partition_id, lower(e.name) as name, z.zone_type, z.allow_update,
            z.aging_enabled
        from "entries_dnsZone" e join ids i using (n) left join s_zone_properties z on z.n = e.n order by i.object_id
    """,
    "dns_records": """
        select i.object_id, z.object_id as zone_id, lower(e.name) as name, r.* exclude (n)
        from s_zone_records r join ids i using (n) join entries e on e.n = i.n
        left join by_dn z on z.dn_key = e.parent_key
        order by i.object_id, r.position
    """,
    "subnets": """
        select i.object_id, e.name as prefix, min(s.object_id) as site_id
        from entries_subnet e join ids i using (n)
        left join s_links l on l.n = e.n and lower(l.attribute) = 'siteobject'
        left join by_dn s on s.dn_key = l.key group by i.object_id, e.name order by i.object_id
    """,
    "directory_servers": """
        with settings as (
            select parent_key, objectclass[-1] as settings_class, "msds-behavior-version" as level, options
            from "entries_nTDSDSA"
        )
        select o.object_id, folder.parent_id as site_id, e.name, lower(e.dnshostname) as dns_host_name,
            min(c.object_id) as computer_id, min(s.settings_class) as settings_class, min(s.level) as functional_level,
            min(s.options) as options
        from entries_server e join ids using (n) join objects o using (object_id)
        left join objects folder on folder.object_id = o.parent_id
        left join s_links l on l.n = e.n and lower(l.attribute) = 'serverreference'
        left join by_dn c on c.dn_key = l.key
        left join settings s on s.parent_key = e.dn_key
        group by o.object_id, folder.parent_id, e.name, e.dnshostname order by o.object_id
    """,
    "secrets": """
        select i.object_id, s.attribute from s_secrets s join ids i using (n) order by i.object_id, s.attribute
    """,
    "attributes": """
        select i.object_id, a.* exclude (n) from s_attributes a join ids i using (n)
        order by i.object_id, a.name, a.position
    """,
}
"""One query per table of the snapshot that does not follow from the entries alone."""

AFTER_TABLES: dict[str, str] = {
    "gpo_links": r"""
        with linked as (
            select object_id, unnest(regexp_extract_all(gp_link, '\[[^\]]*\]')) as link,
                generate_subscripts(regexp_extract_all(gp_link, '\[[^\]]*\]'), 1) as place,
                len(regexp_extract_all(gp_link, '\[[^\]]*\]')) as total
            from organizational_units where gp_link is not null
        ), split as (
            select object_id, total - place + 1 as precedence,
                regexp_extract(link, '(?i)\[LDAP://(.*);(\d+)\]', 1) as dn,
                try_cast(regexp_extract(link, '(?i)\[LDAP://(.*);(\d+)\]', 2) as bigint) as options
            from linked
        )
        select s.object_id as container_id, s.precedence as "order", t.object_id as gpo_id, s.dn as gpo_dn,
            (coalesce(s.options, 0) & 1) = 0 as is_enabled, (coalesce(s.options, 0) & 2) <> 0 as is_enforced
        from split s left join by_dn t on t.dn_key = lower(s.dn) order by container_id, "order"
    """,
    "delegations": """
        with accounts as (
            select object_id, principal_id, trusted_for_delegation, trusted_to_auth_for_delegation, rbcd_sd_id
            from users
            union all select object_id, principal_id, trusted_for_delegation, trusted_to_auth_for_delegation, rbcd_sd_id
            from computers
            union all select object_id, principal_id, trusted_for_delegation, trusted_to_auth_for_delegation, rbcd_sd_id
            from managed_service_accounts
        ), rows as (
            select object_id, 'unconstrained' as kind, principal_id, null as protocol_transition, null as spn,
                null as service_class, null as host, null as target_id
            from accounts where trusted_for_delegation
            union all
            select r.object_id, 'constrained', r.principal_id, a.trusted_to_auth_for_delegation, d.spn, d.service_class,
                d.host, null
            from s_delegated d join resolved r using (n) left join accounts a using (object_id)
            union all
            select distinct a.object_id, 'rbcd', c.trustee_id, null, null, null, null, a.object_id
            from accounts a join aces c on c.sd_id = a.rbcd_sd_id
            where c.is_allow and not c.is_inherit_only
        )
        select * from rows order by object_id, kind, principal_id, spn
    """,
}
"""Queries that read finished tables."""
