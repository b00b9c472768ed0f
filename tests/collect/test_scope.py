"""What a collection covers, what it leaves out, and what that does to the verdicts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaudit.cli.main import run
from adaudit.collect.scope import Scope
from adaudit.errors import UsageError
from adaudit.snapshot import open_snapshot
from tests.collect.forest_of_three import NAME_SERVER_ADDRESS, Forest, forest_of_three

if TYPE_CHECKING:
    from tests.collect.conftest import Proxies
    from tests.testbed import Directory

CORP = "DC=corp,DC=test"
LYON = "DC=lyon,DC=test"
BREST = "DC=brest,DC=test"


@pytest.mark.parametrize(
    "name", ["objectGUID", "OBJECTSID", "objectClass", "distinguishedName", "cn", "isDeleted", "uSNChanged", "nCName"]
)
def test_what_the_tool_cannot_work_without_cannot_be_left_out(name: str) -> None:
    with pytest.raises(UsageError, match=r"cannot be left out: .{10,}") as refusal:
        Scope(excluded=("mail", name))
    assert refusal.value.place == f"--exclude {name}"


@pytest.mark.parametrize("name", ["", "*", "+", "1.2.840", "mail;range=0-1", "home phone", "*)(objectClass=*"])
def test_only_the_name_of_an_attribute_can_be_left_out(name: str) -> None:
    with pytest.raises(UsageError, match="not the name of an attribute"):
        Scope(excluded=(name,))


def test_a_partition_is_chosen_by_kind_or_by_name() -> None:
    contexts = {
        "DC=chu,DC=example": True,
        "CN=Configuration,DC=chu,DC=example": False,
        "CN=Schema,CN=Configuration,DC=chu,DC=example": False,
        "DC=DomainDnsZones,DC=chu,DC=example": False,
        "DC=ForestDnsZones,DC=chu,DC=example": False,
        "DC=Zones,DC=chu,DC=example": False,
    }

    def chosen(*partitions: str) -> list[str]:
        scope = Scope(partitions=partitions)
        return [dn.split(",")[0] for dn, is_domain in contexts.items() if scope.wants(dn, is_domain=is_domain)]

    assert chosen() == [dn.split(",")[0] for dn in contexts]
    assert chosen("domain") == ["DC=chu"]
    assert chosen("DNS", "schema") == ["CN=Schema", "DC=DomainDnsZones", "DC=ForestDnsZones"]
    assert chosen("dc=zones,dc=CHU,dc=example", "configuration") == ["CN=Configuration", "DC=Zones"]
    with pytest.raises(UsageError, match="neither a DN nor one of domain, configuration, schema, dns"):
        Scope(partitions=("domains",))


@given(
    st.dictionaries(st.sampled_from(["mail", "MAIL", "mail;range=0-9", "cn", "info", "mailNickname"]), st.just([b"x"]))
)
def test_an_excluded_attribute_is_dropped_whatever_its_spelling_and_options(attributes: dict[str, list[bytes]]) -> None:
    kept = Scope(excluded=("Mail", "homePhone")).kept(attributes)
    assert {name: values for name, values in attributes.items() if name[:5].lower() not in ("mail", "mail;")} == kept
    assert Scope().kept(attributes) is attributes


def test_an_excluded_attribute_that_would_be_asked_for_by_name_is_not() -> None:
    asked = ("*", "nTSecurityDescriptor", "msDS-ResultantPSO")
    assert Scope(excluded=("ntsecuritydescriptor",)).requested(asked) == ("*", "msDS-ResultantPSO")


@pytest.fixture
def forest(
    samba_second: Directory, samba_baseline: Directory, samba_elsewhere: Directory, proxies: Proxies, tmp_path: Path
) -> Iterator[Forest]:
    with forest_of_three(samba_second, samba_baseline, samba_elsewhere, proxies, tmp_path) as walkable:
        yield walkable


def collect(
    capsys: pytest.CaptureFixture[str], directory: Directory, output: Path, *options: str
) -> tuple[int, str, dict[str, list[dict[str, Any]]]]:
    """Exit code, what was said of errors, and tables of the snapshot."""
    password = output.with_suffix(".password")
    password.write_text(directory.auditor.password)
    account = ["--user", directory.auditor.user, "--password-file", str(password), "--no-sysvol"]
    code = run(["collect", *account, "-o", str(output), *options])
    said = capsys.readouterr().err
    if not output.exists():
        return code, said, {}
    names = ("objects", "domains", "partitions", "users", "spns", "logons", "coverage", "attributes")
    with open_snapshot(output) as snapshot:
        return code, said, {name: snapshot.table(name).to_pylist() for name in names}


def gaps(tables: dict[str, list[dict[str, Any]]], reason: str) -> set[tuple[str, str, str]]:
    """Table, column and status of the rows of coverage with this reason."""
    rows = (row for row in tables["coverage"] if row["reason"] == reason)
    return {(row["table_name"], row["column_name"], row["status"]) for row in rows}


@pytest.mark.samba
def test_a_forest_is_one_snapshot_in_which_what_could_not_be_reached_is_told(
    forest: Forest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--domain", "corp.test", "--forest", "--all-controllers", "--dns-server", NAME_SERVER_ADDRESS)
    code, said, tables = collect(capsys, forest.home, tmp_path / "x.adsnap", *options, "--allow-plaintext")
    assert code == 3
    assert "DC=brest,DC=test: no domain controller could be reached" in said
    read = {row["dn"] for row in tables["partitions"] if row["is_collected"]}
    assert {CORP, LYON, f"DC=DomainDnsZones,{CORP}", f"DC=DomainDnsZones,{LYON}"} < read
    assert BREST not in read
    domains = {row["domain_id"]: row for row in tables["domains"]}
    assert {row["dns_name"]: row["is_root"] for row in domains.values()} == {
        "brest.test": False,
        "corp.test": True,
        "lyon.test": False,
    }
    assert {row["dns_name"]: row["sid"] is not None for row in domains.values()}["lyon.test"]
    auditors = [
        domains[row["domain_id"]]["dns_name"] for row in tables["users"] if row["sam_account_name"] == "auditeur"
    ]
    assert sorted(auditors) == ["corp.test", "lyon.test"]
    assert ("users", "*", "failed") in gaps(tables, "unreachable")
    assert not gaps(tables, "other_domain")
    assert {row["server"] for row in tables["logons"]} == {"dc1.corp.test", "dc2.corp.test"}
    untold = [row["dn"] for row in tables["coverage"] if row["table_name"] == "logons" and "names no" in row["detail"]]
    assert untold == [LYON]


@pytest.mark.samba
def test_one_controller_alone_tells_the_other_domains_and_asks_nobody(
    forest: Forest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--server", forest.home.host, "--dns-server", NAME_SERVER_ADDRESS, "--allow-plaintext")
    code, _, tables = collect(capsys, forest.home, tmp_path / "x.adsnap", *options, "--partition", "domain")
    assert code == 0
    assert forest.proxy.connections == 0
    assert ("users", "*", "not_attempted") in gaps(tables, "other_domain")
    assert gaps(tables, "not_requested") >= {("logons", "*", "not_attempted")}
    assert not tables["logons"]


@pytest.mark.samba
def test_chosen_partitions_are_read_and_the_others_are_told_as_excluded(
    samba_baseline: Directory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--server", samba_baseline.ip, "--ca-file", str(samba_baseline.ca_file), "--partition", "domain")
    code, _, tables = collect(capsys, samba_baseline, tmp_path / "x.adsnap", *options, "--partition", "dns")
    assert code == 0
    read = {row["dn"] for row in tables["partitions"] if row["is_collected"]}
    assert read == {CORP, f"DC=DomainDnsZones,{CORP}", f"DC=ForestDnsZones,{CORP}"}
    assert {("sites", "*", "not_attempted"), ("schema_classes", "*", "not_attempted")} < gaps(tables, "excluded")
    assert not [row for row in tables["objects"] if row["dn"].endswith(f"CN=Configuration,{CORP}")]


@pytest.mark.samba
@pytest.mark.parametrize(
    ("partition", "fault"),
    [("DC=nantes,DC=test", "no such naming context"), (LYON, "add --forest")],
)
def test_a_partition_that_cannot_be_read_here_is_refused_before_anything_is_read(
    forest: Forest, tmp_path: Path, capsys: pytest.CaptureFixture[str], partition: str, fault: str
) -> None:
    options = ("--server", forest.home.ip, "--allow-plaintext", "--partition", partition)
    code, said, _ = collect(capsys, forest.home, tmp_path / "x.adsnap", *options)
    assert code == 2
    assert fault in said
    assert not list(tmp_path.glob("x.adsnap*"))


@pytest.mark.samba
def test_an_excluded_attribute_is_kept_nowhere_and_its_rule_is_not_assessed(
    samba_scenario: Directory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The scenario has privileged accounts with service names: with them the rule finds violations."""
    assert "vuln_spn_priv" in {expected.rule for expected in samba_scenario.scenario.expected}
    output = tmp_path / "x.adsnap"
    options = ("--server", samba_scenario.ip, "--ca-file", str(samba_scenario.ca_file))
    excluded = ("--exclude", "servicePrincipalName", "--exclude", "LASTLOGONTIMESTAMP")
    code, _, tables = collect(capsys, samba_scenario, output, *options, *excluded)
    assert code == 0
    assert not tables["spns"]
    assert not [row for row in tables["users"] if row["last_logon_timestamp_raw"] is not None]
    kept = {row["name"].lower() for row in tables["attributes"]}
    assert not kept & {"serviceprincipalname", "lastlogontimestamp"}
    assert {
        ("spns", "spn", "not_attempted"),
        ("users", "last_logon_timestamp_at", "not_attempted"),
        ("computers", "last_logon_timestamp_raw", "not_attempted"),
    } < gaps(tables, "excluded")

    assert run(["audit", str(output), "-o", str(tmp_path / "report")]) == 0
    findings = json.loads((tmp_path / "report/findings.json").read_text())
    status = {result["rule_id"]: result["status"] for result in findings["results"]}
    assert status["vuln_spn_priv"] == "not_assessed"


@pytest.mark.samba
def test_what_is_left_out_was_not_refused(
    samba_baseline: Directory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An attribute that a directory always sets, absent because nobody asked for it, is no lack of rights."""
    options = ("--server", samba_baseline.ip, "--ca-file", str(samba_baseline.ca_file), "--partition", "domain")
    _, _, tables = collect(capsys, samba_baseline, tmp_path / "x.adsnap", *options, "--exclude", "pwdLastSet")
    rows = [row for row in tables["coverage"] if row["column_name"] == "password_last_set_raw"]
    assert {(row["status"], row["reason"]) for row in rows} == {("not_attempted", "excluded")}


@pytest.mark.samba
def test_a_referral_to_a_host_of_somebody_else_gets_no_connection(
    samba_baseline: Directory, proxies: Proxies, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stranger = proxies(samba_baseline.ip, 389, listen=("127.1.0.9", 389))
    referrals = []

    def elsewhere(message: bytes) -> bytes:
        if b"ldap://corp.test/" in message:
            referrals.append(message)
        return message.replace(b"ldap://corp.test/", b"ldap://127.1.0.9/")

    proxy = proxies(samba_baseline.ip, 389, rewrite=elsewhere)
    options = ("--server", "127.0.0.1", "--port", str(proxy.port), "--allow-plaintext", "--forest")
    code, _, tables = collect(capsys, samba_baseline, tmp_path / "x.adsnap", *options, "--partition", "domain")
    assert code == 0
    assert len(referrals) > 2
    assert len(tables["objects"]) > 200
    assert (proxy.connections, stranger.connections) == (1, 0)
