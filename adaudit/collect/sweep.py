"""The reading itself: each naming context, then its deleted objects, and a note of whatever did not come."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from adaudit.collect.ber import MalformedAnswer
from adaudit.collect.catch_up import CatchUp
from adaudit.collect.census import LIMITS, REFUSALS, Count
from adaudit.collect.intake import Intake
from adaudit.collect.journal import Journal
from adaudit.collect.messages import Result, ResultCode, Scope, Search
from adaudit.collect.passes import Contexts, Pass
from adaudit.collect.session import OutOfReach, Session
from adaudit.collect.transport import ConnectionLost
from adaudit.ingest.ingest import Ingest
from adaudit.ingest.names import dn_key

_MOST_TRIES: Final = 3
"""Readings of a pass that the server ended with an error."""

_MOST_FRUITLESS: Final = 10
"""Connections lost in a row without one object taken in between."""


class Step(NamedTuple):
    """How far a collection is: ``part`` is being read; it is None once the snapshot is being written."""

    part: str | None
    parts_done: int
    parts: int
    objects: int


class Sweep:
    """Reads naming contexts into ``ingest``. ``problems``: what was cut or failed, in the user's terms."""

    def __init__(
        self,
        ingest: Ingest,
        intake: Intake,
        journal: Journal,
        contexts: Contexts,
        attributes: tuple[str, ...],
        of_heads: tuple[str, ...],
        observe: Callable[[Step], None],
        *,
        goes_on: bool = False,
    ) -> None:
        """``contexts``: all there are in the forest, wanted or not. ``attributes``: those of each search;
        ``of_heads``: those that the heads of naming contexts are asked for beside them. ``goes_on``: ``ingest`` holds
        objects already, of an interrupted or an earlier collection."""
        self.problems: list[str] = []
        self._ingest = ingest
        self._intake = intake
        self._journal = journal
        self._attributes = attributes
        self._of_heads = of_heads
        self._observe = observe
        self._goes_on = self._is_stocked = goes_on
        self._passes: list[Pass] = []
        self._contexts = contexts
        self._catch_up = CatchUp(ingest, intake, journal, contexts, attributes)
        if goes_on:
            self._catch_up.take_stock()

    def read(self, session: Session, contexts: Iterable[str], first_usn: int | None) -> None:
        """Read naming contexts; ``first_usn``: the highest USN of the server before anything was read of them.

        Raises ConnectionFailed when the server is out of reach; ``tell`` says then what is missing.
        """
        heads = [self._pass(session, dn, dn, first_usn) for dn in contexts]
        for part in heads:
            self._read(part)
        inside = []
        for head in heads:
            if head.deleted_objects:
                inside.append(self._pass(session, head.base, head.deleted_objects, first_usn))
            else:
                self._catch_up.forget((head.context, True))
        for part in inside:
            self._read(part)

    def _pass(self, session: Session, context: str, base: str, first_usn: int | None) -> Pass:
        part = Pass(session, base, dn_key(context), is_deleted=base != context, first_usn=first_usn)
        if self._goes_on:
            part.is_begun = self._catch_up.holds(part)
        self._passes.append(part)
        return part

    @property
    def schema_changed(self) -> bool:
        """What is held of the schema was not current: other attributes may be to be seen than before."""
        return any(part.has_changed and part.context.startswith("cn=schema,") for part in self._passes)

    def settle(self) -> None:
        """Once all contexts were read: read again what changed meanwhile without telling, then what heads alone are
        asked for. Raises ConnectionFailed."""
        self._catch_up.settle(self._passes)
        for part in self._passes:
            if self._of_heads and not part.is_deleted and part.is_begun and part.given_up is None:
                self._read_head(part)

    def give_up(self, session: Session, reason: str) -> None:
        """Go on without this server; ``tell`` says what it had left to give."""
        self.problems.append(reason)
        for part in self._passes:
            if part.session is session and part.outcome is None:
                part.given_up = reason

    def tell(self, reason: str | None, told: Collection[str]) -> None:
        """Note what is missing and why; ``reason``: what ended the reading before its end; ``told``: keys of the
        naming contexts of which it was told already."""
        if reason is not None:
            self.problems.append(reason)
        known = {part.context for part in self._passes} | set(told)
        for part in self._passes:
            self._tell_of(part, reason or "")
        for url in sorted({url for part in self._passes for url in part.references}):
            dn = unquote(urlsplit(url).path.removeprefix("/"))
            if dn_key(dn) not in known:
                self._ingest.note("not_attempted", "not_in_source", dn=dn, detail=f"referral to {url}, not followed")
        for dn, cuts in self._intake.cuts.items():
            for attribute, fault in cuts.items():
                detail = f"{attribute}: {fault}"
                self._ingest.note_attribute("truncated", "server_error", attribute, dn=dn, detail=detail)
                self.problems.append(f"{attribute} of {dn} is cut short ({fault})")

    def _read(self, part: Pass) -> None:
        """Until the end of the pass was reached, however often the link is lost as long as objects come."""
        tries = fruitless = 0
        while part.outcome is None:
            before, by_census = self._ingest.count, part.is_begun
            if by_census and not self._is_stocked:
                self._catch_up.take_stock()
            self._is_stocked = False
            try:
                count = self._catch_up.run(part) if by_census else self._read_plainly(part)
            except ConnectionLost as error:
                fruitless = fruitless + 1 if self._ingest.count == before else 0
                if fruitless > _MOST_FRUITLESS:
                    told = f"{error.message}, {fruitless} times without an object in between"
                    raise OutOfReach(told, place=error.place) from error
                continue
            tries += 1
            is_final = by_census and count.result.code in LIMITS
            if count.is_whole or count.result.code in REFUSALS or is_final or tries == _MOST_TRIES:
                part.outcome = count
                self._is_stocked = by_census

    def _read_plainly(self, part: Pass) -> Count:
        """In one search, without a filter: one on an attribute that cannot be read would hide objects in silence."""
        result, undecoded = Result(ResultCode.SUCCESS), False
        search = Search(part.base, Scope.SUBTREE, self._attributes, part.controls)
        done = sum(each.outcome is not None for each in self._passes)
        for page in part.session.search(search):
            for envelope in page.entries:
                try:
                    part.look_at(*self._intake.take(envelope, part.session, part.controls))
                except MalformedAnswer:
                    undecoded = True
                else:
                    part.is_begun = True
            self._journal.flush()
            part.references.update(page.references)
            result = page.result
            self._observe(Step(part.base, done, 2 * len(self._passes), self._ingest.count))
        return Count(result, undecoded)

    def _read_head(self, part: Pass) -> None:
        """The head once more, with its own attributes, in the place of what was taken of it."""
        search = Search(part.base, Scope.BASE, (*self._attributes, *self._of_heads), part.controls)
        for tries in range(1, _MOST_TRIES + 1):
            try:
                for page in part.session.search(search):
                    for envelope in page.entries:
                        with suppress(MalformedAnswer):
                            self._intake.take(envelope, part.session, part.controls)
                    self._journal.flush()
            except ConnectionLost:
                if tries == _MOST_TRIES:
                    raise
            else:
                return

    def _tell_of(self, part: Pass, reason: str) -> None:
        if not part.is_deleted:
            self._ingest.partition(part.base, collected=part.is_begun)
        for dn, fault in part.faults.items():
            self._ingest.note("failed", "malformed", dn=dn, detail=fault)
            self.problems.append(f"{dn} could not be read: {fault}")
        if part.outcome is None:
            self._ingest.note("failed", "interrupted", dn=part.base, detail=part.given_up or reason)
            return
        if part.outcome.undecoded:
            self._ingest.note("failed", "malformed", dn=part.base)
            self.problems.append(f"an object of {part.base} could not be decoded")
        result = part.outcome.result
        if part.is_deleted and (result.code in REFUSALS or (result.is_success and not part.is_begun)):
            self._ingest.note("denied", "known_hidden", dn=part.base)
        elif not result.is_success:
            self.tell_refusal(part.base, result)
        elif not part.is_begun:
            self._ingest.note("denied", "container_hidden", dn=part.base)

    def tell_refusal(self, dn: str, result: Result) -> None:
        """Note a search that did not end well; rights that are lacking make a gap, not an incomplete collection."""
        match result.code:
            case ResultCode.INSUFFICIENT_ACCESS_RIGHTS:
                self._ingest.note("denied", "no_read_right", dn=dn, detail=str(result))
            case ResultCode.NO_SUCH_OBJECT:
                self._ingest.note("denied", "container_hidden", dn=dn, detail=str(result))
            case code:
                status = "truncated" if code in LIMITS else "failed"
                self._ingest.note(status, "server_error", dn=dn, detail=str(result))
                self.problems.append(f"{dn}: {result}")
