"""Collection since an earlier snapshot, after 1 % of the objects changed, beside a full one, in one run.

``python benchmarks/incremental.py [COUNT]`` fills a Samba domain of COUNT accounts (cached afterwards), collects it
over LDAPS, changes one user in a hundred, and collects what changed since; start-up included, SYSVOL left out.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from parts.measure import ADAUDIT, cost

from adaudit.snapshot import open_snapshot

if TYPE_CHECKING:
    from tests.testbed import Directory

HERE = Path(__file__).parent
DEFAULT_COUNT = 5000
SHARE = 100


def compare(count: int) -> None:
    sys.path.insert(0, str(HERE.parent))
    from tests.testbed import bulk_scenario, running

    with running(bulk_scenario(count)) as directory, tempfile.TemporaryDirectory() as scratch:
        environment = {**os.environ, "ADAUDIT_PASSWORD": directory.auditor.password}
        asked = ["--server", directory.ip, "--user", directory.auditor.user, "--ca-file", str(directory.ca_file)]
        collect = [*ADAUDIT, "collect", "--no-sysvol", *asked]
        first, second = Path(scratch, "first.adsnap"), Path(scratch, "second.adsnap")
        place = {"folder": Path(scratch), "server": directory.folder}
        full = cost([*collect, "-o", str(first)], environment, **place)
        with open_snapshot(first) as snapshot:
            objects = snapshot.manifest.tables["objects"].rows
            users = snapshot.table("users", ["dn"])["dn"].to_pylist()
        changed = [dn for dn in users if dn.startswith("CN=Agent")][: objects // SHARE]
        change(directory, changed)
        since = cost([*collect, "-o", str(second), "--since", str(first)], environment, **place)
    print(f"{objects:,} objects, of which {len(changed):,} changed")
    print(f"{'collection':>12} {'traffic MB':>11} {'CPU s':>8} {'wall s':>8} {'peak MB':>8} {'server CPU s':>13}")
    for name, spent in (("full", full), ("since", since)):
        print(
            f"{name:>12} {spent.traffic:>11.1f} {spent.cpu:>8.2f} {spent.wall:>8.1f} {spent.peak:>8.0f} "
            f"{spent.server:>13.1f}"
        )
    print(f"{'ratio':>12} {since.traffic / full.traffic:>11.0%} {since.cpu / full.cpu:>8.0%}")


def change(directory: Directory, dns: list[str]) -> None:
    """Give these users another telephone number, as the administrator."""
    command = ["ldapmodify", "-x", "-H", directory.ldaps_url, "-D", directory.admin.user]
    lines = "".join(
        f"dn: {dn}\nchangetype: modify\nreplace: telephoneNumber\ntelephoneNumber: {number}\n\n"
        for number, dn in enumerate(dns, 1000)
    )
    subprocess.run(
        [*command, "-w", directory.admin.password],
        env={**os.environ, "LDAPTLS_CACERT": str(directory.ca_file)},
        input=lines.encode(),
        stdout=subprocess.DEVNULL,
        check=True,
    )


if __name__ == "__main__":
    compare(int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_COUNT)
