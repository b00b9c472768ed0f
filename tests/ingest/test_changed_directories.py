"""A directory that changes at random: what is loaded and brought up to date equals what is read whole."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from adaudit.ingest.ingest import Ingest
from adaudit.schema import COLLECTED
from adaudit.snapshot import Snapshot, SourceInfo, open_snapshot
from tests.ingest.conftest import BASE, CONFIGURATION, DOMAIN_SID, Entry, entry, guid, sid, skeleton, text

SOURCE = SourceInfo(kind="samples", tool="test")
KINDS = {
    "organizationalUnit": "organizationalUnit",
    "user": "person organizationalPerson user",
    "computer": "person organizationalPerson user computer",
    "group": "group",
    "contact": "contact",
}
SDDLS = ("O:DAG:DAD:(A;;LCRPLORC;;;AU)", "O:DAG:DAD:(A;;GA;;;DA)", "O:BAG:BAD:(D;;RP;;;WD)(A;;LCRP;;;AU)", "")
OUTSIDER = "S-1-5-21-7-8-9-1234"


@dataclass
class Thing:
    """An object; ``parent``, ``members`` and ``manager`` are numbers of others, 0 is the head of the domain."""

    number: int
    kind: str
    name: str
    parent: int = 0
    sddl: str = SDDLS[0]
    members: set[int] = field(default_factory=set)
    manager: int | None = None
    is_deleted: bool = False
    attributes: dict[str, list[bytes]] = field(default_factory=dict)
    logons: dict[str, list[bytes]] = field(default_factory=dict)


class Directory:
    """Objects below the head of a domain, and what happens to them."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.things: dict[int, Thing] = {}
        self.numbers = chance.sample(range(100, 10_000), 200)
        for _ in range(40):
            self.appears()

    def some(self, *kinds: str) -> Thing | None:
        found = [each for each in self.things.values() if not each.is_deleted and (not kinds or each.kind in kinds)]
        return self.chance.choice(found) if found else None

    def appears(self) -> None:
        number = self.numbers.pop()
        parent = self.some("organizationalUnit")
        thing = Thing(number, self.chance.choice([*KINDS]), f"É{number}", parent.number if parent else 0)
        self.things[number] = thing
        self.is_changed(thing)

    def is_changed(self, thing: Thing) -> None:
        chance = self.chance
        thing.sddl = chance.choice(SDDLS)
        thing.attributes = {
            "info": text(f"note {chance.random()}"),
            "seeAlso": text(f"CN=away{chance.randrange(3)},{BASE}"),
            **chance.choice(
                [{}, {"description": text("a", "b")}, {"sIDHistory": sid(OUTSIDER)}, {"pwdLastSet": text("?")}]
            ),
            **chance.choice([{}, {"servicePrincipalName": text(f"http/{chance.randrange(9)}")}]),
        }

    def is_renamed(self, thing: Thing) -> None:
        thing.name += "'"

    def is_moved(self, thing: Thing) -> None:
        above = self.some("organizationalUnit")
        if above is not None and thing.number not in self.path(above.number):
            thing.parent = above.number

    def is_relinked(self, thing: Thing) -> None:
        others = [each.number for each in self.things.values() if not each.is_deleted]
        thing.members = set(self.chance.sample(others, self.chance.randrange(6)))
        thing.manager = self.chance.choice([None, *others])

    def logs_on(self, thing: Thing) -> None:
        values = {name: text(str(self.chance.randrange(10**17))) for name in ("lastLogon", "logonCount", "badPwdCount")}
        thing.logons = {name: value for name, value in values.items() if self.chance.random() < 0.7}

    def goes(self, thing: Thing) -> None:
        """Deleted or gone for good, as long as nothing is below."""
        if not any(each.parent == thing.number for each in self.things.values()):
            if self.chance.random() < 0.5 and not thing.is_deleted:
                thing.is_deleted, thing.members, thing.manager, thing.parent = True, set(), None, 0
            else:
                del self.things[thing.number]
            for each in self.things.values():
                each.members.discard(thing.number)
                each.manager = None if each.manager == thing.number else each.manager

    def lives_on(self) -> None:
        events = (self.is_changed, self.is_renamed, self.is_moved, self.is_relinked, self.logs_on, self.goes)
        for _ in range(self.chance.randrange(10, 30)):
            if (thing := self.some()) is not None:
                self.chance.choice(events)(thing)
        for _ in range(self.chance.randrange(3)):
            self.appears()

    def path(self, number: int) -> list[int]:
        return [number, *self.path(self.things[number].parent)] if number else []

    def dn(self, number: int) -> str:
        thing = self.things.get(number)
        if thing is None:
            return BASE
        if thing.is_deleted:
            return f"CN={thing.name}\\0ADEL:{number},CN=Deleted Objects,{BASE}"
        return f"{'OU' if thing.kind == 'organizationalUnit' else 'CN'}={thing.name},{self.dn(thing.parent)}"

    def entries(self) -> dict[str, tuple[Entry, dict[str, list[bytes]]]]:
        """GUID → the object without and its logons, as a server tells them now."""
        told: dict[str, tuple[Entry, dict[str, list[bytes]]]] = {}
        for thing in self.things.values():
            attributes: dict[str, Any] = dict(thing.attributes)
            if thing.kind in ("user", "computer", "group"):
                attributes |= {"objectSid": sid(thing.number), "sAMAccountName": text(thing.name)}
            if thing.kind in ("user", "computer"):
                attributes |= {"primaryGroupID": text("513"), "userAccountControl": text("512")}
            if thing.kind == "group":
                attributes |= {"groupType": text("2"), "member": text(*map(self.dn, sorted(thing.members)))}
                attributes = {name: values for name, values in attributes.items() if values}
            if thing.manager is not None:
                attributes["manager"] = text(self.dn(thing.manager))
            if thing.is_deleted:
                attributes["isDeleted"] = text("TRUE")
            made = entry(thing.number, self.dn(thing.number), KINDS[thing.kind], sddl=thing.sddl, **attributes)
            first = guid(thing.number)[0][3::-1].hex()
            told[f"{first}-0000-0000-0000-000000000000"] = made, thing.logons
        return told


Told = dict[str, tuple[Entry, dict[str, list[bytes]]]]


def seal(path: Path, feed: Any) -> Snapshot:
    with Ingest(path, source=SOURCE) as ingest:
        feed(ingest)
        ingest.partition(BASE)
        ingest.partition(CONFIGURATION)
        ingest.seal(as_of=None, as_of_origin="newest_change", account_sid=f"{DOMAIN_SID}-1999")
    return open_snapshot(path)


def read_whole(path: Path, told: Told) -> Snapshot:
    def feed(ingest: Ingest) -> None:
        for dn, attributes in skeleton():
            ingest.add(dn, attributes)
        for (dn, attributes), logons in told.values():
            ingest.add(dn, attributes | logons)

    return seal(path, feed)


def brought_up_to_date(path: Path, previous: Snapshot, before: Told, now: Told, chance: random.Random) -> Snapshot:
    """Stock is taken now and then, as a collector does."""

    def feed(ingest: Ingest) -> None:
        ingest.load(previous)
        ingest.drop(before.keys() - now.keys())
        for key in chance.sample(sorted(now), len(now)):
            (dn, attributes), logons = now[key]
            if before.get(key, ((), {}))[0] == (dn, attributes) and chance.random() < 0.9:
                ingest.refresh(key, logons)
            else:
                ingest.add(dn, attributes | logons)
            if chance.random() < 0.1:
                ingest.held().neighbours([key])

    return seal(path, feed)


@pytest.mark.parametrize("seed", range(3))
def test_what_changed_since_equals_what_is_read_whole(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    directory = Directory(chance)
    before = directory.entries()
    previous = read_whole(tmp_path / "first.adsnap", before)
    for step in range(2):
        directory.lives_on()
        now = directory.entries()
        since = brought_up_to_date(tmp_path / f"{step}.adsnap", previous, before, now, chance)
        whole = read_whole(tmp_path / f"{step}.whole.adsnap", now)
        assert [name for name in COLLECTED if not since.table(name).equals(whole.table(name))] == []
        previous, before = since, now


def test_what_is_held_follows_every_change(tmp_path: Path) -> None:
    chance = random.Random(99)
    directory = Directory(chance)
    held: dict[str, str] = {}
    before: Told = {}
    with Ingest(tmp_path / "x.adsnap", source=SOURCE) as ingest:
        for _ in range(6):
            now = directory.entries()
            ingest.drop(before.keys() - now.keys())
            for key, (made, _) in now.items():
                if key not in before or before[key][0] != made:
                    ingest.add(*made)
            gone, came = ingest.held().changes()
            for key in gone:
                held.pop(key, None)
            held |= dict(zip(came["guid"].to_pylist(), came["dn"].to_pylist(), strict=True))
            assert held == {key: made[0] for key, (made, _) in now.items()}
            before = now
            directory.lives_on()
