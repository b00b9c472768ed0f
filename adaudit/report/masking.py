"""Passwords that people write in descriptions, comments and names, masked before anything is shown."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

MASK: Final = "******"
"""Shown in place of a password, whatever its length."""

_KEYWORD: Final = r"""
    (?<![^\W_])                                   # begins a word; svc_pwd does
    (?: mots? [\W_]{0,3} de [\W_]{0,3} passe?s?
      | m \.? d \.? p \.?  | mdpasse
      | c?pass (?: [\W_]? (?: words? | wd | phrase | code | e ) )?
      | pwd | psw d? | pw
      | secret | code [ ] secret
    ) \d{0,3} (?![^\W_])
"""

_STATED: Final = re.compile(
    rf"""
    (?P<before> {_KEYWORD}
        (?: [^\S\n]+ [\w'’-]+ | [^\S\n]* \( [^()\n]* \) ){{0,5}}?     # "mot de passe du compte labo :"
        [^\S\n]* \\? (?: [:=]+ >? | [-=]+ > | → ) [^\S\n]*
    )
    [^\n]+
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Keyword, separator, value: all that follows on the line is masked, since a password may hold spaces."""

_SAID: Final = re.compile(
    rf"(?P<before> {_KEYWORD} [^\S\n]+ (?: est | is | was | c['’]est | etait | était ) [^\S\n]+ ) [^\n]+",
    re.IGNORECASE | re.VERBOSE,
)

_FOLLOWING: Final = re.compile(
    rf"""
    (?P<before> {_KEYWORD} (?: [^\S\n]+ [^\W\d]+ ){{0,2}}? [^\S\n,;/|-]+ [^\S\n]* [(\["'«]* [^\S\n]* )
    (?= [^\s]* [\d!@#$%&*?+^~€£] ) (?= [^\s]* [^\W\d_] | \d{{3}} ) (?! \d+ [/.-] \d+ [/.-] )
    [^\s]+
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Keyword, then a word that no language has: letters with digits or signs, or three digits and more."""

_ABBREVIATED: Final = re.compile(
    r"(?P<before> (?<![^\W_]) (?: mdp | MDP | Mdp | pwd | PWD | Pwd ) [^\S\n]+ ) (?= [A-Z] ) [^\s,;]+", re.VERBOSE
)
"""An abbreviation that is no ordinary word, then a capitalised one."""

_BEFORE: Final = re.compile(
    rf"(?<!\S) (?= \S*\d ) (?= \S*[^\W\d_] ) \S+ (?P<after> [^\S\n]* \( [^\S\n]* {_KEYWORD} [^\S\n]* \) )",
    re.IGNORECASE | re.VERBOSE,
)
"""``Azerty123 (mdp)``."""

_IN_ADDRESS: Final = re.compile(r"(?P<before>\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+(?=@)", re.IGNORECASE)
"""``ftp://user:password@host``."""

_ON_COMMAND_LINE: Final = re.compile(
    r"(?P<before> /(?:user|u):\S+ [^\S\n]+ | (?<!\S)[-/](?:p|pass|password|pwd)[: ]+ ) [^\s/-]\S*",
    re.IGNORECASE | re.VERBOSE,
)

_LEADING: Final = (_STATED, _SAID, _FOLLOWING, _ABBREVIATED, _IN_ADDRESS, _ON_COMMAND_LINE)
_HINT: Final = re.compile(r"pass|mdp|m\.d\.?p|pw|psw|secret|://|/u(?:ser)?:|[-/]p[: ]", re.IGNORECASE)
_DN: Final = re.compile(r"(?:CN|OU|DC|O)=", re.IGNORECASE)
_RDN_END: Final = re.compile(r"(?<!\\),(?=[A-Za-z][\w.-]*=)")


@lru_cache(maxsize=1 << 16)
def mask(text: str) -> str:
    """``text`` with every password it seems to hold replaced by ``MASK``.

    Told by the French and English words that people put beside them (mdp, mot de passe, pass, pwd, password …),
    by addresses with credentials and by command lines. A value that nothing announces is not recognised. In a DN,
    each component is looked at alone, so that what follows it stays readable.
    """
    plain = text if text.isascii() else _without_format_characters(text)
    if not _HINT.search(plain):
        return text
    if _DN.match(plain):
        ends = [match.start() for match in _RDN_END.finditer(plain)]
        bounds = zip([0, *(end + 1 for end in ends)], [*ends, len(plain)], strict=True)
        masked = ",".join(_masked(plain[start:end]) for start, end in bounds)
    else:
        masked = _masked(plain)
    return text if masked == plain else masked


def _masked(text: str) -> str:
    if not _HINT.search(text):
        return text
    for pattern in _LEADING:
        text = pattern.sub(rf"\g<before>{MASK}", text)
    return _BEFORE.sub(rf"{MASK}\g<after>", text)


def _without_format_characters(text: str) -> str:
    """Without zero-width and direction marks, which would cut a keyword in two unseen; compatibility forms folded."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(c for c in folded if unicodedata.category(c) != "Cf")
