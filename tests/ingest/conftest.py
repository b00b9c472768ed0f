"""A small forest given entry by entry, and its tables once sealed."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adaudit.decode.sddl import from_sddl
from adaudit.decode.sid import parse_sid
from adaudit.ingest.ingest import Ingest
from adaudit.snapshot import Snapshot, SourceInfo, open_snapshot

DOMAIN_SID = "S-1-5-21-1111-2222-3333"
BASE = "DC=chu,DC=example"
CONFIGURATION = f"CN=Configuration,{BASE}"
EVERYONE_READS = "O:DAG:DAD:(A;;LCRPLORC;;;AU)"

Entry = tuple[str, dict[str, list[bytes]]]
Tables = Callable[[str], list[dict[str, Any]]]


def text(*values: str) -> list[bytes]:
    return [value.encode() for value in values]


def guid(number: int) -> list[bytes]:
    """A GUID that sorts by ``number``."""
    return [struct.pack("<I", number) + bytes(12)]


def entry(number: int, dn: str, classes: str, *, sddl: str = EVERYONE_READS, **attributes: list[bytes]) -> Entry:
    """An object of this forest; attribute names use ``_`` for ``-``, an empty ``sddl`` means no descriptor."""
    held = {
        "objectClass": text("top", *classes.split()),
        "objectGUID": guid(number),
        "whenCreated": text("20200101120000.0Z"),
        "whenChanged": text("20260301120000.0Z"),
        "name": text(dn.split("=", 1)[1].split(",", 1)[0]),
        **{name.replace("_", "-"): values for name, values in attributes.items()},
    }
    if sddl:
        held["nTSecurityDescriptor"] = [from_sddl(sddl, DOMAIN_SID)]
    return dn, held


def sid(rid: int | str) -> list[bytes]:
    return [parse_sid(rid if isinstance(rid, str) else f"{DOMAIN_SID}-{rid}")]


def user(number: int, name: str, rid: int, *, parent: str = f"CN=Users,{BASE}", **attributes: Any) -> Entry:
    defaults: dict[str, Any] = {
        "objectSid": sid(rid),
        "sAMAccountName": text(name),
        "userAccountControl": text("512"),
        "pwdLastSet": text("133800000000000000"),
        "primaryGroupID": text("513"),
    }
    merged = {k: v for k, v in (defaults | attributes).items() if v is not None}
    return entry(number, f"CN={name},{parent}", "person organizationalPerson user", **merged)


def group(number: int, name: str, rid: int | str, **attributes: Any) -> Entry:
    defaults = {"objectSid": sid(rid), "sAMAccountName": text(name), "groupType": text("-2147483646")}
    return entry(number, f"CN={name},CN=Users,{BASE}", "group", **(defaults | attributes))


def skeleton() -> list[Entry]:
    """The objects that every forest has."""
    return [
        entry(
            1,
            BASE,
            "domain domainDNS",
            objectSid=[parse_sid(DOMAIN_SID)],
            msDS_Behavior_Version=text("7"),
            maxPwdAge=text("-36288000000000"),
            minPwdLength=text("12"),
        ),
        entry(2, f"CN=Users,{BASE}", "container"),
        entry(3, CONFIGURATION, "configuration"),
        entry(4, f"CN=Partitions,{CONFIGURATION}", "crossRefContainer", msDS_Behavior_Version=text("7")),
        entry(
            5,
            f"CN=CHU,CN=Partitions,{CONFIGURATION}",
            "crossRef",
            nCName=text(BASE),
            dnsRoot=text("chu.example"),
            nETBIOSName=text("CHU"),
            systemFlags=text("3"),
        ),
    ]


@pytest.fixture
def seal(tmp_path: Path) -> Callable[..., Snapshot]:
    """Seal entries into a snapshot and open it."""

    def _seal(entries: list[Entry], **options: Any) -> Snapshot:
        path = tmp_path / "x.adsnap"
        with Ingest(path, source=SourceInfo(kind="samples", tool="test")) as ingest:
            ingest.partition(BASE)
            ingest.partition(CONFIGURATION)
            for dn, attributes in entries:
                ingest.add(dn, attributes)
            for note in options.pop("notes", ()):
                ingest.note(**note)
            ingest.seal(as_of=None, as_of_origin="newest_change", **options)
        return open_snapshot(path)

    return _seal


def rows(snapshot: Snapshot, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = snapshot.table(table).to_pylist()
    return found


def gaps(snapshot: Snapshot, table: str) -> list[tuple[str, str, str | None]]:
    """(column, reason, DN) of the coverage rows of a table."""
    dns = {row["object_id"]: row["dn"] for row in rows(snapshot, "objects")}
    return [
        (row["column_name"], row["reason"], row["dn"] or dns.get(row["object_id"]))
        for row in rows(snapshot, "coverage")
        if row["table_name"] == table
    ]
