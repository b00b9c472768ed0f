"""The text of a file whose encoding nobody states."""

from __future__ import annotations

import codecs
from typing import Final

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


_LOOKED_AT: Final = 4096
"""Bytes."""


def read_text(content: bytes) -> tuple[str, bool]:
    """The text, with line ends as ``\\n``, and whether every byte had a meaning.

    By byte order mark; without one UTF-16 when most of the first characters are of two bytes, one of them zero, else
    UTF-8, else the code page of Western Europe. What has no meaning becomes U+FFFD.
    """
    encoding, start = _encoding(content)
    try:
        text = content[start:].decode(encoding)
    except UnicodeDecodeError:
        encoding = "cp1252" if encoding == "utf-8" and not start else encoding
        text = content[start:].decode(encoding, "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n"), "\ufffd" not in text


def _encoding(content: bytes) -> tuple[str, int]:
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return encoding, len(mark)
    head = content[:_LOOKED_AT]
    for encoding, first in (("utf-16-le", 1), ("utf-16-be", 0)):
        high = head[first::2]
        if len(head) > 1 and 2 * high.count(0) > len(high):
            return encoding, 0
    return "utf-8", 0
