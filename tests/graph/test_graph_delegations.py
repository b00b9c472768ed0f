"""Kerberos delegation: constrained, unconstrained, resource-based."""

from __future__ import annotations

from typing import Any

import pytest

from adaudit.graph.families.delegations import delegations
from tests.graph.small_forest import DOMAIN_SID, HEAD, SmallForest, pairs

WEB, FILES, ANA = f"CN=WEB,{HEAD}", f"CN=FILES,{HEAD}", f"CN=Ana,{HEAD}"
STORED = 7
ALLOW, DENY, CONTROL_ACCESS, READ_PROPERTY, FULL = 0, 1, 0x100, 0x10, 0xF01FF
RBCD = "msDS-AllowedToActOnBehalfOfOtherIdentity"


@pytest.fixture
def forest() -> SmallForest:
    forest = SmallForest()
    forest.add(WEB, "computer", rid=1110, sam_account_name="WEB$", dns_host_name="web.corp.test")
    forest.add(ANA, "user", rid=1104)
    return forest


def object_of(forest: SmallForest, dn: str) -> int:
    found: int = next(o["object_id"] for o in forest.rows["objects"] if o["dn"] == dn)
    return found


def delegate(forest: SmallForest, dn: str, spn: str, *, transition: bool = False) -> None:
    service, _, host = spn.lower().partition("/")
    place = {"object_id": object_of(forest, dn), "principal_id": forest.principal(dn)}
    target = {"spn": spn, "service_class": service, "host": host.partition(":")[0]}
    forest.row("delegations", kind="constrained", protocol_transition=transition, **place, **target)


def files(forest: SmallForest, **columns: Any) -> None:
    forest.add(FILES, "computer", rid=1111, sam_account_name="FILES$", dns_host_name="files.corp.test", **columns)


@pytest.mark.parametrize(("transition", "difficulty"), [(True, "direct"), (False, "prerequisite")])
def test_a_service_class_stands_for_its_computer(forest: SmallForest, transition: bool, difficulty: str) -> None:
    files(forest)
    delegate(forest, WEB, "time/Files.corp.test", transition=transition)
    (edge,) = forest.edges(delegations)
    assert (edge.kind, edge.source, edge.target, edge.difficulty) == ("AllowedToDelegate", WEB, FILES, difficulty)
    assert (edge.bearer, edge.attribute, edge.detail) == (WEB, "msDS-AllowedToDelegateTo", "time/Files.corp.test")
    assert edge.change == ("remove_delegation_target", WEB, None, None, "time/Files.corp.test")


def test_a_service_that_a_user_runs_is_uncertain(forest: SmallForest) -> None:
    spn = {"spn": "MSSQLSvc/sql:1433", "service_class": "mssqlsvc", "host": "sql"}
    forest.row("spns", object_id=object_of(forest, ANA), **spn)
    delegate(forest, WEB, "MSSQLSvc/SQL:1433", transition=True)
    assert [(e.target, e.difficulty) for e in forest.edges(delegations)] == [(ANA, "uncertain")]


def test_delegation_to_krbtgt_gives_the_tickets_of_anybody(forest: SmallForest) -> None:
    forest.add(f"CN=krbtgt,{HEAD}", "user", rid=502)
    delegate(forest, WEB, "krbtgt/CORP.TEST", transition=True)
    assert [(e.target, e.difficulty) for e in forest.edges(delegations)] == [(f"CN=krbtgt,{HEAD}", "direct")]


def test_the_names_of_one_service_are_one_change_and_another_service_or_account_is_another(
    forest: SmallForest,
) -> None:
    files(forest)
    for spn in ("cifs/FILES", "CIFS/files.corp.test", "cifs/files.corp.test:445", "http/files.corp.test"):
        delegate(forest, WEB, spn)
    delegate(forest, ANA, "cifs/files")
    edges = [edge for edge in forest.edges(delegations) if edge.source == WEB]
    assert len(edges) == 4
    assert {edge.change for edge in edges} == {
        ("remove_delegation_target", WEB, None, None, "CIFS/files.corp.test, cifs/FILES, cifs/files.corp.test:445"),
        ("remove_delegation_target", WEB, None, None, "http/files.corp.test"),
    }


def test_a_name_that_leads_to_more_is_a_change_of_its_own(forest: SmallForest) -> None:
    files(forest)
    forest.add(f"CN=FILES2,{HEAD}", "computer", rid=1112, sam_account_name="FILES2$", dns_host_name="files.two.test")
    for spn in ("cifs/files", "cifs/files.corp.test"):
        delegate(forest, WEB, spn)
    told = {(edge.target, edge.detail, edge.change) for edge in forest.edges(delegations)}
    assert {(target, detail) for target, detail, _ in told} == {
        (FILES, "cifs/files"),
        (f"CN=FILES2,{HEAD}", "cifs/files"),
        (FILES, "cifs/files.corp.test"),
    }
    assert len({change for _, _, change in told}) == 2


def test_a_target_that_nobody_bears_and_a_disabled_account_make_no_step(forest: SmallForest) -> None:
    files(forest)
    delegate(forest, WEB, "cifs/gone.corp.test", transition=True)
    forest.add(f"CN=Old,{HEAD}", "computer", rid=1112, is_enabled=False)
    delegate(forest, f"CN=Old,{HEAD}", "cifs/files.corp.test", transition=True)
    assert forest.edges(delegations) == []


def test_unconstrained_delegation_leads_to_the_domain(forest: SmallForest) -> None:
    forest.row("delegations", object_id=object_of(forest, WEB), kind="unconstrained")
    (edge,) = forest.edges(delegations)
    assert (edge.kind, edge.source, edge.target, edge.difficulty) == ("CoerceToTGT", WEB, HEAD, "prerequisite")
    assert edge.change == ("remove_unconstrained_delegation", WEB, None, None, None)


@pytest.mark.parametrize("flags", [{"is_server_account": True}, {"is_enabled": False}])
def test_neither_a_controller_nor_a_disabled_account_coerces(forest: SmallForest, flags: dict[str, Any]) -> None:
    files(forest, **flags)
    forest.row("delegations", object_id=object_of(forest, FILES), kind="unconstrained")
    assert forest.edges(delegations) == []


def favour(forest: SmallForest, *aces: tuple[int, int, str], state: str = "present", **columns: Any) -> None:
    """The computer FILES with a stored descriptor: type, mask and trustee of each ACE."""
    forest.row("security_descriptors", sd_id=STORED, role="rbcd", domain_id=0, dacl_state=state, owner_id=0)
    for position, (kind, mask, name) in enumerate(aces):
        trustee = forest.principal(name)
        sid = forest.rows["principals"][trustee]["sid"]
        place = {"sd_id": STORED, "position": position, "type": kind, "is_allow": kind == ALLOW, "flags": 0}
        forest.row("aces", **place, mask=mask, trustee_id=trustee, trustee_sid=sid, is_inherit_only=False, **columns)
    files(forest, rbcd_sd_id=STORED)


def acting(forest: SmallForest) -> set[tuple[str, str, str]]:
    return {(e.source, e.target, e.difficulty) for e in forest.edges(delegations) if e.kind == "AllowedToAct"}


@pytest.mark.parametrize("mask", [CONTROL_ACCESS, FULL, 0x10000000])
def test_a_trustee_of_the_stored_descriptor_acts_as_anybody_there(forest: SmallForest, mask: int) -> None:
    favour(forest, (ALLOW, mask, WEB))
    (edge,) = forest.edges(delegations)
    assert (edge.kind, edge.source, edge.target, edge.difficulty) == ("AllowedToAct", WEB, FILES, "direct")
    assert (edge.bearer, edge.attribute) == (FILES, RBCD)
    assert edge.change == (
        "remove_rbcd_trustee",
        FILES,
        forest.rows["principals"][forest.principal(WEB)]["sid"],
        None,
        None,
    )


def test_other_rights_and_conditions_are_uncertain(forest: SmallForest) -> None:
    favour(forest, (ALLOW, READ_PROPERTY, WEB))
    assert acting(forest) == {(WEB, FILES, "uncertain")}
    conditional = SmallForest()
    conditional.add(WEB, "computer", rid=1110)
    favour(conditional, (ALLOW, FULL, WEB), has_condition=True)
    assert acting(conditional) == {(WEB, FILES, "uncertain")}


def test_a_deny_ace_before_counts_and_one_after_does_not(forest: SmallForest) -> None:
    favour(forest, (DENY, FULL, WEB), (ALLOW, FULL, WEB), (ALLOW, FULL, ANA), (DENY, FULL, ANA))
    assert acting(forest) == {(ANA, FILES, "direct")}


def test_whoever_is_denied_what_controllers_ask_for_keeps_nothing_of_full_control(forest: SmallForest) -> None:
    favour(forest, (DENY, CONTROL_ACCESS, WEB), (ALLOW, FULL, WEB), (ALLOW, FULL, ANA))
    assert acting(forest) == {(ANA, FILES, "direct")}


def test_to_deny_another_right_than_controllers_ask_for_takes_nothing_away(forest: SmallForest) -> None:
    favour(forest, (DENY, READ_PROPERTY, WEB), (ALLOW, FULL, WEB))
    assert acting(forest) == {(WEB, FILES, "direct")}


def test_the_right_that_an_earlier_ace_gave_is_not_taken_back(forest: SmallForest) -> None:
    favour(forest, (ALLOW, CONTROL_ACCESS, WEB), (DENY, CONTROL_ACCESS, WEB), (ALLOW, FULL, WEB))
    assert acting(forest) == {(WEB, FILES, "direct")}


def test_a_member_that_is_denied_is_left_out_of_the_group_that_is_allowed(forest: SmallForest) -> None:
    staff, bob = f"CN=Staff,{HEAD}", f"CN=Bob,{HEAD}"
    forest.add(staff, "group", rid=1120, is_security=True)
    forest.add(bob, "user", rid=1121)
    forest.join(ANA, staff)
    forest.join(bob, staff)
    favour(forest, (DENY, FULL, bob), (ALLOW, FULL, staff))
    assert acting(forest) == {(ANA, FILES, "direct")}
    (edge,) = forest.edges(delegations)
    assert edge.change == ("remove_rbcd_trustee", FILES, f"{DOMAIN_SID}-1120", None, None)


def test_inherit_only_entries_disabled_trustees_and_self_give_nothing(forest: SmallForest) -> None:
    forest.add(f"CN=Old,{HEAD}", "computer", rid=1112, is_enabled=False)
    forest.identity("S-1-5-10")
    favour(forest, (ALLOW, FULL, f"CN=Old,{HEAD}"), (ALLOW, FULL, "S-1-5-10"))
    forest.row("aces", sd_id=STORED, position=2, type=ALLOW, is_allow=True, mask=FULL, is_inherit_only=True)
    forest.rows["aces"][-1] |= {"trustee_id": forest.principal(WEB)}
    assert acting(forest) == set()


def test_a_null_dacl_favours_everyone_and_an_empty_one_nobody(forest: SmallForest) -> None:
    forest.identity("S-1-1-0")
    favour(forest, state="null")
    assert acting(forest) == {("S-1-1-0", FILES, "direct")}
    empty = SmallForest()
    empty.identity("S-1-1-0")
    favour(empty, state="empty")
    assert acting(empty) == set()


def test_a_user_that_others_may_act_upon_is_uncertain(forest: SmallForest) -> None:
    forest.row("security_descriptors", sd_id=STORED, role="rbcd", domain_id=0, dacl_state="null")
    forest.identity("S-1-1-0")
    forest.add(f"CN=Svc,{HEAD}", "user", rid=1113, rbcd_sd_id=STORED)
    assert pairs(forest.edges(delegations), "AllowedToAct") == {("S-1-1-0", f"CN=Svc,{HEAD}")}
    assert acting(forest) == {("S-1-1-0", f"CN=Svc,{HEAD}", "uncertain")}
