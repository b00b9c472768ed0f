"""The people, machines and groups that are made in any number."""

from __future__ import annotations

import csv
import tracemalloc
from collections import Counter
from functools import cache

import pytest

from adaudit.ingest.names import dn_key, parent_of
from adaudit.samples import HOSPITALS
from adaudit.samples.directory import declare
from adaudit.samples.draft import Attributes
from adaudit.samples.generate import entries
from adaudit.samples.people import person
from adaudit.samples.profile import load_forest
from tests.samples.conftest import COMMITTED

Entries = list[tuple[str, Attributes]]


@cache
def made(hospital: str, accounts: int | None = None) -> Entries:
    forest = load_forest(hospital, 2026, accounts)
    return list(entries(forest, declare(forest)))


def of_class(found: Entries, name: str) -> Entries:
    return [(dn, attributes) for dn, attributes in found if attributes["objectClass"][-1] == name.encode()]


def repeated(values: list[bytes]) -> list[bytes]:
    return [value for value, count in Counter(values).items() if count > 1]


@pytest.mark.parametrize("identity", ["objectGUID", "objectSid", "sAMAccountName"])
def test_no_two_objects_share_an_identity(hospital: str, identity: str) -> None:
    values = [attributes[identity][0] for _, attributes in made(hospital) if identity in attributes]
    assert repeated(values) == []


def test_no_two_objects_share_a_dn_and_parents_come_first(hospital: str) -> None:
    seen: set[str] = set()
    heads = set(map(dn_key, load_forest(hospital, 2026).naming_contexts))
    for dn, _ in made(hospital):
        key = dn_key(dn)
        assert key not in seen
        assert key in heads or parent_of(key) in seen, dn
        seen.add(key)


def test_members_are_objects_of_the_directory(hospital: str) -> None:
    dns = {dn.encode() for dn, _ in made(hospital)}
    assert {member for _, each in made(hospital) for member in each.get("member", ())} <= dns


def test_as_many_accounts_are_made_as_asked_for() -> None:
    accounts = [each for name in ("user", "computer") for each in of_class(made("hl-troisormes", 1000), name)]
    declared = declare(load_forest("hl-troisormes", 2026)).drafts.values()
    assert len(accounts) - sum(each.object_class in ("user", "computer") for each in declared) == 1000


def test_a_person_is_in_about_ten_groups_with_nesting_above() -> None:
    groups = of_class(made("chu-valmorand"), "group")
    people = {dn.encode() for dn, each in of_class(made("chu-valmorand"), "user") if "givenName" in each}
    direct = sum(member in people for _, each in groups for member in each.get("member", ()))
    assert 9 <= direct / len(people) <= 11
    nested = {member for _, each in groups for member in each.get("member", ()) if member.startswith(b"CN=GG-Soins-UF")}
    assert nested


def test_one_account_in_twenty_five_has_a_descriptor_of_its_own() -> None:
    found = [each for name in ("user", "computer") for _, each in of_class(made("chu-valmorand"), name)]
    distinct = {each["nTSecurityDescriptor"][0] for each in found}
    assert 0.03 <= len(distinct) / len(found) <= 0.06


def test_logins_fit_where_old_applications_read_them_and_are_unique() -> None:
    for convention in ("first.last", "initial", "number"):
        logins = [person(1, n).login(convention, n) for n in range(60_000)]
        assert len(set(logins)) == len(logins)
        assert max(map(len, logins)) <= 20
        assert all(login.isascii() for login in logins)


def test_those_who_work_in_several_hospitals_keep_their_name_and_number_and_change_login() -> None:
    with (COMMITTED / "shared-staff.csv").open(encoding="utf-8", newline="") as lines:
        shared = list(csv.DictReader(lines))
    accounts = {
        (hospital, each["sAMAccountName"][0].decode()): each
        for hospital in HOSPITALS
        for _, each in of_class(made(hospital), "user")
    }
    assert len({row["person"] for row in shared}) > 30
    assert {row["hospital"] for row in shared} == set(HOSPITALS)
    for row in shared:
        account = accounts[row["hospital"], row["login"]]
        assert account["displayName"][0].decode() == row["full_name"]
    same_person = [row["login"] for row in shared if row["person"] == shared[0]["person"]]
    assert len(same_person) == len(set(same_person)) == 3


def test_domains_and_mail_addresses_are_of_names_reserved_for_examples(hospital: str) -> None:
    for dn, attributes in made(hospital):
        assert dn.endswith("DC=example")
        assert all(value.endswith(b".example") for value in attributes.get("mail", ()))


def test_generating_more_accounts_takes_no_more_memory() -> None:
    def peak(accounts: int) -> int:
        forest = load_forest("hl-troisormes", 5, accounts)
        tracemalloc.start()
        for _ in entries(forest, declare(forest)):
            pass
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    assert peak(4_000) < peak(400) + 2_000_000
