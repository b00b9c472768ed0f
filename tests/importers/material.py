"""A small forest as LDIF, in pieces."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pyarrow as pa

from adaudit.decode.sddl import from_sddl
from adaudit.decode.sid import parse_sid
from adaudit.snapshot import open_snapshot

DOMAIN = "DC=corp,DC=test"
CONFIGURATION = f"CN=Configuration,{DOMAIN}"
DOMAIN_SID = "S-1-5-21-1004336348-1177238915-682003330"
DESCRIPTOR = from_sddl("O:BAG:BAD:(A;;RPLCRC;;;AU)")


def entry(dn: str, *classes: str, descriptor: bool = True, **attributes: object) -> str:
    """One entry with what a directory sets on every object; bytes in base64, lists as several values.

    In names ``__`` stands for ``-`` and a leading ``_`` removes a default.
    """
    values: dict[str, object] = {
        "objectClass": list(classes),
        "objectGUID": hashlib.md5(dn.encode(), usedforsecurity=False).digest(),
        "instanceType": 4,
        "whenCreated": "20260101000000.0Z",
        "whenChanged": "20260601000000.0Z",
    }
    if descriptor:
        values["nTSecurityDescriptor"] = DESCRIPTOR
    values |= {name.replace("__", "-"): value for name, value in attributes.items()}
    lines = [f"dn: {dn}"]
    for name, value in values.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, bytes):
                lines.append(f"{name}:: {base64.b64encode(each).decode()}")
            elif each is not None:
                lines.append(f"{name}: {each}")
    return "\n".join(lines) + "\n\n"


def user(name: str, rid: int, **attributes: object) -> str:
    given = {
        "sAMAccountName": name,
        "objectSid": parse_sid(f"{DOMAIN_SID}-{rid}"),
        "userAccountControl": 512,
        "primaryGroupID": 513,
        "pwdLastSet": 0,
    }
    return entry(f"CN={name},CN=Users,{DOMAIN}", "top", "person", "user", **(given | attributes))


def group(name: str, rid: int, **attributes: object) -> str:
    given = {"sAMAccountName": name, "objectSid": parse_sid(f"{DOMAIN_SID}-{rid}"), "groupType": -2147483646}
    return entry(f"CN={name},CN=Users,{DOMAIN}", "top", "group", **(given | attributes))


def domain_head(**attributes: object) -> str:
    given = {"instanceType": 5, "objectSid": parse_sid(DOMAIN_SID), "msDS__Behavior__Version": 7}
    return entry(DOMAIN, "top", "domain", "domainDNS", **(given | attributes)) + entry(
        f"CN=Users,{DOMAIN}", "top", "container"
    )


def configuration() -> str:
    partitions = f"CN=Partitions,{CONFIGURATION}"
    return (
        entry(CONFIGURATION, "top", "configuration", instanceType=13)
        + entry(partitions, "top", "crossRefContainer")
        + entry(
            f"CN=CORP,{partitions}",
            "top",
            "crossRef",
            nCName=DOMAIN,
            dnsRoot="corp.test",
            nETBIOSName="CORP",
            systemFlags=3,
        )
        + entry(
            f"CN=SUD,{partitions}",
            *("top", "crossRef"),
            nCName=f"DC=sud,{DOMAIN}",
            dnsRoot="sud.corp.test",
            nETBIOSName="SUD",
            systemFlags=3,
        )
        + entry(
            f"CN=far,{partitions}", "top", "crossRef", nCName="DC=far,DC=example", dnsRoot="far.example", systemFlags=0
        )
    )


ROOT = f"dn:\ncurrentTime: 20261101083000.0Z\nnamingContexts: {DOMAIN}\nnamingContexts: {CONFIGURATION}\n\n"


def header(requesting: str = "ALL", filter_: str = "(objectclass=*)") -> str:
    search = f"# base <{DOMAIN}> with scope subtree\n# filter: {filter_}\n# requesting: {requesting}"
    return f"# extended LDIF\n#\n# LDAPv3\n{search}\n#\n\n"


DONE = "# search result\nsearch: 2\nresult: 0 Success\n\n# numResponses: 3\n"


def table(path: Path, name: str) -> pa.Table:
    with open_snapshot(path) as snapshot:
        return snapshot.table(name)


def column(path: Path, name: str, column_name: str) -> list[object]:
    values: list[object] = table(path, name)[column_name].to_pylist()
    return values


def coverage(path: Path, **wanted: object) -> list[dict[str, object]]:
    """Rows of coverage with these values."""
    return [
        row for row in table(path, "coverage").to_pylist() if all(row[key] == value for key, value in wanted.items())
    ]
