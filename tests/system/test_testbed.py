"""The test directories themselves: they run, hold what they declare, and leave nothing behind."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.testbed import BASE_DN, Account, Directory, TestbedError, running

pytestmark = pytest.mark.samba


def processes_about(folder: Path) -> list[str]:
    """Command lines of the processes that name a file of ``folder``."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(folder) in command:
            found.append(command)
    return found


def fingerprint(folder: Path) -> dict[Path, tuple[int, str]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path: (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files}


def test_the_ordinary_account_reads_every_naming_context_with_its_descriptors(
    samba_baseline: Directory, tmp_path: Path
) -> None:
    files = samba_baseline.ldapsearch_dump(tmp_path)
    assert [file.name for file in files] == [
        "0-corp.ldif",
        "1-configuration.ldif",
        "2-schema.ldif",
        "3-domaindnszones.ldif",
        "4-forestdnszones.ldif",
    ]
    for file in files:
        text = file.read_text()
        assert text.count("\ndn: ") + text.startswith("dn: ") > 0
        assert "\nnTSecurityDescriptor:: " in text


def test_the_ordinary_account_is_not_privileged(samba_baseline: Directory) -> None:
    answer = samba_baseline.ldapsearch("-b", BASE_DN, "(sAMAccountName=auditeur)", "memberOf", "adminCount")
    assert "memberOf" not in answer
    assert "adminCount" not in answer


def test_a_wrong_password_is_refused(samba_baseline: Directory) -> None:
    wrong = Account(samba_baseline.auditor.user, "not the password")
    with pytest.raises(TestbedError, match="Invalid credentials"):
        samba_baseline.ldapsearch("-b", BASE_DN, "-s", "base", account=wrong)


def test_a_stopped_directory_leaves_no_process_no_file_and_etc_samba_untouched() -> None:
    before = fingerprint(Path("/etc/samba"))
    with running("baseline") as directory:
        assert processes_about(directory.folder)
    assert processes_about(directory.folder) == []
    assert not directory.folder.exists()
    assert fingerprint(Path("/etc/samba")) == before


def test_killing_the_test_process_ends_the_controller() -> None:
    command = [sys.executable, "-m", "tests.testbed", "up", "baseline"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert process.stdout is not None
    started = dict(line.rstrip("\n").split("=", 1) for line in (process.stdout.readline() for _ in range(10)))
    folder = Path(started["CONFIG"]).parents[1]
    assert processes_about(folder)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 10
    while processes_about(folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_about(folder) == []


def test_strong_authentication_refuses_a_password_in_clear() -> None:
    with running("baseline", strong_auth="yes") as directory:
        account = directory.auditor
        in_clear = ["ldapsearch", "-x", "-H", directory.ldap_url, "-D", account.user, "-w", account.password]
        done = subprocess.run([*in_clear, "-b", BASE_DN, "-s", "base"], capture_output=True, text=True)
        assert done.returncode == 8
        assert "Strong(er) authentication required" in done.stderr
