"""Edges from what a SharpHound archive observed."""

from __future__ import annotations

from typing import Any

import pytest

from adaudit.graph.families.observed import observed
from tests.graph.small_forest import DOMAIN_SID, HEAD, SmallForest, Told, pairs

PC, ALICE, BOB, STAFF = (f"CN={name},{HEAD}" for name in ("pc", "alice", "bob", "staff"))


class Seen:
    """A computer, two people and a group of the first of them, with what was observed on the computer."""

    def __init__(self) -> None:
        self.forest = SmallForest()
        self.ids: dict[str, int] = {}
        for rid, (dn, object_class) in enumerate(
            ((PC, "computer"), (ALICE, "user"), (BOB, "user"), (STAFF, "group")), 1101
        ):
            self.forest.add(dn, object_class, rid=rid)
            self.ids[dn] = self.forest.rows["principals"][-1]["principal_id"]
        self.forest.row("memberships", member_id=self.ids[ALICE], group_id=self.ids[STAFF], origin="member")

    def session(self, user: str | None, **columns: Any) -> None:
        told = {"user_id": self.ids.get(user or ""), "computer_id": self.ids[PC], "origin": "sessions"}
        self.forest.row("sessions", **{**told, **columns})

    def local(
        self, member: str | None, rid: int | None, right: str | None = None, sid: str = "S-1-5-21-9-9-9-1"
    ) -> None:
        place = {"computer_id": self.ids[PC], "computer_sid": f"{DOMAIN_SID}-1101", "group_rid": rid}
        who = {"user_right": right, "member_sid": sid, "member_id": self.ids.get(member or "")}
        self.forest.row("observed_local_groups", **place, **who)

    def edges(self) -> list[Told]:
        return self.forest.edges(observed)


@pytest.fixture
def seen() -> Seen:
    return Seen()


def test_a_session_leads_from_the_computer_to_the_account_once(seen: Seen) -> None:
    seen.session(ALICE)
    seen.session(ALICE, origin="registry_sessions")
    (edge,) = seen.edges()
    assert (edge.kind, edge.source, edge.target, edge.bearer) == ("HasSession", PC, ALICE, PC)
    assert (edge.difficulty, edge.change) == ("prerequisite", None)


def test_sessions_of_unknown_accounts_or_computers_lead_nowhere(seen: Seen) -> None:
    seen.session(None)
    seen.session(ALICE, computer_id=None)
    assert seen.edges() == []


@pytest.mark.parametrize(
    ("rid", "kind"), [(544, "AdminTo"), (551, "CanBackup"), (555, "CanRDP"), (562, "ExecuteDCOM"), (580, "CanPSRemote")]
)
def test_members_of_a_local_group_get_what_it_lets_them_do(seen: Seen, rid: int, kind: str) -> None:
    seen.local(STAFF, rid)
    (edge,) = seen.edges()
    assert (edge.kind, edge.source, edge.target, edge.detail) == (kind, STAFF, PC, f"S-1-5-32-{rid}")
    assert edge.change == ("remove_local_member", PC, f"{DOMAIN_SID}-1104", f"S-1-5-32-{rid}", None)


def test_whoever_is_in_the_group_by_two_members_is_told_once_for_each(seen: Seen) -> None:
    seen.local(STAFF, 555)
    seen.local(ALICE, 555)
    seen.local(ALICE, None, "SeRemoteInteractiveLogonRight")
    edges = seen.edges()
    assert {(edge.source, edge.target) for edge in edges} == {(ALICE, PC)}
    assert sorted(str(edge.change[2]) for edge in edges if edge.change) == [f"{DOMAIN_SID}-1102", f"{DOMAIN_SID}-1104"]


def test_other_local_groups_and_local_accounts_give_nothing(seen: Seen) -> None:
    seen.local(STAFF, 545)
    seen.local(None, 544)
    assert seen.edges() == []


def test_remote_desktop_takes_the_right_to_log_on_where_it_was_told(seen: Seen) -> None:
    seen.local(STAFF, 555)
    seen.local(BOB, 555)
    seen.local(ALICE, None, "SeRemoteInteractiveLogonRight")
    assert pairs(seen.edges(), "CanRDP") == {(ALICE, PC)}


@pytest.mark.parametrize("sid", ["S-1-5-32-555", f"{DOMAIN_SID}-1101-555", f"{DOMAIN_SID}-1101-545"])
def test_the_right_of_the_local_group_is_that_of_its_members(seen: Seen, sid: str) -> None:
    seen.local(STAFF, 555)
    seen.local(None, None, "SeRemoteInteractiveLogonRight", sid)
    assert pairs(seen.edges(), "CanRDP") == {(STAFF, PC)}


def test_a_right_of_another_local_group_gives_nobody_remote_desktop(seen: Seen) -> None:
    seen.local(STAFF, 555)
    seen.local(None, None, "SeRemoteInteractiveLogonRight", "S-1-5-32-544")
    assert seen.edges() == []


def test_a_snapshot_without_observations_has_no_such_edge(seen: Seen) -> None:
    assert seen.edges() == []
