"""What an ingestion holds so far: against this, a collector that catches up decides what to read again."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

import pyarrow as pa

from adaudit.ingest.staged import Staged

_KEYS: Final = "select n, hash(key) from read_parquet($parts)"
_REFERENCES: Final = {
    "members": _KEYS,
    "members_of": _KEYS,
    "links": _KEYS,
    "attributes": "select n, hash(lower(text)) from read_parquet($parts) where contains(text, '=')",
}
"""Which object names which DN: links, and every other attribute whose text may be the DN of one, back links too."""

_CAME: Final = """
select n, guid, dn, dn_key, parent_key, usnchanged as usn_changed, coalesce(isdeleted, false) as is_deleted, sd
from entries where n >= $told order by n
"""

_NEIGHBOURS: Final = """
with asked as (select h.n, h.dn_key from held h join asked_ids using (id))
select h.id from held h join mentions r on r.key = hash(h.dn_key) semi join asked on asked.n = r.n
union
select h.id from held h join mentions r using (n) semi join asked on hash(asked.dn_key) = r.key
"""

_BELOW: Final = """
with recursive below as (
    select h.id, h.dn_key from held h join asked_ids using (id)
    union all
    select h.id, h.dn_key from held h join below b on h.parent_key = b.dn_key
)
select distinct id from below anti join asked_ids using (id)
"""

_BELOW_UNTOLD: Final = """
select id from held h anti join (select dn_key from held where sd is not null) t on t.dn_key = h.parent_key
"""


class Changes(NamedTuple):
    """``gone``: ids of objects that are not held any more, or not as they were. ``objects``: each of those that came
    or came again: ``guid`` (null when it was not read), ``dn``, ``dn_key``, ``parent_key``, ``usn_changed`` (int64,
    null when not read), ``is_deleted``, ``sd`` (int32: equal numbers are equal descriptors, for the whole life of the
    ingestion)."""

    gone: list[str]
    objects: pa.Table


class Held:
    """The objects of ``staged`` as they were when it last took something.

    Their ids are GUIDs as text, lower case; that of an object without GUID is its DN.
    """

    def __init__(self, staged: Staged) -> None:
        self._staged = staged
        self._db = staged.db
        self._db.execute("create temp view held as select *, coalesce(guid, dn) as id from entries")
        self._db.execute("create temp table mentions (n integer, key ubigint)")
        self._named = dict.fromkeys(_REFERENCES, 0)
        self._told = {"objects": 0, "gone": 0}

    def changes(self) -> Changes:
        """What has changed since this was asked before; everything the first time."""
        gone = self._db.execute(
            "select coalesce(guid, dn) from gone where rowid >= $told", {"told": self._told["gone"]}
        )
        ids = [row[0] for row in gone.fetchall()]
        objects = self._db.sql(_CAME, params={"told": self._told["objects"]}).to_arrow_table()
        self._told["gone"] += len(ids)
        if len(objects):
            self._told["objects"] = objects["n"][-1].as_py() + 1
        return Changes(ids, objects.drop_columns("n"))

    def neighbours(self, ids: Collection[str]) -> set[str]:
        """Objects that name one of these in an attribute, or that one of these names."""
        for stage, query in _REFERENCES.items():
            if fresh := self._staged.parts(stage)[self._named[stage] :]:
                self._db.execute(f"insert into mentions {query}", {"parts": fresh})
                self._named[stage] += len(fresh)
        return self._ask(_NEIGHBOURS, ids)

    def below(self, ids: Collection[str]) -> set[str]:
        """Objects below these, at any depth, without these."""
        return self._ask(_BELOW, ids)

    def below_untold(self) -> set[str]:
        """Objects right below one of which no descriptor is held, or that is not held."""
        return {row[0] for row in self._db.execute(_BELOW_UNTOLD).fetchall()}

    def _ask(self, query: str, ids: Collection[str]) -> set[str]:
        self._db.register("asked_ids", pa.table({"id": pa.array(ids, pa.string())}))
        return {row[0] for row in self._db.execute(query).fetchall()}
