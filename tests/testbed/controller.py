"""Provision, start and stop Samba AD domain controllers, each in its own namespaces and on its own address.

Nothing is written under /etc: the resolver, the hosts file and /run/samba are replaced in a private mount namespace.
All processes of a controller live in one process namespace: they end together, also when the test process is killed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .cache import cached
from .directory import Account, Directory
from .domain import (
    ADMIN_PASSWORD,
    AUDITOR,
    AUDITOR_PASSWORD,
    BASE_DN,
    DNS_NAME,
    DOMAIN_SID,
    HOST,
    HOST_NAME,
    NETBIOS,
    REALM,
)
from .errors import TestbedError
from .requirements import SYSTEM_PYTHON, check_requirements
from .scenario import Scenario, load_scenario
from .tls import write_tls

StrongAuth = Literal["no", "allow_sasl_over_tls", "yes"]

HERE = Path(__file__).parent
READY_SECONDS = 60
_PORTS = (389, 636, 88, 445, 135)
_ADDRESSES = range(21, 121)

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


@contextmanager
def running(name: Literal["baseline", "scenario"], *, strong_auth: StrongAuth = "no") -> Iterator[Directory]:
    """A domain controller holding the scenario ``name``, stopped and thrown away at the end.

    ``strong_auth`` is Samba's "ldap server require strong auth": ``yes`` refuses a simple bind without TLS.
    Raises TestbedError where the machine cannot run one.
    """
    scenario = load_scenario(name)
    with running_with(scenario, strong_auth=strong_auth) as directory:
        yield directory


@contextmanager
def running_with(scenario: Scenario, *, strong_auth: StrongAuth = "no") -> Iterator[Directory]:
    """As ``running``, for a scenario already loaded."""
    root = _root()
    check_requirements(root)
    archive = cached(scenario, HERE, lambda folder: _build(folder, scenario))
    with _place(root) as place:
        _run("tar", "--xattrs", "--xattrs-include=*", "--acls", "-xSf", archive, "-C", place.folder)
        _configure(place, strong_auth)
        process = _start(place)
        try:
            _wait_until_ready(process, place)
            yield _directory(place, scenario)
        finally:
            _stop(process)


@dataclass(frozen=True)
class _Place:
    """The folder and loopback address of one controller."""

    folder: Path
    ip: str

    @property
    def config(self) -> Path:
        return self.folder / "etc/smb.conf"


def _root() -> Path:
    """A short path, for the Unix sockets below it, owned by us; Samba acts on files as the user who asks."""
    root = Path(tempfile.gettempdir(), "adaudit-testbed")
    root.mkdir(exist_ok=True)
    if root.is_symlink() or root.stat().st_uid != os.geteuid():
        raise TestbedError(f"{root} belongs to somebody else")
    root.chmod(0o711)
    return root


@contextmanager
def _place(root: Path) -> Iterator[_Place]:
    """The first address nobody uses, locked as long as it is ours; what a killed run left there is removed."""
    for number in _ADDRESSES:
        place = _Place(root / str(number), f"127.0.0.{number}")
        with (root / f"{number}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            if _answers(place.ip, 389):
                continue
            shutil.rmtree(place.folder, ignore_errors=True)
            place.folder.mkdir(mode=0o755)
            try:
                yield place
            finally:
                shutil.rmtree(place.folder)
            return
    raise TestbedError("no loopback address is free for a test directory")


def _build(folder: Path, scenario: Scenario) -> None:
    """Provision a domain below ``folder`` and fill it, without starting it."""
    place = _Place(folder, "127.0.0.20")
    for name in ("etc", "private", "state", "run", "log"):
        (folder / name).mkdir()
    boot = folder / "etc/boot.conf"
    boot.write_text("[global]\n")
    _configure_resolver(place)
    in_namespace = _namespace(place)
    _run(
        *in_namespace,
        SYSTEM_PYTHON,
        HERE / "provision.py",
        *("domain", "provision", "-s", boot, f"--targetdir={folder}", "--quiet"),
        *(f"--realm={REALM}", f"--domain={NETBIOS}", "--server-role=dc", "--use-rfc2307"),
        *("--dns-backend=SAMBA_INTERNAL", f"--adminpass={ADMIN_PASSWORD}", f"--domain-sid={DOMAIN_SID}"),
        *(f"--host-name={HOST}", f"--host-ip={place.ip}"),
        *("--function-level=2008_R2", "--base-schema=2016"),
        *(f"--option=interfaces={place.ip}/8", "--option=bind interfaces only=yes"),
        "--option=dns forwarder=127.0.0.254",
    )
    _configure(place, "no")
    _run(
        *in_namespace,
        *(SYSTEM_PYTHON, HERE / "fill.py"),
        *(place.config, folder / "private/sam.ldb", folder / "state/sysvol"),
        text=scenario.instructions,
    )


def _configure(place: _Place, strong_auth: StrongAuth) -> None:
    """Write what depends on the folder and the address."""
    for name in ("etc", "run/ncalrpc", "lock", "log", "cache"):
        (place.folder / name).mkdir(parents=True, exist_ok=True)
    settings = {"netbios": NETBIOS, "realm": REALM, "host": HOST.upper(), "dns_name": DNS_NAME}
    place.config.write_text(_SMB_CONF.format(folder=place.folder, ip=place.ip, strong_auth=strong_auth, **settings))
    write_tls(place.folder / "tls", HOST_NAME, place.ip)
    _configure_resolver(place)


def _configure_resolver(place: _Place) -> None:
    (place.folder / "resolv.conf").write_text(f"nameserver {place.ip}\noptions timeout:1 attempts:1\n")
    (place.folder / "hosts").write_text(f"127.0.0.1 localhost\n{place.ip} {HOST_NAME} {HOST}\n")


def _namespace(place: _Place) -> list[str]:
    """The head of a command: every process below ends with its parent, and with the test process."""
    unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _IN_NAMESPACE, str(place.folder)]
    return ["setpriv", "--pdeathsig", "KILL", *unshare]


def _start(place: _Place) -> subprocess.Popen[bytes]:
    command = ["samba", "--foreground", "--no-process-group", "--model=prefork", f"--configfile={place.config}"]
    with (place.folder / "log/output").open("wb") as output:
        return subprocess.Popen(
            [*_namespace(place), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=_environment(),
            start_new_session=True,
        )


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the first process of the namespace: the kernel ends the others before it is reaped."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if process.poll() is None:
        for child in children.read_text().split():
            os.kill(int(child), signal.SIGKILL)
    process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], place: _Place) -> None:
    deadline = time.monotonic() + READY_SECONDS
    waiting = list(_PORTS)
    while waiting:
        if process.poll() is not None or time.monotonic() > deadline:
            log = (place.folder / "log/output").read_text(errors="replace")
            raise TestbedError(f"the domain controller on {place.ip} did not start: {log[-2000:]}")
        if _answers(place.ip, waiting[0]):
            waiting.pop(0)
        else:
            time.sleep(0.05)


def _answers(ip: str, port: int) -> bool:
    try:
        socket.create_connection((ip, port), timeout=2).close()
    except OSError:
        return False
    return True


def _directory(place: _Place, scenario: Scenario) -> Directory:
    return Directory(
        ip=place.ip,
        host=HOST_NAME,
        realm=REALM,
        base_dn=BASE_DN,
        domain_sid=DOMAIN_SID,
        ca_file=place.folder / "tls/ca.pem",
        config=place.config,
        sysvol=place.folder / "state/sysvol",
        folder=place.folder,
        auditor=Account(f"{AUDITOR}@{DNS_NAME}", AUDITOR_PASSWORD),
        admin=Account(f"Administrator@{DNS_NAME}", ADMIN_PASSWORD),
        scenario=scenario,
    )


def _environment() -> dict[str, str]:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return {**os.environ, "PATH": path, "TDB_NO_FSYNC": "1", "TZ": "UTC"}


def _run(*command: str | Path, text: str | None = None) -> None:
    done = subprocess.run(command, input=text, text=True, capture_output=True, env=_environment(), check=False)
    if done.returncode:
        raise TestbedError(f"{command[0]} … {command[-1]}: {(done.stderr + done.stdout).strip()[-2000:]}")
