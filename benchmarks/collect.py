"""Collection: adaudit beside ldapsearch and a bare ldap3 loop on the same directory, in one run.

``python benchmarks/collect.py [COUNT]`` fills a Samba domain of COUNT accounts (cached afterwards), then each client
reads all naming contexts with every attribute and descriptor over LDAPS, one after the other, start-up included.
"""

from __future__ import annotations

import argparse
import os
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ldap3

from adaudit.collect.authentication import Simple
from adaudit.collect.endpoint import Endpoint
from adaudit.collect.messages import Control, Scope, Search, decode_entry
from adaudit.schema.requests import REQUESTED_ATTRIBUTES, SD_FLAGS_OID, SD_FLAGS_VALUE
from adaudit.snapshot import open_snapshot

ROOT = Path(__file__).parent.parent
DEFAULT_COUNT = 5000


@dataclass(frozen=True)
class Cost:
    """Seconds of wall and CPU time of one process, its start included."""

    wall: float
    cpu: float


def cost(command: list[str], environment: dict[str, str]) -> Cost:
    start = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[0]} ended in {os.waitstatus_to_exitcode(status)}")
    return Cost(time.monotonic() - start, usage.ru_utime + usage.ru_stime)


def read_with_ldap3(host: str, user: str, ca_file: str, contexts: list[str]) -> None:
    """The fastest settings of ldap3: no schema, no formatting."""
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=ca_file)
    server = ldap3.Server(host, 636, use_ssl=True, tls=tls, get_info=ldap3.NONE)
    connection = ldap3.Connection(
        server,
        user,
        os.environ["ADAUDIT_PASSWORD"],
        auto_bind=True,
        auto_referrals=False,
        check_names=False,
        return_empty_attributes=False,
    )
    for context in contexts:
        for _ in connection.extend.standard.paged_search(
            context,
            "(objectClass=*)",
            attributes=list(REQUESTED_ATTRIBUTES),
            paged_size=1000,
            controls=[(SD_FLAGS_OID, True, SD_FLAGS_VALUE)],
        ):
            pass


def read_with_adaudit(host: str, user: str, ca_file: str, contexts: list[str]) -> None:
    """What ``adaudit collect`` reads, decoded to attributes and values, and nothing made of it."""
    connection = Endpoint(host, ca_file=Path(ca_file)).connect(Simple(user, os.environ["ADAUDIT_PASSWORD"]))
    descriptors = Control(SD_FLAGS_OID, SD_FLAGS_VALUE)
    for context in contexts:
        for page in connection.search(Search(context, Scope.SUBTREE, REQUESTED_ATTRIBUTES, (descriptors,))):
            for envelope in page.entries:
                decode_entry(envelope)
    connection.unbind()


READERS: dict[str, Callable[[str, str, str, list[str]], None]] = {
    "ldap3": read_with_ldap3,
    "adaudit": read_with_adaudit,
}


def compare(count: int) -> None:
    sys.path.insert(0, str(ROOT))
    from tests.testbed import bulk_scenario, running

    with running(bulk_scenario(count)) as directory, tempfile.TemporaryDirectory() as scratch:
        user, contexts, ca_file = directory.auditor.user, directory.naming_contexts, str(directory.ca_file)
        environment = {**os.environ, "ADAUDIT_PASSWORD": directory.auditor.password, "LDAPTLS_CACERT": ca_file}
        password_file = Path(scratch, "password")
        password_file.touch(mode=0o600)
        password_file.write_text(directory.auditor.password, encoding="utf-8")
        snapshot_file = Path(scratch, "bulk.adsnap")

        searches = " && ".join(
            f"ldapsearch -LLL -x -H {directory.ldaps_url} -D {user} -y {password_file} -E pr=1000/noprompt "
            f"-E '!{SD_FLAGS_OID}=::MAMCAQc=' -b '{context}' '(objectClass=*)' {quoted(REQUESTED_ATTRIBUTES)}"
            for context in contexts
        )
        itself = [sys.executable, __file__, "--as"]
        asked = ["--host", directory.ip, "--user", user, "--ca-file", ca_file, *contexts]
        adaudit = "import sys; from adaudit.cli import main; sys.argv[0] = 'adaudit'; main()"
        collecting = ["collect", "--server", directory.ip, "--user", user, "--ca-file", ca_file]
        costs = {
            "ldapsearch": cost(["sh", "-c", searches], environment),
            "ldap3, bare loop": cost([*itself, "ldap3", *asked], environment),
            "adaudit, read and decoded": cost([*itself, "adaudit", *asked], environment),
            "adaudit collect": cost(
                [sys.executable, "-c", adaudit, *collecting, "-o", str(snapshot_file)], environment
            ),
        }
        with open_snapshot(snapshot_file) as snapshot:
            objects = snapshot.manifest.tables["objects"].rows
    report(objects, costs)


def quoted(names: tuple[str, ...]) -> str:
    return " ".join(f"'{name}'" for name in names)


def report(objects: int, costs: dict[str, Cost]) -> None:
    reference = costs["ldapsearch"]
    print(f"{objects:,} objects, LDAPS, all naming contexts")
    print(f"{'client':>26} {'CPU s per 10k':>14} {'wall s':>8} {'× ldapsearch':>13}")
    for client, spent in costs.items():
        print(
            f"{client:>26} {spent.cpu / objects * 10_000:>14.2f} {spent.wall:>8.1f} "
            f"{spent.wall / reference.wall:>13.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--as", dest="reader", choices=sorted(READERS), help=argparse.SUPPRESS)
    for option in ("--host", "--user", "--ca-file"):
        parser.add_argument(option, help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs="*", metavar="COUNT", help=f"accounts to make ({DEFAULT_COUNT} by default)")
    arguments = parser.parse_args()
    if arguments.reader:
        READERS[arguments.reader](arguments.host, arguments.user, arguments.ca_file, arguments.rest)
    else:
        compare(int(arguments.rest[0]) if arguments.rest else DEFAULT_COUNT)


if __name__ == "__main__":
    main()
