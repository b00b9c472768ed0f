"""How the cost of an audit grows: a tenth of the accounts and all of them, each judged by a process of its own.

``python benchmarks/audit.py [ACCOUNTS] [HOSPITAL]`` makes both snapshots first, which is not measured. Goals: ten times
the accounts cost at most 12 times the processor; 100,000 stay within 2 GiB and below 60 seconds on two cores, and no
rule takes more than 5. Starting and loading the rules cost the same at any size, which flatters that ratio: it is also
told without the cost of the smallest directory.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from adaudit.samples import HOSPITALS, generate
from adaudit.snapshot import open_snapshot

STEP = 10
SMALLEST = 100
KIB_PER_GIB = 1024 * 1024


@dataclass(frozen=True)
class Cost:
    """Seconds, seconds of processor and KiB of memory at the peak of one process, its start included; slowest rule."""

    objects: int
    memberships: int
    seconds: float
    cpu: float
    peak: int
    slowest: str


def audited(hospital: str, accounts: int, folder: Path) -> Cost:
    """What ``adaudit audit`` costs on a hospital of so many accounts, report included."""
    here = folder / str(accounts)
    here.mkdir()
    path = generate(hospital, here, accounts=accounts)
    command = [
        sys.executable,
        "-c",
        "from adaudit.cli import main; main()",
        "audit",
        str(path),
        "-o",
        str(here / "out"),
        "--timings",
    ]
    told = here / "timings"
    start = time.perf_counter()
    with told.open("wb") as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        sys.exit(f"the audit of {accounts:,} accounts ended in {os.waitstatus_to_exitcode(status)}")
    with open_snapshot(path) as snapshot:
        rows = {name: table.rows for name, table in snapshot.manifest.tables.items()}
    slowest = next(line for line in told.read_text(encoding="utf-8").splitlines() if "  rule  " in line)
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(rows["objects"], rows["memberships"], seconds, cpu, usage.ru_maxrss, " ".join(slowest.split()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("accounts", type=int, nargs="?", default=100_000)
    parser.add_argument("hospital", choices=HOSPITALS, nargs="?", default=HOSPITALS[0])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sizes = (SMALLEST, options.accounts // STEP, options.accounts)
        costs = [audited(options.hospital, accounts, Path(folder)) for accounts in sizes]
    print(f"{options.hospital:>16}{'objects':>12}{'memberships':>14}{'time':>10}{'CPU':>10}{'peak memory':>14}")
    for accounts, cost in zip(sizes, costs, strict=True):
        print(f"{accounts:>16,}{cost.objects:>12,}{cost.memberships:>14,}", end="")
        print(f"{cost.seconds:>8.1f} s{cost.cpu:>8.1f} s{cost.peak / KIB_PER_GIB:>10.2f} GiB")
    print(f"slowest rule of the largest: {costs[-1].slowest}")
    start, small, large = (cost.cpu for cost in costs)
    print(f"{STEP} times the accounts cost {large / small:.1f} times as much (goal: at most 12),")
    print(f"{(large - start) / (small - start):.1f} times without what {SMALLEST} accounts cost")


if __name__ == "__main__":
    main()
