"""Whom the probes are of: what a real directory names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from adaudit.collect.authentication import Simple
from adaudit.collect.discovery import NameServer
from adaudit.collect.endpoint import Endpoint, Security
from adaudit.collect.forest import Topology, read_topology
from adaudit.collect.log import CollectionLog
from adaudit.collect.probes import Target, TargetKind, Targets, find_targets
from adaudit.collect.session import Session
from tests.testbed import Directory

pytestmark = pytest.mark.samba

CONTROLLERS = [f"srv-dc-00{number}.corp.test" for number in range(1, 7)]


@pytest.fixture(scope="module")
def home(samba_scenario: Directory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    endpoint = Endpoint(samba_scenario.ip, Security.PLAINTEXT)
    credentials = Simple(samba_scenario.auditor.user, samba_scenario.auditor.password)
    with (
        CollectionLog(tmp_path_factory.mktemp("targets") / "collection.log") as log,
        Session(endpoint, credentials, log) as session,
    ):
        yield session


def targets_in(home: Session, topology: Topology) -> Targets:
    domains = [partition for partition in topology.partitions if partition.is_domain]
    return find_targets(home, topology, domains, NameServer(None))


@pytest.fixture(scope="module")
def targets(home: Session) -> Targets:
    topology, _ = read_topology(home)
    return targets_in(home, topology)


def test_the_controller_that_is_asked_comes_first_by_its_own_name(targets: Targets, samba_scenario: Directory) -> None:
    assert targets.found[0] == Target(samba_scenario.host, address=samba_scenario.ip)
    assert [target.host for target in targets.found].count(samba_scenario.host) == 1


def test_the_other_controllers_are_those_of_the_directory(targets: Targets) -> None:
    hosts = [target.host for target in targets.found if target.kind is TargetKind.CONTROLLER]
    assert set(CONTROLLERS) < set(hosts)
    assert len(hosts) == len(set(hosts))


def test_each_authority_is_asked_on_its_host(targets: Targets) -> None:
    hosts = {target.host: target.authorities for target in targets.found if target.kind is TargetKind.WEB_ENROLMENT}
    assert hosts == {
        "srv-pki01.corp.test": ("CHU Valmont Emettrice",),
        "srv-pki02.corp.test": ("CHU Valmont Secours",),
    }


def test_a_controller_without_a_host_name_is_told(home: Session, targets: Targets) -> None:
    topology, _ = read_topology(home)
    nameless = [replace(each, host=None) if each.host in CONTROLLERS[:2] else each for each in topology.controllers]
    found = targets_in(home, replace(topology, controllers=tuple(nameless)))
    assert len(found.found) == len(targets.found) - 2
    assert [told.partition(",")[0] for told in found.untold] == ["CN=SRV-DC-001", "CN=SRV-DC-002"]
    assert targets.untold == ()
