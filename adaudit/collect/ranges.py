"""Attribute options: ``;range=`` of long attributes, completed, and ``;binary``, dropped (MS-ADTS 3.1.1.3.1.3.3)."""

from __future__ import annotations

from dataclasses import dataclass

from adaudit.collect.directory import Asks
from adaudit.collect.messages import Control, Result, ResultCode, Scope, Search, decode_entry
from adaudit.decode.ranges import parse_range


@dataclass(frozen=True)
class Cut:
    """An attribute of which the server gave only the values before number ``next_value``."""

    attribute: str
    next_value: int


def resolve_options(attributes: dict[str, list[bytes]]) -> tuple[dict[str, list[bytes]], list[Cut]]:
    """The attributes under their plain names, and those that the server cut."""
    plain: dict[str, list[bytes]] = {}
    cuts: list[Cut] = []
    for described, values in attributes.items():
        name, *options = described.split(";")
        plain.setdefault(name, []).extend(values)
        ranges = [found for found in map(parse_range, options) if found is not None]
        cuts += [Cut(name, found.last + 1) for found in ranges if found.last is not None]
    return plain, cuts


def range_search(dn: str, cut: Cut, controls: tuple[Control, ...]) -> Search:
    """The next values of a cut attribute."""
    return Search(dn, Scope.BASE, (f"{cut.attribute};range={cut.next_value}-*",), controls)


def complete(server: Asks, dn: str, cut: Cut, values: list[bytes], controls: tuple[Control, ...] = ()) -> Result:
    """Append to ``values`` the rest of a cut attribute; a result that is not a success tells why some are missing.

    ``controls`` are those that made the object visible. Raises ConnectionFailed.
    """
    while True:
        page = server.ask(range_search(dn, cut, controls))
        if not page.result.is_success:
            return page.result
        if not page.entries:
            return Result(ResultCode.NO_SUCH_OBJECT, "the object is no longer visible")
        received, cuts = resolve_options(decode_entry(page.entries[0])[1])
        values += (came := received.get(cut.attribute, []))
        further = [each for each in cuts if each.attribute == cut.attribute]
        if not further:
            return page.result
        if further[0].next_value <= cut.next_value or not came:
            return Result(ResultCode.OTHER, f"the range of {cut.attribute} does not advance")
        cut = further[0]
