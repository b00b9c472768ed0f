"""What a collection leaves on the disk while it is unfinished: neither secrets nor what must not leave the site."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adaudit.collect.intake import Intake
from adaudit.collect.journal import Journal
from adaudit.collect.messages import encode_entry, read_envelope
from adaudit.collect.scope import Scope
from adaudit.ingest.ingest import Ingest
from adaudit.schema.requests import SECRET_ATTRIBUTES
from adaudit.snapshot import SourceInfo

HIDDEN = b"not to be found anywhere"
NAMES = [
    *sorted(SECRET_ATTRIBUTES),
    "UNIXUSERPASSWORD",
    "userPassword;binary",
    "userPassword;lang-fr",
    "ms-Mcs-AdmPwd;range=0-*",
    "telephoneNumber",
    "TelephoneNumber;lang-fr",
    "telephoneNumber;range=0-1",
]


def take(folder: Path, *entries: dict[str, list[bytes]]) -> Journal:
    """The journal of a collection of these entries, left unfinished; another session is not asked for anything."""
    nobody: Any = None
    scope = Scope(excluded=("telephoneNumber",))
    with (
        Journal(folder / "x.adsnap", {"account": "a"}) as journal,
        Ingest(folder / "x.adsnap", source=SourceInfo(kind="samples", tool="test")) as ingest,
    ):
        intake = Intake(ingest, journal, scope)
        for attributes in entries:
            message = encode_entry("CN=x,DC=corp,DC=test", {"cn": [b"x"], **attributes})
            intake.take(read_envelope(message), nobody, ())
        journal.flush()
    return journal


@pytest.mark.parametrize("name", NAMES)
def test_a_hidden_value_never_touches_the_disk(tmp_path: Path, name: str) -> None:
    shown = {"description": [b"shown"]}
    take(tmp_path, shown, {**shown, name: [HIDDEN]}, {name: [HIDDEN], **shown}, shown)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert written.count(b"shown") == 4
    assert HIDDEN not in written
