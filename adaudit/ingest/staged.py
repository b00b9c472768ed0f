"""The staged rows as a database sees them: of each object what was read last, unless it is no longer there."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
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


def open_staged(parts: Mapping[str, Sequence[Path]], folder: Path, columns: Sequence[str]) -> duckdb.DuckDBPyConnection:
    """A database with one view for each stage: ``entries_<layout>`` and ``s_<name>``; it spills into ``folder``.

    The table ``entries`` has the objects of all layouts: ``n``, ``guid``, ``dn_key`` and ``columns``, null where a
    layout has none. ``parts``: the files of each stage, all layouts and ``drops`` among them. Rows of an object that
    was read again later, or dropped, are left out. The table ``doubles`` (dn, guid) tells of different objects that
    bore one GUID, of which the last is kept.
    """
    db = duckdb.connect(
        config={
            "memory_limit": _MEMORY,
            "threads": 1,
            "temp_directory": tempfile.mkdtemp(dir=folder, prefix="spill-"),
            "preserve_insertion_order": True,
        }
    )
    for name, paths in parts.items():
        db.read_parquet([_GLOB.sub(r"[\1]", str(path)) for path in paths]).create_view(_view(name))
    held = (_objects(layout, columns) for layout in layouts())
    db.execute("create temp table entries as " + " union all by name ".join(held))
    _leave_out(db, parts)
    return db


def _objects(layout: Layout, columns: Sequence[str]) -> str:
    names = ", ".join(f'"{name}"' for name in columns if name in layout.schema.names)
    return f'select n, objectguid as guid, dn_key, {names} from "entries_{layout.name}"'


def apply_refreshed(db: duckdb.DuckDBPyConnection) -> None:
    """Put refreshed values in the place of those that were read."""
    if _count(db, "s_refreshed"):
        _replace_refreshed(db)


def _view(stage: str) -> str:
    return stage if stage.startswith("entries_") else f"s_{stage}"


def _count(db: duckdb.DuckDBPyConnection, table: str) -> int:
    row = db.execute(f'select count(*) from "{table}"').fetchone()
    return int(row[0]) if row else 0


def _leave_out(db: duckdb.DuckDBPyConnection, parts: Mapping[str, Sequence[Path]]) -> None:
    """Hide the rows of objects that were read again or went; nothing is done, and nothing costs, without any."""
    db.execute("""
        create temp table gone as
        with known as (select n, coalesce(guid, dn_key) as key from entries),
        repeated as (select key, max(n) as last from known group by key having count(*) > 1)
        select k.n, r.last from known k join repeated r using (key) where k.n < r.last
        union
        select k.n, null from known k join s_drops d using (key) where k.n < d.before
    """)
    db.execute("create temp table doubles (dn varchar, guid varchar)")
    if _count(db, "gone"):
        _tell_doubles(db)
        db.execute("delete from entries where n in (select n from gone)")
        for name in parts:
            if name.startswith("entries_") or name in OBJECT_STAGES:
                _redefine(db, _view(name), "all", "select * from {staged} anti join gone using (n)")


def _redefine(db: duckdb.DuckDBPyConnection, view: str, below: str, query: str) -> None:
    """Put ``query`` in the place of a view, which it reads as ``staged``; the view is called ``<below>_…`` from now."""
    db.execute(f'alter view "{view}" rename to "{below}_{view}"')
    db.execute(f'create view "{view}" as ' + query.format(staged=f'"{below}_{view}" staged'))


def _tell_doubles(db: duckdb.DuckDBPyConnection) -> None:
    """One object that is read twice keeps its creation time; two that claim one GUID are told, were they made so."""
    facts = (
        f'select n, dn, objectguid as guid, whencreated from "entries_{layout.name}" semi join touched using (n)'
        for layout in layouts()
    )
    db.execute("create temp table touched as select n from gone union select last from gone where last is not null")
    db.execute(
        f"""
        insert into doubles
        with facts as ({" union all ".join(facts)})
        select o.dn, o.guid from gone g join facts o on o.n = g.n join facts l on l.n = g.last
        where o.whencreated <> l.whencreated
        """
    )
    db.execute("drop table touched")


def _replace_refreshed(db: duckdb.DuckDBPyConnection) -> None:
    owners = (
        f'select n, objectguid as guid, {_has_slot(layout)} as is_typed from "entries_{layout.name}" '
        "where objectguid is not null"
        for layout in layouts()
    )
    db.execute(f"""
        create temp table refreshed as
        with owners as ({" union all ".join(owners)})
        select o.n, o.is_typed, r.* exclude (position, guid, before) from owners o join s_refreshed r using (guid)
        where o.n < r.before qualify row_number() over (partition by o.n order by r.position desc) = 1
    """)
    for layout in layouts():
        if slots := [name for name in VOLATILE if name in layout.slots]:
            values = ", ".join(f'{_typed(layout, name)} as "{name}"' for name in slots)
            _redefine(
                db,
                f"entries_{layout.name}",
                "read",
                f"select staged.* replace ({values}) from {{staged}} left join refreshed r using (n)",
            )
    names = ", ".join(f"'{name}'" for name in VOLATILE)
    typed = {name for layout in layouts() for name in VOLATILE if name in layout.slots}
    values = " union all ".join(
        f"select n, '{attribute}', 0, \"{attribute.lower()}\", null from refreshed "
        f'where "{attribute.lower()}" is not null' + (" and not is_typed" if attribute.lower() in typed else "")
        for attribute in VOLATILE_ATTRIBUTES
    )
    _redefine(
        db,
        "s_attributes",
        "read",
        "select staged.* from {staged} left join refreshed r using (n) "
        f"where r.n is null or lower(staged.name) not in ({names}) union all {values}",
    )
    _redefine(
        db,
        "s_faults",
        "read",
        "select staged.* from {staged} left join refreshed r using (n) "
        f"where r.n is null or staged.reason <> 'malformed' "
        f"or lower(split_part(staged.detail, ':', 1)) not in ({names})",
    )


def _has_slot(layout: Layout) -> str:
    return "true" if "lastlogon" in layout.slots else "false"


def _typed(layout: Layout, name: str) -> str:
    slot, convert = layout.slots[name]
    value = f'r."{name}"'
    if layout.schema.field(slot).type == pa.int64():
        value += "::bigint"
    if convert is to_flags:
        value += " & 4294967295"
    return f'case when r.n is null then staged."{name}" else {value} end'
