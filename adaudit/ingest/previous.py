"""From the tables of a snapshot back to staged rows: the inverse of ``finish``, for a collection of what changed since.

Not brought back is what every collection makes anew: naming contexts, notes on whole containers, SYSVOL, probes and
the logons that each controller knows. Identities and what coverage derives follow from the rows that are brought back.

A snapshot is no more trustworthy than a directory: the references between its tables are checked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from adaudit.errors import InputError
from adaudit.ingest.columns import expression
from adaudit.ingest.expectations import TYPED_TABLES
from adaudit.ingest.layout import GATHERED_LAYOUTS, TABLES_BY_CLASS, Layout, layout_for, layouts
from adaudit.ingest.multivalued import Multivalued
from adaudit.ingest.names import dn_key, parent_of
from adaudit.ingest.stage import Stage
from adaudit.ingest.values import TAKES_SEVERAL, Convert
from adaudit.schema import COLLECTED
from adaudit.snapshot import Snapshot

_SAME_ROWS: Final = {
    "spns": "spns",
    "sid_histories": "sid_history",
    "secrets": "secrets",
    "published": "published_templates",
    "menus": "display_specifier_menus",
    "zone_properties": "dns_zones",
    "zone_records": "dns_records",
    "certificates": "certificates",
    "key_credentials": "key_credentials",
    "trust_names": "trust_names",
    "attributes": "attributes",
}
"""Stage → the table that holds its rows under the same names, the object in its first column."""

_COMMON: Final = {c.source.lower(): c.name for c in COLLECTED["objects"].columns if c.source}
_DESCRIPTORS: Final = {"rbcd_sd": "rbcd_sd_id", "gmsa_sd": "reader_sd_id"}
_BITS: Final = {
    "gpoptions": (("organizational_units", "blocks_inheritance", True, 1),),
    "flags": (("gpos", "user_enabled", False, 1), ("gpos", "computer_enabled", False, 2)),
}
"""Bit fields that no column holds: the column that tells of each bit, and what it is when the bit is set."""

_AS_READ: Final = re.compile(r'(?:lower\(|coalesce\()?e\."?([^",) ]+)"?(?:, \w+)?\)?')
"""A column that holds an attribute, or what computing the column again leaves as it is."""

_GUID: Final = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_CLASS_END: Final = "\n"

Values = dict[int, dict[str, list[bytes]]]
"""Attributes, lower case, of objects by number."""


class Previous:
    """Stages what ``snapshot`` holds, its objects under the numbers that they have there."""

    def __init__(self, snapshot: Snapshot, entries: Mapping[str, Stage], multivalued: Multivalued) -> None:
        self._snapshot = snapshot
        self._entries = entries
        self._multivalued = multivalued
        self._layouts = {layout.name: layout for layout in layouts()}
        self._count = 0

    def stage(self) -> int:
        """Stage everything and return the number of objects. Raises InputError when the tables do not agree."""
        try:
            self._objects()
            for stage, table in _SAME_ROWS.items():
                for batch in self._snapshot.batches(table):
                    self._extend(stage, batch.rename_columns(["n", *batch.schema.names[1:]]))
            self._delegations()
            self._links()
            self._memberships()
            self._faults()
        except (pa.ArrowException, IndexError) as error:
            raise self._disagreement(str(error)) from error
        return self._count

    def _disagreement(self, what: str) -> InputError:
        return InputError(f"its tables do not agree: {what}", place=str(self._snapshot.path))

    def _objects(self) -> None:
        descriptors = self._descriptors()
        gathered = self._gathered()
        typed = {
            table: _Rows(self._snapshot, table)
            for name, tables in TABLES_BY_CLASS.items()
            for table in tables
            if name not in GATHERED_LAYOUTS and table in COLLECTED
        }
        for batch in self._snapshot.batches("objects"):
            if not batch["object_id"].equals(pa.array(range(self._count, self._count + len(batch)), pa.int32())):
                raise self._disagreement("objects are not in the order of their numbers")
            if batch["dn"].null_count:
                raise self._disagreement("an object has no DN")
            if not pc.all(pc.match_substring_regex(batch["guid"], _GUID), min_count=0).as_py():
                raise self._disagreement("a GUID is none")
            self._count += len(batch)
            rows = {table: reader.before(self._count) for table, reader in typed.items()}
            names = _layout_names(batch)
            for name in names.unique().to_pylist():
                layout = self._layouts[name]
                objects = pa.Table.from_batches([batch]).filter(pc.equal(names, name))
                columns = _fixed(objects, descriptors) | _common(objects, layout)
                if name in GATHERED_LAYOUTS:
                    columns |= _from_attributes(objects, layout, gathered)
                else:
                    columns |= _from_tables(objects, layout, rows, descriptors)
                self._entries[name].extend(_table(columns, layout.schema, len(objects)))

    def _descriptors(self) -> pa.Array:
        """The staged number of each descriptor, by its number in the snapshot; null for those of other things."""
        numbers = []
        for batch in self._snapshot.batches("security_descriptors", ["role", "raw"]):
            for role, raw in zip(batch["role"].to_pylist(), batch["raw"].to_pylist(), strict=True):
                if raw is None:
                    raise self._disagreement("a descriptor has no bytes")
                is_object = role in ("object", "rbcd", "gmsa")
                numbers.append(self._multivalued.descriptor(role, [raw]) if is_object else None)
        return pa.array(numbers, pa.int32())

    def _gathered(self) -> Values:
        """The attributes of objects that share their tables with others."""
        columns = ["object_id", "object_classes", "is_deleted"]
        wanted = [
            batch["object_id"].filter(pc.is_in(_layout_names(batch), pa.array(sorted(GATHERED_LAYOUTS))))
            for batch in self._snapshot.batches("objects", columns)
        ]
        numbers = pa.chunked_array(wanted, pa.int32())
        found: Values = defaultdict(lambda: defaultdict(list))
        for batch in self._snapshot.batches("attributes", ["object_id", "name", "text", "bytes"]):
            for row in batch.filter(pc.is_in(batch["object_id"], numbers)).to_pylist():
                value = row["bytes"] if row["text"] is None else row["text"].encode()
                found[row["object_id"]][(row["name"] or "").lower()].append(value or b"")
        return found

    def _extend(self, stage: str, rows: pa.RecordBatch) -> None:
        """Stage rows of objects, those columns that the stage has."""
        target = self._multivalued.stages[stage]
        table = pa.Table.from_batches([rows]).select(target.schema.names).cast(target.schema)
        if len(table):
            limits = pc.min_max(table["n"]).as_py()
            if table["n"].null_count or limits["min"] < 0 or limits["max"] >= self._count:
                raise self._disagreement(f"{stage} of an object that is not there")
            target.extend(table)

    def _delegations(self) -> None:
        for batch in self._snapshot.batches("delegations", ["object_id", "spn", "service_class", "host", "kind"]):
            chosen = batch.filter(pc.equal(batch["kind"], "constrained"))
            self._extend("delegated", chosen.rename_columns(["n", *chosen.schema.names[1:]]))

    def _links(self) -> None:
        names = ["object_id", "target_dn", "attribute", "position", "prefix"]
        for batch in self._snapshot.batches("links", names):
            rows = batch.rename_columns(["n", "dn", *names[2:]])
            if rows["dn"].null_count:
                raise self._disagreement("a link has no DN")
            rows = rows.append_column("key", _keys(rows["dn"]))
            is_member = pc.equal(rows["attribute"], "member")
            self._extend("members", rows.filter(is_member))
            self._extend("links", rows.filter(pc.invert(is_member)))

    def _memberships(self) -> None:
        principals = self._snapshot.table("principals", ["object_id", "dn"]).combine_chunks()
        objects, dns = (principals[name].combine_chunks() for name in ("object_id", "dn"))
        keys = _keys(pc.fill_null(dns, ""))
        for batch in self._snapshot.batches("memberships"):
            for origin, holder, target, stage in (
                ("member", "group_id", "member_id", "members"),
                ("member_of", "member_id", "group_id", "members_of"),
            ):
                chosen = batch.filter(pc.equal(batch["origin"], origin))
                columns = {
                    "n": objects.take(chosen[holder]),
                    "dn": dns.take(chosen[target]),
                    "key": keys.take(chosen[target]),
                }
                self._extend(stage, pa.RecordBatch.from_pydict(columns))

    def _faults(self) -> None:
        """What is known to be wrong with the columns of single objects, until they are read again."""
        for batch in self._snapshot.batches("coverage"):
            of_column = pc.and_(
                pc.is_in(batch["status"], pa.array(["failed", "truncated"])), pc.not_equal(batch["column_name"], "*")
            )
            told = batch.filter(of_column)
            self._extend("faults", _renamed(told.filter(pc.is_valid(told["object_id"])), object_id="n"))
            for row in told.filter(pc.is_null(told["object_id"])).to_pylist():
                if row["dn"] is None and row["table_name"] in (*TYPED_TABLES, "objects"):
                    for numbers in self._holders(row["table_name"], row["domain_id"]):
                        columns = {name: [value] * len(numbers) for name, value in row.items()} | {"n": numbers}
                        self._extend("faults", pa.RecordBatch.from_pydict(columns))

    def _holders(self, table: str, domain: int | None) -> Iterator[pa.Array]:
        """The objects for which one row of coverage stands that tells of all those of a domain."""
        typed = None if table == "objects" else self._snapshot.table(table, ["object_id"])["object_id"]
        for batch in self._snapshot.batches("objects", ["object_id", "domain_id", "is_deleted"]):
            chosen = pc.invert(batch["is_deleted"]) if typed is None else pc.is_in(batch["object_id"], typed)
            yield batch["object_id"].filter(pc.and_(chosen, pc.equal(batch["domain_id"], domain)))


class _Rows:
    """The rows of a table with one row per object, read along with the objects."""

    def __init__(self, snapshot: Snapshot, table: str) -> None:
        schema = COLLECTED[table].arrow_schema
        self._batches = snapshot.batches(table)
        self._rows = schema.empty_table()
        self._is_read = False

    def before(self, number: int) -> pa.Table:
        """The rows not yet given of objects below ``number``; those of one object that come out of order are lost."""
        while not self._is_read and (not len(self._rows) or (self._rows["object_id"][-1].as_py() or 0) < number):
            batch = next(self._batches, None)
            if batch is None:
                self._is_read = True
            else:
                self._rows = pa.concat_tables([self._rows, pa.Table.from_batches([batch])])
        chosen = pc.fill_null(pc.less(self._rows["object_id"], number), True)
        given = self._rows.filter(chosen)
        self._rows = self._rows.filter(pc.invert(chosen))
        return given


def _layout_names(objects: pa.RecordBatch) -> pa.Array:
    """The name of the layout of each object, which its classes and its deletion decide."""
    classes = pc.fill_null(pc.binary_join(objects["object_classes"], _CLASS_END), "")
    classes = pc.if_else(pc.fill_null(objects["is_deleted"], False), "", classes).dictionary_encode()
    names = [layout_for(frozenset(each.split(_CLASS_END))).name for each in classes.dictionary.to_pylist()]
    return pa.array(names, pa.string()).take(classes.indices)


def _fixed(objects: pa.Table, descriptors: pa.Array) -> dict[str, pa.ChunkedArray | pa.Array]:
    keys = _keys(objects["dn"])
    return {
        "n": objects["object_id"],
        "dn": objects["dn"],
        "dn_key": keys,
        "parent_key": pa.array([parent_of(key) for key in keys.to_pylist()], pa.string()),
        "sd": descriptors.take(objects["sd_id"].combine_chunks()),
    }


def _keys(dns: pa.Array | pa.ChunkedArray) -> pa.Array:
    return pa.array([dn_key(dn) for dn in dns.to_pylist()], pa.string())


def _common(objects: pa.Table, layout: Layout) -> dict[str, pa.ChunkedArray]:
    return {slot: objects[_COMMON[slot]] for slot in layout.slots if slot in _COMMON}


def _from_attributes(objects: pa.Table, layout: Layout, gathered: Values) -> dict[str, pa.Array]:
    numbers = objects["object_id"].to_pylist()
    return {
        slot: pa.array([_converted(convert, gathered[n][slot]) for n in numbers], layout.schema.field(place).type)
        for slot, (place, convert) in layout.slots.items()
        if slot not in _COMMON
    }


def _converted(convert: Convert, values: list[bytes]) -> object:
    """As when it was read: null when it was absent or malformed."""
    if not values or (len(values) > 1 and convert not in TAKES_SEVERAL):
        return None
    try:
        return convert(values)
    except ValueError:
        return None


def _from_tables(
    objects: pa.Table, layout: Layout, rows: dict[str, pa.Table], descriptors: pa.Array
) -> dict[str, pa.ChunkedArray | pa.Array]:
    columns = {}
    for name in TABLES_BY_CLASS.get(layout.name, ()):
        table = COLLECTED.get(name)
        if table is None:
            continue
        typed = rows[name].take(pc.index_in(objects["object_id"], rows[name]["object_id"]))
        for column in table.columns:
            as_read = _AS_READ.fullmatch(expression(table, column, layout.name))
            if as_read and as_read[1] not in _COMMON:
                columns[as_read[1]] = typed[column.name]
        for slot, bits in _BITS.items():
            for of_table, column_name, is_set, bit in bits:
                if of_table == name:
                    value = pc.multiply(pc.equal(typed[column_name], is_set).cast(pa.int64()), bit)
                    columns[slot] = pc.add(columns[slot], value) if slot in columns else value
        for slot, column_name in _DESCRIPTORS.items():
            if column_name in typed.column_names:
                columns[slot] = descriptors.take(typed[column_name].combine_chunks())
    return columns


def _table(columns: Mapping[str, pa.ChunkedArray | pa.Array], schema: pa.Schema, rows: int) -> pa.Table:
    absent = {field.name: pa.nulls(rows, field.type) for field in schema if field.name not in columns}
    held = {name: column for name, column in columns.items() if name in schema.names}
    return pa.table({**held, **absent}).select(schema.names).cast(schema)


def _renamed(rows: pa.RecordBatch, **names: str) -> pa.RecordBatch:
    return rows.rename_columns([names.get(name, name) for name in rows.schema.names])
