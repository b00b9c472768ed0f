"""A group policy decides the settings of the containers where it is in force."""

from __future__ import annotations

from typing import Any

import pytest

from adaudit.graph.families.policy import policy
from tests.graph.small_forest import HEAD, SmallForest, pairs

GPO = f"CN={{1}},CN=Policies,{HEAD}"
STAFF, WARD, SITE = f"OU=Staff,{HEAD}", f"OU=Ward,OU=Staff,{HEAD}", f"CN=Paris,{HEAD}"
APPLY = "edacfd8f-ffb3-11d1-b41d-00a0c968f939"
READ = 0x00020094
OF_ITS_OWN = 7


class Place:
    """An OU in an OU, and a policy with a descriptor of its own that Authenticated Users may apply."""

    def __init__(self) -> None:
        self.forest = SmallForest()
        self.everyone = self.forest.identity("S-1-5-11")
        self.gpo = self.forest.add(GPO, "groupPolicyContainer", sd=OF_ITS_OWN)
        self.staff = self.forest.add(STAFF, "organizationalUnit")
        self.ward = self.forest.add(WARD, "organizationalUnit")
        self.forest.row("security_descriptors", sd_id=OF_ITS_OWN, role="object", domain_id=0, dacl_state="present")
        self.allow(self.everyone, 0x100, APPLY)

    def allow(self, trustee: int, mask: int, object_type: str | None = None) -> None:
        sid = self.forest.rows["principals"][trustee]["sid"]
        ace = {"is_allow": True, "is_inherited": False, "is_inherit_only": False, "mask": mask, "flags": 0}
        identity = {"trustee_sid": sid, "trustee_id": trustee, "object_type": object_type}
        self.forest.row("aces", sd_id=OF_ITS_OWN, position=len(self.forest.rows.get("aces", [])), **ace, **identity)

    def links(self, **computed: list[dict[str, Any]]) -> set[tuple[str, str]]:
        return pairs(self.forest.edges(policy, **computed), "GPLink")

    def difficulty(self) -> set[str]:
        return {edge.difficulty for edge in self.forest.edges(policy) if edge.kind == "GPLink"}


@pytest.fixture
def place() -> Place:
    return Place()


def test_a_linked_policy_decides_the_settings_there_and_below(place: Place) -> None:
    place.forest.link(place.staff, place.gpo)
    assert place.links() == {(GPO, f"settings of {STAFF}"), (GPO, f"settings of {WARD}")}


def test_removing_the_link_removes_what_it_decides_below(place: Place) -> None:
    place.forest.link(place.staff, place.gpo)
    edges = [edge for edge in place.forest.edges(policy) if edge.kind == "GPLink"]
    assert {edge.change for edge in edges} == {("remove_gpo_link", STAFF, None, None, GPO)}
    assert {(edge.bearer, edge.attribute, edge.detail) for edge in edges} == {(STAFF, "gPLink", GPO)}


def test_a_policy_linked_twice_has_a_link_to_remove_at_each_place(place: Place) -> None:
    place.forest.link(place.staff, place.gpo)
    place.forest.link(place.ward, place.gpo)
    edges = [edge for edge in place.forest.edges(policy) if edge.target == f"settings of {WARD}"]
    assert {edge.change and edge.change[1] for edge in edges} == {STAFF, WARD}


def test_a_disabled_link_decides_nothing(place: Place) -> None:
    place.forest.link(place.staff, place.gpo, is_enabled=False)
    assert place.links() == set()


@pytest.mark.parametrize(("is_enforced", "reached"), [(False, {STAFF}), (True, {STAFF, WARD})])
def test_blocked_inheritance_stops_what_is_not_enforced(place: Place, is_enforced: bool, reached: set[str]) -> None:
    place.forest.rows["organizational_units"][-1]["blocks_inheritance"] = True
    place.forest.link(place.staff, place.gpo, is_enforced=is_enforced)
    assert place.links() == {(GPO, f"settings of {each}") for each in reached}


def test_a_policy_with_both_sides_disabled_still_counts(place: Place) -> None:
    place.forest.rows["gpos"][0] |= {"user_enabled": False, "computer_enabled": False}
    place.forest.link(place.ward, place.gpo)
    assert place.links() == {(GPO, f"settings of {WARD}")}


def test_a_link_to_a_policy_that_was_not_seen_tells_nothing(place: Place) -> None:
    place.forest.link(place.ward, None)
    assert place.links() == set()


def test_a_policy_that_all_may_apply_only_waits_for_a_refresh(place: Place) -> None:
    place.forest.link(place.ward, place.gpo)
    assert place.difficulty() == {"prerequisite"}


def test_a_wmi_filter_makes_a_link_uncertain(place: Place) -> None:
    place.forest.rows["gpos"][0]["wmi_filter"] = "[corp.test;{9};0]"
    place.forest.link(place.ward, place.gpo)
    assert place.difficulty() == {"uncertain"}


def test_a_policy_that_one_group_alone_may_apply_is_uncertain(place: Place) -> None:
    place.forest.rows["aces"].clear()
    nurses = place.forest.identity("S-1-5-21-1-2-3-1107")
    place.allow(nurses, 0x100, APPLY)
    place.allow(place.everyone, READ)
    place.forest.link(place.ward, place.gpo)
    assert place.difficulty() == {"uncertain"}


def test_another_right_over_the_policy_does_not_apply_it(place: Place) -> None:
    place.forest.rows["aces"].clear()
    place.allow(place.everyone, 0x100, "ab721a55-1e2f-11d0-9819-00aa0040529b")
    place.forest.link(place.ward, place.gpo)
    assert place.difficulty() == {"uncertain"}


def test_a_policy_whose_descriptor_was_not_read_is_not_taken_for_filtered(place: Place) -> None:
    place.forest.rows["objects"][place.gpo]["sd_id"] = None
    place.forest.link(place.ward, place.gpo)
    assert place.difficulty() == {"prerequisite"}


def test_a_policy_linked_to_a_site_reaches_its_domain_controllers(place: Place) -> None:
    site = place.forest.add(SITE, "site")
    controller = place.forest.add(f"CN=DC1,OU=Domain Controllers,{HEAD}", "computer", rid=1000)
    place.forest.add(f"CN=DC1,CN=Servers,{SITE}", "server", site_id=site, computer_id=controller)
    place.forest.link(site, place.gpo)
    edges = place.forest.edges(policy)
    assert pairs(edges, "GPLink") == {(GPO, f"settings of {SITE}")}
    assert pairs(edges, "GPOAppliesTo") == {(f"settings of {SITE}", f"CN=DC1,OU=Domain Controllers,{HEAD}")}
    assert {edge.change for edge in edges if edge.kind == "GPLink"} == {("remove_gpo_link", SITE, None, None, GPO)}


def test_a_disabled_link_to_a_site_decides_nothing(place: Place) -> None:
    site = place.forest.add(SITE, "site")
    place.forest.add(f"CN=DC1,CN=Servers,{SITE}", "server", site_id=site)
    place.forest.link(site, place.gpo, is_enabled=False)
    assert place.forest.edges(policy) == []
