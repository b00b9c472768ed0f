"""Files of SharpHound, as its versions write them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def answer(*results: Json, failure: str | None = None) -> Json:
    return {"Collected": failure is None, "FailureReason": failure, "Results": list(results)}


def session(computer: str, user: str | None, **more: Any) -> Json:
    return {"UserSID": user, "ComputerSID": computer, **more}


def principal(sid: str, type_: str = "User") -> Json:
    return {"ObjectIdentifier": sid, "ObjectType": type_}


def group(computer: str, rid: int, *members: str, failure: str | None = None) -> Json:
    told = {"ObjectIdentifier": f"{computer}-{rid}", "Name": "IGNOREME", "LocalNames": []}
    return {**answer(*(principal(member) for member in members), failure=failure), **told}


def content(type_: str, *data: Json, version: int = 6, **meta: Any) -> bytes:
    """A file, ``meta`` last."""
    told = {"methods": 0, "type": type_, "count": len(data), "version": version, **meta}
    return json.dumps({"data": list(data), "meta": told}).encode()


def zipped(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(f"20261101120000_{name}.json", data)
    return path
