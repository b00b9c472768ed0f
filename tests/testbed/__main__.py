"""A test directory by hand, until Ctrl-C: ``python -m tests.testbed up NAME`` or ``bulk COUNT``."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from contextlib import suppress

from .bulk import bulk_scenario
from .controller import running
from .directory import Directory
from .errors import TestbedError
from .scenario import load_scenario


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.testbed", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="the unmodified domain, or the hospital full of weaknesses")
    up.add_argument("name", choices=["baseline", "scenario", "access", "paths"])
    bulk = commands.add_parser("bulk", help="a domain of COUNT objects; filling 28,000 takes minutes, once")
    bulk.add_argument("count", type=int)
    for command in (up, bulk):
        command.add_argument("--strong-auth", choices=["no", "allow_sasl_over_tls", "yes"], default="no")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    scenario = bulk_scenario(arguments.count) if arguments.command == "bulk" else load_scenario(arguments.name)
    try:
        with running(scenario, strong_auth=arguments.strong_auth) as directory:
            print_environment(directory)
            with suppress(KeyboardInterrupt):
                signal.pause()
    except TestbedError as error:
        sys.exit(f"testbed: {error}")


def print_environment(directory: Directory) -> None:
    lines = {
        "SERVER": directory.ip,
        "HOST_NAME": directory.host,
        "BASE_DN": directory.base_dn,
        "CA_FILE": directory.ca_file,
        "ACCOUNT": directory.auditor.user,
        "ADAUDIT_PASSWORD": directory.auditor.password,
        "ADMIN": directory.admin.user,
        "ADMIN_PASSWORD": directory.admin.password,
        "CONFIG": directory.config,
        "KRB5_CONFIG": directory.krb5_conf,
        "SYSVOL": directory.sysvol,
    }
    for name, value in lines.items():
        print(f"{name}={shlex.quote(str(value))}", flush=True)


if __name__ == "__main__":
    main()
