"""A password in SYSVOL gives every account the one that is named beside it."""

from __future__ import annotations

from typing import Any

import pytest

from adaudit.graph.families.policy_secrets import policy_secrets
from tests.graph.small_forest import HEAD, SmallForest, Told, pairs

GPO = f"CN={{1}},CN=Policies,{HEAD}"
DESKS, CONTROLLERS = f"OU=Desks,{HEAD}", f"OU=Domain Controllers,{HEAD}"
PC1, DC1, BACKUP = f"CN=PC1,{DESKS}", f"CN=DC1,{CONTROLLERS}", f"CN=svc-backup,{DESKS}"
ADMINISTRATOR = f"CN=Boss,{DESKS}"
ANYONE = "S-1-5-11"
TASKS = "Machine\\Preferences\\ScheduledTasks\\ScheduledTasks.xml"
GROUPS = "Machine\\Preferences\\Groups\\Groups.xml"
LOGON = "Software\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon"


class Place:
    """A desktop and a controller in the reach of one policy, an account of a service, the administrator."""

    def __init__(self) -> None:
        self.forest = SmallForest()
        self.forest.identity(ANYONE)
        self.gpo = self.forest.add(GPO, "groupPolicyContainer")
        self.desks = self.forest.add(DESKS, "organizationalUnit")
        self.controllers = self.forest.add(CONTROLLERS, "organizationalUnit")
        self.forest.add(PC1, "computer", rid=1001)
        self.forest.add(DC1, "computer", rid=1002, primary_group_rid=516)
        self.forest.add(BACKUP, "user", rid=1104)
        self.forest.add(ADMINISTRATOR, "user", rid=500)
        self.forest.add(f"CN=Nurses,{DESKS}", "group", rid=1105)

    def holds(self, file: str, kind: str, section: str, *, secret: str = "cpassword", **values: str) -> None:
        """A file of the policy that holds a secret, unless its name is empty, beside other values."""
        place: dict[str, Any] = {"domain_id": 0, "gpo_id": self.gpo, "policy": "{1}", "side": "computer", "file": file}
        for name, value in {**values, **({secret: "******"} if secret else {})}.items():
            row = {"kind": kind, "section": section, "name": name, "value": value, "is_secret": name == secret}
            self.forest.row("gpo_settings", **place, **row, position=len(self.forest.rows.get("gpo_settings", ())))

    def task(self, account: str) -> None:
        self.holds(TASKS, "scheduled_task", "ScheduledTasks/Task[1]/Properties[1]", action="C", runAs=account)

    def local_user(self, name: str, **values: str) -> None:
        self.holds(GROUPS, "preference", "Groups/User[1]/Properties[1]", action="U", userName=name, **values)

    def edges(self) -> list[Told]:
        return self.forest.edges(policy_secrets)


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.mark.parametrize("name", ["CORP\\svc-backup", "corp.test\\SVC-BACKUP", "svc-backup@corp.test"])
def test_a_password_in_a_preference_gives_the_account_beside_it(place: Place, name: str) -> None:
    place.task(name)
    (edge,) = place.edges()
    assert (edge.kind, edge.source, edge.target, edge.difficulty) == ("ExposesPassword", ANYONE, BACKUP, "direct")
    assert (edge.bearer, edge.attribute, edge.detail) == (GPO, TASKS, name)
    assert edge.change == ("delete_policy_secret", GPO, None, None, TASKS)


def test_an_account_named_without_its_domain_may_be_another(place: Place) -> None:
    place.task("svc-backup")
    assert {(edge.target, edge.difficulty) for edge in place.edges()} == {(BACKUP, "uncertain")}


@pytest.mark.parametrize("name", ["", "CORP\\nobody", "ELSEWHERE\\svc-backup", "CORP\\Nurses", ".\\svc-backup"])
def test_a_name_that_is_no_account_of_the_directory_gives_nothing(place: Place, name: str) -> None:
    place.task(name)
    assert place.edges() == []


def test_an_account_of_another_element_is_not_concerned(place: Place) -> None:
    place.holds(TASKS, "scheduled_task", "ScheduledTasks/Task[1]/Properties[1]", action="C")
    section = "ScheduledTasks/Task[2]/Properties[1]"
    row = {"kind": "scheduled_task", "section": section, "name": "runAs", "value": "CORP\\svc-backup"}
    place.forest.row("gpo_settings", domain_id=0, gpo_id=place.gpo, policy="{1}", side="computer", file=TASKS, **row)
    assert place.edges() == []


def test_automatic_logon_gives_its_account(place: Place) -> None:
    names = {"DefaultUserName": "svc-backup", "DefaultDomainName": "CORP"}
    place.holds("Machine\\Registry.pol", "registry", LOGON, secret="DefaultPassword", **names)
    assert {(edge.target, edge.difficulty) for edge in place.edges()} == {(BACKUP, "direct")}


def test_a_command_with_a_password_gives_its_account(place: Place) -> None:
    place.forest.row(
        "gpo_settings",
        domain_id=0,
        policy="",
        side="both",
        file="scripts\\open.cmd",
        kind="script_secret",
        section="2",
        name="net use",
        value="net use P: \\\\files\\share /user:CORP\\svc-backup ******",
        is_secret=True,
    )
    (edge,) = place.edges()
    assert (edge.source, edge.target, edge.difficulty) == (ANYONE, BACKUP, "direct")
    assert edge.change == ("delete_policy_secret", HEAD, None, None, "scripts\\open.cmd")


def test_the_password_of_a_local_administrator_gives_the_computers_that_get_it(place: Place) -> None:
    place.forest.link(place.desks, place.gpo)
    place.local_user("Administrateur (intégré)")
    assert {(edge.target, edge.difficulty) for edge in place.edges()} == {(PC1, "direct")}


def test_a_local_account_may_be_no_administrator(place: Place) -> None:
    place.forest.link(place.desks, place.gpo)
    place.local_user("svc-backup")
    assert {(edge.target, edge.difficulty) for edge in place.edges()} == {(PC1, "uncertain")}


def test_a_local_account_that_a_policy_makes_administrator_opens_the_computer(place: Place) -> None:
    place.forest.link(place.desks, place.gpo)
    place.local_user("svc-local")
    place.holds(
        GROUPS,
        "preference",
        "Groups/Group[1]/Properties[1]/Members/Member[1]",
        secret="",
        name=".\\SVC-LOCAL",
        action="ADD",
    )
    place.holds(GROUPS, "preference", "Groups/Group[1]/Properties[1]", secret="", groupSid="S-1-5-32-544", action="U")
    assert {(edge.target, edge.difficulty) for edge in place.edges()} == {(PC1, "direct")}


def test_a_filter_makes_a_local_password_uncertain(place: Place) -> None:
    place.forest.rows["gpos"][0]["wmi_filter"] = "[corp.test;{9};0]"
    place.forest.link(place.desks, place.gpo)
    place.local_user("Administrator")
    assert {(edge.target, edge.difficulty) for edge in place.edges()} == {(PC1, "uncertain")}


def test_a_policy_that_is_in_force_nowhere_gives_no_computer(place: Place) -> None:
    place.local_user("Administrator")
    assert place.edges() == []


@pytest.mark.parametrize("values", [{"action": "D"}, {"acctDisabled": "1"}])
def test_a_local_account_that_is_deleted_or_disabled_gives_nothing(place: Place, values: dict[str, str]) -> None:
    place.forest.link(place.desks, place.gpo)
    place.holds(GROUPS, "preference", "Groups/User[1]/Properties[1]", userName="Administrator", **values)
    assert place.edges() == []


def test_on_a_controller_a_local_account_is_one_of_the_domain(place: Place) -> None:
    place.forest.link(place.controllers, place.gpo)
    place.local_user("svc-backup")
    assert pairs(place.edges(), "ExposesPassword") == {(ANYONE, BACKUP)}


def test_on_a_controller_the_built_in_administrator_is_that_of_the_domain(place: Place) -> None:
    place.forest.link(place.controllers, place.gpo)
    place.local_user("renamed", subAuthority="RID_ADMIN")
    assert pairs(place.edges(), "ExposesPassword") == {(ANYONE, ADMINISTRATOR)}
