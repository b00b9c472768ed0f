"""The staged rows as a database sees them: of each object what was read last, unless it is no longer there."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from adaudit.ingest.layout import Layout, layouts
from adaudit.ingest.multivalued import OBJECT_STAGES
from adaudit.ingest.values import to_flags
from adaudit.schema.requests import VOLATILE_ATTRIBUTES

_MEMORY = "256MB"
"""What the database may hold before it spills to the private folder: large tables are joined and sorted on disk."""

_GLOB = re.compile(r"([\[*?])")
"""Characters of a path that the database would take for a pattern."""

VOLATILE = tuple(name.lower() for name in VOLATILE_ATTRIBUTES)

DROPS = pa.schema([("key", pa.string()), ("before", pa.int32())])
"""Objects that went, by GUID, or DN key for want of one, and how many objects had been taken by then."""

REFRESHED = pa.schema(
    [
        ("position", pa.int32()),
        ("guid", pa.string()),
        ("before", pa.int32()),
        *((name, pa.string()) for name in VOLATILE),
    ]
)
"""Volatile attributes of objects that were not read again, null when absent, in the order of ``position``."""


_COLUMNS = (
    *("dn", "parent_key", "sd", "rbcd_sd", "gmsa_sd", "objectsid", "name", "objectclass", "isdeleted", "isrecycled"),
    *("whencreated", "whenchanged", "usncreated", "usnchanged", "systemflags", "description", "displayname"),
)

_TAKE = rf"""
insert into entries by name
select objectguid as guid, columns('^({"|".join(("n", "dn_key", *_COLUMNS))})$')
from read_parquet($parts, union_by_name => true)
"""


class Staged:
    """A database over staged rows, of each object those that were read last; it spills into ``folder``.

    The table ``entries`` has the objects of all layouts that are still there: ``n``, ``guid``, ``dn_key`` and what
    layouts have in common, null where one has none. The table ``gone`` has those that were read again later, or
    dropped: ``n``, ``key`` (the GUID, or the DN key for want of one), ``guid``, ``dn`` and ``whencreated``.
    """

    def __init__(self, folder: Path) -> None:
        self.db = duckdb.connect(
            config={
                "memory_limit": _MEMORY,
                "threads": 1,
                "temp_directory": tempfile.mkdtemp(dir=folder, prefix="spill-"),
                "preserve_insertion_order": True,
            }
        )
        self._parts: dict[str, list[Path]] = {}
        kinds = {field.name: field.type for layout in layouts() for field in layout.schema}
        fields = {
            "n": pa.int32(),
            "guid": pa.string(),
            "dn_key": pa.string(),
            **{name: kinds[name] for name in _COLUMNS},
        }
        self.db.register("no_entries", pa.schema(fields).empty_table())
        self.db.execute("create temp table entries as select * from no_entries")
        self.db.execute(
            "create temp table gone (n integer, key varchar, guid varchar, dn varchar, whencreated timestamp)"
        )

    def close(self) -> None:
        """Let go of the staged files."""
        self.db.close()

    def parts(self, stage: str) -> list[str]:
        """The files taken of a stage, as ``read_parquet`` takes them, in their order."""
        return _as_read(self._parts.get(stage, ()))

    def take(self, parts: Mapping[str, Sequence[Path]]) -> None:
        """Bring ``entries`` and ``gone`` up to date. ``parts``: the files of each stage, those taken before first."""
        before = self._parts
        self._parts = {name: list(paths) for name, paths in parts.items()}
        if self._parts == before:
            return
        stages = [f"entries_{layout.name}" for layout in layouts()]
        if fresh := [path for stage in stages for path in self._parts[stage][len(before.get(stage, ())) :]]:
            self.db.execute(_TAKE, {"parts": _as_read(fresh)})
        self.db.execute(_FIND_GONE, {"drops": self.parts("drops")})
        self.db.execute("delete from entries where n in (select n from gone)")

    def show(self) -> None:
        """Make a view of each stage, ``entries_<layout>`` and ``s_<name>``, with the refreshed values in their place.

        The table ``doubles`` (dn, guid) tells of different objects that bore one GUID, of which the last is kept.
        """
        rows = {stage: f"(from read_parquet([{_literals(self.parts(stage))}]))" for stage in self._parts}
        self.db.execute(_DOUBLES)
        if _count(self.db, "gone"):
            for stage in rows:
                if stage.startswith("entries_") or stage in OBJECT_STAGES:
                    rows[stage] = f"(from {rows[stage]} anti join gone using (n))"
        if _count(self.db, rows["refreshed"]):
            _replace_refreshed(self.db, rows)
        for stage, query in rows.items():
            name = stage if stage.startswith("entries_") else f"s_{stage}"
            self.db.execute(f'create view "{name}" as from {query}')


_FIND_GONE = """
insert into gone
with known as not materialized (
    select n, coalesce(guid, dn_key) as key, guid, dn, whencreated from entries
),
repeated as (select key, max(n) as last from known group by key having count(*) > 1)
select k.n, key, k.guid, k.dn, k.whencreated from known k join repeated using (key) where k.n < last
union
select k.n, key, k.guid, k.dn, k.whencreated from known k join read_parquet($drops) d using (key) where k.n < d.before
"""

_DOUBLES = """
create temp table doubles as
select g.dn, g.guid from gone g join entries e on coalesce(e.guid, e.dn_key) = g.key
where g.whencreated <> e.whencreated
"""
"""One object that is read twice keeps its creation time; two that claim one GUID are told, were they made so."""


def _as_read(paths: Iterable[Path]) -> list[str]:
    """Paths as the database takes them in a list, no character being a pattern."""
    return [_GLOB.sub(r"[\1]", str(path)) for path in paths]


def _literals(texts: Iterable[str]) -> str:
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)


def _count(db: duckdb.DuckDBPyConnection, rows: str) -> int:
    row = db.execute(f"select count(*) from {rows}").fetchone()
    return int(row[0]) if row else 0


def _replace_refreshed(db: duckdb.DuckDBPyConnection, rows: dict[str, str]) -> None:
    """Put the refreshed values in their place in ``rows``: of each stage, the query that gives its rows."""
    typed = " union all ".join(
        f"select n from {rows[f'entries_{each.name}']}" for each in layouts() if "lastlogon" in each.slots
    )
    db.execute(f"""
        create temp table refreshed as
        select e.n, e.n in ({typed}) as is_typed, r.* exclude (position, guid, before)
        from entries e join {rows["refreshed"]} r using (guid)
        where e.n < r.before qualify row_number() over (partition by e.n order by r.position desc) = 1
    """)
    for layout in layouts():
        if slots := [name for name in VOLATILE if name in layout.slots]:
            values = ", ".join(f'{_typed(layout, name)} as "{name}"' for name in slots)
            stage = f"entries_{layout.name}"
            rows[stage] = (
                f"(select staged.* replace ({values}) from {rows[stage]} staged left join refreshed r using (n))"
            )
    names = _literals(VOLATILE)
    slotted = {name for layout in layouts() for name in VOLATILE if name in layout.slots}
    values = " union all ".join(
        f"select n, '{attribute}', 0, \"{attribute.lower()}\", null from refreshed "
        f'where "{attribute.lower()}" is not null' + (" and not is_typed" if attribute.lower() in slotted else "")
        for attribute in VOLATILE_ATTRIBUTES
    )
    rows["attributes"] = (
        f"(select staged.* from {rows['attributes']} staged left join refreshed r using (n) "
        f"where r.n is null or lower(staged.name) not in ({names}) union all {values})"
    )
    rows["faults"] = (
        f"(select staged.* from {rows['faults']} staged left join refreshed r using (n) "
        f"where r.n is null or staged.reason <> 'malformed' "
        f"or lower(split_part(staged.detail, ':', 1)) not in ({names}))"
    )


def _typed(layout: Layout, name: str) -> str:
    slot, convert = layout.slots[name]
    value = f'r."{name}"'
    if layout.schema.field(slot).type == pa.int64():
        value += "::bigint"
    if convert is to_flags:
        value += " & 4294967295"
    return f'case when r.n is null then staged."{name}" else {value} end'
