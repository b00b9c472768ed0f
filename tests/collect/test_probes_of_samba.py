"""What the probes find out about real domain controllers, one that accepts what it can and one that refuses it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from adaudit.collect.authentication import Credentials, Kerberos, Ntlm, Simple
from adaudit.collect.endpoint import trust
from adaudit.collect.log import CollectionLog
from adaudit.collect.probes import Probed, Target, TargetKind, plan, record, run_probes
from adaudit.collect.probes.account import Account
from adaudit.collect.probes.line import Line
from adaudit.collect.probes.pipes import log_on
from adaudit.collect.probes.smb_messages import Dialect, Status
from adaudit.collect.probes.smb_session import SmbSession
from adaudit.ingest.ingest import Ingest
from adaudit.snapshot import SourceInfo, open_snapshot
from tests.collect.conftest import LOOPBACK, Proxies
from tests.testbed import AuditLog, Directory, TestbedError, running

pytestmark = pytest.mark.samba

OF_THE_ACCOUNT = {"ldap_signing", "ldap_channel_binding", "smb_pipes"}
SMB_VERSIONS = ("smb_1", "smb_2_0_2", "smb_2_1", "smb_3_0", "smb_3_0_2", "smb_3_1_1")
SETTINGS = {
    "lenient": ("server min protocol = NT1", "server signing = disabled"),
    "strict": (
        "server min protocol = SMB3_11",
        "restrict anonymous = 2",
        "tls priority = NORMAL:-VERS-TLS1.0:-VERS-TLS1.1",
    ),
}


@dataclass(frozen=True)
class Controller:
    directory: Directory
    asked: tuple[Probed, ...]

    def facts(self, probe: str) -> dict[str, str]:
        return {answer.name: answer.value for each in self.asked for answer in each.answers if answer.probe == probe}


@pytest.fixture(scope="module")
def lenient() -> Iterator[Controller]:
    with running("baseline", audited=True, settings=SETTINGS["lenient"]) as directory:
        lock_after(directory, 5)
        yield Controller(directory, ask(directory, auditor(directory)))


@pytest.fixture(scope="module")
def strict() -> Iterator[Controller]:
    with running("baseline", strong_auth="yes", audited=True, settings=SETTINGS["strict"]) as directory:
        yield Controller(directory, ask(directory, auditor(directory)))


def auditor(directory: Directory) -> Ntlm:
    return Ntlm("CORP\\auditeur", directory.auditor.password)


def ask(directory: Directory, credentials: Credentials | None, *, only: set[str] | None = None) -> tuple[Probed, ...]:
    planned = plan([Target(directory.host, address=directory.ip)])
    wanted = [probe for probe in planned if only is None or probe.probe in only]
    return tuple(run_probes(wanted, credentials, trust=trust(directory.ca_file), timeout=20))


def lock_after(directory: Directory, failures: int) -> None:
    """Without a threshold Samba counts no wrong password."""
    command = ["samba-tool", "domain", "passwordsettings", "set", f"--account-lockout-threshold={failures}"]
    subprocess.run([*command, "-s", str(directory.config)], check=True, capture_output=True)


def last_wrong_password(directory: Directory) -> int:
    """badPasswordTime of the auditor, which no later success resets; read as another, which counts as no logon."""
    arguments = ("-b", directory.base_dn, "(sAMAccountName=auditeur)", "badPasswordTime")
    entry = directory.ldapsearch(*arguments, account=directory.admin)
    found = re.search(r"^badPasswordTime: (\d+)$", entry, re.MULTILINE)
    return int(found[1]) if found else 0


def test_a_lenient_server_accepts_a_bind_without_signing(lenient: Controller) -> None:
    assert lenient.facts("ldap_signing") == {"required": "no", "result": "result code 0"}


def test_a_strict_server_demands_signing(strict: Controller) -> None:
    facts = strict.facts("ldap_signing")
    assert facts["required"] == "yes"
    assert "result code 8" in facts["result"]


def test_a_server_that_knows_no_channel_binding_does_not_demand_it(lenient: Controller) -> None:
    assert lenient.facts("ldap_channel_binding")["required"] == "no"


def test_a_refusal_for_another_reason_says_nothing_about_channel_binding(strict: Controller) -> None:
    assert list(strict.facts("ldap_channel_binding")) == ["error"]


def test_every_version_of_smb_is_tried_by_itself(lenient: Controller, strict: Controller) -> None:
    assert [lenient.facts(version)["accepted"] for version in SMB_VERSIONS] == ["yes"] * 6
    assert [strict.facts(version)["accepted"] for version in SMB_VERSIONS] == ["no"] * 5 + ["yes"]


def test_signing_of_smb_is_told_as_the_server_says_also_for_the_latest_version(
    lenient: Controller, strict: Controller
) -> None:
    assert [lenient.facts(version)["signing_required"] for version in SMB_VERSIONS] == ["no"] * 6
    assert strict.facts("smb_3_1_1")["signing_required"] == "yes"


def test_every_version_of_tls_is_tried_by_itself(lenient: Controller, strict: Controller) -> None:
    versions = ("tls_1_0", "tls_1_1", "tls_1_2", "tls_1_3")
    assert [lenient.facts(version)["accepted"] for version in versions] == ["yes"] * 4
    assert [strict.facts(version)["accepted"] for version in versions] == ["no", "no", "yes", "yes"]


def test_the_certificate_is_described_over_ldaps_and_over_start_tls(lenient: Controller) -> None:
    openssl = ["openssl", "x509", "-in", str(lenient.directory.folder / "tls/cert.pem"), "-noout", "-fingerprint"]
    printed = subprocess.run([*openssl, "-sha256"], check=True, capture_output=True, text=True).stdout
    fingerprint = printed.strip().partition("=")[2].replace(":", "").lower()
    for probe in ("ldaps_certificate", "ldap_start_tls"):
        facts = lenient.facts(probe)
        assert facts["sha256"] == fingerprint
        assert (facts["subject"], facts["issuer"]) == ("CN=dc1.corp.test", "CN=Testbed CA")
        assert (facts["key_type"], facts["key_bits"], facts["signature_hash"]) == ("rsa", "2048", "sha256")
        assert facts["dns_name"] == lenient.directory.host


def test_the_certificate_is_trusted_by_who_trusts_its_authority(lenient: Controller) -> None:
    assert lenient.facts("ldaps_trust") == {"trusted": "yes"}
    planned = plan([Target("other.corp.test", address=lenient.directory.ip)])
    checked = [probe for probe in planned if probe.probe == "ldaps_trust"]
    (wrong_name,) = run_probes(checked, None, trust=trust(lenient.directory.ca_file))
    (unknown,) = run_probes(checked, None, trust=trust(None))
    for asked, reason in ((wrong_name, "Hostname mismatch"), (unknown, "issuer")):
        trusted, told = asked.answers
        assert (trusted.name, trusted.value) == ("trusted", "no")
        assert reason in told.value


def test_who_names_no_account_reads_the_root_dse_only(lenient: Controller) -> None:
    facts = lenient.facts("ldap_anonymous")
    assert (facts["reads_root_dse"], facts["reads_directory"]) == ("yes", "no")
    assert "result code 1" in facts["search_result"]


def test_a_null_session_is_told_as_far_as_it_gets(lenient: Controller, strict: Controller) -> None:
    assert lenient.facts("smb_null_session")["pipe_samr_accepted"] == "yes"
    facts = strict.facts("smb_null_session")
    assert (facts["ipc_accepted"], facts["ipc_status"]) == ("no", "access denied")


def test_ntlm_tells_the_names_of_the_domain(lenient: Controller) -> None:
    for probe in ("ntlm_ldap", "ntlm_smb"):
        facts = lenient.facts(probe)
        assert facts["offered"] == "yes"
        assert (facts["dns_computer"], facts["netbios_domain"]) == ("dc1.corp.test", "CORP")


def test_pipes_that_exist_are_told_from_those_that_do_not(lenient: Controller, strict: Controller) -> None:
    for facts in (lenient.facts("smb_pipes"), strict.facts("smb_pipes")):
        assert (facts["dfs_management"], facts["web_client"]) == ("reachable", "absent")


@pytest.mark.parametrize("dialect", Dialect)
def test_a_session_signs_as_each_dialect_wants(dialect: Dialect, lenient: Controller) -> None:
    directory = lenient.directory
    account = Account.of(auditor(directory))
    assert account is not None
    with Line(directory.host, 445, timeout=20, address=directory.ip) as line:
        session = SmbSession(line, (dialect,))
        log_on(session, account, directory.host)
        assert session.connect_to_ipc() == Status.SUCCESS
        assert session.open_pipe("lsarpc") == Status.SUCCESS


def test_each_probe_makes_one_connection(lenient: Controller, proxies: Proxies) -> None:
    directory = lenient.directory
    for probe in plan([Target(directory.host, address=directory.ip)]):
        proxy = proxies(directory.ip, probe.port)
        through = replace(probe, address=LOOPBACK, port=proxy.port)
        (asked,) = run_probes([through], auditor(directory), trust=trust(directory.ca_file), timeout=20)
        assert proxy.connections == 1, probe.probe
        assert asked.error is None or probe.probe == "ssl_3_0"


def test_no_logon_of_the_account_fails_and_the_directory_counts_none(lenient: Controller, strict: Controller) -> None:
    for probed in (lenient, strict):
        log = AuditLog(probed.directory.folder).authentications()
        ours = [each for each in log if each["becameAccount"] == "auditeur" or each["clientAccount"] == "auditeur"]
        assert len(ours) >= 2
        assert {each["status"] for each in ours} == {"NT_STATUS_OK"}
    assert last_wrong_password(lenient.directory) == 0
    mistaken = replace(lenient.directory.auditor, password="wrong")
    with pytest.raises(TestbedError):
        lenient.directory.ldapsearch("-b", "", "-s", "base", account=mistaken)
    assert last_wrong_password(lenient.directory) > 0


def test_a_refused_account_is_presented_once(strict: Controller) -> None:
    wrong = Ntlm("CORP\\auditeur2", "never-to-be-told")
    asked = ask(strict.directory, wrong, only=OF_THE_ACCOUNT)
    assert [each.answers[0].name for each in asked] == ["error", "not_attempted", "not_attempted"]
    assert "never-to-be-told" not in repr(asked)
    log = AuditLog(strict.directory.folder).authentications()
    assert len([each for each in log if each["clientAccount"] == "auditeur2"]) == 1


@pytest.mark.parametrize(
    "credentials", [None, Simple("CN=auditeur,CN=Users,DC=corp,DC=test", "never-to-be-told")], ids=["nobody", "a DN"]
)
def test_what_needs_an_account_is_not_attempted_without_one(
    credentials: Credentials | None, lenient: Controller
) -> None:
    asked = ask(lenient.directory, credentials)
    not_attempted = {each.probe.probe for each in asked if each.answers[0].name == "not_attempted"}
    assert not_attempted == OF_THE_ACCOUNT | {"ssl_3_0"}


def test_answers_say_who_asked(lenient: Controller) -> None:
    by = {answer.probe: answer.asked_by for each in lenient.asked for answer in each.answers}
    assert {probe for probe, account in by.items() if account == "CORP\\auditeur"} == OF_THE_ACCOUNT
    assert set(by.values()) == {None, "CORP\\auditeur"}


def test_kerberos_asks_the_same(strict: Controller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = strict.directory
    settings = tmp_path / "krb5.conf"
    settings.write_text(
        f"[libdefaults]\n default_realm = {directory.realm}\n dns_lookup_kdc = false\n rdns = false\n"
        f" dns_canonicalize_hostname = false\n udp_preference_limit = 1\n"
        f"[realms]\n {directory.realm} = {{\n  kdc = {directory.ip}\n }}\n"
    )
    monkeypatch.setenv("KRB5_CONFIG", str(settings))
    names = ["samba-tool", "spn", "add", f"ldap/{directory.host}", "DC1$", "-s", str(directory.config)]
    subprocess.run(names, check=False, capture_output=True)
    credentials = Kerberos(f"auditeur@{directory.realm}", directory.auditor.password)
    probed = Controller(directory, ask(directory, credentials, only=OF_THE_ACCOUNT))
    assert probed.facts("ldap_signing")["required"] == "yes"
    assert probed.facts("smb_pipes")["dfs_management"] == "reachable"


def test_a_snapshot_keeps_the_facts_and_tells_what_was_not_answered(strict: Controller, tmp_path: Path) -> None:
    nowhere = plan([Target(strict.directory.host, TargetKind.WEB_ENROLMENT, address=strict.directory.ip)])
    asked = (*strict.asked, *run_probes(nowhere, None, trust=trust(None)))
    with Ingest(tmp_path / "x.adsnap", source=SourceInfo(kind="ldap", tool="test")) as ingest:
        ingest.add("DC=corp,DC=test", {"objectClass": [b"top", b"domain", b"domainDNS"], "objectGUID": [bytes(16)]})
        with CollectionLog(tmp_path / "collection.log") as log:
            for each in asked:
                record(each, ingest, log)
        path = ingest.seal(as_of=asked[0].answers[0].asked_at, as_of_origin="dc_current_time")
    with open_snapshot(path) as snapshot:
        rows = snapshot.table("probes").to_pylist()
        gaps = [row for row in snapshot.table("coverage").to_pylist() if row["table_name"] == "probes"]
    assert len(rows) == sum(len(each.answers) for each in asked)
    unanswered = {(each.probe.server, each.probe.probe) for each in asked if each.error is not None}
    assert {row["status"] for row in gaps} == {"failed", "not_attempted"}
    assert {tuple(row["detail"].split(": ", 1)[0].split(" ", 1)) for row in gaps} == unanswered
    assert len(unanswered) == 4
    events = [json.loads(line) for line in (tmp_path / "collection.log").read_text().splitlines()]
    assert [(event["event"], event["probe"]) for event in events] == [("probe", each.probe.probe) for each in asked]
    assert {event["probe"] for event in events if "error" in event} == {probe for _, probe in unanswered}
