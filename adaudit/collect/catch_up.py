"""What a collection that was interrupted, or that starts from an earlier one, still has to read.

A census tells what exists; what is missing, changed or renamed is read by GUID. Then what changes without a new USN:
back links and other references around what changed, moved or went, and inherited descriptors below it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple

from adaudit.collect.ber import MalformedAnswer
from adaudit.collect.census import Census, Count, Sighting, key_of
from adaudit.collect.filters import Equals, Or
from adaudit.collect.intake import Intake
from adaudit.collect.journal import Journal
from adaudit.collect.messages import Control, Result, ResultCode, Scope, Search
from adaudit.collect.passes import Pass, Places
from adaudit.collect.session import OutOfReach
from adaudit.collect.transport import ConnectionLost
from adaudit.decode.guid import parse_guid
from adaudit.ingest import Ingest
from adaudit.ingest.held import Held

_BATCH: Final = 250
"""Objects asked for by one filter."""

_TRIES_ALONE: Final = 3
_MOST_BLAMED: Final = 50
"""Objects in a row that cannot be read: the fault is not theirs."""

Wanted = dict[str, str]
"""Key of an object, as in ``Sighting``, and its DN."""


class _Known(NamedTuple):
    dn: str
    usn_changed: int | None
    descriptor: int | None


class CatchUp:
    """Reads again, pass by pass, then ``settle`` reads what follows from that."""

    def __init__(
        self, ingest: Ingest, intake: Intake, journal: Journal, places: Places, attributes: tuple[str, ...]
    ) -> None:
        """``attributes``: those of each search."""
        self._ingest = ingest
        self._intake = intake
        self._journal = journal
        self._places = places
        self._attributes = attributes
        self._unsettled = journal.unsettled
        self._changed: dict[str, _Known | None] = {}
        self._around: set[str] = set()
        self._read_again: set[str] = set()
        self._blamed = 0

    def holds(self, part: Pass) -> bool:
        """An object of ``part`` is held."""
        with self._ingest.held() as held:
            return bool(self._known(held, part))

    def run(self, part: Pass) -> Count:
        """Bring what is held of ``part`` up to date; how its census ended.

        Raises ConnectionLost when the census was cut: it must be run again. Raises ConnectionFailed otherwise.
        """
        part.faults.clear()
        with self._ingest.held() as held:
            known = self._known(held, part)
            wanted: Wanted = {}
            changed: dict[str, _Known | None] = {}

            def compare(seen: Sighting) -> None:
                part.look_at(seen.dn, seen.attributes)
                before = known.pop(seen.key, None)
                if before is not None and self._is_current(seen, before):
                    return
                wanted[seen.key] = seen.dn
                if (
                    before is not None
                    or part.first_usn is None
                    or (seen.usn_changed or part.first_usn + 1) > part.first_usn
                ):
                    changed[seen.key] = before

            count = Census(part.session, part.base, part.visibility, compare).run()
            gone = known if count.is_whole else {}
            around = held.neighbours([*changed, *gone]) if changed or gone else set()
        part.references |= count.references
        part.has_changed |= bool(wanted or gone)
        self._changed |= {**changed, **gone}
        self._around |= around
        self._journal.unsettle(changed.keys() | around)
        self._ingest.drop(gone)
        self._read(part, wanted)
        return count

    def settle(self) -> None:
        """Read again what may have changed without a new USN. Raises ConnectionFailed."""
        if not self._changed:
            return
        with self._ingest.held() as held:
            now = self._known(held)
            moved = [
                key
                for key, before in self._changed.items()
                if key in now and (before is None or key in self._unsettled or _differs(before, now[key]))
            ]
            stale = self._around | held.neighbours(list(self._changed)) | held.below(moved)
        stale -= self._read_again
        self._journal.unsettle(stale)
        wanted: defaultdict[str, Wanted] = defaultdict(dict)
        parts: dict[str, Pass] = {}
        for key in sorted(stale & now.keys()):
            part = self._places.pass_of(now[key].dn)
            if part is not None:
                parts[part.key] = part
                wanted[part.key][key] = now[key].dn
        for base, part in parts.items():
            self._read(part, wanted[base])

    def _known(self, held: Held, part: Pass | None = None) -> dict[str, _Known]:
        """What is held, of ``part`` alone when it is given, by key."""
        table = held.objects()
        columns = (table[name].to_pylist() for name in ("guid", "dn", "usn_changed", "sd"))
        return {
            guid or dn: _Known(dn, usn, descriptor)
            for guid, dn, usn, descriptor in zip(*columns, strict=True)
            if part is None or self._places.pass_of(dn) is part
        }

    def _is_current(self, seen: Sighting, held: _Known) -> bool:
        """``seen`` is held as it now is; its volatile attributes are then brought up to date."""
        if (seen.dn, seen.usn_changed) != (held.dn, held.usn_changed) or seen.usn_changed is None:
            return False
        if seen.key == seen.dn or seen.key in self._unsettled:
            return False
        try:
            self._ingest.refresh(seen.key, self._intake.kept(seen.attributes))
        except ValueError:
            return False
        return True

    def _read(self, part: Pass, wanted: Wanted) -> None:
        """Read these objects; one that cannot be is among the faults of ``part``, one that is gone is dropped."""
        waiting = _divided(wanted, _BATCH)
        while waiting:
            batch = waiting.pop()
            left, fault = self._ask(part, batch)
            if len(left) < len(batch):
                self._blamed = 0
            self._read_again |= batch.keys() - left.keys()
            if left and len(batch) > 1:
                waiting += _divided(left, (len(left) + 1) // 2)
            elif left and fault is None:
                self._ingest.drop(left)
            elif left and fault is not None:
                self._blame(part, left, fault)

    def _blame(self, part: Pass, left: Wanted, fault: str) -> None:
        part.faults |= dict.fromkeys(left.values(), fault)
        self._blamed += 1
        if self._blamed > _MOST_BLAMED:
            raise OutOfReach(f"{self._blamed} objects in a row could not be read: {fault}", place=part.base)

    def _ask(self, part: Pass, batch: Wanted) -> tuple[Wanted, str | None]:
        """Those that did not come, and why when that is known."""
        left, fault = dict(batch), None
        search = self._search(part, batch)
        for _ in range(1 if len(batch) > 1 else _TRIES_ALONE):
            result, fault = Result(ResultCode.SUCCESS), None
            try:
                for page in part.session.search(search):
                    for envelope in page.entries:
                        try:
                            dn, attributes = self._intake.take(envelope, part.session, part.controls)
                        except MalformedAnswer as error:
                            fault = error.message
                            continue
                        left.pop(key_of(dn, attributes), None)
                    self._journal.flush()
                    result = page.result
            except ConnectionLost as error:
                fault = error.message
                continue
            if not result.is_success and result.code != ResultCode.NO_SUCH_OBJECT:
                fault = str(result)
            break
        return left, fault

    def _search(self, part: Pass, batch: Wanted) -> Search:
        keys = list(batch)
        if len(keys) == 1:
            (key,) = keys
            base = key if key == batch[key] else f"<GUID={key}>"
            return Search(base, Scope.BASE, self._attributes, part.controls)
        return batch_search(part.base, map(parse_guid, keys), self._attributes, part.controls)


def batch_search(
    base: str, guids: Iterable[bytes], attributes: tuple[str, ...], controls: tuple[Control, ...]
) -> Search:
    """Some objects below ``base``, by their objectGUID as it is stored."""
    asked = Or(tuple(Equals("objectGUID", guid) for guid in guids))
    return Search(base, Scope.SUBTREE, attributes, controls, asked)


def _differs(before: _Known, now: _Known) -> bool:
    """What lies below may have changed with it."""
    return (before.dn, before.descriptor) != (now.dn, now.descriptor)


def _divided(wanted: Wanted, size: int) -> list[Wanted]:
    """In lots of at most ``size``; an object known by its DN alone makes a lot of its own."""
    by_dn = [key for key, dn in wanted.items() if key == dn]
    by_guid = [key for key, dn in wanted.items() if key != dn]
    lots = [by_guid[at : at + size] for at in range(0, len(by_guid), size)]
    return [{key: wanted[key] for key in lot} for lot in (*lots, *([key] for key in by_dn))]
