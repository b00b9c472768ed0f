"""What a collection that was interrupted, or that starts from an earlier one, still has to read.

A census tells what exists; what is missing, changed or renamed is read by GUID. Then what changes without a new USN:
back links and other references around what changed, moved or went, and inherited descriptors below it. What inherits
from a container whose descriptor cannot be read, or that is not seen, is always read again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple

import pyarrow as pa

from adaudit.collect.ber import MalformedAnswer
from adaudit.collect.census import REFUSALS, RID_COUNTER, Census, Count, Sighting, key_of
from adaudit.collect.filters import Equals, Or
from adaudit.collect.intake import Intake
from adaudit.collect.journal import Journal
from adaudit.collect.messages import Control, Result, ResultCode, Scope, Search
from adaudit.collect.passes import Contexts, Pass, Place
from adaudit.collect.session import OutOfReach
from adaudit.collect.transport import ConnectionLost
from adaudit.decode.guid import parse_guid
from adaudit.ingest.held import Held
from adaudit.ingest.ingest import Ingest
from adaudit.ingest.names import dn_key

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


_Stock = dict[Place, dict[str, _Known]]
"""What is held, by place and by key."""


class CatchUp:
    """Reads again, pass by pass, then ``settle`` reads what follows from that."""

    def __init__(
        self, ingest: Ingest, intake: Intake, journal: Journal, contexts: Contexts, attributes: tuple[str, ...]
    ) -> None:
        """``contexts``: all there are in the forest; ``attributes``: those of each search."""
        self._ingest = ingest
        self._intake = intake
        self._journal = journal
        self._contexts = contexts
        self._attributes = attributes
        self._unsettled = journal.unsettled
        self._held: Held | None = None
        self._stock: _Stock = defaultdict(dict)
        self._at_first: dict[str, _Known] = {}
        self._changed: dict[str, _Known | None] = {}
        self._around: set[str] = set()
        self._read_again: set[str] = set()
        self._since_stock: set[str] = set()
        self._blamed = 0

    def take_stock(self) -> Held:
        """Look at what is held now: against this, ``run`` compares."""
        self._held = held = self._ingest.held()
        gone, came = held.changes()
        for group in self._stock.values():
            for key in gone:
                group.pop(key, None)
        self._add(came)
        self._at_first = self._at_first or _flat(self._stock)
        self._since_stock.clear()
        return held

    def holds(self, part: Pass) -> bool:
        """An object of ``part`` was held when stock was taken."""
        return bool(self._stock.get(part.place))

    def run(self, part: Pass) -> Count:
        """Bring what is held of ``part`` up to date; how its census ended.

        Raises ConnectionLost when it was cut: stock must be taken and it must be run again. Raises ConnectionFailed
        otherwise.
        """
        part.faults.clear()
        known = dict(self._stock.get(part.place, {}))
        wanted: Wanted = {}
        changed: dict[str, _Known | None] = {}

        def compare(seen: Sighting) -> None:
            part.look_at(seen.dn, seen.attributes)
            before = known.pop(seen.key, None)
            if before is not None and self._is_current(seen, before):
                if seen.dn == part.base or RID_COUNTER in seen.attributes:
                    wanted[seen.key] = seen.dn
                return
            wanted[seen.key] = seen.dn
            is_new = part.first_usn is None or seen.usn_changed is None or seen.usn_changed > part.first_usn
            if before is not None or is_new:
                changed[seen.key] = before

        count = Census(part.session, part.base, part.visibility, compare).run()
        shows_nothing = not wanted and len(known) == len(self._stock.get(part.place, {}))
        if count.is_whole or (shows_nothing and count.result.code in REFUSALS):
            part.is_begun = not shows_nothing
            part.has_changed |= self._forget(known)
        part.references |= count.references
        part.has_changed |= bool(changed)
        self._changed |= changed
        self._remember([*changed])
        self._read(part, wanted)
        return count

    def forget(self, place: Place) -> None:
        """Drop what was held of a place that is no longer to be found."""
        self._forget(self._stock.get(place, {}))

    def _forget(self, known: dict[str, _Known]) -> bool:
        """Drop those of these objects that have not come since stock was taken; whether there are any."""
        gone = {key: known[key] for key in known.keys() - self._since_stock}
        self._changed |= gone
        self._remember([*gone])
        self._ingest.drop(gone)
        return bool(gone)

    def _remember(self, touched: list[str]) -> None:
        """Note what refers to these, and what these refer to, as long as that is held as it was."""
        around = self._held.neighbours(touched) if self._held is not None and touched else set()
        self._around |= around
        self._journal.unsettle({*touched, *around})

    def settle(self, passes: Iterable[Pass]) -> None:
        """Read again what may have changed without a new USN. Raises ConnectionFailed."""
        if self._held is None:
            return
        parts = [part for part in passes if part.given_up is None]
        held = self.take_stock()
        exposed = self._exposed(held)
        moved = self._moved(self._changed)
        self._read_stale(parts, self._around | held.neighbours(list(self._changed)) | held.below(moved) | exposed)
        held = self.take_stock()
        self._read_stale(parts, held.below(self._moved({key: self._at_first.get(key) for key in exposed})))

    def _exposed(self, held: Held) -> set[str]:
        """Objects that inherit from a container of which no descriptor is held: it may change unseen."""
        below = held.below_untold()
        return {
            key
            for (context, is_deleted), group in self._stock.items()
            if not is_deleted
            for key in below & group.keys()
            if dn_key(group[key].dn) != context
        }

    def _moved(self, before: dict[str, _Known | None]) -> list[str]:
        """Those of these objects below which something may have changed with them."""
        now = _flat(self._stock)
        return [
            key
            for key, known in before.items()
            if key in now and (known is None or key in self._unsettled or _differs(known, now[key]))
        ]

    def _read_stale(self, parts: Iterable[Pass], keys: set[str]) -> None:
        stale = keys - self._read_again
        self._journal.unsettle(stale)
        for part in parts:
            group = self._stock.get(part.place, {})
            self._read(part, {key: group[key].dn for key in sorted(stale & group.keys())})

    def _add(self, objects: pa.Table) -> None:
        names = ("guid", "dn", "dn_key", "parent_key", "usn_changed", "sd", "is_deleted")
        columns = (objects[name].to_pylist() for name in names)
        for guid, dn, key, parent, usn, descriptor, is_deleted in zip(*columns, strict=True):
            place = self._contexts.place_of(key, parent, is_deleted=is_deleted)
            self._stock[place][guid or dn] = _Known(dn, usn, descriptor)

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
            came = batch.keys() - left.keys()
            self._read_again |= came
            self._since_stock |= came
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


def _flat(stock: _Stock) -> dict[str, _Known]:
    return {key: known for group in stock.values() for key, known in group.items()}


def _differs(before: _Known, now: _Known) -> bool:
    """What lies below may have changed with it."""
    return (before.dn, before.descriptor) != (now.dn, now.descriptor)


def _divided(wanted: Wanted, size: int) -> list[Wanted]:
    """In lots of at most ``size``; an object known by its DN alone makes a lot of its own."""
    by_dn = [key for key, dn in wanted.items() if key == dn]
    by_guid = [key for key, dn in wanted.items() if key != dn]
    lots = [by_guid[at : at + size] for at in range(0, len(by_guid), size)]
    return [{key: wanted[key] for key in lot} for lot in (*lots, *([key] for key in by_dn))]
