"""Passwords among the words of a command: ``net use``, ``psexec -p``, ``schtasks /rp`` …"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

from adaudit.decode.group_policy.literals import GAP, Word, line_end, places, word_end, words


class Found(NamedTuple):
    """Where a secret stands, and in what form."""

    start: int
    end: int
    what: str


@dataclass(frozen=True)
class _Syntax:
    """How a command takes a password.

    ``following``: switches before it; ``attached``: switches it is glued to; ``paired``: switches before
    ``account<separator>password``; ``distance``: words from the switch to the password. Case counts when ``is_exact``.
    """

    following: tuple[str, ...] = ()
    attached: tuple[str, ...] = ()
    paired: tuple[str, ...] = ()
    separator: str = ":"
    distance: int = 1
    is_exact: bool = False


_WITH_P: Final = _Syntax(("-p",))
_COMMANDS: Final[dict[str, _Syntax]] = {
    **dict.fromkeys(("psexec", "psexec64", "paexec", "remcom", "cpau", "lsrunas", "lsrunase", "certutil"), _WITH_P),
    **dict.fromkeys(("dsadd", "dsmod", "dsquery", "dsget", "dsmove", "dsrm", "signtool"), _WITH_P),
    **dict.fromkeys(("tasklist", "taskkill", "systeminfo", "gpresult", "eventcreate", "openfiles", "setx"), _WITH_P),
    **dict.fromkeys(("winrs", "xfreerdp", "wfreerdp"), _WITH_P),
    **dict.fromkeys(("psloggedon", "psgetsid", "psfile", "psping", "psloglist", "pskill", "psservice"), _WITH_P),
    **dict.fromkeys(("prncnfg", "prndrvr", "prnmngr", "prnport", "prnjobs", "prnqctl"), _Syntax(("-w",))),
    "manage-bde": _Syntax(("-rp", "-recoverypassword")),
    "sendemail": _Syntax(("-xp",)),
    "vmrun": _Syntax(("-gp", "-vp")),
    "logman": _Syntax(("-u",), distance=2),
    "sshpass": _Syntax(("-p",), ("-p",)),
    "schtasks": _Syntax(("-rp", "-p")),
    **dict.fromkeys(("sqlcmd", "osql", "isql", "bcp"), _Syntax(("-P",), ("-P",), is_exact=True)),
    **dict.fromkeys(("mysql", "mysqldump", "mysqladmin"), _Syntax((), ("-p",), is_exact=True)),
    **dict.fromkeys(("plink", "pscp", "psftp", "putty", "kitty"), _Syntax(("-pw",))),
    **dict.fromkeys(("7z", "7za", "7zr"), _Syntax((), ("-p",), is_exact=True)),
    **dict.fromkeys(("rar", "winrar", "unrar"), _Syntax((), ("-hp", "-p"))),
    "netdom": _Syntax(("-pd", "-po", "-pf", "-passwordd", "-passwordo", "-passwordf")),
    "curl": _Syntax((), ("-u",), ("-u", "--user", "-U", "--proxy-user"), is_exact=True),
    "smbclient": _Syntax((), ("-U",), ("-U", "--user"), "%", is_exact=True),
    **dict.fromkeys(("ldapsearch", "ldapmodify"), _Syntax(("-w",), is_exact=True)),
    **dict.fromkeys(("ldifde", "csvde"), _Syntax(("-b",), distance=3)),
    "nssm": _Syntax(("objectname",), distance=2),
}
_COMMAND: Final = re.compile(
    rf"(?<![\w.-])(?P<name>{'|'.join(sorted(_COMMANDS, key=len, reverse=True))})(?:\.(?:exe|vbs))?[\"']?(?=\s|,)",
    re.IGNORECASE,
)
_NET: Final = re.compile(
    rf"(?<![\w.-])net1?(?:\.exe)?[\"']?(?:{GAP}|[,@(\"'])+(?:-arg\w*(?:{GAP}|[,@(\"'])+)?(?P<verb>user?)\b"
    rf"(?P<array>[\"']{GAP}*,)?[\"']?",
    re.IGNORECASE,
)
_BY_PLACE: Final = {"autologon": 2, "autologon64": 2, "rasdial": 2, "bitsadmin": 4, "slmgr": 2}
"""Commands with the place of the password among their words, switches not counted."""

_PLACED: Final = re.compile(
    rf"(?<![\w.-])(?P<name>{'|'.join(_BY_PLACE)})(?:\.(?:exe|vbs))?[\"']?(?={GAP})", re.IGNORECASE
)
_SHARE: Final = re.compile(r"\\\\|//|https?://", re.IGNORECASE)
_DEVICE: Final = re.compile(r"[a-z]:|\*|lpt\d:?|com\d:?", re.IGNORECASE)
_VARIABLE: Final = re.compile(r"%.*%|[$!].*")
_QUOTELESS: Final = re.compile(r"[^\s\"',()]+")
_MAX_QUOTELESS: Final = 64


def in_commands(text: str) -> Iterator[Found]:
    """Passwords of the commands known here. Whether each is one, or a variable or prompt, is not asked."""
    for command in places(_COMMAND, text):
        syntax = _COMMANDS[command["name"].lower()]
        name = command["name"].lower()
        given = list(words(text, command.end()))
        yield from _by_switch(text, given, name, syntax)
        if any(word.text != text[word.start : word.end] for word in given):
            yield from _by_switch(text, _quoteless(text, command.end()), name, syntax)
    for command in places(_NET, text):
        yield from _net(text, command)
    for command in places(_PLACED, text):
        name = command["name"].lower()
        place = _BY_PLACE[name]
        given = _positional(text, command.end())[place : place + 1]
        yield from (Found(word.start, word.end, name) for word in given)


def _by_switch(text: str, given: list[Word], name: str, syntax: _Syntax) -> Iterator[Found]:
    following = {switch if syntax.is_exact else switch.lower() for switch in syntax.following}
    glued_to = sorted((*syntax.attached, *(f"{s}{sign}" for s in following for sign in ":=")), key=len, reverse=True)
    for position, word in enumerate(given):
        switch = word.text if syntax.is_exact else word.text.lower()
        switch = f"-{switch[1:]}" if switch.startswith("/") else switch
        if switch in following or switch in syntax.paired:
            for value in given[position + syntax.distance : position + syntax.distance + 1]:
                yield from _value(text, value.start, value.end, name, switch in syntax.paired, syntax)
            continue
        for glued in glued_to:
            if switch.startswith(glued) and len(switch) > len(glued):
                start = text.find(word.text[len(glued) :], word.start)
                yield from _value(text, start, word_end(text, start), name, glued in syntax.paired, syntax)
                break


def _value(text: str, start: int, end: int, name: str, is_paired: bool, syntax: _Syntax) -> Iterator[Found]:
    if is_paired:
        account = text.find(syntax.separator, start, end)
        if account < 0:
            return
        start = account + len(syntax.separator)
    yield Found(start, end, name)


def _net(text: str, command: re.Match[str]) -> Iterator[Found]:
    """``net use [device] share [password]`` and ``net user name [password]``."""
    verb = command["verb"].lower()
    if command["array"]:
        last = line_end(text, command.end())
        given = [word._replace(end=last) for word in _quoteless(text, command.end()) if not word.text.startswith("/")]
    else:
        given = _positional(text, command.end())
    first, last = 1, 2
    if verb == "use" and given:
        shares = [position for position, word in enumerate(given) if _SHARE.match(word.text)]
        if shares:
            first, last = shares[0] + 1, len(given)
        elif _DEVICE.fullmatch(given[0].text):
            first, last = 2, 3
        elif _VARIABLE.fullmatch(given[0].text):
            last = 3
    yield from (Found(word.start, word.end, f"net {verb}") for word in given[first:last])


def _quoteless(text: str, start: int) -> list[Word]:
    """The words of a line as they are once its quotes are taken away: ``-ArgumentList "-u a -p b"``."""
    found = _QUOTELESS.finditer(text, start, line_end(text, start))
    return [Word(word.start(), word.end(), word.group()) for word in islice(found, _MAX_QUOTELESS)]


def _positional(text: str, start: int) -> list[Word]:
    found: list[Word] = []
    for word in words(text, start):
        if not word.text.startswith("/") or word.text.startswith("//"):
            found.append(word)
        elif re.search(r"[&|]", word.text):
            break
    return found
