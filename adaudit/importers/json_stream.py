"""A JSON file of the form {"data": […], "meta": {…}}, one element of its data at a time, whatever its size."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any, Final, NoReturn, Protocol

from adaudit.errors import InputError

MAX_ELEMENT_CHARS: Final = 128 << 20
"""One element: a group of a million members fits."""

_CHUNK_BYTES: Final = 1 << 20
_SPACE: Final = " \t\r\n"


def _lower_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key.lower(): value for key, value in pairs}


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_lower_keys, parse_constant=_refuse_constant)


class Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


class JsonStream:
    """UTF-8, with or without a byte order mark; keys come in lower case. ``meta`` and ``count``, the number of
    elements, are complete once all elements were taken."""

    def __init__(self, source: Source, place: str) -> None:
        self.meta: dict[str, Any] = {}
        self.count = 0
        self._source = source
        self._place = place
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0
        self._is_ended = False

    def elements(self) -> Iterator[Any]:
        """The elements of ``data``, which may be null.

        Raises InputError, with the number of the element, for what is not such a file.
        """
        self._take("{")
        seen: set[str] = set()
        while self._peek() != "}":
            if seen:
                self._take(",")
            key = self._value()
            if not isinstance(key, str) or key.lower() in seen:
                self._fail("a key is expected, each once")
            seen.add(key.lower())
            self._take(":")
            if key.lower() == "data" and self._peek() == "[":
                yield from self._items()
            elif key.lower() == "meta":
                self.meta = self._meta()
            else:
                self._value()
        self._take("}")
        if self._peek():
            self._fail("something follows its end")
        if not {"data", "meta"} <= seen:
            self._fail("has no 'data' and 'meta': not a file of a collection")

    def _items(self) -> Iterator[Any]:
        self._take("[")
        while self._peek() != "]":
            if self.count:
                self._take(",")
            self.count += 1
            yield self._value()
        self._take("]")

    def _meta(self) -> dict[str, Any]:
        meta = self._value()
        if not isinstance(meta, dict):
            self._fail("'meta' is not an object")
        return meta

    def _peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _SPACE:
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                return ""

    def _take(self, character: str) -> None:
        if self._peek() != character:
            self._fail(f"{character!r} is expected")
        self._at += 1

    def _value(self) -> Any:
        self._peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if isinstance(error, RecursionError) or not self._more():
                    self._fail("is not JSON")
                continue
            if end < len(self._text) or not self._more():
                self._at = end
                return value

    def _more(self) -> bool:
        """Read on, as much as is there, so that a large element is not tried at every chunk; False at the end."""
        if self._is_ended:
            return False
        kept = self._text[self._at :]
        if len(kept) > MAX_ELEMENT_CHARS:
            self._fail(f"more than {MAX_ELEMENT_CHARS} characters")
        chunk = self._source.read(max(_CHUNK_BYTES, len(kept)))
        self._is_ended = not chunk
        try:
            self._text = kept + self._utf8.decode(chunk, self._is_ended)
        except UnicodeDecodeError:
            self._fail("is not UTF-8")
        self._at = 0
        return not self._is_ended

    def _fail(self, message: str) -> NoReturn:
        raise InputError(message, place=f"{self._place}, element {self.count}" if self.count else self._place)
