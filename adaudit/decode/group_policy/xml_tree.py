"""XML that nobody vouches for, as a tree of bounded size.

Expat, of the standard library, reads it. A document type is refused as soon as it begins: without one there are no
entities but the five of XML, so nothing can expand and nothing outside the file is fetched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from adaudit.decode.errors import DecodeError
from adaudit.decode.group_policy.text import read_text

MAX_DEPTH: Final = 64
MAX_ELEMENTS: Final = 100_000
MAX_TAG: Final = 100


@dataclass
class Element:
    """An element without its namespace. ``text``: the characters directly in it."""

    tag: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.parts).strip()

    def below(self, path: str) -> Iterator[tuple[str, Element]]:
        """Its children with their paths: ``path/Name[position among those of the name]``."""
        counts: Counter[str] = Counter()
        for child in self.children:
            counts[child.tag] += 1
            yield f"{path}/{child.tag}[{counts[child.tag]}]", child


def read_xml(content: bytes) -> tuple[Element | None, str]:
    """The root, None when there is none, and what stopped the reading: "" when all was read."""
    text, is_sound = read_text(content)
    tree = _Tree()
    try:
        tree.parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        return tree.root, f"line {error.lineno}: {expat.ErrorString(error.code)}"
    except DecodeError as error:
        return tree.root, f"line {tree.parser.CurrentLineNumber}: {error}"
    return tree.root, "" if is_sound else "characters that the encoding of the file does not have"


class _Tree:
    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._size = 0
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _refuse(self, *_: object) -> None:
        raise DecodeError("a document type, which no policy has")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._size += 1
        if self._size > MAX_ELEMENTS:
            raise DecodeError(f"more than {MAX_ELEMENTS} elements")
        if len(self._open) == MAX_DEPTH:
            raise DecodeError(f"elements nested deeper than {MAX_DEPTH}")
        if len(name) > MAX_TAG:
            raise DecodeError(f"the name of an element has more than {MAX_TAG} characters")
        local = {key.rpartition(":")[2]: value for key, value in attributes.items() if not key.startswith("xmlns")}
        element = Element(name.rpartition(":")[2], local)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _end(self, _: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].parts.append(text)
