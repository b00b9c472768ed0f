"""What exists below a base, by as little of each object as tells whether it is held as it now is."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median_low
from typing import Final, NamedTuple

from adaudit.collect.ber import MalformedAnswer
from adaudit.collect.directory import first_value
from adaudit.collect.filters import EVERY_OBJECT, And, AtLeast, AtMost, Filter
from adaudit.collect.messages import Control, Result, ResultCode, Scope, Search, decode_entry
from adaudit.collect.session import Session
from adaudit.decode.errors import DecodeError
from adaudit.decode.guid import format_guid
from adaudit.schema.requests import VOLATILE_ATTRIBUTES

LIMITS: Final = (
    ResultCode.TIME_LIMIT_EXCEEDED,
    ResultCode.SIZE_LIMIT_EXCEEDED,
    ResultCode.ADMIN_LIMIT_EXCEEDED,
    ResultCode.UNWILLING_TO_PERFORM,
)
"""What a server answers to a search that is too large for it."""

REFUSALS: Final = (ResultCode.INSUFFICIENT_ACCESS_RIGHTS, ResultCode.NO_SUCH_OBJECT)
"""What it answers for a base that the account may not see."""

RID_COUNTER: Final = "rIDNextRID"
"""A local attribute, which changes without a new USN."""

_ATTRIBUTES: Final = (
    "objectGUID",
    "uSNChanged",
    "uSNCreated",
    "wellKnownObjects",
    RID_COUNTER,
    *VOLATILE_ATTRIBUTES,
)

_SMALLEST: Final = 50
"""Objects below which a range that the server still cuts short is not divided further: its size is not the reason."""

_MOST_SEARCHES: Final = 10_000
_LONGEST_USN: Final = 19


class Sighting(NamedTuple):
    """An object that exists, by what ``key_of`` says."""

    key: str
    dn: str
    usn_changed: int | None
    attributes: dict[str, list[bytes]]


def key_of(dn: str, attributes: dict[str, list[bytes]]) -> str:
    """What an object is known by: its GUID as text, or its DN when the GUID cannot be read."""
    try:
        return format_guid(first_value(attributes, "objectGUID") or b"")
    except DecodeError:
        return dn


class Count(NamedTuple):
    """How a reading ended; ``undecoded``: there are objects of which nothing could be understood."""

    result: Result
    undecoded: bool = False
    references: frozenset[str] = frozenset()

    @property
    def is_whole(self) -> bool:
        """No object can have been missed."""
        return self.result.is_success and not self.undecoded


def census_search(base: str, controls: tuple[Control, ...], filter_: Filter = EVERY_OBJECT) -> Search:
    """Everything below ``base``, by little."""
    return Search(base, Scope.SUBTREE, _ATTRIBUTES, controls, filter_)


class Census:
    """The objects below ``base``; ``run`` calls ``take`` once for each.

    A search that the server cuts short is divided by ranges of uSNCreated, an indexed attribute, until each fits.
    An object whose uSNCreated cannot be read would hide from that: unless all objects seen bear one, the answer
    stays cut.
    """

    def __init__(
        self, session: Session, base: str, controls: tuple[Control, ...], take: Callable[[Sighting], None]
    ) -> None:
        self._session = session
        self._base = base
        self._controls = controls
        self._take = take
        self._seen: set[str] = set()
        self._references: set[str] = set()
        self._undecoded = False
        self._all_created = True

    def run(self) -> Count:
        """Raises ConnectionFailed when the link is lost: nothing can be concluded then."""
        cut, created = self._read(EVERY_OBJECT)
        if cut.code not in LIMITS:
            return self._count(cut)
        waiting = _divided(_Range(0, None), created)
        searches = 0
        while waiting:
            part = waiting.pop()
            result, created = self._read(part.filter)
            searches += 1
            smaller = _divided(part, created) if result.code in LIMITS and searches < _MOST_SEARCHES else []
            if not result.is_success and not smaller:
                return self._count(result)
            waiting += smaller
        is_divided = searches > 0 and self._all_created
        return self._count(Result(ResultCode.SUCCESS) if is_divided else cut)

    def _count(self, result: Result) -> Count:
        return Count(result, self._undecoded, frozenset(self._references))

    def _read(self, filter_: Filter) -> tuple[Result, list[int]]:
        """How one search ended, and the values of uSNCreated that it brought."""
        created = []
        result = Result(ResultCode.SUCCESS)
        for page in self._session.search(census_search(self._base, self._controls, filter_)):
            for envelope in page.entries:
                try:
                    dn, attributes = decode_entry(envelope)
                except MalformedAnswer:
                    self._undecoded = True
                    continue
                usn = _number(attributes, "uSNCreated")
                if usn is None:
                    self._all_created = False
                else:
                    created.append(usn)
                self._sight(dn, attributes)
            self._references.update(page.references)
            result = page.result
        return result, created

    def _sight(self, dn: str, attributes: dict[str, list[bytes]]) -> None:
        key = key_of(dn, attributes)
        if key not in self._seen:
            self._seen.add(key)
            self._take(Sighting(key, dn, _number(attributes, "uSNChanged"), attributes))


class _Range(NamedTuple):
    """Values of uSNCreated; ``high`` is None for no upper bound."""

    low: int
    high: int | None

    @property
    def filter(self) -> Filter:
        from_low = AtLeast("uSNCreated", self.low)
        return from_low if self.high is None else And((from_low, AtMost("uSNCreated", self.high)))


def _divided(part: _Range, created: list[int]) -> list[_Range]:
    """Two ranges that hold about as many objects each; none when there is no point in it."""
    within = [usn for usn in created if usn >= part.low and (part.high is None or usn < part.high)]
    if len(created) < _SMALLEST or not within:
        return []
    middle = median_low(within)
    return [_Range(part.low, middle), _Range(middle + 1, part.high)]


def _number(attributes: dict[str, list[bytes]], name: str) -> int | None:
    value = first_value(attributes, name) or b""
    return int(value) if value.isdigit() and len(value) <= _LONGEST_USN else None
