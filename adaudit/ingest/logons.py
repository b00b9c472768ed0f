"""What each domain controller alone knows of the logons of an account, on its way to the table ``logons``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa

from adaudit.ingest.columns import filetime_sql
from adaudit.ingest.stage import Stage
from adaudit.ingest.values import to_guid, to_int
from adaudit.schema.requests import LOGON_ATTRIBUTES

COLUMNS: Final = {
    "lastlogon": "last_logon_raw",
    "logoncount": "logon_count",
    "badpwdcount": "bad_password_count",
    "badpasswordtime": "bad_password_raw",
}
"""Attribute, lower case → the column that holds it as read."""

_SCHEMA = pa.schema(
    [("n", pa.int64()), ("guid", pa.string()), ("server", pa.string())]
    + [(column, pa.int64()) for column in COLUMNS.values()]
)


class Logons:
    """The stage of the table."""

    def __init__(self, folder: Path) -> None:
        self.stage = Stage(folder, "logons", _SCHEMA)
        self._count = 0

    def take(self, server: str, attributes: dict[str, list[bytes]]) -> dict[str, str]:
        """Take what ``server`` knows of one object: its objectGUID and any of LOGON_ATTRIBUTES.

        Taken again, it stands in the place of what was taken before. Returns the columns that could not be read, with
        the fault; an object of which nothing is known gives no row.
        Raises ValueError for an objectGUID that cannot be read.
        """
        given = {name.lower(): values for name, values in attributes.items() if values}
        row: dict[str, int | None] = dict.fromkeys(COLUMNS.values())
        faults = {}
        for attribute in map(str.lower, LOGON_ATTRIBUTES):
            try:
                row[COLUMNS[attribute]] = to_int(given[attribute]) if attribute in given else None
            except ValueError as error:
                faults[COLUMNS[attribute]] = str(error)
        if any(value is not None for value in row.values()):
            self.stage.append((self._count, to_guid(given.get("objectguid", [b""])), server.lower(), *row.values()))
            self._count += 1
            self.stage.flush_if_full()
        return faults


LOGON_RELATIONS = {
    "logons": f"""
        select i.object_id, s.server, {filetime_sql("s.last_logon_raw")} as last_logon_at, s.last_logon_raw,
            s.logon_count, s.bad_password_count, {filetime_sql("s.bad_password_raw")} as bad_password_at,
            s.bad_password_raw
        from s_logons s join entries e using (guid) join ids i on i.n = e.n
        qualify row_number() over (partition by i.object_id, s.server order by s.n desc) = 1
        order by i.object_id, s.server
    """
}

LOGON_GAPS = """
    insert into gaps select 'logons', '*', null, null, null, 'not_attempted', 'not_requested', null
    where not exists (select 1 from s_logons)
        and not exists (select 1 from s_notes where table_name = 'logons' and column_name = '*')
"""
"""Other controllers are asked on request only."""
