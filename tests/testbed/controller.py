"""Start and stop Samba AD domain controllers, each in its own namespaces and on its own address.

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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from .audit import keep_audit_log
from .build import archive
from .cache import unpack
from .directory import Account, Directory
from .domain import ADMIN_PASSWORD, AUDITOR, AUDITOR_PASSWORD, DNS_NAME, FIRST, Machine
from .errors import TestbedError
from .kerberos import write_krb5_conf
from .place import Place, StrongAuth, configure, environment, namespace
from .requirements import check_extended_attributes, check_requirements
from .scenario import Scenario, load_scenario

READY_SECONDS = 60
_PORTS = (389, 636, 88, 445, 135)
_ADDRESSES = range(21, 121)


@contextmanager
def running(
    scenario: Scenario | str, *, strong_auth: StrongAuth = "no", audited: bool = False, settings: tuple[str, ...] = ()
) -> Iterator[Directory]:
    """A domain controller holding a scenario, or that of the name given; stopped and thrown away at the end.

    ``strong_auth`` is Samba's "ldap server require strong auth": ``yes`` refuses a simple bind without TLS.
    ``audited``: the controller keeps the log that ``AuditLog`` reads. ``settings``: more lines of smb.conf.
    Raises TestbedError where the machine cannot run one.
    """
    if isinstance(scenario, str):
        scenario = load_scenario(scenario)
    check_requirements()
    with started(archive(scenario), scenario, strong_auth=strong_auth, audited=audited, settings=settings) as directory:
        yield directory


@contextmanager
def started(
    filled: Path,
    scenario: Scenario,
    machine: Machine = FIRST,
    *,
    strong_auth: StrongAuth = "no",
    audited: bool = False,
    settings: tuple[str, ...] = (),
) -> Iterator[Directory]:
    """The same with what the archive ``filled`` holds."""
    with _place(_root(), machine) as place:
        unpack(filled, place.folder)
        configure(place, strong_auth, settings)
        write_krb5_conf(place)
        if audited:
            keep_audit_log(place)
        process = _start(place)
        try:
            _wait_until_ready(process, place)
            yield _directory(place, scenario)
        finally:
            _stop(process)


class Restartable:
    """A controller that can be killed, and started again on what it had."""

    def __init__(self, place: Place, scenario: Scenario) -> None:
        self.directory = _directory(place, scenario)
        self._place = place
        self.start()

    def start(self) -> None:
        self._process = _start(self._place)
        _wait_until_ready(self._process, self._place)

    def kill(self) -> None:
        _stop(self._process)


@contextmanager
def restartable(name: str) -> Iterator[Restartable]:
    """A domain controller holding the scenario of that name, thrown away at the end."""
    scenario = load_scenario(name)
    check_requirements()
    with _place(_root(), FIRST) as place:
        unpack(archive(scenario), place.folder)
        configure(place, "no", ())
        controller = Restartable(place, scenario)
        try:
            yield controller
        finally:
            controller.kill()


def _root() -> Path:
    """A short path, for the Unix sockets below it, owned by us; Samba acts on files as the user who asks."""
    root = Path(tempfile.gettempdir(), "adaudit-testbed")
    root.mkdir(exist_ok=True)
    if root.is_symlink() or root.stat().st_uid != os.geteuid():
        raise TestbedError(f"{root} belongs to somebody else")
    root.chmod(0o711)
    check_extended_attributes(root)
    return root


@contextmanager
def _place(root: Path, machine: Machine) -> Iterator[Place]:
    """The first address nobody uses, locked as long as it is ours; what a killed run left there is removed."""
    for number in _ADDRESSES:
        place = Place(root / str(number), f"127.0.0.{number}", machine)
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


def _start(place: Place) -> subprocess.Popen[bytes]:
    command = ["samba", "--foreground", "--no-process-group", "--model=prefork", f"--configfile={place.config}"]
    with (place.folder / "log/output").open("wb") as output:
        return subprocess.Popen(
            [*namespace(place), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment(),
            start_new_session=True,
        )


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the first process of the namespace: the kernel ends the others before it is reaped."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if process.poll() is None:
        for child in children.read_text().split():
            os.kill(int(child), signal.SIGKILL)
    process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], place: Place) -> None:
    deadline = time.monotonic() + READY_SECONDS
    waiting: list[Callable[[], bool]] = [partial(_answers, place.ip, port) for port in _PORTS]
    waiting.append(partial(_knows, place))
    while waiting:
        if process.poll() is not None or time.monotonic() > deadline:
            log = (place.folder / "log/output").read_text(errors="replace")
            raise TestbedError(f"the domain controller on {place.ip} did not start: {log[-2000:]}")
        if waiting[0]():
            waiting.pop(0)
        else:
            time.sleep(0.05)


def _answers(ip: str, port: int) -> bool:
    try:
        socket.create_connection((ip, port), timeout=2).close()
    except OSError:
        return False
    return True


def _knows(place: Place) -> bool:
    """Whether SMB can tell an account: its port answers before the database of accounts does."""
    share, user = f"//{place.ip}/sysvol", f"Administrator@{place.machine.dns_name}%{ADMIN_PASSWORD}"
    asked = ["smbclient", "-s", "/dev/null", share, "-U", user, "-c", "exit"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False)
    return "NT_STATUS_INTERNAL_ERROR" not in said.stdout + said.stderr


def _directory(place: Place, scenario: Scenario) -> Directory:
    machine = place.machine
    return Directory(
        ip=place.ip,
        host=machine.host_name,
        realm=machine.realm,
        base_dn=machine.base_dn,
        domain_sid=machine.domain_sid,
        ca_file=place.folder / "tls/ca.pem",
        config=place.config,
        sysvol=place.folder / "state/sysvol",
        folder=place.folder,
        auditor=Account(f"{AUDITOR}@{DNS_NAME}", AUDITOR_PASSWORD),
        admin=Account(f"Administrator@{machine.dns_name}", ADMIN_PASSWORD),
        scenario=scenario,
    )
