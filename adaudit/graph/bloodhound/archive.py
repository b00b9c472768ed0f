"""The archive: one JSON file for each type, large types in several."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from adaudit import __version__
from adaudit.graph.bloodhound.identifiers import Json

VERSION: Final = 6
OBJECTS_PER_FILE: Final = 40_000

_GROUP, _GPO_LOCAL_GROUP, _TRUSTS, _ACL, _CONTAINER, _PROPERTIES, _CERTIFICATES = (
    1 << bit for bit in (0, 2, 5, 6, 7, 9, 18)
)
METHODS: Final = _GROUP | _GPO_LOCAL_GROUP | _TRUSTS | _ACL | _CONTAINER | _PROPERTIES | _CERTIFICATES
"""What a collection that only reads the directory and SYSVOL has done."""

_FIRST_DATE: Final = (1980, 1, 1, 0, 0, 0)
_MADE_BY_UNIX: Final = 3
_MODE: Final = 0o600 << 16


class CollectionArchive:
    """Writes files named and dated by ``as_of`` alone: the same objects give the same bytes."""

    def __init__(self, target: Path, as_of: datetime) -> None:
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED)
        self._prefix = as_of.strftime("%Y%m%d%H%M%S")
        self._date = max(_FIRST_DATE, as_of.timetuple()[:6])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def add(self, type_: str, objects: Iterable[Json]) -> int:
        """Write all objects of a type; returns how many. A type without objects has an empty file."""
        left, part, count = iter(objects), 0, 0
        while (first := list(islice(left, 1))) or not part:
            suffix = f"_{part:02}" if part else ""
            written = self._write(
                f"{self._prefix}_{type_}{suffix}.json", type_, chain(first, islice(left, OBJECTS_PER_FILE - 1))
            )
            count, part = count + written, part + 1
        return count

    def _write(self, name: str, type_: str, objects: Iterable[Json]) -> int:
        """One file. Everything but ASCII is escaped: whatever a directory holds, the file is valid JSON and UTF-8."""
        info = zipfile.ZipInfo(name, self._date)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.create_system, info.external_attr = _MADE_BY_UNIX, _MODE
        count = 0
        with self._zip.open(info, "w", force_zip64=True) as file:
            file.write(b'{"data":[')
            for object_ in objects:
                file.write(b"," if count else b"")
                file.write(json.dumps(object_, separators=(",", ":"), allow_nan=False).encode("ascii"))
                count += 1
            meta = {
                "methods": METHODS,
                "type": type_,
                "count": count,
                "version": VERSION,
                "collectorversion": f"adaudit {__version__}",
            }
            file.write(f'],"meta":{json.dumps(meta)}}}'.encode("ascii"))
        return count
