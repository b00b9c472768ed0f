"""What a command loads: no library that the branch it takes does without, as each costs a part of a second."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.testbed import Directory

RUN_AND_LIST = """
import sys
from adaudit.cli.main import run
code = run(sys.argv[1:])
print(*sys.modules)
sys.exit(code)
"""


def loaded(*arguments: str, password: str = "") -> set[str]:
    """The modules that a process has loaded once it has run the command."""
    done = subprocess.run(
        [sys.executable, "-c", RUN_AND_LIST, *arguments],
        env={**os.environ, "ADAUDIT_PASSWORD": password},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("command", "others"),
    [
        ("collect", {"ldap3", "pyarrow", "numpy", "duckdb", "pydantic", "cryptography", "spnego", "impacket", "dns"}),
        ("import ldif", {"pyarrow", "numpy", "duckdb", "pydantic"}),
        ("snapshot info", {"duckdb", "pyarrow.csv", "pyarrow.compute"}),
        ("rules list", {"scipy", "jinja2"}),
        ("paths", {"duckdb", "jinja2", "rich"}),
        ("audit", {"scipy", "matplotlib", "rich"}),
    ],
)
def test_the_help_of_a_command_loads_no_library_that_it_does_without(command: str, others: set[str]) -> None:
    assert others & loaded(*command.split(), "--help") == set()


@pytest.mark.samba
def test_a_simple_bind_loads_no_library_of_other_ways_in(samba_baseline: Directory, tmp_path: Path) -> None:
    server, account = samba_baseline, samba_baseline.auditor
    asked = ("collect", "--server", server.ip, "--ca-file", str(server.ca_file), "--start-tls", "--user", account.user)
    others = {"spnego", "impacket", "dns", "cryptography", "rich", "adaudit.collect.probes"}

    simple = loaded(*asked, "--no-sysvol", "-o", str(tmp_path / "simple.adsnap"), password=account.password)
    assert others & simple == set()
    ntlm = loaded(*asked, "--auth", "ntlm", "-o", str(tmp_path / "ntlm.adsnap"), password=account.password)
    assert others & ntlm == {"spnego", "impacket", "cryptography"}
