"""Passwords that only their place in a dialogue tells: scripts of FTP, logons of Oracle, answers piped to a command."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from adaudit.decode.group_policy.literals import line_start, places
from adaudit.decode.group_policy.secret_commands import Found

_FLAGS: Final = re.IGNORECASE | re.VERBOSE | re.MULTILINE
_ECHO: Final = r"^[^\S\n]{0,40} (?: (?:>{1,2}[^\s>]{1,200}[^\S\n]{1,9})? [@(]{0,2}echo [. (:] [^\S\n]{0,9} )?"
"""Where a line of a script begins, written as it is or by a batch file."""

_REST: Final = r"[^\S\n]{0,20} (?: [)]?[^\S\n]{0,9}>{1,2}[^\n]{0,300} | [)] )? $"
_ANSWER: Final = r"(?P<secret>(?:(?![)]?[^\S\n]{0,20}>)[^\s]){1,400})"
_NOT_A_COMMAND: Final = r"(?!(?:user|quote|bin|binary|ascii|cd|lcd|put|get|mput|mget|bye|quit|prompt|close)\b)"
_FTP: Final = re.compile(
    rf"""{_ECHO} (?:
        open [^\S\n]{{1,9}} [^\s>]{{1,200}} (?:[^\S\n]{{1,9}}\d{{1,5}})? {_REST} \n
        {_ECHO} (?:user[^\S\n]{{1,9}})? {_NOT_A_COMMAND} [^\s>]{{1,200}} (?:{_REST} \n {_ECHO} | [^\S\n]{{1,9}})
      | user [^\S\n]{{1,9}} [^\s>]{{1,200}} (?:{_REST} \n {_ECHO} | [^\S\n]{{1,9}})
      | (?:quote[^\S\n]{{1,9}})? pass [^\S\n]{{1,9}}
    ) {_NOT_A_COMMAND} {_ANSWER} (?={_REST})""",
    _FLAGS,
)
"""``open server``, then the account and the password on the same line or the next; ``user account password``."""

_IS_FTP: Final = re.compile(rf"\bftp\b | {_ECHO} (?:binary|bin|m?put|m?get) \b", _FLAGS)

_FTP_ANSWERS: Final = re.compile(
    r"""\A\s{0,40} [^\s>]{1,200} [^\S\n]{0,20} \n [^\S\n]{0,20} (?P<secret>[^\s>]{1,400}) [^\S\n]{0,20} \n
    [^\S\n]{0,20} (?:bin|binary|ascii|cd|lcd|put|get|mput|mget|prompt|hash|passive|quote|send|recv)\b
    """,
    _FLAGS,
)
"""What ``ftp -s:file server`` is answered: account, password, commands."""

_ORACLE: Final = re.compile(
    r"""(?: \b(?:sqlplusw?|expdp|impdp|exp|imp|sqlldr|rman)(?:\.exe)?["']?[^\S\n] (?:[^\n/]{0,200}?[\s"'=])??
        | ^[^\S\n]{0,9}conn(?:ect)?[^\S\n]{1,9} | jdbc:oracle:\w{1,9}: )
    ["']?[\w$#]{1,60} / (?P<secret>"[^"\n]{1,200}"|[^\s"'@]{1,200})""",
    _FLAGS,
)
"""``account/password@base``."""

_PIPE: Final = re.compile(r"\|[^\S\n]{0,20}(?:runas|net|sudo|psexec|sanur)\b", re.IGNORECASE)
_ECHOED: Final = re.compile(r"\becho[. ][^\S\n]*", re.IGNORECASE)


def in_sessions(text: str) -> Iterator[Found]:
    """Values that stand where a password is due. Whether each is one, or a variable, is not asked."""
    forms = [(_ORACLE, "oracle"), *([(_FTP, "ftp"), (_FTP_ANSWERS, "ftp")] if _IS_FTP.search(text) else [])]
    for form, what in forms:
        yield from (Found(*found.span("secret"), what) for found in places(form, text))
    for pipe in places(_PIPE, text):
        start = line_start(text, pipe.start())
        start = max(start, text.rfind("|", start, pipe.start()) + 1)
        echoed = _ECHOED.search(text, start, pipe.start())
        if echoed:
            yield Found(echoed.end(), pipe.start(), "echo")
