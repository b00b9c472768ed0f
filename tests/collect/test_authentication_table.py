"""The table of docs/authentication.md, each cell of which is carried out on Samba."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from adaudit.collect.authentication import ClientCertificate, Credentials, Kerberos, Ntlm, Simple
from adaudit.collect.endpoint import Endpoint, Security
from adaudit.collect.messages import Scope, Search, decode_entry
from adaudit.errors import AdauditError
from tests.collect.scripted_server import self_signed

if TYPE_CHECKING:
    from tests.testbed import Directory

DOCUMENT = Path(__file__).parents[2] / "docs/authentication.md"
SECURITY = {
    "LDAPS": Security.LDAPS,
    "`--start-tls`": Security.START_TLS,
    "`--sealed`": Security.SEALED,
    "`--allow-plaintext`": Security.PLAINTEXT,
}


class Row(NamedTuple):
    method: str
    protection: str
    outcomes: dict[str, str]


def rows() -> list[Row]:
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| Method | Protection |"))
    modes = [cell.strip(" `") for cell in lines[start].split("|")[3:-1]]
    found = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        method, protection, *outcomes = (cell.strip() for cell in line.split("|")[1:-1])
        found.append(Row(method, protection, dict(zip(modes, outcomes, strict=True))))
    return found


def credentials(method: str, directory: Directory, folder: Path) -> Credentials:
    from tests.testbed import kinit, write_keytab

    account = directory.auditor
    match method:
        case "simple":
            return Simple(account.user, account.password)
        case "NTLM":
            return Ntlm(account.user, account.password)
        case "Kerberos, password":
            return Kerberos(account.user, account.password)
        case "Kerberos, ccache":
            kinit(directory, account, folder / "ccache")
            return Kerberos(ccache=folder / "ccache")
        case "Kerberos, keytab":
            write_keytab(directory, account, folder / "keytab")
            return Kerberos(keytab=folder / "keytab")
        case "certificate":
            return ClientCertificate(self_signed(folder, "auditeur"))
    raise AssertionError(method)


def expected(cell: str) -> str:
    """What the cell says of the Samba at hand."""
    outcome, _, since = cell.partition(" (before Samba ")
    if not since:
        return outcome
    told = subprocess.run(["/usr/sbin/samba", "--version"], capture_output=True, text=True, check=True).stdout
    here, limit = (tuple(map(int, re.findall(r"\d+", text)[:2])) for text in (told, since))
    return outcome if here < limit else "works"


def test_the_table_holds_every_method_under_every_protection_in_every_mode() -> None:
    methods = ["simple", "NTLM", "Kerberos, password", "Kerberos, ccache", "Kerberos, keytab", "certificate"]
    assert [(row.method, row.protection) for row in rows()] == [(each, name) for each in methods for name in SECURITY]
    assert {tuple(row.outcomes) for row in rows()} == {("no", "allow_sasl_over_tls", "yes")}


@pytest.mark.samba
@pytest.mark.parametrize("mode", ["no", "allow_sasl_over_tls", "yes"])
@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.method} {row.protection}")
def test_the_table_is_true(
    row: Row,
    mode: str,
    access_directory: Callable[[str], Directory],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    directory = access_directory(mode)
    monkeypatch.setenv("KRB5_CONFIG", str(directory.krb5_conf))
    outcome = expected(row.outcomes[mode])
    endpoint = Endpoint(
        directory.host, SECURITY[row.protection], ca_file=directory.ca_file, timeout=20, address=directory.ip
    )
    account = credentials(row.method, directory, tmp_path)
    if outcome != "works":
        with pytest.raises(AdauditError, match=re.escape(outcome.removeprefix("refused: "))):
            endpoint.connect(account)
        return
    connection = endpoint.connect(account)
    assert connection.is_encrypted is (endpoint.security is not Security.PLAINTEXT)
    page = next(connection.search(Search(directory.base_dn, Scope.BASE, ("distinguishedName",))))
    connection.unbind()
    assert [decode_entry(envelope)[0] for envelope in page.entries] == [directory.base_dn]
