"""Passwords in assignments, switches, calls and markup: ``password = "…"``, ``-Password …``, ``<Password>…``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from adaudit.decode.group_policy.literals import (
    GAP,
    LONGEST,
    QUOTES,
    is_followed,
    line_end,
    line_start,
    places,
    quoted_end,
    value_end,
    word_end,
    words,
)
from adaudit.decode.group_policy.secret_commands import Found
from adaudit.decode.group_policy.secret_names import NO_ANNOUNCEMENT, SECRET, STRONG, SUFFIX, is_secret_name

_FLAGS: Final = re.IGNORECASE | re.VERBOSE
_SPACE: Final = rf"{GAP}{{0,20}}"

_ASSIGNMENT: Final = re.compile(
    rf"""
    (?: (?P<set>\bset[ \t]+(?P<asked>/p[ \t]+)?"?) [\w.-]{{0,40}}? )?
    (?: {SECRET}{SUFFIX} | {STRONG} (?:[ \t]+(?!{NO_ANNOUNCEMENT})[\w'’-]{{1,30}}){{1,5}}? )
    ["'%!\])}}]{{0,3}} {_SPACE} (?: :=|=>|={{1,3}}|:(?!:)|-c?eq\b ) {_SPACE}
    """,
    _FLAGS,
)
_IN_SWITCH: Final = re.compile(r"(?<![^\s\"'])[-/–]{1,2}[\w-]{0,40}$")
_REGISTRY_DATA: Final = re.compile(r"hex(?:\([0-9a-f]\))?:(?:[0-9a-f,\s]|\\\n)*", re.IGNORECASE)
_REGISTRY_NUMBER: Final = re.compile(r"dword:[0-9a-f]{1,8}\b", re.IGNORECASE)
_CONNECTION: Final = re.compile(
    r"(?:data source|server|provider|driver|initial catalog|database|user id|uid|dsn|host)\s*=", re.IGNORECASE
)
_SWITCH: Final = re.compile(
    rf"(?<![\w:\\-])[-/–]{{1,2}}[\w-]{{0,40}}? {SECRET} [\"']? (?: {_SPACE}[:=]{_SPACE} | {GAP}{{1,20}} )", _FLAGS
)
_SHORT_SWITCH: Final = re.compile(r"(?<!\S)[\"']?/p:(?!\w+=)", re.IGNORECASE)
_USER_AND_PASSWORD: Final = re.compile(
    rf"(?<!\S)[\"']?[-/]u(?:ser(?:name)?)?(?:[:=]|{GAP}{{1,20}})[^\s]{{1,200}}{GAP}{{1,20}}[-/]p(?:ass)?(?:[:=]|{GAP}{{1,20}})",
    re.IGNORECASE,
)
_SECURE_STRING: Final = re.compile(r"ConvertTo-SecureString", re.IGNORECASE)
_POWERSHELL_VARIABLE: Final = re.compile(r"\$\{?[\w:]+\}?[\w.\[\]]*[),;]*")
_PIPED: Final = re.compile(rf"\|{_SPACE}$")
_ASSIGNED: Final = re.compile(r"\s*(?:\[[\w.]+\]\s*)?\$\w+\s*=\s*")
_MARKUP: Final = re.compile(rf"< [\w:.-]{{0,60}}? {SECRET} (?:\s[^<>]{{0,200}})? (?<!/) >", _FLAGS)
_NAMED: Final = re.compile(
    rf"""\b(?:name|property|key)\s{{0,5}}=\s{{0,5}}["'][^"'\n<>]{{0,60}}? {SECRET} ["']""",
    _FLAGS,
)
_VALUE: Final = re.compile(r"\bvalue\s{0,5}=\s{0,5}", re.IGNORECASE)
_OPENED_VALUE: Final = re.compile(r">\s{0,40}(?:<value(?:\s[^<>]{0,100})?>)?", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"'<>]{0,200}:(?!\d{1,5}/)", re.IGNORECASE)
_NO_SPACE: Final = re.compile(rf"\S{{0,{LONGEST}}}+")
_AUTHORIZATION: Final = re.compile(
    r"\b(?:Basic|Bearer)[ ]+(?P<secret>(?=[\w+/.-]*[\dA-Z+/=])[\w+/.-]{8,}={0,2})", re.IGNORECASE
)
_PRIVATE_KEY: Final = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?P<secret>(?:(?!-----END).){0,20000}+)", re.DOTALL
)
_REGISTRY_WRITE: Final = re.compile(
    r"\b(?:RegWrite|WriteValue|Set\w{0,30}Value|SetEnvironmentVariable|setx)\b", re.IGNORECASE
)
_NAME_AND_VALUE: Final = re.compile(
    rf"\bsetx(?:\.exe)?(?={GAP})|\badsutil(?:\.vbs)?[\"']?{GAP}{{1,20}}set(?={GAP})", re.IGNORECASE
)
_REG_ADD: Final = re.compile(r"\breg(?:\.exe)?[\"']?\s+add\b|\b(?:Set|New)-ItemProperty\b", re.IGNORECASE)
_REG_VALUE: Final = {"/d", "-value"}
_REG_NAME: Final = {"/v", "-name"}

_CALLS: Final = {
    "SetPassword": (0,),
    "ChangePassword": (0, 1),
    "NetworkCredential": (1,),
    "PSCredential": (1,),
    "MapNetworkDrive": (4,),
    "DriveMapAdd": (4,),
    "OpenDSObject": (2,),
    "DirectoryEntry": (2,),
    "LogonUser": (2,),
    "CreateProcessWithLogonW": (2,),
    "ConnectServer": (3,),
    "RunAs": (2,),
    "RunAsSet": (2,),
    "RunAsWait": (2,),
    "Open": (2, 4),
}
"""Functions, with the places of their arguments that are passwords."""

_NAMES: Final = {name.lower(): name for name in _CALLS}
_CALL: Final = re.compile(
    rf"\b(?P<name>{'|'.join(_CALLS)})\b[\"'\])]{{0,3}}(?:::new)?(?:{GAP}{{1,20}}-ArgumentList)?[\s,(@]{{1,20}}",
    re.IGNORECASE,
)
_OPENING: Final = re.compile(r"[\s(]{0,20}")
_ARGUMENT: Final = re.compile(r"[\s]{0,20},[\s]{0,20}(?:_\n\s{0,200})?")
_UNQUOTED: Final = re.compile(rf"[^,\s{QUOTES})](?:[^,\n{QUOTES})]{{0,400}})")


def in_statements(text: str) -> Iterator[Found]:
    """Values that stand where a password is due. Whether each is one, or a variable or prompt, is not asked."""
    yield from _assignments(text)
    yield from _switches(text)
    yield from _secure_strings(text)
    yield from _markup(text)
    yield from _registry(text)
    yield from _calls(text)
    yield from _named(text)
    yield from _addresses(text)
    for form, what in ((_AUTHORIZATION, "authorization header"), (_PRIVATE_KEY, "private key")):
        yield from (Found(*found.span("secret"), what) for found in places(form, text))


def _assignments(text: str) -> Iterator[Found]:
    for found in places(_ASSIGNMENT, text):
        start = found.end()
        if found["asked"] or _closes(text, start) or _IN_SWITCH.search(text, max(0, found.start() - 42), found.start()):
            continue
        registry = _REGISTRY_DATA.match(text, start)
        if registry:
            yield Found(start, registry.end(), "registry file")
        elif not _REGISTRY_NUMBER.match(text, start):
            before = text[max(line_start(text, start), found.start() - 200) : found.start()]
            what = "connection string" if _CONNECTION.search(before) else "assignment"
            what = "cpassword" if "cpass" in found.group().lower() else what
            yield Found(start, line_end(text, start) if found["set"] else value_end(text, start), what)


def _closes(text: str, start: int) -> bool:
    """The quote at ``start`` ends a text that began on the line: ``Read-Host "Password: "``."""
    if text[start : start + 1] != '"' or (text[start + 1 : start + 2] or " ") not in " \t\n),;&|":
        return False
    return text.count('"', line_start(text, start), start) % 2 == 1


def _switches(text: str) -> Iterator[Found]:
    for form in (_SWITCH, _SHORT_SWITCH, _USER_AND_PASSWORD):
        for found in places(form, text):
            yield Found(found.end(), word_end(text, found.end()), "switch")


def _secure_strings(text: str) -> Iterator[Found]:
    """Its first argument, that of -String, and what is piped into it."""
    what = "ConvertTo-SecureString"
    for found in places(_SECURE_STRING, text):
        is_named = False
        for word in words(text, found.end()):
            switch = word.text.lower() if word.text.startswith(("-", "–")) else ""
            if not switch and not is_named:
                if not _POWERSHELL_VARIABLE.fullmatch(text, word.start, word.end):
                    yield Found(word.start, word.end, what)
                break
            is_named = switch.startswith("-k")
        line = line_start(text, found.start())
        piped = _PIPED.search(text, max(line, found.start() - 40), found.start())
        if piped:
            assigned = _ASSIGNED.match(text, line, piped.start())
            yield Found(assigned.end() if assigned else line, piped.start(), what)


def _markup(text: str) -> Iterator[Found]:
    """What stands in an element, or behind one that nothing closes."""
    close = 0
    for found in places(_MARKUP, text):
        if 0 <= close < found.end():
            close = text.find("</", found.end())
        end = line_end(text, found.end()) if close < 0 else min(close, found.end() + LONGEST)
        yield Found(found.end(), end, "element")


def _named(text: str) -> Iterator[Found]:
    """``<add name="Password" value="…"/>``, in any order; ``<setting name="Password"><value>…``."""
    what = "named value"
    for found in places(_NAMED, text):
        opening = text.rfind("<", max(0, found.start() - LONGEST), found.start())
        closing = text.find(">", found.end(), found.end() + LONGEST)
        start = opening if opening >= 0 else line_start(text, found.start())
        if not is_followed(start, found.start()):
            yield Found(0, len(text), what)
        end = closing if closing >= 0 else line_end(text, found.end())
        for value in _VALUE.finditer(text, start, end):
            yield Found(value.end(), value_end(text, value.end()), what)
        inside = _OPENED_VALUE.match(text, closing) if opening >= 0 and closing >= 0 else None
        if inside and text[closing - 1] != "/":
            following = text.find("<", inside.end(), inside.end() + LONGEST)
            yield Found(inside.end(), following if following >= 0 else line_end(text, inside.end()), what)


def _addresses(text: str) -> Iterator[Found]:
    """``ftp://account:password@server``: up to the last at sign."""
    for found in places(_ADDRESS, text):
        word = _NO_SPACE.match(text, found.end())
        end = word.end() if word else found.end()
        if is_followed(found.end(), end):
            end = text.rfind("@", found.end(), end)
        if end > found.end():
            yield Found(found.end(), end, "address")


def _registry(text: str) -> Iterator[Found]:
    for found in places(_REGISTRY_WRITE, text):
        arguments = _arguments(text, found.end())
        for (start, end), (value_start, value_end_) in pairwise(arguments):
            if is_secret_name(text[start:end].rpartition("\\")[2]):
                yield Found(value_start, value_end_, "registry value")
    for found in places(_NAME_AND_VALUE, text):
        for name, value in pairwise(words(text, found.end())):
            if is_secret_name(name.text or text[name.start : name.end]):
                yield Found(value.start, value.end, "named value")
    for found in places(_REG_ADD, text):
        given = list(words(text, found.end()))
        pairs = list(pairwise(given))
        if any(name.text.lower() in _REG_NAME and is_secret_name(value.text) for name, value in pairs):
            yield from (Found(v.start, v.end, "registry value") for name, v in pairs if name.text.lower() in _REG_VALUE)


def _calls(text: str) -> Iterator[Found]:
    for found in places(_CALL, text):
        name = _NAMES[found["name"].lower()]
        arguments = _arguments(text, found.end())
        for position in _CALLS[name]:
            for start, end in arguments[position : position + 1]:
                if start < end and text[start] in QUOTES:
                    yield Found(start, end, name)


def _arguments(text: str, start: int) -> list[tuple[int, int]]:
    """Where the arguments of a call stand, those left out too, at most ten."""
    found: list[tuple[int, int]] = []
    opening = _OPENING.match(text, start)
    start = opening.end() if opening else start
    while len(found) < 10:
        end = quoted_end(text, start)
        if end is None:
            bare = _UNQUOTED.match(text, start)
            end = bare.end() if bare else start
        found.append((start, end))
        comma = _ARGUMENT.match(text, end)
        if not comma:
            break
        start = comma.end()
    return found
