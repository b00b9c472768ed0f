"""The words of the report in one language, read from the files of ``texts/``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from adaudit.engine.model import Language  # its package needs duckdb, which words do without

FILES: Final = ("{language}.toml", "graph.{language}.toml", "edges.{language}.toml", "identities.{language}.toml")
"""Files of one language; no two hold the same section."""


class Texts:
    """Texts by dotted key. A missing key is a KeyError: both languages hold the same ones."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._codes: dict[str, Mapping[str, str]] = {}
        folder = files("adaudit.report").joinpath("texts")
        self._texts: dict[str, Any] = {}
        for name in FILES:
            text = folder.joinpath(name.format(language=language)).read_text(encoding="utf-8")
            self._texts |= tomllib.loads(text)

    def __call__(self, key: str, **values: object) -> str:
        """The text of ``key`` with its placeholders filled."""
        found: Any = self._texts
        for part in key.split("."):
            found = found[part]
        if not isinstance(found, str):
            raise KeyError(key)
        return found.format(**values) if values else found

    def count(self, key: str, number: int, shown: str, **values: object) -> str:
        """The singular or plural of ``key`` (``one|many``), ``{n}`` being ``shown``."""
        one, _, many = self(key).partition("|")
        is_one = number < 2 if self.language == "fr" else number == 1
        return (one if is_one else many).format(n=shown, **values)

    def section(self, key: str) -> Mapping[str, Any]:
        """The texts below ``key``; empty when there are none."""
        found: Any = self._texts
        for part in key.split("."):
            found = found.get(part, {})
        return found if isinstance(found, dict) else {}

    def codes(self, column: str) -> Mapping[str, str]:
        """Words for the codes of a column of evidence; those of a list, ``rights``, are those of ``right`` as well."""
        if column not in self._codes:
            one, many = self.section(f"codes.{column.removesuffix('s')}"), self.section(f"codes.{column}")
            self._codes[column] = {**one, **many}
        return self._codes[column]

    def label(self, key: str, name: str) -> str:
        """The text of ``name`` in a section, or ``name`` itself: a vocabulary that rules may outgrow."""
        found = self.section(key).get(name, name)
        return found if isinstance(found, str) else name
