"""What a client costs, and what it costs the domain controller that it asks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ADAUDIT = [sys.executable, "-c", "import sys; from adaudit.cli import main; sys.argv[0] = 'adaudit'; main()"]
"""The command, whatever is on the PATH."""


_WATCH = """
import os, sys, time
start = time.monotonic()
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", 1, 0)])
_, status, usage = os.wait4(pid, 0)
print(status, time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
"""
"""Run a command from a small process: a child's peak memory begins at that of the process which forks it."""


@dataclass(frozen=True)
class Cost:
    """Of one client, its start included: seconds of wall and CPU time, most megabytes that one of its processes held,
    seconds of CPU time that a controller spent meanwhile (0 when none was measured), and megabytes that passed over
    the loopback interface meanwhile."""

    wall: float
    cpu: float
    peak: float
    server: float
    traffic: float


def cost(command: list[str], environment: dict[str, str], folder: Path, server: Path | None = None) -> Cost:
    """Run ``command`` in ``folder`` to its end. ``server``: the folder of a controller of the testbed."""
    before, passed = server_cpu(server), _passed()
    watch = [sys.executable, "-I", "-S", "-c", _WATCH, *command]
    watched = subprocess.run(watch, cwd=folder, env=environment, stdout=subprocess.PIPE, check=False)
    status, wall, cpu, peak = map(float, watched.stdout.split())
    if status:
        sys.exit(f"{command[0]} ended in {status:g}")
    return Cost(wall, cpu, peak, server_cpu(server) - before, (_passed() - passed) / 1e6)


def server_cpu(folder: Path | None) -> float:
    """Seconds of CPU time of all processes of the controller that lives in ``folder``, those that ended included."""
    ticks = 0
    for pid in _processes(folder):
        with suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def _passed() -> int:
    """Bytes that the loopback interface has carried, which it counts as received once."""
    interfaces = Path("/proc/net/dev").read_text().splitlines()
    return int(next(line for line in interfaces if line.strip().startswith("lo:")).split()[1])


def _processes(folder: Path | None) -> Iterator[int]:
    """The first process whose arguments name ``folder``, and all that descend from it."""
    if folder is None:
        return
    waiting = sorted(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    waiting = [pid for pid in waiting if str(folder).encode() in _arguments(pid)][:1]
    while waiting:
        pid = waiting.pop()
        yield pid
        with suppress(FileNotFoundError, ProcessLookupError):
            waiting += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def _arguments(pid: int) -> list[bytes]:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return []
