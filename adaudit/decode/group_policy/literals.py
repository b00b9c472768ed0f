"""Where a value written in a script begins and ends, in the quoting of cmd, PowerShell, VBScript, XML, JSON and INI.

Nobody says which of them a line is in, so each end is the farthest that any of them could mean. No value is followed
for more than about 8,192 characters, so that a hostile text costs no more than its length: see ``is_followed``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

GAP: Final = r"(?:[^\S\n]|[`^]\n)"
"""A space between words, a line continued included."""

_DOUBLE, _SINGLE = '"“”„', "'‘’‚‛"
QUOTES: Final = _DOUBLE + _SINGLE

LONGEST: Final = 8192

_HERE_STRING: Final = re.compile(rf"@[{QUOTES}][^\S\n]*\n(?:(?!\n[^\S\n]*[{QUOTES}]@).){{0,{LONGEST}}}+", re.DOTALL)
_NESTED: Final = re.compile(
    rf"""(\\"|\\'|`"|""(?=[^\s";,)])|&quot;|&\#34;|&apos;|&\#39;)(?:(?!\1)[^\n]){{0,{LONGEST}}}+(?:\1)?""", re.VERBOSE
)
"""A quoted text inside another: its own quotes are doubled or escaped."""

_QUOTED: Final = re.compile(
    rf'[{_DOUBLE}](?:[`\\][{_DOUBLE}]|""|[^{_DOUBLE}\n]){{0,{LONGEST}}}+[{_DOUBLE}]?'
    rf"|[{_SINGLE}](?:''|[^{_SINGLE}\n]){{0,{LONGEST}}}+[{_SINGLE}]?"
)
_BARE: Final = re.compile(rf"(?:[`^][^\n]|[^\s{QUOTES}]){{1,{LONGEST}}}+")
_JOINED: Final = re.compile(rf"[^\S\n]*[&+][^\S\n]*(?=[{QUOTES}])")
_ENDED: Final = re.compile(r"[\s/>,;)\]}?&|.<]|\Z")
_SEPARATOR: Final = re.compile(r"(?:[|&;<)}]|\d?>)")
_SPACE: Final = re.compile(rf"{GAP}*")

_MAX_WORDS: Final = 64
_MAX_PARTS: Final = 64
"""Of a value joined of several."""

_MAX_PLACES: Final = 2000


def is_followed(start: int, end: int) -> bool:
    """The end of a value is known; else it is only where the following stopped."""
    return end - start < LONGEST


class TooManyError(Exception):
    """More places where a password may stand than a script has."""


class Word(NamedTuple):
    """A word of a command: where it stands, and its text without the quotes around it."""

    start: int
    end: int
    text: str


def places(form: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Where a form stands. TooManyError after 2,000."""
    for count, found in enumerate(form.finditer(text)):
        if count == _MAX_PLACES:
            raise TooManyError
        yield found


def quoted_end(text: str, start: int) -> int | None:
    """End of the quoted text that begins at ``start``, with what is joined to it by & or +; None when none begins."""
    end = _one_quoted(text, start)
    if end is None:
        return None
    for _ in range(_MAX_PARTS):
        joined = _JOINED.match(text, end)
        following = _one_quoted(text, joined.end()) if joined else None
        if following is None:
            return end
        end = following
    return max(end, start + LONGEST)


def value_end(text: str, start: int) -> int:
    """End of the value that is assigned at ``start``: of its quotes, else of the line, since passwords hold spaces."""
    end = quoted_end(text, start)
    if end is not None and (_ENDED.match(text, end) or not is_followed(start, end)):
        return end
    return line_end(text, start)


def line_end(text: str, start: int) -> int:
    """Where the line ends."""
    last = min(len(text), start + LONGEST)
    end = text.find("\n", start, last)
    return last if end < 0 else end


def line_start(text: str, end: int) -> int:
    """Where the line of a character begins."""
    first = max(0, end - LONGEST)
    return max(first, text.rfind("\n", first, end) + 1)


def words(text: str, start: int) -> Iterator[Word]:
    """The words from ``start`` on, to the end of the command, at most 64."""
    last = start + LONGEST
    for _ in range(_MAX_WORDS):
        space = _SPACE.match(text, start)
        start = space.end() if space else start
        end = word_end(text, start)
        if end == start or start > last or _SEPARATOR.match(text, start):
            return
        yield Word(start, end, text[start:end].strip(f"{QUOTES}`\\;,()" if text[start] in QUOTES else ""))
        start = end


def word_end(text: str, start: int) -> int:
    """End of the word at ``start``: bare and quoted parts up to a space."""
    end = start
    for _ in range(_MAX_PARTS):
        bare = _BARE.match(text, end)
        following = quoted_end(text, end) or (bare.end() if bare else end)
        if following == end or not is_followed(start, end):
            return end
        end = following
    return max(end, start + LONGEST)


def _one_quoted(text: str, start: int) -> int | None:
    for form in (_HERE_STRING, _NESTED, _QUOTED):
        found = form.match(text, start)
        if found:
            return found.end()
    return None
