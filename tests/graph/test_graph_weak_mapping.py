"""Who can rename an account that may enrol, where a certificate says whose it is by a name alone."""

from __future__ import annotations

from typing import Any

import pytest

from adaudit.graph.families.weak_mapping import weak_mapping
from tests.graph.small_descriptors import guard, sid
from tests.graph.small_forest import HEAD, SmallForest, Told, pairs
from tests.graph.small_pki import ENROLL, SERVER, install, publish

ANA, PC, SUPPORT, LABO = (f"CN={name},{HEAD}" for name in ("Ana", "PC", "Support", "Labo"))
BOB, EVA = f"CN=Bob,{HEAD}", f"CN=Eva,{HEAD}"
EVERYBODY = f"D:(OA;;CR;{ENROLL};;AU)"
NO_EXTENSION, APPROVAL, SAN_UPN, SAN_SPN, SAN_DNS = 0x80000, 0x2, 0x02000000, 0x00800000, 0x08000000
UPN, DNS_NAME = "28630ebb-41d5-11d1-a9c1-0000f80367c1", "72e39547-7b18-11d1-adef-00c04fd8d5cd"
PUBLIC, PERSONAL = "e48d0154-bcf8-11d1-8702-00c04fb96050", "77b5b886-944a-11d1-aebd-0000f80367c1"
KEY, RESET = "5b47d60f-6090-40b2-9f37-2a4de88f3063", "00299570-246d-11d0-a768-00aa006e0529"
USER_CLASS, COMPUTER_CLASS = "bf967aba-0de6-11d0-a285-00aa003049e2", "bf967a86-0de6-11d0-a285-00aa003049e2"
BINDING = r"system\currentcontrolset\services\kdc\strongcertificatebindingenforcement"
MAPPING = r"system\currentcontrolset\control\securityproviders\schannel\certificatemappingmethods"
POLICY, SMART_CARD = f"CN={{6AC1786C-016F-11D2-945F-00C04FB984F9}},{HEAD}", "1.3.6.1.4.1.311.20.2.2"
TO_SUPPORT, TO_LABO = sid(1110), sid(1111)


@pytest.fixture
def forest() -> SmallForest:
    """Ana and PC, which Support and Labo have no right over yet; Bob is in both groups, Eva in Support."""
    forest = SmallForest()
    forest.add(ANA, "user", rid=1104)
    forest.add(PC, "computer", rid=1105)
    forest.add(SUPPORT, "group", rid=1110)
    forest.add(LABO, "group", rid=1111)
    forest.add(BOB, "user", rid=1106)
    forest.add(EVA, "user", rid=1107)
    for member, group in ((BOB, SUPPORT), (BOB, LABO), (EVA, SUPPORT)):
        forest.join(member, group)
    install(forest)
    return forest


def weak(forest: SmallForest, sddl: str = EVERYBODY, flag: int = SAN_UPN, **columns: Any) -> str:
    return publish(forest, "Ancien", sddl, **{"enrollment_flag": NO_EXTENSION, "name_flag": flag} | columns)


def told(forest: SmallForest) -> set[tuple[str, str]]:
    return {(edge.kind, edge.source) for edge in forest.edges(weak_mapping)}


@pytest.mark.parametrize("flag", [SAN_UPN, SAN_SPN])
@pytest.mark.parametrize(
    "ace",
    [
        *("(A;;GA;;;{0})", "(A;;WP;;;{0})", "(A;;WD;;;{0})", "(A;;WO;;;{0})"),
        *(f"(OA;;WP;{PUBLIC};;{{0}})", f"(OA;;WP;{USER_CLASS};;{{0}})"),
    ],
)
def test_whoever_renames_and_takes_an_account_that_may_enrol_passes_for_another(
    forest: SmallForest, ace: str, flag: int
) -> None:
    template = weak(forest, flag=flag)
    guard(forest, ANA, "D:" + ace.format(TO_SUPPORT))
    (edge,) = forest.edges(weak_mapping)
    assert (edge.kind, edge.source, edge.target, edge.difficulty) == ("ADCSESC9a", SUPPORT, HEAD, "uncertain")
    assert (edge.bearer, edge.detail) == (ANA, "Ancien")
    assert edge.change == ("change_template", template, None, "NO_SECURITY_EXTENSION", None)


def test_the_owner_of_the_account_is_told_too(forest: SmallForest) -> None:
    weak(forest)
    guard(forest, ANA, f"O:{TO_SUPPORT}D:")
    assert told(forest) == {("ADCSESC9a", SUPPORT)}


@pytest.mark.parametrize(
    "columns",
    [
        {"enrollment_flag": 0},
        {"enrollment_flag": NO_EXTENSION | APPROVAL},
        {"ra_signature": 1},
        {"ekus": [SERVER]},
        {"is_published": False},
        {"name_flag": 0},
        {"sddl": f"D:(OA;;CR;{ENROLL};;{TO_LABO})"},
        {"sddl": f"D:(OD;;CR;{ENROLL};;{sid(1104)})(OA;;CR;{ENROLL};;AU)"},
    ],
    ids=["extension", "approval", "signature", "server", "unpublished", "no name", "another group", "denied"],
)
def test_a_sound_template_or_one_that_the_account_cannot_have_leads_nowhere(
    forest: SmallForest, columns: dict[str, Any]
) -> None:
    weak(forest, **columns)
    guard(forest, ANA, f"D:(A;;GA;;;{TO_SUPPORT})")
    assert told(forest) == set()


@pytest.mark.parametrize(
    "ace",
    [
        "(OA;;CR;{1};;{0})",
        "(OA;;WP;{2};;{0})",
        "(OA;;WP;{3};;{0})",
        "(OA;;WP;{4};;{0})",
        "(OA;;WP;{5};;{0})",
        "(A;CIIO;GA;;;{0})",
        "(D;;WP;;;{0})(A;;WP;;;{0})",
    ],
    ids=["reset", "key", "name alone", "another set", "another class", "inherit-only", "denied"],
)
def test_a_right_to_rename_alone_or_to_take_alone_is_not_enough(forest: SmallForest, ace: str) -> None:
    weak(forest)
    guard(forest, ANA, "D:" + ace.format(TO_SUPPORT, RESET, KEY, UPN, PERSONAL, COMPUTER_CLASS))
    assert told(forest) == set()


@pytest.mark.parametrize("taking", [f"(OA;;CR;{RESET};;{{0}})", "(A;;CR;;;{0})", f"(OA;;WP;{KEY};;{{0}})"])
def test_both_rights_may_come_through_different_groups(forest: SmallForest, taking: str) -> None:
    weak(forest)
    guard(forest, ANA, f"D:(OA;;WP;{UPN};;{TO_SUPPORT})" + taking.format(TO_LABO))
    assert told(forest) == {("ADCSESC9a", BOB)}


def test_an_account_that_may_rename_itself_needs_nothing_else(forest: SmallForest) -> None:
    weak(forest)
    sd_id = guard(forest, EVA, f"D:(OA;;WP;{UPN};;{TO_SUPPORT})")
    next(row for row in forest.rows["objects"] if row["dn"] == ANA)["sd_id"] = sd_id
    assert told(forest) == {("ADCSESC9a", EVA)}


@pytest.mark.parametrize(
    ("aces", "is_enabled", "kinds"),
    [
        (f"(OA;;WP;{UPN};;PS)", True, {("ADCSESC9a", ANA)}),
        (f"(OA;;WP;{PUBLIC};;PS)", True, {("ADCSESC9a", ANA)}),
        ("(A;;WD;;;PS)", True, {("ADCSESC9a", ANA)}),
        (f"(OA;;WP;{UPN};;PS)", None, {("ADCSESC9a", ANA)}),
        (f"(OA;;WP;{UPN};;PS)", False, set()),
        (f"(OA;;SW;{UPN};;PS)", True, set()),
        (f"(OA;;WP;{KEY};;PS)", True, set()),
        (f"(OD;;WP;{UPN};;{sid(1104)})(OA;;WP;{UPN};;PS)", True, set()),
        (f"(OD;;WP;{UPN};;PS)(OA;;WP;{UPN};;PS)", True, set()),
    ],
)
def test_an_account_to_which_self_gives_its_own_name_passes_for_another(
    forest: SmallForest, aces: str, is_enabled: bool | None, kinds: set[tuple[str, str]]
) -> None:
    weak(forest)
    guard(forest, ANA, f"D:{aces}")
    next(row for row in forest.rows["users"] if row["dn"] == ANA)["is_enabled"] = is_enabled
    edges = forest.edges(weak_mapping)
    assert {(edge.kind, edge.source) for edge in edges} == kinds
    assert {edge.bearer for edge in edges} <= {ANA}


def test_self_gives_every_account_of_a_descriptor_its_own_name_where_it_may_enrol(forest: SmallForest) -> None:
    weak(forest, f"D:(OA;;CR;{ENROLL};;{TO_SUPPORT})")
    sd_id = guard(forest, ANA, f"D:(OA;;WP;{UPN};;PS)")
    for row in forest.rows["objects"]:
        if row["dn"] in (BOB, EVA):
            row["sd_id"] = sd_id
    assert {(edge.source, edge.bearer) for edge in forest.edges(weak_mapping)} == {(BOB, BOB), (EVA, EVA)}


def test_whoever_is_denied_the_right_is_left_out_of_the_group_that_has_it(forest: SmallForest) -> None:
    weak(forest)
    guard(forest, ANA, f"D:(D;;WP;;;{sid(1107)})(A;;WP;;;{TO_SUPPORT})")
    assert told(forest) == {("ADCSESC9a", BOB)}


def test_a_right_over_many_accounts_is_told_once(forest: SmallForest) -> None:
    weak(forest)
    for account in (ANA, EVA, PC):
        guard(forest, account, f"D:(A;;GA;;;{TO_SUPPORT})")
    assert len(forest.edges(weak_mapping)) == 1


def test_a_host_name_is_that_of_a_computer(forest: SmallForest) -> None:
    weak(forest, flag=SAN_DNS)
    guard(forest, ANA, f"D:(A;;GA;;;{TO_LABO})")
    guard(forest, PC, f"D:(A;;GA;;;{TO_SUPPORT})")
    (edge,) = forest.edges(weak_mapping)
    assert (edge.kind, edge.source, edge.bearer) == ("ADCSESC9b", SUPPORT, PC)


def test_a_validated_write_of_the_host_name_gives_no_other_hosts_name(forest: SmallForest) -> None:
    weak(forest, flag=SAN_DNS)
    guard(forest, PC, f"D:(OA;;SW;{DNS_NAME};;{TO_SUPPORT})(OA;;CR;{RESET};;{TO_SUPPORT})")
    assert told(forest) == set()
    guard(forest, PC, f"D:(OA;;WP;{DNS_NAME};;{TO_SUPPORT})(OA;;CR;{RESET};;{TO_SUPPORT})")
    assert told(forest) == {("ADCSESC9b", SUPPORT)}


def test_no_user_enrols_where_the_directory_gives_a_host_name_beside_the_user_name(forest: SmallForest) -> None:
    weak(forest, flag=SAN_UPN | SAN_DNS)
    guard(forest, ANA, f"D:(A;;GA;;;{TO_LABO})")
    guard(forest, PC, f"D:(A;;GA;;;{TO_SUPPORT})")
    assert told(forest) == {("ADCSESC9a", SUPPORT), ("ADCSESC9b", SUPPORT)}


@pytest.mark.parametrize(
    ("setting", "is_told"),
    [
        ({"number": 2}, False),
        ({"number": 1}, True),
        ({"number": 2, "is_conditional": True}, True),
        ({"number": 2, "side": "user"}, True),
        ({"number": 2, "path": "system\\another"}, True),
    ],
)
def test_controllers_that_a_policy_makes_strict_take_no_such_certificate(
    forest: SmallForest, setting: dict[str, Any], is_told: bool
) -> None:
    weak(forest)
    guard(forest, ANA, f"D:(A;;GA;;;{TO_SUPPORT})")
    assert bool(pairs(of_a_policy(forest, **{"path": BINDING} | setting), "ADCSESC9a")) == is_told


def test_one_controller_elsewhere_is_enough(forest: SmallForest) -> None:
    weak(forest)
    guard(forest, ANA, f"D:(A;;GA;;;{TO_SUPPORT})")
    controllers = forest.add(f"OU=Domain Controllers,{HEAD}", "organizationalUnit")
    strict = forest.add(f"CN=DC1,OU=Domain Controllers,{HEAD}", "computer", rid=1000)
    astray = forest.add(f"CN=DC2,{HEAD}", "computer", rid=1001)
    edges = forest.edges(
        weak_mapping,
        domain_controllers=[{"object_id": each, "domain_id": 0} for each in (strict, astray)],
        policy_scopes=[{"scope_id": 0, "container_id": controllers}],
        registry_in_force=[{"scope_id": 0, "side": "computer", "path": BINDING, "number": 2, "is_conditional": False}],
    )
    assert pairs(edges, "ADCSESC9a") == {(SUPPORT, HEAD)}


def of_a_policy(forest: SmallForest, **setting: Any) -> list[Told]:
    """Edges where a policy of the only controller sets a registry value."""
    units = f"OU=Domain Controllers,{HEAD}"
    container, policy = forest.add(units, "organizationalUnit"), forest.add(POLICY, "groupPolicyContainer")
    controller = forest.add(f"CN=DC1,{units}", "computer", rid=1000)
    always = {"scope_id": 0, "side": "computer", "gpo_id": policy, "is_conditional": False}
    return forest.edges(
        weak_mapping,
        domain_controllers=[{"object_id": controller, "domain_id": 0}],
        policy_scopes=[{"scope_id": 0, "container_id": container}],
        registry_in_force=[always | setting],
    )


@pytest.mark.parametrize(
    ("setting", "difficulty"),
    [
        ({"path": MAPPING, "number": 0x1F}, "prerequisite"),
        ({"path": MAPPING, "number": 0x4, "is_conditional": True}, "uncertain"),
        ({"path": BINDING, "number": 0}, "uncertain"),
        ({"path": MAPPING, "number": 0x18}, None),
        ({"path": BINDING, "number": 1}, None),
        ({"path": MAPPING, "number": 0x4, "side": "user"}, None),
        ({"path": MAPPING, "number": 0x4, "scope_id": 7}, None),
        ({"path": MAPPING, "number": None}, None),
    ],
)
def test_a_policy_that_has_controllers_go_by_the_name_makes_any_template_for_logon_enough(
    forest: SmallForest, setting: dict[str, Any], difficulty: str | None
) -> None:
    weak(forest, enrollment_flag=0)
    guard(forest, ANA, f"D:(A;;GA;;;{TO_SUPPORT})")
    change = ("remove_policy_setting", POLICY, None, setting["path"], None)
    expected = [] if difficulty is None else [("ADCSESC10a", SUPPORT, HEAD, difficulty, change)]
    edges = of_a_policy(forest, **setting)
    assert [(e.kind, e.source, e.target, e.difficulty, e.change) for e in edges] == expected


@pytest.mark.parametrize(
    ("columns", "kinds"),
    [
        ({"name_flag": SAN_DNS}, {"ADCSESC10b"}),
        ({"name_flag": SAN_UPN | SAN_DNS}, {"ADCSESC10a", "ADCSESC10b"}),
        ({"ekus": [SMART_CARD]}, set()),
        ({"ekus": []}, {"ADCSESC10a"}),
        ({"enrollment_flag": APPROVAL}, set()),
        ({"enrollment_flag": NO_EXTENSION}, {"ADCSESC9a", "ADCSESC10a"}),
        ({"is_published": False}, set()),
    ],
)
def test_schannel_takes_certificates_of_clients_that_name_an_account(
    forest: SmallForest, columns: dict[str, Any], kinds: set[str]
) -> None:
    weak(forest, **{"enrollment_flag": 0} | columns)
    guard(forest, PC, f"D:(A;;GA;;;{TO_SUPPORT})")
    assert {edge.kind for edge in of_a_policy(forest, path=MAPPING, number=0x4)} == kinds


def test_one_policy_is_told_once_whatever_the_templates_and_not_for_sure_of_an_authority_that_is_not(
    forest: SmallForest,
) -> None:
    for name in ("Un", "Deux"):
        publish(forest, name, EVERYBODY, name_flag=SAN_UPN)
    guard(forest, ANA, f"D:(A;;GA;;;{TO_SUPPORT})")
    forest.rows["certificates"] = [row for row in forest.rows["certificates"] if row["store"] != "root"]
    assert [edge.difficulty for edge in of_a_policy(forest, path=MAPPING, number=0x4)] == ["uncertain"]


def test_trust_accounts_and_accounts_whose_descriptor_was_not_read_are_nobodys(forest: SmallForest) -> None:
    weak(forest)
    forest.add(f"CN=AUTRE$,{HEAD}", "user", rid=1120, is_trust_account=True)
    guard(forest, f"CN=AUTRE$,{HEAD}", f"D:(A;;GA;;;{TO_SUPPORT})")
    next(row for row in forest.rows["objects"] if row["dn"] == ANA)["sd_id"] = None
    assert told(forest) == set()


def test_the_usual_rights_of_a_domain_lead_nowhere(forest: SmallForest) -> None:
    weak(forest)
    usual = f"(A;;RPLCLORC;;;AU)(OA;;RPWP;{PERSONAL};;PS)(OA;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;WD)(A;;GA;;;SY)"
    for account in (ANA, BOB, EVA, PC):
        guard(forest, account, f"D:{usual}(OA;;SW;{DNS_NAME};;PS)")
    assert forest.edges(weak_mapping) == []
