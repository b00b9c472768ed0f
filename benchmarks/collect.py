"""Collection: adaudit beside other clients on the same directory, in one run.

``python benchmarks/collect.py [COUNT]`` fills a Samba domain of COUNT accounts (cached afterwards), then each client
reads it, one after the other, start-up included. python-ldap and BloodHound.py take part where they are installed.
"""

from __future__ import annotations

import os
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from parts.measure import ADAUDIT, Cost, cost

from adaudit.schema.requests import REQUESTED_ATTRIBUTES, SD_FLAGS_OID
from adaudit.snapshot import open_snapshot

HERE = Path(__file__).parent
DEFAULT_COUNT = 5000
PEERS = {"python-ldap": "ldap", "ldap3": "ldap3", "bloodhound": "bloodhound"}
"""Reader of parts/readers.py → module it needs."""


def compare(count: int) -> None:
    sys.path.insert(0, str(HERE.parent))
    from tests.testbed import bulk_scenario, running

    with running(bulk_scenario(count)) as directory, tempfile.TemporaryDirectory() as scratch:
        user, contexts, ca_file = directory.auditor.user, directory.naming_contexts, str(directory.ca_file)
        environment = {
            **os.environ,
            "PYTHONPATH": str(HERE.parent),
            "ADAUDIT_PASSWORD": directory.auditor.password,
            "LDAPTLS_CACERT": ca_file,
        }
        password_file = Path(scratch, "password")
        password_file.touch(mode=0o600)
        password_file.write_text(directory.auditor.password, encoding="utf-8")
        snapshot_file = Path(scratch, "tls.adsnap")

        searches = " && ".join(
            f"ldapsearch -LLL -x -H {directory.ldaps_url} -D {user} -y {password_file} -E pr=1000/noprompt "
            f"-E '!{SD_FLAGS_OID}=::MAMCAQc=' -b '{context}' '(objectClass=*)' {quoted(REQUESTED_ATTRIBUTES)}"
            for context in contexts
        )
        reader = [sys.executable, str(HERE / "parts/readers.py")]
        asked = [directory.ip, user, ca_file, *contexts]
        collect = [*ADAUDIT, "collect", "--server", directory.ip, "--user", user]
        sealed = ["--auth", "ntlm", "--sealed", "-o", f"{scratch}/sealed.adsnap"]
        commands = {
            "ldapsearch": ["sh", "-c", searches],
            **{name: [*reader, name, *asked] for name, module in PEERS.items() if find_spec(module)},
            "adaudit, read and decoded": [*reader, "adaudit", *asked],
            "adaudit collect": [*collect, "--ca-file", ca_file, "-o", str(snapshot_file)],
            "adaudit collect, NTLM, sealed": [*collect, *sealed],
        }
        costs = {
            name: cost(command, environment, folder=Path(scratch), server=directory.folder)
            for name, command in commands.items()
        }
        with open_snapshot(snapshot_file) as snapshot:
            report(snapshot.manifest.tables["objects"].rows, costs)


def quoted(names: tuple[str, ...]) -> str:
    return " ".join(f"'{name}'" for name in names)


def report(objects: int, costs: dict[str, Cost]) -> None:
    reference = costs["ldapsearch"]
    print(f"{objects:,} objects, all naming contexts, LDAPS where not said otherwise")
    print(
        f"{'client':>30} {'CPU s per 10k':>14} {'wall s':>8} {'× ldapsearch':>13} {'peak MB':>8} {'server CPU s':>13}"
    )
    for client, spent in costs.items():
        print(
            f"{client:>30} {spent.cpu / objects * 10_000:>14.2f} {spent.wall:>8.1f} "
            f"{spent.wall / reference.wall:>13.2f} {spent.peak:>8.0f} {spent.server:>13.1f}"
        )


if __name__ == "__main__":
    compare(int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_COUNT)
