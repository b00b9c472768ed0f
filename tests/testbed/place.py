"""Where one controller lives: its folder, its address, its configuration and its namespaces."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .domain import FIRST, Machine
from .errors import TestbedError
from .tls import write_tls

StrongAuth = Literal["no", "allow_sasl_over_tls", "yes"]

_SMB_CONF = """\
[global]
  workgroup = {netbios}
  realm = {realm}
  netbios name = {host}
  server role = active directory domain controller
  server services = s3fs rpc ldap cldap kdc winbindd
  interfaces = {ip}/8
  bind interfaces only = yes
  disable netbios = yes
  smb ports = 445
  dns forwarder = 127.0.0.254
  private dir = {folder}/private
  state directory = {folder}/state
  cache directory = {folder}/cache
  lock directory = {folder}/lock
  pid directory = {folder}/run
  binddns dir = {folder}/bind-dns
  ncalrpc dir = {folder}/run/ncalrpc
  ntp signd socket directory = {folder}/run/ntp_signd
  winbindd socket directory = /run/samba/winbindd
  usershare max shares = 0
  load printers = no
  printing = bsd
  printcap name = /dev/null
  disable spoolss = yes
  logging = file
  log file = {folder}/log/samba.log
  max log size = 0
  panic action = /bin/true
  ldap server require strong auth = {strong_auth}
  ntlm auth = ntlmv2-only
  tls enabled = yes
  tls keyfile = {folder}/tls/key.pem
  tls certfile = {folder}/tls/cert.pem
  tls cafile = {folder}/tls/ca.pem
  idmap_ldb:use rfc2307 = yes
  rpc server dynamic port range = 49152-49300
  prefork children = 1
  vfs objects = dfs_samba4 acl_xattr
{more}
[sysvol]
  path = {folder}/state/sysvol
  read only = no
[netlogon]
  path = {folder}/state/sysvol/{dns_name}/scripts
  read only = no
"""

_IN_NAMESPACE = """\
mkdir -p /run/samba &&
mount --bind "$0/run" /run/samba &&
mount --bind "$0/resolv.conf" /etc/resolv.conf &&
mount --bind "$0/hosts" /etc/hosts &&
exec "$@"
"""


@dataclass(frozen=True)
class Place:
    """The folder and loopback address of one controller; ``others``: hosts that it must find, and their addresses."""

    folder: Path
    ip: str
    machine: Machine = FIRST
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "etc/smb.conf"


def configure(place: Place, strong_auth: StrongAuth, more: tuple[str, ...] = ()) -> None:
    """Write what depends on the folder and the address; ``more`` lines of [global] win over those before."""
    for name in ("etc", "run/ncalrpc", "lock", "log", "cache"):
        (place.folder / name).mkdir(parents=True, exist_ok=True)
    machine = place.machine
    settings = {
        "netbios": machine.netbios,
        "realm": machine.realm,
        "host": machine.host.upper(),
        "dns_name": machine.dns_name,
        "more": "\n".join(more),
    }
    place.config.write_text(_SMB_CONF.format(folder=place.folder, ip=place.ip, strong_auth=strong_auth, **settings))
    write_tls(place.folder / "tls", machine.host_name, place.ip)
    configure_resolver(place)


def configure_resolver(place: Place) -> None:
    (place.folder / "resolv.conf").write_text(f"nameserver {place.ip}\noptions timeout:1 attempts:1\n")
    hosts = {"localhost": "127.0.0.1", f"{place.machine.host_name} {place.machine.host}": place.ip, **place.others}
    (place.folder / "hosts").write_text("".join(f"{ip} {names}\n" for names, ip in hosts.items()))


def namespace(place: Place) -> list[str]:
    """The head of a command: every process below ends with its parent, and with the test process."""
    unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _IN_NAMESPACE, str(place.folder)]
    return ["setpriv", "--pdeathsig", "KILL", *unshare]


def environment() -> dict[str, str]:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return {**os.environ, "PATH": path, "TDB_NO_FSYNC": "1", "TZ": "UTC"}


def run(*command: str | Path, text: str | None = None) -> None:
    done = subprocess.run(command, input=text, text=True, capture_output=True, env=environment(), check=False)
    if done.returncode:
        raise TestbedError(f"{command[0]} … {command[-1]}: {(done.stderr + done.stdout).strip()[-2000:]}")
