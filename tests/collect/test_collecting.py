"""Whole collections of real directories, compared with what ldapsearch reads of them."""

from __future__ import annotations

import base64
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from adaudit.collect.authentication import Simple
from adaudit.collect.collector import Collector, Outcome
from adaudit.collect.endpoint import Endpoint, Security
from adaudit.collect.wanted import Pacing
from adaudit.errors import IncompleteError
from adaudit.schema.requests import REQUESTED_ATTRIBUTES
from adaudit.snapshot import open_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.collect.conftest import Proxies, Proxy
    from tests.testbed import Account, Directory

pytestmark = pytest.mark.samba


def collected(
    directory: Directory, destination: Path, account: Account | None = None, **options: Any
) -> tuple[Outcome, dict[str, list[dict[str, Any]]]]:
    """The outcome of a collection over LDAPS and the tables asked about below."""
    account = account or directory.auditor
    endpoint = Endpoint(directory.ip, ca_file=Path(directory.ca_file))
    outcome = Collector(endpoint, Simple(account.user, account.password), **options).run(destination)
    return outcome, tables(destination)


def tables(path: Path) -> dict[str, list[dict[str, Any]]]:
    names = ("objects", "principals", "memberships", "coverage", "partitions", "domains", "attributes")
    with open_snapshot(path) as snapshot:
        return {name: snapshot.table(name).to_pylist() for name in names}


def dns_by_ldapsearch(directory: Directory) -> set[str]:
    dns = set()
    for context in directory.naming_contexts:
        dump = directory.ldapsearch("-o", "ldif-wrap=no", "-E", "pr=1000/noprompt", "-b", context, "1.1")
        for line in dump.splitlines():
            if line.startswith("dn:: "):
                dns.add(base64.b64decode(line[5:]).decode())
            elif line.startswith("dn: "):
                dns.add(line[4:])
    return dns


def test_every_object_that_ldapsearch_sees_is_collected(samba_scenario: Directory, tmp_path: Path) -> None:
    outcome, seen = collected(samba_scenario, tmp_path / "x.adsnap")
    dns = {row["dn"] for row in seen["objects"]}
    assert dns_by_ldapsearch(samba_scenario) == {dn for dn in dns if "CN=Deleted Objects," not in dn}
    assert outcome.objects == len(seen["objects"])
    assert outcome.incomplete_reason is None
    assert {row["dn"] for row in seen["partitions"] if row["is_collected"]} == set(samba_scenario.naming_contexts)


def test_the_moment_and_the_reader_are_those_of_the_directory(samba_baseline: Directory, tmp_path: Path) -> None:
    outcome, seen = collected(samba_baseline, tmp_path / "x.adsnap")
    with open_snapshot(outcome.path) as snapshot:
        manifest = snapshot.manifest
    readers = [row["sid"] for row in seen["principals"] if row["name"] == "auditeur"]
    assert readers == [manifest.source.account_sid] == [outcome.account_sid]
    assert manifest.source.account == samba_baseline.auditor.user
    assert manifest.source.server == samba_baseline.host
    assert manifest.as_of_origin == "dc_current_time"
    assert abs(manifest.as_of - datetime.now(UTC).replace(tzinfo=None)) < timedelta(minutes=5)


def test_the_head_of_each_naming_context_tells_when_it_was_backed_up(samba_baseline: Directory, tmp_path: Path) -> None:
    _, seen = collected(samba_baseline, tmp_path / "x.adsnap")
    dns = {row["object_id"]: row["dn"] for row in seen["objects"]}
    told = {dns[row["object_id"]]: row for row in seen["attributes"] if row["name"] == "replPropertyMetaData"}
    assert told.keys() == set(samba_baseline.naming_contexts)
    asked = samba_baseline.ldapsearch(
        "-o", "ldif-wrap=no", "-b", "DC=corp,DC=test", "-s", "base", "replPropertyMetaData"
    )
    (line,) = (line for line in asked.splitlines() if line.startswith("replPropertyMetaData:: "))
    assert told["DC=corp,DC=test"]["bytes"] == base64.b64decode(line.partition(":: ")[2])


def test_ranged_attributes_are_completed(samba_scenario: Directory, tmp_path: Path) -> None:
    _, whole = collected(samba_scenario, tmp_path / "whole.adsnap")
    asked = (*REQUESTED_ATTRIBUTES, "member;range=0-1")
    outcome, ranged = collected(samba_scenario, tmp_path / "ranged.adsnap", attributes=asked)
    sizes = Counter(row["group_id"] for row in whole["memberships"] if row["origin"] == "member")
    assert max(sizes.values()) > 5
    assert ranged["memberships"] == whole["memberships"]
    assert outcome.incomplete_reason is None


def test_deleted_objects_are_read_where_they_may_be(tmp_path: Path) -> None:
    from tests.testbed import running

    with running("baseline") as directory:
        dn = f"CN=parti,CN=Users,{directory.base_dn}"
        as_admin = ["-x", "-H", directory.ldap_url, "-D", directory.admin.user, "-w", directory.admin.password]
        entry = f"dn: {dn}\nobjectClass: user\nsAMAccountName: parti\n"
        subprocess.run(["ldapadd", *as_admin], input=entry, text=True, check=True, capture_output=True)
        subprocess.run(["ldapdelete", *as_admin, dn], check=True, capture_output=True)
        _, by_admin = collected(directory, tmp_path / "admin.adsnap", directory.admin)
        _, by_auditor = collected(directory, tmp_path / "auditor.adsnap")
    assert [row["is_deleted"] for row in by_admin["objects"] if row["dn"].startswith("CN=parti")] == [True]
    assert not [row for row in by_auditor["objects"] if row["dn"].startswith("CN=parti")]
    hidden = {row["reason"] for row in by_auditor["coverage"] if row["dn"] == f"CN=Deleted Objects,{directory.base_dn}"}
    assert "known_hidden" in hidden
    assert "known_hidden" not in {row["reason"] for row in by_admin["coverage"]}


class Answers:
    """Changes the answers to a collection from its sixth search on: what comes before is not about objects."""

    def __init__(self, change: Callable[[bytes], bytes]) -> None:
        self._change = change
        self._done = 0

    def __call__(self, message: bytes) -> bytes:
        is_done = b"\x65\x07\x0a\x01" in message[:16]
        self._done += is_done
        return self._change(message) if self._done > 5 or (self._done == 5 and not is_done) else message


def ending_with(code: int) -> Answers:
    """A server that gives every object and then this result code."""
    return Answers(lambda message: message.replace(b"\x65\x07\x0a\x01\x00", b"\x65\x07\x0a\x01" + bytes([code])))


def collected_through(proxies: Proxies, directory: Directory, path: Path, answers: Answers) -> Outcome:
    return through(proxies(directory.ip, 389, rewrite=answers), directory).run(path)


def through(proxy: Proxy, directory: Directory, retry_for: float = 0) -> Collector:
    account = directory.auditor
    endpoint = Endpoint("127.0.0.1", Security.PLAINTEXT, proxy.port)
    return Collector(endpoint, Simple(account.user, account.password), pacing=Pacing(retry_for=retry_for))


@pytest.mark.parametrize("code", [4, 11])
def test_a_limit_of_the_server_is_a_truncated_collection(
    samba_baseline: Directory, proxies: Proxies, tmp_path: Path, code: int
) -> None:
    outcome = collected_through(proxies, samba_baseline, tmp_path / "x.adsnap", ending_with(code))
    gaps = {(row["status"], row["reason"]) for row in tables(outcome.path)["coverage"]}
    assert outcome.objects > 200
    assert f"{samba_baseline.base_dn}: result code {code}" in (outcome.incomplete_reason or "")
    assert ("truncated", "server_error") in gaps


def test_a_busy_server_is_a_failed_collection(samba_baseline: Directory, proxies: Proxies, tmp_path: Path) -> None:
    outcome = collected_through(proxies, samba_baseline, tmp_path / "x.adsnap", ending_with(51))
    gaps = {(row["status"], row["reason"]) for row in tables(outcome.path)["coverage"]}
    assert "result code 51" in (outcome.incomplete_reason or "")
    assert ("failed", "server_error") in gaps


def test_lacking_rights_are_a_gap_and_not_a_failure(
    samba_baseline: Directory, proxies: Proxies, tmp_path: Path
) -> None:
    outcome = collected_through(proxies, samba_baseline, tmp_path / "x.adsnap", ending_with(50))
    gaps = {(row["status"], row["reason"]) for row in tables(outcome.path)["coverage"]}
    assert outcome.incomplete_reason is None
    assert ("denied", "no_read_right") in gaps


def test_an_object_that_cannot_be_decoded_is_told_and_the_others_are_kept(
    samba_baseline: Directory, proxies: Proxies, tmp_path: Path
) -> None:
    users = f"CN=Users,{samba_baseline.base_dn}".encode()
    head = b"\x04" + bytes([len(users)]) + users
    answers = Answers(lambda message: message.replace(head, b"\x05" + head[1:], 1))
    outcome = collected_through(proxies, samba_baseline, tmp_path / "x.adsnap", answers)
    assert outcome.objects > 200
    assert users.decode() not in {row["dn"] for row in tables(outcome.path)["objects"]}
    assert "could not be decoded" in (outcome.incomplete_reason or "")
    assert ("failed", "malformed") in {(row["status"], row["reason"]) for row in tables(outcome.path)["coverage"]}


def test_what_other_servers_hold_is_listed_and_never_followed(
    samba_baseline: Directory, proxies: Proxies, tmp_path: Path
) -> None:
    """Samba has no second domain in a forest: the crossRef of its own and a referral are made to name others."""
    crossrefs = {f"CN=CORP,CN=Partitions,CN=Configuration,{samba_baseline.base_dn}".encode()}

    def elsewhere(message: bytes) -> bytes:
        if any(name in message[:100] for name in crossrefs):
            crossrefs.clear()
            message = message.replace(b"\x04\x0fDC=corp,DC=test", b"\x04\x0fDC=lyon,DC=test")
        return message.replace(b"ldap://corp.test/DC=ForestDnsZones,", b"ldap://corp.test/DC=ForestDnsNimes,")

    proxy = proxies(samba_baseline.ip, 389, rewrite=elsewhere)
    outcome = through(proxy, samba_baseline).run(tmp_path / "x.adsnap")
    seen = tables(outcome.path)
    assert [row["is_collected"] for row in seen["partitions"] if row["dn"] == "DC=lyon,DC=test"] == [False]
    told = {(row["reason"], row["detail"]) for row in seen["coverage"] if row["status"] == "not_attempted"}
    assert ("other_domain", "DC=lyon,DC=test") in told
    referral = f"referral to ldap://corp.test/DC=ForestDnsNimes,{samba_baseline.base_dn}, not followed"
    assert ("not_in_source", referral) in told
    assert proxy.connections == 1
    assert outcome.incomplete_reason is None


def disconnecting_after(objects: int) -> Answers:
    """A server that ends the connection with a notice (RFC 4511 section 4.4.1) after some objects."""
    body = b"\x0a\x01\x34\x04\x00\x04\x0eshutting down!\x8a\x161.3.6.1.4.1.1466.20036"
    notice = b"\x30\x32\x02\x01\x00\x78\x2d" + body
    left = iter(range(objects))
    return Answers(lambda message: notice if next(left, None) is None else message)


def test_a_notice_of_disconnection_is_repeated_to_the_user(
    samba_baseline: Directory, proxies: Proxies, tmp_path: Path
) -> None:
    outcome = collected_through(proxies, samba_baseline, tmp_path / "x.adsnap", disconnecting_after(500))
    assert outcome.objects > 400
    assert outcome.incomplete_reason == "the server ended the connection, result code 52: shutting down!"


def test_an_end_before_the_first_object_leaves_no_file(
    samba_baseline: Directory, proxies: Proxies, tmp_path: Path
) -> None:
    with pytest.raises(IncompleteError, match="nothing was read: the server ended the connection"):
        collected_through(proxies, samba_baseline, tmp_path / "x.adsnap", disconnecting_after(0))
    assert list(tmp_path.iterdir()) == []
