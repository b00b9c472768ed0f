"""The way through a forest, on the two controllers and the second domain that Samba allows (``forest_of_three``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from adaudit.collect.directory import RootDse
from adaudit.collect.forest import (
    Controller,
    Partition,
    Station,
    Topology,
    Unreached,
    WrongServer,
    check_controller,
    read_topology,
    stations,
)
from tests.collect.forest_of_three import STRANGER_ADDRESS, Forest, forest_of_three

if TYPE_CHECKING:
    from tests.collect.conftest import Proxies
    from tests.testbed import Directory

CORP = "DC=corp,DC=test"
LYON = "DC=lyon,DC=test"
BREST = "DC=brest,DC=test"
CORP_DNS = f"DC=DomainDnsZones,{CORP}"
LYON_DNS = f"DC=DomainDnsZones,{LYON}"

Walked = dict[str, tuple[str, ...] | str]


@pytest.fixture
def forest(
    samba_second: Directory, samba_baseline: Directory, samba_elsewhere: Directory, proxies: Proxies, tmp_path: Path
) -> Iterator[Forest]:
    with forest_of_three(samba_second, samba_baseline, samba_elsewhere, proxies, tmp_path) as walkable:
        yield walkable


def walk(forest: Forest, *, password: str | None = None) -> Walked:
    """Host → what is to be read there, and DN → why it could not be reached."""
    with forest.home_session() as home:
        topology, result = read_topology(home)
        assert result.is_success
        forest.asked.clear()
        forest.password = password or forest.password
        here = Station(home, home.root, ())
        walked: Walked = {}
        for found in stations(here, topology, lambda _: True, forest.connect, forest.names):
            if isinstance(found, Unreached):
                walked[found.dn] = found.reason
            else:
                walked[found.root.host or ""] = found.contexts
        return walked


@pytest.mark.samba
def test_every_domain_and_application_partition_is_asked_of_a_controller_that_holds_it(forest: Forest) -> None:
    walked = walk(forest)
    assert set(walked["dc1.lyon.test"]) == {LYON, LYON_DNS}
    assert walked["dc1.corp.test"] == (CORP_DNS,)
    assert walked.keys() == {"dc1.lyon.test", "dc1.corp.test", BREST}
    assert "no SRV record _ldap._tcp.dc._msdcs.brest.test" in walked[BREST]


@pytest.mark.samba
def test_the_configuration_tells_the_controllers_and_what_they_hold(forest: Forest) -> None:
    with forest.home_session() as home:
        topology, _ = read_topology(home)
    by_host = {controller.host: controller for controller in topology.controllers}
    assert by_host.keys() == {"dc1.corp.test", "dc2.corp.test"}
    assert by_host["dc1.corp.test"].account == f"CN=DC1,OU=Domain Controllers,{CORP}"
    (corp,) = (partition for partition in topology.partitions if partition.dn == CORP)
    assert {controller.host for controller in topology.holders(corp)} == by_host.keys()
    (dns,) = (partition for partition in topology.partitions if partition.dn == CORP_DNS)
    assert [controller.host for controller in topology.holders(dns)] == ["dc1.corp.test"]


@pytest.mark.samba
def test_credentials_go_to_no_host_that_the_forest_does_not_name(
    samba_second: Directory, samba_baseline: Directory, samba_elsewhere: Directory, proxies: Proxies, tmp_path: Path
) -> None:
    stranger = proxies(samba_elsewhere.ip, 389, listen=(STRANGER_ADDRESS, 389))
    srv = ["stranger.example", samba_elsewhere.host]
    with forest_of_three(samba_second, samba_baseline, samba_elsewhere, proxies, tmp_path, srv=srv) as forest:
        assert "dc1.lyon.test" in walk(forest)
    assert stranger.connections == 0


@pytest.mark.samba
def test_a_controller_of_another_forest_is_not_read(
    samba_second: Directory, samba_baseline: Directory, samba_elsewhere: Directory, proxies: Proxies, tmp_path: Path
) -> None:
    with forest_of_three(samba_second, samba_baseline, samba_elsewhere, proxies, tmp_path) as forest:
        forest.proxy.rewrite = None
        walked = walk(forest)
    assert "a controller of another forest, CN=Configuration,DC=lyon,DC=test" in walked[LYON]
    assert "dc1.lyon.test" not in walked


@pytest.mark.samba
def test_a_controller_that_is_down_is_passed_over(
    samba_second: Directory, samba_baseline: Directory, samba_elsewhere: Directory, proxies: Proxies, tmp_path: Path
) -> None:
    srv = ["dc9.lyon.test", samba_elsewhere.host]
    with forest_of_three(samba_second, samba_baseline, samba_elsewhere, proxies, tmp_path, srv=srv) as forest:
        assert "dc1.lyon.test" in walk(forest)
        assert forest.asked[:2] == srv


@pytest.mark.samba
def test_after_a_refusal_nobody_else_is_given_the_password(forest: Forest) -> None:
    walked = walk(forest, password="wrong")
    assert forest.refusals() == ["dc1.lyon.test"]
    assert walked.keys() == {BREST, LYON, CORP_DNS, LYON_DNS}
    assert "wrong user name or password" in walked[LYON]
    assert "not tried, the account was refused before" in walked[CORP_DNS]


def root_dse(**told: Any) -> RootDse:
    facts: dict[str, Any] = {
        "host": "dc1.chu.example",
        "naming_contexts": (),
        "configuration": "CN=Configuration,DC=chu,DC=example",
        "domain": "DC=chu,DC=example",
        "root_domain": "DC=chu,DC=example",
        "service": "CN=NTDS Settings,CN=DC1,CN=Servers,CN=Nantes,CN=Sites,CN=Configuration,DC=chu,DC=example",
        "invocation_id": None,
        "highest_usn": None,
        "current_time": None,
        "token": (),
    }
    return RootDse(**(facts | told))


@pytest.mark.parametrize(
    "told",
    [
        {"configuration": "CN=Configuration,DC=ch,DC=example"},
        {"root_domain": "DC=ch,DC=example"},
        {"service": ""},
        {"service": "CN=NTDS Settings,CN=DC1,CN=Servers,CN=Nantes,CN=Sites,CN=Configuration,DC=ch,DC=example"},
        {"service": "CN=DC1,CN=Computers,DC=chu,DC=example"},
    ],
)
def test_a_server_that_says_it_is_elsewhere_is_not_of_the_forest(told: dict[str, str]) -> None:
    check_controller(root_dse(configuration="cn=configuration,DC=CHU,DC=example"), root_dse())
    with pytest.raises(WrongServer):
        check_controller(root_dse(**told), root_dse())


def partition(dn: str, *replicas: str, is_domain: bool = True) -> Partition:
    return Partition(dn, is_domain, "", frozenset(replicas))


def controller(name: str, account: str | None = None, *contexts: str) -> Controller:
    return Controller(f"CN={name}", f"{name}.chu.example", account, frozenset(contexts))


def test_a_controller_of_which_only_the_account_is_known_is_of_the_nearest_domain_above_it() -> None:
    parent, child = partition("DC=chu,DC=example"), partition("DC=nord,DC=chu,DC=example")
    above = controller("a", "CN=A,OU=Domain Controllers,DC=chu,DC=example")
    below = controller("b", "CN=B,OU=Domain Controllers,DC=Nord,DC=chu,DC=example")
    topology = Topology((parent, child), (above, below, controller("c")))
    assert topology.holders(parent) == (above,)
    assert topology.holders(child) == (below,)


def test_a_catalogue_holds_no_other_domain_than_its_own() -> None:
    own, other = partition("DC=chu,DC=example"), partition("DC=nord,DC=chu,DC=example")
    zones = partition("DC=Zones,DC=chu,DC=example", is_domain=False)
    listed = (other.dn, own.dn.lower(), zones.dn)
    assert Topology((own, other, zones), ()).held(root_dse(naming_contexts=listed)) == (own, zones)
