"""Who reads the passwords that LAPS keeps."""

from __future__ import annotations

import pytest

from adaudit.graph.families.laps import laps
from tests.graph.small_descriptors import guard, sid
from tests.graph.small_forest import HEAD, SmallForest, pairs

LEGACY, CLEAR, ENCRYPTED, RESTORE = (f"{n}0000000-0000-4000-8000-000000000000" for n in (1, 2, 3, 4))
LAPS_SET = "f3531ec6-6330-4f8e-8d39-7a671fbac605"
ANA, BOB, SUPPORT = f"CN=Ana,{HEAD}", f"CN=Bob,{HEAD}", f"CN=Support,{HEAD}"
DESKS = f"OU=Postes,{HEAD}"
PC = f"CN=PC,{DESKS}"


@pytest.fixture
def forest() -> SmallForest:
    forest = SmallForest()
    for number, dn in enumerate((ANA, BOB)):
        forest.add(dn, "user", rid=1104 + number)
    forest.add(SUPPORT, "group", rid=1110)
    forest.add(DESKS, "organizationalUnit")
    for name, guid, property_set in (
        ("ms-Mcs-AdmPwd", LEGACY, None),
        ("msLAPS-Password", CLEAR, None),
        ("msLAPS-EncryptedPassword", ENCRYPTED, LAPS_SET),
        ("msLAPS-EncryptedDSRMPassword", RESTORE, LAPS_SET),
    ):
        forest.row("schema_attributes", name=name, guid=guid, property_set=property_set, is_confidential=True)
    return forest


def computer(forest: SmallForest, sddl: str, *, is_legacy: bool = False, is_controller: bool = False) -> None:
    column = "laps_expires_raw" if is_legacy else "windows_laps_expires_raw"
    forest.add(PC, "computer", rid=1120, is_server_account=is_controller, **{column: 1})
    guard(forest, PC, sddl)


def test_a_control_right_on_the_attribute_reads_a_legacy_password(forest: SmallForest) -> None:
    computer(forest, f"D:(OA;;CR;{LEGACY};;{sid(1104)})", is_legacy=True)
    (edge,) = forest.edges(laps)
    assert (edge.kind, edge.source, edge.target, edge.difficulty) == ("ReadLAPSPassword", ANA, PC, "direct")
    assert (edge.bearer, edge.attribute) == (PC, "ms-Mcs-AdmPwd")
    assert edge.change == ("remove_ace", PC, sid(1104), "ms-Mcs-AdmPwd", None)


def test_a_right_on_the_attribute_of_the_other_kind_of_laps_reads_nothing(forest: SmallForest) -> None:
    computer(forest, f"D:(OA;;CR;{LEGACY};;{sid(1104)})")
    assert forest.edges(laps) == []


def test_a_disabled_computer_opens_to_nobody(forest: SmallForest) -> None:
    computer(forest, f"D:(OA;;CR;{LEGACY};;{sid(1104)})", is_legacy=True)
    forest.rows["computers"][0]["is_enabled"] = False
    assert forest.edges(laps) == []


def test_a_computer_without_laps_has_no_password_to_read(forest: SmallForest) -> None:
    forest.add(PC, "computer", rid=1120)
    guard(forest, PC, f"D:(A;;GA;;;{sid(1104)})")
    assert forest.edges(laps) == []


@pytest.mark.parametrize("rights", ["CR", "GA"])
@pytest.mark.parametrize(("is_legacy", "attribute"), [(True, "ms-Mcs-AdmPwd"), (False, "msLAPS-Password")])
def test_rights_over_everything_read_the_password(
    forest: SmallForest, rights: str, is_legacy: bool, attribute: str
) -> None:
    computer(forest, f"D:(A;;{rights};;;{sid(1104)})", is_legacy=is_legacy)
    assert [(edge.source, edge.attribute) for edge in forest.edges(laps)] == [(ANA, attribute)]


@pytest.mark.parametrize("guid", [ENCRYPTED, LAPS_SET])
def test_whom_an_encrypted_password_is_for_is_uncertain(forest: SmallForest, guid: str) -> None:
    computer(forest, f"D:(OA;;CR;{guid};;{sid(1104)})")
    (edge,) = forest.edges(laps)
    assert (edge.attribute, edge.difficulty) == ("msLAPS-EncryptedPassword", "uncertain")


def test_of_a_controller_laps_keeps_the_password_of_the_restore_mode_alone(forest: SmallForest) -> None:
    aces = "".join(f"(OA;;CR;{guid};;{sid(1104)})" for guid in (CLEAR, ENCRYPTED, RESTORE))
    computer(forest, "D:" + aces, is_controller=True)
    assert [edge.attribute for edge in forest.edges(laps)] == ["msLAPS-EncryptedDSRMPassword"]


def test_the_right_to_read_properties_is_enough_where_the_attribute_is_not_confidential(forest: SmallForest) -> None:
    computer(forest, f"D:(A;;RP;;;{sid(1104)})", is_legacy=True)
    assert forest.edges(laps) == []
    forest.rows["schema_attributes"][0]["is_confidential"] = False
    assert pairs(forest.edges(laps), "ReadLAPSPassword") == {(ANA, PC)}


@pytest.mark.parametrize("ace", ["(OD;;CR;{0};;{1})(OA;;CR;{0};;{1})", "(OA;CIIO;CR;{0};;{1})"])
def test_what_is_denied_or_only_inherited_further_down_reads_nothing(forest: SmallForest, ace: str) -> None:
    computer(forest, "D:" + ace.format(LEGACY, sid(1104)), is_legacy=True)
    assert forest.edges(laps) == []


def test_members_who_are_denied_are_left_out_of_the_group(forest: SmallForest) -> None:
    computer(forest, f"D:(OD;;CR;{LEGACY};;{sid(1104)})(OA;;CR;{LEGACY};;{sid(1110)})", is_legacy=True)
    for account in (ANA, BOB):
        forest.join(account, SUPPORT)
    (edge,) = forest.edges(laps)
    assert (edge.source, edge.change) == (BOB, ("remove_ace", PC, sid(1110), "ms-Mcs-AdmPwd", None))


def test_an_inherited_right_is_removed_from_the_ou_that_hands_it_down(forest: SmallForest) -> None:
    guard(forest, DESKS, f"D:(OA;CI;CR;{LEGACY};;{sid(1110)})")
    for number in range(3):
        name = f"CN=PC{number},{DESKS}"
        forest.add(name, "computer", rid=1130 + number, laps_expires_raw=1)
        guard(forest, name, f"D:(OA;CIID;CR;{LEGACY};;{sid(1110)})")
    edges = forest.edges(laps)
    assert len(edges) == 3
    assert {edge.change for edge in edges} == {("remove_ace", DESKS, sid(1110), "ms-Mcs-AdmPwd", None)}


def test_an_inherited_right_whose_origin_was_not_read_is_removed_from_the_computer(forest: SmallForest) -> None:
    computer(forest, f"D:(OA;CIID;CR;{LEGACY};;{sid(1104)})", is_legacy=True)
    assert [edge.change and edge.change[1] for edge in forest.edges(laps)] == [PC]
