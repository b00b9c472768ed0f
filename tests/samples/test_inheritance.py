"""Descriptors of new objects, beside those that Samba gives its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from adaudit.decode.descriptor import Ace, parse_descriptor
from adaudit.decode.descriptor_encode import NewAce
from adaudit.decode.sddl import from_sddl
from adaudit.importers.ldif import import_ldif
from adaudit.samples.descriptors import Descriptors, Inheritable
from adaudit.samples.schema_data import classes, rows
from adaudit.snapshot import Snapshot, open_snapshot

if TYPE_CHECKING:
    from tests.testbed import Directory

DOMAIN = "S-1-5-21-1-2-3"
OWNER = f"{DOMAIN}-1104"
USER, GROUP = classes()["user"].guid, classes()["group"].guid
CI, IO, ID = 0x02, 0x08, 0x10
PROTECTED = 0x1000


def aces(raw: bytes) -> list[tuple[str, int, int]]:
    return [(ace.trustee, ace.flags, ace.mask) for ace in parse_descriptor(raw).aces]


def child(parent: str, *, sddl: str = "D:", guid: str = USER, owner: str = OWNER) -> bytes:
    descriptors = Descriptors(DOMAIN)
    _, above = descriptors.make(parent, "", "", "", Inheritable())
    raw, _ = descriptors.make(sddl, "", owner, guid, above)
    return raw


def test_only_what_is_inheritable_reaches_the_child_marked_as_inherited() -> None:
    assert aces(child("D:(A;CI;RP;;;AU)(A;;WP;;;AU)")) == [("S-1-5-11", CI | ID, 0x10)]


def test_an_ace_for_another_class_is_passed_on_without_effect() -> None:
    parent = f"D:(OA;CIIO;RP;;{USER};AU)"
    assert aces(child(parent, guid=GROUP)) == [("S-1-5-11", CI | IO | ID, 0x10)]
    assert aces(child(parent, guid=USER)) == [("S-1-5-11", CI | ID, 0x10)]


def test_an_ace_that_does_not_propagate_stops_at_the_child() -> None:
    assert aces(child("D:(A;CINP;RP;;;AU)")) == [("S-1-5-11", ID, 0x10)]


def test_a_protected_descriptor_inherits_nothing() -> None:
    assert aces(child("D:(A;CI;RP;;;AU)", sddl="D:P(A;;WP;;;BA)")) == [("S-1-5-32-544", 0, 0x20)]


def test_creator_owner_becomes_the_owner_on_the_object_and_remains_for_those_below() -> None:
    assert aces(child("D:(A;CIIO;RP;;;CO)")) == [(OWNER, ID, 0x10), ("S-1-3-0", CI | IO | ID, 0x10)]


def test_aces_given_to_one_object_come_before_those_of_its_class() -> None:
    raw, _ = Descriptors(DOMAIN).make("D:(A;;RP;;;AU)", "(D;;WP;;;BG)", OWNER, USER, Inheritable())
    assert [ace.is_allow for ace in parse_descriptor(raw).aces] == [False, True]
    assert parse_descriptor(raw).owner == OWNER


@pytest.fixture(scope="module")
def samba(samba_baseline: Directory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    folder = tmp_path_factory.mktemp("samba")
    import_ldif(samba_baseline.ldapsearch_dump(folder), folder / "x.adsnap")
    with open_snapshot(folder / "x.adsnap") as snapshot:
        yield snapshot


def received(raw: bytes) -> set[NewAce]:
    found = parse_descriptor(raw).aces
    return {_new(ace) for ace in found if ace.flags & ID}


def _new(ace: Ace) -> NewAce:
    return NewAce(ace.type, ace.mask, ace.trustee, ace.flags, ace.object_type, ace.inherited_object_type)


@pytest.mark.samba
def test_samba_passes_on_the_same_aces_to_its_own_objects(samba: Snapshot) -> None:
    raw = {row["sd_id"]: row["raw"] for row in samba.table("security_descriptors").to_pylist()}
    guids = {row["name"]: row["guid"] for row in samba.table("schema_classes").to_pylist()}
    heads = {row["dn"] for row in samba.table("partitions").to_pylist()}
    objects = {row["object_id"]: row for row in samba.table("objects").to_pylist() if row["sd_id"] is not None}
    compared, differing = 0, []
    for each in objects.values():
        parent = objects.get(each["parent_id"])
        own = parse_descriptor(raw[each["sd_id"]])
        if parent is None or each["dn"] in heads or own.control & PROTECTED:
            continue
        passed_on = parse_descriptor(raw[parent["sd_id"]]).aces
        above = Inheritable(tuple(_new(ace) for ace in passed_on if ace.flags & CI))
        made, _ = Descriptors(DOMAIN).make("D:", "", own.owner or "", guids[each["object_class"]], above)
        compared += 1
        if received(made) != received(raw[each["sd_id"]]):
            differing.append(each["dn"])
    assert compared > 400
    assert differing == []


@pytest.mark.samba
def test_identifiers_of_the_reduced_schema_are_those_of_a_whole_one(samba: Snapshot) -> None:
    whole = {row["name"]: row for row in samba.table("schema_attributes").to_pylist()}
    rights = {row["name"]: row for row in samba.table("extended_rights").to_pylist()}
    known = [row for row in rows("attributes") if row["name"] in whole]
    assert len(known) > 200
    for row in known:
        theirs = whole[row["name"]]
        assert (row["guid"], row["property_set"] or None) == (theirs["guid"], theirs["property_set"]), row["name"]
        assert bool(int(row["search_flags"]) & 0x80) == theirs["is_confidential"]
    for row in rows("rights"):
        if row["cn"] in rights:
            assert (row["guid"], int(row["valid_accesses"])) == (
                rights[row["cn"]]["guid"],
                rights[row["cn"]]["valid_accesses"],
            )


def test_the_default_descriptor_of_every_class_can_be_read() -> None:
    for each in classes().values():
        assert not parse_descriptor(from_sddl(each.default_sddl or "D:", DOMAIN)).error
