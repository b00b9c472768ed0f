"""The ``coverage`` table: what the source told, and what follows from the silence of the directory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from adaudit.ingest.access import Grant, Token, grants_by_descriptor, hides_children
from adaudit.ingest.expectations import (
    CONTAINER_CLASSES,
    FOREST_SOURCES,
    HOMES,
    KNOWN_HIDDEN,
    PRINCIPAL_TABLES,
    TABLES_OF_PARTITION,
)
from adaudit.ingest.files import FILE_GAPS, FILE_TABLES
from adaudit.ingest.logons import LOGON_GAPS
from adaudit.ingest.silence import Silence
from adaudit.schema import COLLECTED


@dataclass(frozen=True)
class Coverage:
    """Derives coverage on a database that holds the finished tables and the staged notes."""

    db: duckdb.DuckDBPyConnection
    token: Token

    def table(self) -> str:
        """Fill the temporary table ``gaps`` and return the SELECT of ``coverage`` in its order."""
        self.db.execute(
            "create temp table gaps (table_name varchar, column_name varchar, domain_id integer, object_id integer, "
            "dn varchar, status varchar, reason varchar, detail varchar)"
        )
        self._told()
        self._not_read()
        self._malformed()
        self._unseen()
        has_descriptors = self._single("select count(*) from objects where sd_id is not null") > 0
        told_of_silence = Silence(self.db, has_descriptors)
        told_of_silence.mandatory()
        if not has_descriptors:
            self.db.execute(
                "insert into gaps "
                "values ('objects', 'sd_id', null, null, null, 'not_attempted', 'no_descriptors', null)"
            )
        else:
            grants = grants_by_descriptor(self.db, self.token)
            told_of_silence.refused(grants)
            self._hidden_containers(grants)
        self.db.execute(
            "insert into gaps select table_name, column_name, domain_id, null, dn, 'denied', 'known_hidden', "
            f"detail from ({KNOWN_HIDDEN}) where domain_id not in (select unnest($administered))",
            {"administered": sorted(self.token.administered)},
        )
        self._hidden_primary_groups()
        self._gather()
        names = ", ".join(field.name for field in COLLECTED["coverage"].arrow_schema)
        return f"select distinct {names} from gaps order by all"

    def _single(self, query: str) -> int:
        row = self.db.execute(query).fetchone()
        return int(row[0]) if row else 0

    def _told(self) -> None:
        """What the source told; a note on a whole naming context stands for every table filled from it."""
        filled = [(kind, table) for kind, tables in TABLES_OF_PARTITION.items() for table in tables]
        self.db.register("partition_tables", _table(filled, "kind", "table_name"))
        self.db.execute("""
            insert into gaps
            select coalesce(t.table_name, n.table_name), n.column_name, coalesce(p.domain_id, i.domain_id), i.object_id,
                case when p.dn is null then n.dn end, n.status, n.reason, coalesce(n.detail, p.dn)
            from s_notes n
            left join known_partitions p on p.dn_key = n.dn_key and n.table_name = 'objects' and n.column_name = '*'
            left join partition_tables t on t.kind = p.kind
            left join (from entries join ids using (n)) i on i.dn_key = n.dn_key and p.dn is null
            where n.column_name = '*' or i.n is null or i.n <= n.count
        """)

    def _not_read(self) -> None:
        """Naming contexts that exist and were not read though nobody said why, those that every forest has and nobody
        spoke of, SYSVOL, the logons that each controller knows and probes."""
        self.db.execute("""
            insert into gaps
            select t.table_name, '*', p.domain_id, null, null, 'not_attempted',
                case when p.kind = 'domain' then 'other_domain' else 'not_in_source' end, p.dn
            from known_partitions p join partition_tables t using (kind) where not p.is_collected and not exists (
                select 1 from s_notes n where n.dn_key = p.dn_key and n.table_name = 'objects' and n.column_name = '*'
            )
            union all
            select t.table_name, '*', null, null, null, 'not_attempted', 'not_in_source', t.kind
            from partition_tables t
            where t.kind <> 'application' and t.kind not in (select kind from known_partitions)
        """)
        self.db.execute(FILE_GAPS, {"tables": list(FILE_TABLES)})
        self.db.execute(LOGON_GAPS)
        self.db.execute(
            "insert into gaps select 'probes', '*', null, null, null, 'not_attempted', 'probe_off', null "
            "where not exists (select 1 from s_probes) and not exists (select 1 from gaps where table_name = 'probes')"
        )

    def _malformed(self) -> None:
        """Values that could not be read: the object is kept, its column is not known."""
        self.db.execute("""
            insert into gaps
            select f.table_name, f.column_name, r.domain_id, r.object_id, null, f.status, f.reason, f.detail
            from s_faults f join resolved r using (n)
            union all
            select 'objects', 'sd_id', o.domain_id, o.object_id, null, 'failed', 'malformed', d.error
            from security_descriptors d join objects o using (sd_id) where d.error is not null
            union all
            select 'delegations', 'target_id', a.domain_id, a.object_id, null, 'failed', 'malformed', d.error
            from security_descriptors d join all_accounts a on a.rbcd_sd_id = d.sd_id where d.error is not null
            union all
            select 'managed_service_accounts', 'reader_sd_id', a.domain_id, a.object_id, null, 'failed', 'malformed',
                d.error
            from security_descriptors d join managed_service_accounts a on a.reader_sd_id = d.sd_id
            where d.error is not null
            union all
            select 'gpo_links', 'gpo_dn', domain_id, object_id, null, 'failed', 'malformed', 'gPLink'
            from organizational_units
            where trim(regexp_replace(gp_link, '(?i)\\[LDAP://[^\\]]*;\\d{1,10}\\]', '', 'g')) <> ''
            union all
            select 'objects', '*', o.domain_id, null, d.dn, 'failed', 'malformed', 'objectGUID: also that of ' || o.dn
            from doubles d join objects o using (guid)
        """)

    def _unseen(self) -> None:
        """Objects of naming contexts that were read, referred to and never seen."""
        self.db.execute("""
            create temp table unseen_objects as
            with referred as (
                select dn from identities where type = 'unseen' and lower(dn) not in (select dn_key from by_dn)
                union select target_dn from links where target_id is null
                    and lower(attribute) not in ('lastknownparent', 'member') and target_dn not like '%\\0ADEL:%'
                union select gpo_dn from gpo_links where gpo_id is null and gpo_dn <> ''
                union select substr(e.dn, length(e.dn) - length(e.parent_key) + 1)
                    from entries e join ids using (n) join objects o using (object_id)
                    where o.parent_id is null and not o.is_deleted and e.parent_key <> ''
                    and e.dn_key not in (select dn_key from known_partitions)
            )
            select r.dn, arg_max(p.domain_id, length(p.dn_key)) as domain_id,
                arg_max(p.is_collected, length(p.dn_key)) as is_collected, arg_max(p.kind, length(p.dn_key)) as kind,
                bool_or(r.dn in (select dn from identities where type = 'unseen')) as is_principal
            from referred r join known_partitions p on ends_with(lower(r.dn), ',' || p.dn_key) or lower(r.dn) = p.dn_key
            where lower(r.dn) not like 'cn=deleted objects,%'
            group by r.dn
        """)
        self.db.register("principal_tables", pa.table({"table_name": list(PRINCIPAL_TABLES)}))
        self._homes()
        sources = [(kind, name) for kind, names in FOREST_SOURCES.items() for name in names]
        self.db.register("forest_sources", _table(sources, "object_class", "column_name"))
        self.db.execute("""
            insert into gaps
            select 'forests', f.column_name, d.domain_id, null, null, 'denied', 'reference_unseen', f.object_class
            from known_domains d, forest_sources f
            where d.is_root and f.object_class not in (select object_class from objects where object_class is not null)
            union all
            select 'objects', '*', domain_id, null, dn, 'denied', 'reference_unseen', null
            from unseen_objects where is_collected
            union all
            select t.table_name, '*', u.domain_id, null, u.dn, 'denied', 'reference_unseen', null
            from unseen_objects u, principal_tables t where u.is_collected and u.is_principal
            union all
            select 'gpos', '*', domain_id, null, dn, 'denied', 'reference_unseen', null from unseen_objects
            where is_collected and dn in (select gpo_dn from gpo_links where gpo_id is null)
            union all
            select t.table_name, '*', u.domain_id, null, u.dn, 'denied', 'reference_unseen', null
            from unseen_objects u join homes t on lower(u.dn) = t.dn_key or ends_with(t.dn_key, ',' || lower(u.dn))
            where u.is_collected
            union all
            select 'certificate_templates', '*', p.domain_id, null, 'CN=' || t.template_name
                || ',CN=Certificate Templates,CN=Public Key Services,CN=Services,' || p.dn, 'denied',
                'reference_unseen', null
            from published_templates t, known_partitions p
            where t.template_id is null and t.template_name is not null and p.kind = 'configuration' and p.is_collected
        """)

    def _homes(self) -> None:
        """Where the objects of a table are, in each naming context that was read."""
        self.db.register("home_paths", _table(HOMES, "table_name", "kind", "path"))
        self.db.execute("""
            create temp table homes as
            select h.table_name, h.path || ',' || p.dn_key as dn_key, p.dn_key as head
            from home_paths h join known_partitions p using (kind) where p.is_collected
        """)

    def _hidden_containers(self, grants: Mapping[int, tuple[Grant, ...]]) -> None:
        """Containers whose children the account may not list and of which none was seen."""
        closed = [sd_id for sd_id, signature in grants.items() if hides_children(signature)]
        self.db.register("closed", pa.table({"sd_id": pa.array(closed, pa.int32())}))
        self.db.register("container_classes", pa.table({"name": list(CONTAINER_CLASSES)}))
        self.db.execute("""
            create temp table hidden as
            select o.object_id, o.domain_id, o.dn, p.kind from objects o join closed using (sd_id)
            join container_classes c on c.name = o.object_class join known_partitions p using (partition_id)
            where not o.is_deleted and not exists (select 1 from objects below where below.parent_id = o.object_id)
        """)
        self.db.execute("""
            insert into gaps
            select 'objects', '*', domain_id, null, dn, 'denied', 'container_hidden', null from hidden
            union all
            select t.table_name, '*', h.domain_id, null, h.dn, 'denied', 'container_hidden', null
            from hidden h, principal_tables t where h.kind = 'domain' and not contains(lower(h.dn), ',cn=system,')
            union all
            select t.table_name, '*', h.domain_id, null, h.dn, 'denied', 'container_hidden', null
            from hidden h join homes t on lower(h.dn) = t.dn_key or ends_with(t.dn_key, ',' || lower(h.dn))
                or ends_with(lower(h.dn), ',' || t.dn_key) and t.dn_key <> 'cn=system,' || t.head
        """)

    def _hidden_primary_groups(self) -> None:
        """An account that does not show its primary group may be in any group of its domain."""
        self.db.execute("""
            insert into gaps
            select distinct 'memberships', 'member_id', domain_id, null, null, status, reason, 'primaryGroupID'
            from gaps where column_name = 'primary_group_rid'
        """)

    def _gather(self) -> None:
        """One row for a domain instead of one per object where a fact is missing for all of its objects."""
        self.db.execute("""
            create temp table everywhere as
            with holders as (
                select table_name, domain_id, count(*) as holders from typed_objects group by all
            ), counted as (
                select table_name, column_name, domain_id, status, reason, detail, count(*) as missing
                from gaps where object_id is not null group by all
            )
            select c.* exclude (missing) from counted c join holders h using (table_name, domain_id)
            where c.missing = h.holders and h.holders > 1
        """)
        self.db.execute("""
            delete from gaps g where object_id is not null and exists (
                select 1 from everywhere e where e.table_name = g.table_name and e.column_name = g.column_name
                and e.domain_id = g.domain_id and e.reason = g.reason and e.detail is not distinct from g.detail
            )
        """)
        self.db.execute(
            "insert into gaps select table_name, column_name, domain_id, null, null, status, reason, detail "
            "from everywhere"
        )


def _table(rows: Sequence[tuple[str, ...]], *names: str) -> pa.Table:
    return pa.table([pa.array(column) for column in zip(*rows, strict=True)], names=names)
