"""The reading itself: each naming context, then its deleted objects, and a note of whatever did not come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from adaudit.collect.ber import MalformedAnswer
from adaudit.collect.connection import ReadOnlyConnection
from adaudit.collect.directory import RootDse, elsewhere
from adaudit.collect.messages import (
    SHOW_DELETED,
    Control,
    Envelope,
    Result,
    ResultCode,
    Scope,
    Search,
    decode_entry,
    text,
)
from adaudit.collect.ranges import complete, resolve_options
from adaudit.ingest import Ingest
from adaudit.schema.requests import SD_FLAGS_OID, SD_FLAGS_VALUE

SD_FLAGS: Final = Control(SD_FLAGS_OID, SD_FLAGS_VALUE)

_DELETED_OBJECTS: Final = b"B:32:18E2EA80684F11D2B9AA00C04F79F805:"
"""Begins the value of wellKnownObjects that names the container of deleted objects (MS-ADTS 6.1.1.4)."""

_LIMITS: Final = (
    ResultCode.TIME_LIMIT_EXCEEDED,
    ResultCode.SIZE_LIMIT_EXCEEDED,
    ResultCode.ADMIN_LIMIT_EXCEEDED,
)


class Step(NamedTuple):
    """How far a collection is: ``part`` is being read; it is None once the snapshot is being written."""

    part: str | None
    parts_done: int
    parts: int
    objects: int


class Sweep:
    """Reads all that a server holds into ``ingest``. ``problems``: what was cut or failed, in the user's terms."""

    def __init__(
        self,
        connection: ReadOnlyConnection,
        root: RootDse,
        ingest: Ingest,
        attributes: tuple[str, ...],
        observe: Callable[[Step], None],
    ) -> None:
        self.problems: list[str] = []
        self._connection = connection
        self._root = root
        self._ingest = ingest
        self._attributes = attributes
        self._observe = observe
        self._unread = list(root.naming_contexts)
        self._deleted_unread: list[str] = []
        self._parts_done = 0
        self._references: set[str] = set()
        self._told: set[str] = set()

    def run(self) -> None:
        """Read everything. Raises ConnectionLost; ``tell_of_the_rest`` then says what is missing."""
        known = {dn.casefold() for dn in self._root.naming_contexts}
        partitions, result = elsewhere(self._connection, self._root)
        for partition in partitions:
            known.add(partition.dn.casefold())
            self._ingest.partition(partition.dn, collected=False)
            reason = "other_domain" if partition.is_domain else "not_in_source"
            self._ingest.note("not_attempted", reason, dn=partition.dn)
        if not result.is_success:
            self._note_refusal(self._root.partitions_container, result)
        while self._unread:
            self._read_context(self._unread[0])
            del self._unread[0]
        while self._deleted_unread:
            self._read_deleted(self._deleted_unread[0])
            del self._deleted_unread[0]
        for url in sorted(self._references):
            dn = unquote(urlsplit(url).path.removeprefix("/"))
            if dn.casefold() not in known:
                self._ingest.note("not_attempted", "not_in_source", dn=dn, detail=f"referral to {url}, not followed")

    def tell_of_the_rest(self, reason: str) -> None:
        """Note what an end before the end left unread."""
        self.problems.append(reason)
        for dn in (*self._unread, *self._deleted_unread):
            self._ingest.note("failed", "interrupted", dn=dn, detail=reason)
        for dn in self._unread:
            if dn not in self._told:
                self._ingest.partition(dn, collected=False)

    def _read_context(self, dn: str) -> None:
        search = Search(dn, Scope.SUBTREE, self._attributes, (SD_FLAGS,))
        before = self._ingest.count
        try:
            result = self._read(search)
        finally:
            self._ingest.partition(dn, collected=self._ingest.count > before)
            self._told.add(dn)
        if not result.is_success:
            self._note_refusal(dn, result)
        elif self._ingest.count == before:
            self._ingest.note("denied", "container_hidden", dn=dn)

    def _read_deleted(self, dn: str) -> None:
        search = Search(dn, Scope.SUBTREE, self._attributes, (SD_FLAGS, SHOW_DELETED))
        before = self._ingest.count
        result = self._read(search)
        hidden = result.is_success and self._ingest.count == before
        if hidden or result.code in (ResultCode.NO_SUCH_OBJECT, ResultCode.INSUFFICIENT_ACCESS_RIGHTS):
            self._ingest.note("denied", "known_hidden", dn=dn)
        elif not result.is_success:
            self._note_refusal(dn, result)

    def _read(self, search: Search) -> Result:
        result = Result(ResultCode.SUCCESS)
        for page in self._connection.search(search):
            for envelope in page.entries:
                self._take(envelope, search)
            self._references.update(page.references)
            result = page.result
            self._observe(Step(search.base, self._parts_done, 2 * len(self._root.naming_contexts), self._ingest.count))
        self._parts_done += 1
        return result

    def _take(self, envelope: Envelope, search: Search) -> None:
        try:
            dn, attributes = decode_entry(envelope)
        except MalformedAnswer as error:
            self._ingest.note("failed", "malformed", dn=search.base, detail=error.message)
            self.problems.append(f"an object of {search.base} could not be decoded")
            return
        if ";" in "".join(attributes):
            attributes = self._complete(dn, attributes, search)
        if dn == search.base:
            wells = attributes.get("wellKnownObjects", [])
            self._deleted_unread += [text(well[len(_DELETED_OBJECTS) :]) for well in wells if _names_deleted(well)]
        self._ingest.add(dn, attributes)

    def _complete(self, dn: str, described: dict[str, list[bytes]], search: Search) -> dict[str, list[bytes]]:
        attributes, cuts = resolve_options(described)
        for cut in cuts:
            result = complete(self._connection, dn, cut, attributes[cut.attribute], search.controls)
            if not result.is_success:
                detail = f"{cut.attribute}: {result}"
                self._ingest.note_attribute("truncated", "server_error", cut.attribute, dn=dn, detail=detail)
                self.problems.append(f"{cut.attribute} of {dn} is cut short ({result})")
        return attributes

    def _note_refusal(self, dn: str, result: Result) -> None:
        """Note a search that did not end well; rights that are lacking make a gap, not an incomplete collection."""
        match result.code:
            case ResultCode.INSUFFICIENT_ACCESS_RIGHTS:
                self._ingest.note("denied", "no_read_right", dn=dn, detail=str(result))
                return
            case ResultCode.NO_SUCH_OBJECT:
                self._ingest.note("denied", "container_hidden", dn=dn, detail=str(result))
                return
        status = "truncated" if result.code in _LIMITS else "failed"
        self._ingest.note(status, "server_error", dn=dn, detail=str(result))
        self.problems.append(f"{dn}: {result}")


def _names_deleted(well: bytes) -> bool:
    return well.upper().startswith(_DELETED_OBJECTS)
