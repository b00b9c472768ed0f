"""Text from strangers, safe to show: on a terminal, in a page, in a message."""

from __future__ import annotations

import json
import unicodedata
from typing import Final

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str, *, keep: str = "") -> str:
    """``text`` with control, format and direction characters written as escapes: what is shown is what is there.

    Characters of ``keep`` stay as they are.
    """
    if text.isprintable():
        return text
    return "".join(_escape(c) if unicodedata.category(c) in _HIDDEN and c not in keep else c for c in text)


def visible_json(text: str) -> str:
    """JSON of the same meaning, with such characters of its strings written as JSON escapes."""
    return "\n".join(line if line.isprintable() else "".join(map(_json_escape, line)) for line in text.split("\n"))


def _json_escape(character: str) -> str:
    return json.dumps(character)[1:-1] if unicodedata.category(character) in _HIDDEN else character


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
