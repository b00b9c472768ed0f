"""computer_creators: who joined a computer to the domain by means of the machine account quota."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from adaudit.decode.errors import DecodeError
from adaudit.decode.sid import format_sid
from adaudit.derive.facts import Facts, build, in_order

ATTRIBUTE = "ms-ds-creatorsid"


def computer_creators(facts: Facts) -> pa.Table:
    """One row per object that bears mS-DS-CreatorSID, which a DC writes when the creator had no right to create it
    (MS-ADTS 3.1.1.5.2.2). A value that is no SID is left out.
    """
    attributes = facts.table("attributes")
    named = Facts({"attributes": attributes.filter(pc.equal(pc.utf8_lower(attributes["name"]), ATTRIBUTE))})
    rows = []
    for object_id, value in named.rows("attributes", "object_id", "bytes"):
        sid = _sid(value)
        if sid is not None:
            bearers = facts.principals_by_sid.get(sid, ())
            rows.append((object_id, sid, bearers[0].principal_id if bearers else None))
    return build("computer_creators", in_order(rows, 0, 1))


def _sid(value: bytes | None) -> str | None:
    try:
        return None if value is None else format_sid(value)
    except DecodeError:
        return None
