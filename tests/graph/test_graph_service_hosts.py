"""Accounts of services and the computers on which these run."""

from __future__ import annotations

from typing import Any

import pytest

from adaudit.graph.directory.host_names import MOST_BEARERS
from adaudit.graph.families.service_hosts import service_hosts
from tests.graph.small_forest import DOMAIN_SID, HEAD, SmallForest, pairs

SQL, ANA, SYNC = f"CN=SQL01,{HEAD}", f"CN=Ana,{HEAD}", f"CN=Sync,{HEAD}"
ENGLISH = "Account created by Microsoft Azure Active Directory Connect, running on computer SQL01 configured to"
FRENCH = "Compte créé par l'installation 1f2e, s'exécutant sur l'ordinateur « sql01 », configuré pour"


@pytest.fixture
def forest() -> SmallForest:
    forest = SmallForest()
    forest.add(SQL, "computer", rid=1110, sam_account_name="SQL01$", dns_host_name="sql01.corp.test")
    return forest


def spn(forest: SmallForest, account: int, service: str, host: str) -> None:
    text = f"{service}/{host}:1433"
    forest.row("spns", object_id=account, spn=text, service_class=service, host=host, port="1433")


@pytest.mark.parametrize("host", ["sql01.corp.test", "sql01"])
def test_who_runs_an_instance_of_sql_server_may_administer_its_computer(forest: SmallForest, host: str) -> None:
    spn(forest, forest.add(ANA, "user", rid=1104), "mssqlsvc", host)
    (edge,) = forest.edges(service_hosts)
    assert (edge.kind, edge.source, edge.target, edge.difficulty) == ("SQLAdmin", ANA, SQL, "uncertain")
    assert edge.detail == f"mssqlsvc/{host}:1433"
    assert edge.change == ("move_service", ANA, f"{DOMAIN_SID}-1110", None, None)


def test_the_names_of_one_computer_are_one_service_to_move_and_another_computer_is_another(forest: SmallForest) -> None:
    other = f"CN=SQL02,{HEAD}"
    forest.add(other, "computer", rid=1111, sam_account_name="SQL02$")
    account = forest.add(ANA, "user", rid=1104)
    for host in ("sql01", "sql01.corp.test", "sql02"):
        spn(forest, account, "mssqlsvc", host)
    changes = [(edge.target, edge.change) for edge in forest.edges(service_hosts)]
    assert len(changes) == 3
    assert len(set(changes)) == 2


@pytest.mark.parametrize(
    ("service", "host", "flags"),
    [("http", "sql01", {}), ("mssqlsvc", "gone", {}), ("mssqlsvc", "sql01", {"is_enabled": False})],
)
def test_other_services_unknown_hosts_and_disabled_accounts_do_not(
    forest: SmallForest, service: str, host: str, flags: dict[str, Any]
) -> None:
    spn(forest, forest.add(ANA, "user", rid=1104, **flags), service, host)
    assert forest.edges(service_hosts) == []


def test_a_name_that_many_computers_bear_says_nothing(forest: SmallForest) -> None:
    for number in range(MOST_BEARERS):
        forest.add(f"CN=Copy{number},{HEAD}", "computer", rid=1200 + number, dns_host_name="SQL01.corp.test")
    spn(forest, forest.add(ANA, "user", rid=1104), "mssqlsvc", "sql01")
    assert forest.edges(service_hosts) == []


@pytest.mark.parametrize("description", [ENGLISH, FRENCH, "MSOL: sql01.corp.test."])
@pytest.mark.parametrize("name", ["MSOL_1f2e3d4c5b6a", "AAD_1f2e3d4c5b6a"])
def test_the_host_of_entra_connect_holds_its_account(forest: SmallForest, description: str, name: str) -> None:
    account = forest.add(SYNC, "user", rid=1120, sam_account_name=name)
    forest.rows["objects"][account]["description"] = description
    assert pairs(forest.edges(service_hosts), "AdConnectSync") == {(SQL, SYNC)}


@pytest.mark.parametrize(("name", "description"), [("ana", ENGLISH), ("MSOL_1", None), ("MSOL_1", "sur SQL011 ou SQL")])
def test_no_other_account_nor_computer_is_taken_for_them(
    forest: SmallForest, name: str, description: str | None
) -> None:
    account = forest.add(SYNC, "user", rid=1120, sam_account_name=name)
    forest.rows["objects"][account]["description"] = description
    assert forest.edges(service_hosts) == []
