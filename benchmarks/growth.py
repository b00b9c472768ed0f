"""How a collection grows: CPU, time and memory of ``adaudit collect`` from ten thousand objects on.

``python benchmarks/growth.py [COUNT…]`` records the collection of a Samba domain of a thousand accounts, then answers
from that recording as a domain of each COUNT would. Only the client is measured; the line is not encrypted.
"""

from __future__ import annotations

import os
import struct
import sys
import tempfile
from pathlib import Path

from parts.measure import ADAUDIT, Cost, cost
from parts.replay import LOOPBACK, record, replay

from adaudit.snapshot import open_snapshot

ROOT = Path(__file__).parent.parent
TEMPLATES = 1000
DEFAULT_COUNTS = (10_000, 30_000, 100_000)


def main(counts: list[int]) -> None:
    sys.path.insert(0, str(ROOT))
    from tests.testbed import DOMAIN_SID, bulk_scenario, running

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with running(bulk_scenario(TEMPLATES)) as directory:
            environment = {**os.environ, "ADAUDIT_PASSWORD": directory.auditor.password}
            port, recording = record(directory.ip, 389)
            least, before = collect(port, directory.auditor.user, folder, environment)
        print(
            f"{'objects':>10} {'wall s':>8} {'CPU s':>8} {'CPU s per 10k':>14} {'peak MB':>8} {'MB per 10k more':>16}"
        )
        last = least
        for count in counts:
            generations = max(1, (count - least) // TEMPLATES)
            with replay(recording, sid_bytes(DOMAIN_SID), generations) as listener:
                objects, spent = collect(listener.getsockname()[1], directory.auditor.user, folder, environment)
            more = (spent.peak - before.peak) / (objects - last) * 10_000
            cpu = spent.cpu / objects * 10_000
            print(
                f"{objects:>10,} {spent.wall:>8.1f} {spent.cpu:>8.1f} {cpu:>14.2f} {spent.peak:>8.0f} {more:>16.1f}",
                flush=True,
            )
            last, before = objects, spent


def collect(port: int, user: str, folder: Path, environment: dict[str, str]) -> tuple[int, Cost]:
    """Objects in the snapshot, and what it cost to make it."""
    asked = ["--server", LOOPBACK, "--port", str(port), "--allow-plaintext", "--no-sysvol", "--user", user]
    spent = cost([*ADAUDIT, "collect", *asked, "-o", "growth.adsnap", "--overwrite"], environment, folder)
    with open_snapshot(folder / "growth.adsnap") as snapshot:
        return snapshot.manifest.tables["objects"].rows, spent


def sid_bytes(sid: str) -> bytes:
    """Of a domain: S-1-5-21-a-b-c."""
    numbers = [int(number) for number in sid.split("-")[3:]]
    return b"\1\5\0\0\0\0\0\5" + struct.pack(f"<{len(numbers)}I", *numbers)


if __name__ == "__main__":
    main([int(count) for count in sys.argv[1:]] or list(DEFAULT_COUNTS))
