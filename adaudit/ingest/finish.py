"""From staged rows to the tables of a snapshot: identities resolved, ids assigned, rows put in order.

The ids follow the order of GUIDs and SIDs, so that one directory read by two routes gives the same tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa

from adaudit.decode.sid import WELL_KNOWN
from adaudit.ingest.access import account_token
from adaudit.ingest.columns import PLAIN_TABLES, typed_select
from adaudit.ingest.coverage import Coverage
from adaudit.ingest.expectations import ACCOUNT_TABLES, TYPED_TABLES
from adaudit.ingest.files import FILE_RELATIONS, POLICY_FOLDERS
from adaudit.ingest.forest import CrossRef, Forest, assemble
from adaudit.ingest.identities import AFTER_PRINCIPALS, IDENTITIES, IDS, PRINCIPALS
from adaudit.ingest.logons import LOGON_RELATIONS
from adaudit.ingest.relations import AFTER_TABLES, RELATIONS
from adaudit.ingest.staged import Staged
from adaudit.snapshot import SnapshotWriter

_BATCH = 16_384
_MANAGED = tuple(f"msDS-{kind}ManagedServiceAccount" for kind in ("Group", "", "Delegated"))
_LARGE = ("attributes", "principals")
"""Written straight to the snapshot: no other table is computed from them."""


class Finish:
    """Resolves staged rows into the tables of ``writer``.

    ``account``: who read the directory, as ``access.account_token`` takes it.
    """

    def __init__(self, staged: Staged, writer: SnapshotWriter, account: str | None) -> None:
        self._writer = writer
        self._account = account
        self._db = staged.db
        staged.show()

    def newest_change(self) -> datetime:
        """The newest whenChanged of all objects; the Unix epoch when none was read."""
        found = self._db.execute("select max(whenchanged) from entries").fetchone()
        newest = found[0] if found else None
        return newest if isinstance(newest, datetime) else datetime(1970, 1, 1)

    def run(self) -> str | None:
        """Write every table of the snapshot; returns the SID of the account that read, when it was found."""
        managed = (f'select n, samaccountname, primarygroupid from "entries_{name}"' for name in _MANAGED)
        self._db.execute("create temp view entries_managed as " + " union all ".join(managed))
        self._place(self._forest())
        for statement in (*IDENTITIES, PRINCIPALS, *AFTER_PRINCIPALS):
            self._db.execute(statement)
        for name, query in RELATIONS.items():
            if name in _LARGE:
                self._write(name, query)
            else:
                self._keep(name, query)
        for table in PLAIN_TABLES:
            self._keep(table.name, typed_select(table))
        self._db.execute(POLICY_FOLDERS)
        for name, query in (AFTER_TABLES | FILE_RELATIONS | LOGON_RELATIONS).items():
            self._keep(name, query)
        token = account_token(self._db, self._account)
        self._prepare_coverage()
        self._write("coverage", Coverage(self._db, token).table())
        return token.account_sid

    def _forest(self) -> Forest:
        told = self._db.execute("select dn, is_collected from s_partitions").fetchall()
        refs = self._db.execute(
            'select ncname, dnsroot[1], netbiosname, coalesce(systemflags, 0) from "entries_crossRef" '
            "where ncname is not null"
        ).fetchall()
        heads = self._db.execute(
            'select dn_key, dn, objectsid from "entries_domainDNS" where objectsid is not null'
        ).fetchall()
        return assemble(told, [CrossRef(*row) for row in refs], {key: (dn, sid) for key, dn, sid in heads})

    def _place(self, forest: Forest) -> None:
        """Number domains and partitions, and say where each object is."""
        ordered = sorted(forest.domains.items(), key=lambda item: (item[1].dns_name, item[0]))
        domain_ids = {key: number for number, (key, _) in enumerate(ordered)}
        partition_ids = {key: number for number, key in enumerate(sorted(forest.partitions))}
        self._register(
            "known_domains",
            [
                (number, d.dn, key, d.dns_name, d.netbios_name, d.sid, key == forest.root, d.is_collected)
                for number, (key, d) in enumerate(ordered)
            ],
            {
                "domain_id": pa.int32(),
                "dn": pa.string(),
                "dn_key": pa.string(),
                "dns_name": pa.string(),
                "netbios_name": pa.string(),
                "sid": pa.string(),
                "is_root": pa.bool_(),
                "is_collected": pa.bool_(),
            },
        )
        self._register(
            "known_partitions",
            [
                (partition_ids[key], p.dn, key, p.kind, domain_ids[p.domain_key], p.is_collected)
                for key, p in forest.partitions.items()
            ],
            {
                "partition_id": pa.int32(),
                "dn": pa.string(),
                "dn_key": pa.string(),
                "kind": pa.string(),
                "domain_id": pa.int32(),
                "is_collected": pa.bool_(),
            },
        )
        parents = [row[0] for row in self._db.execute("select distinct parent_key from entries").fetchall()]
        for name, column, keys in (("places", "parent_key", parents), ("heads", "dn_key", list(forest.partitions))):
            rows = []
            for key in keys:
                head = forest.partition_of(key)
                domain = forest.partitions[head].domain_key if head is not None else forest.root
                rows.append((key, partition_ids[head] if head is not None else None, domain_ids[domain]))
            self._register(name, rows, {column: pa.string(), "partition_id": pa.int32(), "domain_id": pa.int32()})
        self._register("known_sids", list(WELL_KNOWN.items()), {"sid": pa.string(), "name": pa.string()})
        self._db.execute(IDS)

    def _prepare_coverage(self) -> None:
        """What ``coverage`` and ``access`` read beside the finished tables."""
        shared = "object_id, principal_id, domain_id, rbcd_sd_id"
        self._db.execute(
            "create temp view all_accounts as "
            + " union all ".join(f"select {shared} from {name}" for name in ACCOUNT_TABLES)
        )
        typed = " union all ".join(f"select '{name}' as table_name, object_id from {name}" for name in TYPED_TABLES)
        self._db.execute(f"""
            create temp table typed_objects as
            select t.table_name, object_id, o.domain_id from ({typed}) t join objects o using (object_id)
            union all select 'objects', object_id, domain_id from objects where not is_deleted
        """)

    def _register(self, name: str, rows: Sequence[tuple[object, ...]], schema: dict[str, pa.DataType]) -> None:
        columns = zip(*rows, strict=True) if rows else [()] * len(schema)
        arrays = [pa.array(column, kind) for column, kind in zip(columns, schema.values(), strict=True)]
        self._db.register(name, pa.Table.from_arrays(arrays, names=list(schema)))

    def _keep(self, name: str, query: str) -> None:
        """Compute a table, write it unless it is empty, and keep it under its name for what follows."""
        (rows,) = self._db.execute(f'create temp table "{name}" as {query}').fetchone() or (0,)
        if rows:
            self._write(name, f'from "{name}"')

    def _write(self, name: str, query: str) -> None:
        self._writer.write_batches(name, self._db.sql(query).to_arrow_reader(_BATCH))
