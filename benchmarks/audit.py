"""How the cost of an audit grows: a tenth of the accounts and all of them, each judged by a process of its own.

``python benchmarks/audit.py [ACCOUNTS] [HOSPITAL]`` makes both snapshots first, which is not measured. Goals: ten times
the accounts cost at most 12 times the processor, and 100,000 stay within 2 GiB. Starting and loading the rules cost the
same at any size, which flatters that ratio: it is also told without the cost of the smallest directory.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from adaudit.samples import HOSPITALS, generate
from adaudit.snapshot import open_snapshot

STEP = 10
SMALLEST = 100
KIB_PER_GIB = 1024 * 1024


@dataclass(frozen=True)
class Cost:
    """Seconds of processor and KiB of memory at the peak of one process, its start included."""

    objects: int
    cpu: float
    peak: int


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
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"the audit of {accounts:,} accounts ended in {os.waitstatus_to_exitcode(status)}")
    with open_snapshot(path) as snapshot:
        objects = snapshot.manifest.tables["objects"].rows
    return Cost(objects, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("accounts", type=int, nargs="?", default=100_000)
    parser.add_argument("hospital", choices=HOSPITALS, nargs="?", default=HOSPITALS[0])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sizes = (SMALLEST, options.accounts // STEP, options.accounts)
        costs = [audited(options.hospital, accounts, Path(folder)) for accounts in sizes]
    print(f"{options.hospital:>16}{'objects':>12}{'CPU':>10}{'peak memory':>14}")
    for accounts, cost in zip(sizes, costs, strict=True):
        print(f"{accounts:>16,}{cost.objects:>12,}{cost.cpu:>8.1f} s{cost.peak / KIB_PER_GIB:>10.2f} GiB")
    start, small, large = (cost.cpu for cost in costs)
    print(f"{STEP} times the accounts cost {large / small:.1f} times as much (goal: at most 12),")
    print(f"{(large - start) / (small - start):.1f} times without what {SMALLEST} accounts cost")


if __name__ == "__main__":
    main()
