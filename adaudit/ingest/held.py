"""What an ingestion holds so far: against this, a collector that catches up decides what to read again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from adaudit.ingest.staged import open_staged

_REFERENCES = """
create temp table named as
    select n, key from s_members
    union all select n, key from s_members_of
    union all select n, key from s_links
    union all select a.n, lower(a.text) from s_attributes a
        where contains(a.text, '=') and lower(a.text) in (select dn_key from held)
"""
"""Which object names which DN: links, and every other attribute whose text is the DN of an object, back links too."""

_STAGES = ("drops", "members", "members_of", "links", "attributes")

_NEIGHBOURS = """
with asked as (select h.n, h.dn_key from held h join asked_ids using (id))
select h.id from held h join named r on r.key = h.dn_key semi join asked on asked.n = r.n
union
select h.id from held h join named r using (n) semi join asked on asked.dn_key = r.key
"""

_BELOW = """
with recursive below as (
    select h.id, h.dn_key from held h join asked_ids using (id)
    union all
    select h.id, h.dn_key from held h join below b on h.parent_key = b.dn_key
)
select distinct id from below anti join asked_ids using (id)
"""


class Held:
    """The objects of an ingestion as they were when it was made.

    Their ids are GUIDs as text, lower case; that of an object without GUID is its DN.
    """

    def __init__(self, parts: Mapping[str, Sequence[Path]], folder: Path) -> None:
        needed = {name: paths for name, paths in parts.items() if name.startswith("entries_") or name in _STAGES}
        self._db = open_staged(needed, folder, ("dn", "parent_key", "usnchanged", "isdeleted", "sd"))
        self._db.execute("create temp view held as select *, coalesce(guid, dn) as id from entries")
        self._objects = self._db.sql("""
            select guid, dn, usnchanged as usn_changed, coalesce(isdeleted, false) as is_deleted, sd
            from held order by n
        """).to_arrow_table()
        self._has_references = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The ingestion closes it, once something else is held: who asks again before that is given the same."""

    def close(self) -> None:
        """Let go of the staged files."""
        self._db.close()

    def objects(self) -> pa.Table:
        """Each object once: ``guid`` (null when it was not read), ``dn``, ``usn_changed`` (int64, null when not read),
        ``is_deleted``, ``sd`` (int32: equal numbers are equal descriptors, for the whole life of the ingestion).
        """
        return self._objects

    def neighbours(self, ids: Collection[str]) -> set[str]:
        """Objects that name one of these in an attribute, or that one of these names."""
        if not self._has_references:
            self._db.execute(_REFERENCES)
            self._has_references = True
        return self._ask(_NEIGHBOURS, ids)

    def below(self, ids: Collection[str]) -> set[str]:
        """Objects below these, at any depth, without these."""
        return self._ask(_BELOW, ids)

    def _ask(self, query: str, ids: Collection[str]) -> set[str]:
        self._db.register("asked_ids", pa.table({"id": pa.array(ids, pa.string())}))
        return {row[0] for row in self._db.execute(query).fetchall()}
