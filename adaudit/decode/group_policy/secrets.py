"""Passwords in scripts, command lines and settings: found by the form in which they stand, and masked.

What counts is that no password passes, so a value that could be one is masked, and its end is taken as far as any
language could mean; behind a value too long to be followed, all that is left of the text is masked.
"""

from __future__ import annotations

import re
from base64 import b64decode
from bisect import bisect_right
from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import Final

from adaudit.decode.group_policy.literals import LONGEST, QUOTES, TooManyError, is_followed, places
from adaudit.decode.group_policy.secret_commands import Found, in_commands
from adaudit.decode.group_policy.secret_names import declared_variables, is_literal
from adaudit.decode.group_policy.secret_sessions import in_sessions
from adaudit.decode.group_policy.secret_statements import in_statements
from adaudit.decode.group_policy.setting import MASK

_ENCODED: Final = re.compile(
    rf"(?<![\w-])[-/–]e(?:c|nc?|nco\w{{0,13}})?[^\S\n]{{1,9}}[\"']?(?P<command>[a-z0-9+/]{{16,{LONGEST}}}+={{0,2}})",
    re.IGNORECASE,
)
_ENDED: Final = re.compile(r"[\s\"',;&|)]|\Z")
_SAVED: Final = re.compile(r"\brunas(?:\.exe)?\b[^\n]{0,400}?/savecred\b", re.IGNORECASE)


def mask_secrets(text: str) -> tuple[str, list[tuple[int, str]]]:
    """The text with ``MASK`` in place of each secret, and where each stood: line from 1, and form (``net use``).

    Lines stay where they are. ``runas /savecred`` is told too, with nothing masked: the password is kept elsewhere.
    A text with more places to look at than any script has is masked as a whole.
    """
    secrets = _secrets(text)
    breaks = [position for position, character in enumerate(text) if character == "\n"] if secrets else []
    told = dict.fromkeys((bisect_right(breaks, secret.start) + 1, secret.what) for secret in secrets)
    return _masked(text, secrets, 0), sorted(told)


def mask_arguments(command: str, arguments: str) -> str:
    """The arguments of a command, masked: the command tells which of them are secrets."""
    text = f"{command} {arguments}"
    return _masked(text, _secrets(text), len(command) + 1)


def _secrets(text: str) -> list[Found]:
    """Secrets, in the order in which they begin."""
    try:
        found = set(chain(in_commands(text), in_statements(text), in_sessions(text), _encoded(text)))
        saved = [Found(run.end(), run.end(), "runas /savecred") for run in places(_SAVED, text)]
    except TooManyError:
        return [Found(0, len(text), "too many to tell")]
    variables = declared_variables(text) if found else frozenset()
    literal = [_inside(text, secret) for secret in found if is_literal(text[secret.start : secret.end], variables)]
    return _apart(sorted(map(partial(_whole, text), literal + saved), key=lambda secret: secret.start))


def _encoded(text: str) -> Iterator[Found]:
    """Commands in Base64 that hold a secret, or that cannot be decoded."""
    for found in places(_ENCODED, text):
        is_whole = is_followed(*found.span("command"))
        if is_whole and not _ENDED.match(text, found.end()):
            continue
        command = _command(found["command"]) if is_whole else None
        if command is None or _secrets(command):
            yield Found(*found.span("command"), "encoded command")


def _command(encoded: str) -> str | None:
    try:
        return b64decode(encoded, validate=True).decode("utf-16-le")
    except ValueError:
        return None


def _whole(text: str, secret: Found) -> Found:
    """The secret up to its end, which for one that could not be followed is anywhere."""
    return secret if is_followed(secret.start, secret.end) else secret._replace(end=len(text))


def _inside(text: str, secret: Found) -> Found:
    """The secret without the quotes around it, which stay to be read."""
    start, end, what = secret
    if end - start > 1 and text[start] in QUOTES and text[start] == text[end - 1]:
        return Found(start + 1, end - 1, what)
    return secret


def _apart(found: list[Found]) -> list[Found]:
    """Secrets that overlap as one, in the form of the first."""
    apart: list[Found] = []
    for secret in found:
        if apart and secret.start < apart[-1].end:
            apart[-1] = apart[-1]._replace(end=max(apart[-1].end, secret.end))
        else:
            apart.append(secret)
    return apart


def _masked(text: str, secrets: list[Found], start: int) -> str:
    """The text from ``start`` on; a secret of several lines leaves its line ends."""
    parts: list[str] = []
    for secret in secrets:
        if secret.end > max(start, secret.start):
            first = max(secret.start, start)
            parts += (text[start:first], MASK, "\n" * text.count("\n", first, secret.end))
            start = secret.end
    return "".join((*parts, text[start:]))
