"""What policies give on computers is the identities' of the directory, not that of groups of the same name there."""

from __future__ import annotations

from typing import Any

import pytest

from adaudit.graph.families.local_rights import local_rights
from tests.graph.small_forest import DOMAIN_SID, HEAD, SmallForest, Told, pairs

GPO = f"CN={{1}},CN=Policies,{HEAD}"
DESKS, CONTROLLERS = f"OU=Desks,{HEAD}", f"OU=Domain Controllers,{HEAD}"
PC1, PC2, DC1, RODC = f"CN=PC1,{DESKS}", f"CN=PC2,{DESKS}", f"CN=DC1,{CONTROLLERS}", f"CN=RODC,{CONTROLLERS}"
HELP, ANA = f"CN=Helpdesk,{DESKS}", f"CN=Ana,{DESKS}"
ADMINS, DESKTOP, BACKUP = (f"CN={name},CN=Builtin,{HEAD}" for name in ("Administrators", "Desktop", "Backup"))
ANYONE = "S-1-5-11"
HELPDESK, DESKTOP_USERS = f"{DOMAIN_SID}-1104", "S-1-5-32-555"


class Place:
    """Two desktops and two controllers, with what a policy says in the scope of each."""

    def __init__(self) -> None:
        self.forest = SmallForest()
        self.anyone = self.forest.identity(ANYONE)
        self.gpo = self.forest.add(GPO, "groupPolicyContainer")
        self.desks = self.forest.add(DESKS, "organizationalUnit")
        self.controllers = self.forest.add(CONTROLLERS, "organizationalUnit")
        for rid, dn in enumerate((PC1, PC2), start=1000):
            self.forest.add(dn, "computer", rid=rid, primary_group_rid=515)
        self.forest.add(DC1, "computer", rid=1002, primary_group_rid=516)
        self.forest.add(RODC, "computer", rid=1003, primary_group_rid=521)
        self.forest.add(HELP, "group", rid=1104)
        self.forest.add(ANA, "user", rid=1105)
        for dn, rid in ((ADMINS, 544), (DESKTOP, 555), (BACKUP, 551)):
            self.forest.add(dn, "group", sid=f"S-1-5-32-{rid}")
        self.sids = {p["sid"]: p["principal_id"] for p in self.forest.rows["principals"]}
        self.tables: dict[str, list[dict[str, Any]]] = {
            "policy_scopes": [{"container_id": row, "scope_id": row} for row in (self.desks, self.controllers)],
            "local_group_members": [],
            "user_rights": [],
        }

    def puts(self, sid: str | None, group: str | None, scope: int | None = None, **columns: Any) -> None:
        """The policy puts an identity in a local group, of desktops by default."""
        known = {"trustee": sid or "Nobody", "sid": sid, "principal_id": self.sids.get(sid or "")}
        place = {"scope_id": self.desks if scope is None else scope, "gpo_id": self.gpo}
        row = {"group_name": group or "Cosmonauts", "group_sid": group, "origin": "restricted_group"}
        self.tables["local_group_members"].append({**known, **place, **row, **columns})

    def gives(self, sid: str, right: str, scope: int | None = None, **columns: Any) -> None:
        """The policy gives an identity a right, on desktops by default."""
        known = {"trustee": sid, "sid": sid, "principal_id": self.sids.get(sid)}
        place = {"scope_id": self.desks if scope is None else scope, "gpo_id": self.gpo}
        self.tables["user_rights"].append({**known, **place, "right": right, **columns})

    def edges(self) -> list[Told]:
        """Edges that a policy gives."""
        return [edge for edge in self.forest.edges(local_rights, **self.tables) if edge.bearer == GPO]


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.mark.parametrize(
    ("group", "kind"),
    [
        ("S-1-5-32-544", "AdminTo"),
        ("S-1-5-32-551", "CanBackup"),
        ("S-1-5-32-555", "CanRDP"),
        ("S-1-5-32-562", "ExecuteDCOM"),
        ("S-1-5-32-580", "CanPSRemote"),
    ],
)
def test_a_local_group_opens_every_computer_of_the_scope(place: Place, group: str, kind: str) -> None:
    place.puts(HELPDESK, group)
    assert pairs(place.edges(), kind) == {(HELP, PC1), (HELP, PC2)}


def test_one_setting_of_the_policy_removes_all_that_it_gives(place: Place) -> None:
    place.puts(HELPDESK, "S-1-5-32-544")
    setting = ("remove_policy_setting", GPO, HELPDESK, "Group Membership/S-1-5-32-544", HELPDESK)
    assert {edge.change for edge in place.edges()} == {setting}


def test_a_preference_is_named_by_its_file(place: Place) -> None:
    place.puts(HELPDESK, "S-1-5-32-544", origin="preference")
    assert {edge.attribute for edge in place.edges()} == {"Groups.xml/S-1-5-32-544"}


def test_a_local_group_without_power_opens_nothing(place: Place) -> None:
    place.puts(HELPDESK, "S-1-5-32-545")
    assert place.edges() == []


@pytest.mark.parametrize(("sid", "group"), [(None, "S-1-5-32-544"), (HELPDESK, None)])
def test_names_that_were_not_recognised_open_nothing(place: Place, sid: str | None, group: str | None) -> None:
    place.puts(sid, group)
    assert place.edges() == []


@pytest.mark.parametrize("sid", ["S-1-5-6", "S-1-5-18", "S-1-5-19", "S-1-5-20", "S-1-5-80-1-2-3-4-5", "S-1-5-113"])
def test_services_and_accounts_of_one_computer_are_no_sources(place: Place, sid: str) -> None:
    place.sids[sid] = place.forest.identity(sid)
    place.gives(sid, "SeDebugPrivilege")
    place.puts(sid, "S-1-5-32-544")
    assert place.edges() == []


def test_an_identity_that_was_never_seen_opens_nothing(place: Place) -> None:
    place.puts("S-1-5-21-9-9-9-1234", "S-1-5-32-544")
    assert place.edges() == []


@pytest.mark.parametrize("sid", [ANYONE, "S-1-5-4", "S-1-5-32-545"])
def test_whoever_is_logged_on_stands_for_everybody(place: Place, sid: str) -> None:
    place.puts(sid, "S-1-5-32-544")
    assert pairs(place.edges(), "AdminTo") == {(ANYONE, PC1), (ANYONE, PC2)}


def test_each_change_has_edges_of_one_identity(place: Place) -> None:
    for scope in (place.desks, place.controllers):
        place.gives("S-1-5-32-545", "SeDebugPrivilege", scope)
    place.forest.add(f"CN=Users,CN=Builtin,{HEAD}", "group", sid="S-1-5-32-545")
    edges = place.edges()
    assert {edge.source for edge in edges} == {ANYONE, f"CN=Users,CN=Builtin,{HEAD}"}
    assert len({(edge.change, edge.source) for edge in edges}) == len({edge.change for edge in edges}) == 2


def test_restricted_groups_in_a_template_open_the_computers_of_the_container(place: Place) -> None:
    place.forest.link(place.desks, place.gpo)
    setting = {"kind": "security_template", "section": "Group Membership", "name": "S-1-5-32-544__Members"}
    where = {"gpo_id": place.gpo, "side": "computer", "file": "Machine\\GptTmpl.inf", "position": 0}
    place.forest.row("gpo_settings", domain_id=0, policy="{1}", value=f"{HELPDESK},CORP\\Ana", **setting, **where)
    assert pairs(place.forest.edges(local_rights), "AdminTo") >= {(HELP, PC1), (HELP, PC2), (ANA, PC1), (ANA, PC2)}


def test_a_builtin_group_of_the_domain_is_not_that_of_a_desktop(place: Place) -> None:
    place.gives("S-1-5-32-551", "SeDebugPrivilege")
    assert place.edges() == []


def test_a_right_of_a_local_group_goes_to_those_that_policies_put_there(place: Place) -> None:
    place.gives("S-1-5-32-551", "SeDebugPrivilege")
    place.puts(HELPDESK, "S-1-5-32-551")
    given = [edge for edge in place.edges() if edge.kind == "LocalPrivileges"]
    assert {(edge.source, edge.target) for edge in given} == {(HELP, PC1), (HELP, PC2)}
    assert {(edge.attribute, edge.change and edge.change[3]) for edge in given} == {
        ("Privilege Rights/SeDebugPrivilege", "Group Membership/S-1-5-32-551")
    }


@pytest.mark.parametrize("right", ["SeDebugPrivilege", "SELOADDRIVERPRIVILEGE", "SeTcbPrivilege", "SeRestorePrivilege"])
def test_a_right_that_makes_one_master_of_a_computer(place: Place, right: str) -> None:
    place.gives(HELPDESK, right)
    assert pairs(place.edges(), "LocalPrivileges") == {(HELP, PC1), (HELP, PC2)}


@pytest.mark.parametrize("right", ["SeShutdownPrivilege", "SeNetworkLogonRight", "SeDenyInteractiveLogonRight"])
def test_a_right_without_power_opens_nothing(place: Place, right: str) -> None:
    place.gives(HELPDESK, right)
    assert place.edges() == []


def test_both_rights_of_backup_are_backup(place: Place) -> None:
    place.gives(HELPDESK, "SeBackupPrivilege")
    place.gives(HELPDESK, "SeRestorePrivilege")
    edges = place.edges()
    assert {edge.kind for edge in edges} == {"CanBackup"}
    assert {edge.attribute for edge in edges} == {
        "Privilege Rights/SeBackupPrivilege",
        "Privilege Rights/SeRestorePrivilege",
    }


def test_remote_desktop_needs_the_right_where_a_policy_gives_it_to_others(place: Place) -> None:
    place.puts(HELPDESK, DESKTOP_USERS)
    place.gives(f"{DOMAIN_SID}-1105", "SeRemoteInteractiveLogonRight")
    assert place.edges() == []


@pytest.mark.parametrize("holder", ["S-1-5-32-555", HELPDESK, ANYONE, "S-1-5-32-545"])
def test_remote_desktop_works_where_the_policy_gives_the_right_too(place: Place, holder: str) -> None:
    place.puts(HELPDESK, DESKTOP_USERS)
    place.gives(holder, "SeRemoteInteractiveLogonRight")
    assert pairs(place.edges(), "CanRDP") == {(HELP, PC1), (HELP, PC2)}


def test_a_filter_makes_what_a_policy_gives_uncertain(place: Place) -> None:
    place.puts(HELPDESK, "S-1-5-32-544", is_conditional=True)
    place.gives(HELPDESK, "SeDebugPrivilege", has_wmi_filter=True)
    assert {edge.difficulty for edge in place.edges()} == {"uncertain"}


def test_a_local_group_of_controllers_is_that_of_the_domain(place: Place) -> None:
    place.puts(HELPDESK, "S-1-5-32-544", place.controllers)
    assert [(edge.kind, edge.source, edge.target) for edge in place.edges()] == [("MemberOf", HELP, ADMINS)]


def test_a_policy_of_controllers_fills_any_group_of_the_domain(place: Place) -> None:
    place.puts(f"{DOMAIN_SID}-1105", HELPDESK, place.controllers)
    assert [(edge.kind, edge.source, edge.target) for edge in place.edges()] == [("MemberOf", ANA, HELP)]


def test_a_policy_of_desktops_fills_no_group_of_the_domain(place: Place) -> None:
    place.puts(f"{DOMAIN_SID}-1105", HELPDESK)
    assert place.edges() == []


def test_a_read_only_controller_changes_no_group() -> None:
    place = Place()
    place.forest.rows["computers"] = [c for c in place.forest.rows["computers"] if c["dn"] != DC1]
    place.puts(HELPDESK, "S-1-5-32-544", place.controllers)
    assert place.edges() == []


def test_rights_on_controllers_are_of_the_groups_of_the_domain(place: Place) -> None:
    place.gives("S-1-5-32-551", "SeDebugPrivilege", place.controllers)
    assert pairs(place.edges(), "LocalPrivileges") == {(BACKUP, DC1), (BACKUP, RODC)}


def test_a_privilege_on_controllers_without_a_logon_there_is_uncertain(place: Place) -> None:
    place.gives(HELPDESK, "SeDebugPrivilege", place.controllers)
    assert {(edge.source, edge.difficulty) for edge in place.edges()} == {(HELP, "uncertain")}


@pytest.mark.parametrize("logon", ["SeInteractiveLogonRight", "SeRemoteInteractiveLogonRight"])
def test_a_privilege_on_controllers_with_a_logon_there_is_sure(place: Place, logon: str) -> None:
    place.gives(HELPDESK, "SeDebugPrivilege", place.controllers)
    place.gives(HELPDESK, logon, place.controllers)
    assert {(edge.source, edge.difficulty) for edge in place.edges()} == {(HELP, "prerequisite")}


def test_a_privilege_of_everybody_on_controllers_takes_a_logon_there(place: Place) -> None:
    place.gives(ANYONE, "SeDebugPrivilege", place.controllers, is_anyone=True)
    assert place.edges() == []
    place.gives(ANYONE, "SeInteractiveLogonRight", place.controllers, is_anyone=True)
    assert pairs(place.edges(), "LocalPrivileges") == {(ANYONE, DC1), (ANYONE, RODC)}


def test_rights_of_administrators_add_nothing(place: Place) -> None:
    place.gives("S-1-5-32-544", "SeDebugPrivilege", place.controllers)
    assert place.edges() == []


@pytest.mark.parametrize(("holder", "source"), [("S-1-5-32-555", DESKTOP), (HELPDESK, None)])
def test_remote_desktop_to_controllers_takes_the_right_and_the_group(
    place: Place, holder: str, source: str | None
) -> None:
    place.gives(holder, "SeRemoteInteractiveLogonRight", place.controllers)
    assert pairs(place.edges(), "CanRDP") == ({(source, DC1), (source, RODC)} if source else set())


def test_a_group_in_remote_desktop_users_reaches_controllers_by_the_right(place: Place) -> None:
    place.forest.row("memberships", member_id=place.sids[HELPDESK], group_id=place.sids[DESKTOP_USERS])
    place.gives(HELPDESK, "SeRemoteInteractiveLogonRight", place.controllers)
    assert pairs(place.edges(), "CanRDP") == {(HELP, DC1), (HELP, RODC)}


def test_builtin_groups_of_a_domain_open_its_controllers(place: Place) -> None:
    edges = place.forest.edges(local_rights, **place.tables)
    assert {(edge.kind, edge.source, edge.target, edge.change) for edge in edges} == {
        (kind, group, controller, None)
        for kind, group in (("AdminTo", ADMINS), ("CanBackup", BACKUP))
        for controller in (DC1, RODC)
    }
