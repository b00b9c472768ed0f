"""Words that announce a password, and values that are none."""

from __future__ import annotations

import re
from typing import Final

from adaudit.decode.group_policy.literals import QUOTES

STRONG: Final = r"""(?:
    c?pass[ _.-]?(?:words?|wort|wrd|wd|phrase|code)
  | pwd | pswd? | psw | kennwort | mdp | mdpasse
  | mots?[ _.-]?(?:de)?[ _.-]?passe?s?
)"""

SECRET: Final = rf"""(?:
    {STRONG}
  | (?<!by)(?<!com)(?<!tres)(?<!sur)c?pass(?!age|ant|er|if|ion|ive|port|thr)
  | pw | secret | (?<!key)token | psk | keymaterial
  | (?:api|access|account|shared|secret)[ _-]?key
)\d{{0,3}}"""
"""The end of a name such as DefaultPassword, svc_pwd, AccountKey; for a verbose, case-insensitive expression."""

_ABOUT: Final = (
    "age|change|chg|complex|count|date|days|expir|field|file|hash|histor|label|last|len|link|list|manag|max|min|never|"
    "path|polic|prompt|protect|quality|req|reset|reveal|size|time|title|type|url|use|valid"
)
"""After the word: facts about a password."""

SUFFIX: Final = rf"(?:[_-](?!{_ABOUT})[a-z0-9]{{1,20}}){{0,3}}"
"""What else a name may bear after the word: PWD_BACKUP."""

NO_ANNOUNCEMENT: Final = "oubli|perdu|expir|incorrect|erron|inval|chang|minimum|forgot|wrong"
"""Words that begin so tell something of a password, and announce none."""

_SECRET_NAME: Final = re.compile(rf"{SECRET}(?![a-z _-]*(?:{_ABOUT}))", re.IGNORECASE | re.VERBOSE)
_NUMBERS: Final = {"REG_DWORD", "REG_DWORD_BIG_ENDIAN", "REG_QWORD"}

_NO_SECRETS: Final = {"0", "1", "true", "false", "yes", "no", "oui", "non", "null", "none", "nothing", "vide", "-"}
_REFERENCE: Final = re.compile(
    r"""
      %~?[a-z]*\d | %~?[\w.-]{1,64}% | <[^\W\d](?:[^\W\d]|[ _-]){0,40}> | \*+
    | \$\{?env:\w+\}? | \$(?:args|_|null|true|false)\b [\w.\[\]]*
    | [($]* (?:get|read|convertto|convertfrom|import|new|select|decrypt)-[a-z]+ (?:[\s)].*)?
    | (?:\w+\.)* (?:\w*arg(?:s|v|uments)|environ|getenv(?:ironmentvariable)?) \s*[(\[].*
    | (?:\w+\.)* (?:get|read|ask|prompt|request)\w* \s*\([^"']*
    | inputbox\s*\(.* | \[[\w.]+\]::.*
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_VARIABLE: Final = re.compile(r"\$\{?(?P<dollar>\w+)\}?[\w.\[\]()]* | !(?P<delayed>\w+)!", re.VERBOSE)
_DECLARED: Final = re.compile(
    r"\$(\w+)[^\S\n]*=(?!=) | \][^\S\n]*\$(\w+) | \bset[^\S\n]+(?:/\w[^\S\n]+)?\"?(\w+)= | \(\s*\$(\w+)\s+in\b",
    re.IGNORECASE | re.VERBOSE,
)
_LOOKED_AT: Final = 400
_LONGEST_NUMBER: Final = 20


def is_secret_name(name: str) -> bool:
    """A value of that name would be a password: DefaultPassword, cpassword, PWD; not MinimumPasswordLength."""
    return bool(_SECRET_NAME.search(name))


def names_secret(name: str, value: str, value_type: str) -> bool:
    """A password stands there: the name announces one, the value is no number, neither empty nor a flag."""
    is_number = value_type in _NUMBERS and value.isdecimal() and len(value) <= _LONGEST_NUMBER
    return not is_number and is_secret_name(name) and value.strip().lower() not in _NO_SECRETS | {""}


def declared_variables(text: str) -> frozenset[str]:
    """Names, in lower case, of the variables that a script sets or declares."""
    return frozenset(name.lower() for names in _DECLARED.findall(text) for name in names if name)


def is_literal(value: str, variables: frozenset[str]) -> bool:
    """Something is written there: no variable, prompt, call, flag, mask or empty text."""
    bare = value.strip(f"{QUOTES}`\\;,) \t\r")
    if len(bare) > _LOOKED_AT:
        return True
    if not bare or bare.lower() in _NO_SECRETS or _REFERENCE.fullmatch(bare):
        return False
    variable = _VARIABLE.fullmatch(bare)
    return not variable or (variable["dollar"] or variable["delayed"]).lower() not in variables
