"""Kerberos in a test directory: where its KDC is, and tickets and keys made by MIT's own tools."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from .domain import REALM
from .errors import TestbedError
from .place import Place

if TYPE_CHECKING:
    from .directory import Account, Directory

_KRB5_CONF = """\
[libdefaults]
  default_realm = {realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
[realms]
  {realm} = {{
    kdc = {ip}
  }}
[domain_realm]
  .{dns_name} = {realm}
"""


def write_krb5_conf(place: Place) -> None:
    """Name the controller as the KDC of its realm, without the DNS."""
    machine = place.machine
    settings = _KRB5_CONF.format(realm=machine.realm, ip=place.ip, dns_name=machine.dns_name)
    (place.folder / "krb5.conf").write_text(settings)


def principal(account: Account) -> str:
    return f"{account.user.partition('@')[0]}@{REALM}"


def kinit(directory: Directory, account: Account, ccache: Path, *options: str) -> None:
    """Write the tickets of the account into the file ``ccache``."""
    _run(directory, ["kinit", "-c", ccache, *options, principal(account)], f"{account.password}\n")


def write_keytab(directory: Directory, account: Account, keytab: Path) -> None:
    """Write the key that follows from the account's password into the file ``keytab``."""
    entry = f"addent -password -p {principal(account)} -k 1 -e aes256-cts-hmac-sha1-96"
    _run(directory, ["ktutil"], f"{entry}\n{account.password}\nwkt {keytab}\nquit\n")


def _run(directory: Directory, command: list[str | Path], said: str) -> None:
    environment = {**os.environ, "KRB5_CONFIG": str(directory.krb5_conf)}
    done = subprocess.run(command, input=said, text=True, capture_output=True, env=environment, check=False)
    if done.returncode:
        raise TestbedError(f"{command[0]}: {(done.stderr + done.stdout).strip()}")
