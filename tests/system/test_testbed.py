"""The test directories themselves: they run, hold what they declare, and leave nothing behind."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.testbed import BASE_DN, Account, Directory, TestbedError, bulk_scenario, load_scenario, running

pytestmark = pytest.mark.samba

WHOLE_DOMAIN = {
    "vuln_compatible_2000_anonymous",
    "vuln_compatible_2000_not_default",
    "vuln_critical_objects",
    "vuln_dnsadmins",
    "vuln_dsheuristics_bad",
    "vuln_functional_level",
    "vuln_guest",
    "vuln_permissions_adminsdholder",
    "vuln_permissions_msdns",
    "vuln_privileged_members",
    "vuln_rodc_allowed_group",
    "vuln_smartcard_expire_passwords",
    "vuln_user_accounts_dormant",
    "vuln_user_accounts_machineaccountquota",
}
"""Controls with one subject in a domain, which leaves no place for a healthy one beside it."""


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


def read_dump(files: list[Path]) -> dict[str, set[str]]:
    """Attribute names by dn."""
    entries: dict[str, set[str]] = {}
    for file in files:
        for block in file.read_text().replace("\n ", "").split("\n\n"):
            names = [line.partition(":") for line in block.splitlines() if line and not line.startswith("#")]
            if names and names[0][0] == "dn":
                value = names[0][2]
                dn = base64.b64decode(value[2:]).decode() if value.startswith(":") else value[1:]
                entries[dn] = {name for name, _, _ in names[1:]}
    return entries


def fingerprint(folder: Path) -> dict[Path, tuple[int, str]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path: (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files}


def test_the_ordinary_account_reads_every_naming_context_with_its_descriptors(
    samba_baseline: Directory, tmp_path: Path
) -> None:
    files = samba_baseline.ldapsearch_dump(tmp_path)
    contexts = [file for file in files if "deleted" not in file.name]
    assert [file.stem.partition("-")[2] for file in contexts] == [
        "corp",
        "configuration",
        "schema",
        "domaindnszones",
        "forestdnszones",
    ]
    for file in contexts:
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
    deadline = time.monotonic() + 60
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


def test_every_vulnerability_has_a_healthy_object_beside_it() -> None:
    scenario = load_scenario("scenario")
    weak = {expectation.rule for expectation in scenario.expected if expectation.rule.startswith("vuln_")}
    assert weak - {rule for rule, _ in scenario.clean} == WHOLE_DOMAIN


def test_no_object_is_both_weak_and_healthy_for_one_control() -> None:
    scenario = load_scenario("scenario")
    assert not {(each.rule, each.subject) for each in scenario.expected} & scenario.clean


def test_everything_the_scenario_declares_is_there_but_what_is_denied(
    samba_scenario: Directory, tmp_path: Path
) -> None:
    entries = read_dump(samba_scenario.ldapsearch_dump(tmp_path))
    scenario = samba_scenario.scenario
    hidden = tuple(f",{denied.dn}" for denied in scenario.denied if denied.what == "children")
    assert [dn for dn in scenario.dns if dn not in entries and not dn.endswith(hidden)] == []
    assert [dn for _, dn in scenario.clean if dn not in entries] == []


def test_what_is_denied_is_not_read_by_the_ordinary_account(samba_scenario: Directory, tmp_path: Path) -> None:
    entries = read_dump(samba_scenario.ldapsearch_dump(tmp_path))
    for denied in samba_scenario.scenario.denied:
        if denied.what == "object":
            assert entries[denied.dn] == set(), "Samba names the object and nothing more; Windows not even that"
        elif denied.what == "attribute":
            assert denied.attribute not in entries[denied.dn]
            assert "sAMAccountName" in entries[denied.dn]
        else:
            assert not [dn for dn in entries if dn.endswith(f",{denied.dn}")]


def test_what_is_denied_exists_for_the_administrator(samba_scenario: Directory) -> None:
    found = samba_scenario.ldapsearch(
        "-b", BASE_DN, "(|(sAMAccountName=direction)(sAMAccountName=krbtgt))", "dn", account=samba_scenario.admin
    )
    assert found.count("\ndn:") + found.startswith("dn:") == 2


def test_the_ordinary_account_reads_the_files_of_a_group_policy(samba_scenario: Directory) -> None:
    user, password = samba_scenario.auditor.user.partition("@")[0], samba_scenario.auditor.password
    file = "corp.test/Policies/{A1B4C0DE-0005-4A5B-9C3D-000000000005}/Machine/Preferences/Groups/Groups.xml"
    share = ["smbclient", "-s", "/dev/null", f"//{samba_scenario.ip}/sysvol", "-U", f"CORP/{user}%{password}"]
    done = subprocess.run([*share, "-c", f'get "{file}" -'], capture_output=True, text=True)
    assert 'cpassword="' in done.stdout, done.stderr


def test_starttls_is_offered_with_the_same_certificate(samba_baseline: Directory) -> None:
    account = samba_baseline.auditor
    over_tls = ["ldapsearch", "-ZZ", "-x", "-H", samba_baseline.ldap_url, "-D", account.user, "-w", account.password]
    environment = {**os.environ, "LDAPTLS_CACERT": str(samba_baseline.ca_file)}
    done = subprocess.run([*over_tls, "-b", BASE_DN, "-s", "base"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_bulk_domain_has_the_size_and_shares_asked_for() -> None:
    objects = json.loads(bulk_scenario(280).instructions)["objects"]
    made = [entry for entry in objects if entry["dn"].startswith(("CN=Agent", "CN=POSTE", "CN=GRP"))]
    classes = Counter(entry["objectClass"] for entry in made)
    assert classes == {"user": 200, "computer": 50, "group": 30}
    assert sum(len(entry.get("groups", ())) for entry in made) >= 3 * len(made)
    assert len({entry["dn"] for entry in made}) == 280
