"""Who holds a server or a file that policies rely on decides what they do."""

from __future__ import annotations

from typing import Any

import pytest

from adaudit.graph.families.policy_files import policy_files
from tests.graph.small_forest import DOMAIN_SID, HEAD, SmallForest, Told, pairs

GPO, OTHER = f"CN={{1}},CN=Policies,{HEAD}", f"CN={{2}},CN=Policies,{HEAD}"
DESKS, CONTROLLERS = f"OU=Desks,{HEAD}", f"OU=Domain Controllers,{HEAD}"
FILES, PC1, DC1 = f"CN=FILES,{DESKS}", f"CN=PC1,{DESKS}", f"CN=DC1,{CONTROLLERS}"
ANA, BEN = f"CN=Ana,{DESKS}", f"CN=Ben,{DESKS}"
SCRIPTS = "corp.test\\scripts"
WINDOWS_UPDATE = "software\\policies\\microsoft\\windows\\windowsupdate\\"
OF_FILE, OF_FOLDER = 7, 8


class Place:
    """A file server, a desktop, a controller, two people, two policies; a script in NETLOGON."""

    def __init__(self) -> None:
        self.forest = SmallForest()
        self.gpo = self.forest.add(GPO, "groupPolicyContainer")
        self.other = self.forest.add(OTHER, "groupPolicyContainer")
        self.desks = self.forest.add(DESKS, "organizationalUnit")
        self.controllers = self.forest.add(CONTROLLERS, "organizationalUnit")
        self.server = self.forest.add(
            FILES, "computer", rid=1000, dns_host_name="files.corp.test", sam_account_name="FILES$"
        )
        self.forest.add(PC1, "computer", rid=1001)
        self.forest.add(DC1, "computer", rid=1002, primary_group_rid=516)
        self.ana = self.forest.add(ANA, "user", rid=1104)
        self.forest.add(BEN, "user", rid=1105)
        self.ben = next(p["principal_id"] for p in self.forest.rows["principals"] if p["sid"] == f"{DOMAIN_SID}-1105")
        self.forest.row("sysvol_files", path="corp.test", is_folder=True)
        self.forest.row("sysvol_files", path=SCRIPTS.upper(), is_folder=True, sd_id=OF_FOLDER)
        self.forest.row("sysvol_files", path=f"{SCRIPTS}\\Logon.cmd", is_folder=False, sd_id=OF_FILE)
        self.tables: dict[str, list[dict[str, Any]]] = {
            "policy_scopes": [{"container_id": row, "scope_id": row} for row in (self.desks, self.controllers)],
            "policy_paths": [],
            "registry_in_force": [],
            "file_rights": [],
        }

    def runs(self, target: str, *, gpo: int | None = None, account: int | None = None, **columns: Any) -> None:
        row = {"domain_id": 0, "gpo_id": gpo, "account_id": account, "usage": "script", "target": target}
        self.tables["policy_paths"].append({**row, **columns})

    def may(self, right: str, sd: int = OF_FILE, **columns: Any) -> None:
        """A right that Ben has over the script, or over its folder."""
        row = {"sd_id": sd, "principal_id": self.ben, "trustee_sid": f"{DOMAIN_SID}-1105", "right": right}
        self.tables["file_rights"].append({**row, "position": 2, **columns})

    def sets(self, name: str, value: str, scope: int | None = None, **columns: Any) -> None:
        """A value of the policy of Windows Update."""
        number = int(value) if value.isdigit() else None
        row = {"scope_id": self.desks if scope is None else scope, "side": "computer", "gpo_id": self.gpo}
        self.tables["registry_in_force"].append(
            {**row, "path": WINDOWS_UPDATE + name, "value": value, "number": number, **columns}
        )

    def edges(self) -> list[Told]:
        return self.forest.edges(policy_files, **self.tables)


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.mark.parametrize("host", ["files.corp.test", "files", "FILES"])
def test_the_server_of_a_script_decides_what_the_policy_runs(place: Place, host: str) -> None:
    place.runs("\\\\files\\tools\\start.cmd", gpo=place.gpo, host=host)
    (edge,) = place.edges()
    assert (edge.kind, edge.source, edge.target, edge.difficulty) == ("MachineScript", FILES, GPO, "prerequisite")
    assert edge.change == (
        *("remove_policy_setting", GPO, f"{DOMAIN_SID}-1000", "script", "\\\\files\\tools\\start.cmd"),
    )


def test_an_alias_of_the_server_is_known_by_its_spn(place: Place) -> None:
    place.forest.row("spns", object_id=place.server, service_class="cifs", host="tools.corp.test")
    place.runs("\\\\tools.corp.test\\a\\b.cmd", gpo=place.gpo, host="tools.corp.test")
    assert pairs(place.edges(), "MachineScript") == {(FILES, GPO)}


def test_the_server_of_a_logon_script_decides_for_its_account(place: Place) -> None:
    place.runs("\\\\files\\a\\b.cmd", account=place.ana, host="files", usage="logon_script")
    (edge,) = place.edges()
    assert (edge.source, edge.target, edge.attribute) == (FILES, ANA, "scriptPath")


def test_a_file_that_is_only_copied_may_do_nothing(place: Place) -> None:
    place.runs("\\\\files\\a\\b.lnk", gpo=place.gpo, host="files", usage="file")
    assert {edge.difficulty for edge in place.edges()} == {"uncertain"}


@pytest.mark.parametrize("host", ["elsewhere.corp.test", "%logonserver%", "", "10.0.0.1"])
def test_a_server_that_no_computer_names_gives_nothing(place: Place, host: str) -> None:
    place.runs("\\\\x\\y", gpo=place.gpo, host=host)
    assert place.edges() == []


def test_what_no_policy_runs_gives_nothing(place: Place) -> None:
    place.runs("\\\\files\\a\\b.cmd", host="files")
    assert place.edges() == []


@pytest.mark.parametrize(
    "right", ["owner", "null_dacl", "full_control", "write_dacl", "write_owner", "write", "append"]
)
def test_whoever_changes_a_logon_script_takes_who_runs_it(place: Place, right: str) -> None:
    place.runs("logon.cmd", account=place.ana, path=f"{SCRIPTS}\\logon.cmd")
    place.may(right)
    (edge,) = place.edges()
    assert (edge.source, edge.target, edge.attribute) == (BEN, ANA, right)
    assert edge.change == ("restrict_file", HEAD, f"{DOMAIN_SID}-1105", None, f"{SCRIPTS}\\Logon.cmd")


def test_to_delete_a_script_is_not_to_change_it(place: Place) -> None:
    place.runs("logon.cmd", account=place.ana, path=f"{SCRIPTS}\\logon.cmd")
    place.may("delete")
    assert place.edges() == []


def test_the_system_is_no_source(place: Place) -> None:
    place.runs("logon.cmd", account=place.ana, path=f"{SCRIPTS}\\logon.cmd")
    place.may("full_control", principal_id=place.forest.identity("S-1-5-18"), trustee_sid="S-1-5-18")
    place.may("full_control", principal_id=None, trustee_sid="S-1-5-21-9-9-9-1")
    assert place.edges() == []


@pytest.mark.parametrize(
    ("rights", "is_enough"),
    [(["write"], False), (["delete_child"], False), (["write", "delete_child"], True), (["full_control"], True)],
)
def test_a_folder_lets_one_replace_a_file_that_is_there(place: Place, rights: list[str], is_enough: bool) -> None:
    place.runs("logon.cmd", account=place.ana, path=f"{SCRIPTS}\\logon.cmd")
    for right in rights:
        place.may(right, OF_FOLDER)
    assert pairs(place.edges(), "MachineScript") == ({(BEN, ANA)} if is_enough else set())


def test_a_script_that_is_missing_can_be_put_there(place: Place) -> None:
    place.runs("gone.cmd", account=place.ana, path=f"{SCRIPTS}\\old\\gone.cmd")
    place.may("write", OF_FOLDER)
    (edge,) = place.edges()
    assert (edge.source, edge.target, edge.detail) == (BEN, ANA, SCRIPTS.upper())


def test_a_policy_that_runs_a_file_of_another_one_is_taken_through_it(place: Place) -> None:
    place.forest.rows["sysvol_files"][-1]["gpo_id"] = place.other
    place.may("write")
    place.runs("logon.cmd", gpo=place.gpo, path=f"{SCRIPTS}\\logon.cmd")
    place.runs("logon.cmd", gpo=place.other, path=f"{SCRIPTS}\\logon.cmd")
    (edge,) = place.edges()
    assert (edge.source, edge.target, edge.bearer) == (BEN, GPO, OTHER)


def test_computers_are_in_the_hand_of_their_update_server(place: Place) -> None:
    place.sets("wuserver", "http://files.corp.test:8530")
    place.sets("au\\usewuserver", "1")
    place.sets("wuserver", "https://files:8531", place.controllers)
    place.sets("au\\usewuserver", "1", place.controllers)
    assert pairs(place.edges(), "UpdateServer") == {(FILES, PC1), (FILES, DC1)}


def test_an_update_server_is_removed_by_one_setting(place: Place) -> None:
    place.sets("wuserver", "http://files.corp.test:8530", is_conditional=True)
    place.sets("au\\usewuserver", "1")
    (edge,) = place.edges()
    where, value = f"{WINDOWS_UPDATE}wuserver", "http://files.corp.test:8530"
    assert edge.change == ("remove_policy_setting", GPO, f"{DOMAIN_SID}-1000", where, value)
    assert edge.difficulty == "uncertain"


@pytest.mark.parametrize("use", [None, "0"])
def test_an_update_server_that_is_not_used_gives_nothing(place: Place, use: str | None) -> None:
    place.sets("wuserver", "http://files.corp.test:8530")
    if use is not None:
        place.sets("au\\usewuserver", use)
    assert place.edges() == []


@pytest.mark.parametrize("value", ["", "http://[", "files.corp.test", "http://unknown.corp.test"])
def test_an_address_that_names_no_computer_gives_nothing(place: Place, value: str) -> None:
    place.sets("wuserver", value)
    place.sets("au\\usewuserver", "1")
    assert place.edges() == []
