"""The SQL that resolves staged rows: which object has which ids, and who is who.

Staged tables are ``entries_<class>`` of ``layout`` and ``s_<name>`` of ``multivalued``; ``ids`` gives each kept object
its ids. ``heads``, ``places``, ``known_domains`` and ``known_sids`` are registered by ``finish``.
"""

from __future__ import annotations

IDS = """
create temp table ids as
with numbered as (
    select n, dn_key, parent_key, (row_number() over (order by guid nulls last, dn_key) - 1)::integer as object_id
    from entries
)
select n, object_id, coalesce(h.partition_id, p.partition_id) as partition_id,
    coalesce(h.domain_id, p.domain_id) as domain_id
from numbered k left join heads h on h.dn_key = k.dn_key left join places p on p.parent_key = k.parent_key
"""

SCOPE = "case when {sid} like 'S-1-5-32-%' then {domain} else -1 end"
"""Where a SID is one identity: a BUILTIN one in each domain, any other everywhere."""

IDENTITIES = (
    # One object for each DN, were two ever read under the same one.
    """
    create temp table by_dn as
    select dn_key, min(object_id)::integer as object_id from entries join ids using (n) group by dn_key
    """,
    """
    create temp table sd_ids as
    with used as (
        select unnest([e.sd, e.rbcd_sd, e.gmsa_sd]) as sd, i.domain_id from entries e join ids i using (n)
        union select f.sd, d.domain_id from s_files f join known_domains d on d.dn_key = f.domain_key
    )
    select sd, domain_id, (row_number() over (order by role, domain_id, raw) - 1)::integer as sd_id
    from used join s_descriptors using (sd)
    """,
    f"""
    create temp table bearers as
    with typed as (
        select n, 'user' as type, samaccountname as name, primarygroupid as primary_rid from entries_user
        union all select n, 'computer', samaccountname, primarygroupid from entries_computer
        union all select n, 'managed_service_account', samaccountname, primarygroupid from entries_managed
        union all select n, 'group', samaccountname, null from entries_group
    )
    select n, i.object_id, e.dn, e.dn_key, i.domain_id, e.objectsid as sid, t.type, t.name, t.primary_rid,
        {SCOPE.format(sid="e.objectsid", domain="i.domain_id")} as scope
    from typed t join entries e using (n) join ids i using (n)
    """,
    """
    create temp table foreigners as
    select i.object_id, e.dn, e.dn_key, e.objectsid as sid
    from "entries_foreignSecurityPrincipal" e join ids i using (n) where e.objectsid is not null
    """,
    r"""
    create temp table primary_groups as
    select b.object_id,
        coalesce(case when b.sid like 'S-1-5-21-%-%' then regexp_replace(b.sid, '-\d+$', '') end, d.sid)
            || '-' || b.primary_rid as sid
    from bearers b join known_domains d using (domain_id)
    where b.primary_rid is not null and (b.sid is not null or d.sid is not null)
    """,
    """
    create temp table named as
    with every as (
        select *, false as is_back_link from s_members union all select *, true from s_members_of
    ), members as (
        select dn_key, object_id from bearers union all select dn_key, object_id from foreigners
    )
    select n, e.is_back_link, m.object_id, case when m.object_id is null or b.n is null then e.dn end as dn,
        case when m.object_id is null or b.n is null then e.key end as key
    from every e left join members m on m.dn_key = e.key left join bearers b using (n)
    """,
    """
    create temp table unseen as
    with recognised as (select dn_key from entries where objectclass is not null)
    select key as dn_key, min(dn) as dn from named anti join recognised on recognised.dn_key = named.key
    where object_id is null group by key
    """,
)
"""``named`` has the values of member and memberOf, with the identity's object; their text where there is none, or where
the object that holds them is no principal."""

PRINCIPALS = f"""
create temp table identities as
with referred as (
    select sid, -1 as scope from foreigners
    union select sid, -1 from primary_groups
    union select owner_sid, {SCOPE.format(sid="owner_sid", domain="domain_id")}
        from s_descriptors join sd_ids using (sd) where owner_sid is not null
    union select trustee_sid, {SCOPE.format(sid="trustee_sid", domain="domain_id")} from s_aces join sd_ids using (sd)
        where trustee_sid is not null
    union select h.sid, {SCOPE.format(sid="h.sid", domain="i.domain_id")} from s_sid_histories h join ids i using (n)
), first_bearers as (
    select min(object_id) as object_id from bearers where sid is not null group by sid, scope
), known as (
    select b.sid, b.scope, b.object_id, b.domain_id, b.type, coalesce(b.name, w.name) as name, b.dn, null as unseen_key
    from bearers b semi join first_bearers using (object_id) left join known_sids w on w.sid = b.sid
    union all
    select null, -1, object_id, domain_id, type, name, dn, null from bearers where sid is null
    union all
    select r.sid, r.scope, null, case when r.scope >= 0 then r.scope else d.domain_id end,
        case when w.sid is not null or r.sid not like 'S-1-5-21-%' then 'well_known'
            when d.sid is not null then 'dangling' else 'foreign' end,
        w.name, (select min(f.dn) from foreigners f where f.sid = r.sid), null
    from referred r anti join bearers b on b.sid = r.sid and b.scope = r.scope
    left join known_sids w on w.sid = r.sid
    left join known_domains d on d.sid = regexp_extract(r.sid, '^(S-1-5-21-\\d+-\\d+-\\d+)-\\d+$', 1)
    union all
    select null, -1, null, (
        select arg_max(d.domain_id, length(d.dn_key)) from known_domains d where ends_with(u.dn_key, ',' || d.dn_key)
    ), 'unseen', null, u.dn, u.dn_key from unseen u
)
select (
        row_number() over (order by sid nulls last, scope, case when sid is null then lower(dn) end) - 1
    )::integer as principal_id,
    sid, scope, try_cast(regexp_extract(sid, '-(\\d+)$', 1) as bigint) as rid, domain_id::integer as domain_id,
    object_id, type, name, dn, unseen_key
from known
"""

AFTER_PRINCIPALS = (
    """
    create temp table object_principals as
    select b.object_id, p.principal_id from bearers b join identities p on p.sid = b.sid and p.scope = b.scope
    union all
    select object_id, principal_id from identities where sid is null and object_id is not null
    """,
    """
    create temp table named_principals as
    with members as (
        from object_principals
        union all
        select f.object_id, p.principal_id from foreigners f join identities p on p.sid = f.sid and p.scope = -1
    )
    select n, named.is_back_link, named.dn, named.key, coalesce(m.principal_id, u.principal_id) as principal_id
    from named left join members m using (object_id) left join identities u on u.unseen_key = named.key
    """,
    """
    create temp table resolved as
    select i.*, p.principal_id from ids i left join object_principals p using (object_id)
    """,
)
"""``resolved`` is ``ids`` with the principal of each object."""
